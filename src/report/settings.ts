/** Which settings hold for a customer, and which line of which file says so. */
import type { CalendarSetting } from '../run/results.js';
import { clean, paint, widthOf } from './style.js';
import type { Style } from './style.js';
import { left, table } from './table.js';

const LINE = 100;

/** A table of what is written, and in one paragraph what nobody wrote; uses of cycles with the same settings together. */
export function settingsText(customer_id: string, settings: readonly CalendarSetting[], style: Style): string[] {
  const groups = new Map<string, { cycles: string[]; settings: readonly CalendarSetting[] }>();
  for (const use_no of new Set(settings.map((each) => each.use_no))) {
    const own = settings.filter((each) => each.use_no === use_no);
    const key = JSON.stringify(own.map(({ use_no: _no, cycle_id: _id, ...rest }) => rest));
    const group = groups.get(key) ?? { cycles: [], settings: own };
    groups.set(key, group);
    if (!group.cycles.includes(own[0]!.cycle_id)) group.cycles.push(own[0]!.cycle_id);
  }
  return [...groups.values()].flatMap((group) => [
    '', paint(style, 'bold', clean(`Settings of ${customer_id} on ${group.cycles.join(', ')}`)), ...groupText(group.settings, style)]);
}

function groupText(settings: readonly CalendarSetting[], style: Style): string[] {
  const rows = settings.filter(({ level }) => level !== 'default').map(({ setting, value, level, at }) => (
    [setting, clean(value), level, at === null ? '' : clean(`${at.file}:${at.line}:${at.column}`)]));
  const columns = [left('Setting'), left('Value', 12), left('Level'), left('Written in')];
  const written = rows.length === 0 ? [] : table(columns, rows, style, '  ');
  const defaults = settings.filter(({ level }) => level === 'default').map(({ setting, value }) => `${setting} ${value}`);
  const rest = folded('Not written, so the default: ', defaults, style.columns ?? LINE);
  return [...written, ...rest.map((line) => paint(style, 'dim', `  ${line}`))];
}

/** Words with commas between, in lines of a width. */
function folded(title: string, words: readonly string[], width: number): string[] {
  const lines: string[] = [];
  let line = title;
  for (const [index, word] of words.entries()) {
    const next = `${word}${index === words.length - 1 ? '' : ', '}`;
    if (line !== '' && widthOf(line + next) > width - 2) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += next;
  }
  return words.length === 0 ? [] : [...lines, line];
}

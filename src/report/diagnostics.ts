/** How findings are told: on a terminal, as JSON, as annotations of GitHub Actions, as Markdown. Always all of them. */
import type { Code, Diagnostic, Place } from '../values/diagnostic.js';
import { groupBy } from '../values/group.js';
import { markdownText } from './escape.js';
import { clean, cleanLines, paint } from './style.js';
import type { Style } from './style.js';

/** `file:line:column`, as far as it is known; empty without a place. */
export function placeText(place: Place | undefined): string {
  if (place === undefined) return '';
  const parts = [clean(place.file), place.line, place.line === undefined ? undefined : place.column];
  return parts.filter((part) => part !== undefined).join(':');
}

/** Findings as text, each `file:line:column: error CODE: message`, the line it is about, and the remedy; a count at the end. */
export function diagnosticsText(diagnostics: readonly Diagnostic[], style: Style): string {
  if (diagnostics.length === 0) return '';
  const told = diagnostics.map((each) => `${one(each, style)}\n`).join('\n');
  return diagnostics.length > 1 ? `${told}\n${countText(diagnostics)}\n` : told;
}

/** Faults of single rows; as warnings they set the row aside, and come again at every run until it is mended. */
const OF_ROWS: ReadonlySet<Code> = new Set<Code>(['BOOKING_VALUE', 'BOOKING_CUSTOMER', 'BOOKING_PRICE', 'BOOKING_TAX']);
/** So many lines of a file are named. */
const NAMED = 12;

/** The same findings with the rows that are set aside told as one finding a file; errors, and what stands alone, as they are. */
export function rowsGathered(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const files = groupBy(diagnostics.filter(isOfRow), ({ at }) => at!.file);
  const told = new Set<string>();
  return diagnostics.flatMap((each) => {
    const file = each.at?.file ?? '';
    const rows = isOfRow(each) ? files.get(file)! : [];
    if (rows.length < 2) return [each];
    if (told.has(file)) return [];
    told.add(file);
    return [setAside(file, rows)];
  });
}

function isOfRow({ severity, code, at }: Diagnostic): boolean {
  return severity === 'warning' && at !== undefined && OF_ROWS.has(code);
}

function setAside(file: string, rows: readonly Diagnostic[]): Diagnostic {
  const lines = [...new Set(rows.flatMap(({ at }) => (at?.line === undefined ? [] : [at.line])))].sort((a, b) => a - b);
  const named = lines.length > NAMED ? `${lines.slice(0, NAMED).join(', ')} and more` : lines.join(', ');
  // Not every format has lines; there each finding names its row.
  const count = rows.every(({ at }) => at?.line !== undefined) ? lines.length : new Set(rows.map(({ message }) => message)).size;
  const where = named === '' ? '' : `: ${lines.length === 1 ? 'line' : 'lines'} ${named}`;
  const message = `${count} ${count === 1 ? 'row is' : 'rows are'} set aside and not billed${where}`;
  return { code: rows[0]!.code, severity: 'warning', message, at: { file }, hint: '`duebook preview` tells what is wrong with each' };
}

function one(found: Diagnostic, style: Style): string {
  const at = placeText(found.at);
  const severity = paint(style, found.severity === 'error' ? 'red' : 'yellow', found.severity);
  const place = at === '' ? '' : `${paint(style, 'bold', at)}: `;
  const lines = [`${place}${severity} ${paint(style, 'bold', found.code)}: ${indented(found.message)}`];
  if (found.excerpt !== undefined) lines.push(cleanLines(found.excerpt));
  if (found.also !== undefined) lines.push(`  also: ${placeText(found.also)}`);
  if (found.hint !== undefined) lines.push(`  ${paint(style, 'cyan', 'help:')} ${indented(found.hint)}`);
  return lines.join('\n');
}

function indented(text: string): string {
  return cleanLines(text).replaceAll('\n', '\n    ').replace(/ +$/gm, '');
}

/** "2 errors, 1 warning". */
export function countText(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const parts = [[errors, 'error'], [warnings, 'warning']] as const;
  return parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}${n === 1 ? '' : 's'}`).join(', ');
}

/** GitHub shows ten annotations of a kind per step and drops the rest without a word, so the rest is counted. */
const SHOWN_BY_GITHUB = 10;

/**
 * Findings as workflow commands (`::error file=…,line=…::…`), errors first, and a line for those beyond the first ten. `prefix`
 * is the project's folder in the repository, with a slash at the end, or empty.
 */
export function githubAnnotations(diagnostics: readonly Diagnostic[], prefix = ''): string {
  const ordered = [...diagnostics.filter(isError), ...diagnostics.filter((each) => !isError(each))];
  const lines = ordered.slice(0, SHOWN_BY_GITHUB).map((each) => {
    const { at } = each;
    const place: [string, string | number | undefined][] = [
      ['file', at === undefined ? undefined : prefix + at.file], ['line', at?.line],
      ['col', at?.line === undefined ? undefined : at.column], ['title', each.code],
    ];
    const properties = place.filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${property(String(value))}`);
    const words = each.hint === undefined ? each.message : `${each.message}\nhelp: ${each.hint}`;
    return `::${each.severity} ${properties.join(',')}::${data(words)}\n`;
  });
  const rest = ordered.slice(SHOWN_BY_GITHUB);
  if (rest.length > 0) lines.push(`and ${countText(rest)} more, all in the log above and in the job summary\n`);
  return lines.join('');
}

function isError(found: Diagnostic): boolean {
  return found.severity === 'error';
}

/** Escapes of the runner's own toolkit for the message of a workflow command. */
function data(text: string): string {
  return cleanLines(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Findings as a Markdown list. */
export function diagnosticsMarkdown(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map((each) => {
    const at = placeText(each.at);
    const hint = each.hint === undefined ? '' : `<br>${markdownText(each.hint)}`;
    return `- **${each.severity} ${each.code}**${at === '' ? '' : ` ${markdownText(at)}`}: ${markdownText(each.message)}${hint}\n`;
  }).join('');
}

/** The line of a file that a finding is about, with a marker under the column. */
import type { Place } from '../values/diagnostic.js';

const WIDTH = 110;

/** Two lines, `  12 |     cycle: montly` and the marker below; empty where the place has no line. Long lines are cut round the column. */
export function excerpt(text: string, place: Place): string {
  if (place.line === undefined) return '';
  const line = lineOf(text, place.line);
  if (line === null) return '';
  const column = Math.min(place.column ?? 1, line.length + 1);
  const from = column > WIDTH - 20 ? column - WIDTH / 2 : 0;
  const cut = `${from > 0 ? '…' : ''}${line.slice(from, from + WIDTH)}${line.length > from + WIDTH ? '…' : ''}`;
  const number = String(place.line);
  const indent = ' '.repeat(column - 1 - from + (from > 0 ? 1 : 0));
  return `  ${number} | ${cut.replaceAll('\t', ' ')}\n  ${' '.repeat(number.length)} | ${indent}^`;
}

function lineOf(text: string, line: number): string | null {
  let start = 0;
  for (let n = 1; n < line; n += 1) {
    start = text.indexOf('\n', start) + 1;
    if (start === 0) return null;
  }
  const end = text.indexOf('\n', start);
  return text.slice(start, end < 0 ? undefined : end).replace(/\r$/, '');
}

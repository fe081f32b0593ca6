/** The line of a file that a finding is about, with a marker under the column. */
import type { Place } from '../values/diagnostic.js';

const WIDTH = 110;

/** Two lines, `  12 |     cycle: montly` and the marker below; empty where the place has no line. Long lines are cut round the column. */
export function excerpt(text: string, place: Place): string {
  return excerptOfLines(text.split('\n'), place);
}

/** As {@link excerpt}, of a text that was split at its line feeds before. */
export function excerptOfLines(lines: readonly string[], place: Place): string {
  const line = lines[(place.line ?? 0) - 1]?.replace(/\r$/, '');
  if (line === undefined) return '';
  const column = Math.min(place.column ?? 1, line.length + 1);
  const from = column > WIDTH - 20 ? column - WIDTH / 2 : 0;
  const cut = `${from > 0 ? '…' : ''}${line.slice(from, from + WIDTH)}${line.length > from + WIDTH ? '…' : ''}`;
  const number = String(place.line);
  const indent = ' '.repeat(column - 1 - from + (from > 0 ? 1 : 0));
  return `  ${number} | ${cut.replaceAll('\t', ' ')}\n  ${' '.repeat(number.length)} | ${indent}^`;
}

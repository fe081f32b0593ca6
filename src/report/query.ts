/** Answers of the history as a table, as CSV, as JSON. */
import { clean, cut, paint, widthOf } from './style.js';
import type { Style } from './style.js';
import { left, pad, right, table } from './table.js';

export interface QueryTable {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DECIMAL|DOUBLE|FLOAT)/;

/** Aligned columns, numbers to the right. Where a line would not fit, each row becomes a block of `name  value`. */
export function queryTable(result: QueryTable, style: Style): string[] {
  const cells = result.rows.map((row) => row.map(cellText));
  const widths = result.columns.map(({ name }, i) => cells.reduce((most, row) => Math.max(most, widthOf(row[i]!)), widthOf(clean(name))));
  const total = widths.reduce((sum, width) => sum + width + 2, -2);
  const rows = `${result.rows.length} ${result.rows.length === 1 ? 'row' : 'rows'}`;
  const tooWide = style.columns !== null && total > style.columns && result.rows.length > 0;
  if (tooWide) return [...blocks(result, cells, style), paint(style, 'dim', rows)];
  const columns = result.columns.map(({ name, type }) => (NUMBER.test(type) ? right(clean(name)) : left(clean(name))));
  return [...table(columns, cells, style), paint(style, 'dim', `(${rows})`)];
}

function blocks(result: QueryTable, cells: readonly (readonly string[])[], style: Style): string[] {
  const names = result.columns.map(({ name }) => clean(name));
  const width = names.reduce((most, name) => Math.max(most, widthOf(name)), 0);
  const room = Math.max(10, (style.columns ?? 80) - width - 2);
  return cells.flatMap((row, n) => [
    paint(style, 'dim', `── row ${n + 1} ${'─'.repeat(Math.max(3, width + 10 - String(n + 1).length))}`),
    ...row.map((cell, i) => `${paint(style, 'bold', pad(names[i]!, width))}  ${cut(cell, room)}`.trimEnd()),
  ]);
}

function cellText(value: unknown): string {
  return value === null || value === undefined ? '' : clean(plain(value));
}

function plain(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** CSV (RFC 4180) with a head. Text that a spreadsheet would take for a formula gets a leading apostrophe; numbers stay numbers. */
export function queryCsv(result: QueryTable): string {
  const quote = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const safe = (text: string): string => (/^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text);
  const line = (cells: readonly string[]): string => `${cells.map(quote).join(',')}\n`;
  const rows = result.rows.map((row) => line(row.map((value, i) => {
    if (value === null || value === undefined) return '';
    return NUMBER.test(result.columns[i]!.type) ? plain(value) : safe(plain(value));
  })));
  return line(result.columns.map(({ name }) => safe(name))) + rows.join('');
}

/** A list of objects, one a line; where a column name comes twice, the later ones get a number. */
export function queryJson(result: QueryTable): string {
  const seen = new Map<string, number>();
  const names = result.columns.map(({ name }) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}_${times}`;
  });
  const rows = result.rows.map((row) => JSON.stringify(Object.fromEntries(names.map((name, i) => [name, row[i] ?? null]))));
  return rows.length === 0 ? '[]\n' : `[\n${rows.join(',\n')}\n]\n`;
}

/** Aligned tables: words to the left, numbers and money to the right. */
import { cut, paint, widthOf } from './style.js';
import type { Style } from './style.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** May be cut to this width where the terminal is narrow; without it the column keeps its width. */
  readonly least?: number;
}

/** A column of words, perhaps to be cut. */
export function left(title: string, least?: number): Column {
  return least === undefined ? { title } : { title, least };
}

/** A column of numbers. */
export function right(title: string): Column {
  return { title, align: 'right' };
}

/** What stands between two columns. */
const GAP = '  ';

/** Lines of a table with its head, two spaces between columns, indented; cells must be clean. A row `null` draws a rule. */
export function table(
  columns: readonly Column[], rows: readonly (readonly string[] | null)[], style: Style, indent = '',
): string[] {
  const widths = columns.map((column, i) => Math.max(widthOf(column.title), ...rowWidths(rows, i)));
  narrow(columns, widths, style, indent.length);
  const line = (cells: readonly string[]): string => {
    const parts = cells.map((cell, i) => pad(cut(cell, widths[i]!), widths[i]!, columns[i]!.align ?? 'left'));
    return `${indent}${parts.join(GAP)}`.trimEnd();
  };
  const rule = indent + widths.map((width) => '─'.repeat(width)).join(GAP).trimEnd();
  const head = columns.some(({ title }) => title !== '') ? [paint(style, 'dim', line(columns.map(({ title }) => title)))] : [];
  return [...head, ...rows.map((row) => (row === null ? paint(style, 'dim', rule) : line(row)))];
}

/** A loop, not a spread: a table may have a million rows. */
function rowWidths(rows: readonly (readonly string[] | null)[], column: number): [number] {
  let most = 0;
  for (const row of rows) if (row !== null) most = Math.max(most, widthOf(row[column] ?? ''));
  return [most];
}

function narrow(columns: readonly Column[], widths: number[], style: Style, indent: number): void {
  if (style.columns === null) return;
  let over = indent + widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1) - style.columns;
  for (const [i, column] of columns.entries()) {
    if (over <= 0 || column.least === undefined) continue;
    const less = Math.min(over, Math.max(0, widths[i]! - column.least));
    widths[i] = widths[i]! - less;
    over -= less;
  }
}

/** Filled up with spaces to a width. */
export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, width - widthOf(text)));
  return align === 'right' ? space + text : text + space;
}

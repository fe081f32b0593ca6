/** Small tables as text, so that a test reads like the example it is. */

/** Rows of `a | b` lines under a header line; empty cells are left out. */
export function table(text: string): Record<string, string>[] {
  const [head, ...rows] = text.split('\n').map((line) => line.trim()).filter((line) => line !== '')
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.map((cells) => Object.fromEntries(cells.flatMap((cell, i) => (cell === '' ? [] : [[head![i]!, cell]]))));
}

/** Rows as `a | b` lines, in the order given; null is `-`. */
export function lines(rows: readonly object[]): string[] {
  return rows.map((row) => Object.values(row).map((value: unknown) => (value === null ? '-' : String(value))).join(' | '));
}

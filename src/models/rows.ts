/** How the loading of `input.*` writes its rows. */
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { parseDecimal } from '../values/money.js';
import type { Instant } from '../values/time.js';

/** Before and after everything; they stay clear of the ends of a timestamp. */
export const EVER: readonly [Instant, Instant] = [Date.UTC(1, 0, 1), Date.UTC(9999, 11, 31)];

/** A value as rows of few hundred thousands hold it; instants and dates as texts. */
export type Cell = string | number | bigint | boolean | null;

/** Inserts rows into a table of `input`, in its order of columns. For many rows an appender is quicker, this is easy to read in a trace. */
export async function insert(engine: Engine, table: string, rows: readonly (readonly Cell[])[]): Promise<void> {
  const sql = (cell: Cell): string => (cell === null ? 'NULL' : typeof cell === 'string' ? literal(cell) : String(cell));
  for (let i = 0; i < rows.length; i += 5_000) {
    await engine.run(`INSERT INTO input.${table} VALUES ${rows.slice(i, i + 5_000).map((row) => `(${row.map(sql).join(',')})`).join(',')}`);
  }
}

/** Millionths of a decimal that the configuration's rules have checked already. */
export function micro(decimal: string): bigint {
  const value = parseDecimal(decimal);
  if (value === null) throw new Error(`not a decimal: ${decimal}`);
  return value;
}

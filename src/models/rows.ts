/** How the loading of `input.*` writes its rows. */
import type { Engine } from '../engine/engine.js';
import { parseDecimal } from '../values/money.js';
import type { Instant } from '../values/time.js';

/** Before and after everything; they stay clear of the ends of a timestamp. */
export const EVER: readonly [Instant, Instant] = [Date.UTC(1, 0, 1), Date.UTC(9999, 11, 31)];

/** A value as rows of few hundred thousands hold it; instants and dates as texts. */
export type Cell = string | number | bigint | boolean | null;

/** Inserts rows into a table of `input`, in its order of columns; texts become what the column holds. */
export async function insert(engine: Engine, table: string, rows: readonly (readonly Cell[])[]): Promise<void> {
  if (rows.length === 0) return;
  await engine.append('input', table, rows, (a, row) => {
    for (const cell of row) {
      if (cell === null) a.appendNull();
      else if (typeof cell === 'string') a.appendVarchar(cell);
      else if (typeof cell === 'boolean') a.appendBoolean(cell);
      else if (BigInt.asIntN(64, BigInt(cell)) === BigInt(cell)) a.appendBigInt(BigInt(cell));
      else a.appendHugeInt(BigInt(cell));
    }
  });
}

/** Millionths of a decimal that the configuration's rules have checked already. */
export function micro(decimal: string): bigint {
  const value = parseDecimal(decimal);
  if (value === null) throw new Error(`not a decimal: ${decimal}`);
  return value;
}

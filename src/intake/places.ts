/** Where a row stands: the physical line of a CSV record, found by reading the file again. Only for telling people. */
import type { Engine } from '../engine/engine.js';
import type { Place } from '../values/diagnostic.js';
import { readRecords } from './records.js';

/** A row by the keys that `input.bookings` carries. */
export interface RowKey {
  readonly file_key: number;
  readonly record: number;
}

interface Access { file_key: number; format: string; path: string; delimiter: string; quote: string; file: string }

/** Where a repeat booking is declared, by its id. */
export type RepeatPlace = (repeat_id: string) => Place;

/**
 * The place of each row, in the order given: file and, for CSV, line. Each file is read once, up to the last row asked for.
 * A Parquet row has no line; its record number is all there is. An occurrence of a repeat booking stands where that is declared.
 */
export async function placesOf(engine: Engine, rows: readonly RowKey[], repeatPlace?: RepeatPlace): Promise<Place[]> {
  if (rows.length === 0) return [];
  const files = await engine.rows<Access>('SELECT a.*, f.file FROM input.file_access AS a JOIN input.files AS f USING (file_key)');
  const byKey = new Map(files.map((file) => [file.file_key, file]));
  const lines = new Map<number, ReadonlyMap<number, number>>();
  for (const key of new Set(rows.map((row) => row.file_key))) {
    const file = byKey.get(key);
    if (file?.format !== 'csv') continue;
    lines.set(key, await linesOf(file, new Set(rows.filter((row) => row.file_key === key).map((row) => row.record))));
  }
  return rows.map((row) => {
    const file = byKey.get(row.file_key);
    if (file?.format === 'repeat' && repeatPlace !== undefined) return repeatPlace(file.path);
    const line = lines.get(row.file_key)?.get(row.record);
    return { file: file?.file ?? '', ...(line === undefined ? {} : { line }) };
  });
}

/** The lines on which records of a CSV file start; a file that has gone gives none. */
async function linesOf(file: Access, records: ReadonlySet<number>): Promise<ReadonlyMap<number, number>> {
  const lines = new Map<number, number>();
  try {
    await readRecords(file.path, file, ({ record, line }) => {
      if (records.has(record)) lines.set(record, line);
      return lines.size < records.size;
    });
  } catch {
    lines.clear();
  }
  return lines;
}

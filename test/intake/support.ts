/** A project folder for one test, staged by the real room on the real engine. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import type { BookingSource } from '../../src/config/types.js';
import { Engine, literal } from '../../src/engine/engine.js';
import { findDuplicates, stageBookings } from '../../src/intake/intake.js';
import type { Diagnostic } from '../../src/values/diagnostic.js';
import { glob } from '../../src/world/glob.js';

export type Booking = Record<string, unknown>;

export function source(more: Partial<BookingSource> = {}): BookingSource {
  return {
    name: 'jobs', path: 'data/*.csv', format: 'csv',
    columns: { booking_id: ['id'], customer_id: ['customer'], starts_at: ['start'] },
    status: {}, timezone: 'Europe/Berlin', date_formats: [], decimal: '.', delimiter: ',', quote: '"', encoding: 'utf-8',
    on_reject: 'fail', complete: false, control: null, product: null, tax: null, ...more,
  };
}

export interface Staged {
  readonly engine: Engine;
  readonly root: string;
  readonly files: readonly { file: string; rows: number; file_key: number; bytes: number }[];
  readonly diagnostics: readonly Diagnostic[];
  /** Rows by file and record, times as text. */
  readonly bookings: readonly Booking[];
  readonly rejects: readonly Booking[];
  duplicates(): Promise<Diagnostic[]>;
}

export const BOOKINGS = `SELECT * REPLACE (strftime(starts_at, '%Y-%m-%d %H:%M:%S') AS starts_at, strftime(ends_at, '%Y-%m-%d %H:%M:%S') AS ends_at)
  FROM input.bookings ORDER BY file_key, record`;

/** Writes the files, stages the sources, hands the result to `use`, and cleans up. */
export async function staged<T>(
  files: Readonly<Record<string, string | Uint8Array>>, sources: BookingSource | readonly BookingSource[], use: (result: Staged) => Promise<T> | T,
  prepare: (engine: Engine, root: string) => Promise<void> = async () => {},
): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'duebook-intake-'));
  const engine = await Engine.open({ threads: 2 });
  try {
    for (const [file, content] of Object.entries(files)) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await writeFile(join(root, file), content);
    }
    await prepare(engine, root);
    const all = Array.isArray(sources) ? sources as readonly BookingSource[] : [sources as BookingSource];
    const result = await stageBookings(engine, all, { root, currency: 'EUR', files: { glob: (pattern) => glob(root, pattern) } });
    return await use({
      engine, root, ...result,
      bookings: await engine.rows(BOOKINGS),
      rejects: await engine.rows('SELECT * FROM input.rejects ORDER BY file, record, column_name NULLS FIRST'),
      duplicates: () => findDuplicates(engine),
    });
  } finally {
    await engine.close();
    await rm(root, { recursive: true, force: true });
  }
}

/** `CODE file:line message` of each finding. */
export function told(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map((d) => `${d.severity} ${d.code} ${d.at?.file ?? ''}${d.at?.line === undefined ? '' : `:${d.at.line}`} ${d.message}`);
}

/** A writer of Parquet files for `prepare`: path in the project to SELECT. */
export function parquet(files: Readonly<Record<string, string>>): (engine: Engine, root: string) => Promise<void> {
  return async (engine, root) => {
    for (const [file, select] of Object.entries(files)) {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await engine.run(`COPY (${select}) TO ${literal(join(root, file))} (FORMAT parquet)`);
    }
  };
}

/** The door of the intake room: source files in, `input.files`, `input.bookings` and `input.rejects` out, with findings. */
import { localToUtcPieces } from '../calendar/zone.js';
import type { ShiftPiece } from '../calendar/zone.js';
import type { ConfigFiles } from '../config/files.js';
import type { BookingSource } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { Log } from '../world/types.js';
import { checkControl } from './control.js';
import { loadCsv } from './csv.js';
import type { Loaded } from './csv.js';
import { findFiles } from './files.js';
import type { SourceFile } from './files.js';
import { booking, bookings, numbered, yearsOf } from './normalise.js';
import type { Batch, Reading } from './normalise.js';
import { findDamaged, loadParquet } from './parquet.js';
import { addFaults, addRejects, rejectDiagnostics } from './rejects.js';
import { filesBilledTwice } from './shared-files.js';
import { BOOKING_COLUMNS, createTables, ddl } from './tables.js';

export { findDuplicates } from './duplicates.js';
export { placesOf } from './places.js';
export { movedRepeats, stageRepeats } from './repeat.js';

/** Files that are larger together are read by all threads. */
const LITTLE_BYTES = 2_000_000;

export interface IntakeOptions {
  /** Absolute folder of the project. */
  readonly root: string;
  /** Currency of bookings that name none. */
  readonly currency: string;
  readonly files: Pick<ConfigFiles, 'glob'>;
  readonly log?: Log;
  /** Called when the engine has begun with the rows: what is said afterwards does not keep it waiting. */
  readonly begun?: () => void;
}

/** A file that was read; `rows` counts the rejected too. */
export interface StagedFile {
  readonly file_key: number;
  readonly source: string;
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Reads every file of every source into `input.*` (see tables.ts). A row with a fault never reaches `input.bookings`; what is
 * wrong comes back as diagnostics, errors where the source says `on_reject: fail`, warnings where it says `quarantine`.
 * Throws only for our own bugs.
 */
export async function stageBookings(
  engine: Engine, sources: readonly BookingSource[], options: IntakeOptions,
): Promise<{ files: StagedFile[]; diagnostics: Diagnostic[] }> {
  const diagnostics: Diagnostic[] = [];
  const staged: StagedFile[] = [];
  await createTables(engine);
  const found = await findFiles(sources, { ...options, scratch: engine.scratch }, diagnostics);
  diagnostics.push(...await filesBilledTwice(found, options.root));
  const bytes = [...found.values()].flat().reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > LITTLE_BYTES) await engine.widen();
  const progress = options.log?.progress('reading bookings', [...found.values()].flat().length);
  for (const [source, files] of found) {
    if (files.length > 0) staged.push(...await stageSource(engine, source, files, options, diagnostics));
    progress?.tick(staged.length);
  }
  progress?.end();
  diagnostics.push(...await rejectDiagnostics(engine, sources));
  for (const source of sources) diagnostics.push(...await checkControl(engine, source, options));
  return { files: staged, diagnostics };
}

async function stageSource(
  engine: Engine, source: BookingSource, files: readonly SourceFile[], options: IntakeOptions, diagnostics: Diagnostic[],
): Promise<StagedFile[]> {
  const formats = await badFormats(engine, source);
  diagnostics.push(...formats);
  if (formats.length > 0) return [];
  const load = source.format === 'csv' ? loadCsv : loadParquet;
  const loaded = await load(engine, source, files, diagnostics);
  const staged = await recordFiles(engine, source, files, loaded);
  await addFaults(engine, loaded.faults);
  const lines = loaded.batches.some((batch) => batch.lines);
  const target = lines ? 'line_stage' : 'input.staged';
  if (lines) await engine.run(`CREATE OR REPLACE TEMP TABLE ${target} (${ddl(BOOKING_COLUMNS)})`);
  for (const batch of loaded.batches) {
    try {
      await stageBatch(engine, batch, target, options);
    } catch (error) {
      const damaged = source.format === 'parquet' ? await findDamaged(engine, files.filter((file) => loaded.rows.has(file.file_key))) : [];
      if (damaged.length === 0) throw error;
      diagnostics.push(...damaged);
    }
  }
  if (lines) await engine.run(`INSERT INTO input.staged ${numbered(target)}; DROP TABLE ${target}`);
  for (const table of loaded.tables) await engine.run(`DROP TABLE ${table}`);
  return staged;
}

async function badFormats(engine: Engine, source: BookingSource): Promise<Diagnostic[]> {
  const findings: Diagnostic[] = [];
  for (const format of source.date_formats) {
    const good = await engine.rows(`SELECT try_strptime('', ${literal(format)})`).then(() => true, () => false);
    const named = format.replaceAll('%%', '').includes('%Z');
    if (good && !named) continue;
    findings.push(problem('CONFIG_VALUE', `source "${source.name}": "${format}" is not a date format`, {
      hint: named ? 'names of zones (%Z) are ambiguous; use %z, or `timezone`' : 'write it as for strptime: "%d/%m/%Y %H:%M"',
    }));
  }
  return findings;
}

async function recordFiles(engine: Engine, source: BookingSource, files: readonly SourceFile[], loaded: Loaded): Promise<StagedFile[]> {
  const staged = files.filter((file) => loaded.rows.has(file.file_key));
  await engine.append('input', 'files', staged, (appender, file) => {
    appender.appendInteger(file.file_key);
    appender.appendVarchar(source.name);
    appender.appendVarchar(file.file);
    appender.appendBigInt(BigInt(loaded.rows.get(file.file_key)!));
    appender.appendBigInt(BigInt(file.bytes));
  });
  await engine.append('input', 'file_access', staged, (appender, file) => {
    appender.appendInteger(file.file_key);
    for (const text of [source.format, file.path, source.delimiter, source.quote]) appender.appendVarchar(text);
  });
  return staged.map(({ file_key, file, bytes }) => ({ file_key, source: source.name, file, rows: loaded.rows.get(file_key)!, bytes }));
}

/** Puts a batch into `target`: the fast way where it can be, and exactly for the rows that did not pass; what is left is rejected. */
async function stageBatch(engine: Engine, batch: Batch, target: string, { currency, begun }: IntakeOptions): Promise<void> {
  const fast = !batch.lines;
  const reading: Reading = { currency, fast, pieces: await piecesOf(engine, batch) };
  const inserted = engine.run(`INSERT INTO ${target} ${bookings(batch, reading)}`);
  begun?.();
  await inserted;
  if (!(await takeOut(engine, target))) return;
  const relation = `SELECT r.* FROM (${batch.relation}) AS r SEMI JOIN flagged USING (file_key, record)`;
  const rest: Batch = { ...batch, relation };
  if (fast) {
    await engine.run(`INSERT INTO ${target} ${bookings(rest, { ...reading, fast: false })}`);
    if (!(await takeOut(engine, target))) return;
  }
  await addRejects(engine, batch.source, booking(rest, { ...reading, fast: false }));
}

/** Moves the keys of the rows that did not pass into `flagged`; whether there were any. */
async function takeOut(engine: Engine, target: string): Promise<boolean> {
  const { n } = await engine.row<{ n: bigint }>(`SELECT count(*) AS n FROM ${target} WHERE status IS NULL`);
  if (n === 0n) return false;
  await engine.run(`CREATE OR REPLACE TEMP TABLE flagged AS SELECT file_key, record FROM ${target} WHERE status IS NULL`);
  await engine.run(`DELETE FROM ${target} WHERE status IS NULL`);
  return true;
}

const UTC: readonly ShiftPiece[] = [{ until_local: null, shift_minutes: 0 }];

/** The pieces of the source's zone over the years that occur. */
async function piecesOf(engine: Engine, batch: Batch): Promise<readonly ShiftPiece[]> {
  if (batch.source.timezone === 'UTC') return UTC;
  const query = yearsOf(batch);
  if (query === null) return UTC;
  const { low, high } = await engine.row<{ low: number | bigint | null; high: number | bigint | null }>(query);
  return low === null || high === null ? UTC : localToUtcPieces(batch.source.timezone, `${low}-01-01`, `${Number(high) + 1}-01-01`);
}

/**
 * `history.duckdb`: what analysts open. A projection of the ledger, never the only copy of anything: it is made beside its
 * place, checkpointed, closed, flushed and renamed, so that a reader has the old file or the new one and never blocks a run.
 */
import { constants } from 'node:fs';
import { access, copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Engine, literal } from '../engine/engine.js';
import { fail } from '../values/diagnostic.js';
import { sha256 } from '../values/digest.js';
import { noCrashPoints } from '../world/crash-points.js';
import type { CrashPoints } from '../world/crash-points.js';
import { errorCode, wordsOf } from '../world/system-errors.js';
import { processName } from '../world/process-name.js';
import { attachParties, attachSegments } from './attach.js';
import { commitKey, damaged, decodeCommit } from './commit.js';
import type { CommitDocument } from './commit.js';
import { createFactsSql, createViewsSql, FACTS, HISTORY_LAYOUT, insertFactsSql } from './history-views.js';
import type { Ledger } from './ledger.js';
import { unreadableDigest } from './sealed.js';
import { requireSegments } from './segments.js';

/** Readable by DuckDB 1.4 and later; older ones apply a stale write-ahead log a second time without a word. */
const STORAGE_VERSION = 'v1.4.0';

/** Up to so many new rows one thread alone fills the file. */
const LITTLE = 20_000;
/**
 * From so many new rows on (a row group of DuckDB) the file is not packed tighter: what was there but did not fill its row group would be
 * written once more with all that is new. Each such addition leaves at most one row group of a table that is not full.
 */
const MANY = 122_880;

export interface Published {
  /** Serial the file stands at. */
  readonly serial: number;
  /** Rows that were added now. */
  readonly rows: number;
  /** The same by table, in the order of filling. */
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  /** built: from all segments; extended: only the newer ones were added; current: nothing to do. */
  readonly how: 'built' | 'extended' | 'current';
}

export interface PublishOptions {
  /** true: build from all segments even where the file could be extended. */
  readonly rebuild?: boolean;
  /** true: the hashes of the segments are known to be right. */
  readonly proved?: boolean;
  /** Told after each table, with the rows filled so far. */
  readonly tick?: (rows: number) => void;
  readonly memory_limit?: string;
  readonly threads?: number;
  readonly crash?: CrashPoints | undefined;
}

/** A file that is begun beside its place: a copy of the one that is there, where that can be added to. */
export interface BegunHistory {
  readonly temp: string;
  /** The serial at which the copy stands; 0: nothing was copied. */
  readonly from: number;
  /** The serial that the file says it stands at, whether it can be added to or not; null: it was not read, or says nothing. */
  readonly told: number | null;
  readonly keys: () => Promise<string>;
  /** Resolves when the copy is whole; a failure is told by publishHistory. */
  readonly copied: Promise<void>;
}

/** Begins what {@link publishHistory} ends. Copying takes the disk's time: who has other things to do does them meanwhile. */
export async function beginHistory(
  ledger: Ledger, path: string, { rebuild = false, crash = noCrashPoints }: Pick<PublishOptions, 'rebuild' | 'crash'> = {},
): Promise<BegunHistory> {
  const folder = dirname(path);
  const temp = join(folder, `.${basename(path)}.${processName().text}`);
  let word: Promise<string> | null = null;
  const keys = (): Promise<string> => {
    word ??= keysWord(ledger);
    return word;
  };
  try {
    await mkdir(folder, { recursive: true });
    await sweep(folder, `.${basename(path)}.`);
    await removeFile(temp);
    const meta = rebuild ? null : await readHistoryMeta(path);
    const from = meta === null ? 0 : await extendableFrom(ledger, meta, keys);
    const told = meta?.serial ?? null;
    if (from !== 0 && from === ledger.serial) return { temp, from, told, keys, copied: Promise.resolve() };
    crash.reached('publish: begins');
    const copied = from === 0 ? Promise.resolve() : copyFile(path, temp, constants.COPYFILE_FICLONE);
    copied.catch(() => undefined);
    return { temp, from, told, keys, copied };
  } catch (error) {
    return unwritable(path, temp, error);
  }
}

/**
 * Brings the file at `path` to the ledger's serial. A file of an earlier commit of this ledger is extended by the newer
 * segments; anything else is built from scratch. The same ledger gives the same rows; the file's bytes may differ, for DuckDB
 * gives each file a random identifier and leaves unused bytes of blocks as they were: compare with historyDigest.
 * `begun`: by beginHistory, at this serial of the ledger.
 * Throws LEDGER_UNREACHABLE when the folder cannot be written, LEDGER_DAMAGED for segments that are not what was committed.
 */
export async function publishHistory(
  ledger: Ledger, path: string, options: PublishOptions = {}, begun?: BegunHistory,
): Promise<Published> {
  const { crash = noCrashPoints } = options;
  const { temp, from, keys, copied } = begun ?? await beginHistory(ledger, path, options);
  if (from !== 0 && from === ledger.serial) return { serial: from, rows: 0, tables: [], how: 'current' };
  try {
    await copied;
    crash.reached('publish: copied');
    const tables = await fill(ledger, temp, { ...options, from, keys });
    if (await exists(`${temp}.wal`)) throw new Error('a write-ahead log was left beside a closed database');
    crash.reached('publish: filled');
    await flush(temp);
    crash.reached('publish: flushed');
    await rm(`${path}.wal`, { force: true });
    crash.reached('publish: about to rename');
    await rename(temp, path);
    if (process.platform !== 'win32') await flush(dirname(path));
    crash.reached('publish: renamed');
    return { serial: ledger.serial, rows: tables.reduce((sum, { rows }) => sum + rows, 0), tables, how: from === 0 ? 'built' : 'extended' };
  } catch (error) {
    return unwritable(path, temp, error);
  }
}

async function unwritable(path: string, temp: string, error: unknown): Promise<never> {
  await removeFile(temp).catch(() => undefined);
  const code = errorCode(error);
  if (code === null) throw error;
  return fail('LEDGER_UNREACHABLE', `Cannot write ${basename(path)}: ${wordsOf(code)}.`, {
    at: { file: basename(path) },
    hint: 'The ledger itself is whole; the history is made from it. Check free space and permissions of the folder, then run again.',
  });
}

/** The serial of the file if it is one of this ledger's own earlier states and can be added to; else 0. */
async function extendableFrom(ledger: Ledger, meta: HistoryMeta, keys: () => Promise<string>): Promise<number> {
  if (meta.layout !== HISTORY_LAYOUT || meta.lineage !== (ledger.head?.lineage ?? null)) return 0;
  if (meta.serial < 1 || meta.serial > ledger.serial) return 0;
  const bytes = await ledger.store.get(commitKey(meta.serial));
  if (bytes === null || sha256(bytes) !== meta.head_sha256) return 0;
  return meta.keys === await keys() ? meta.serial : 0;
}

/** Which keys of customers there are, in a word: two histories of the same ledger say the same if these are the same. */
export async function keysWord(ledger: Ledger): Promise<string> {
  if (ledger.keys === null) return 'none';
  const engine = await Engine.open({ little: true });
  try {
    await attachParties(engine, ledger.store, ledger.head?.segments ?? [], 'sealed');
    return await unreadableDigest(engine, 'sealed.parties', ledger.keys) ?? 'all';
  } finally {
    await engine.close();
  }
}

export interface HistoryMeta {
  readonly layout: number;
  readonly lineage: string | null;
  readonly serial: number;
  readonly head_sha256: string | null;
  /** See {@link keysWord}. */
  readonly keys: string;
}

/** What a history file says it was made from; null if there is none, it cannot be read, or a write-ahead log lies beside it. */
export async function readHistoryMeta(path: string): Promise<HistoryMeta | null> {
  if (!(await exists(path)) || (await exists(`${path}.wal`))) return null;
  const read = await readMeta(path);
  return read instanceof Error ? null : read;
}

/** Whether another program has the file open for writing: then nobody else can read it. */
export async function isHeld(path: string): Promise<boolean> {
  const read = await readMeta(path);
  return read instanceof Error && read.message.includes('Could not set lock on file');
}

async function readMeta(path: string): Promise<HistoryMeta | Error> {
  const engine = await Engine.open({ little: true });
  try {
    await engine.run(`ATTACH ${literal(path)} AS h (READ_ONLY)`);
    const row = await engine.row<Omit<HistoryMeta, 'layout' | 'serial'> & { layout: bigint; serial: bigint }>(
      'SELECT layout, lineage, serial, head_sha256, keys FROM h.duebook_meta');
    return { ...row, layout: Number(row.layout), serial: Number(row.serial) };
  } catch (error) {
    return error as Error;
  } finally {
    await engine.close();
  }
}

interface Filling extends PublishOptions { readonly from: number; readonly keys: () => Promise<string> }

/** Adds the commits after `from` to the file, which is new when `from` is 0. Gives the rows added. */
async function fill(ledger: Ledger, file: string, { from, keys, ...options }: Filling): Promise<Published['tables']> {
  const { tick, proved, rebuild: _, ...settings } = options;
  // Names follow from parties, which may stand in earlier commits than the invoices.
  const segments = (ledger.head?.segments ?? []).filter((s) => s.serial > from || (ledger.keys !== null && s.table === 'parties'));
  const count = segments.reduce((sum, { rows }) => sum + rows, 0);
  const little = count < LITTLE;
  const engine = await Engine.open({ ...settings, little, in_order: true });
  try {
    if (proved !== true) await requireSegments(ledger.store, segments);
    await attachSegments(engine, ledger.store, segments, 'fresh', ledger.keys);
    await engine.run(`ATTACH ${literal(file)} AS h (STORAGE_VERSION '${STORAGE_VERSION}'); USE h;`);
    if (from !== 0 && count >= MANY) await engine.run('SET max_vacuum_tasks = 0');
    // One transaction is flushed to disk once, and not a hundred times for a hundred comments.
    if (little) await engine.run('BEGIN');
    if (from === 0) await engine.run(createFactsSql());
    const tables: { table: string; rows: number }[] = [];
    let total = 0;
    for (const table of Object.keys(FACTS)) {
      // Most commits are of messages alone.
      const fresh = segments.some((segment) => segment.table === table);
      const rows = fresh ? await engine.count(insertFactsSql(table, `${engine.database}.fresh`)) : 0;
      tables.push({ table, rows });
      tick?.(total += rows);
    }
    const commits = await readCommits(ledger, from);
    for (const sql of insertRunsSql(commits)) await engine.run(sql);
    await engine.run(`DELETE FROM duebook_meta; INSERT INTO duebook_meta VALUES (${metaSql(ledger, await keys())})`);
    if (from === 0) await engine.run(little ? createViewsSql() : `BEGIN; ${createViewsSql()} COMMIT`);
    await engine.run(`${little ? 'COMMIT; ' : ''}CHECKPOINT h; USE memory; DETACH h`);
    return [...tables, { table: 'runs', rows: commits.length }];
  } finally {
    await engine.close();
  }
}

/** The commit documents after `from`, in order, a few reads at a time. */
async function readCommits(ledger: Ledger, from: number): Promise<CommitDocument[]> {
  const commits: CommitDocument[] = [];
  for (let serial = from + 1; serial <= ledger.serial; serial += 32) {
    const some = Array.from({ length: Math.min(32, ledger.serial - serial + 1) }, (_, i) => serial + i);
    commits.push(...(await Promise.all(some.map((n) => readCommit(ledger, n)))));
  }
  return commits;
}

/** What a commit says of itself. Throws LEDGER_DAMAGED where it is missing. */
export async function readCommit(ledger: Ledger, serial: number): Promise<CommitDocument> {
  const file = `${ledger.store.name}/${commitKey(serial)}`;
  const bytes = await ledger.store.get(commitKey(serial));
  return bytes === null ? damaged(file, 'it is missing') : decodeCommit(bytes, file, ledger.tool_version);
}

/** INSERTs of commits into `facts.runs`. */
export function insertRunsSql(commits: readonly CommitDocument[]): string[] {
  const rows = commits.map(runSql);
  return Array.from({ length: Math.ceil(rows.length / 500) }, (_, i) => (
    `INSERT INTO facts.runs VALUES ${rows.slice(500 * i, 500 * i + 500).join(',\n')}`));
}

function runSql(commit: CommitDocument): string {
  const totals = Object.values(commit.totals);
  const total = totals.length > 1 ? 'NULL' : (totals[0] ?? '0');
  const values = [
    literal(commit.run_id), String(commit.serial), instantSql(commit.as_of), instantSql(commit.committed_at),
    literal(commit.config_digest), orNull(commit.config_commit), literal(commit.tool_version), String(commit.invoices),
    total === 'NULL' ? total : literal(total),
  ];
  return `(${values.join(', ')})`;
}

/** Values of the one row of `duebook_meta`. */
export function metaSql(ledger: Ledger, keys: string): string {
  const { head } = ledger;
  return [
    String(HISTORY_LAYOUT), orNull(head?.lineage ?? null), String(ledger.serial), orNull(head?.head_sha256 ?? null),
    head === null ? 'NULL' : `DATE ${literal(head.as_of.slice(0, 10))}`, orNull(head?.tool_version ?? null),
    literal(keys),
  ].join(', ');
}

function instantSql(iso: string): string {
  return `TIMESTAMPTZ ${literal(iso)}`;
}

function orNull(text: string | null): string {
  return text === null ? 'NULL' : literal(text);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}

async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
  await rm(`${path}.wal`, { force: true });
}

/** Removes half-made files of processes that died. */
async function sweep(folder: string, prefix: string): Promise<void> {
  for (const name of (await readdir(folder)).sort()) {
    const owner = name.slice(prefix.length).replace(/\.wal$/, '');
    if (name.startsWith(prefix) && processName().isDead(owner)) await rm(join(folder, name), { force: true });
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

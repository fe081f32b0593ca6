/**
 * Opening the ledger and committing to it.
 *
 * A commit writes its segments, then creates `commits/<serial>.json`: whoever creates a serial has committed, everybody else
 * gets LEDGER_MOVED and has used no number. HEAD.json is written last, and only for speed.
 */
import { isAddress } from '../values/bucket.js';
import { DuebookError, fail } from '../values/diagnostic.js';
import { sha256 } from '../values/digest.js';
import { formatMinor } from '../values/money.js';
import { isoUtc } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { noCrashPoints } from '../world/crash-points.js';
import type { CrashPoints } from '../world/crash-points.js';
import type { ObjectStore } from '../world/types.js';
import {
  chainSegments, commitKey, damaged, decodeCommit, encodeCommit, LEDGER_FORMAT, lineageOf, runIdOf, segmentFolder,
} from './commit.js';
import type { CommitDocument, Segment } from './commit.js';
import { hashFile } from './hash.js';
import { encodeHead, HEAD_KEY, headAfter, readHead, rebuildHead } from './head.js';
import type { Head } from './head.js';
import type { CustomerKeys } from './sealed.js';
import { LEDGER_TABLES, segmentColumns } from './tables.js';
import type { LedgerTable } from './tables.js';

/** The ledger as it stood when it was opened or committed to. A value: committing gives a new one. */
export interface Ledger {
  readonly store: ObjectStore;
  /** Version of this program, for messages. */
  readonly tool_version: string;
  /** Keys of customers, where the configuration names some. */
  readonly keys: CustomerKeys | null;
  /** Null: nothing was ever committed. */
  readonly head: Head | null;
  /** 0 when empty. */
  readonly serial: number;
  /** Next free number by series; a series that is not there begins at 1. */
  readonly next_number: Readonly<Record<string, number>>;
  /** The instant of the newest commit, which the next may not be before. */
  readonly as_of: Instant | null;
}

/** What one commit adds. */
export interface CommitInput {
  readonly issuer_id: string;
  /** Not before the ledger's own `as_of`. */
  readonly as_of: Instant;
  /** A word: "confirm", "send", "cancel", … */
  readonly action: string;
  readonly config_digest: string;
  readonly config_commit: string | null;
  readonly tool_version: string;
  /** Series that moved; those left out stay. */
  readonly next_number: Readonly<Record<string, number>>;
  readonly invoices: number;
  /** Total of the invoices by currency, in minor units. */
  readonly totals: Readonly<Record<string, bigint>>;
  /** Local Parquet files, at most one a table, columns as in LEDGER_TABLES; files without rows are left out. */
  readonly files: readonly { readonly table: LedgerTable; readonly path: string; readonly rows: number }[];
}

/** Who opens it: the version of the program, and the keys of customers where it has some. */
export interface OpenOptions {
  readonly tool_version: string;
  readonly keys?: CustomerKeys | null;
}

/** Opens the ledger and proves its head. Reads only. Throws LEDGER_DAMAGED, LEDGER_NEWER, LEDGER_UNREACHABLE. */
export async function openLedger(store: ObjectStore, options: OpenOptions): Promise<Ledger> {
  return ledgerAt(store, options, await readHead(store, options.tool_version));
}

/** Opens the ledger from its commits alone, for `verify`, when HEAD.json is damaged. Throws LEDGER_DAMAGED, LEDGER_NEWER. */
export async function openFromCommits(store: ObjectStore, options: OpenOptions): Promise<Ledger> {
  return ledgerAt(store, options, await rebuildHead(store, options.tool_version));
}

function ledgerAt(store: ObjectStore, { tool_version, keys = null }: OpenOptions, head: Head | null): Ledger {
  return {
    store, head, tool_version, keys, serial: head?.serial ?? 0, next_number: head?.next_number ?? {},
    as_of: head === null ? null : Date.parse(head.as_of),
  };
}

/**
 * A commit as it is kept outside and as `verify --head` takes it: `12:9f86d081…`, serial and SHA-256 of its document.
 * Throws LEDGER_DAMAGED.
 */
export async function anchorAt(ledger: Ledger, serial: number): Promise<string> {
  if (serial === ledger.serial && ledger.head !== null) return `${serial}:${ledger.head.head_sha256}`;
  const bytes = await ledger.store.get(commitKey(serial));
  return bytes === null ? damaged(`${ledger.store.name}/${commitKey(serial)}`, 'it is missing') : `${serial}:${sha256(bytes)}`;
}

/** Takes the lock that keeps two runs apart, or throws LEDGER_LOCKED saying who has it. */
export async function lockLedger(store: ObjectStore, owner: string): Promise<{ release(): Promise<void> }> {
  const lock = await store.lock(owner);
  if ('release' in lock) return lock;
  return fail('LEDGER_LOCKED', `The ledger ${store.name} is in use by ${lock.holder}.`, {
    at: { file: `${store.name}/LOCK` },
    hint: isAddress(store.name)
      ? 'Wait until it has ended and run again. If that run has died, its lock is taken over by itself after two minutes.'
      : 'Wait until it has ended and run again. If that process is surely gone, remove the file.',
  });
}

/**
 * Commits. All or nothing: after a crash at any step the ledger is as before or as after. Throws LEDGER_MOVED when the serial is taken
 * (nothing of this run is visible, unless the very same stands there), LEDGER_FOREIGN for another issuer's ledger, AS_OF when time
 * would go back.
 */
export async function commit(ledger: Ledger, input: CommitInput, crash: CrashPoints = noCrashPoints): Promise<Ledger> {
  const { store, head } = ledger;
  checkInput(ledger, input);
  const files = input.files.filter((file) => file.rows > 0).sort((a, b) => TABLES.indexOf(a.table) - TABLES.indexOf(b.table));
  const hashes = await Promise.all(files.map((file) => hashFile(file.path)));
  const document = documentOf(head, input, files.map((file, i) => ({ ...partOf(file), ...hashes[i]! })));
  crash.reached('commit: begins');
  for (const [i, segment] of document.segments.entries()) {
    await writeSegment(store, segment, files[i]!.path);
    crash.reached('commit: segment written', segment.table);
  }
  crash.reached('commit: all segments written');
  if ((await store.create(commitKey(document.serial), encodeCommit(document))) === 'exists') return lost(ledger, document);
  crash.reached('commit: document created');
  const next = headAfter(head, document);
  await replaceHead(store, next);
  crash.reached('commit: head replaced');
  return ledgerAt(store, ledger, next);
}

const TABLES = Object.keys(LEDGER_TABLES) as LedgerTable[];

function partOf({ table, rows }: CommitInput['files'][number]): Pick<Segment, 'table' | 'rows' | 'columns'> {
  return { table, rows, columns: segmentColumns(table).length };
}

function checkInput(ledger: Ledger, input: CommitInput): void {
  const { head, store } = ledger;
  if (head !== null && head.issuer_id !== input.issuer_id) {
    const words = `The ledger ${store.name} is kept for the issuer "${head.issuer_id}", the configuration is for "${input.issuer_id}".`;
    fail('LEDGER_FOREIGN', words, {
      at: { file: `${store.name}/${HEAD_KEY}` },
      hint: 'Check `ledger` and `issuer.id` in the configuration. Every issuer has a ledger of its own; the id never changes.',
    });
  }
  if (ledger.as_of !== null && input.as_of < ledger.as_of) {
    fail('AS_OF', `The ledger already stands at ${isoUtc(ledger.as_of)}; a run for ${isoUtc(input.as_of)} would be before it.`, {
      hint: `Use --as-of ${isoUtc(ledger.as_of)} or later.`,
    });
  }
  for (const [series, next] of Object.entries(input.next_number)) {
    if (next < (ledger.next_number[series] ?? 1)) throw new Error(`the next number of ${series} would go back to ${next}`);
  }
  if (new Set(input.files.map((file) => file.table)).size !== input.files.length) throw new Error('a table twice in one commit');
}

function documentOf(
  head: Head | null, input: CommitInput, parts: readonly Omit<Segment, 'path'>[],
): CommitDocument {
  const asOf = isoUtc(input.as_of);
  const previous = head?.head_sha256 ?? null;
  const serial = (head?.serial ?? 0) + 1;
  const runId = runIdOf(previous, asOf, input.action, parts);
  const segments = parts.map((part) => ({ ...part, path: `${segmentFolder(serial, runId)}${part.table}.parquet` }));
  const totals = Object.entries(input.totals).map(([currency, minor]) => [currency, formatMinor(minor, currency)]);
  return {
    format: LEDGER_FORMAT, issuer_id: input.issuer_id, lineage: head?.lineage ?? lineageOf(input.issuer_id, input.config_digest, asOf),
    serial, previous, run_id: runId, as_of: asOf, committed_at: asOf, action: input.action, tool_version: input.tool_version,
    config_digest: input.config_digest, config_commit: input.config_commit, invoices: input.invoices,
    totals: Object.fromEntries(totals) as Record<string, string>, next_number: { ...head?.next_number, ...input.next_number },
    segments, segments_sha256: chainSegments(head?.segments_sha256 ?? null, segments),
  };
}

/** A segment that is there already comes from the same run before a crash, or the store is damaged. */
async function writeSegment(store: ObjectStore, segment: Segment, path: string): Promise<void> {
  if ((await store.createFromFile(segment.path, path)) === 'created') return;
  if ((await hashFile(await store.localPath(segment.path, true))).sha256 === segment.sha256) return;
  damaged(`${store.name}/${segment.path}`, 'its bytes are not those its name stands for',
    'No commit refers to this file yet; remove its folder and run again.');
}

/** Somebody has the serial. What we wrote is taken back, unless it is theirs too: equal bytes do not tell who wrote them. */
async function lost(ledger: Ledger, document: CommitDocument): Promise<never> {
  const { store } = ledger;
  const key = commitKey(document.serial);
  const winner = decodeCommit((await store.get(key)) ?? Buffer.alloc(0), `${store.name}/${key}`, ledger.tool_version);
  if (winner.run_id === document.run_id) {
    return fail('LEDGER_MOVED', `Serial ${document.serial} of ${store.name} stands already, with just what this run was to commit`
      + ` (${winner.run_id}, ${winner.action}, as of ${winner.as_of}): written by this run, if the answer was lost on its way, or by`
      + ' another one from the same inputs. It is committed once, and no number was used twice.', {
      hint: 'Run again; it continues from there.',
    });
  }
  for (const segment of document.segments) await store.remove(segment.path);
  return fail('LEDGER_MOVED', `Another run (${winner.run_id}, ${winner.action}, as of ${winner.as_of}) committed serial`
    + ` ${document.serial} to ${store.name} first. Nothing of this run was kept and it used no number.`, {
    hint: 'Run again; it continues from there.',
  });
}

/** Writes HEAD.json again where a run that ended early left it behind; for those who have the lock. */
export async function settleHead({ store, head }: Ledger): Promise<void> {
  if (head === null) return;
  const bytes = await store.get(HEAD_KEY);
  if (bytes === null || !bytes.equals(encodeHead(head))) await replaceHead(store, head);
}

/** The commit stands whether or not its pointer can be written: the next reader rolls forward. */
async function replaceHead(store: ObjectStore, head: Head): Promise<void> {
  try {
    await store.replace(HEAD_KEY, encodeHead(head));
  } catch (error) {
    if (!(error instanceof DuebookError)) throw error;
  }
}

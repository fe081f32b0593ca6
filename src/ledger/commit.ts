/**
 * The commit document: one per serial, `commits/<serial>.json`, canonical JSON and a line feed. Whoever creates a serial has
 * committed; each document carries the hash of the one before it and a running hash of all segments up to its own.
 */
import { fail } from '../values/diagnostic.js';
import { canonicalJson, sha256 } from '../values/digest.js';
import { LEDGER_TABLES } from './tables.js';
import type { LedgerTable } from './tables.js';

/** The format this program writes, and the newest it reads. */
export const LEDGER_FORMAT = 1;

/** One immutable Parquet file. */
export interface Segment {
  readonly table: LedgerTable;
  /** Key in the store. */
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  /** How many columns it has: the first so many of its table's. Columns are only ever added, at the end. */
  readonly columns: number;
}

/** What one commit says of itself. Instants are ISO 8601 in UTC. */
export interface CommitDocument {
  readonly format: number;
  /** Issuer the ledger is kept for. */
  readonly issuer_id: string;
  /** Same in all commits of a ledger, different between ledgers. */
  readonly lineage: string;
  /** 1, 2, 3, … */
  readonly serial: number;
  /** SHA-256 of the previous document's bytes; null in the first. */
  readonly previous: string | null;
  readonly run_id: string;
  readonly as_of: string;
  /** Equal to `as_of`: the ledger knows no other clock. */
  readonly committed_at: string;
  readonly config_digest: string;
  readonly config_commit: string | null;
  readonly tool_version: string;
  /** What was done: "confirm", "send", … */
  readonly action: string;
  /** How many invoices this commit adds. */
  readonly invoices: number;
  /** Their total by currency, as decimal strings. */
  readonly totals: Readonly<Record<string, string>>;
  /** The next free number of every series after this commit. */
  readonly next_number: Readonly<Record<string, number>>;
  /** Only this commit's own, in the order of the tables. */
  readonly segments: readonly Segment[];
  /** Running hash over the segments of all commits up to this one; see {@link chainSegments}. */
  readonly segments_sha256: string;
}

/** Key of a commit document. */
export function commitKey(serial: number): string {
  return `commits/${padSerial(serial)}.json`;
}

/** Key prefix of a commit's segments. */
export function segmentFolder(serial: number, runId: string): string {
  return `segments/${padSerial(serial)}-${runId}/`;
}

function padSerial(serial: number): string {
  return String(serial).padStart(8, '0');
}

/** The bytes of a document. */
export function encodeCommit(document: CommitDocument): Buffer {
  return Buffer.from(`${canonicalJson(document)}\n`);
}

/** Lineage of a ledger: from its issuer and its first commit. First 32 hex digits. */
export function lineageOf(issuerId: string, configDigest: string, asOf: string): string {
  return sha256(`duebook-ledger\n${issuerId}\n${configDigest}\n${asOf}\n`).slice(0, 32);
}

/** Name of a run: from what it builds on and what it adds, so that the same inputs give the same name. */
export function runIdOf(previous: string | null, asOf: string, action: string, segments: readonly { sha256: string }[]): string {
  return `run_${sha256([previous ?? '', asOf, action, ...segments.map((s) => s.sha256)].join('\n')).slice(0, 20)}`;
}

/** The running hash of segments after one more commit. */
export function chainSegments(before: string | null, own: readonly Segment[]): string {
  const plain = own.map(({ table, path, sha256: hash, bytes, rows, columns }) => ({ table, path, sha256: hash, bytes, rows, columns }));
  return sha256(`${before ?? ''}\n${canonicalJson(plain)}`);
}

/** Reads a document. `file` names it in messages. Throws LEDGER_NEWER or LEDGER_DAMAGED. */
export function decodeCommit(bytes: Buffer, file: string, toolVersion: string): CommitDocument {
  const value = decodeJson(bytes, file, toolVersion);
  if (hasUnknownData(value)) {
    return newer(file, value['tool_version'], toolVersion, 'with tables or columns that this version does not know');
  }
  const wrong = firstWrongMember(value);
  if (wrong !== null) return damaged(file, `its member "${wrong}" is missing or not what it should be`);
  const document = value as unknown as CommitDocument;
  if (!encodeCommit(document).equals(bytes)) return damaged(file, 'it is not written as duebook writes it');
  return document;
}

/** Parses JSON of this ledger and refuses a newer format before anything else is looked at. */
export function decodeJson(bytes: Buffer, file: string, toolVersion: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    return damaged(file, 'it is not JSON');
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return damaged(file, 'it is not a JSON object');
  const members = value as Record<string, unknown>;
  if (typeof members['format'] === 'number' && members['format'] > LEDGER_FORMAT) {
    const what = `in ledger format ${members['format']}; this version reads up to format ${LEDGER_FORMAT}`;
    return newer(file, members['tool_version'], toolVersion, what);
  }
  return members;
}

function newer(file: string, writer: unknown, toolVersion: string, what: string): never {
  const [version, install] = typeof writer === 'string' ? [writer, `${writer} or later`] : ['of a newer version', 'in its newest version'];
  return fail('LEDGER_NEWER', `${file} was written by duebook ${version} ${what}. This is duebook ${toolVersion}.`, {
    at: { file },
    hint: `Install duebook ${install}, the same everywhere this ledger is used.`,
  });
}

/** Tables and columns are added without a new format; a version that would not see them must not go on from there. */
function hasUnknownData(value: Record<string, unknown>): boolean {
  const segments = Array.isArray(value['segments']) ? value['segments'] as (Record<string, unknown> | null)[] : [];
  return segments.some((segment) => {
    const [table, columns] = [segment?.['table'], segment?.['columns']];
    if (typeof table !== 'string' || typeof columns !== 'number' || !/^[a-z_]+$/.test(table)) return false;
    return !Object.hasOwn(LEDGER_TABLES, table) || columns > Object.keys(LEDGER_TABLES[table as LedgerTable]).length;
  });
}

/** Throws LEDGER_DAMAGED for a file. */
export function damaged(file: string, what: string, hint?: string): never {
  return fail('LEDGER_DAMAGED', `${file} is damaged or was changed by hand: ${what}.`, {
    at: { file },
    hint: hint ?? 'Bring the file back from a backup or from the version history of the bucket; `duebook verify` shows all damage.',
  });
}

type Test = (value: unknown) => boolean;
const text: Test = (v) => typeof v === 'string' && v !== '';
const textOrNull: Test = (v) => v === null || typeof v === 'string';
const count: Test = (v) => Number.isSafeInteger(v) && (v as number) >= 0;
const positive: Test = (v) => count(v) && v !== 0;
const hash: Test = (v) => typeof v === 'string' && /^[0-9a-f]{64}$/.test(v);
const instant: Test = (v) => typeof v === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/.test(v) && !Number.isNaN(Date.parse(v));
const mapOf = (test: Test): Test => (v) => v !== null && typeof v === 'object' && !Array.isArray(v) && Object.values(v).every(test);
const listOf = (test: Test): Test => (v) => Array.isArray(v) && v.every(test);
const shaped = (shape: Record<string, Test>): Test => (v) =>
  v !== null && typeof v === 'object' && Object.entries(shape).every(([key, test]) => test((v as Record<string, unknown>)[key]));

const SEGMENT: Record<string, Test> = {
  table: (v) => typeof v === 'string' && Object.hasOwn(LEDGER_TABLES, v),
  path: (v) => typeof v === 'string' && /^segments\/\d{8,}-run_[0-9a-f]{20}\/[a-z_]+\.parquet$/.test(v),
  sha256: hash, bytes: positive, rows: positive, columns: positive,
};
const COMMIT: Record<string, Test> = {
  format: (v) => v === LEDGER_FORMAT, issuer_id: text, lineage: (v) => typeof v === 'string' && /^[0-9a-f]{32}$/.test(v), serial: positive,
  previous: (v) => v === null || hash(v), run_id: (v) => typeof v === 'string' && /^run_[0-9a-f]{20}$/.test(v),
  as_of: instant, committed_at: instant, config_digest: text, config_commit: textOrNull, tool_version: text, action: text,
  invoices: count, totals: mapOf(text), next_number: mapOf(positive), segments: listOf(shaped(SEGMENT)), segments_sha256: hash,
};

function firstWrongMember(value: Record<string, unknown>): string | null {
  return Object.entries(COMMIT).find(([key, test]) => !test(value[key]))?.[0] ?? null;
}

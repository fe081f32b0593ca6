/**
 * The ledger as relations: `ledger.<table>` for every table of LEDGER_TABLES with the commit's `serial` as last column, read
 * from the segments, and the folds over the events. Also the way into it: writing a segment from a relation.
 */
import { join } from 'node:path';
import { fileLiteral, identifier, literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { groupBy } from '../values/group.js';
import type { ObjectStore } from '../world/types.js';
import { billedSql } from './billed.js';
import type { HeadSegment } from './head.js';
import type { Ledger } from './ledger.js';
import { INITIAL, messageStatusSql, voidedSql, voidingsSql } from './lifecycle.js';
import { readPacks, segmentFiles } from './packs.js';
import type { Packs } from './packs.js';
import { createOpened, openedSql, openParties, WITH_PARTIES } from './sealed.js';
import type { CustomerKeys } from './sealed.js';
import { requireSegments } from './segments.js';
import { LEDGER_TABLES, readColumn, segmentColumns } from './tables.js';
import type { LedgerTable } from './tables.js';

/** A table of more rows stays in its files, however small they are: what a run asks of it are a few columns, or the newest commits. */
const SMALL_TABLE = 20_000;
/** What is committed meanwhile is asked for again and again; of a larger segment columns are read when they are needed. */
const SMALL_SEGMENT = 20_000;
/** Rows of small segments that a table keeps in memory. */
const KEPT_ROWS = 1_000_000;
/** Lines are wide, and there are ten times as many as of anything else. */
const KEPT_LINES = 100_000;

/** What is attached in an engine: the segments, and of each table how many rows are in memory and which files are not. */
interface Attached {
  segments: readonly HeadSegment[];
  /** As they were when the first segments were attached; what is committed later is in no pack yet. */
  readonly packs: Packs;
  readonly kept: Map<LedgerTable, number>;
  readonly files: Map<LedgerTable, HeadSegment[]>;
  /** There are parties that only a key opens. */
  sealed: boolean;
}

const ATTACHED = new WeakMap<Engine, Attached>();

/**
 * Makes the schema `ledger` in the engine. Besides the tables:
 * - `message_status` (message_id, invoice_id, kind, recipients, queued_at, send_due_at, subject_id, payload, status, attempts,
 *   last_at, tried_as_of, sent_at, sha256, error, permanent): every message with what became of it;
 * - `voidings` (invoice_id, at, serial): the events that made an invoice void;
 * - `invoice_status` (invoice_id, status, voided_at): `processed` or `void`;
 * - `billed` (source, booking_id, state, content_hi, content_lo, invoice_id, line_no, amount_minor, serial): every booking that was ever
 *   on an invoice that is not void, with the line on which it stands or last stood. `state`: `billed`; `credited` (by hand, and never
 *   billed again); `open` (taken back, and free to be billed again).
 *
 * Small tables are kept in memory (schema `ledger_kept`), those of a long ledger stay files: whoever asks for rows of one commit says
 * its `serial`, so that no other file is opened. Called again after a commit it adds the new segments only, to what is in memory while
 * they are small: a run that catches up commits some hundred times, and would read them all each time.
 * The hashes of all segments are proved first, but for those that this process has just committed. Throws LEDGER_DAMAGED.
 */
export async function attachLedger(engine: Engine, ledger: Ledger): Promise<void> {
  const segments = ledger.head?.segments ?? [];
  let attached = ATTACHED.get(engine);
  if (attached === undefined || !continues(attached.segments, segments)) {
    const packs = await requireSegments(ledger.store, segments);
    attached = { segments: [], packs, kept: new Map(), files: new Map(), sealed: false };
    ATTACHED.set(engine, attached);
    await createKept(engine);
    await addSegments(engine, ledger.store, attached, segments);
    await openSealed(engine, ledger, attached);
    await createViews(engine, ledger.store, attached, TABLES, [
      'CREATE VIEW ledger.voidings AS SELECT * FROM ledger_kept.voidings', ...foldsSql('ledger'),
    ]);
  } else {
    const fresh = segments.slice(attached.segments.length);
    const grown = await addSegments(engine, ledger.store, attached, fresh);
    const first = fresh.some(({ table }) => table === 'parties') && await openSealed(engine, ledger, attached);
    await createViews(engine, ledger.store, attached, new Set([...grown, ...(first ? WITH_PARTIES : [])]));
  }
  attached.segments = segments;
}

/** What paths of segments begin with; the serial of the commit follows, see segmentFolder. */
const SEGMENTS = 'segments/';

const TABLES = Object.keys(LEDGER_TABLES) as LedgerTable[];

/** Whether the ledger is the one that is attached, with more commits or none. */
function continues(before: readonly HeadSegment[], now: readonly HeadSegment[]): boolean {
  return before.length <= now.length && before.every((segment, i) => {
    const same = now[i]!;
    return segment === same || (segment.path === same.path && segment.sha256 === same.sha256);
  });
}

async function createKept(engine: Engine): Promise<void> {
  const tables = TABLES.map((table) => {
    const columns = Object.entries(LEDGER_TABLES[table]).map(([column, type]) => `${identifier(column)} ${type}`);
    return `CREATE TABLE ledger_kept.${table} (${columns.join(', ')}, serial BIGINT);`;
  });
  await engine.run(`DROP SCHEMA IF EXISTS ledger CASCADE; DROP SCHEMA IF EXISTS ledger_kept CASCADE;
    CREATE SCHEMA ledger; CREATE SCHEMA ledger_kept; ${tables.join(' ')}
    CREATE TABLE ledger_kept.voidings (invoice_id VARCHAR, "at" TIMESTAMP, serial BIGINT)`);
  await createOpened(engine, 'ledger');
}

/** Takes in segments; gives the tables that have got files which are not in memory. */
async function addSegments(
  engine: Engine, store: ObjectStore, attached: Attached, segments: readonly HeadSegment[],
): Promise<LedgerTable[]> {
  const grown: LedgerTable[] = [];
  for (const table of TABLES) {
    const own = segments.filter((segment) => segment.table === table);
    const { small, files } = divided(own, attached, table);
    if (files.length > 0) {
      attached.files.set(table, [...attached.files.get(table) ?? [], ...files]);
      grown.push(table);
    }
    if (small.length > 0) {
      await engine.run(`INSERT INTO ledger_kept.${table} ${await segmentsSql(engine, store, table, small, attached.packs)}`);
    }
    if (table === 'events' && own.length > 0) {
      const rows = files.length > 0 ? await segmentsSql(engine, store, table, own, attached.packs)
        : `SELECT * FROM ledger_kept.events WHERE serial >= ${own[0]!.serial}`;
      await engine.run(`INSERT INTO ledger_kept.voidings ${voidingsSql(`(${rows})`)}`);
    }
  }
  return grown;
}

/** Which segments of a table go into memory, and which stay files. What is there when a run begins goes there as a whole or not at all. */
function divided(
  segments: readonly HeadSegment[], attached: Attached, table: LedgerTable,
): { small: HeadSegment[]; files: HeadSegment[] } {
  const rows = segments.reduce((sum, segment) => sum + segment.rows, 0);
  const begins = attached.segments.length === 0;
  if (begins && rows > SMALL_TABLE) return { small: [], files: [...segments] };
  const limit = table === 'invoice_lines' ? KEPT_LINES : KEPT_ROWS;
  const small: HeadSegment[] = [];
  const files: HeadSegment[] = [];
  for (const segment of segments) {
    const kept = (attached.kept.get(table) ?? 0) + segment.rows;
    const fits = segment.rows <= SMALL_SEGMENT && kept <= limit;
    if (fits) attached.kept.set(table, kept);
    (fits ? small : files).push(segment);
  }
  return { small, files };
}

/** Opens what keys open; true: from now on the tables have to be completed with it. */
async function openSealed(engine: Engine, ledger: Ledger, attached: Attached): Promise<boolean> {
  const before = attached.sealed;
  const rows = await rowsSql(engine, ledger.store, attached, 'parties');
  attached.sealed = await openParties(engine, 'ledger', `(${rows})`, ledger.keys) > 0 || before;
  return attached.sealed && !before;
}

async function rowsSql(engine: Engine, store: ObjectStore, attached: Attached, table: LedgerTable): Promise<string> {
  const files = attached.files.get(table) ?? [];
  const rest = files.length === 0 ? '' : ` UNION ALL ${await segmentsSql(engine, store, table, files, attached.packs)}`;
  return `SELECT * FROM ledger_kept.${table}${rest}`;
}

/** Views of tables, and more statements after them, at once: by themselves they would take twice as long. */
async function createViews(
  engine: Engine, store: ObjectStore, attached: Attached, tables: Iterable<LedgerTable>, more: readonly string[] = [],
): Promise<void> {
  const views: string[] = [];
  for (const table of tables) {
    const rows = await rowsSql(engine, store, attached, table);
    const shown = attached.sealed && WITH_PARTIES.includes(table) ? openedSql('ledger', table, rows) : rows;
    views.push(`CREATE OR REPLACE VIEW ledger.${table} AS ${shown}`);
  }
  if (views.length + more.length > 0) await engine.run([...views, ...more].join(';\n'));
}

/** The tables as views over some segments, read straight from their files, with the folds, under any schema name. */
export async function attachSegments(
  engine: Engine, store: ObjectStore, segments: readonly HeadSegment[], schema: string, keys: CustomerKeys | null = null,
): Promise<void> {
  const name = identifier(schema);
  const packs = await readPacks(store);
  await engine.run(`DROP SCHEMA IF EXISTS ${name} CASCADE; CREATE SCHEMA ${name};`);
  await createOpened(engine, schema);
  const rowsOf = async (table: LedgerTable): Promise<string> => {
    const own = segments.filter((segment) => segment.table === table);
    return own.length === 0 ? emptySql(table) : segmentsSql(engine, store, table, own, packs);
  };
  const sealed = await openParties(engine, schema, `(${await rowsOf('parties')})`, keys) > 0;
  const views: string[] = [];
  for (const table of TABLES) {
    const rows = await rowsOf(table);
    const shown = sealed && WITH_PARTIES.includes(table) ? openedSql(name, table, rows) : rows;
    views.push(`CREATE VIEW ${name}.${table} AS ${shown}`);
  }
  await engine.run([...views, `CREATE VIEW ${name}.voidings AS ${voidingsSql(`${name}.events`)}`, ...foldsSql(name)].join(';\n'));
}

/** Leaves only what was committed before a serial in the attached ledger of an engine that is used for nothing else. */
export async function cutLedger(engine: Engine, before_serial: number): Promise<void> {
  for (const table of [...TABLES, 'voidings']) {
    await engine.run(`ALTER VIEW ledger.${table} RENAME TO ${table}_of_all;
      CREATE VIEW ledger.${table} AS SELECT * FROM ledger.${table}_of_all WHERE serial < ${before_serial}`);
  }
}

/** The parties alone, as they are written. */
export async function attachParties(engine: Engine, store: ObjectStore, segments: readonly HeadSegment[], schema: string): Promise<void> {
  const name = identifier(schema);
  const own = segments.filter(({ table }) => table === 'parties');
  const rows = own.length === 0 ? emptySql('parties') : await segmentsSql(engine, store, 'parties', own, await readPacks(store));
  await engine.run(`CREATE SCHEMA ${name}; CREATE VIEW ${name}.parties AS ${rows}`);
}

/** The folds over the events; `name` is a quoted schema. */
function foldsSql(name: string): string[] {
  return [
    `CREATE VIEW ${name}.message_status AS ${messageStatusSql(`${name}.messages`, `${name}.events`)}`,
    `CREATE VIEW ${name}.invoice_status AS
      SELECT i.invoice_id, CASE WHEN v.invoice_id IS NULL THEN '${INITIAL.invoice}' ELSE 'void' END AS status, v.voided_at
      FROM ${name}.invoices AS i LEFT JOIN (${voidedSql(`${name}.voidings`)}) AS v ON v.invoice_id = i.invoice_id`,
    `CREATE VIEW ${name}.billed AS ${billedSql(`${name}.invoice_lines`, `${name}.voidings`, 'amount_minor')}`,
  ];
}

function emptySql(table: LedgerTable): string {
  const columns = Object.entries(LEDGER_TABLES[table]).map(([column, type]) => `NULL::${type} AS ${identifier(column)}`);
  return `SELECT ${columns.join(', ')}, NULL::BIGINT AS serial WHERE false`;
}

/**
 * Segments as one relation. Those of earlier versions lack the newest columns, which are NULL then; what a segment has is known from its
 * commit, so that no file is opened to find out. The serial comes from the path, by its place there: files are left out by it before they
 * are opened, and a regular expression is compiled anew for each of them (15 ms a query with a year of daily commits).
 */
async function segmentsSql(
  engine: Engine, store: ObjectStore, table: LedgerTable, segments: readonly HeadSegment[], packs: Packs,
): Promise<string> {
  const paths = await segmentFiles(engine, store, segments, packs);
  const alike = groupBy(segments.map(({ path, columns }, i) => ({
    file: paths[i]!, columns, from_end: path.length - SEGMENTS.length, digits: path.indexOf('-run_') - SEGMENTS.length,
  })), ({ columns, from_end, digits }) => `${columns} ${from_end} ${digits}`);
  return [...alike.values()].map((group) => {
    const { columns: width, from_end, digits } = group[0]!;
    const columns = Object.entries(LEDGER_TABLES[table]).map(([name, type], i) => (
      i < width ? readColumn(name) : `NULL::${type} AS ${identifier(name)}`));
    const files = group.map(({ file }) => fileLiteral(file)).join(', ');
    return `SELECT ${columns.join(', ')}, substr(filename, -${from_end}, ${digits})::BIGINT AS serial
      FROM read_parquet([${files}], filename = true, file_row_number = true)`;
  }).join(' UNION ALL ');
}

/** How segments are written: the newer encodings make them a fifth smaller, and higher levels of Zstandard then cost time for nothing. */
const WRITE = 'FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1';

/**
 * Writes a relation's rows as a segment file into the engine's scratch folder, with exactly the columns and types of the
 * table's segments (a HUGEINT sum, say, becomes BIGINT or fails) and in the given order, so that the same rows give the same bytes.
 * @param from   a relation or a subquery in parentheses; it has the columns of segmentColumns by name, and may have more
 * @param orderBy sort key over the relation `r`, total, e.g. "r.series, r.seq"; null: the relation is sorted itself
 */
export async function exportSegment(
  engine: Engine, table: LedgerTable, from: string, orderBy: string | null,
): Promise<{ table: LedgerTable; path: string; rows: number }> {
  const columns = segmentColumns(table).map(([column, type]) => `r.${identifier(column)}::${type} AS ${identifier(column)}`);
  const path = join(engine.scratch, `${table}.parquet`);
  const order = orderBy === null ? '' : ` ORDER BY ${orderBy}`;
  const reader = await engine.connection.runAndReadAll(
    `COPY (SELECT ${columns.join(', ')} FROM ${from} AS r${order}) TO ${literal(path)} (${WRITE})`);
  return { table, path, rows: Number(reader.getRowsJS()[0]?.[0]) };
}

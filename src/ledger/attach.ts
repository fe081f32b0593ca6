/**
 * The ledger as relations: `ledger.<table>` for every table of LEDGER_TABLES with the commit's `serial` as last column, read
 * straight from the segments, and the folds over the events. Also the way into it: writing a segment from a relation.
 */
import { join } from 'node:path';
import { identifier, literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import type { ObjectStore } from '../world/types.js';
import type { HeadSegment } from './head.js';
import type { Ledger } from './ledger.js';
import { INITIAL, messageStatusSql, voidedSql } from './lifecycle.js';
import { LEDGER_TABLES } from './tables.js';
import type { LedgerTable } from './tables.js';

/**
 * Makes the schema `ledger` in the engine; what was there under that name is replaced. Besides the tables:
 * - `message_status` (message_id, invoice_id, kind, recipients, queued_at, send_due_at, subject_id, payload, status, attempts,
 *   last_at, sent_at, sha256, error, permanent): every message with what became of it;
 * - `invoice_status` (invoice_id, status, voided_at): `processed` or `void`;
 * - `billed` (source, booking_id, content_hi, content_lo, invoice_id, line_no, amount_minor, serial): booking lines of
 *   invoices that are not void.
 */
export async function attachLedger(engine: Engine, ledger: Ledger): Promise<void> {
  await attachSegments(engine, ledger.store, ledger.head?.segments ?? [], 'ledger');
}

/** As attachLedger, for some of the segments and under any schema name. */
export async function attachSegments(
  engine: Engine, store: ObjectStore, segments: readonly HeadSegment[], schema: string,
): Promise<void> {
  const name = identifier(schema);
  await engine.run(`DROP SCHEMA IF EXISTS ${name} CASCADE; CREATE SCHEMA ${name};`);
  for (const table of Object.keys(LEDGER_TABLES) as LedgerTable[]) {
    const own = segments.filter((segment) => segment.table === table);
    const paths = await Promise.all(own.map((segment) => store.localPath(segment.path)));
    await engine.run(`CREATE VIEW ${name}.${table} AS ${paths.length === 0 ? emptySql(table) : segmentsSql(table, paths)}`);
  }
  await engine.run(`CREATE VIEW ${name}.message_status AS ${messageStatusSql(`${name}.messages`, `${name}.events`)}`);
  await engine.run(`CREATE VIEW ${name}.invoice_status AS
    SELECT i.invoice_id, CASE WHEN v.invoice_id IS NULL THEN '${INITIAL.invoice}' ELSE 'void' END AS status, v.voided_at
    FROM ${name}.invoices AS i LEFT JOIN (${voidedSql(`${name}.events`)}) AS v ON v.invoice_id = i.invoice_id`);
  await engine.run(`CREATE VIEW ${name}.billed AS
    SELECT l.source, l.booking_id, l.content_hi, l.content_lo, l.invoice_id, l.line_no, l.amount_minor, l.serial
    FROM ${name}.invoice_lines AS l ANTI JOIN (${voidedSql(`${name}.events`)}) AS v ON v.invoice_id = l.invoice_id
    WHERE l.kind = 'booking'`);
}

function emptySql(table: LedgerTable): string {
  const columns = Object.entries(LEDGER_TABLES[table]).map(([column, type]) => `NULL::${type} AS ${identifier(column)}`);
  return `SELECT ${columns.join(', ')}, NULL::BIGINT AS serial WHERE false`;
}

/** The serial comes from the path. DuckDB gives `filename` once per vector, so the expression costs nothing per row. */
function segmentsSql(table: LedgerTable, paths: readonly string[]): string {
  const columns = Object.keys(LEDGER_TABLES[table]).map(identifier);
  const files = paths.map(literal).join(', ');
  const serial = `regexp_extract(filename, '(\\d{8,})-run_[0-9a-f]{20}[/\\\\]${table}\\.parquet$', 1)::BIGINT AS serial`;
  return `SELECT ${columns.join(', ')}, ${serial} FROM read_parquet([${files}], filename = true)`;
}

/**
 * Writes a relation's rows as a segment file into the engine's scratch folder, with exactly the columns and types of the
 * table (a HUGEINT sum, say, becomes BIGINT or fails) and in the given order, so that the same rows give the same bytes.
 * @param from   a relation or a subquery in parentheses; it has the columns of the table by name, and may have more
 * @param orderBy sort key over the relation's columns, total, e.g. "series, seq"; null: the relation reads a table that was
 *                written in its order, which is kept
 */
export async function exportSegment(
  engine: Engine, table: LedgerTable, from: string, orderBy: string | null,
): Promise<{ table: LedgerTable; path: string; rows: number }> {
  const columns = Object.entries(LEDGER_TABLES[table]).map(([column, type]) => `r.${identifier(column)}::${type} AS ${identifier(column)}`);
  const path = join(engine.scratch, `${table}.parquet`);
  const order = orderBy === null ? '' : ` ORDER BY ${orderBy}`;
  await engine.run(`SET preserve_insertion_order = ${orderBy === null}`);
  const reader = await engine.connection.runAndReadAll(
    `COPY (SELECT ${columns.join(', ')} FROM ${from} AS r${order}) TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
  await engine.run('SET preserve_insertion_order = false');
  return { table, path, rows: Number(reader.getRowsJS()[0]?.[0]) };
}

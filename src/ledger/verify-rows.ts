/** Proofs over the rows of the ledger: that segments hold what was recorded, and that the rows agree with one another. */
import { fileLiteral } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { formatScaled, parseDecimal } from '../values/money.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { attachSegments } from './attach.js';
import type { CommitDocument } from './commit.js';
import type { HeadSegment } from './head.js';
import type { Ledger } from './ledger.js';
import { readPacks, segmentFiles } from './packs.js';
import { LEDGER_TABLES, segmentColumns } from './tables.js';
import type { LedgerTable } from './tables.js';
import { prepare, PROOFS } from './verify-queries.js';
import type { Proof, RowCheck } from './verify-types.js';

/** At most so many offending rows of one kind are told one by one. */
const SHOWN = 20;

/** Names of the proofs over rows, in order. */
export const ROW_PROOFS: readonly string[] = ['rows', ...PROOFS.map((proof) => proof.name), 'commits'];

/** Runs all proofs over rows, in the engine's schema `ledger`: straight from the files, for they are what is proved. */
export async function proveRows(engine: Engine, ledger: Ledger, commits: readonly CommitDocument[]): Promise<Proof[]> {
  const rows = await proveRowCounts(engine, ledger);
  if (rows.diagnostics.length > 0) return [rows, ...notDone('the segments do not hold the recorded rows', ROW_PROOFS.slice(1))];
  await attachSegments(engine, ledger.store, ledger.head?.segments ?? [], 'ledger', ledger.keys);
  await prepare(engine, ledger);
  const proofs: Proof[] = [rows];
  for (const { name, detail, checks } of PROOFS) {
    const diagnostics: Diagnostic[] = [];
    for (const check of checks) diagnostics.push(...(await offenders(engine, ledger, check)));
    proofs.push({ name, detail, diagnostics });
  }
  proofs.push(await proveCommits(engine, ledger, commits));
  return proofs;
}

/** Proofs that could not be made; whatever stood in the way has been told. */
export function notDone(why: string, names: readonly string[]): Proof[] {
  return names.map((name) => ({ name, detail: `not checked: ${why}`, skipped: true, diagnostics: [] }));
}

async function offenders(engine: Engine, ledger: Ledger, { table, sql }: RowCheck): Promise<Diagnostic[]> {
  const found = await engine.rows<{ serial: bigint | null; message: string; all: bigint }>(
    `SELECT serial, message, count(*) OVER () AS "all" FROM (${sql}) ORDER BY serial, message LIMIT ${SHOWN}`);
  const more = found.length === 0 ? 0n : found[0]!.all - BigInt(found.length);
  return found.map(({ serial, message }, i) => {
    const rest = more > 0n && i === found.length - 1 ? ` (and ${more} more of this kind)` : '';
    return problem('LEDGER_DAMAGED', `${message}${rest}.`, { at: { file: fileOf(ledger, table, serial) } });
  });
}

/** The segment of a table in a commit; where it has none, the next best file. */
function fileOf(ledger: Ledger, table: LedgerTable, serial: bigint | null): string {
  const segments = (ledger.head?.segments ?? []).filter((s) => BigInt(s.serial) === serial);
  const segment = segments.find((s) => s.table === table) ?? segments[0];
  return `${ledger.store.name}/${segment?.path ?? 'HEAD.json'}`;
}

/** Every segment holds the recorded number of rows, in exactly the columns of its table. */
async function proveRowCounts(engine: Engine, ledger: Ledger): Promise<Proof> {
  const segments = ledger.head?.segments ?? [];
  const diagnostics: Diagnostic[] = [];
  for (const table of Object.keys(LEDGER_TABLES) as LedgerTable[]) {
    const own = segments.filter((segment) => segment.table === table);
    if (own.length > 0) diagnostics.push(...(await wrongFiles(engine, ledger, table, own)));
  }
  const total = segments.reduce((sum, segment) => sum + segment.rows, 0);
  return { name: 'rows', detail: `${total} rows in the recorded numbers and columns`, diagnostics };
}

async function wrongFiles(engine: Engine, ledger: Ledger, table: LedgerTable, own: readonly HeadSegment[]): Promise<Diagnostic[]> {
  const paths = await segmentFiles(engine, ledger.store, own, await readPacks(ledger.store));
  const list = `[${paths.map(fileLiteral).join(', ')}]`;
  const counts = await engine.rows<{ file_name: string; num_rows: bigint }>(
    `SELECT file_name, num_rows FROM parquet_file_metadata(${list})`);
  const shapes = await engine.rows<{ file_name: string; columns: string }>(
    `SELECT file_name, string_agg(name || ' ' || coalesce(duckdb_type, '?'), ', ' ORDER BY column_id) AS columns
     FROM parquet_schema(${list}) WHERE coalesce(num_children, 0) = 0 GROUP BY file_name`);
  const rowsOf = new Map(counts.map((c) => [c.file_name, c.num_rows]));
  const shapeOf = new Map(shapes.map((s) => [s.file_name, s.columns]));
  const columns = segmentColumns(table).map(([column, type]) => `${column} ${type}`);
  const diagnostics: Diagnostic[] = [];
  for (const [i, segment] of own.entries()) {
    const file = `${ledger.store.name}/${segment.path}`;
    const want = columns.slice(0, segment.columns).join(', ');
    const [rows, shape] = [rowsOf.get(paths[i]!), shapeOf.get(paths[i]!)];
    const wrong = rows !== BigInt(segment.rows) ? `holds ${rows} rows, commit ${segment.serial} recorded ${segment.rows}`
      : segment.columns > columns.length ? `should have ${segment.columns} columns, this version knows ${columns.length}`
      : shape !== want ? `has the columns (${shape}), a segment of ${table} has (${want})` : null;
    if (wrong !== null) diagnostics.push(problem('LEDGER_DAMAGED', `${file} ${wrong}.`, { at: { file } }));
  }
  return diagnostics;
}

/** Every commit says how many invoices it added and what they come to. */
async function proveCommits(engine: Engine, ledger: Ledger, commits: readonly CommitDocument[]): Promise<Proof> {
  const sums = await engine.rows<{ serial: bigint; currency: string; n: bigint; exponent: number; total: string }>(
    `SELECT serial, currency, count(*) AS n, max(exponent) AS exponent, sum(total_minor)::VARCHAR AS total
     FROM ledger.invoices GROUP BY ALL ORDER BY ALL`);
  const diagnostics: Diagnostic[] = [];
  for (const commit of commits) {
    const own = sums.filter((sum) => sum.serial === BigInt(commit.serial));
    const totals = Object.fromEntries(own.map((sum) => [sum.currency, formatScaled(BigInt(sum.total), sum.exponent)]));
    const count = own.reduce((n, sum) => n + Number(sum.n), 0);
    const currencies = [...new Set([...Object.keys(totals), ...Object.keys(commit.totals)])];
    const same = currencies.every((c) => parseDecimal(totals[c] ?? '0') === parseDecimal(commit.totals[c] ?? '0'));
    if (count === commit.invoices && same) continue;
    diagnostics.push(problem('LEDGER_DAMAGED', `Commit ${commit.serial} says ${commit.invoices} invoices over ${inWords(commit.totals)}, `
      + `its segments hold ${count} over ${inWords(totals)}.`, { at: { file: fileOf(ledger, 'invoices', BigInt(commit.serial)) } }));
  }
  return { name: 'commits', detail: `${commits.length} commits say what their segments hold`, diagnostics };
}

function inWords(totals: Readonly<Record<string, string>>): string {
  return Object.entries(totals).sort().map(([currency, total]) => `${total} ${currency}`).join(' and ') || 'nothing';
}

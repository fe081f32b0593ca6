/**
 * Proofs over the rows of the ledger, each one query for offending rows: (serial, table, message). Empty is good.
 * The relations are those of attachLedger.
 */
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { formatScaled, parseDecimal } from '../values/money.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { CommitDocument } from './commit.js';
import type { Ledger } from './ledger.js';
import { eventListSql, eventOrderSql, INITIAL, TRANSITIONS } from './lifecycle.js';
import { LEDGER_TABLES } from './tables.js';
import type { LedgerTable } from './tables.js';
import type { Proof } from './verify-files.js';

/** At most so many offending rows are told one by one. */
const SHOWN = 20;

/** One query; `table` is where the offending row stands. */
interface RowCheck {
  readonly table: LedgerTable;
  readonly sql: string;
}

interface RowProof {
  readonly name: string;
  readonly detail: string;
  readonly checks: readonly RowCheck[];
}

const PROOFS: readonly RowProof[] = [
  {
    name: 'numbers', detail: 'numbers are unique and without gaps in every series',
    checks: [
      { table: 'invoices', sql: `SELECT max(serial) AS serial, 'The invoice id ' || invoice_id || ' stands ' || count(*) || ' times' AS message
        FROM ledger.invoices GROUP BY invoice_id HAVING count(*) > 1` },
      { table: 'invoices', sql: `SELECT max(serial) AS serial, 'The number ' || number || ' stands on ' || count(*) || ' invoices: '
        || string_agg(invoice_id, ', ' ORDER BY invoice_id) AS message FROM ledger.invoices GROUP BY number HAVING count(*) > 1` },
      { table: 'invoices', sql: `SELECT max(serial) AS serial, 'Place ' || seq || ' of the series ' || series || ' is taken by ' || count(*)
        || ' invoices: ' || string_agg(number, ', ' ORDER BY number) AS message FROM ledger.invoices GROUP BY series, seq HAVING count(*) > 1` },
      { table: 'invoices', sql: `SELECT serial, 'The invoice ' || invoice_id || ' has no number, series or place in it' AS message
        FROM ledger.invoices WHERE number IS NULL OR number = '' OR series IS NULL OR seq IS NULL OR seq < 1` },
      { table: 'invoices', sql: `SELECT serial, 'In the series ' || series || ' the place after ' || before || ' is ' || seq || ' (' || number
        || '): there is a gap' AS message FROM (SELECT *, coalesce(lag(seq) OVER (PARTITION BY series ORDER BY seq), 0) AS before FROM ledger.invoices)
        WHERE seq > before + 1` },
      { table: 'invoices', sql: `SELECT max(i.serial) AS serial, 'The series ' || coalesce(i.series, n.series) || ' ends at ' || coalesce(max(i.seq), 0)
        || ', but the head says its next number is ' || coalesce(any_value(n.next), 1) AS message
        FROM ledger.invoices AS i FULL JOIN next_number AS n ON n.series = i.series GROUP BY coalesce(i.series, n.series)
        HAVING coalesce(max(i.seq), 0) + 1 <> coalesce(any_value(n.next), 1)` },
    ],
  },
  {
    name: 'sums', detail: 'lines add up to net, taxes to tax, net and tax to total',
    checks: [
      { table: 'invoices', sql: `SELECT serial, 'Invoice ' || number || ': net ' || net_minor || ' and tax ' || tax_minor || ' are not its total '
        || total_minor || ' (minor units)' AS message FROM ledger.invoices WHERE (net_minor + tax_minor = total_minor) IS NOT TRUE` },
      { table: 'invoice_lines', sql: `SELECT i.serial, 'Invoice ' || i.number || ': its lines add up to ' || coalesce(l.amount, 0) || ', its net is '
        || i.net_minor || ' (minor units)' AS message FROM ledger.invoices AS i LEFT JOIN line_sums AS l ON l.invoice_id = i.invoice_id
        WHERE coalesce(l.amount, 0) <> i.net_minor` },
      { table: 'invoice_lines', sql: `SELECT i.serial, 'Invoice ' || i.number || ' has ' || coalesce(l.n, 0) || ' lines numbered to '
        || coalesce(l.last, 0) || ', it should have ' || i.lines AS message FROM ledger.invoices AS i LEFT JOIN line_sums AS l ON l.invoice_id = i.invoice_id
        WHERE coalesce(l.n, 0) <> i.lines OR coalesce(l.first, 1) <> 1 OR coalesce(l.last, 0) <> i.lines OR coalesce(l.places, 0) <> i.lines` },
      { table: 'invoice_taxes', sql: `SELECT i.serial, 'Invoice ' || i.number || ': its taxes add up to ' || coalesce(t.tax, 0) || ' on ' || coalesce(t.net, 0)
        || ', it says ' || i.tax_minor || ' on ' || i.net_minor || ' (minor units)' AS message
        FROM ledger.invoices AS i LEFT JOIN (SELECT invoice_id, sum(tax_minor) AS tax, sum(net_minor) AS net FROM ledger.invoice_taxes GROUP BY invoice_id) AS t
        ON t.invoice_id = i.invoice_id WHERE coalesce(t.tax, 0) <> i.tax_minor OR coalesce(t.net, 0) <> i.net_minor` },
      { table: 'invoice_lines', sql: `SELECT l.serial, l.n || ' lines stand on ' || l.invoice_id || ', which is no invoice of the same commit' AS message
        FROM line_sums AS l LEFT JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id WHERE i.serial IS DISTINCT FROM l.serial` },
      { table: 'invoice_taxes', sql: `SELECT t.serial, 'A tax stands on ' || t.invoice_id || ', which is no invoice of the same commit' AS message
        FROM ledger.invoice_taxes AS t LEFT JOIN ledger.invoices AS i ON i.invoice_id = t.invoice_id WHERE i.serial IS DISTINCT FROM t.serial` },
      { table: 'invoices', sql: `SELECT i.serial, 'Invoice ' || i.number || ' names a seller or buyer that is not in the ledger' AS message
        FROM ledger.invoices AS i WHERE i.seller_id NOT IN (SELECT party_id FROM ledger.parties) OR i.buyer_id NOT IN (SELECT party_id FROM ledger.parties)` },
    ],
  },
  {
    name: 'bookings', detail: 'every booking is billed at most once',
    checks: [
      { table: 'invoice_lines', sql: `SELECT max(b.serial) AS serial, 'Booking ' || b.booking_id || ' of ' || coalesce(b.source, '?') || ' is billed '
        || sum(n) || ' times: ' || string_agg(b.number || ' line ' || b.line_no, ', ' ORDER BY b.number, b.line_no) AS message
        FROM booked_twice AS b GROUP BY b.source, b.booking_id HAVING sum(n) > 1` },
      { table: 'invoice_lines', sql: `SELECT serial, 'Line ' || line_no || ' of ' || invoice_id || ' bills a booking without id' AS message
        FROM ledger.billed WHERE booking_id IS NULL` },
    ],
  },
  {
    name: 'messages', detail: 'every message belongs to an invoice; every change of status is one that may happen',
    checks: [
      { table: 'messages', sql: `SELECT m.serial, 'The message ' || m.message_id || ' is about ' || coalesce(m.invoice_id, 'nothing')
        || ', which is no invoice committed by then' AS message FROM ledger.messages AS m LEFT JOIN ledger.invoices AS i ON i.invoice_id = m.invoice_id
        WHERE i.serial IS NULL OR i.serial > m.serial` },
      { table: 'messages', sql: `SELECT max(serial) AS serial, 'The message id ' || message_id || ' stands ' || count(*) || ' times' AS message
        FROM ledger.messages GROUP BY message_id HAVING count(*) > 1` },
      { table: 'events', sql: `SELECT e.serial, 'The event ' || e.event || ' is about the ' || e.subject || ' ' || e.subject_id || ', which is not in the ledger'
        AS message FROM ledger.events AS e LEFT JOIN subjects AS s ON s.subject = e.subject AND s.subject_id = e.subject_id
        WHERE e.subject IN ('invoice', 'message') AND s.serial IS NULL OR s.serial > e.serial` },
      { table: 'events', sql: `SELECT serial, 'The ' || subject || ' ' || subject_id || ' was ' || before || ', then came the event ' || event
        || ', which may not follow' AS message FROM (SELECT *, coalesce(lag(after) OVER (PARTITION BY subject, subject_id ORDER BY k), initial) AS before
        FROM told) WHERE (subject, before, event) NOT IN (SELECT (subject, "from", event) FROM transitions)` },
    ],
  },
];

/** Names of the proofs over rows, in order. */
export const ROW_PROOFS: readonly string[] = ['rows', ...PROOFS.map((proof) => proof.name), 'commits'];

/** Runs all proofs over rows; the schema `ledger` must be attached. */
export async function proveRows(engine: Engine, ledger: Ledger, commits: readonly CommitDocument[]): Promise<Proof[]> {
  const rows = await proveRowCounts(engine, ledger);
  if (rows.diagnostics.length > 0) return [rows, ...notDone('the segments do not hold the recorded rows', ROW_PROOFS.slice(1))];
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

/** Proofs that could not be made. They count as failed, told by whatever stood in the way. */
export function notDone(why: string, names: readonly string[]): Proof[] {
  return names.map((name) => ({ name, detail: `not checked: ${why}`, diagnostics: [] }));
}

async function offenders(engine: Engine, ledger: Ledger, { table, sql }: RowCheck): Promise<Diagnostic[]> {
  const found = await engine.rows<{ serial: bigint | null; message: string; all: bigint }>(
    `SELECT serial, message, count(*) OVER () AS "all" FROM (${sql}) ORDER BY serial, message LIMIT ${SHOWN}`);
  const more = found.length === 0 ? 0n : found[0]!.all - BigInt(found.length);
  return found.map(({ serial, message }, i) => problem('LEDGER_DAMAGED',
    `${message}${more > 0n && i === found.length - 1 ? ` (and ${more} more of this kind)` : ''}.`, { at: { file: fileOf(ledger, table, serial) } }));
}

function fileOf(ledger: Ledger, table: LedgerTable, serial: bigint | null): string {
  const segments = (ledger.head?.segments ?? []).filter((s) => BigInt(s.serial) === serial);
  const segment = segments.find((s) => s.table === table) ?? segments[0];
  return `${ledger.store.name}/${segment?.path ?? 'HEAD.json'}`;
}

/** Every segment holds the recorded number of rows, in exactly the columns of its table. */
async function proveRowCounts(engine: Engine, ledger: Ledger): Promise<Proof> {
  const diagnostics: Diagnostic[] = [];
  let total = 0;
  for (const table of Object.keys(LEDGER_TABLES) as LedgerTable[]) {
    const own = (ledger.head?.segments ?? []).filter((segment) => segment.table === table);
    if (own.length === 0) continue;
    const paths = await Promise.all(own.map((segment) => ledger.store.localPath(segment.path)));
    const list = `[${paths.map(literal).join(', ')}]`;
    const counts = await engine.rows<{ file_name: string; num_rows: bigint }>(`SELECT file_name, num_rows FROM parquet_file_metadata(${list})`);
    const shapes = await engine.rows<{ file_name: string; columns: string }>(
      `SELECT file_name, string_agg(name || ' ' || coalesce(duckdb_type, ''), ', ' ORDER BY column_id) AS columns
       FROM parquet_schema(${list}) WHERE num_children IS NULL OR num_children = 0 GROUP BY file_name`);
    const want = Object.entries(LEDGER_TABLES[table]).map(([column, type]) => `${column} ${type}`).join(', ');
    const [rowsOf, shapeOf] = [new Map(counts.map((c) => [c.file_name, c.num_rows])), new Map(shapes.map((s) => [s.file_name, s.columns]))];
    for (const [i, segment] of own.entries()) {
      const file = `${ledger.store.name}/${segment.path}`;
      const rows = rowsOf.get(paths[i]!);
      if (rows !== BigInt(segment.rows)) {
        diagnostics.push(problem('LEDGER_DAMAGED', `${file} holds ${rows} rows, commit ${segment.serial} recorded ${segment.rows}.`, { at: { file } }));
      }
      if (shapeOf.get(paths[i]!) !== want) {
        diagnostics.push(problem('LEDGER_DAMAGED', `${file} has the columns (${shapeOf.get(paths[i]!)}), a segment of ${table} has (${want}).`, { at: { file } }));
      }
      total += segment.rows;
    }
  }
  return { name: 'rows', detail: `${total} rows in the recorded numbers and columns`, diagnostics };
}

/** Relations that several checks read. */
async function prepare(engine: Engine, ledger: Ledger): Promise<void> {
  const series = Object.entries(ledger.next_number).map(([name, next]) => `(${literal(name)}, ${next}::BIGINT)`);
  const steps = TRANSITIONS.map((t) => `('${t.subject}', '${t.from}', '${t.event}', '${t.to}')`).join(', ');
  await engine.run(`
    CREATE OR REPLACE TEMP TABLE next_number AS SELECT * FROM (VALUES ('', 0::BIGINT)${series.map((s) => `, ${s}`).join('')}) t(series, next) WHERE series <> '';
    CREATE OR REPLACE TEMP TABLE transitions AS SELECT * FROM (VALUES ${steps}) t(subject, "from", event, "to");
    CREATE OR REPLACE TEMP TABLE line_sums AS SELECT invoice_id, min(serial) AS serial, count(*) AS n, sum(amount_minor) AS amount, min(line_no) AS first,
      max(line_no) AS last, count(DISTINCT line_no) AS places FROM ledger.invoice_lines GROUP BY invoice_id;
    CREATE OR REPLACE TEMP VIEW subjects AS SELECT 'invoice' AS subject, invoice_id AS subject_id, serial FROM ledger.invoices
      UNION ALL SELECT 'message', message_id, serial FROM ledger.messages;
    CREATE OR REPLACE TEMP VIEW told AS SELECT e.subject, subject_id, serial, e.event, ${eventOrderSql()} AS k,
      CASE e.subject WHEN 'invoice' THEN '${INITIAL.invoice}' ELSE '${INITIAL.message}' END AS initial,
      (SELECT any_value("to") FROM transitions AS t WHERE t.subject = e.subject AND t.event = e.event) AS after
      FROM ledger.events AS e WHERE e.subject = 'invoice' AND e.event IN ${eventListSql('invoice')}
        OR e.subject = 'message' AND e.event IN ${eventListSql('message')};
    CREATE OR REPLACE TEMP TABLE twice AS SELECT source, booking_id FROM ledger.billed GROUP BY source, booking_id HAVING count(*) > 1;
    CREATE OR REPLACE TEMP VIEW booked_twice AS SELECT b.source, b.booking_id, b.serial, b.line_no, i.number,
      CASE i.kind WHEN 'credit_note' THEN -1 ELSE 1 END AS n
      FROM ledger.billed AS b JOIN twice AS t ON t.booking_id = b.booking_id AND t.source IS NOT DISTINCT FROM b.source
      JOIN ledger.invoices AS i ON i.invoice_id = b.invoice_id`);
}

/** Every commit says how many invoices it added and what they come to. */
async function proveCommits(engine: Engine, ledger: Ledger, commits: readonly CommitDocument[]): Promise<Proof> {
  const sums = await engine.rows<{ serial: bigint; currency: string; n: bigint; exponent: number; total: string }>(
    `SELECT serial, currency, count(*) AS n, max(exponent) AS exponent, sum(total_minor)::VARCHAR AS total FROM ledger.invoices GROUP BY ALL ORDER BY ALL`);
  const diagnostics: Diagnostic[] = [];
  for (const commit of commits) {
    const own = sums.filter((sum) => sum.serial === BigInt(commit.serial));
    const totals = Object.fromEntries(own.map((sum) => [sum.currency, formatScaled(BigInt(sum.total), sum.exponent)]));
    const count = own.reduce((n, sum) => n + Number(sum.n), 0);
    const said = Object.entries(commit.totals).filter(([, total]) => parseDecimal(total) !== 0n || count > 0);
    const same = said.length === own.length && said.every(([currency, total]) => totals[currency] === total);
    if (count === commit.invoices && same) continue;
    const words = (map: Readonly<Record<string, string>>): string =>
      Object.entries(map).sort().map(([currency, total]) => `${total} ${currency}`).join(' and ') || 'nothing';
    diagnostics.push(problem('LEDGER_DAMAGED', `Commit ${commit.serial} says ${commit.invoices} invoices over ${words(commit.totals)}, `
      + `its segments hold ${count} over ${words(totals)}.`, { at: { file: fileOf(ledger, 'invoices', BigInt(commit.serial)) } }));
  }
  return { name: 'commits', detail: `${commits.length} commits say what their segments hold`, diagnostics };
}

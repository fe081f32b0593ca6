/**
 * The journal: every invoice, credit note and cancellation as a balanced entry of double-entry bookkeeping, computed from the ledger
 * as one set. Amounts are minor units; a debit is positive.
 */
import { localDate } from '../calendar/calendar.js';
import type { Accounting } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import type { Ledger } from '../ledger/ledger.js';
import { fail } from '../values/diagnostic.js';
import type { LocalDate } from '../values/time.js';

/** Which entries: those of commits after `since`, and of days from `from` to before `to`. Null: no bound. */
export interface JournalSpan {
  readonly since: number | null;
  readonly from: LocalDate | null;
  readonly to: LocalDate | null;
}

/**
 * Makes the schema `journal` beside the attached ledger:
 * - `entries` (entry_no, entry_id, invoice_id, day, number, kind, void, customer_id, customer_name, currency, exponent, reason, corrects,
 *   serial, run_id, chosen, before): in the order of commits and numbers; `corrects` are the numbers of corrected invoices, `chosen` is
 *   whether it is in the span, `before` whether it was in an earlier one;
 * - `postings` (entry_no, rank, account, role, tax_id, amount): never 0.
 * Entries without postings (an invoice over nothing) are left out. Throws LEDGER_DAMAGED where an entry does not balance.
 */
export async function makeJournal(engine: Engine, ledger: Ledger, accounting: Accounting, span: JournalSpan): Promise<void> {
  await engine.run('DROP SCHEMA IF EXISTS journal CASCADE; CREATE SCHEMA journal;');
  await nameRuns(engine, ledger);
  await dateVoids(engine);
  await nameAccounts(engine, accounting);
  await engine.run(ENTRIES);
  await engine.run(postingsSql(accounting));
  await engine.run(`DELETE FROM journal.all_entries WHERE entry_no NOT IN (SELECT entry_no FROM journal.postings);
    CREATE VIEW journal.entries AS SELECT *, ${chosenSql(span)} AS chosen, ${beforeSql(span)} AS before FROM journal.all_entries`);
  await proveBalance(engine, ledger);
}

function chosenSql({ since, from, to }: JournalSpan): string {
  const bounds = [
    ...(since === null ? [] : [`serial > ${since}`]),
    ...(from === null ? [] : [`day >= DATE ${literal(from)}`]), ...(to === null ? [] : [`day < DATE ${literal(to)}`]),
  ];
  return bounds.length === 0 ? 'TRUE' : `(${bounds.join(' AND ')})`;
}

function beforeSql({ since, from }: JournalSpan): string {
  return `(${since === null ? 'FALSE' : `serial <= ${since}`} OR ${from === null ? 'FALSE' : `day < DATE ${literal(from)}`})`;
}

/** journal.runs: the run of each commit, from the names of its segments. */
async function nameRuns(engine: Engine, ledger: Ledger): Promise<void> {
  const runs = new Map((ledger.head?.segments ?? []).map(({ serial, path }) => [serial, /run_[0-9a-f]{20}/.exec(path)?.[0] ?? '']));
  await engine.run('CREATE TABLE journal.runs (serial BIGINT, run_id VARCHAR)');
  await engine.append('journal', 'runs', runs, (a, [serial, run]) => {
    a.appendBigInt(BigInt(serial));
    a.appendVarchar(run);
  });
}

interface VoidRow { invoice_id: string; timezone: string; at: bigint }

/** journal.voids: cancellations with the day they have where the invoice was written. */
async function dateVoids(engine: Engine): Promise<void> {
  await engine.run(`CREATE TABLE journal.void_days (invoice_id VARCHAR, day DATE)`);
  const rows = await engine.rows<VoidRow>(`SELECT i.invoice_id, i.timezone, epoch_ms(s.voided_at) AS "at"
    FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id
    WHERE s.status = 'void' ORDER BY i.invoice_id`);
  for (let i = 0; i < rows.length; i += 1000) {
    const values = rows.slice(i, i + 1000).map((row) => `(${literal(row.invoice_id)}, DATE '${localDate(Number(row.at), row.timezone)}')`);
    await engine.run(`INSERT INTO journal.void_days VALUES ${values.join(', ')}`);
  }
  await engine.run(`CREATE TABLE journal.voids AS
    SELECT d.invoice_id, d.day, min(e.serial) AS serial, arg_min(e.detail->>'$.reason', e.serial) AS reason
    FROM journal.void_days AS d JOIN ledger.events AS e ON e.subject = 'invoice' AND e.event = 'voided' AND e.subject_id = d.invoice_id
    GROUP BY ALL`);
}

async function nameAccounts(engine: Engine, { special }: Accounting): Promise<void> {
  await engine.run('CREATE TABLE journal.special (role VARCHAR, "by" VARCHAR, id VARCHAR, account VARCHAR)');
  await engine.append('journal', 'special', special, (a, { role, by, id, account }) => {
    for (const text of [role, by, id, account]) a.appendVarchar(text);
  });
}

/** A cancellation takes the entry of its invoice back on its own day, and belongs to the commit that recorded it. */
const ENTRIES = `
  CREATE TABLE journal.corrected AS
  SELECT l.invoice_id, string_agg(DISTINCT c.number, ' ' ORDER BY c.number) AS corrects
  FROM (SELECT DISTINCT invoice_id, corrects_invoice_id FROM ledger.invoice_lines WHERE corrects_invoice_id IS NOT NULL) AS l
  JOIN ledger.invoices AS c ON c.invoice_id = l.corrects_invoice_id GROUP BY l.invoice_id;
  CREATE TABLE journal.all_entries AS
  WITH told AS (
    SELECT invoice_id, invoice_id AS entry_id, issued_on AS day, FALSE AS void, NULL AS reason, serial FROM ledger.invoices
    UNION ALL
    SELECT invoice_id, invoice_id || '/void', day, TRUE, reason, serial FROM journal.voids
  )
  SELECT row_number() OVER (ORDER BY t.serial, i.series, i.seq, t.void) AS entry_no, t.entry_id, t.invoice_id, t.day, i.number, i.kind,
    t.void, i.customer_id, i.customer_name, i.currency, i.exponent, t.reason,
    CASE WHEN t.void THEN i.number ELSE c.corrects END AS corrects,
    t.serial, r.run_id
  FROM told AS t JOIN ledger.invoices AS i ON i.invoice_id = t.invoice_id
  LEFT JOIN journal.corrected AS c ON c.invoice_id = t.invoice_id
  LEFT JOIN journal.runs AS r ON r.serial = t.serial`;

/** What an adjustment corrects says where it belongs: a deposit that is credited is still a deposit. */
function postingsSql({ accounts }: Accounting): string {
  const templates = Object.entries(accounts).map(([role, account]) => `WHEN ${literal(role)} THEN ${literal(account)}`).join(' ');
  const words = {
    customer_id: plainSql('i.customer_id'), product: plainSql('s.product'), tax_id: plainSql('s.tax_id'), currency: 'i.currency',
  };
  const fill = (template: string): string =>
    Object.entries(words).reduce((sql, [word, value]) => `replace(${sql}, '{${word}}', ${value})`, template);
  return `
    CREATE TABLE journal.corrected_kinds AS
    SELECT l.invoice_id, l.line_no, c.kind FROM ledger.invoice_lines AS l
    JOIN ledger.invoice_lines AS c ON c.invoice_id = l.corrects_invoice_id AND c.line_no = l.corrects_line_no
    WHERE l.kind = 'adjustment' AND c.kind NOT IN ('adjustment', 'booking');
    CREATE TABLE journal.postings AS
    WITH lines AS (
      SELECT l.invoice_id, coalesce(k.kind, l.kind) AS kind, l.product, l.tax_id, l.amount_minor FROM ledger.invoice_lines AS l
      LEFT JOIN journal.corrected_kinds AS k ON k.invoice_id = l.invoice_id AND k.line_no = l.line_no
    ), sums AS (
      SELECT invoice_id, 1 AS rank, 'receivables' AS role, NULL AS product, NULL AS tax_id, total_minor::HUGEINT AS amount
      FROM ledger.invoices
      UNION ALL
      SELECT invoice_id, CASE WHEN kind LIKE 'deposit%' THEN 3 WHEN kind = 'carry_over' THEN 4 ELSE 2 END,
        CASE WHEN kind LIKE 'deposit%' THEN 'deposits' WHEN kind = 'carry_over' THEN 'carried' ELSE 'revenue' END,
        coalesce(product, kind), tax_id, -sum(amount_minor) FROM lines GROUP BY ALL
      UNION ALL
      SELECT invoice_id, 5, 'tax', NULL, tax_id, -sum(tax_minor) FROM ledger.invoice_taxes GROUP BY invoice_id, tax_id
    ), named AS (
      SELECT s.invoice_id, s.rank, s.role, s.tax_id, s.amount,
        ${fill(`coalesce(c.account, p.account, t.account, CASE s.role ${templates} END)`)} AS account
      FROM sums AS s JOIN ledger.invoices AS i ON i.invoice_id = s.invoice_id
      LEFT JOIN journal.special AS c ON c.role = s.role AND c."by" = 'customer' AND c.id = i.customer_id
      LEFT JOIN journal.special AS p ON p.role = s.role AND p."by" = 'product' AND p.id = s.product
      LEFT JOIN journal.special AS t ON t.role = s.role AND t."by" = 'tax' AND t.id = s.tax_id
    ), added AS (
      SELECT invoice_id, rank, role, account, tax_id, sum(amount) AS amount FROM named GROUP BY ALL
    )
    SELECT e.entry_no, a.rank, a.account, a.role, a.tax_id, CASE WHEN e.void THEN -a.amount ELSE a.amount END AS amount
    FROM added AS a JOIN journal.all_entries AS e ON e.invoice_id = a.invoice_id WHERE a.amount <> 0`;
}

/** SQL: an id as a part of an account's name, which has no colons, semicolons or doubled spaces. */
function plainSql(id: string): string {
  const signs = `regexp_replace(coalesce(${id}, ''), '[^\\p{L}\\p{N} ._/&+-]+', '-', 'g')`;
  return `trim(regexp_replace(${signs}, ' +', ' ', 'g'))`;
}

/** Receivables come from the totals, revenue from the lines, taxes from the taxes: they agree, or the ledger does not say one thing. */
async function proveBalance(engine: Engine, ledger: Ledger): Promise<void> {
  const wrong = await engine.rows<{ number: string; off: string; currency: string }>(`
    SELECT e.number, CAST(sum(p.amount) AS VARCHAR) AS off, e.currency FROM journal.postings AS p
    JOIN journal.all_entries AS e ON e.entry_no = p.entry_no
    GROUP BY e.entry_no, e.number, e.currency HAVING sum(p.amount) <> 0 ORDER BY e.entry_no LIMIT 20`);
  if (wrong.length === 0) return;
  const told = wrong.map(({ number, off, currency }) => `${number} by ${off} ${currency} (minor units)`).join(', ');
  fail('LEDGER_DAMAGED', `The journal does not balance: debits and credits differ in ${told}.`, {
    at: { file: ledger.store.name }, hint: '`duebook verify` says which file is wrong. Nothing was written.',
  });
}

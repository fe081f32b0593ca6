/**
 * Committing draft invoices: they get their numbers and become facts, with their messages and events, in one commit. The only
 * place where a number is given.
 */
import { automationOf, localDate, sendDueAt } from '../calendar/calendar.js';
import { literal } from '../engine/engine.js';
import { exportSegment } from '../ledger/attach.js';
import type { Ledger } from '../ledger/ledger.js';
import { canonicalJson, sha256 } from '../values/digest.js';
import { groupBy } from '../values/group.js';
import { timestampLiteral } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { append } from './append.js';
import { currencyTotal } from './batches.js';
import { exportLines } from './commit-lines.js';
import type { SegmentFile } from './commit-lines.js';
import { proveLines } from './conservation.js';
import type { Context } from './context.js';
import { tell } from './context.js';
import { leaveResting } from './deposits.js';
import type { Draft } from './draft.js';
import { exportEvents } from './events.js';
import { batchEvent, processedEvent, stageNotices } from './notices.js';
import type { NoticeEvent } from './notices.js';
import { sealingFor } from './privacy.js';
import { buyerParties } from './records.js';
import type { ConfirmedBatch } from './results.js';

/** Which invoices are confirmed, when, and by whom. */
export interface Confirmation {
  /** SQL over `i` (draft.invoices); parked ones are always left out. */
  readonly where: string;
  /** confirmed_at of the invoices. */
  readonly at: Instant;
  readonly by: ConfirmedBatch['confirmed_by'];
  /**
   * What becomes of the batches: `closed` (a human confirmed the whole batch), `closed_until` (everybody whose window has ended
   * by then), or null (some invoices were picked; the batch stays open, and who is parked stays so without a word).
   */
  readonly closes: 'closed' | 'closed_until' | null;
  /** Kept as an event of the batch, so that an approval is known to have been followed. */
  readonly approval?: { readonly batch: string; readonly detail: object };
}

/** Commits the selected invoices. Gives the new ledger and what was confirmed by batch; the same ledger if there was nothing. */
export async function commitInvoices(
  context: Context, draft: Draft, ledger: Ledger, confirmation: Confirmation,
): Promise<{ ledger: Ledger; confirmed: ConfirmedBatch[] }> {
  const { engine } = draft;
  const at = timestampLiteral(confirmation.at);
  const chosen = await engine.count(`CREATE OR REPLACE TABLE draft.chosen AS
    SELECT i.invoice_key, l.parked FROM draft.invoices AS i JOIN draft.limits AS l ON l.invoice_key = i.invoice_key
    WHERE ${confirmation.where}`);
  if (chosen === 0 && confirmation.approval === undefined) return { ledger, confirmed: [] };
  await leaveResting(draft, context.config, confirmation);
  await numberInvoices(context, draft, ledger, confirmation, at);
  await chooseParties(context, draft, confirmation);
  await writeEvents(draft, confirmation, at);
  const { invoices, events } = await engine.row<{ invoices: bigint; events: bigint }>(
    'SELECT (SELECT count(*) FROM draft.numbered) AS invoices, (SELECT count(*) FROM draft.new_events) AS events');
  if (events === 0n) {
    await settle(draft, confirmation);
    return { ledger, confirmed: [] };
  }
  const sums = await numberedSums(draft);
  const confirmed = confirmedBatches(context, sums, confirmation);
  await stageNotices(engine, context, await toTell(context, draft, confirmation, confirmed));
  const after = await append(context, engine, ledger, {
    at: confirmation.at,
    action: 'confirm',
    next_number: nextNumbers(sums),
    invoices: Number(invoices),
    totals: commitTotals(sums),
    files: await exportFacts(draft, sums.reduce((sum, { lines }) => sum + lines, 0n)),
  });
  await settle(draft, confirmation);
  return { ledger: after, confirmed };
}

/** Takes what was committed out of the draft, and marks as parked what was told to be. */
async function settle({ engine }: Draft, { closes }: Confirmation): Promise<void> {
  await engine.run('DELETE FROM draft.invoices WHERE invoice_key IN (SELECT invoice_key FROM draft.chosen WHERE NOT parked)');
  if (closes === null) return;
  await engine.run(`UPDATE draft.invoices SET parked_before = TRUE
    WHERE invoice_key IN (SELECT invoice_key FROM draft.chosen WHERE parked)`);
}

/** What the team is told of: every batch that was confirmed, and customers that were parked instead. */
async function toTell(
  context: Context, { engine }: Draft, confirmation: Confirmation, confirmed: readonly ConfirmedBatch[],
): Promise<NoticeEvent[]> {
  if (context.config.notifications.length === 0) return [];
  const batches = await engine.rows<{ batch_id: string; billing_date: string; partner_id: string | null; parks: boolean }>(`
    SELECT i.batch_id, CAST(min(i.billing_date) AS VARCHAR) AS billing_date, min(i.batch_partner) AS partner_id,
      bool_or(l.parked AND NOT i.parked_before) AS parks
    FROM draft.invoices AS i JOIN draft.chosen AS c ON c.invoice_key = i.invoice_key
    JOIN draft.limits AS l ON l.invoice_key = i.invoice_key GROUP BY i.batch_id ORDER BY i.batch_id`);
  const events: NoticeEvent[] = [];
  for (const { batch_id, parks, ...batch } of batches) {
    const done = confirmed.find((each) => each.batch_id === batch_id);
    if (done !== undefined) events.push(processedEvent(context, done, batch, confirmation.at));
    const parked = parks && (confirmation.closes !== null || confirmation.by === 'approval')
      ? await batchEvent(engine, context, 'customers_parked', batch_id, confirmation.at) : null;
    if (parked !== null) events.push(parked);
  }
  return events;
}

/** draft.numbered: the chosen invoices with series, place in it, number and the dates they bear. */
async function numberInvoices(context: Context, draft: Draft, ledger: Ledger, confirmation: Confirmation, at: string): Promise<void> {
  const { engine } = draft;
  const { numbering } = context.config;
  await dateInvoices(draft, confirmation);
  const year = numbering.reset === 'yearly' ? "|| '-' || CAST(year(d.issued_on) AS VARCHAR)" : '';
  const next = Object.entries(ledger.next_number).map(([series, value]) => `(${literal(series)}, ${value})`).join(', ');
  await engine.run(`
    CREATE OR REPLACE TABLE draft.next_numbers (series VARCHAR, next BIGINT);
    ${next === '' ? '' : `INSERT INTO draft.next_numbers VALUES ${next};`}
    CREATE OR REPLACE TABLE draft.numbered AS
    WITH dated AS (
      SELECT i.* EXCLUDE (issued_on, due_on, issued_on_now, due_on_now), d.issued_on, d.due_on
      FROM draft.invoices AS i JOIN draft.chosen AS c ON c.invoice_key = i.invoice_key
      JOIN draft.dates AS d ON d.invoice_key = i.invoice_key WHERE NOT c.parked
    ), placed AS (
      SELECT d.*, d.kind ${year} AS series FROM dated AS d
    ), counted AS (
      SELECT p.*, coalesce(n.next, 1) - 1 + row_number() OVER (PARTITION BY p.series ORDER BY p.invoice_key) AS seq
      FROM placed AS p LEFT JOIN draft.next_numbers AS n ON n.series = p.series
    )
    SELECT *, CASE kind WHEN 'invoice' THEN ${numberSql(numbering.invoice)} ELSE ${numberSql(numbering.credit_note)} END AS number,
      ${at} AS confirmed_at, '${confirmation.by}' AS confirmed_by
    FROM counted`);
}

interface DatedPeriod { period_key: number; calendar_key: number; use_no: number; timezone: string; billing_date: string }

/**
 * draft.dates: date and due date of the chosen invoices. The draft has them for the deadline of the configuration and for the as-of;
 * an invoice that is approved, or whose deadline was kept, is confirmed at another instant.
 */
async function dateInvoices({ engine, calendars }: Draft, { by, at }: Confirmation): Promise<void> {
  const other = by === 'approval' ? 'TRUE' : by === 'auto' ? 'i.deadline_kept' : 'FALSE';
  const periods = await engine.rows<DatedPeriod>(`
    SELECT DISTINCT i.period_key, p.calendar_key, p.use_no, i.timezone, CAST(i.billing_date AS VARCHAR) AS billing_date
    FROM draft.invoices AS i JOIN draft.chosen AS c ON c.invoice_key = i.invoice_key JOIN input.periods AS p ON p.period_key = i.period_key
    WHERE NOT c.parked AND ${other} ORDER BY i.period_key`);
  const rows = periods.map(({ period_key, calendar_key, use_no, timezone, billing_date }) => {
    const { document_date } = automationOf(calendars[calendar_key]!, use_no);
    return `(${period_key}, DATE '${document_date === 'billing_date' ? billing_date : localDate(at, timezone)}')`;
  });
  const now = by === 'auto' || by === 'approval' ? '' : '_now';
  await engine.run(`
    CREATE OR REPLACE TABLE draft.issued (period_key INTEGER, issued_on DATE);
    ${rows.length === 0 ? '' : `INSERT INTO draft.issued VALUES ${rows.join(', ')};`}
    CREATE OR REPLACE TABLE draft.dates AS
    SELECT i.invoice_key, coalesce(d.issued_on, i.issued_on${now}) AS issued_on,
      CASE WHEN d.issued_on IS NULL THEN i.due_on${now}
        ELSE shift_day(p.due_shift, due_date(d.issued_on, u.net_days, u.end_of_month), o.following, o.preceding, d.issued_on)
        END AS due_on
    FROM draft.invoices AS i JOIN draft.chosen AS c ON c.invoice_key = i.invoice_key
    JOIN input.periods AS p ON p.period_key = i.period_key
    JOIN input.customers AS u ON u.customer_key = i.customer_key
    LEFT JOIN draft.issued AS d ON d.period_key = i.period_key AND ${other}
    LEFT JOIN input.days_off AS o ON o.day = due_date(d.issued_on, u.net_days, u.end_of_month)`);
}

/** A numbering template as an SQL expression over issued_on and seq: "INV-{year}-{seq:6}". */
export function numberSql(template: string): string {
  const parts = template.split(/(\{[^}]*\})/).filter((part) => part !== '').map((part) => {
    if (part === '{year}') return 'CAST(year(issued_on) AS VARCHAR)';
    const seq = /^\{seq(?::(\d+))?\}$/.exec(part);
    if (seq === null) return literal(part);
    const width = Number(seq[1] ?? 1);
    return `lpad(CAST(seq AS VARCHAR), greatest(${width}, CAST(length(CAST(seq AS VARCHAR)) AS INTEGER)), '0')`;
  });
  return `concat(${parts.join(', ')})`;
}

interface ChosenCustomer { customer_key: number; calendar_key: number; cycle_id: string; timezone: string }

/** draft.new_parties: seller and buyers as they stand now; recipients, unless they are sealed, and send time of messages. */
async function chooseParties(context: Context, draft: Draft, confirmation: Confirmation): Promise<void> {
  const { engine, calendars } = draft;
  const { config } = context;
  await engine.run(`CREATE OR REPLACE TABLE draft.new_parties (party_id VARCHAR, customer_id VARCHAR, party VARCHAR);
    CREATE OR REPLACE TABLE draft.addressed (
      customer_key INTEGER, cycle_id VARCHAR, timezone VARCHAR, buyer_id VARCHAR, recipients VARCHAR, send_due_ms BIGINT, held BOOLEAN)`);
  const chosen = await engine.rows<ChosenCustomer>(`SELECT DISTINCT n.customer_key, c.calendar_key, n.cycle_id, n.timezone
    FROM draft.numbered AS n JOIN input.customers AS c ON c.customer_key = n.customer_key ORDER BY n.customer_key, n.cycle_id, n.timezone`);
  const partners = new Map(config.partners.map((partner) => [partner.partner_id, partner]));
  const sendTimes = new Map<string, Instant | null>();
  const sealing = await sealingFor(context, engine, new Set(chosen.map((row) => config.customers[row.customer_key]!.customer_id)));
  const rows = chosen.map(({ customer_key, calendar_key, cycle_id, timezone }) => {
    const customer = config.customers[customer_key]!;
    const plain = canonicalJson(buyerParties(customer, partners.get(customer.partner_id ?? '')));
    const party = sealing === null ? plain : sealing(customer.customer_id, plain);
    const key = `${calendar_key} ${cycle_id} ${timezone}`;
    if (!sendTimes.has(key)) {
      const calendar = calendars[calendar_key]!;
      // Uses of the same cycle have the same settings.
      const use_no = calendar.uses.findIndex(({ use }) => use.cycle_id === cycle_id);
      sendTimes.set(key, sendDueAt(confirmation.at, automationOf(calendar, use_no), timezone, calendar.business_calendar));
    }
    return { customer, customer_key, cycle_id, timezone, party, party_id: partyId(party), send_due: sendTimes.get(key)! };
  });
  const seller = canonicalJson(config.issuer);
  const parties = new Map<string, { customer_id: string | null; party: string }>(
    rows.map((row) => [row.party_id, { customer_id: row.customer.customer_id, party: row.party }]));
  parties.set(partyId(seller), { customer_id: null, party: seller });
  await engine.append('draft', 'new_parties', parties, (a, [party_id, { customer_id, party }]) => {
    a.appendVarchar(party_id);
    if (customer_id === null) a.appendNull();
    else a.appendVarchar(customer_id);
    a.appendVarchar(party);
  });
  await engine.append('draft', 'addressed', rows, (a, row) => {
    a.appendInteger(row.customer_key);
    a.appendVarchar(row.cycle_id);
    a.appendVarchar(row.timezone);
    a.appendVarchar(row.party_id);
    if (sealing === null) a.appendVarchar(canonicalJson(row.customer.email));
    else a.appendNull();
    if (row.send_due === null) a.appendNull();
    else a.appendBigInt(BigInt(row.send_due));
    a.appendBoolean(config.mail === null || row.customer.email.length === 0);
  });
  await engine.run(`CREATE OR REPLACE TABLE draft.facts AS
    SELECT n.* ${sealing === null ? '' : 'REPLACE (CAST(NULL AS VARCHAR) AS customer_name)'}, n.total_minor AS total,
      ${literal(partyId(seller))} AS seller_id, a.buyer_id, a.recipients, a.held,
      epoch_ms(a.send_due_ms) AS send_due
    FROM draft.numbered AS n
    JOIN draft.addressed AS a ON a.customer_key = n.customer_key AND a.cycle_id = n.cycle_id AND a.timezone = n.timezone`);
}

/** Id of a party: from its content, so that the same content is kept once. */
function partyId(party: string): string {
  return `party_${sha256(party).slice(0, 20)}`;
}

/** draft.new_events: what happened, told once. A customer parked before is not told again. */
async function writeEvents({ engine }: Draft, confirmation: Confirmation, at: string): Promise<void> {
  const closing = confirmation.closes === null ? '' : `
    UNION ALL
    SELECT DISTINCT ${at}, 'batch', i.batch_id, '${confirmation.closes}',
      ${confirmation.closes === 'closed' ? `'{"by":"manual"}'` : `'{"by":"auto","until":"' || strftime(${at}, '%Y-%m-%d %H:%M:%S') || '"}'`}
    FROM draft.invoices AS i JOIN draft.chosen AS c ON c.invoice_key = i.invoice_key
    WHERE NOT i.parked_before`;
  const parked = confirmation.closes === null ? '' : `
    UNION ALL
    SELECT ${at}, 'customer', i.customer_id, 'parked',
      CAST(to_json({
        'batch_id': i.batch_id, 'cycle_id': i.cycle_id, 'invoice_id': i.invoice_id,
        'period_start': strftime(i.period_start, '%Y-%m-%d %H:%M:%S')
      }) AS VARCHAR)
    FROM draft.invoices AS i JOIN draft.chosen AS c ON c.invoice_key = i.invoice_key
    WHERE c.parked AND NOT i.parked_before`;
  const approved = confirmation.approval === undefined ? '' : `
    UNION ALL
    SELECT ${at}, 'batch', ${literal(confirmation.approval.batch)}, 'approved', ${literal(canonicalJson(confirmation.approval.detail))}`;
  await engine.run(`CREATE OR REPLACE TABLE draft.new_events AS
    SELECT ${at} AS "at", 'invoice' AS subject, invoice_id AS subject_id, 'confirmed' AS event,
      CAST(to_json({'batch_id': batch_id, 'by': confirmed_by, 'number': number}) AS VARCHAR) AS detail
    FROM draft.facts ${closing} ${parked} ${approved}`);
}

/** Writes the facts as segment files in their fixed orders. */
async function exportFacts({ engine }: Draft, count: bigint): Promise<SegmentFile[]> {
  const byNumber = 'r.series, r.seq';
  const lines = await exportLines(engine, count);
  if (lines.rows > 0) await proveLines(engine, lines.path);
  return [
    await exportSegment(engine, 'invoices', 'draft.facts', byNumber),
    lines,
    await exportSegment(engine, 'invoice_taxes', `(
      SELECT t.*, f.series, f.seq FROM draft.invoice_taxes AS t JOIN draft.facts AS f ON f.invoice_id = t.invoice_id)`,
    `${byNumber}, r.tax_id, r.rate_micro`),
    await exportSegment(engine, 'parties', `(
      SELECT p.* FROM draft.new_parties AS p WHERE p.party_id NOT IN (SELECT party_id FROM ledger.parties))`, 'r.party_id'),
    await exportSegment(engine, 'messages', `(
      SELECT 'msg_' || substr(invoice_id, 5) AS message_id, invoice_id, 'invoice' AS kind, recipients,
        confirmed_at AS queued_at, send_due AS send_due_at, NULL AS subject_id, NULL AS payload
      FROM draft.facts WHERE NOT held
      UNION ALL BY NAME SELECT * FROM draft.new_notices)`, 'r.message_id'),
    await exportEvents(engine),
  ];
}

interface NumberedRow extends Readonly<Parameters<typeof currencyTotal>[0]> {
  readonly batch_id: string; readonly series: string;
  readonly first: string; readonly last: string; readonly first_seq: bigint; readonly last_seq: bigint; readonly lines: bigint;
}

/** draft.numbered in sums, by batch, series and currency. */
async function numberedSums({ engine }: Draft): Promise<NumberedRow[]> {
  return engine.rows<NumberedRow>(`
    SELECT batch_id, series, currency, exponent, count(*) AS invoices, CAST(sum(net_minor) AS HUGEINT) AS net,
      CAST(sum(tax_minor) AS HUGEINT) AS tax, CAST(sum(total_minor) AS HUGEINT) AS total,
      arg_min(number, seq) AS first, arg_max(number, seq) AS last, min(seq) AS first_seq, max(seq) AS last_seq,
      CAST(sum(lines) AS BIGINT) AS lines
    FROM draft.numbered GROUP BY batch_id, series, currency, exponent ORDER BY batch_id, series, currency`);
}

/** Rows by a key, the keys in order. */
function groupedBy<T>(rows: readonly T[], keyOf: (row: T) => string): [string, T[]][] {
  return [...groupBy(rows, keyOf)].sort(([a], [b]) => (a < b ? -1 : 1));
}

/** What comes next in each series. */
function nextNumbers(sums: readonly NumberedRow[]): Record<string, number> {
  const last = groupedBy(sums, ({ series }) => series).map(([series, rows]): [string, number] => (
    [series, Math.max(...rows.map(({ last_seq }) => Number(last_seq))) + 1]));
  return Object.fromEntries(last);
}

/** The totals of all currencies. */
function commitTotals(sums: readonly NumberedRow[]): Record<string, bigint> {
  return Object.fromEntries(groupedBy(sums, ({ currency }) => currency).map(([currency, rows]) => (
    [currency, rows.reduce((sum, { total }) => sum + total, 0n)])));
}

/** What was confirmed, by batch, with the first and last number of each series. */
function confirmedBatches(context: Context, sums: readonly NumberedRow[], confirmation: Confirmation): ConfirmedBatch[] {
  return groupedBy(sums, ({ batch_id }) => batch_id).map(([batch_id, own]) => ({
    batch_id,
    confirmed_at: tell(context.config, confirmation.at),
    confirmed_by: confirmation.by,
    numbers: groupedBy(own, ({ series }) => series).map(([series, rows]) => ({
      series,
      first: rows.reduce((x, y) => (y.first_seq < x.first_seq ? y : x)).first,
      last: rows.reduce((x, y) => (y.last_seq > x.last_seq ? y : x)).last,
      invoices: rows.reduce((sum, { invoices }) => sum + Number(invoices), 0),
    })),
    totals: groupedBy(own, ({ currency }) => currency).map(([, rows]) => currencyTotal({
      ...rows[0]!, invoices: rows.reduce((sum, { invoices }) => sum + invoices, 0n), net: rows.reduce((sum, { net }) => sum + net, 0n),
      tax: rows.reduce((sum, { tax }) => sum + tax, 0n), total: rows.reduce((sum, { total }) => sum + total, 0n),
    })),
  }));
}

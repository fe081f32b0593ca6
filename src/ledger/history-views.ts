/**
 * The shape of `history.duckdb`: fact tables in the schema `facts` (not an interface), views with a comment on every column
 * in `main` (an interface). Amounts are DECIMAL made from minor units with integer arithmetic alone; instants TIMESTAMPTZ.
 */
import { literal } from '../engine/engine.js';
import { LINE_KINDS } from '../values/line-kinds.js';
import { billedSql } from './billed.js';
import { INITIAL, messageStatusSql, voidedSql, voidingsSql } from './lifecycle.js';
import { exponentSql } from './verify-exchange.js';

/** Raised when tables or views change: an older file is then built again instead of being added to. */
export const HISTORY_LAYOUT = 6;

/** Minor units of a currency with `exponent` decimals as DECIMAL(18,3), by integer multiplication. */
function money(minor: string, exponent: string): string {
  const factor = `CASE ${exponent} WHEN 0 THEN 1000 WHEN 1 THEN 100 WHEN 2 THEN 10 WHEN 3 THEN 1 ELSE error('no such exponent') END`;
  return `((${minor} * ${factor})::DECIMAL(18,0) * 0.001)::DECIMAL(18,3)`;
}

/** Millionths as DECIMAL(width,6). */
function micro(value: string, width: number): string {
  return `(${value}::DECIMAL(18,0) * 0.000001)::DECIMAL(${width},6)`;
}

/** A UTC TIMESTAMP as TIMESTAMPTZ, without asking a calendar. */
function instant(value: string): string {
  return `make_timestamptz(epoch_us(${value}))`;
}

/** One column of a fact table: its name, its type, and how it comes from the ledger's row `r` (and its invoice `i`). */
type FactColumn = readonly [name: string, type: string, from?: string];

const plain = (type: string, ...names: string[]): FactColumn[] => names.map((name) => [name, type]);
/** Texts that differ from line to line. Left to itself DuckDB takes FSST, which takes three times as long for the same size. */
const zstd = (...names: string[]): FactColumn[] => names.map((name) => [name, 'VARCHAR USING COMPRESSION zstd']);
const instants = (...names: string[]): FactColumn[] => names.map((name) => [name, 'TIMESTAMPTZ', instant(`r."${name}"`)]);

interface FactTable {
  readonly columns: readonly FactColumn[];
  /** The ledger's relation, where `{ledger}` is its schema. */
  readonly from: string;
}

const WITH_INVOICE = (table: string): string => `{ledger}.${table} AS r LEFT JOIN {ledger}.invoices AS i ON i.invoice_id = r.invoice_id`;

/** Fact tables that are filled from segments, in the order of filling. `runs` and `meta` are filled from commit documents. */
export const FACTS: Readonly<Record<string, FactTable>> = {
  invoices: {
    from: '{ledger}.invoices AS r',
    columns: [
      ...plain('VARCHAR', 'invoice_id', 'number', 'kind', 'customer_id', 'customer_name', 'partner_id', 'batch_id', 'cycle_id'),
      ...instants('period_start', 'period_end'), ...plain('DATE', 'billing_date', 'issued_on', 'due_on'), ...plain('VARCHAR', 'currency'),
      ...['net', 'tax', 'total'].map((name): FactColumn => [name, 'DECIMAL(18,3)', money(`r.${name}_minor`, 'r.exponent')]),
      ...instants('confirmed_at'), ...plain('VARCHAR', 'confirmed_by', 'tax_currency'),
      ['tax_currency_amount', 'DECIMAL(18,3)', money('r.tax_currency_minor', exponentSql('r.tax_currency'))],
      ['tax_exchange_rate', 'DECIMAL(20,10)', 'r.tax_exchange_rate::DECIMAL(20,10)'], ...plain('DATE', 'tax_exchange_on'),
      ...plain('VARCHAR', 'tax_exchange_source'), ...plain('BIGINT', 'serial'),
    ],
  },
  invoice_lines: {
    from: WITH_INVOICE('invoice_lines'),
    columns: [
      ...plain('VARCHAR', 'invoice_id'), ...plain('BIGINT', 'line_no'),
      ...plain('VARCHAR', 'kind'), ...zstd('booking_id'), ...plain('VARCHAR', 'source', 'product'), ...zstd('description'),
      ['quantity', 'DECIMAL(18,6)', micro('r.quantity_micro', 18)], ['unit_price', 'DECIMAL(18,6)', micro('r.unit_price_micro', 18)],
      ['amount', 'DECIMAL(18,3)', money('r.amount_minor', 'i.exponent')],
      ['gross', 'DECIMAL(18,3)', money('r.gross_minor', 'i.exponent')], ...plain('VARCHAR', 'tax_id'),
      ['tax_rate', 'DECIMAL(9,6)', micro('r.tax_rate_micro', 9)], ...instants('service_start', 'service_end'),
      ...plain('VARCHAR', 'corrects_invoice_id'), ...plain('BIGINT', 'corrects_line_no'), ...plain('VARCHAR', 'correction'),
      ...plain('VARCHAR', 'original_currency'),
      ['original_amount', 'DECIMAL(18,3)', money('r.original_minor', exponentSql('r.original_currency'))],
      ['exchange_rate', 'DECIMAL(20,10)', 'r.exchange_rate::DECIMAL(20,10)'], ...plain('DATE', 'exchange_on'),
      ...plain('VARCHAR', 'exchange_source'),
      ...plain('UBIGINT', 'content_hi', 'content_lo'), ...plain('BIGINT', 'serial'),
    ],
  },
  invoice_taxes: {
    from: WITH_INVOICE('invoice_taxes'),
    columns: [
      ...plain('VARCHAR', 'invoice_id', 'tax_id', 'category'), ['rate', 'DECIMAL(9,6)', micro('r.rate_micro', 9)],
      ['net', 'DECIMAL(18,3)', money('r.net_minor', 'i.exponent')], ['tax', 'DECIMAL(18,3)', money('r.tax_minor', 'i.exponent')],
      ...plain('BIGINT', 'serial'),
    ],
  },
  messages: {
    from: '{ledger}.messages AS r',
    columns: [
      ...plain('VARCHAR', 'message_id', 'invoice_id', 'kind', 'recipients'), ...instants('queued_at', 'send_due_at'),
      ...plain('VARCHAR', 'subject_id', 'payload'), ...plain('BIGINT', 'serial'),
    ],
  },
  events: {
    from: '{ledger}.events AS r',
    columns: [...instants('at'), ...plain('BIGINT', 'serial'), ...plain('VARCHAR', 'subject', 'subject_id', 'event', 'detail')],
  },
};

/** CREATE TABLE of every fact table, in the default catalog. */
export function createFactsSql(): string {
  const tables = Object.entries(FACTS).map(([name, { columns }]) =>
    `CREATE TABLE facts.${name} (${columns.map(([column, type]) => `"${column}" ${type}`).join(', ')});`);
  return `CREATE SCHEMA facts;
    ${tables.join('\n')}
    CREATE TABLE facts.runs (run_id VARCHAR, serial BIGINT, as_of TIMESTAMPTZ, committed_at TIMESTAMPTZ, config_digest VARCHAR,
      config_commit VARCHAR, tool_version VARCHAR, invoices BIGINT, total DECIMAL(18,3));
    CREATE TABLE duebook_meta (layout BIGINT, lineage VARCHAR, serial BIGINT, head_sha256 VARCHAR, as_of_date DATE, tool_version VARCHAR,
      keys VARCHAR);`;
}

/** INSERT of one fact table from the schema `ledger`. */
export function insertFactsSql(table: string, ledger: string): string {
  return `INSERT INTO facts.${table} ${factsSql(table, ledger)}`;
}

/** The rows of one fact table, with its names and types, from the schema `ledger`. */
export function factsSql(table: string, ledger: string): string {
  const { columns, from } = FACTS[table]!;
  const values = columns.map(([name, type, value = `r."${name}"`]) => `CAST(${value} AS ${type.split(' USING ')[0]!}) AS "${name}"`);
  return `SELECT ${values.join(', ')} FROM ${from.replaceAll('{ledger}', ledger)}`;
}

interface View {
  readonly comment: string;
  /** Column and its comment, in the order of the select. */
  readonly columns: Readonly<Record<string, string>>;
  readonly select: string;
}

const VOIDINGS = `(${voidingsSql('facts.events')})`;
const VOIDED = voidedSql(VOIDINGS);
const MESSAGES = messageStatusSql('facts.messages', 'facts.events');

export const VIEWS: Readonly<Record<string, View>> = {
  invoices: {
    comment: 'One row per processed or void invoice and credit note',
    columns: {
      invoice_id: 'Id of the invoice, derived from its content; the key',
      number: 'Number on the document; unique, without gaps in its series',
      kind: 'invoice or credit_note', status: 'processed (locked and numbered) or void (cancelled before it was sent; keeps its number)',
      payment_status: 'unpaid, partly_paid, paid, overdue (due before the date of the newest run) or written_off; null when void',
      customer_id: 'Customer who is invoiced', customer_name: 'Name of the customer as it stood then',
      partner_id: 'Partner of the customer, or null',
      batch_id: 'Batch the invoice was previewed in', cycle_id: 'Billing cycle', period_start: 'First instant of the billed period',
      period_end: 'End of the billed period, exclusive', billing_date: 'Local date of the boundary at which is billed',
      issued_on: 'Date on the document', due_on: 'Date payment is due', currency: 'ISO 4217 code of all amounts of the invoice',
      net: 'Sum of the lines', tax: 'Sum of the taxes', total: 'net + tax', paid: 'Paid so far',
      balance: 'Still open: total - paid; 0 when void',
      confirmed_at: 'Instant it was locked', confirmed_by: 'auto, manual, approval, on_demand, or credit (a credit note by hand)',
      sent_at: 'Instant it was first sent, or null',
      serial: 'Commit of the ledger that added it',
      tax_currency: 'Currency in which the issuer accounts for tax, where the invoice is in another one and bears tax; else null',
      tax_currency_amount: 'The tax in it', tax_exchange_rate: 'Rate of exchange of the tax: how much of tax_currency one of currency is',
      tax_exchange_on: 'Day of that rate', tax_exchange_source: 'Who published it',
    },
    select: `
      SELECT f.invoice_id, f.number, f.kind, CASE WHEN v.invoice_id IS NULL THEN '${INITIAL.invoice}' ELSE 'void' END AS status,
        CASE WHEN v.invoice_id IS NOT NULL THEN NULL WHEN f.total = 0 THEN 'paid'
          WHEN f.total > 0 AND f.due_on < (SELECT as_of_date FROM duebook_meta) THEN 'overdue' ELSE 'unpaid' END AS payment_status,
        f.customer_id, f.customer_name, f.partner_id, f.batch_id, f.cycle_id, f.period_start, f.period_end, f.billing_date, f.issued_on,
        f.due_on, f.currency, f.net, f.tax, f.total, 0::DECIMAL(18,3) AS paid,
        CASE WHEN v.invoice_id IS NULL THEN f.total ELSE 0::DECIMAL(18,3) END AS balance, f.confirmed_at, f.confirmed_by,
        s.sent_at, f.serial, f.tax_currency, f.tax_currency_amount, f.tax_exchange_rate, f.tax_exchange_on, f.tax_exchange_source
      FROM facts.invoices AS f
      LEFT JOIN (${VOIDED}) AS v ON v.invoice_id = f.invoice_id
      LEFT JOIN (SELECT m.invoice_id, min(e."at") AS sent_at FROM facts.messages AS m
        JOIN facts.events AS e ON e.subject = 'message' AND e.event = 'sent' AND e.subject_id = m.message_id GROUP BY m.invoice_id) AS s
        ON s.invoice_id = f.invoice_id`,
  },
  invoice_lines: {
    comment: 'One row per line of an invoice, also of void ones',
    columns: {
      invoice_id: 'Invoice the line stands on', line_no: 'Place on the invoice, from 1',
      kind: `${LINE_KINDS.slice(0, -1).join(', ')} or ${LINE_KINDS.at(-1)!}`,
      booking_id: 'Booking it bills, or null', product: 'Product, or null', description: 'Text on the document', quantity: 'Quantity',
      unit_price: 'Price of one unit, or null', amount: 'Amount of the line in the currency of the invoice, without tax',
      tax_id: 'Tax that applies',
      tax_rate: 'Rate of the tax in percent', service_start: 'Begin of the service, or null', service_end: 'End of the service, or null',
      corrects_invoice_id: 'Invoice that an adjustment or credit line corrects, or null',
      gross: 'Amount with tax where the price includes it (unit_price does then, too), else null',
      corrects_line_no: 'Line that an adjustment or credit line corrects, or null',
      correction: 'reversal or restatement of a booking that changed; credit or reissue by hand; null for all other lines',
      original_currency: 'Currency before it was converted, or null',
      original_amount: 'Amount before, with the tax where prices include it',
      exchange_rate: 'How much of the currency of the invoice one of the original currency is',
      exchange_on: 'Day of the rate', exchange_source: 'Who published the rate',
    },
    select: `SELECT invoice_id, line_no, kind, booking_id, product, description, quantity, unit_price, amount, tax_id, tax_rate,
      service_start, service_end, corrects_invoice_id, gross, corrects_line_no, correction, original_currency, original_amount,
      exchange_rate, exchange_on, exchange_source FROM facts.invoice_lines`,
  },
  invoice_taxes: {
    comment: 'One row per invoice, tax and rate',
    columns: {
      invoice_id: 'Invoice', tax_id: 'Tax', category: 'Category code of EN 16931: S, Z, E, AE, K, G, O, L or M', rate: 'Rate in percent',
      net: 'Sum of the lines with this tax', tax: 'The tax on it',
    },
    select: 'SELECT invoice_id, tax_id, category, rate, net, tax FROM facts.invoice_taxes',
  },
  billed_bookings: {
    comment: 'One row per booking that stands on an invoice that is not void, as it stands now',
    columns: {
      booking_id: 'Booking', source: 'Source it came from', content_hash: 'Hash of what was billed, 32 hex digits',
      invoice_id: 'Invoice it is on', line_no: 'Line it is on', amount: 'Amount billed',
      serial: 'Commit of the ledger that billed it, or corrected it last',
      state: 'billed, or credited (by hand, and never billed again); what an adjustment took back is not here',
    },
    select: `SELECT b.booking_id, b.source,
      lpad(to_hex(b.content_hi), 16, '0') || lpad(to_hex(b.content_lo), 16, '0') AS content_hash, b.invoice_id, b.line_no, b.amount,
      b.serial, b.state
      FROM (${billedSql('facts.invoice_lines', VOIDINGS, 'amount')}) AS b WHERE b.state <> 'open'`,
  },
  events: {
    comment: 'Everything that happened, one row each; rows are never changed',
    columns: {
      at: 'Instant it happened', serial: 'Commit of the ledger that recorded it', run_id: 'Run that recorded it',
      subject: 'invoice, message, payment, batch or customer', subject_id: 'Id of the subject', event: 'What happened',
      detail: 'More, as JSON, or null',
    },
    select: `SELECT e."at", e.serial, r.run_id, e.subject, e.subject_id, e.event, e.detail::JSON AS detail
      FROM facts.events AS e LEFT JOIN facts.runs AS r ON r.serial = e.serial`,
  },
  messages: {
    comment: 'One row per message to a customer or notice to the team, with what became of it',
    columns: {
      message_id: 'Id of the message; its Message-ID derives from it', invoice_id: 'Invoice it is about; null for a notice to the team',
      kind: 'invoice, or the event the team is told of: batch_ready, deadline_near, batch_processed or customers_parked',
      recipient: 'Who it goes to: addresses, or the name of a webhook',
      status: 'queued, sending, sent, failed, uncertain (it may have arrived) or cancelled',
      attempts: 'How often it was handed to the mail server', queued_at: 'Instant it was put into the outbox',
      sent_at: 'Instant it was sent, or null',
      sha256: 'Hash of the message as it was sent, or null', error: 'What went wrong at the last attempt, or null',
      subject_id: 'Batch that a notice is about, or null', payload: 'What a notice tells, as JSON, or null',
    },
    select: `SELECT message_id, invoice_id, kind, recipients AS recipient, status, attempts, queued_at, sent_at, sha256, error, subject_id,
      payload::JSON AS payload FROM (${MESSAGES})`,
  },
  runs: {
    comment: 'One row per commit of the ledger',
    columns: {
      run_id: 'Id of the run, derived from its content', serial: '1, 2, 3, … without a gap', as_of: 'Instant the run was for',
      committed_at: 'Instant of the commit; the same as as_of', config_digest: 'SHA-256 of the configuration',
      config_commit: 'Commit of the configuration in git, or null', tool_version: 'Version of duebook',
      invoices: 'How many invoices it added',
      total: 'Their total; null where they are in more than one currency',
    },
    select: 'SELECT run_id, serial, as_of, committed_at, config_digest, config_commit, tool_version, invoices, total FROM facts.runs',
  },
};

/** CREATE VIEW and COMMENT ON for every view, in the default catalog. */
export function createViewsSql(): string {
  return Object.entries(VIEWS).map(([name, view]) => [
    `CREATE VIEW ${name} AS ${view.select};`,
    `COMMENT ON VIEW ${name} IS ${literal(view.comment)};`,
    ...Object.entries(view.columns).map(([column, comment]) => `COMMENT ON COLUMN ${name}."${column}" IS ${literal(comment)};`),
  ].join('\n')).join('\n');
}

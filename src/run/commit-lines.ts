/** The lines of the invoices that are committed, as a segment. */
import type { Engine } from '../engine/engine.js';
import { exportSegment } from '../ledger/attach.js';

/** A segment as it is handed to the commit. */
export type SegmentFile = Awaited<ReturnType<typeof exportSegment>>;

const FEW_LINES = 20_000n;

/** Texts of few values go through the sort as their places in these lists. */
const LISTS = {
  listed_invoice: 'SELECT invoice_id FROM draft.facts ORDER BY series, seq',
  listed_kind: "SELECT 'booking' AS kind UNION SELECT 'carry_over' UNION SELECT kind FROM draft.added_lines ORDER BY kind",
  listed_source: 'SELECT DISTINCT source FROM input.sources ORDER BY source',
  listed_tax: 'SELECT DISTINCT tax_id FROM input.taxes ORDER BY tax_id',
  listed_unit: `SELECT unit FROM input.products WHERE unit IS NOT NULL UNION SELECT unit FROM draft.added_lines WHERE unit IS NOT NULL
    ORDER BY unit`,
  listed_span: 'SELECT DISTINCT span_id FROM input.usage_spans ORDER BY span_id',
  listed_agreement: 'SELECT agreement_id FROM input.agreements ORDER BY agreement_id',
  listed_discounts: `SELECT on_usage FROM input.groups WHERE on_usage IS NOT NULL UNION SELECT on_charges FROM input.groups
    WHERE on_charges IS NOT NULL ORDER BY on_usage`,
  listed_customer: 'SELECT customer_id FROM input.customers WHERE EXISTS (SELECT 1 FROM input.usage_spans) ORDER BY customer_id',
} as const;

/**
 * One sort puts the lines in the order of the invoices' numbers and writes the segment. What comes before an invoice is known from
 * the invoices, so its lines can carry it, and their numbers follow from their places: a window would sort all of them a second time.
 * A sort costs by the width of its rows, and a wide one spills to disk: what follows from a list or a key is put in behind it.
 * `count`: how many lines there are; of few the lists would take longer to make than the sort, and the bytes are the same.
 */
export async function exportLines(engine: Engine, count: bigint): Promise<SegmentFile> {
  const few = count <= FEW_LINES;
  const listed = (sql: string): string => (few ? sql.replace(/\blisted_[a-z]+/g, 'VARCHAR') : sql);
  const lists = few ? [] : Object.entries(LISTS).map(([name, query]) => (
    `DROP TYPE IF EXISTS ${name}; CREATE TYPE ${name} AS ENUM (${query});`));
  await engine.run(`${lists.join(' ')}
    CREATE OR REPLACE TABLE draft.places AS
    SELECT CAST(invoice_id AS ${listed('listed_invoice')}) AS invoice, customer_key, period_key, currency, apart,
      CAST(sum(lines) OVER (ORDER BY series, seq) - lines AS BIGINT) AS lines_before
    FROM draft.facts`);
  const filled = await engine.filled(Object.values(AMONG).flat());
  const has = (what: keyof Has): boolean => AMONG[what].some((relation) => filled.has(relation));
  const lines = sortedLines({
    sources: has('sources'), charges: has('charges'), corrections: has('corrections'), gross: has('gross'), measured: has('measured'),
    agreed: has('agreed'), exchanged: has('exchanged'),
  });
  return exportSegment(engine, 'invoice_lines', listed(lines), null);
}

/** What is among the lines: several sources, lines that are no bookings, corrections, prices with tax, prices that measure, agreements. */
interface Has {
  readonly sources: boolean; readonly charges: boolean; readonly corrections: boolean; readonly gross: boolean; readonly measured: boolean;
  readonly agreed: boolean;
  /** Some customers are billed in a currency of their choice, or were. */
  readonly exchanged: boolean;
}

/** Each is among them where one of these has a row. */
const AMONG: Readonly<Record<keyof Has, readonly string[]>> = {
  sources: ['(SELECT 1 FROM input.sources LIMIT 1 OFFSET 1)'],
  charges: ['draft.added_lines', 'draft.closing_lines'],
  corrections: ['draft.adjustments', 'input.billed WHERE corrects_invoice_id IS NOT NULL'],
  gross: ['draft.net_totals WHERE with_tax'],
  measured: ['input.usage_spans'],
  agreed: ['draft.agreed_sums'],
  exchanged: ['input.customer_currencies', 'draft.adjustments WHERE original_currency IS NOT NULL'],
};

const AGREED = `, CAST(a.agreement_id AS listed_agreement) AS agreement,
          CAST(CASE WHEN l.kind IN ('booking', 'usage') THEN g.on_usage ELSE g.on_charges END AS listed_discounts) AS given`;

/** What was converted now has the rate of today's configuration (e), what takes back the one that was used then. */
const EXCHANGED = `, l.original_currency, l.original_minor, l.original_price_micro, coalesce(l.kept_rate, e.rate) AS exchange_rate,
          coalesce(l.kept_on, e.valid_on) AS exchange_on, coalesce(l.kept_source, e.source) AS exchange_source`;

const NOT_EXCHANGED = `, CAST(NULL AS VARCHAR) AS original_currency, CAST(NULL AS BIGINT) AS original_minor,
        CAST(NULL AS BIGINT) AS original_price_micro, CAST(NULL AS VARCHAR) AS exchange_rate, CAST(NULL AS DATE) AS exchange_on,
        CAST(NULL AS VARCHAR) AS exchange_source`;

/** Ids are unique in their source, and bookings alone need no rank: a key less in the sort where it tells nothing. */
function sortedLines(has: Has): string {
  const rank = has.charges ? ['l.rank'] : [];
  const order = ['f.lines_before', ...rank, 'l.service_start', 'l.line_key', ...(has.sources ? ['l.source'] : [])];
  return `(
    SELECT * EXCLUDE (invoice, kind, source, unit, tax_id ${has.measured ? ', customer, span' : ''}
        ${has.agreed ? ', agreement, given' : ''} ${has.corrections ? ', corrected_booking, kept_charge' : ''}),
      CAST(invoice AS VARCHAR) AS invoice_id, CAST(kind AS VARCHAR) AS kind, CAST(source AS VARCHAR) AS source,
      CAST(unit AS VARCHAR) AS unit, CAST(tax_id AS VARCHAR) AS tax_id,
      CASE WHEN kind = 'booking' THEN line_key ${has.corrections ? 'ELSE corrected_booking' : ''} END AS booking_id,
      CASE ${has.corrections ? "WHEN kind = 'adjustment' THEN kept_charge" : ''} WHEN kind <> 'booking' THEN line_key
        ${has.measured ? "ELSE CAST(customer AS VARCHAR) || ':' || CAST(span AS VARCHAR)" : ''} END AS charge_id
      ${has.measured || has.corrections ? '' : ', CAST(NULL AS BIGINT) AS measured_minor'}
      ${has.gross ? '' : ', CAST(NULL AS BIGINT) AS gross_minor'}
      , CAST(${has.agreed ? 'agreement' : 'NULL'} AS VARCHAR) AS agreement_id
      , CAST(${has.agreed ? 'given' : 'NULL'} AS VARCHAR) AS discounts
      ${has.corrections ? '' : `, CAST(NULL AS VARCHAR) AS corrects_invoice_id, CAST(NULL AS BIGINT) AS corrects_line_no,
        CAST(NULL AS VARCHAR) AS correction`}
      ${has.exchanged ? '' : NOT_EXCHANGED}
    FROM (
      SELECT f.lines_before, f.invoice, l.line_key, CAST(l.kind AS listed_kind) AS kind, CAST(l.source AS listed_source) AS source,
        l.product, l.description, CAST(l.unit AS listed_unit) AS unit, CAST(l.tax_id AS listed_tax) AS tax_id, l.tax_rate_micro,
        l.quantity_micro, l.unit_price_micro, l.amount_minor, l.service_start, l.service_end, l.late, l.content_hi, l.content_lo
        ${has.gross ? ', l.gross_minor' : ''}
        ${has.corrections ? `, l.corrects_invoice_id, l.corrects_line_no, l.correction, l.booking_id AS corrected_booking,
          l.charge_id AS kept_charge` : ''}
        ${has.measured || has.corrections ? ', l.measured_minor' : ''}
        ${has.measured ? ', CAST(l.span_id AS listed_span) AS span' : ''}
        ${has.exchanged ? EXCHANGED : ''}
        ${has.measured ? ', CAST(c.customer_id AS listed_customer) AS customer' : ''}
        ${has.agreed ? AGREED : ''}
      FROM draft.billed_lines AS l
      ${has.exchanged ? 'LEFT JOIN input.exchange_rates AS e ON e.rate_key = l.rate_key' : ''}
      ${has.measured ? 'JOIN input.customers AS c ON c.customer_key = l.customer_key' : ''}
      ${has.agreed ? `LEFT JOIN input.agreements AS a ON a.agreement_key = l.agreement_key
      LEFT JOIN input.groups AS g ON g.group_key = l.group_key` : ''}
      JOIN draft.places AS f
        ON f.customer_key = l.customer_key AND f.period_key = l.period_key AND f.currency = l.currency AND f.apart = l.apart
      ORDER BY ${order.join(', ')}))`;
}

/** What the models worked out on the way to one draft invoice: the rows behind its lines, read set by set. */
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import type { LineKind } from '../values/line-kinds.js';

export interface InvoiceKey {
  readonly invoice_id: string;
  readonly customer_key: number;
  readonly customer_id: string;
  readonly period_key: number;
  readonly currency: string;
  readonly exponent: number;
  readonly apart: number;
  readonly timezone: string;
}

/** The keys of a line; amounts in minor units. */
export interface LineFact {
  line_no: bigint; kind: LineKind; source: string | null; booking_id: string | null; charge_id: string | null; product: string | null;
  description: string; unit: string | null; quantity_micro: bigint; unit_price_micro: bigint | null; amount_minor: bigint;
  gross_minor: bigint | null; tax_id: string; tax_rate_micro: bigint; corrects_invoice_id: string | null;
  correction: string | null;
  original_currency: string | null; original_minor: bigint | null; original_price_micro: bigint | null; exchange_rate: string | null;
  exchange_on: string | null; exchange_source: string | null;
}

const LINE = `line_no, kind, source, booking_id, charge_id, product, description, unit, quantity_micro, unit_price_micro,
  CAST(amount_minor AS BIGINT) AS amount_minor, CAST(gross_minor AS BIGINT) AS gross_minor, tax_id, tax_rate_micro, corrects_invoice_id,
  correction, original_currency, CAST(original_minor AS BIGINT) AS original_minor, original_price_micro, exchange_rate,
  CAST(exchange_on AS VARCHAR) AS exchange_on, exchange_source`;

/** A line's key: the same in the ledger and in a draft. */
export function keyOf(line: Pick<LineFact, 'kind' | 'source' | 'booking_id' | 'charge_id' | 'amount_minor'>): string {
  if (line.kind === 'booking') return `booking ${line.source} ${line.booking_id}`;
  if (line.booking_id !== null) return `${line.kind} ${line.source} ${line.booking_id} ${line.amount_minor < 0n}`;
  return `${line.kind} ${line.charge_id}`;
}

export interface BookingFact {
  file_key: number; record: bigint; source: string; booking_id: string; product: string | null; price_key: number | null;
  own_price_micro: bigint | null; given_minor: bigint | null; charge_id: string | null; measured_minor: bigint | null; late: boolean;
}

export interface PartFact {
  charge_id: string; part_charge: string; agreement_key: number; first_day: string; last_day: string; whole: boolean;
  quantity_micro: bigint; price_micro: bigint; share_over: bigint; share_under: bigint;
}

export interface UsageFact {
  charge_id: string; span_key: number; price_key: number; tier: string; amount_minor: bigint; quantity_micro: bigint;
  added_minor: bigint; tiers_minor: bigint; credited_minor: bigint; days: bigint; whole_days: bigint | null;
  bookings: bigint; sum_micro: bigint; max_micro: bigint; latest_micro: bigint; items: bigint; starts_at: bigint; ends_at: bigint;
}

export interface CountedFact {
  span_key: number; source: string; booking_id: string; value_micro: bigint; item: string | null; billed: boolean;
}

export interface ShareFact {
  agreement_key: number; place: number; source: string | null; line_key: string; tax_id: string; rate_micro: bigint;
  base_minor: bigint; off_minor: bigint; chosen: boolean; of_usage: boolean; exchange_on: string | null;
}

export interface BoundFact { agreement_key: number; kind: string; place: number; amount_minor: bigint }

/** Everything that explains the lines of an invoice of the draft. */
export interface Facts {
  readonly key: InvoiceKey;
  readonly lines: readonly LineFact[];
  readonly bookings: readonly BookingFact[];
  readonly parts: readonly PartFact[];
  readonly usage: readonly UsageFact[];
  readonly counted: readonly CountedFact[];
  readonly shares: readonly ShareFact[];
  readonly bounds: readonly BoundFact[];
}

/** The keys of a draft invoice; null where the draft has none with this id. */
export async function draftKey(engine: Engine, invoice_id: string): Promise<InvoiceKey | null> {
  const [key] = await engine.rows<InvoiceKey>(`
    SELECT invoice_id, customer_key, customer_id, period_key, currency, exponent, apart, timezone
    FROM draft.invoices WHERE invoice_id = ${literal(invoice_id)}`);
  return key ?? null;
}

/** Lines of an invoice of the ledger. */
export async function ledgerLines(engine: Engine, invoice_id: string): Promise<LineFact[]> {
  return engine.rows<LineFact>(`SELECT ${LINE} FROM ledger.invoice_lines WHERE invoice_id = ${literal(invoice_id)} ORDER BY line_no`);
}

/** Reads them all; the models of the draft are there. */
export async function draftFacts(engine: Engine, key: InvoiceKey): Promise<Facts> {
  const { customer_key, period_key } = key;
  const own = `customer_key = ${customer_key} AND period_key = ${period_key}`;
  const invoice = `${own} AND billed_currency = ${literal(key.currency)} AND apart = ${key.apart}`;
  return {
    key,
    lines: await engine.rows<LineFact>(`SELECT ${LINE} FROM draft.invoice_lines
      WHERE invoice_id = ${literal(key.invoice_id)} AND customer_key = ${customer_key} ORDER BY line_no`),
    bookings: await engine.rows<BookingFact>(`
      SELECT b.file_key, b.record, b.source, b.booking_id, b.product, b.price_key, s.unit_price_micro AS own_price_micro, b.given_minor,
        b.charge_id, CAST(b.measured_minor AS BIGINT) AS measured_minor, b.late
      FROM draft.bookings AS b JOIN input.staged AS s ON s.file_key = b.file_key AND s.record = b.record
      WHERE b.bucket = 'billed' AND b.${invoice.replaceAll(' AND ', ' AND b.')} ORDER BY b.source, b.booking_id`),
    parts: await engine.rows<PartFact>(`
      SELECT r.charge_key AS charge_id, p.charge_id AS part_charge, r.agreement_key, CAST(r.first_day AS VARCHAR) AS first_day,
        CAST(r.last_day AS VARCHAR) AS last_day, r.whole, r.quantity_micro, r.price_micro, r.share_over, r.share_under
      FROM draft.recurring_parts AS r JOIN input.charge_parts AS p ON p.part_key = r.part_key
      WHERE r.${own.replaceAll(' AND ', ' AND r.')} ORDER BY r.charge_key, r.first_day`),
    usage: await engine.rows<UsageFact>(usageSql(key)),
    counted: await engine.rows<CountedFact>(countedSql(key)),
    shares: await engine.rows<ShareFact>(sharesSql(key)),
    bounds: await engine.rows<BoundFact>(
      `SELECT agreement_key, kind, place, CAST(amount_minor AS BIGINT) AS amount_minor FROM draft.bound_amounts WHERE ${own} ORDER BY ALL`),
  };
}

/** Lines of usage with the span that they charge, up to this invoice. */
function usageSql({ customer_key, period_key }: InvoiceKey): string {
  return `
    SELECT u.charge_id, s.span_key, s.price_key, regexp_extract(u.charge_id, '/([0-9a-z]+)$', 1) AS tier,
      CAST(coalesce(a.amount_minor, 0) AS BIGINT) AS amount_minor, CAST(coalesce(a.quantity_micro, 0) AS HUGEINT) AS quantity_micro,
      u.amount_minor AS added_minor, CAST(t.tiers_minor AS BIGINT) AS tiers_minor,
      CAST(-coalesce(g.amount_minor, 0) AS BIGINT) AS credited_minor, n.days, n.whole_days,
      CAST(coalesce(p.bookings, 0) AS BIGINT) AS bookings, CAST(coalesce(p.sum_micro, 0) AS HUGEINT) AS sum_micro,
      CAST(coalesce(p.max_micro, 0) AS HUGEINT) AS max_micro, CAST(coalesce(p.latest_micro, 0) AS HUGEINT) AS latest_micro,
      coalesce(p.items, 0) AS items, epoch_ms(s.starts_at) AS starts_at, epoch_ms(s.ends_at) AS ends_at
    FROM draft.usage_charges AS u
    JOIN input.customers AS c ON c.customer_key = u.customer_key
    JOIN input.usage_spans AS s
      ON s.calendar_key = c.calendar_key AND starts_with(u.charge_id, c.customer_id || ':' || s.span_id || '/')
      AND coalesce(s.customer_key, c.customer_key) = c.customer_key
    JOIN draft.usage_units AS n ON n.customer_key = u.customer_key AND n.span_key = s.span_key AND n.period_key = u.period_key
    LEFT JOIN draft.usage_amounts AS a
      ON a.customer_key = u.customer_key AND a.span_key = s.span_key AND a.period_key = u.period_key
      AND a.tier = regexp_extract(u.charge_id, '/([0-9a-z]+)$', 1)
    LEFT JOIN input.charged_usage AS g ON g.customer_key = u.customer_key AND g.span_key = s.span_key AND g.tier = 'credited'
    JOIN (SELECT customer_key, span_key, period_key, sum(amount_minor) FILTER (WHERE rank < 1000) AS tiers_minor
      FROM draft.usage_amounts GROUP BY ALL) AS t
      ON t.customer_key = u.customer_key AND t.span_key = s.span_key AND t.period_key = u.period_key
    LEFT JOIN (SELECT customer_key, span_key, sum(bookings) AS bookings, sum(sum_micro) AS sum_micro, max(max_micro) AS max_micro,
        max_by(latest_micro, latest_at) AS latest_micro, count(DISTINCT item) AS items
      FROM draft.usage_parts WHERE period_key <= ${period_key} GROUP BY ALL) AS p
      ON p.customer_key = u.customer_key AND p.span_key = s.span_key
    WHERE u.customer_key = ${customer_key} AND u.period_key = ${period_key} ORDER BY u.charge_id`;
}

function countedSql({ customer_key, period_key }: InvoiceKey): string {
  return `
    SELECT span_key, source, booking_id, CAST(value_micro AS HUGEINT) AS value_micro, item, period_key <> ${period_key} AS billed
    FROM draft.usage_bookings
    WHERE customer_key = ${customer_key} AND period_key <= ${period_key}
      AND span_key IN (SELECT span_key FROM draft.usage_turns WHERE customer_key = ${customer_key} AND period_key = ${period_key})
    ORDER BY span_key, starts_at, source, booking_id`;
}

/** What each discount took of each line, with what the ones before had left. */
function sharesSql({ customer_key, period_key, apart }: InvoiceKey): string {
  return `
    WITH taken AS (
      SELECT customer_key, period_key, currency, apart, source, line_key, agreement_key, tax_key, of_usage, rate_key, place,
        left_minor, off_minor
      FROM draft.line_discounts
      UNION ALL
      SELECT s.* FROM draft.discount_shares AS s
      JOIN input.terms AS n ON n.agreement_key = s.agreement_key AND n.first_places < s.place
    )
    SELECT s.agreement_key, s.place, s.source, s.line_key, x.tax_id, x.rate_micro, CAST(b.left_minor AS HUGEINT) AS base_minor,
      CAST(s.off_minor AS HUGEINT) AS off_minor, s.of_usage, q.place IS NOT NULL AS chosen,
      CAST(e.valid_on AS VARCHAR) AS exchange_on
    FROM taken AS s
    JOIN taken AS b
      ON b.customer_key = s.customer_key AND b.period_key = s.period_key AND b.apart = s.apart AND b.line_key = s.line_key
      AND b.source IS NOT DISTINCT FROM s.source AND b.place = s.place - 1
    JOIN draft.agreed_lines AS l
      ON l.customer_key = s.customer_key AND l.period_key = s.period_key AND l.apart = s.apart AND l.line_key = s.line_key
      AND l.source IS NOT DISTINCT FROM s.source
    LEFT JOIN input.group_discounts AS q ON q.group_key = l.group_key AND q.place = s.place
    JOIN input.taxes AS x ON x.tax_key = s.tax_key
    LEFT JOIN input.exchange_rates AS e ON e.rate_key = s.rate_key
    WHERE s.customer_key = ${customer_key} AND s.period_key = ${period_key} AND s.apart = ${apart} AND s.place > 0
    ORDER BY s.agreement_key, s.place, s.source NULLS FIRST, s.line_key`;
}

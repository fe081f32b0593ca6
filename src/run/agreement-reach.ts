/**
 * How far back a draft must look for what is charged without a booking (by agreements, and at the end of what usage counts through):
 * to the first period that may still be open for somebody.
 */
import { periodsOf } from '../calendar/calendar.js';
import type { Calendar } from '../calendar/types.js';
import type { Config, Price } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { groupBy } from '../values/group.js';
import type { Instant, LocalDate } from '../values/time.js';

const DAY = 86_400_000;
/** A price for all days is as old as dates go; the customer's cycle begins later. */
const EARLIEST: LocalDate = '1900-01-01';

/**
 * By calendar, the instant from which its periods are needed: where the last standing invoice of a customer with agreements ends, or,
 * where that is earlier, where a period begins that is still open though later ones may be billed (its preview was told with a deadline
 * of its own, it was parked, or its invoice was cancelled, and nobody has billed it since). Whoever is billed by hand alone, or gets no
 * invoice of zero, may have left out any period without a word: there it is the first one since the agreement that has no invoice.
 * Where one period before the first agreement begins (that one bills it in advance) is later, or there is no invoice, it is that.
 * A measured price of a customer reaches as an agreement does, one of a product as far as the customers who were invoiced.
 * Calendars where nothing of that is are left out. Needs `ledger.*`.
 */
export async function chargedFrom(
  engine: Engine, config: Pick<Config, 'agreements' | 'customers' | 'prices'>, calendars: readonly Calendar[],
  calendarKeyOf: (index: number) => number,
): Promise<ReadonlyMap<number, Instant>> {
  const reach = new Map<number, Instant>();
  const firstDays = new Map(config.agreements.map(({ agreement_id, from }) => [agreement_id, from]));
  const measured = config.prices.filter((price) => price.metric !== null);
  if (firstDays.size === 0 && measured.length === 0) return reach;
  const ownDays = firstOwnDays(measured);
  const ofProducts = measured.some((price) => price.scope === 'product');
  const invoiced = await invoicedUntil(engine);
  const gaps = await gapsOf(engine, config.customers.filter(leavesOut).map(({ customer_id }) => customer_id));
  const before = new Map<string, Instant>();
  for (const [index, { customer_id, agreements = [] }] of config.customers.entries()) {
    const key = calendarKeyOf(index);
    const day = [...agreements.map((id) => firstDays.get(id)!), ...ownDays.get(customer_id) ?? []].sort()[0];
    // What is measured in a period and billed in advance of the next one needs the period itself.
    const ended = (invoiced.get(customer_id) ?? -Infinity) - (measured.length === 0 ? 0 : 1);
    const known = `${key} ${day}`;
    if (day !== undefined && !before.has(known)) before.set(known, periodBefore(calendars[key]!, day));
    const missing = day === undefined ? undefined : gaps.get(customer_id)?.find((gap) => gap.until > Date.parse(`${day}T00:00:00Z`));
    const unbilled = Math.min(ended, missing?.from ?? Infinity);
    const from = day !== undefined ? Math.max(before.get(known)!, unbilled) : ofProducts ? ended : -Infinity;
    if (from !== -Infinity) reach.set(key, Math.min(from, reach.get(key) ?? Infinity));
  }
  return reach;
}

/** By customer, where what is billed ends, or where an earlier period begins that is known to be open. */
async function invoicedUntil(engine: Engine): Promise<Map<string, Instant>> {
  const rows = await engine.rows<{ customer_id: string; ends: bigint }>(`
    WITH made AS (
      SELECT i.customer_id, i.period_start, i.period_end, i.currency, s.status = 'processed' AS stands
      FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id
      WHERE i.confirmed_by IS DISTINCT FROM 'credit'
    ), begun AS (
      SELECT customer_id, period_start, period_end, currency FROM made WHERE NOT stands
      UNION ALL
      -- Its first instant is enough: an invoice for any of it covers that one, in whatever currency.
      SELECT customer_id, period_start, period_start + INTERVAL 1 MILLISECOND, NULL FROM ledger.openings
      UNION ALL
      SELECT customer_id, period_start, period_start + INTERVAL 1 MILLISECOND, NULL FROM (
        SELECT subject_id AS customer_id, CAST(json_extract_string(detail, '$.period_start') AS TIMESTAMP) AS period_start
        FROM ledger.events WHERE subject = 'customer' AND event = 'parked')
    ), unbilled AS (
      -- Nearly all of them have an invoice of their own: those leave by key, before anything is compared.
      SELECT b.customer_id, b.period_start, b.period_end, b.currency FROM begun AS b
      ANTI JOIN made AS n ON n.stands AND n.customer_id = b.customer_id AND n.period_start = b.period_start
        AND n.currency = coalesce(b.currency, n.currency)
    ), still_open AS (
      SELECT u.customer_id, min(u.period_start) AS begins FROM unbilled AS u
      ANTI JOIN made AS n ON n.stands AND n.customer_id = u.customer_id AND n.period_start < u.period_end AND n.period_end > u.period_start
        AND n.currency = coalesce(u.currency, n.currency)
      GROUP BY u.customer_id
    )
    SELECT m.customer_id, epoch_ms(least(max(m.period_end), min(o.begins))) AS ends
    FROM made AS m LEFT JOIN still_open AS o ON o.customer_id = m.customer_id
    WHERE m.stands GROUP BY m.customer_id`);
  return new Map(rows.map(({ customer_id, ends }) => [customer_id, Number(ends)]));
}

/** Whether a period may be over without an invoice and without a word about it. */
function leavesOut({ zero_invoices, cycle }: Config['customers'][number]): boolean {
  return zero_invoices === 'skip' || cycle.some(({ automation }) => !automation.enabled);
}

interface Gap { readonly from: Instant; readonly until: Instant }

/** Time without a standing invoice before one of a customer's, the earliest first; from the beginning of time before the first. */
async function gapsOf(engine: Engine, customers: readonly string[]): Promise<ReadonlyMap<string, readonly Gap[]>> {
  if (customers.length === 0) return new Map();
  const rows = await engine.rows<{ customer_id: string; ended: bigint | null; begins: bigint }>(`
    SELECT customer_id, epoch_ms(ended) AS ended, epoch_ms(period_start) AS begins
    FROM (
      SELECT i.customer_id, i.period_start, max(i.period_end) OVER (PARTITION BY i.customer_id ORDER BY i.period_start, i.period_end
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ended
      FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id
      WHERE s.status = 'processed' AND i.confirmed_by IS DISTINCT FROM 'credit'
        AND i.customer_id IN (SELECT unnest([${customers.map(literal).join(', ')}])))
    WHERE ended IS NULL OR ended < period_start
    ORDER BY customer_id, period_start`);
  return groupBy(rows.map((row) => ({
    customer_id: row.customer_id, from: row.ended === null ? -Infinity : Number(row.ended), until: Number(row.begins),
  })), ({ customer_id }) => customer_id);
}

/** By customer, the first day of the earliest of these that is the customer's own. */
function firstOwnDays(prices: readonly Price[]): Map<string, LocalDate[]> {
  const days = new Map<string, LocalDate[]>();
  for (const { scope, owner, from } of prices) {
    if (scope === 'customer' && !days.has(owner)) days.set(owner, [from ?? EARLIEST]);
  }
  return days;
}

/** An instant in the period before the one that a day lies in. */
function periodBefore(calendar: Calendar, day: LocalDate): Instant {
  // Wherever the customer is, the day has not begun yet.
  const at = Date.parse(`${day}T00:00:00Z`) - DAY;
  const own = periodsOf(calendar, at, at + 1).find((period) => period.period_start <= at);
  return own === undefined ? at : own.period_start - 1;
}

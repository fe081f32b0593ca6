/** How far back a draft must look for what agreements charge: to the first period that may still be open for somebody. */
import { periodsOf } from '../calendar/calendar.js';
import type { Calendar } from '../calendar/types.js';
import type { Config } from '../config/types.js';
import type { Engine } from '../engine/engine.js';
import type { Instant, LocalDate } from '../values/time.js';

const DAY = 86_400_000;

/**
 * By calendar, the instant from which its periods are needed: where the last standing invoice of a customer with agreements ends,
 * or, where that is later or there is none, one period before the first agreement begins (that one bills it in advance).
 * Calendars without agreements are left out. Needs `ledger.*`.
 */
export async function chargedFrom(
  engine: Engine, config: Pick<Config, 'agreements' | 'customers'>, calendars: readonly Calendar[],
  calendarKeyOf: (index: number) => number,
): Promise<ReadonlyMap<number, Instant>> {
  const reach = new Map<number, Instant>();
  const firstDays = new Map(config.agreements.map(({ agreement_id, from }) => [agreement_id, from]));
  if (firstDays.size === 0) return reach;
  const rows = await engine.rows<{ customer_id: string; ends: bigint }>(`
    SELECT i.customer_id, epoch_ms(max(i.period_end)) AS ends
    FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id
    WHERE s.status = 'processed' GROUP BY i.customer_id`);
  const invoiced = new Map(rows.map(({ customer_id, ends }) => [customer_id, Number(ends)]));
  const before = new Map<string, Instant>();
  for (const [index, { customer_id, agreements = [] }] of config.customers.entries()) {
    const day = agreements.map((id) => firstDays.get(id)!).sort()[0];
    if (day === undefined) continue;
    const key = calendarKeyOf(index);
    const known = `${key} ${day}`;
    if (!before.has(known)) before.set(known, periodBefore(calendars[key]!, day));
    const from = Math.max(before.get(known)!, invoiced.get(customer_id) ?? -Infinity);
    reach.set(key, Math.min(from, reach.get(key) ?? Infinity));
  }
  return reach;
}

/** An instant in the period before the one that a day lies in. */
function periodBefore(calendar: Calendar, day: LocalDate): Instant {
  // Wherever the customer is, the day has not begun yet.
  const at = Date.parse(`${day}T00:00:00Z`) - DAY;
  const own = periodsOf(calendar, at, at + 1).find((period) => period.period_start <= at);
  return own === undefined ? at : own.period_start - 1;
}

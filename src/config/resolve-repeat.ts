/** Repeat bookings with their defaults. Expects checked input. */
import type { ConfigSpec } from './shape.js';
import type { RepeatBooking } from './types.js';

/** Sorted by id. */
export function repeatsOf(spec: ConfigSpec): RepeatBooking[] {
  const entries = Object.entries(spec.repeat_bookings ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return entries.map(([repeat_id, repeat]) => ({
    repeat_id,
    source: `repeat:${repeat_id}`,
    customer_id: repeat.customer,
    product: repeat.product ?? null,
    description: repeat.description ?? null,
    rule: repeat.rule,
    start: repeat.start,
    duration_minutes: repeat.duration_minutes ?? 0,
    timezone: repeat.timezone ?? spec.timezone,
    until: repeat.until ?? null,
    except: repeat.except ?? [],
    quantity: repeat.quantity ?? '1',
    unit_price: repeat.unit_price ?? null,
    amount: repeat.amount ?? null,
    currency: repeat.currency ?? spec.currency,
    tax: repeat.tax ?? null,
    invoice_all: repeat.invoice_all ?? false,
  }));
}

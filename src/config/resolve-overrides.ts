/** Overrides with everything filled in that a manual line takes from its product and customer. Expects checked input. */
import type { ConfigSpec } from './shape.js';
import type { OverrideSpec } from './shape-overrides.js';
import type { ManualLine, Override } from './types.js';

/** In the order in which they are written: of two about the same thing the later one holds. */
export function overridesOf(spec: ConfigSpec): Override[] {
  return (spec.overrides ?? []).map((override) => ({
    customer_id: override.customer ?? null,
    booking: override.booking === undefined ? null : { source: override.source ?? spec.bookings![0]!.name, booking_id: override.booking },
    batch: override.batch ?? null,
    period: override.period ?? null,
    hold: override.hold ?? false,
    skip: override.skip ?? false,
    release: override.release ?? false,
    reason: override.reason ?? null,
    lines: (override.lines ?? []).map((line, index) => manualLine(spec, override, line, index)),
    purchase_order: override.purchase_order ?? null,
    note: override.note ?? null,
  }));
}

function manualLine(spec: ConfigSpec, override: OverrideSpec, line: NonNullable<OverrideSpec['lines']>[number], index: number): ManualLine {
  const product = line.product ?? null;
  const prices = product === null ? [] : [spec.customers?.[override.customer!]?.prices?.[product], spec.products?.[product]?.price];
  const listed = prices.find((each): each is string => typeof each === 'string');
  return {
    charge_id: `manual:${override.customer!}:${override.batch ?? override.period!}:${line.id ?? index + 1}`,
    description: line.description ?? null,
    product,
    quantity: line.quantity ?? '1',
    unit_price: (line.unit_price ?? listed)!,
    currency: line.currency ?? spec.currency,
    tax: line.tax ?? null,
  };
}

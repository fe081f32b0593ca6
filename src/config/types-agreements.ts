/**
 * What is agreed, resolved. The rules that hold for all of it:
 *
 * - Amounts, prices, quantities, percents and rates are decimal strings with at most 6 decimals; amounts (not prices per unit) have
 *   at most the decimals of their currency. Percent "5" is 5 %.
 * - Days are local dates in the zone of the cycle that the customer uses. `from` and `until` are both included; null is open.
 *   They are the days on which something holds in effect: cut to the agreement, to its renewals and to what stands around them.
 * - A price, a quantity and a discount are chosen by the first day of service of a line, a rate of tax by the last.
 * - An agreement is terms. Each customer that lists it has an instance of its own: bounds, tiers and discounts are counted per
 *   customer. Its money is in `currency`; lines in another currency are none of its business.
 * - Amounts of an agreement are in the terms of its `prices_include_tax`. A line in the other terms counts with its amount converted
 *   at its rate of tax, rounded once.
 * - `path` is where it is written: `config.place(path)` gives file, line and column.
 *
 * Order: 1 lines at their price, rounded once each · 2 discounts on lines · 3 discounts on the net, spread over the lines by largest
 * remainder, of equals to the lower line key · 4 maximum, then minimum · 5 deposits · 6 conversion to `invoice_currency` · 7 tax ·
 * 8 zero and negative totals. In 2 and 3 percents come before amounts, and each takes of what the ones before left.
 */
import type { Texts } from '../values/locales.js';
import type { LocalDate } from '../values/time.js';

export type ConfigPath = readonly (string | number)[];

/** A month of an index, `YYYY-MM`. */
export type Month = string;

/**
 * A stretch of time that is counted through. `period`: the billing periods of the customer. `month`: `count` months from `anchor`
 * on (the n-th computed from the anchor, not from the one before; 31 January, 28 February, 31 March). `term`: the terms of the
 * agreement, see `termsUntil` in agreement-dates.ts.
 */
export type Span =
  | { readonly unit: 'period' }
  | { readonly unit: 'month'; readonly count: number; readonly anchor: LocalDate }
  | { readonly unit: 'term' };

/** The first `up_to` units above the tier before; `up_to` is included, null is without end. All fields count: see {@link Price}. */
export interface PriceTier {
  readonly up_to: string | null;
  /** Per unit, or per package where there is a `package_size`. */
  readonly unit_price: string;
  /** Units, rounded up to whole packages within the tier; null: parts of units count as they are. */
  readonly package_size: string | null;
  readonly percent: string;
  readonly flat_fee: string;
}

export type MetricColumn = 'quantity' | 'amount' | 'booking_id' | 'product' | 'description' | 'source' | 'starts_on';

/**
 * Bookings of a span as one number. `latest` is the column in the booking with the last (starts_at, source, booking_id). Without
 * bookings the number is 0. Columns of `sum`, `max` and `latest` are quantity or amount; `count` has none (null).
 */
export interface Metric {
  readonly of: 'count' | 'sum' | 'max' | 'unique' | 'latest';
  readonly column: MetricColumn | null;
  /** All of them hold; an empty list is no condition. `product` is never empty. */
  readonly where: { readonly product: readonly string[]; readonly source: readonly string[]; readonly description: readonly string[] };
  /** "1" where nothing is divided. */
  readonly divide_by: string;
  /** After dividing, up to a whole number. */
  readonly round_up: boolean;
}

/** What the percentage models take of single bookings, before tiers. */
export interface PerBooking {
  readonly fee: string;
  /** The first bookings of the span, by (starts_at, source, booking_id), that are free; null: as many as `Price.included` lets. */
  readonly included: number | null;
  readonly minimum: string | null;
  readonly maximum: string | null;
}

/**
 * One price of a product that holds from `from` to `until`. There are no gaps to fill and nothing to inherit in it: for a booking
 * it is the row with its product, its currency, its service day, and the first of the scopes customer, agreement (one that the
 * customer lists), product. At most one row of a scope fits. A booking with an amount or unit price of its own needs no row and is
 * not measured; but where the row measures amounts (metric.column `amount`), its amount is what is measured, not its price.
 *
 * `metric` null: every booking is a line of its own, quantity × `tiers[0].unit_price` (there is one tier, and nothing else is set).
 * Otherwise the units are the metric of the bookings within the row's days and the span `per`, less `included` (not below 0), and
 * the price of `u` units is
 *
 * - graduated: the sum over the tiers reached of `flat_fee` + `unit_price` × units in it (packages, if sized) + `percent` % of the
 *   units in it. A tier is reached by the first part of a unit above the one before; the first tier always, by 0 units too.
 * - volume: the same of the one tier with `up_to` >= u, with all units in it.
 *
 * then at least `minimum`, at most `maximum`, per span: what is missing is charged when the span is over, with its last part. A span
 * cut short by the row's days has its minimum and maximum × its days / days of the whole span. A span over several invoices is
 * charged as the price of all units so far less what was charged before. Rounded once per line; a line is a tier, or the minimum.
 *
 * A metric that names other products (`where.product`) only counts their bookings; these are billed by their own price as well.
 */
export interface Price {
  readonly scope: 'customer' | 'agreement' | 'product';
  /** The customer_id or agreement_id; the product itself in the scope product. */
  readonly owner: string;
  readonly product: string;
  readonly from: LocalDate | null;
  readonly until: LocalDate | null;
  readonly currency: string;
  readonly prices_include_tax: boolean;
  /** As written, for words only. `trial`: free, before the agreement's `trial_until`. */
  readonly model: 'per_unit' | 'package' | 'graduated' | 'volume' | 'percentage' | 'cost_plus' | 'flat' | 'trial';
  readonly mode: 'graduated' | 'volume';
  /** Ascending, at least one, the last one without end. */
  readonly tiers: readonly PriceTier[];
  readonly metric: Metric | null;
  readonly per: Span;
  /** Units of the metric, "0" for none. */
  readonly included: string;
  readonly minimum: string | null;
  readonly maximum: string | null;
  /** Only with the percentage models, if any of it is written. */
  readonly per_booking: PerBooking | null;
  /**
   * `flat`: only when there is a booking in the span. Otherwise 0 units have a price as well (the first tier's flat fee, the minimum),
   * but for the scope product: a list price binds those who use it.
   */
  readonly needs_usage: boolean;
  readonly path: ConfigPath;
}

/** A value from a day on, until the next one's. Ascending; the first has null. */
export interface DatedValue {
  readonly from: LocalDate | null;
  readonly value: string;
  readonly path: ConfigPath;
}

/** A yearly change of a charge's price; `pricesUntil` in agreement-dates.ts turns it into dated prices. */
export interface Uplift {
  /** Either percent or index. */
  readonly percent: string | null;
  readonly index: { readonly id: string; readonly base: Month; readonly lag_months: number } | null;
  /** Changes on the days 12, 24, … months after `anchor` that lie after `after`. */
  readonly anchor: LocalDate;
  readonly after: LocalDate;
  readonly path: ConfigPath;
}

/**
 * A recurring charge. Time is cut into units of `span` from `anchor`, forward and back (null: from the local date of `start` of the
 * first cycle that the customer uses). A unit costs price × quantity. It is cut into parts at `from`, `until`, and where price or
 * quantity change; a part costs its days of the days of the whole unit (calendar_days), its days of 30 a month, counted as
 * 30 × months + difference of days (fixed_30; only for units of months), or (none) the unit is not cut: it costs in full what holds
 * on its first day in effect. Parts that are whole units and cost the same stand on one line, their number in its quantity.
 *
 * in_arrears: billed with the first invoice whose boundary lies at or after the end of the unit. in_advance: with the first invoice
 * whose next boundary lies after its beginning.
 */
export interface Charge {
  readonly charge_id: string;
  readonly name: string;
  readonly span: { readonly unit: 'day' | 'month'; readonly count: number };
  readonly anchor: LocalDate | null;
  readonly from: LocalDate;
  readonly until: LocalDate | null;
  readonly timing: 'in_advance' | 'in_arrears';
  readonly proration: 'calendar_days' | 'fixed_30' | 'none';
  readonly prices: readonly DatedValue[];
  readonly quantities: readonly DatedValue[];
  readonly uplift: Uplift | null;
  readonly product: string | null;
  /** What holds unless the customer has a tax of its own; null: no tax is known, the customer is parked. */
  readonly tax: string | null;
  readonly path: ConfigPath;
}

/** A one-time fee, or a milestone that is done (the others are left out). On the invoice whose period has `on`, else the next one. */
export interface Fee {
  readonly charge_id: string;
  readonly kind: 'fee' | 'milestone';
  readonly name: string;
  readonly amount: string;
  readonly on: LocalDate;
  readonly product: string | null;
  readonly tax: string | null;
  readonly path: ConfigPath;
}

/**
 * A minimum or maximum of the lines of the agreement in each `per`, cut to `from` and `until`, and to the beginning of the customer's
 * billing. Longer than a period, an invoice is of the time in which its period begins; the first time has what begins before it, the last
 * one of the agreement what comes late.
 */
export interface Bound {
  readonly kind: 'minimum' | 'maximum';
  readonly name: string;
  readonly amount: string;
  readonly per: Span;
  readonly applies_to: 'all' | 'usage' | 'charges';
  /** A span cut short by `from` or `until` has amount × its days / days of the whole span, rounded to the currency. */
  readonly prorate: boolean;
  readonly from: LocalDate;
  readonly until: LocalDate | null;
  /** Of the line that a minimum makes; a maximum lowers lines that are there. */
  readonly tax: string | null;
  readonly path: ConfigPath;
}

/**
 * A discount of the lines that belong to the agreement: charges, fees, milestones, and bookings (those it prices, and as the first in
 * force of the customer's list those that none prices). Bounds' and deposits' lines have none. They stand in the order in which they
 * are taken: by `on` (line, net), then percent before amount, then as written. Never more than the sum it is taken of; a sum that is
 * not above zero has none.
 */
export interface Discount {
  readonly name: string;
  readonly on: 'line' | 'net';
  /** Either percent or amount. */
  readonly percent: string | null;
  readonly amount: string | null;
  /** Empty: all lines of the agreement. */
  readonly products: readonly string[];
  readonly from: LocalDate;
  readonly until: LocalDate | null;
  /** The first so many billing periods, beginning with the one that contains `from`; null: all. */
  readonly periods: number | null;
  /** The most it takes off one invoice. */
  readonly cap: string | null;
  readonly path: ConfigPath;
}

/**
 * Money paid ahead. Charged like a fee on `on`, unless that is the last invoice of the agreement; taken off, with the same tax and rate,
 * as far as it reaches and the invoice with its tax; the rest is refunded on the last invoice. That is the first one whose boundary lies
 * at or after the end of the agreement.
 */
export interface Deposit {
  readonly charge_id: string;
  readonly name: string;
  readonly amount: string;
  readonly on: LocalDate;
  readonly apply: 'next_invoice' | 'final_invoice';
  readonly tax: string | null;
  readonly path: ConfigPath;
}

export interface Agreement {
  readonly agreement_id: string;
  readonly name: string;
  readonly from: LocalDate;
  /** With all renewals; null: open, or renewed without end. */
  readonly until: LocalDate | null;
  /** The first term, and the months of each that follows; null: none follows. */
  readonly term: { readonly until: LocalDate | null; readonly months: number | null };
  /** First day that is not free; `from` where there is no trial. Charges, bounds and prices are cut to it already. */
  readonly charged_from: LocalDate;
  readonly currency: string;
  readonly prices_include_tax: boolean;
  readonly charges: readonly Charge[];
  readonly fees: readonly Fee[];
  readonly bounds: readonly Bound[];
  readonly discounts: readonly Discount[];
  readonly deposits: readonly Deposit[];
  readonly path: ConfigPath;
}

/** What a customer adds to {@link Config.agreements}; every key is there in a loaded configuration. */
export interface CustomerAgreements {
  /** Ids in the order written. A booking that no agreement prices belongs to the first one in force on its service day. */
  readonly agreements: readonly string[];
  /** Taxes by product; they win over `tax` of the customer. */
  readonly taxes: Readonly<Record<string, string>>;
  /** Everything is billed in this currency, at declared rates; null: one invoice per currency. */
  readonly invoice_currency: string | null;
  readonly zero_invoices: 'issue' | 'skip';
  readonly negative_total: 'credit_note' | 'carry_over';
}

/** A rate of tax from a day on, until the next one's. Ascending; the first has null. */
export interface TaxRate {
  readonly from: LocalDate | null;
  readonly rate: string;
  /** As those of a tax. */
  readonly name: string;
  readonly names?: Texts;
  readonly path: ConfigPath;
}

/** Sorted by from, to, on. It holds from `on` until the next one of the same pair; before the first there is none. */
export interface ExchangeRate {
  readonly from: string;
  readonly to: string;
  /** How much of `to` one of `from` is. */
  readonly rate: string;
  readonly on: LocalDate;
  readonly source: string;
  readonly path: ConfigPath;
}

/** Values ascending by month. */
export interface PriceIndex {
  readonly index: string;
  readonly values: readonly { readonly month: Month; readonly value: string }[];
}

/** Taken off by the customer who pays early (skonto): `percent` of the total if paid within so many days of the document date. */
export interface EarlyPayment {
  readonly percent: string;
  readonly within_days: number;
}

/** Agreements with everything filled in: days cut to what is in effect, percents of a total as amounts, discounts in their order. */
import { exponentOf, parseDecimal } from '../values/money.js';
import { addDays } from '../values/time.js';
import type { LocalDate } from '../values/time.js';
import { CALENDAR, earlier, lastDayOf, later, MONTHS, monthsOf, scaled, spanOf } from './agreement-dates.js';
import type { AgreementSpec, BoundSpec, ChargeSpec, DiscountSpec } from './shape-agreements.js';
import type { ConfigSpec, CustomerSpec } from './shape.js';
import type {
  Agreement, Bound, Charge, ConfigPath, CustomerAgreements, DatedValue, Deposit, Discount, ExchangeRate, Fee, PriceIndex, Uplift,
} from './types-agreements.js';

/** An agreement as written, with what its parts inherit. */
interface Frame {
  readonly spec: ConfigSpec;
  readonly agreement: AgreementSpec;
  readonly path: ConfigPath;
  readonly currency: string;
  /** The last day, with renewals. */
  readonly until: LocalDate | null;
  readonly charged_from: LocalDate;
}

/** All agreements, sorted by id. */
export function agreementsOf(spec: ConfigSpec): Agreement[] {
  return byKey(spec.agreements).map(([agreement_id, agreement]) => {
    const path: ConfigPath = ['agreements', agreement_id];
    const frame: Frame = {
      spec, agreement, path, currency: agreement.currency ?? spec.currency, until: lastDayOf(agreement),
      charged_from: agreement.trial_until ?? agreement.from,
    };
    return {
      agreement_id,
      name: agreement.name ?? agreement_id,
      from: agreement.from,
      until: frame.until,
      term: { until: agreement.until ?? null, months: agreement.renew === undefined ? null : monthsOf(agreement.renew) },
      charged_from: frame.charged_from,
      currency: frame.currency,
      prices_include_tax: agreement.prices_include_tax ?? spec.prices_include_tax ?? false,
      charges: (agreement.charges ?? []).map((each, index) => chargeOf(each, frame, [...path, 'charges', index])),
      fees: feesOf(frame),
      bounds: (['minimum', 'maximum'] as const).flatMap((kind) => boundsOf(kind, frame)),
      discounts: discountsOf(frame),
      deposits: depositsOf(frame),
      path,
    };
  });
}

function byKey<T>(map: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** The tax of a line of an agreement unless the customer has one of its own. */
export function taxOfPart(part: { tax?: string; product?: string }, agreement: AgreementSpec, spec: ConfigSpec): string | null {
  const ofProduct = part.product === undefined ? undefined : spec.products?.[part.product]?.tax;
  return part.tax ?? ofProduct ?? agreement.tax ?? spec.tax ?? null;
}

function chargeOf(charge: ChargeSpec, frame: Frame, path: ConfigPath): Charge {
  const { agreement, spec } = frame;
  const first = later(charge.from ?? null, agreement.from);
  const units = charge.per === 'day' ? 1 : charge.per === 'week' ? 7 : MONTHS[charge.per]!;
  return {
    charge_id: charge.id,
    name: charge.name,
    span: { unit: charge.per === 'day' || charge.per === 'week' ? 'day' : 'month', count: units },
    anchor: anchorOf(charge, agreement),
    from: later(charge.from ?? null, frame.charged_from),
    until: earlier(charge.until ?? null, frame.until),
    timing: charge.timing ?? 'in_arrears',
    proration: typeof charge.prorate === 'string' ? charge.prorate : charge.prorate === false ? 'none' : 'calendar_days',
    prices: datedOf(charge.price, 'price', [...path, 'price']),
    quantities: datedOf(charge.quantity ?? '1', 'quantity', charge.quantity === undefined ? path : [...path, 'quantity']),
    uplift: upliftOf(charge, frame, first, [...path, 'uplift']),
    product: charge.product ?? null,
    tax: taxOfPart(charge, agreement, spec),
    path,
  };
}

/** Null stands for the cycle of the customer. */
function anchorOf({ anchor = 'cycle' }: ChargeSpec, agreement: AgreementSpec): LocalDate | null {
  if (anchor === 'cycle') return null;
  return anchor === 'calendar' ? CALENDAR : anchor === 'anniversary' ? agreement.from : anchor;
}

/** The first value holds from the beginning, whatever its day: where it begins is for the charge to say. */
function datedOf<K extends string>(
  written: string | readonly ({ readonly from?: string } & Readonly<Record<K, string>>)[], key: K, path: ConfigPath,
): DatedValue[] {
  if (typeof written === 'string') return [{ from: null, value: written, path }];
  return written.map((each, index) => ({ from: index === 0 ? null : each.from!, value: each[key], path: [...path, index] }));
}

function upliftOf({ uplift }: ChargeSpec, { agreement }: Frame, first: LocalDate, path: ConfigPath): Uplift | null {
  if (uplift === undefined) return null;
  const dayBefore = uplift.from === undefined ? null : addDays(uplift.from, -1);
  return {
    percent: uplift.percent ?? null,
    index: uplift.index === undefined ? null : { id: uplift.index, base: uplift.base!, lag_months: uplift.lag_months ?? 1 },
    anchor: uplift.on === 'calendar_year' ? `${first.slice(0, 4)}-01-01` : agreement.from,
    after: later(dayBefore, first),
    path,
  };
}

/** Fees, and the milestones that are done, by day and as written. */
function feesOf({ agreement, spec, path, currency }: Frame): Fee[] {
  const fees = (agreement.fees ?? []).map((each, index): Fee => ({
    charge_id: each.id, kind: 'fee', name: each.name, amount: each.amount, on: each.on, product: each.product ?? null,
    tax: taxOfPart(each, agreement, spec), path: [...path, 'fees', index],
  }));
  const milestones = (agreement.milestones ?? []).flatMap((each, index): Fee[] => (each.done !== true ? [] : [{
    charge_id: each.id, kind: 'milestone', name: each.name, amount: partOfTotal(each, agreement, currency, spec), on: each.on,
    product: each.product ?? null, tax: taxOfPart(each, agreement, spec), path: [...path, 'milestones', index],
  }]));
  return [...fees, ...milestones].sort((a, b) => (a.on < b.on ? -1 : a.on > b.on ? 1 : 0));
}

/** An amount, or a percent of the agreement's total, rounded to the currency as the project rounds. */
export function partOfTotal(
  part: { amount?: string; percent?: string }, agreement: AgreementSpec, currency: string, spec: Pick<ConfigSpec, 'rounding'>,
): string {
  if (part.amount !== undefined) return part.amount;
  const factor = { over: parseDecimal(part.percent ?? '0')!, under: 100_000_000n };
  return scaled(agreement.total ?? '0', factor, exponentOf(currency), spec.rounding === 'half_even');
}

function boundsOf(kind: Bound['kind'], frame: Frame): Bound[] {
  const { agreement, spec, path } = frame;
  const written = agreement[kind] as BoundSpec | readonly BoundSpec[] | undefined;
  if (written === undefined) return [];
  const list = Array.isArray(written) ? written as readonly BoundSpec[] : [written as BoundSpec];
  return list.map((each, index) => ({
    kind,
    name: each.name ?? (kind === 'minimum' ? 'Minimum' : 'Maximum'),
    amount: each.amount,
    per: spanOf(each.per, agreement.from),
    applies_to: each.applies_to ?? 'all',
    prorate: each.prorate ?? true,
    from: later(each.from ?? null, frame.charged_from),
    until: earlier(each.until ?? null, frame.until),
    tax: kind === 'minimum' ? taxOfPart(each, agreement, spec) : null,
    path: Array.isArray(written) ? [...path, kind, index] : [...path, kind],
  }));
}

/** In the order in which they are taken: on lines, then on the net; of each percents, then amounts; of these as written. */
function discountsOf({ agreement, path, until }: Frame): Discount[] {
  const rank = ({ on, percent }: DiscountSpec): number => (on === 'line' ? 0 : 2) + (percent === undefined ? 1 : 0);
  return (agreement.discounts ?? [])
    .map((each, index) => ({ each, rank: rank(each), path: [...path, 'discounts', index] }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ each, path: place }) => ({
      name: each.name,
      on: each.on ?? 'net',
      percent: each.percent ?? null,
      amount: each.amount ?? null,
      products: [...each.products ?? []].sort(),
      from: later(each.from ?? null, agreement.from),
      until: earlier(each.until ?? null, until),
      periods: each.periods ?? null,
      cap: each.cap ?? null,
      path: place,
    }));
}

function depositsOf({ agreement, spec, path, currency }: Frame): Deposit[] {
  return (agreement.deposits ?? []).map((each, index) => ({
    charge_id: each.id,
    name: each.name,
    amount: partOfTotal(each, agreement, currency, spec),
    on: each.on,
    apply: each.apply ?? 'final_invoice',
    tax: taxOfPart(each, agreement, spec),
    path: [...path, 'deposits', index],
  }));
}

/** What of a customer has to do with agreements; a level above it is the project. */
export function customerAgreementsOf(customer: CustomerSpec, spec: ConfigSpec): CustomerAgreements {
  return {
    agreements: customer.agreements ?? [],
    taxes: customer.taxes ?? {},
    invoice_currency: customer.invoice_currency ?? null,
    zero_invoices: customer.zero_invoices ?? spec.zero_invoices ?? 'issue',
    negative_total: customer.negative_total ?? spec.negative_total ?? 'credit_note',
  };
}

export function exchangeRatesOf(spec: ConfigSpec): ExchangeRate[] {
  const keyOf = ({ from, to, on }: ExchangeRate): string => `${from} ${to} ${on}`;
  return (spec.exchange_rates ?? [])
    .map((each, index): ExchangeRate => ({ ...each, path: ['exchange_rates', index] }))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0));
}

export function indexesOf(spec: ConfigSpec): PriceIndex[] {
  return byKey(spec.indexes).map(([index, values]) => ({ index, values: byKey(values).map(([month, value]) => ({ month, value })) }));
}

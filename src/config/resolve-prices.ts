/** Prices of usage, whoever writes them, as one flat list: models become tiers, lists by date become rows with first and last day. */
import { formatMicro, parseDecimal } from '../values/money.js';
import { addDays } from '../values/time.js';
import type { LocalDate } from '../values/time.js';
import { CALENDAR, earlier, lastDayOf, later, spanOf } from './agreement-dates.js';
import type { AgreementSpec, MetricSpec, PriceSpec, PricesSpec } from './shape-agreements.js';
import type { ConfigSpec } from './shape.js';
import type { ConfigPath, Metric, PerBooking, Price, PriceTier } from './types-agreements.js';

const SCOPES: readonly Price['scope'][] = ['customer', 'agreement', 'product'];

/** Whose prices, in which money, for which days, and from which day months and years are counted. */
type Frame = Pick<Price, 'scope' | 'owner' | 'currency' | 'prices_include_tax' | 'from' | 'until'> & { readonly anchor: LocalDate };

/** All prices, sorted by scope (customer, agreement, product), owner, product and day. */
export function pricesOf(spec: ConfigSpec): Price[] {
  const always = { currency: spec.currency, from: null, until: null, anchor: CALENDAR };
  const byProject = spec.prices_include_tax ?? false;
  const prices: Price[] = [];
  for (const [product, { price, prices_include_tax }] of Object.entries(spec.products ?? {})) {
    const frame: Frame = { ...always, scope: 'product', owner: product, prices_include_tax: prices_include_tax ?? byProject };
    if (price !== undefined) prices.push(...rowsOf(product, price, ['products', product, 'price'], frame));
  }
  for (const [owner, { prices: own, prices_include_tax }] of Object.entries(spec.customers ?? {})) {
    if (own === undefined) continue;
    const frame: Frame = { ...always, scope: 'customer', owner, prices_include_tax: prices_include_tax ?? byProject };
    for (const [product, each] of Object.entries(own)) {
      prices.push(...rowsOf(product, each, ['customers', owner, 'prices', product], frame));
    }
  }
  for (const [owner, agreement] of Object.entries(spec.agreements ?? {})) prices.push(...agreed(owner, agreement, spec));
  return prices.sort(byOwner);
}

function byOwner(a: Price, b: Price): number {
  const [before, after] = [a, b].map((each) => [SCOPES.indexOf(each.scope), each.owner, each.product, each.from ?? '']);
  const at = before!.findIndex((part, index) => part !== after![index]);
  return at < 0 ? 0 : before![at]! < after![at]! ? -1 : 1;
}

/** Prices of an agreement; before the end of its trial they are rows that cost nothing. */
function agreed(owner: string, agreement: AgreementSpec, spec: ConfigSpec): Price[] {
  const { from, trial_until: charged = from } = agreement;
  const frame: Frame = {
    scope: 'agreement', owner, currency: agreement.currency ?? spec.currency, anchor: from, from: charged, until: lastDayOf(agreement),
    prices_include_tax: agreement.prices_include_tax ?? spec.prices_include_tax ?? false,
  };
  return Object.entries(agreement.prices ?? {}).flatMap(([product, each]) => {
    const path: ConfigPath = ['agreements', owner, 'prices', product];
    const rows = rowsOf(product, each, path, frame);
    if (charged <= from) return rows;
    return [...rowsOf(product, each, path, { ...frame, from, until: addDays(charged, -1) }).map(freed), ...rows];
  });
}

/** The same at no cost. It keeps its metric: amounts that are only measured must not be billed because of a trial. */
function freed(row: Price): Price {
  return {
    ...row, model: 'trial', mode: 'graduated', tiers: [FREE], included: '0', minimum: null, maximum: null, per_booking: null,
    needs_usage: false,
  };
}

/** The first entry of a list may be open; each holds until the day before the next. What lies outside of the frame falls away. */
function rowsOf(product: string, written: PricesSpec, path: ConfigPath, frame: Frame): Price[] {
  if (typeof written === 'string') return [rowOf(product, { unit_price: written }, path, frame)];
  const list = Array.isArray(written) ? written as readonly PriceSpec[] : [written as PriceSpec];
  return list.flatMap((each, index) => {
    const next = list[index + 1]?.from;
    const from = later(each.from ?? null, frame.from);
    const until = earlier(next === undefined ? null : addDays(next, -1), frame.until);
    if (from !== null && until !== null && from > until) return [];
    return [rowOf(product, each, Array.isArray(written) ? [...path, index] : path, { ...frame, from, until })];
  });
}

function rowOf(product: string, spec: PriceSpec, path: ConfigPath, frame: Frame): Price {
  const { anchor, ...scope } = frame;
  const model = spec.model ?? 'per_unit';
  return {
    ...scope,
    product,
    model,
    mode: model === 'volume' ? 'volume' : 'graduated',
    tiers: tiersOf(spec, model),
    metric: isSimple(spec, model) ? null : metricOf(spec, product, model),
    per: spanOf(spec.per ?? 'period', anchor),
    included: spec.included ?? '0',
    minimum: spec.minimum ?? null,
    maximum: spec.maximum ?? null,
    per_booking: perBookingOf(spec),
    needs_usage: model === 'flat',
    path,
  };
}

/** Priced booking by booking: nothing in it needs their sum. */
function isSimple(spec: PriceSpec, model: Price['model']): boolean {
  const sums = [spec.metric, spec.included, spec.minimum, spec.maximum, spec.per];
  return model === 'per_unit' && sums.every((each) => each === undefined);
}

const FREE: PriceTier = { up_to: null, unit_price: '0', package_size: null, percent: '0', flat_fee: '0' };

function tiersOf(spec: PriceSpec, model: Price['model']): PriceTier[] {
  switch (model) {
    case 'graduated': case 'volume':
      return (spec.tiers ?? []).map((tier) => ({ ...FREE, ...tier }));
    case 'package':
      return [{ ...FREE, unit_price: spec.unit_price ?? '0', package_size: spec.package_size ?? '1' }];
    case 'percentage':
      return [{ ...FREE, percent: spec.percent ?? '0' }];
    case 'cost_plus':
      return [{ ...FREE, percent: formatMicro(100_000_000n + parseDecimal(spec.markup ?? '0')!) }];
    case 'flat':
      return [{ ...FREE, flat_fee: spec.amount ?? '0' }];
    case 'per_unit': case 'trial':
      return [{ ...FREE, unit_price: spec.unit_price ?? '0' }];
  }
}

/** Percentages are of amounts; everything else is of quantities. */
export function isOfAmounts(spec: PriceSpec): boolean {
  return spec.model === 'percentage' || spec.model === 'cost_plus' || (spec.tiers ?? []).some((tier) => tier.percent !== undefined);
}

function metricOf(spec: PriceSpec, product: string, model: Price['model']): Metric {
  const metric: MetricSpec = spec.metric ?? { of: model === 'flat' ? 'count' : 'sum' };
  const listOf = (value: string | readonly string[] | undefined): readonly string[] => (
    value === undefined ? [] : typeof value === 'string' ? [value] : [...value].sort());
  const { product: products, source, description } = metric.where ?? {};
  return {
    of: metric.of,
    column: metric.of === 'count' ? null : metric.column ?? (isOfAmounts(spec) ? 'amount' : 'quantity'),
    where: { product: products === undefined ? [product] : listOf(products), source: listOf(source), description: listOf(description) },
    divide_by: metric.divide_by ?? '1',
    round_up: metric.round_up ?? false,
  };
}

function perBookingOf(spec: PriceSpec): PerBooking | null {
  const { fee_per_booking: fee, included_bookings: included, minimum_per_booking: minimum, maximum_per_booking: maximum } = spec;
  if ([fee, included, minimum, maximum].every((each) => each === undefined)) return null;
  return { fee: fee ?? '0', included: included ?? null, minimum: minimum ?? null, maximum: maximum ?? null };
}

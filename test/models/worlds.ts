/** Random parts of worlds: prices of usage as a configuration has them, charges as they are resolved. */
import fc from 'fast-check';
import type { Charge, DatedValue } from '../../src/config/types.js';
import { addDays } from '../../src/values/time.js';

export const PRODUCTS = ['call', 'data', 'site'] as const;

export const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** One time in so many. */
export const rarely = <T>(value: fc.Arbitrary<T>, times = 4): fc.Arbitrary<T | undefined> => fc.oneof({ arbitrary: value, weight: 1 }, { arbitrary: fc.constant(undefined), weight: times - 1 });
const mostly = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 4 });
/** Without the keys that are undefined. */
export const tidy = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
const unitPrice = pick('0', '0.5', '1', '9.99', '12.345678', '0.000333', '95', '-2');
const units = pick('0.1', '1', '2.5', '3', '10', '33.333333');

const common = fc.record({
  included: rarely(units), minimum: rarely(pick('5', '20.01', '100'), 3), maximum: rarely(pick('30.5', '100', '150.5'), 2),
  per: rarely(pick('period', 'month', 'quarter', 'half_year', 'year'), 2),
});
const where = fc.record({
  product: rarely(fc.subarray([...PRODUCTS], { minLength: 1 }), 3), source: rarely(pick('jobs', 'calls'), 4), description: rarely(fc.subarray(['north', 'south', 'west'], { minLength: 1 }), 4),
}).map(tidy);
const metric = fc.oneof(
  fc.record({ of: pick('count'), where: rarely(where, 2) }),
  fc.record({ of: pick('sum', 'max', 'latest'), column: rarely(pick('quantity', 'amount'), 2), where: rarely(where, 2), divide_by: rarely(pick('3', '1000', '0.7'), 3) })
    .chain((each) => (each.divide_by === undefined ? fc.constant(each) : fc.boolean().map((round_up) => ({ ...each, round_up })))),
  fc.record({ of: pick('unique'), column: pick('booking_id', 'product', 'description', 'source', 'starts_on'), where: rarely(where, 2) }),
).map((each) => tidy(each as object));
const tiers = (ofAmounts: boolean): fc.Arbitrary<object[]> => fc.tuple(
  fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
  fc.array(fc.record({ unit_price: ofAmounts ? rarely(unitPrice) : unitPrice, package_size: ofAmounts ? fc.constant(undefined) : rarely(units), percent: ofAmounts ? pick('0', '1.3', '33.333333') : fc.constant(undefined), flat_fee: rarely(pick('3', '10.01'), 3) }), { minLength: 4, maxLength: 4 }),
).map(([ends, rows]) => {
  const bounds = [...ends].sort((a, b) => a - b).map((end) => (ofAmounts ? String(end * 20) : `${end}.5`));
  return rows.slice(0, bounds.length + 1).map((row, i) => tidy({ up_to: bounds[i], ...row }));
});
const perBooking = fc.record({
  fee_per_booking: rarely(pick('0.3', '2'), 2), included_bookings: rarely(pick(1, 3), 3), minimum_per_booking: rarely(pick('0.5', '1.75'), 3), maximum_per_booking: rarely(pick('12', '2.5'), 3),
});
const price = fc.oneof(
  { arbitrary: fc.record({ model: pick('graduated', 'volume'), tiers: tiers(false), metric: rarely(metric, 2) }), weight: 4 },
  { arbitrary: fc.record({ model: pick('graduated', 'volume'), tiers: tiers(true) }), weight: 1 },
  { arbitrary: fc.record({ model: pick('per_unit'), unit_price: unitPrice, metric: mostly(metric) }), weight: 2 },
  { arbitrary: fc.record({ model: pick('package'), unit_price: unitPrice, package_size: units, metric: rarely(metric, 3) }), weight: 1 },
  { arbitrary: fc.record({ model: pick('flat'), amount: pick('50', '7.77'), metric: rarely(metric, 3) }), weight: 1 },
  { arbitrary: fc.tuple(fc.oneof(fc.record({ model: pick('percentage'), percent: pick('1.3', '2.99') }), fc.record({ model: pick('cost_plus'), markup: pick('5', '33.333') })), perBooking).map((parts) => ({ ...parts[0], ...parts[1] })), weight: 2 },
).chain((model) => common.map((more) => {
  const spec = tidy({ ...more, ...model }) as Record<string, unknown>;
  // The least is below the most, as the rules of the configuration want it.
  if (Number(spec['minimum']) >= Number(spec['maximum'])) delete spec['minimum'];
  if (spec['minimum_per_booking'] !== undefined && spec['maximum_per_booking'] === '2.5') spec['minimum_per_booking'] = '0.5';
  return spec;
}));
/** A price, or several by date. */
const prices = fc.oneof(
  { arbitrary: price, weight: 3 },
  { arbitrary: fc.tuple(fc.option(price), fc.uniqueArray(pick('2026-02-10', '2026-03-01', '2026-05-16'), { minLength: 1, maxLength: 2 }), fc.array(price, { minLength: 2, maxLength: 2 }))
    .map(([first, days, later]) => [...(first === null ? [] : [first]), ...[...days].sort().map((from, i) => ({ from, ...later[i]! }))]), weight: 2 },
  { arbitrary: unitPrice, weight: 1 },
);
export const someProducts = fc.record(Object.fromEntries(PRODUCTS.map((product) => [product, mostly(prices)]))).map(tidy);

/** A time of day on one of the days from 2026 on. */
export const dayIn = (low: number, most: number): fc.Arbitrary<string> => fc.tuple(fc.integer({ min: low, max: most }), pick('00:00', '09:30', '23:59')).map(([n, clock]) => `${addDays('2026-01-01', n)} ${clock}`);

export const FIRST = '2025-06-01';
export const path = [] as const;
export const day = fc.integer({ min: -60, max: 560 }).map((n) => addDays(FIRST, n));
export const money = fc.oneof(fc.integer({ min: 0, max: 100_000 }).map((n) => (n / 100).toFixed(2)), fc.integer({ min: 0, max: 9_999_999 }).map((n) => (n / 1_000_000).toFixed(6)));
const dated = (value: fc.Arbitrary<string>): fc.Arbitrary<DatedValue[]> => fc.tuple(value, fc.uniqueArray(fc.tuple(day, value), { maxLength: 2, selector: ([on]) => on }))
  .map(([first, rest]) => [{ from: null, value: first, path }, ...rest.sort(([a], [b]) => (a < b ? -1 : 1)).map(([from, each]) => ({ from, value: each, path }))]);

export const INDEX = { index: 'cpi', values: Array.from({ length: 600 }, (_, n) => ({ month: `${2024 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}`, value: `${100 + n}.${n % 10}` })) };

const uplift = (from: string, prices: readonly DatedValue[]): fc.Arbitrary<Charge['uplift']> => fc.record({
  kind: fc.constantFrom('none', 'none', 'percent', 'index'), percent: fc.constantFrom('3', '0.5', '12.25'), lag_months: fc.constantFrom(0, 1, 3), year: fc.boolean(),
}).map(({ kind, percent, lag_months, year }) => {
  const times = { anchor: year ? `${from.slice(0, 4)}-01-01` : from, after: from, path };
  if (kind === 'percent') return { percent, index: null, ...times };
  return kind === 'index' && prices.length === 1 ? { percent: null, index: { id: 'cpi', base: '2025-01', lag_months }, ...times } : null;
});

export const charge = fc.record({
  span: fc.oneof(fc.constantFrom(1, 7).map((count) => ({ unit: 'day' as const, count })), fc.constantFrom(1, 3, 6, 12).map((count) => ({ unit: 'month' as const, count }))),
  anchor: fc.option(day, { nil: null }), from: day, length: fc.option(fc.integer({ min: 0, max: 500 }), { nil: null }), timing: fc.constantFrom('in_advance' as const, 'in_arrears' as const),
  proration: fc.constantFrom('calendar_days' as const, 'fixed_30' as const, 'none' as const), prices: dated(money), quantities: dated(fc.constantFrom('1', '2.5', '100', '0')),
}).chain(({ length, ...rest }) => uplift(rest.from, rest.prices).map((raised): Omit<Charge, 'charge_id' | 'name'> => ({
  ...rest, uplift: raised, until: length === null ? null : addDays(rest.from, length), product: null, tax: 'standard', path,
  proration: rest.span.unit === 'day' && rest.proration === 'fixed_30' ? 'none' : rest.proration,
})));

/** Prices of usage against an oracle, on random prices and bookings, over two runs: the second knows the first from its ledger only. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine, literal } from '../../src/engine/engine.js';
import { addDays } from '../../src/values/time.js';
import { draftOf, periods, provenDraft } from '../support/models.js';
import type { LedgerEvent, World } from '../support/models.js';
import { written } from '../support/usage.js';
import { UsageOracle } from './oracle-usage.js';
import type { UsageBooking } from './oracle-usage.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const CUSTOMERS = 40;
const WORLDS = 14;
const MONTHS = ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01', '2026-07-01', '2026-08-01'];
const PRODUCTS = ['call', 'data', 'site'] as const;

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
/** One time in so many. */
const rarely = <T>(value: fc.Arbitrary<T>, times = 4): fc.Arbitrary<T | undefined> => fc.oneof({ arbitrary: value, weight: 1 }, { arbitrary: fc.constant(undefined), weight: times - 1 });
const mostly = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq: 4 });
/** Without the keys that are undefined. */
const tidy = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
const money = pick('0', '0.5', '1', '9.99', '12.345678', '0.000333', '95', '-2');
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
  fc.array(fc.record({ unit_price: ofAmounts ? rarely(money) : money, package_size: ofAmounts ? fc.constant(undefined) : rarely(units), percent: ofAmounts ? pick('0', '1.3', '33.333333') : fc.constant(undefined), flat_fee: rarely(pick('3', '10.01'), 3) }), { minLength: 4, maxLength: 4 }),
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
  { arbitrary: fc.record({ model: pick('per_unit'), unit_price: money, metric: mostly(metric) }), weight: 2 },
  { arbitrary: fc.record({ model: pick('package'), unit_price: money, package_size: units, metric: rarely(metric, 3) }), weight: 1 },
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
  { arbitrary: money, weight: 1 },
);
const someProducts = fc.record(Object.fromEntries(PRODUCTS.map((product) => [product, mostly(prices)]))).map(tidy);

const customerIds = Array.from({ length: CUSTOMERS }, (_, i) => `c${String(i).padStart(2, '0')}`);
const agreement = fc.record({
  from: pick('2025-11-15', '2026-01-01', '2026-02-11'), until: rarely(pick('2026-04-20', '2026-12-31'), 2), trial_until: rarely(pick('2026-02-20', '2026-03-01'), 5), prices: someProducts,
}).map(tidy);
const dayIn = (low: number, most: number): fc.Arbitrary<string> => fc.tuple(fc.integer({ min: low, max: most }), pick('00:00', '09:30', '23:59')).map(([n, clock]) => `${addDays('2026-01-01', n)} ${clock}`);
const booking = (id: string): fc.Arbitrary<UsageBooking> => fc.record({
  customer: pick(...customerIds), product: pick(...PRODUCTS), start: dayIn(0, 200), hours: pick(0, 1, 80), quantity: pick('1', '2', '0.5', '7.25', '40', '-1'), source: pick('jobs', 'calls'),
  description: pick('north', 'south', 'west'), price: rarely(pick('3', '0.123456'), 8), amount: rarely(pick('10.00', '80.00', '250.55', '-5.00'), 2),
}).map(({ hours, ...rest }) => ({ id, ...tidy(rest), end: new Date(Date.parse(`${rest.start.replace(' ', 'T')}Z`) + hours * 3_600_000).toISOString().slice(0, 16).replace('T', ' ') }));

const world = fc.record({
  rounding: pick<'half_away' | 'half_even'>('half_away', 'half_even'), agreements: fc.tuple(...customerIds.map(() => agreement)), owned: fc.tuple(...customerIds.map(() => rarely(someProducts, 6))),
  products: someProducts, bookings: fc.tuple(...Array.from({ length: CUSTOMERS * 12 }, (_, i) => booking(`b${String(i).padStart(4, '0')}`))),
  /** Which bookings the export has in the first run, in the second, in both. */
  exported: fc.array(pick('both', 'both', 'both', 'first', 'second'), { minLength: CUSTOMERS * 12, maxLength: CUSTOMERS * 12 }), first: fc.integer({ min: 1, max: 4 }), second: fc.integer({ min: 1, max: 3 }),
});

/** What the draft bills becomes a ledger. */
async function committed(customers: readonly string[]): Promise<string> {
  const quoted = (row: Record<string, unknown>): string => `(${Object.values(row).map((value) => (value === null ? 'NULL' : typeof value === 'bigint' ? String(value) : typeof value === 'boolean' ? String(value) : literal(String(value)))).join(', ')})`;
  const invoices = await engine.rows<Record<string, unknown>>(`
    SELECT invoice_id, invoice_id AS number, kind, customer_id, cycle_id, CAST(period_start AS VARCHAR) AS s, CAST(period_end AS VARCHAR) AS e, CAST(billing_date AS VARCHAR) AS b, currency
    FROM draft.invoices ORDER BY invoice_key`);
  const lines = await engine.rows<Record<string, unknown>>(`
    SELECT invoice_id, row_number() OVER (PARTITION BY invoice_id ORDER BY line_key) AS line_no, kind, booking_id, source, product, description, quantity_micro, amount_minor, CAST(service_start AS VARCHAR) AS s, CAST(service_end AS VARCHAR) AS e, charge_id, measured_minor
    FROM draft.billed_lines ORDER BY invoice_id, line_key`);
  expect(customers.length).toBe(CUSTOMERS);
  if (invoices.length === 0) return '';
  return `INSERT INTO ledger.invoices (invoice_id, number, kind, customer_id, cycle_id, period_start, period_end, billing_date, currency) VALUES ${invoices.map(quoted).join(', ')};
    UPDATE ledger.invoices SET total_minor = 0, series = 'invoice', seq = 1, serial = 1;
    INSERT INTO ledger.invoice_status SELECT invoice_id, 'processed', NULL FROM ledger.invoices;
    INSERT INTO ledger.invoice_lines (invoice_id, line_no, kind, booking_id, source, product, description, quantity_micro, amount_minor, service_start, service_end, charge_id, measured_minor)
      VALUES ${lines.map(quoted).join(', ')};
    INSERT INTO ledger.billed SELECT source, booking_id, 'billed', 1, 1, invoice_id, line_no FROM ledger.invoice_lines WHERE kind = 'booking';`;
}

function usage(): Promise<{ line: string }[]> {
  return engine.rows(`SELECT regexp_replace(l.charge_id, '/inv_[0-9a-f]+/', '/') || ' ' || CAST(CAST(i.period_start AS DATE) AS VARCHAR) || ' ' || l.quantity_micro || ' ' || l.amount_minor AS line
    FROM draft.invoice_lines AS l JOIN draft.invoices AS i ON i.invoice_key = l.invoice_key WHERE l.kind = 'usage' ORDER BY line`);
}

describe('usage', () => {
  it(`costs what the oracle says, for ${CUSTOMERS * WORLDS} random agreements in two runs each`, async () => {
    let seen = { lines: 0, corrected: 0, minimum: 0, maximum: 0 };
    await fc.assert(fc.asyncProperty(world, async ({ rounding, agreements, owned, products, bookings, exported, first, second }) => {
      const spec = {
        agreements: Object.fromEntries(agreements.map((each, i) => [`a${customerIds[i]!}`, each])),
        products: Object.fromEntries(Object.entries(products).map(([id, each]) => [id, { name: id, price: each }])),
        customers: Object.fromEntries(customerIds.map((id, i) => [id, { prices: owned[i] ?? {} }])),
      };
      const priced = written(spec);
      const customers = customerIds.map((id) => ({ id, agreements: [`a${id}`] }));
      const oracle = new UsageOracle({ prices: priced.prices, customers, months: MONTHS, rounding });
      let ledger = '';
      for (const [from, to, run] of [[0, first - 1, 'first'], [first, first + second - 1, 'second']] as const) {
        const inExport = bookings.filter((_, i) => exported[i] === 'both' || exported[i] === run);
        const as_of = addDays(MONTHS[to + 1]!, 1);
        const events = MONTHS.slice(1, from + 1).map((id): LedgerEvent => ({ subject: 'batch', id, event: 'closed' }));
        const given: World = {
          as_of, rounding, customers, events, ledger, periods: periods(as_of, MONTHS), bookings: inExport, sources: [{ name: 'jobs' }, { name: 'calls' }],
          products: Object.fromEntries(PRODUCTS.map((product) => [product, {}])), ...priced,
        };
        const draft = await draftOf(engine, given);
        expect(await provenDraft(draft)).toEqual([]);
        const lines = (await usage()).map(({ line }) => line).sort();
        expect(lines).toEqual(oracle.bill(inExport, from, to));
        ledger = await committed(customerIds);
        const count = (what: RegExp): number => lines.filter((line) => what.test(line)).length;
        seen = { lines: seen.lines + lines.length, corrected: seen.corrected + count(/\/\d+ \S+ -/), minimum: seen.minimum + count(/\/min /), maximum: seen.maximum + count(/\/max /) };
      }
    }), { numRuns: WORLDS, endOnFailure: true });
    // The generator must reach the corners.
    expect(seen.lines).toBeGreaterThan(1000);
    for (const corner of [seen.corrected, seen.minimum, seen.maximum]) expect(corner).toBeGreaterThan(20);
  }, 600_000);
});

/** Prices of usage against an oracle, on random prices and bookings, over two runs: the second knows the first from its ledger only. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine, literal } from '../../src/engine/engine.js';
import { addDays } from '../../src/values/time.js';
import { buildAsMany, draftOf, periods, provenDraft } from '../support/models.js';
import type { LedgerEvent, World } from '../support/models.js';
import { written } from '../support/usage.js';
import { UsageOracle } from './oracle-usage.js';
import type { UsageBooking } from './oracle-usage.js';
import { dayIn, pick, PRODUCTS, rarely, someProducts, tidy } from './worlds.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const CUSTOMERS = 40;
const WORLDS = 14;
const MONTHS = ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01', '2026-07-01', '2026-08-01'];
const customerIds = Array.from({ length: CUSTOMERS }, (_, i) => `c${String(i).padStart(2, '0')}`);
const agreement = fc.record({
  from: pick('2025-11-15', '2026-01-01', '2026-02-11'), until: rarely(pick('2026-04-20', '2026-12-31'), 2), trial_until: rarely(pick('2026-02-20', '2026-03-01'), 5), prices: someProducts,
}).map(tidy);
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
        await buildAsMany(engine);
        expect((await usage()).map(({ line }) => line).sort()).toEqual(lines);
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

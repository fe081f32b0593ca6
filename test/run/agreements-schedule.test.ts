/** Agreements are billed alike however often one runs, and a charge is never billed twice, for all sorts of agreements and cycles. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const instant = (hours: number): string => new Date(START + hours * HOUR).toISOString().replace('.000', '');
const day = (n: number): string => instant(24 * n).slice(0, 10);
const END = 150 * 24;

const CYCLES: Spec = {
  berlin: { type: 'bi-weekly', start: '2026-01-05T06:00', timezone: 'Europe/Berlin' }, days: { type: 'custom', every: { days: 5 }, start: '2026-01-03' },
  merged: { type: 'monthly', start: '2026-01-10', first_period: 'merge' }, quarter: { type: 'quarterly', start: '2026-01-31' },
};

async function outcome(made: Project, times: readonly string[]): Promise<Awaited<ReturnType<Project['outcome']>>> {
  for (const time of times) await made.run(time);
  expect(await made.flaws()).toEqual([]);
  return made.outcome();
}

/** Days of the same charge that are billed more than once. */
const TWICE = `WITH days AS (
    SELECT regexp_extract(l.charge_id, '^(.*):', 1) AS charge, CAST(substr(right(l.charge_id, 22), 1, 10) AS DATE) AS a, CAST(right(l.charge_id, 10) AS DATE) AS b
    FROM ledger.invoice_lines AS l WHERE l.kind = 'recurring')
  SELECT x.charge, x.a, y.a AS other FROM days AS x JOIN days AS y ON y.charge = x.charge AND y.a <= x.b AND y.b >= x.a AND (x.a, x.b) <> (y.a, y.b)`;

const money = fc.integer({ min: 0, max: 90_000 }).map((cents) => (cents / 100).toFixed(2));
const from = fc.integer({ min: 0, max: 60 }).map(day);
const stretch = fc.tuple(from, fc.option(fc.integer({ min: 70, max: 140 }).map(day), { nil: undefined }));
const charge = fc.record({
  price: fc.oneof(money, fc.tuple(money, money, fc.integer({ min: 20, max: 110 }).map(day)).map(([a, b, on]) => [{ price: a }, { from: on, price: b }])),
  per: fc.constantFrom('day', 'week', 'month', 'quarter'), quantity: fc.constantFrom('1', '2.5', '7'), timing: fc.constantFrom('in_advance', 'in_arrears'),
  prorate: fc.constantFrom(true, false), anchor: fc.constantFrom('cycle', 'calendar', 'anniversary', '2026-01-31'),
});
const agreement = fc.record({ stretch, charges: fc.array(charge, { minLength: 1, maxLength: 2 }), fee: money, on: fc.integer({ min: 0, max: 5 }) }).map(({ stretch: [first, until], charges, fee, on }): Spec => ({
  from: first, ...(until === undefined ? {} : { until }),
  charges: charges.map((each, i) => ({ id: `c${i}`, name: `Charge ${i}`, ...each })), fees: [{ id: 'fee', name: 'Fee', amount: fee, on: day(60 + on) }],
}));
const settings = fc.record({ lead_days: fc.constantFrom(0, 3), confirmation_window_days: fc.constantFrom(0, 4), late_bookings: fc.constantFrom('next_invoice', 'own_invoice') });
const customer = fc.record({ cycle: fc.constantFrom('monthly', 'weekly', 'ahead', 'berlin', 'days', 'merged', 'quarter'), automation: settings });
const booking = fc.record({ customer: fc.constantFrom('acme', 'bolt'), start: fc.integer({ min: 0, max: END }).map(instant), quantity: fc.constantFrom('1', '-1', '3'), price: fc.constantFrom('95', '10.5') });

describe('any schedule', () => {
  it('bills agreements as one run at the end does', { timeout: 600_000 }, async () => {
    await fc.assert(fc.asyncProperty(
      fc.tuple(customer, customer), fc.tuple(agreement, agreement), fc.array(booking, { maxLength: 5 }), fc.uniqueArray(fc.integer({ min: 1, max: END - 1 }), { minLength: 2, maxLength: 4 }),
      async (customers, [first, second], rows, hours) => {
        const spec = { cycles: CYCLES, agreements: { first, second }, customers: Object.fromEntries(['acme', 'bolt'].map((id, i) => [id, { name: id, agreements: i === 0 ? ['first', 'second'] : ['first'], ...customers[i] }])) };
        const bookings: Booking[] = rows.map((row, i) => ({ id: `J-${i}`, ...row }));
        const one = await project(spec, bookings);
        const once = await outcome(one, [instant(END)]);
        expect(await one.told(TWICE)).toEqual([]);
        const often = await outcome(await project(spec, bookings), [...hours.sort((a, b) => a - b), END].map(instant));
        expect(often).toEqual(once);
      },
    ), { numRuns: 4, endOnFailure: true });
  });
});

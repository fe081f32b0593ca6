/** However often one runs, the end is the same: ledger, documents and messages byte for byte, history by what it says. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const instant = (hours: number): string => new Date(START + hours * HOUR).toISOString().replace('.000', '');

/** Cycles of all kinds, customers that differ in all that moves a date. */
const RICH: Spec = {
  automation: { auto_send_delay_hours: 3, send_window: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], hours: '08:00-18:00' }, limits: { max_change_percent: 400 } },
  partners: { south: { name: 'South', automation: { separate_preview_per_partner: true } } },
  cycles: {
    berlin: { type: 'bi-weekly', start: '2026-01-05T06:00', timezone: 'Europe/Berlin' }, days: { type: 'custom', every: { days: 5 }, start: '2026-01-03' },
    paused: { type: 'weekly', start: '2026-01-05', pause: [{ from: '2026-01-10', until: '2026-02-01' }] },
  },
  customers: {
    acme: { name: 'Acme', cycle: 'monthly', email: 'ap@acme.example', payment_terms: { net_days: 30 } },
    bolt: { name: 'Bolt', cycle: 'weekly', email: ['one@bolt.example', 'two@bolt.example'], partner: 'south', automation: { confirmation_window_days: 0 } },
    core: { name: 'Core', cycle: 'ahead', email: 'core@core.example', partner: 'south', automation: { document_date: 'confirmed_date' } },
    dune: { name: 'Dune', cycle: 'berlin', automation: { lead_days: 2, confirmation_window_days: 1 } },
    echo: { name: 'Echo', cycle: 'days', email: 'e@echo.example', automation: { enabled: false, lock_invoices: true, late_bookings: 'own_invoice' } },
    fern: { name: 'Fern', cycle: 'weekly', email: 'f@fern.example', automation: { enabled: false } },
    gold: { name: 'Gold', cycle: [{ use: 'weekly' }, { use: 'monthly', from: '2026-02-01' }], email: 'g@gold.example', automation: { limits: { max_invoice_total: '900.00' } } },
    hill: { name: 'Hill', cycle: 'paused', email: 'h@hill.example' },
  },
};
const CUSTOMERS = Object.keys(RICH['customers'] as object);

/** Bookings spread over two months, every customer in every week, some in another currency, some negative. */
const BOOKINGS: readonly Booking[] = Array.from({ length: 120 }, (_, i): Booking => {
  const start = (i * 37 * 8) % (45 * 24);
  return {
    id: `J-${i}`, customer: CUSTOMERS[i % CUSTOMERS.length]!, start: instant(start), end: instant(start + (i % 7)), quantity: `${1 + (i % 3)}.5`,
    product: i % 5 === 0 ? 'food' : 'visit', ...(i % 11 === 0 ? { currency: 'JPY', price: '150' } : {}), ...(i % 13 === 0 ? { amount: '-20.00' } : {}),
    ...(i % 17 === 0 ? { status: 'planned' } : {}),
  };
});

async function outcome(made: Project, times: readonly string[]): Promise<Awaited<ReturnType<Project['outcome']>>> {
  for (const time of times) await made.run(time);
  expect(await made.flaws()).toEqual([]);
  return made.outcome();
}

describe('any schedule', () => {
  it('gives what one run at the end gives: every day, at odd hours, and again', { timeout: 600_000 }, async () => {
    const end = 29 * 24;
    const schedules: Record<string, number[]> = { 'every day': Array.from({ length: 29 }, (_, i) => i * 24 + 9), 'odd hours': [1, 94, 95, 600, 601, 690] };
    const made = await project(RICH, BOOKINGS);
    const once = await outcome(made, [instant(end)]);
    expect(Object.keys(once.ledger).length).toBeGreaterThan(60);
    expect(await outcome(made, [instant(end), instant(end)])).toEqual(once);
    for (const [name, hours] of Object.entries(schedules)) {
      const other = await outcome(await project(RICH, BOOKINGS), [...hours, end].map(instant));
      expect({ name, ...other }).toEqual({ name, ...once });
    }
  });

  it('gives what one run at the end gives, for random bookings, cycles and settings', { timeout: 600_000 }, async () => {
    const end = 36 * 24;
    const settings = fc.record({
      lead_days: fc.constantFrom(0, 1, 3), confirmation_window_days: fc.constantFrom(0, 1, 4), confirm_at: fc.constantFrom('00:00', '22:00'),
      auto_send_delay_hours: fc.constantFrom(0, 5), document_date: fc.constantFrom('billing_date', 'confirmed_date'),
      late_bookings: fc.constantFrom('next_invoice', 'own_invoice'), separate_preview_per_partner: fc.boolean(),
      limits: fc.record({ max_invoice_total: fc.constantFrom(null, '300.00'), max_change_percent: fc.constantFrom(null, 50) }),
    });
    const customer = fc.record({ cycle: fc.constantFrom('monthly', 'weekly', 'ahead', 'berlin', 'days', 'paused'), partner: fc.constantFrom(undefined, 'south'), automation: settings });
    const booking = fc.record({
      customer: fc.constantFrom('acme', 'bolt', 'core'), start: fc.integer({ min: 0, max: end }).map(instant), quantity: fc.integer({ min: -1, max: 4 }).map(String),
      currency: fc.constantFrom('EUR', 'EUR', 'JPY'), price: fc.constantFrom('95', '10.5'),
    });
    await fc.assert(fc.asyncProperty(
      fc.tuple(customer, customer, customer), fc.array(booking, { minLength: 3, maxLength: 25 }), fc.uniqueArray(fc.integer({ min: 1, max: end - 1 }), { minLength: 1, maxLength: 3 }),
      async (customers, rows, hours) => {
        const spec = { partners: RICH['partners'], cycles: RICH['cycles'], customers: Object.fromEntries(['acme', 'bolt', 'core'].map((id, i) => [id, { name: id, email: `${id}@x.example`, ...customers[i] }])) };
        const bookings = rows.map((row, i) => ({ id: `J-${i}`, ...row }));
        const once = await outcome(await project(spec, bookings), [instant(end)]);
        const often = await outcome(await project(spec, bookings), [...hours.sort((a, b) => a - b), end].map(instant));
        expect(often).toEqual(once);
      },
    ), { numRuns: 8, endOnFailure: true });
  });
});

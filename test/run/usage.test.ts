/** Prices of usage in whole runs: what is measured is billed once, counts as long as its span runs, and is known from the ledger alone. */
import { describe, expect, it } from 'vitest';
import { cancel } from '../../src/run/cancel.js';
import { invoice } from '../../src/run/invoice.js';
import { project } from '../support/project.js';
import type { Booking, Spec } from '../support/project.js';

/** The lines of the ledger: day of billing, booking or tier, quantity, price, amount. */
const LINES = `SELECT CAST(i.billing_date AS VARCHAR) AS on_day,
  CASE WHEN l.kind = 'booking' THEN l.booking_id ELSE regexp_replace(l.charge_id, '/inv_[0-9a-f]+/', '/') END AS id, l.description,
  l.quantity_micro / 1000000.0 AS quantity, l.unit_price_micro / 1000000.0 AS price, l.amount_minor / 100.0 AS amount
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id ORDER BY i.billing_date, i.seq, l.line_no`;

const TIERS = [{ up_to: '10', unit_price: '95' }, { unit_price: '85' }];
/** One customer, billed monthly, with prices of an agreement. */
const agreed = (prices: Spec, more: Spec = {}): Spec => ({
  customers: { acme: { name: 'Acme', cycle: 'monthly', agreements: ['a'] } },
  agreements: { a: { from: '2026-01-01', prices, ...more } },
  products: { inspection: { name: 'Inspection', unit: 'hour' }, payments: { name: 'Payments' }, sites: { name: 'Sites' } },
});
const job = (id: string, start: string, quantity: string, over: Partial<Booking> = {}): Booking => ({ id, customer: 'acme', product: 'inspection', start, quantity, ...over });

describe('usage', () => {
  it('is billed by tiers; the bookings stand on the invoice at nothing, once', async () => {
    const made = await project(agreed({ inspection: { model: 'graduated', tiers: TIERS } }), [job('J1', '2026-01-10', '8'), job('J2', '2026-01-20', '4'), job('J3', '2026-02-03', '3')]);
    await made.run('2026-03-20');
    expect(await made.flaws()).toEqual([]);
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | J1 | Inspection | 8 | - | 0', '2026-02-01 | J2 | Inspection | 4 | - | 0',
      '2026-02-01 | acme:agreement:a:inspection:EUR:2026-01-01/1 | Inspection (≤ 10) | 10 | 95 | 950',
      '2026-02-01 | acme:agreement:a:inspection:EUR:2026-01-01/2 | Inspection (> 10) | 2 | 85 | 170',
      '2026-03-01 | J3 | Inspection | 3 | - | 0', '2026-03-01 | acme:agreement:a:inspection:EUR:2026-02-01/1 | Inspection (≤ 10) | 3 | 95 | 285',
    ]);
    expect(await made.told("SELECT DISTINCT charge_id FROM ledger.invoice_lines WHERE booking_id = 'J1'")).toEqual(['acme:agreement:a:inspection:EUR:2026-01-01']);
    await made.run('2026-03-21');
    expect(await made.told('SELECT count(*) FROM ledger.invoices')).toEqual(['2']);
  });

  it('runs on for a year, also when the export forgets, and bills what came late as the difference', async () => {
    const spec = agreed({ inspection: { model: 'volume', tiers: TIERS, per: 'year', minimum: '2000' } });
    const made = await project(spec, [job('J1', '2026-01-10', '8')]);
    await made.run('2026-02-10');
    await made.book([job('J2', '2026-01-12', '1'), job('J3', '2026-02-10', '4')]);
    await made.run('2026-03-10');
    const id = 'acme:agreement:a:inspection:EUR:2026-01-01';
    expect((await made.told(LINES)).filter((line) => line.includes('agreement'))).toEqual([
      `2026-02-01 | ${id}/1 | Inspection (≤ 10) | 8 | 95 | 760`,
      // 13 hours are all at 85: 1105.00 less 760.00.
      `2026-03-01 | ${id}/1 | Inspection (≤ 10) | -8 | 95 | -760`, `2026-03-01 | ${id}/2 | Inspection (> 10) | 13 | 85 | 1105`,
    ]);
    await made.book([]);
    await made.run('2027-01-20');
    expect((await made.told(LINES)).at(-1)).toBe(`2027-01-01 | ${id}/min | Inspection (min.) | 1 | 895 | 895`);
    await made.run('2027-03-20');
    expect((await made.told(LINES)).filter((line) => line.includes('2027')).length).toBe(1);
    expect(await made.flaws()).toEqual([]);
  });

  it('takes percents of amounts, keeps them in the ledger, and rejects a booking without one', async () => {
    const spec = agreed({ payments: { model: 'percentage', percent: '1.3', fee_per_booking: '2.00', included_bookings: 3, per: 'quarter' } });
    const pay = (id: string, start: string, amount?: string): Booking => ({ id, customer: 'acme', product: 'payments', start, amount });
    const made = await project(spec, [pay('P1', '2026-01-05', '50.00'), pay('P2', '2026-01-06', '100.00'), pay('P3', '2026-01-07', '250.00')]);
    await made.run('2026-02-10');
    await made.book([pay('P4', '2026-02-08', '400.00')]);
    await made.run('2026-03-10');
    expect(await made.told('SELECT booking_id, amount_minor, measured_minor FROM ledger.invoice_lines WHERE booking_id IS NOT NULL ORDER BY booking_id'))
      .toEqual(['P1 | 0 | 5000', 'P2 | 0 | 10000', 'P3 | 0 | 25000', 'P4 | 0 | 40000']);
    expect((await made.told(LINES)).filter((line) => line.includes('agreement'))).toEqual(['2026-03-01 | acme:agreement:a:payments:EUR:2026-01-01/1 | Payments (1.3 %) | 400 | - | 7.2']);
    await made.book([pay('P5', '2026-03-08')]);
    await expect(made.preview('2026-04-10')).rejects.toThrow('no price in EUR for product payments');
  });

  it('counts other products without taking their price away', async () => {
    const spec = agreed({ sites: { unit_price: '5.00', metric: { of: 'unique', column: 'description', where: { product: 'visit' } } } });
    const visit = (id: string, start: string, description: string): Booking => ({ id, customer: 'acme', product: 'visit', start, quantity: '1', description });
    const made = await project(spec, [visit('V1', '2026-01-10', 'North'), visit('V2', '2026-01-12', 'South'), visit('V3', '2026-01-14', 'North')]);
    await made.run('2026-02-10');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | V1 | North | 1 | 95 | 95', '2026-02-01 | V2 | South | 1 | 95 | 95', '2026-02-01 | V3 | North | 1 | 95 | 95',
      '2026-02-01 | acme:agreement:a:sites:EUR:2026-01-01/1 | Sites | 2 | 5 | 10',
    ]);
  });

  it('gives the same ledger on any schedule', async () => {
    const spec = agreed({ inspection: { model: 'graduated', tiers: TIERS, per: 'quarter', minimum: '7000', maximum: '9000' }, sites: { model: 'flat', amount: '50', per: 'year' } });
    const jobs = Array.from({ length: 40 }, (_, i): Booking => job(`J${i}`, `2026-0${1 + (i % 5)}-${String(1 + (i * 7) % 27).padStart(2, '0')}`, String(1 + (i % 4)), i % 9 === 0 ? { product: 'sites' } : {}));
    const [daily, late] = [await project(spec, jobs), await project(spec, jobs)];
    for (const day of ['2026-02-01', '2026-02-05', '2026-03-06', '2026-04-02', '2026-05-09', '2026-06-20']) await daily.run(day);
    await late.run('2026-06-20');
    expect(await daily.told(LINES)).toEqual(await late.told(LINES));
    expect((await late.told(LINES)).filter((line) => line.includes('/min')).length).toBe(1);
  });

  it('goes on where an invoice on demand stopped', async () => {
    const made = await project(agreed({ inspection: { model: 'graduated', tiers: TIERS, minimum: '1500' } }), [job('J1', '2026-01-05', '8'), job('J2', '2026-01-20', '4')]);
    await invoice(made.world, { as_of: '2026-01-10', customer: 'acme' } as Parameters<typeof invoice>[1]);
    await made.run('2026-02-10');
    expect((await made.told(LINES)).filter((line) => line.includes('agreement')).map((line) => line.replace(/ acme:.*2026-01-01/, ''))).toEqual([
      '2026-01-10 |/1 | Inspection (≤ 10) | 8 | 95 | 760',
      '2026-02-01 |/1 | Inspection (≤ 10) | 2 | 95 | 190', '2026-02-01 |/2 | Inspection (> 10) | 2 | 85 | 170', '2026-02-01 |/min | Inspection (min.) | 1 | 380 | 380',
    ]);
  });
});

describe('the price in force', () => {
  it('is the customer\'s, then the agreement\'s, then the product\'s, by the local day on which the service begins', async () => {
    const made = await project({
      timezone: 'Europe/Berlin', cycles: { berlin: { type: 'monthly', start: '2026-01-01', timezone: 'Europe/Berlin' } },
      customers: { acme: { name: 'Acme', cycle: 'berlin', agreements: ['a'], prices: { inspection: [{ from: '2026-03-01', unit_price: '70' }] } }, bolt: { name: 'Bolt', cycle: 'berlin' } },
      agreements: { a: { from: '2026-02-01', until: '2026-03-31', prices: { inspection: '80' } } },
      products: { inspection: { name: 'Inspection', price: [{ unit_price: '90' }, { from: '2026-07-01', unit_price: '92.50' }] } },
    }, [
      job('A1', '2026-01-31T22:59', '1'), job('A2', '2026-01-31T23:00', '1'), job('A3', '2026-03-01', '1'),
      job('B1', '2026-06-30T21:59', '1', { customer: 'bolt' }), job('B2', '2026-06-30T22:00', '1', { customer: 'bolt' }),
      job('B3', '2026-07-02', '1', { customer: 'bolt', price: '10' }),
    ]);
    await made.run('2026-08-20');
    expect(await made.told('SELECT booking_id, unit_price_micro / 1000000.0 FROM ledger.invoice_lines ORDER BY booking_id'))
      .toEqual(['A1 | 90', 'A2 | 80', 'A3 | 70', 'B1 | 90', 'B2 | 92.5', 'B3 | 10']);
  });
});

describe('a minimum of what a price measures', () => {
  const graduated: Spec = { per: 'quarter', model: 'graduated', tiers: [{ up_to: '10', unit_price: '10.00' }, { unit_price: '5.00' }], minimum: '500.00' };
  const spec = (enabled: boolean): Spec => ({
    automation: { auto_send: false, enabled }, customers: { acme: { agreements: ['a'] } }, agreements: { a: { from: '2026-01-01', prices: { visit: graduated } } },
  });
  const visits = ['01', '02', '03'].map((month): Booking => ({ id: month, customer: 'acme', product: 'visit', quantity: '5', start: `2026-${month}-10` }));
  const SUM = `SELECT sum(i.net_minor) AS n FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = 'processed'`;

  it('stays charged where the first month is cancelled and billed again', async () => {
    const made = await project(spec(true), visits);
    await made.run('2026-04-10');
    await cancel(made.world, { number: 'INV-2026-000001', reason: 'Wrong', as_of: '2026-04-11', dry_run: false });
    await made.confirm('2026-04-12', '2026-02-01');
    expect(await made.told(SUM)).toEqual(['50000']);
    expect(await made.flaws()).toEqual([]);
  });

  it('is the same whatever month is confirmed first', async () => {
    const made = await project(spec(false), visits);
    await made.run('2026-04-05');
    for (const batch of ['2026-04-01', '2026-03-01', '2026-02-01']) await made.confirm('2026-04-06', batch);
    expect(await made.told(SUM)).toEqual(['50000']);
    expect(await made.flaws()).toEqual([]);
  });
});

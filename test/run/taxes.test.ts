/** Taxes in whole runs: rates by date, of a customer by product, prices with tax in them; zero and negative totals. */
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import type { Booking, Spec } from '../support/project.js';

const LINES = `SELECT CAST(i.billing_date AS VARCHAR) AS d, coalesce(l.booking_id, l.kind || ' ' || l.description) AS id, l.amount_minor, l.gross_minor,
    l.tax_id || ' ' || (l.tax_rate_micro // 10000) AS tax
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id ORDER BY i.billing_date, i.seq, l.line_no`;
const TAXES = `SELECT i.billing_date::VARCHAR AS d, t.name, t.rate_micro // 10000 AS rate, t.net_minor, t.tax_minor FROM ledger.invoice_taxes AS t
  JOIN ledger.invoices AS i ON i.invoice_id = t.invoice_id ORDER BY i.billing_date, i.seq, t.tax_id, t.rate_micro`;
const TOTALS = 'SELECT billing_date::VARCHAR AS d, kind, lines, net_minor, tax_minor, total_minor FROM ledger.invoices ORDER BY billing_date, seq';

const booking = (id: string, amount: string, start: string, more: Partial<Booking> = {}): Booking => (
  { id, customer: 'acme', product: 'visit', amount, start, ...more });

const VAT: Spec = { standard: { name: 'VAT', category: 'S', rate: [{ rate: '19' }, { from: '2026-01-16', rate: '20', name: 'VAT new' }, { from: '2026-02-01', rate: '19' }] } };

describe('a rate of tax by date', () => {
  it('is that of the last day of the service, in the zone of the cycle; an invoice has a row for each', async () => {
    const made = await project({ taxes: VAT, timezone: 'Europe/Berlin' }, [
      booking('A', '100.00', '2026-01-10'), booking('B', '10.00', '2026-01-15T22:59:59Z'), booking('C', '10.00', '2026-01-15T23:00:00Z'),
      // Until midnight is the day before; from midnight on is the day after.
      booking('D', '1.00', '2026-01-15T20:00:00Z', { end: '2026-01-15T23:00:00Z' }), booking('E', '1.00', '2026-01-15T20:00:00Z', { end: '2026-01-15T23:00:01Z' }),
      booking('F', '7.00', '2026-02-10'),
    ]);
    await made.run('2026-03-20');
    expect(await made.told(TAXES)).toEqual([
      '2026-02-01 | VAT | 1900 | 11100 | 2109', '2026-02-01 | VAT new | 2000 | 1100 | 220', '2026-03-01 | VAT | 1900 | 700 | 133']);
    expect(await made.flaws()).toEqual([]);
    const files = await made.files('out/mail/2026-02-01').catch(() => ({}));
    expect(files).toBeDefined();
  });

  it('that comes back is one tax on the invoice', async () => {
    const made = await project({ taxes: VAT, cycles: { quarterly: { type: 'quarterly', start: '2026-01-01' } }, customers: { acme: { cycle: 'quarterly' } } },
      [booking('A', '1.00', '2026-01-10'), booking('B', '2.00', '2026-01-20'), booking('C', '4.00', '2026-03-10')]);
    await made.run('2026-05-20');
    expect(await made.told(TAXES)).toEqual(['2026-04-01 | VAT | 1900 | 500 | 95', '2026-04-01 | VAT new | 2000 | 200 | 40']);
  });

  it('decides for lines without a service by the end of their period', async () => {
    const made = await project({ taxes: VAT, overrides: [{ customer: 'acme', period: '2026-01-01', lines: [{ description: 'Key', quantity: '1', unit_price: '50.00' }] }] });
    await made.run('2026-02-20');
    expect(await made.told(LINES)).toEqual(['2026-02-01 | manual Key | 5000 | - | standard 2000']);
  });
});

describe('the tax of a customer', () => {
  it('by product wins over its own, and that over the product', async () => {
    const made = await project({
      taxes: { free: { name: 'Export', rate: '0', category: 'G', note: 'Export' } }, customers: { acme: { tax: 'reduced', taxes: { food: 'free' } } },
    }, [booking('A', '100.00', '2026-01-10'), booking('B', '100.00', '2026-01-10', { product: 'food' })]);
    await made.run('2026-02-20');
    expect(await made.told(LINES)).toEqual(['2026-02-01 | A | 10000 | - | reduced 700', '2026-02-01 | B | 10000 | - | free 0']);
  });
});

describe('prices that include tax', () => {
  it('give a net that is rounded once, and spread over the lines by largest remainder', async () => {
    const made = await project({ prices_include_tax: true }, [
      booking('A', '1.00', '2026-01-10'), booking('B', '1.00', '2026-01-11'), booking('C', '1.00', '2026-01-09'), booking('D', '-0.50', '2026-01-12'),
      booking('E', '2.99', '2026-01-12', { product: 'food' }),
    ]);
    await made.run('2026-02-20');
    // 2.50 / 1.19 = 2.1008: 2.10. Lines 0.8403 and -0.4202: rounded down 84, 84, 84, -43 = 2.09; the cent goes to -0.4202.
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | C | 84 | 100 | standard 1900', '2026-02-01 | A | 84 | 100 | standard 1900', '2026-02-01 | B | 84 | 100 | standard 1900',
      '2026-02-01 | D | -42 | -50 | standard 1900', '2026-02-01 | E | 279 | 299 | reduced 700',
    ]);
    expect(await made.told(TAXES)).toEqual(['2026-02-01 | VAT 7 | 700 | 279 | 20', '2026-02-01 | VAT | 1900 | 210 | 40']);
    expect(await made.flaws()).toEqual([]);
  });

  it('are those of whoever writes the price: source, customer, product', async () => {
    const made = await project({
      products: { visit: { price: '119.00', prices_include_tax: true } },
      customers: { acme: { cycle: 'monthly' }, bolt: { name: 'Bolt', cycle: 'monthly', prices: { visit: '100.00' } } },
    }, [{ id: 'A', customer: 'acme', product: 'visit', start: '2026-01-10' }, { id: 'B', customer: 'bolt', product: 'visit', start: '2026-01-10' },
      booking('C', '50.00', '2026-01-11')]);
    await made.run('2026-02-20');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | A | 10000 | 11900 | standard 1900', '2026-02-01 | C | 5000 | - | standard 1900', '2026-02-01 | B | 10000 | - | standard 1900']);
    expect(await made.told(TOTALS)).toEqual(['2026-02-01 | invoice | 2 | 15000 | 2850 | 17850', '2026-02-01 | invoice | 1 | 10000 | 1900 | 11900']);
  });

  it('line by line where tax is rounded line by line', async () => {
    const made = await project({ prices_include_tax: true, tax_rounding: 'line' }, [booking('A', '0.03', '2026-01-10'), booking('B', '0.03', '2026-01-11')]);
    await made.run('2026-02-20');
    expect(await made.told(TAXES)).toEqual(['2026-02-01 | VAT | 1900 | 6 | 0']);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('an invoice of zero', () => {
  const bookings = [booking('A', '5.00', '2026-01-10'), booking('B', '-5.00', '2026-01-11'), booking('C', '3.00', '2026-02-11')];
  it('is issued, or left out: then its bookings wait', async () => {
    const issued = await project({}, bookings);
    await issued.run('2026-03-20');
    expect(await issued.told(TOTALS)).toEqual(['2026-02-01 | invoice | 2 | 0 | 0 | 0', '2026-03-01 | invoice | 1 | 300 | 57 | 357']);
    const made = await project({ customers: { acme: { zero_invoices: 'skip' } } }, bookings);
    const result = await made.preview('2026-02-02');
    expect(JSON.stringify(result)).toContain('zero_invoice');
    await made.run('2026-03-20');
    expect(await made.told(TOTALS)).toEqual(['2026-03-01 | invoice | 1 | 300 | 57 | 357']);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('a negative total that is carried over', () => {
  const carry = { customers: { acme: { negative_total: 'carry_over' } } };
  it('closes at zero and stands on the next invoice with something to bill, until it is used up', async () => {
    const made = await project(carry, [
      booking('A', '-100.00', '2026-01-10'), booking('B', '10.00', '2026-01-10', { product: 'food' }), booking('C', '30.00', '2026-02-10'),
      booking('D', '200.00', '2026-04-10'),
    ]);
    for (const day of ['2026-02-10', '2026-03-10', '2026-04-10', '2026-05-10']) await made.run(day);
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | A | -10000 | - | standard 1900', '2026-02-01 | B | 1000 | - | reduced 700',
      '2026-02-01 | carry_over Credit carried to the next invoice | -1000 | - | reduced 700',
      '2026-02-01 | carry_over Credit carried to the next invoice | 10000 | - | standard 1900',
      '2026-03-01 | C | 3000 | - | standard 1900', '2026-03-01 | carry_over Credit from 2026-02-01 | 1000 | - | reduced 700',
      '2026-03-01 | carry_over Credit from 2026-02-01 | -10000 | - | standard 1900',
      '2026-03-01 | carry_over Credit carried to the next invoice | -1000 | - | reduced 700',
      '2026-03-01 | carry_over Credit carried to the next invoice | 7000 | - | standard 1900',
      '2026-05-01 | D | 20000 | - | standard 1900', '2026-05-01 | carry_over Credit from 2026-03-01 | 1000 | - | reduced 700',
      '2026-05-01 | carry_over Credit from 2026-03-01 | -7000 | - | standard 1900',
    ]);
    expect(await made.told(TOTALS)).toEqual([
      '2026-02-01 | invoice | 4 | 0 | 0 | 0', '2026-03-01 | invoice | 5 | 0 | 0 | 0', '2026-05-01 | invoice | 3 | 14000 | 2540 | 16540']);
    expect(await made.flaws()).toEqual([]);
    const late = await project(carry, [
      booking('A', '-100.00', '2026-01-10'), booking('B', '10.00', '2026-01-10', { product: 'food' }), booking('C', '30.00', '2026-02-10'),
      booking('D', '200.00', '2026-04-10'),
    ]);
    await late.run('2026-05-10');
    expect((await late.outcome()).ledger).toEqual((await made.outcome()).ledger);
  });

  it('keeps the rate it had', async () => {
    const spec = { ...carry, taxes: { standard: { name: 'VAT', category: 'S', rate: [{ rate: '16' }, { from: '2026-02-01', rate: '19' }] } } };
    const made = await project(spec, [booking('A', '-10.00', '2026-01-10'), booking('C', '30.00', '2026-02-10')]);
    await made.run('2026-02-10');
    await made.configure({ ...carry, taxes: { standard: { name: 'VAT', category: 'S', rate: '19' } } });
    await made.run('2026-03-10');
    expect(await made.told(TAXES)).toEqual([
      '2026-02-01 | VAT | 1600 | 0 | 0', '2026-03-01 | VAT | 1600 | -1000 | -160', '2026-03-01 | VAT | 1900 | 3000 | 570']);
    expect(await made.flaws()).toEqual([]);
  });
});

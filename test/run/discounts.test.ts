/** Discounts of agreements in whole runs: what is taken off, in which order, and on which tax. */
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const LINES = `SELECT CAST(i.billing_date AS VARCHAR) AS d, coalesce(l.booking_id, l.kind || ' ' || l.description) AS id, l.amount_minor, l.tax_id
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id ORDER BY i.billing_date, i.seq, l.line_no`;
const TAXES = 'SELECT i.billing_date::VARCHAR AS d, t.tax_id, t.net_minor, t.tax_minor FROM ledger.invoice_taxes AS t '
  + 'JOIN ledger.invoices AS i ON i.invoice_id = t.invoice_id ORDER BY i.billing_date, i.seq, t.tax_id, t.rate_micro';

async function agreed(agreement: Spec, bookings: readonly Booking[], more: Spec = {}): Promise<Project> {
  return project({ agreements: { a: { from: '2026-01-01', ...agreement } }, customers: { acme: { agreements: ['a'] } }, ...more }, bookings);
}

const visit = (id: string, amount: string, more: Partial<Booking> = {}): Booking => (
  { id, customer: 'acme', product: 'visit', amount, start: '2026-01-10', ...more });

describe('discounts', () => {
  it('are taken one after the other, each of what is left, and spread by largest remainder', async () => {
    const made = await agreed({
      discounts: [{ name: 'Goodwill', amount: '20.00' }, { name: 'Opening', percent: '10' }, { name: 'Loyalty', percent: '25' }],
    }, [visit('A', '100.00'), visit('B', '50.00', { product: 'food' })]);
    await made.run('2026-02-10');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | A | 10000 | standard', '2026-02-01 | B | 5000 | reduced',
      '2026-02-01 | discount Opening | -500 | reduced', '2026-02-01 | discount Opening | -1000 | standard',
      '2026-02-01 | discount Loyalty | -1125 | reduced', '2026-02-01 | discount Loyalty | -2250 | standard',
      '2026-02-01 | discount Goodwill | -667 | reduced', '2026-02-01 | discount Goodwill | -1333 | standard',
    ]);
    expect(await made.told(TAXES)).toEqual(['2026-02-01 | reduced | 2708 | 190', '2026-02-01 | standard | 5417 | 1029']);
    expect(await made.flaws()).toEqual([]);
  });

  it('on lines are rounded line by line; a cap is for the invoice; days and products choose', async () => {
    const made = await agreed({
      discounts: [
        { name: 'Tenth', percent: '10', on: 'line', products: ['visit'], until: '2026-01-31' },
        { name: 'Each', amount: '1.00', on: 'line', cap: '1.50', products: ['food'] },
      ],
    }, [visit('A', '0.05'), visit('B', '0.05'), visit('C', '10.00', { start: '2026-02-01' }), visit('D', '5.00', { product: 'food' }),
      visit('E', '0.30', { product: 'food' }), visit('F', '4.00', { product: 'food' })]);
    await made.run('2026-03-10');
    // 0.005 each is rounded away from zero: one cent a line. 1.00, 0.30 and 1.00 are 2.30, of which 1.50: 0.652, 0.196, 0.652.
    expect((await made.told(LINES)).filter((row) => row.includes('discount'))).toEqual([
      '2026-02-01 | discount Tenth | -2 | standard', '2026-02-01 | discount Each | -150 | reduced',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('never take more than there is, and nothing of what is not above zero', async () => {
    const made = await agreed({ discounts: [{ name: 'Much', amount: '500.00' }, { name: 'All', percent: '100' }] },
      [visit('A', '100.00'), visit('B', '-100.00'), visit('C', '-3.00', { start: '2026-02-05' }), visit('D', '30.00', { start: '2026-03-05' })]);
    await made.run('2026-04-10');
    expect((await made.told(LINES)).filter((row) => row.includes('discount'))).toEqual(['2026-04-01 | discount All | -3000 | standard']);
    expect(await made.told("SELECT kind, total_minor FROM ledger.invoices ORDER BY billing_date")).toEqual(['invoice | 0', 'credit_note | -357', 'invoice | 0']);
  });

  it('for so many periods hold for the first ones, whether they took anything or not', async () => {
    const made = await agreed({ from: '2026-02-10', discounts: [{ name: 'Start', percent: '50', periods: 2 }] },
      [visit('A', '10.00', { start: '2026-01-20' }), visit('C', '10.00', { start: '2026-03-01' }), visit('D', '10.00', { start: '2026-04-01' })]);
    await made.run('2026-05-10');
    expect((await made.told(LINES)).filter((row) => row.includes('discount'))).toEqual(['2026-04-01 | discount Start | -500 | standard']);
  });

  it('in the terms of the agreement: of prices with tax the discount has tax in it', async () => {
    const made = await agreed({
      prices_include_tax: true, discounts: [{ name: 'Tenth', percent: '10' }],
      charges: [{ id: 'c', name: 'Flat', price: '119.00', per: 'month' }],
    }, [visit('A', '100.00')]);
    await made.run('2026-02-10');
    // 119.00 with tax, and 100.00 + 19.00: 23.80 off; net 100.00 + 100.00 - 20.00.
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | A | 10000 | standard', '2026-02-01 | recurring Flat | 10000 | standard', '2026-02-01 | discount Tenth | -2000 | standard']);
    expect(await made.told(TAXES)).toEqual(['2026-02-01 | standard | 18000 | 3420']);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('a minimum', () => {
  it('makes a line of what is missing after discounts, by days where the agreement begins, also where nothing else is billed', async () => {
    const made = await agreed({
      from: '2026-01-16', minimum: { amount: '310.00', per: 'period', name: 'Minimum fee' }, discounts: [{ name: 'Half', percent: '50' }],
    }, [visit('A', '100.00', { start: '2026-01-20' }), visit('B', '700.00', { start: '2026-02-20' }), visit('X', '9.00', { start: '2026-01-02' })]);
    await made.run('2026-04-10');
    // 16 of 31 days: 160.00; 50.00 of it are there. What began before the agreement does not count.
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | X | 900 | standard', '2026-02-01 | A | 10000 | standard', '2026-02-01 | discount Half | -5000 | standard',
      '2026-02-01 | minimum Minimum fee | 11000 | standard', '2026-03-01 | B | 70000 | standard', '2026-03-01 | discount Half | -35000 | standard',
      '2026-04-01 | minimum Minimum fee | 31000 | standard',
    ]);
    expect(await made.flaws()).toEqual([]);
    await made.run('2026-05-10');
    expect((await made.told(LINES)).at(-1)).toBe('2026-05-01 | minimum Minimum fee | 31000 | standard');
  });

  it('may be of charges or of usage only', async () => {
    const made = await agreed({
      minimum: [{ amount: '50.00', per: 'period', applies_to: 'usage', name: 'Usage' }, { amount: '60.00', per: 'period', applies_to: 'charges', name: 'Charges' }],
      charges: [{ id: 'c', name: 'Flat', price: '20.00', per: 'month' }],
    }, [visit('A', '45.00')]);
    await made.run('2026-02-10');
    expect((await made.told(LINES)).filter((row) => row.includes('minimum'))).toEqual([
      '2026-02-01 | minimum Usage | 500 | standard', '2026-02-01 | minimum Charges | 4000 | standard']);
  });
});

describe('a maximum', () => {
  it('takes off what is above, spread over the lines, before the minimum', async () => {
    const made = await agreed({
      maximum: { amount: '100.00', per: 'period', name: 'Cap' }, minimum: { amount: '100.00', per: 'period' }, discounts: [{ name: 'Tenth', percent: '10' }],
    }, [visit('A', '100.00'), visit('B', '50.00', { product: 'food' })]);
    await made.run('2026-02-10');
    // 135.00 after the discount; 35.00 above: 23.33 of 90.00 and 11.67 of 45.00.
    expect((await made.told(LINES)).slice(2)).toEqual([
      '2026-02-01 | discount Tenth | -500 | reduced', '2026-02-01 | discount Tenth | -1000 | standard',
      '2026-02-01 | discount Cap | -1167 | reduced', '2026-02-01 | discount Cap | -2333 | standard']);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('a minimum for longer than a period', () => {
  it('is charged once, on the last invoice of its time, by all that was billed in it', async () => {
    const made = await agreed({
      from: '2026-01-01', until: '2026-08-31', minimum: { amount: '1000.00', per: 'quarter', name: 'Quarterly' }, discounts: [{ name: 'Tenth', percent: '10' }],
      charges: [{ id: 'c', name: 'Flat', price: '100.00', per: 'month' }],
    }, [visit('A', '200.00'), visit('B', '300.00', { start: '2026-03-20' }), visit('C', '2000.00', { start: '2026-04-02' }), visit('D', '10.00', { start: '2026-08-02' })]);
    await made.run('2026-12-10');
    // 1,000.00 - (200 + 300 + 3 x 100) x 0.9; then 2,000 is enough; 62 of 92 days: 673.91 - 210 x 0.9.
    expect((await made.told(LINES)).filter((row) => row.includes('minimum'))).toEqual([
      '2026-04-01 | minimum Quarterly | 28000 | standard', '2026-09-01 | minimum Quarterly | 48491 | standard']);
    expect(await made.flaws()).toEqual([]);
    const daily = await agreed({
      from: '2026-01-01', until: '2026-08-31', minimum: { amount: '1000.00', per: 'quarter', name: 'Quarterly' }, discounts: [{ name: 'Tenth', percent: '10' }],
      charges: [{ id: 'c', name: 'Flat', price: '100.00', per: 'month' }],
    }, [visit('A', '200.00'), visit('B', '300.00', { start: '2026-03-20' }), visit('C', '2000.00', { start: '2026-04-02' }), visit('D', '10.00', { start: '2026-08-02' })]);
    for (const day of ['2026-02-10', '2026-03-10', '2026-04-10', '2026-05-10', '2026-07-10', '2026-09-05', '2026-12-10']) await daily.run(day);
    expect(await daily.outcome()).toEqual(await made.outcome());
  });

  it('is lowered by what comes late, and runs from the first day of the agreement', async () => {
    const spec = { from: '2026-01-15', until: '2026-12-31', minimum: { amount: '365.00', per: 'half_year' } };
    const made = await agreed(spec, [visit('A', '100.00', { start: '2026-02-10' })]);
    await made.run('2026-08-10');
    // The time from 15 January to 14 July ends in July, the next one on 31 December: 170 of 184 days.
    expect((await made.told(LINES)).filter((row) => row.includes('minimum'))).toEqual(['2026-08-01 | minimum Minimum | 26500 | standard']);
    await made.book([visit('A', '100.00', { start: '2026-02-10' }), visit('L', '500.00', { start: '2026-12-20' })]);
    await made.run('2027-01-20');
    await made.book([visit('A', '100.00', { start: '2026-02-10' }), visit('L', '500.00', { start: '2026-12-20' }), visit('M', '50.00', { start: '2026-12-21' })]);
    await made.run('2027-03-20');
    expect((await made.told(LINES)).slice(1)).toEqual([
      '2026-08-01 | minimum Minimum | 26500 | standard', '2027-01-01 | L | 50000 | standard', '2027-02-01 | M | 5000 | standard']);
    const short = await agreed(spec, []);
    await short.run('2027-01-20');
    await short.book([visit('M', '50.00', { start: '2026-12-21' })]);
    await short.run('2027-03-20');
    expect(await short.told(LINES)).toEqual([
      '2026-08-01 | minimum Minimum | 36500 | standard', '2027-01-01 | minimum Minimum | 33723 | standard',
      '2027-02-01 | M | 5000 | standard', '2027-02-01 | minimum Minimum | -5000 | standard']);
    expect(await short.flaws()).toEqual([]);
  });
});

describe('a maximum for longer than a period', () => {
  it('takes off what is above it on the invoice where it happens', async () => {
    const made = await agreed({ maximum: { amount: '500.00', per: 'year', name: 'Cap', applies_to: 'usage' }, discounts: [{ name: 'Tenth', percent: '10' }], charges: [{ id: 'c', name: 'Flat', price: '100.00', per: 'month' }] },
      [visit('A', '400.00'), visit('B', '300.00', { start: '2026-02-20' }), visit('C', '50.00', { start: '2026-03-02', product: 'food' }), visit('D', '600.00', { start: '2027-01-02' })]);
    await made.run('2027-02-10');
    expect((await made.told(LINES)).filter((row) => row.includes('Cap'))).toEqual([
      '2026-03-01 | discount Cap | -13000 | standard', '2026-04-01 | discount Cap | -4500 | reduced', '2027-02-01 | discount Cap | -4000 | standard']);
    expect(await made.flaws()).toEqual([]);
    const daily = await agreed({ maximum: { amount: '500.00', per: 'year', name: 'Cap', applies_to: 'usage' }, discounts: [{ name: 'Tenth', percent: '10' }], charges: [{ id: 'c', name: 'Flat', price: '100.00', per: 'month' }] },
      [visit('A', '400.00'), visit('B', '300.00', { start: '2026-02-20' }), visit('C', '50.00', { start: '2026-03-02', product: 'food' }), visit('D', '600.00', { start: '2027-01-02' })]);
    for (const day of ['2026-02-10', '2026-03-10', '2026-04-10', '2026-12-10', '2027-02-10']) await daily.run(day);
    expect(await daily.outcome()).toEqual(await made.outcome());
  });
});

/** What is corrected of an invoice with discounts: each line goes with what lies on it, and with nothing else. */
import { describe, expect, it } from 'vitest';
import { credit } from '../../src/run/credit.js';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const CORRECTIONS = `SELECT l.corrects_line_no, l.correction, l.amount_minor FROM ledger.invoice_lines AS l
  JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id WHERE l.corrects_line_no IS NOT NULL AND i.serial = (SELECT max(serial) FROM ledger.invoices) ORDER BY i.seq, l.line_no`;
const NET = `SELECT sum(i.net_minor) FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = 'processed'`;

const visit = (id: string, amount: string, more: Partial<Booking> = {}): Booking => ({ id, customer: 'acme', product: 'visit', amount, start: `2026-04-${10 + id.charCodeAt(0) - 97}`, ...more });
const agreed = (agreement: Spec): Spec => ({
  products: { visit: { name: 'Visit' }, repair: { name: 'Repair' } },
  agreements: { a: { from: '2026-04-01', ...agreement } }, customers: { acme: { agreements: ['a'] } },
});

async function billed(agreement: Spec, bookings: readonly Booking[], more: Spec = {}): Promise<Project> {
  const made = await project({ ...agreed(agreement), ...more }, bookings);
  await made.run('2026-05-10');
  return made;
}

async function credited(made: Project, line: string): Promise<string> {
  const { credit_note } = await credit(made.world, { as_of: '2026-06-20', number: 'INV-2026-000001', lines: [line], reason: 'Wrong', reissue: false, dry_run: false });
  return credit_note.net;
}

const HALF = { name: 'Half', percent: '50', products: ['repair'] };
const EACH = { name: 'Each', amount: '5.00', on: 'line' };

describe('a line that is credited takes back', () => {
  it.each<[string, Spec, readonly Booking[], readonly string[]]>([
    ['the discounts on its product only', { discounts: [HALF] }, [visit('a', '100'), visit('b', '100', { product: 'repair' })], ['-100.00', '-50.00']],
    ['of a second discount its share of what the first one left', { discounts: [{ ...HALF, on: 'line' }, { name: 'Tenth', percent: '10' }] }, [visit('a', '100'), visit('b', '100', { product: 'repair' })], ['-90.00', '-45.00']],
    ['what is given on each line', { discounts: [EACH] }, [visit('a', '20'), visit('b', '80'), visit('c', '3')], ['-15.00', '-75.00']],
    ['the discounts of its days', { discounts: [{ ...HALF, products: ['visit'], until: '2026-04-10' }] }, [visit('a', '100'), visit('b', '100')], ['-50.00', '-100.00']],
    ['its share of a maximum for usage, and a charge none', { maximum: { amount: '150.00', per: 'period', applies_to: 'usage' }, charges: [{ id: 'c', name: 'Flat', price: '100.00', per: 'month' }] }, [visit('a', '100'), visit('b', '200')], ['-50.00', '-100.00', '-100.00']],
    ['its share of a maximum for a year', { maximum: { amount: '150.00', per: 'year', applies_to: 'usage' }, charges: [{ id: 'c', name: 'Flat', price: '100.00', per: 'month' }] }, [visit('a', '100'), visit('b', '200')], ['-50.00', '-100.00', '-100.00']],
    ['none of what is missing to a minimum', { discounts: [{ name: 'Tenth', percent: '10' }], minimum: { amount: '200.00', per: 'period' } }, [visit('a', '100')], ['-90.00']],
    ['its part where some take something off', { discounts: [{ name: 'Tenth', percent: '10' }] }, [visit('a', '-50'), visit('b', '100'), visit('c', '200')], ['', '-90.00']],
  ])('%s', async (_, agreement, bookings, nets) => {
    const made = await billed(agreement, bookings);
    for (const [i, net] of nets.entries()) if (net !== '') expect([i + 1, await credited(made, String(i + 1))]).toEqual([i + 1, net]);
    expect(await made.flaws()).toEqual([]);
  });

  it('its discount in the terms of prices that include the tax', async () => {
    const made = await billed({ prices_include_tax: true, discounts: [EACH] }, [visit('a', '20'), visit('b', '80')], { prices_include_tax: true });
    const { credit_note } = await credit(made.world, { as_of: '2026-05-20', number: 'INV-2026-000001', lines: ['1'], reason: 'Wrong', reissue: false, dry_run: false });
    expect(credit_note.total).toBe('-15.00');
    expect(await made.flaws()).toEqual([]);
  });

  it('nothing of a discount where it is a line by hand', async () => {
    const made = await billed({ discounts: [{ name: 'Tenth', percent: '10' }] }, [visit('a', '100')], { overrides: [{ customer: 'acme', period: '2026-04-01', lines: [{ id: 'm', description: 'By hand', unit_price: '100.00', tax: 'standard' }] }] });
    expect(await credited(made, '3')).toBe('-100.00');
    expect(await made.flaws()).toEqual([]);
  });
});

describe('a booking that has changed takes along', () => {
  it('the discount of its product only', async () => {
    const bookings = (a: string, b: string): Booking[] => [visit('a', a), visit('b', b, { product: 'repair' })];
    const made = await billed({ discounts: [HALF] }, bookings('100', '100'));
    await made.book(bookings('40', '100'));
    await made.run('2026-06-10');
    expect(await made.told(CORRECTIONS)).toEqual(['1 | reversal | -10000', '1 | restatement | 4000']);
    await made.book(bookings('40', '60'));
    await made.run('2026-07-10');
    expect(await made.told(CORRECTIONS)).toEqual(['2 | reversal | -10000', '2 | restatement | 6000', '3 | reversal | 5000', '3 | restatement | -3000']);
    expect(await made.told(NET)).toEqual(['7000']);
    expect(await made.flaws()).toEqual([]);
  });

  it('what is given on each line, never more than there is', async () => {
    const bookings = (a: string): Booking[] => [visit('a', a), visit('b', '80')];
    const made = await billed({ discounts: [EACH, { name: 'Tenth', percent: '10' }] }, bookings('20'));
    for (const [month, amount, net] of [['06', '40', 3150 + 6750], ['07', '3', 6750], ['08', '0', 6750], ['09', '25', 1800 + 6750]] as const) {
      await made.book(bookings(amount));
      await made.run(`2026-${month}-10`);
      expect([amount, await made.told(NET)]).toEqual([amount, [String(net)]]);
    }
    expect(await made.flaws()).toEqual([]);
  });
});

describe('where a line takes something off', () => {
  const half = { discounts: [{ name: 'Half', percent: '50' }] };

  it('the discount goes with it, too, and all of it comes to nothing', async () => {
    const bookings = (status: string): Booking[] => [visit('a', '100', { status }), visit('b', '-40', { status }), visit('c', '10')];
    const made = await billed(half, bookings('done'));
    await made.book(bookings('cancelled'));
    await made.run('2026-06-10');
    expect(await made.told(CORRECTIONS)).toEqual(['1 | reversal | -10000', '2 | reversal | 4000', '4 | reversal | 3500', '4 | reversal | -500']);
    expect(await made.told(NET)).toEqual(['500']);
    expect(await made.flaws()).toEqual([]);
  });

  it('and is taken back, more of the invoice can be credited than it came to', async () => {
    const bookings = (status: string): Booking[] => [visit('a', '100'), visit('b', '-40', { status })];
    const made = await billed(half, bookings('done'));
    await made.book([...bookings('cancelled'), visit('n', '7', { start: '2026-05-10' })]);
    await made.run('2026-06-10');
    expect(await credited(made, '1')).toBe('-70.00');
    expect(await made.flaws()).toEqual([]);
  });
});

describe('what is right now has', () => {
  const tenth = { name: 'Tenth', percent: '10' };
  const twenty = { name: 'Goodwill', amount: '20.00' };
  const capped = { name: 'Up to', percent: '5', cap: '100.00' };

  it.each<[string, readonly Spec[], readonly (readonly [string, string])[]]>([
    ['its percentage, not the rounding of the old one', [tenth], [['12.25', '11.02'], ['409.40', '368.46'], ['0.04', '0.04'], ['500', '450.00']]],
    ['its percentage of what the one before leaves', [{ ...tenth, on: 'line' }, { name: 'Seventh', percent: '14.285714' }], [['0.06', '0.04'], ['1000', '771.43']]],
    ['the amount that is given once', [twenty], [['100', '80.00'], ['1000', '980.00'], ['15', '0.00'], ['30', '10.00']]],
    ['all of the amount, though there was not enough for it before', [twenty], [['12.25', '0.00'], ['409.40', '389.40']]],
    ['no more than the cap', [capped], [['1000', '950.00'], ['3000', '2900.00'], ['1500', '1425.00']]],
    ['no more than the cap that was reached before', [capped], [['3000', '2900.00'], ['4000', '3900.00'], ['1000', '950.00']]],
    ['the cap of those on each line', [{ ...EACH, amount: '60.00', cap: '50.00' }], [['40', '0.00'], ['400', '350.00']]],
  ])('%s', async (_, discounts, steps) => {
    const made = await billed({ discounts }, [visit('a', steps[0]![0])]);
    for (const [i, [amount, net]] of steps.entries()) {
      await made.book([visit('a', amount)]);
      await made.run(`2026-${String(6 + i).padStart(2, '0')}-10`);
      expect([amount, await made.told(NET)]).toEqual([amount, [String(Number(net.replace('.', '')))]]);
    }
    expect(await made.flaws()).toEqual([]);
  });

  it.each<[string, Spec, string, string, string]>([
    ['its share of an amount', twenty, '50', '500', '580.00'],
    ['its share of an amount, as far as there is enough', twenty, '50', '5', '86.67'],
    ['its share of a cap, also where another tax has the rest', { ...capped, cap: '3.00' }, '50', '500', '597.00'],
  ])('%s', async (_, discount, before, now, net) => {
    const bookings = (b: string): Booking[] => [visit('a', '100'), visit('b', b, { product: 'repair' })];
    const made = await billed({ discounts: [discount] }, bookings(before), { products: { visit: { name: 'Visit' }, repair: { name: 'Repair', tax: 'reduced' } }, taxes: { standard: { name: 'VAT 19%', rate: '19' }, reduced: { name: 'VAT 7%', rate: '7' } } });
    await made.book(bookings(now));
    await made.run('2026-06-10');
    expect(await made.told(NET)).toEqual([net.replace('.', '')]);
    expect(await made.flaws()).toEqual([]);
  });

  it.each([['period', '1000', '15000'], ['period', '60', '11000'], ['year', '1000', '15000']])('no more than the maximum of a %s leaves of it: %s', async (per, now, net) => {
    const bookings = (b: string): Booking[] => [visit('a', '100'), visit('b', b)];
    const made = await billed({ maximum: { amount: '150.00', per } }, bookings('200'));
    await made.book(bookings(now));
    await made.run('2026-06-10');
    expect(await made.told(NET)).toEqual([net]);
    expect(await made.flaws()).toEqual([]);
  });

  it('its percentage where prices include the tax', async () => {
    const made = await billed({ prices_include_tax: true, discounts: [tenth] }, [visit('a', '0.14')], { prices_include_tax: true });
    await made.book([visit('a', '1190.00')]);
    await made.run('2026-06-10');
    expect(await made.told(NET)).toEqual(['90000']);
    expect(await made.flaws()).toEqual([]);
  });

  it.each([[tenth, '12.25', '400', '43200'], [{ ...twenty }, '10', '400', '45600'], [capped, '1000', '3000', '348000']] as const)('the same of what is converted: %o', async (discount, before, now, net) => {
    const made = await billed({ discounts: [discount] }, [visit('a', before)], {
      customers: { acme: { agreements: ['a'], invoice_currency: 'USD' } }, exchange_rates: [{ from: 'EUR', to: 'USD', rate: '1.2', on: '2026-01-01', source: 'ECB' }, { from: 'USD', to: 'EUR', rate: '0.83', on: '2026-01-01', source: 'ECB' }],
    });
    await made.book([visit('a', now)]);
    await made.run('2026-06-10');
    expect(await made.told(NET)).toEqual([net]);
    expect(await made.flaws()).toEqual([]);
  });
});

it('is kept of many lines as of few', async () => {
  const many = Array.from({ length: 20_002 }, (_, i) => visit('a', '1.00', { id: `b${i}`, product: i % 2 === 0 ? 'visit' : 'repair' }));
  const made = await billed({ discounts: [{ ...HALF, on: 'line' }, EACH, { name: 'Tenth', percent: '10' }] }, many);
  expect(await made.told('SELECT agreement_id, product, discounts, count(*) AS n FROM ledger.invoice_lines GROUP BY ALL ORDER BY product NULLS LAST')).toEqual([
    'a | repair | 1%50l 2l500 3%10 | 10001', 'a | visit | 2l500 3%10 | 10001', expect.stringMatching(/^- \| - \| - \| /),
  ]);
});

/** Exchange rates in whole runs: one invoice in the currency of the customer, both amounts on it, and nothing converted without a rate. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { show } from '../../src/run/show.js';
import { project, refusal } from '../support/project.js';
import type { Booking, Spec } from '../support/project.js';

const LINES = `SELECT CAST(i.billing_date AS VARCHAR) AS d, i.currency, coalesce(l.booking_id, l.kind) AS id, l.amount_minor, l.unit_price_micro,
  l.original_currency, l.original_minor, l.exchange_rate, CAST(l.exchange_on AS VARCHAR) AS exchange_on, l.exchange_source
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id ORDER BY i.billing_date, i.seq, l.line_no`;

const visit = (id: string, start: string, more: Partial<Booking> = {}): Booking => ({ id, customer: 'bolt', product: 'visit', start, ...more });

const RATES: Spec = {
  issuer: { tax_id: 'DE123456788' },
  exchange_rates: [
    { from: 'EUR', to: 'USD', rate: '1.1', on: '2026-01-01', source: 'ECB' }, { from: 'EUR', to: 'USD', rate: '1.0870', on: '2026-04-15', source: 'ECB' },
    { from: 'JPY', to: 'USD', rate: '0.0065', on: '2026-01-01', source: 'House bank' },
  ],
  customers: { bolt: { name: 'Bolt Ltd', cycle: 'monthly', invoice_currency: 'USD', address: { line1: 'A', city: 'B', postal_code: '1', country: 'US' } } },
};

describe('exchange rates', () => {
  it('bring everything onto one invoice: each line converted and rounded once, at the rate of the last day of its service', async () => {
    const made = await project({
      ...RATES,
      customers: { bolt: { ...(RATES['customers'] as { bolt: Spec }).bolt, agreements: ['a'] } },
      agreements: {
        a: {
          from: '2026-04-01', charges: [{ id: 'base', name: 'Base', price: '249.00', per: 'month' }], discounts: [{ name: 'Tenth', percent: '10' }],
          minimum: { amount: '600.00', per: 'period' },
        },
      },
    }, [
      visit('A', '2026-04-14T22:00:00Z', { end: '2026-04-15T00:00:00Z', quantity: '2.5' }), visit('B', '2026-04-15T08:00:00Z'), visit('C', '2026-04-20', { amount: '5.00', currency: 'USD' }),
      visit('D', '2026-04-20', { amount: '12345', currency: 'JPY' }),
    ]);
    const { conservation } = await made.run('2026-05-10');
    // 237.50 × 1.1, 95.00 × 1.087, 12345 × 0.0065 = 80.2425, 249.00 × 1.087 = 270.663; 10 % of 581.50 EUR are 23.75 + 34.40, at the rates of the lines; and 600.00 - 523.35 = 76.65.
    expect(await made.told(LINES)).toEqual([
      '2026-05-01 | USD | A | 26125 | - | EUR | 23750 | 1.1 | 2026-01-01 | ECB', '2026-05-01 | USD | B | 10327 | - | EUR | 9500 | 1.0870 | 2026-04-15 | ECB',
      '2026-05-01 | USD | C | 500 | - | - | - | - | - | -', '2026-05-01 | USD | D | 8024 | - | JPY | 12345 | 0.0065 | 2026-01-01 | House bank',
      '2026-05-01 | USD | recurring | 27066 | - | EUR | 24900 | 1.0870 | 2026-04-15 | ECB', '2026-05-01 | USD | discount | -2613 | - | EUR | -2375 | 1.1 | 2026-01-01 | ECB',
      '2026-05-01 | USD | discount | -3739 | - | EUR | -3440 | 1.0870 | 2026-04-15 | ECB', '2026-05-01 | USD | minimum | 8332 | - | EUR | 7665 | 1.0870 | 2026-04-15 | ECB',
    ]);
    expect(await made.told('SELECT currency, net_minor, tax_minor, total_minor FROM ledger.invoices')).toEqual(['USD | 74022 | 14064 | 88086']);
    expect(conservation!.bookings.map(({ currency, amount }) => `${currency} ${amount}`)).toEqual(['EUR 332.50', 'JPY 12345', 'USD 5.00']);
    expect(await made.flaws()).toEqual([]);
    const [number] = await made.told('SELECT number FROM ledger.invoices');
    const { record, explanation } = await show(made.world, { as_of: '2026-05-10', id: number!, format: 'json', explain: true });
    expect(record.lines[0]!.original).toEqual({ currency: 'EUR', amount: '237.50', unit_price: '95', rate: '1.1', on: '2026-01-01', source: 'ECB' });
    expect(explanation!.today).toBe('same');
    expect(explanation!.lines.map(({ steps, amount }) => steps.at(-1)?.value === amount)).toEqual(Array(8).fill(true));
    expect(explanation!.lines[0]!.steps.map(({ formula }) => formula)).toEqual(['2.5 × 95.00', '237.50 × 1.1']);
    const { bytes } = await show(made.world, { as_of: '2026-05-10', id: number!, format: 'xml' });
    expect(bytes!.toString()).toContain('<cbc:Note>2.5 hours × €95.00 = €237.50 × 1.1 (ECB, 1 Jan 2026)</cbc:Note>');
    const page = await readFile(join(made.root, `out/invoices/2026-05-01/${number}.html`), 'utf8');
    expect(page.replaceAll('&#x3D;', '=')).toContain('2.5 hours × €95.00 = €237.50 × 1.1 (ECB');
  });

  it('leave usage that runs over invoices in its own currency: what was charged before is known from there', async () => {
    const made = await project({
      ...RATES, exchange_rates: [...(RATES['exchange_rates'] as Spec[]), { from: 'EUR', to: 'USD', rate: '2', on: '2026-05-01', source: 'ECB' }],
      products: { calls: { name: 'Calls', price: { unit_price: '1.00', per: 'year', included: '3' } } },
    }, [visit('A', '2026-04-05', { product: 'calls', quantity: '10' }), visit('B', '2026-05-05', { product: 'calls', quantity: '5' })]);
    await made.run('2026-06-10');
    expect((await made.told(LINES)).filter((row) => row.includes('usage'))).toEqual([
      '2026-05-01 | USD | usage | 761 | - | EUR | 700 | 1.0870 | 2026-04-15 | ECB', '2026-06-01 | USD | usage | 1000 | - | EUR | 500 | 2 | 2026-05-01 | ECB',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('hold for prices that include the tax: the gross is converted, the net worked out from it', async () => {
    const made = await project({ ...RATES, prices_include_tax: true }, [visit('A', '2026-04-20', { quantity: '1' }), visit('B', '2026-04-21', { quantity: '1' })]);
    await made.run('2026-05-10');
    expect(await made.told('SELECT gross_minor, original_minor, amount_minor FROM ledger.invoice_lines ORDER BY line_no')).toEqual(['10327 | 9500 | 8678', '10327 | 9500 | 8678']);
    expect(await made.told('SELECT net_minor, tax_minor, total_minor FROM ledger.invoices')).toEqual(['17356 | 3298 | 20654']);
    expect(await made.flaws()).toEqual([]);
  });

  it('that are missing park the customer, and nobody else; a rate that is added lets it go', async () => {
    const other = { customers: { ...RATES['customers'] as Spec, acme: {} } };
    const made = await project({ ...RATES, ...other }, [
      visit('A', '2026-04-20', { amount: '1.000', currency: 'KWD' }), visit('B', '2026-04-20'), visit('Z', '2026-04-20', { customer: 'acme' }),
    ]);
    const done = await made.run('2026-05-10');
    expect(done.parked.map(({ customer_id, reason }) => `${customer_id}: ${reason}`)).toEqual(['bolt: there is no exchange rate from KWD to USD for the day of a service']);
    expect(await made.told('SELECT customer_id FROM ledger.invoices')).toEqual(['acme']);
    await made.configure({ ...RATES, ...other, exchange_rates: [...(RATES['exchange_rates'] as Spec[]), { from: 'KWD', to: 'USD', rate: '3.25', on: '2026-04-01', source: 'CBK' }] });
    await made.run('2026-05-11');
    expect(await made.told("SELECT customer_id, currency, net_minor FROM ledger.invoices WHERE customer_id = 'bolt'")).toEqual(['bolt | USD | 10652']);
    expect(await made.flaws()).toEqual([]);
  });

  it('of a booking that changed are those that were: it is taken back as it was billed, and billed again at the rate of its own day', async () => {
    const made = await project(RATES, [visit('A', '2026-04-20'), visit('B', '2026-05-20')]);
    await made.run('2026-05-10');
    await made.configure({ ...RATES, exchange_rates: [...(RATES['exchange_rates'] as Spec[]), { from: 'EUR', to: 'USD', rate: '2', on: '2026-05-01', source: 'ECB' }] });
    await made.book([visit('A', '2026-04-20', { quantity: '2' }), visit('B', '2026-05-20')]);
    await made.run('2026-06-10');
    expect(await made.told(`SELECT CAST(i.billing_date AS VARCHAR), l.kind, l.booking_id, l.amount_minor, l.original_minor FROM ledger.invoice_lines AS l
      JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id ORDER BY i.billing_date, l.amount_minor`)).toEqual([
      '2026-05-01 | booking | A | 10327 | 9500', '2026-06-01 | adjustment | A | -10327 | -9500', '2026-06-01 | booking | B | 19000 | 9500',
      '2026-06-01 | adjustment | A | 20653 | 19000',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('that make an amount too large park the customer, even where something else takes it off again', async () => {
    const made = await project({ ...RATES, exchange_rates: [{ from: 'EUR', to: 'USD', rate: '99999999.9999999999', on: '2026-01-01', source: 'ECB' }], customers: { ...RATES['customers'] as Spec, acme: {} } }, [
      visit('A', '2026-04-20', { amount: '99999999999.99' }), visit('B', '2026-04-20', { amount: '-9000000000000.00', currency: 'USD' }), visit('Z', '2026-04-20', { customer: 'acme' }),
    ]);
    const done = await made.run('2026-05-10');
    expect(done.parked.map(({ customer_id, reason }) => `${customer_id}: ${reason}`)).toEqual(['bolt: an amount in EUR is too large in USD']);
    expect(await made.told('SELECT customer_id, net_minor FROM ledger.invoices')).toEqual(['acme | 9500']);
  });

  it('of ten decimals are used to the last one', async () => {
    const made = await project({ ...RATES, exchange_rates: [{ from: 'EUR', to: 'USD', rate: '1', on: '2026-01-01', source: 'ECB' }, { from: 'IDR', to: 'USD', rate: '0.0000558644', on: '2026-01-01', source: 'BI' }] }, [
      visit('A', '2026-04-20', { amount: '1234567890.12', currency: 'IDR' }),
    ]);
    await made.run('2026-05-10');
    // 1234567890.12 × 0.0000558644 = 68968.3944…
    expect(await made.told(LINES)).toEqual(['2026-05-01 | USD | A | 6896839 | - | IDR | 123456789012 | 0.0000558644 | 2026-01-01 | BI']);
    expect(await made.flaws()).toEqual([]);
  });

  it('make room for deposits in the currency of the invoice: they come off what was converted, too', async () => {
    const made = await project({
      ...RATES, customers: { bolt: { ...(RATES['customers'] as { bolt: Spec }).bolt, agreements: ['a'] } },
      agreements: { a: { from: '2026-04-01', until: '2026-06-30', currency: 'USD', deposits: [{ id: 'down', name: 'Down payment', amount: '150.00', on: '2026-04-01', apply: 'next_invoice' }] } },
    }, [visit('A', '2026-05-20'), visit('B', '2026-06-20', { quantity: '2' })]);
    await made.run('2026-07-10');
    expect((await made.told(LINES)).map((row) => row.split(' | ').slice(0, 6).join(' | '))).toEqual([
      '2026-05-01 | USD | deposit | 15000 | 150000000 | -', '2026-06-01 | USD | A | 10327 | - | EUR', '2026-06-01 | USD | deposit_applied | -10327 | - | -',
      '2026-07-01 | USD | B | 20653 | - | EUR', '2026-07-01 | USD | deposit_applied | -4673 | - | -',
    ]);
    expect(await made.told('SELECT total_minor FROM ledger.invoices ORDER BY serial')).toEqual(['17850', '0', '19016']);
    expect(await made.flaws()).toEqual([]);
  });

  it('do not touch deposits: those in another currency are refused', async () => {
    const made = await project({
      ...RATES, customers: { bolt: { ...(RATES['customers'] as { bolt: Spec }).bolt, agreements: ['a'] } },
      agreements: { a: { from: '2026-04-01', until: '2026-12-31', deposits: [{ id: 'down', name: 'Down payment', amount: '100.00', on: '2026-04-01' }] } },
    });
    expect(await refusal(made.preview('2026-05-02'))).toBe('CONFIG_VALUE 4 customer bolt is billed in USD, and the deposits of agreement a are in EUR');
  });
});

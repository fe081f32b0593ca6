/** VAT in the currency of the seller's country: stated on invoices in another one, at one declared rate, and taken back at that rate. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { creditText } from '../../src/report/corrections.js';
import { PLAIN } from '../../src/report/style.js';
import { cancel } from '../../src/run/cancel.js';
import { credit } from '../../src/run/credit.js';
import { preview } from '../../src/run/preview.js';
import { show } from '../../src/run/show.js';
import { BASE, project, refusal } from '../support/project.js';
import type { Booking, Spec } from '../support/project.js';

const TAXES = `SELECT number, currency, tax_minor, tax_currency, tax_currency_minor, tax_exchange_rate, CAST(tax_exchange_on AS VARCHAR) AS tax_exchange_on, tax_exchange_source
  FROM ledger.invoices ORDER BY serial, series, seq`;

const visit = (id: string, start: string, more: Partial<Booking> = {}): Booking => ({ id, customer: 'bolt', start, currency: 'USD', amount: '100.00', product: 'visit', ...more });

const BOLT: Spec = { name: 'Bolt Ltd', cycle: 'monthly', address: { line1: 'A', city: 'B', postal_code: '1', country: 'US' } };
const RATES = [
  { from: 'EUR', to: 'USD', rate: '1.0870', on: '2026-04-15', source: 'ECB' }, { from: 'USD', to: 'EUR', rate: '0.9', on: '2026-01-01', source: 'ECB' },
  { from: 'USD', to: 'EUR', rate: '0.9215', on: '2026-04-15', source: 'ECB' }, { from: 'USD', to: 'EUR', rate: '0.5', on: '2026-05-01', source: 'ECB' },
];
const SPEC: Spec = { issuer: { tax_id: 'DE123456788', tax_currency: 'EUR' }, exchange_rates: RATES, customers: { bolt: BOLT } };

describe('VAT in the currency of the seller', () => {
  it('stands on an invoice in another one, everywhere: converted once, at the rate of the last day of the period', async () => {
    const made = await project({ ...SPEC, customers: { bolt: BOLT, acme: {} } }, [
      visit('A', '2026-04-01'), visit('B', '2026-04-02', { amount: '10.55' }), visit('F', '2026-04-02', { amount: '3.33', product: 'food' }),
      visit('Z', '2026-04-02', { customer: 'acme', currency: 'EUR' }),
    ]);
    await made.run('2026-05-10');
    // 21.00 on 110.55 and 0.23 on 3.33 are 21.23; × 0.9215 = 19.563…: once on the sum. The invoice in EUR says nothing.
    expect(await made.told(TAXES)).toEqual(['INV-2026-000001 | EUR | 1900 | - | - | - | - | -', 'INV-2026-000002 | USD | 2123 | EUR | 1956 | 0.9215 | 2026-04-15 | ECB']);
    expect(await made.flaws()).toEqual([]);
    const shown = { as_of: '2026-05-10', id: 'INV-2026-000002' };
    const { record, explanation } = await show(made.world, { ...shown, format: 'json', explain: true });
    expect(record.accounted_tax).toEqual({ currency: 'EUR', tax: '19.56', rate: '0.9215', on: '2026-04-15', source: 'ECB' });
    expect(explanation!.accounted_tax!.steps.map(({ formula, exact, value }) => `${formula} = ${exact} = ${value}`)).toEqual(['21.23 × 0.9215 = 19.563445 = 19.56']);
    expect(explanation!.accounted_tax!.rules.map(({ what, path }) => `${what}: ${path!}`)).toEqual(['exchange rate of 2026-04-15, ECB: exchange_rates[2]']);
    const xml = (await show(made.world, { ...shown, format: 'xml' })).bytes!.toString();
    expect(xml).toContain('<cbc:DocumentCurrencyCode>USD</cbc:DocumentCurrencyCode>\n  <cbc:TaxCurrencyCode>EUR</cbc:TaxCurrencyCode>');
    expect(xml).toContain('</cac:TaxTotal>\n  <cac:TaxTotal>\n    <cbc:TaxAmount currencyID="EUR">19.56</cbc:TaxAmount>\n  </cac:TaxTotal>');
    const page = await readFile(join(made.root, 'out/invoices/2026-05-01/INV-2026-000002.html'), 'utf8');
    expect(page).toMatch(/VAT in EUR <span class="base">× 0\.9215 \(ECB, 15 Apr 2026\)<\/span><\/td><td>€19\.56</);
    const table = await readFile(join(made.root, 'out/invoices/2026-05-01/invoices.csv'), 'utf8');
    expect(table.split('\n')[2]).toMatch(/,USD,3,113\.88,21\.23,135\.11,EUR,19\.56,0\.9215,2026-04-15,ECB$/);
    await made.checkInvoices();
  });

  it('has the rate of the day of billing where that comes first: what is billed in advance is taxed when it is invoiced', async () => {
    const made = await project({ ...SPEC, customers: { bolt: { ...BOLT, cycle: 'ahead' } } }, [visit('A', '2026-05-20')]);
    await made.run('2026-05-10');
    expect(await made.told(TAXES)).toEqual(['INV-2026-000001 | USD | 1900 | EUR | 950 | 0.5 | 2026-05-01 | ECB']);
    const late = await project({ ...SPEC, customers: { bolt: { ...BOLT, cycle: 'ahead' } }, exchange_rates: [...RATES, { from: 'USD', to: 'EUR', rate: '0.7', on: '2026-05-02', source: 'ECB' }] }, [visit('A', '2026-05-20')]);
    await late.run('2026-05-10');
    expect((await late.told(TAXES))[0]).toContain('| 950 | 0.5 |');
  });

  it('is that of what was converted before, and is not stated where there is none', async () => {
    const free = { free: { name: 'Reverse charge', rate: '0', category: 'AE', note: 'Reverse charge' } };
    const made = await project({
      ...SPEC, taxes: { ...BASE['taxes'] as Spec, ...free }, customers: { bolt: { ...BOLT, invoice_currency: 'USD' }, cast: { ...BOLT, name: 'Cast', tax: 'free', tax_id: 'FR12345678901' } },
    }, [visit('A', '2026-04-20', { currency: 'EUR' }), visit('C', '2026-04-20', { customer: 'cast', currency: 'KWD', amount: '1.000' })]);
    await made.run('2026-05-10');
    // 100.00 × 1.087 = 108.70, 19 % = 20.65, × 0.9215 = 19.03, and nobody needs a rate from KWD.
    expect(await made.told(TAXES)).toEqual(['INV-2026-000001 | USD | 2065 | EUR | 1903 | 0.9215 | 2026-04-15 | ECB', 'INV-2026-000002 | KWD | 0 | - | - | - | - | -']);
    expect(await made.flaws()).toEqual([]);
  });

  it('without a rate parks the customer, and nobody else; a rate that is added lets it go, and is another preview', async () => {
    const other = { ...SPEC, customers: { bolt: BOLT, acme: {} } };
    const rows = [visit('A', '2026-04-20', { currency: 'GBP' }), visit('Z', '2026-04-20', { customer: 'acme', currency: 'EUR' })];
    const made = await project(other, rows);
    const before = await preview(made.world, { as_of: '2026-05-01', customers: [] });
    const done = await made.run('2026-05-10');
    expect(done.parked.map(({ customer_id, reason }) => `${customer_id}: ${reason}`)).toEqual(['bolt: there is no exchange rate from GBP to EUR for the tax of the invoice']);
    expect(await made.told('SELECT customer_id FROM ledger.invoices')).toEqual(['acme']);
    await made.configure({ ...other, exchange_rates: [...RATES, { from: 'GBP', to: 'EUR', rate: '1.15', on: '2026-04-30', source: 'ECB' }] });
    const after = await preview(made.world, { as_of: '2026-05-10', customers: [] });
    expect(after.batches[0]!.digest).not.toBe(before.batches[0]!.digest);
    await made.run('2026-05-11');
    expect((await made.told(TAXES))[1]).toBe('INV-2026-000002 | GBP | 1900 | EUR | 2185 | 1.15 | 2026-04-30 | ECB');
    await made.configure({ ...other, exchange_rates: [...RATES, { from: 'GBP', to: 'EUR', rate: '99999999', on: '2026-04-30', source: 'ECB' }] });
    await made.book([...rows, visit('B', '2026-05-20', { currency: 'GBP', amount: '9999999.99' })]);
    expect((await made.run('2026-06-10')).parked.map(({ reason }) => reason)).toEqual(['its tax is too large in EUR']);
    expect(await made.flaws()).toEqual([]);
  });

  it('is refused where no rate is declared from the currency of a customer, told with code, place and remedy', async () => {
    const told = await refusal(project({ ...SPEC, exchange_rates: [RATES[0]], customers: { bolt: { ...BOLT, invoice_currency: 'EUR' }, cast: { ...BOLT, agreements: ['a'] } }, agreements: { a: { from: '2026-01-01', currency: 'USD' } } })
      .then((made) => made.run('2026-05-10')));
    expect(told).toContain('CONFIG_REFERENCE 4 customer cast is billed in USD, its VAT is stated in EUR, and there is no rate from USD to EUR');
  });
});

describe('what takes back', () => {
  const options = { as_of: '2026-05-20', reason: 'Wrong', lines: [], reissue: false, dry_run: false };

  it('has the rate that was used, whatever is declared today; credit notes never give back more, and the last one all that is left', async () => {
    const made = await project(SPEC, [visit('A', '2026-04-20', { amount: '0.10' }), visit('B', '2026-04-20', { amount: '0.10' }), visit('C', '2026-04-20', { amount: '0.10' })]);
    await made.run('2026-05-10');
    // 6 cents at 0.9215 are 5.5, so 6.
    await made.configure({ ...SPEC, exchange_rates: [{ from: 'USD', to: 'EUR', rate: '2', on: '2026-01-01', source: 'Other' }] });
    for (const line of ['1', '2', '3']) {
      const result = await credit(made.world, { ...options, number: 'INV-2026-000001', lines: [line] });
      const { credit_note } = result;
      expect(creditText(result, PLAIN).join('\n')).toMatch(new RegExp(`Tax in EUR × 0\\.9215 \\(ECB, 2026-04-15\\) +${credit_note.accounted_tax!.tax}`));
      expect(credit_note.accounted_tax).toEqual({ currency: 'EUR', tax: '-0.02', rate: '0.9215', on: '2026-04-15', source: 'ECB' });
    }
    expect(await made.told(TAXES)).toEqual(['INV-2026-000001 | USD | 6 | EUR | 6 | 0.9215 | 2026-04-15 | ECB', ...['1', '2', '3'].map((n) => `CN-2026-00000${n} | USD | -2 | EUR | -2 | 0.9215 | 2026-04-15 | ECB`)]);
    expect(await made.flaws()).toEqual([]);
    const { bytes } = await show(made.world, { as_of: '2026-05-20', id: 'CN-2026-000001', format: 'xml' });
    expect(bytes!.toString()).toContain('<cbc:TaxAmount currencyID="EUR">0.02</cbc:TaxAmount>');
    await made.checkInvoices();
  });

  it('takes the rest of the roundings with the last part', async () => {
    // 19 cents × 0.5 = 9.5, so 10; thirds of it 6 × 0.5 = 3, 6 × 0.5 = 3, and 4 are left for 7 × 0.5 = 3.5.
    const made = await project({ ...SPEC, exchange_rates: [{ from: 'USD', to: 'EUR', rate: '0.5', on: '2026-01-01', source: 'ECB' }] }, ['0.34', '0.33', '0.33'].map((amount, i) => visit(`A${i}`, '2026-04-20', { amount })));
    await made.run('2026-05-10');
    for (const line of ['2', '3', '1']) await credit(made.world, { ...options, number: 'INV-2026-000001', lines: [line] });
    expect(await made.told('SELECT tax_minor, tax_currency_minor FROM ledger.invoices ORDER BY series, seq')).toEqual(['-6 | -3', '-6 | -3', '-7 | -4', '19 | 10']);
    expect(await made.flaws()).toEqual([]);
  });

  it('by the models on a document of its own has the rate of what it takes back; among other lines the rate of that invoice', async () => {
    const rows = [visit('A', '2026-04-20'), visit('B', '2026-05-20')];
    for (const [mode, expected] of [
      ['credit_note', ['INV-2026-000001 | USD | 1900 | EUR | 1751 | 0.9215 | 2026-04-15 | ECB', 'CN-2026-000001 | USD | -1900 | EUR | -1751 | 0.9215 | 2026-04-15 | ECB', 'INV-2026-000002 | USD | 3800 | EUR | 1900 | 0.5 | 2026-05-01 | ECB']],
      ['adjust', ['INV-2026-000001 | USD | 1900 | EUR | 1751 | 0.9215 | 2026-04-15 | ECB', 'INV-2026-000002 | USD | 1900 | EUR | 950 | 0.5 | 2026-05-01 | ECB']],
    ] as const) {
      const made = await project({ ...SPEC, automation: { changed_bookings: mode } }, rows);
      await made.run('2026-05-10');
      await made.book([visit('A', '2026-04-20', mode === 'adjust' ? { status: 'cancelled' } : { amount: '200.00', start: '2026-04-20' }), ...(mode === 'adjust' ? [visit('B', '2026-05-20', { amount: '200.00' })] : [])]);
      await made.run('2026-06-10');
      await made.run('2026-07-10');
      expect(await made.told(TAXES)).toEqual(expected);
      expect(await made.flaws()).toEqual([]);
      await made.checkInvoices();
    }
  });

  it('as a cancellation leaves the document as it was; what is billed again has the rate of its period', async () => {
    const made = await project({ ...SPEC, mail: undefined }, [visit('A', '2026-04-20')]);
    await made.run('2026-05-10');
    await cancel(made.world, { as_of: '2026-05-11', number: 'INV-2026-000001', reason: 'Wrong', dry_run: false });
    const { record } = await show(made.world, { as_of: '2026-05-12', id: 'INV-2026-000001', format: 'json' });
    expect(record.accounted_tax?.tax).toBe('17.51');
    expect(await made.flaws()).toEqual([]);
  });
});

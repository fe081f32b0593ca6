/** Agreements as they are resolved, and the dates and prices that follow from them. */
import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { addMonths, pricesUntil, renewedUntil, scaled, termsUntil } from '../../src/config/agreement-dates.js';
import { resolve } from '../../src/config/resolve.js';
import type { ConfigSpec } from '../../src/config/shape.js';
import type { Agreement, Charge, PriceIndex } from '../../src/config/types.js';
import { readYaml } from '../../src/config/yaml.js';
import { expectFile, inTests } from './expectation.js';
import { FULL, problems } from './projects.js';

const TEXT = readFileSync(inTests('config/agreements.yaml'), 'utf8');
const { value } = await readYaml('agreements.yaml', TEXT);
const resolved = (): ReturnType<typeof resolve> => resolve(value as ConfigSpec);

function agreement(over: Partial<Agreement> = {}): Agreement {
  return { ...resolved().agreements[0]!, ...over };
}

const charge = (over: Partial<Charge>): Charge => ({ ...agreement().charges[0]!, until: null, ...over });

describe('an agreement', () => {
  test('with everything is without fault', async () => expect(await problems(TEXT)).toEqual([]));

  test('is resolved', () => {
    const { agreements, prices, indexes, exchange_rates, customers, taxes, bookings, products } = resolved();
    const parties = customers.map(({ customer_id, agreements: ids, taxes: own, invoice_currency, zero_invoices, negative_total, prices: plain, payment_terms }) => (
      { customer_id, agreements: ids, taxes: own, invoice_currency, zero_invoices, negative_total, prices: plain, payment_terms }));
    const included = bookings.map(({ prices_include_tax }) => prices_include_tax);
    const plain = products.map(({ product, price }) => ({ product, price }));
    const shown = { agreements, prices, indexes, exchange_rates, customers: parties, taxes, bookings_include_tax: included, products: plain };
    expectFile('config/agreements.resolved.json', `${JSON.stringify(shown, null, 2)}\n`);
  });

  test('ends with its renewals, or not at all', () => {
    expect(agreement().until).toBe('2028-12-31');
    const terms = termsUntil(agreement(), '2028-01-01');
    expect(terms).toEqual([
      { from: '2026-01-15', until: '2026-12-31' }, { from: '2027-01-01', until: '2027-12-31' }, { from: '2028-01-01', until: '2028-12-31' },
    ]);
    expect(termsUntil(agreement(), '2199-12-31')).toEqual(terms);
    expect(termsUntil(agreement({ until: null }), '2030-06-01')).toHaveLength(5);
    expect(termsUntil(agreement({ until: null, term: { until: null, months: null } }), '2030-06-01')).toEqual([{ from: '2026-01-15', until: null }]);
  });

  test('may be one of the example in the documents', async () => {
    const example = `${FULL}tax: standard
customers: { acme: { name: Acme, cycle: monthly, agreements: [acme-2026] } }
agreements:
  acme-2026:
    from: 2026-01-01
    until: 2026-12-31
    charges:
      - { id: base-fee, name: Service contract, price: "249.00", per: month, timing: in_advance, prorate: true }
    prices:
      inspection: { model: graduated, tiers: [{ up_to: "10", unit_price: "95" }, { unit_price: "85" }] }
    minimum: { amount: "500.00", per: period }
    discounts: [{ name: Loyalty, percent: "5", on: net }]
`;
    expect(await problems(example)).toEqual([]);
  });
});

describe('a fee before the first billing period', () => {
  test('is told: it is never billed', async () => {
    const text = (on: string): string => `${FULL}tax: standard
customers: { acme: { name: Acme, cycle: monthly, agreements: [a] } }
agreements: { a: { from: 2025-06-01, fees: [{ id: setup, name: Set-up, amount: "9.00", on: ${on} }] } }
`;
    expect(await problems(text('2026-01-01'))).toEqual([]);
    expect(await problems(text('2025-12-31'))).toEqual(['main:12:63 warning CONFIG_VALUE customer acme is billed from 2026-01-01 on: '
      + 'setup of the agreement a, on 2025-12-31, is never billed -> give it a later day, or leave it if it was billed elsewhere']);
  });
});

describe('prices', () => {
  test('of one scope, owner, product and currency never overlap', () => {
    const { prices } = resolved();
    for (const [index, price] of prices.entries()) {
      if (price.from !== null && price.until !== null) expect(price.from <= price.until).toBe(true);
      const next = prices[index + 1];
      if (next === undefined || next.scope !== price.scope || next.owner !== price.owner || next.product !== price.product) continue;
      expect(price.until! < next.from!).toBe(true);
    }
  });

  test('change by percent, rounded each year; a written price replaces the change of its day', () => {
    const until = '2029-06-01';
    const dates = (each: Charge, indexes: readonly PriceIndex[] = []): [string | null, string][] => (
      pricesUntil(each, 'EUR', indexes, until).prices.map(({ from, value }) => [from, value]));
    const uplift = { percent: '3', index: null, anchor: '2026-01-15', after: '2026-01-15', path: [] };
    const [one] = charge({}).prices;
    expect(dates(charge({ uplift }))).toEqual([[null, '249.00'], ['2027-01-15', '256.47'], ['2028-01-15', '264.16'], ['2029-01-15', '272.08']]);
    expect(dates(charge({ uplift, until: '2028-01-14' }))).toEqual([[null, '249.00'], ['2027-01-15', '256.47']]);
    expect(dates(charge({ uplift: { ...uplift, after: '2027-01-15' } }))[1]).toEqual(['2028-01-15', '256.47']);
    expect(dates(charge({ uplift, prices: [one!, { from: '2028-01-15', value: '250.00', path: [] }, { from: '2028-03-01', value: '200', path: [] }] })))
      .toEqual([[null, '249.00'], ['2027-01-15', '256.47'], ['2028-01-15', '250.00'], ['2028-03-01', '200'], ['2029-01-15', '206.00']]);
    expect(dates(charge({ uplift, prices: [{ from: null, value: '0.0125', path: [] }] }))[1]).toEqual(['2027-01-15', '0.0129']);
    expect(dates(charge({ uplift: null }))).toEqual([[null, '249.00']]);
  });

  test('follow an index as far as it is listed, always from the written price', () => {
    const indexes = [{ index: 'cpi', values: [['2026-01', '100'], ['2026-12', '102.5'], ['2027-12', '99']].map(([month, value]) => ({ month: month!, value: value! })) }];
    const uplift = { percent: null, index: { id: 'cpi', base: '2026-01', lag_months: 1 }, anchor: '2026-01-01', after: '2026-01-15', path: [] };
    const { prices, missing } = pricesUntil(charge({ uplift }), 'EUR', indexes, '2029-06-01');
    expect(prices.map(({ from, value }) => [from, value])).toEqual([[null, '249.00'], ['2027-01-01', '255.23'], ['2028-01-01', '246.51']]);
    expect(missing).toEqual({ index: 'cpi', month: '2028-12', from: '2029-01-01' });
    expect(pricesUntil(charge({ uplift }), 'EUR', indexes, '2028-12-31').missing).toBeNull();
  });
});

describe('arithmetic', () => {
  test.each([
    ['2026-01-31', 1, '2026-02-28'], ['2026-01-31', 2, '2026-03-31'], ['2028-02-29', 12, '2029-02-28'], ['2026-03-31', -1, '2026-02-28'],
    ['2026-01-15', -1, '2025-12-15'], ['2026-12-01', 1, '2027-01-01'], ['2024-02-29', 48, '2028-02-29'],
  ])('%s and %i months is %s', (date, months, expected) => expect(addMonths(date, months)).toBe(expected));

  test('terms follow each other without gap', () => expect(renewedUntil('2026-02-28', 1, 3)).toBe('2026-05-31'));

  test('scaling rounds half away from zero, or to even', () => {
    const half = { over: 1n, under: 2n };
    expect(scaled('0.01', half, 2)).toBe('0.01');
    expect(scaled('0.01', half, 2, true)).toBe('0.00');
    expect(scaled('0.03', half, 2, true)).toBe('0.02');
    expect(scaled('5', half, 0)).toBe('3');
    fc.assert(fc.property(fc.bigInt(0n, 10n ** 9n), fc.bigInt(0n, 200n), fc.bigInt(1n, 200n), (cents, over, under) => {
      const text = `${cents / 100n}.${String(cents % 100n).padStart(2, '0')}`;
      const result = BigInt(scaled(text, { over, under }, 2).replace('.', ''));
      const twice = 2n * (result * under - cents * over);
      expect(twice <= under && twice > -under).toBe(true);
    }));
  });
});

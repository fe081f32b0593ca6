/** Deposits of random agreements against an independent account of them, over three runs with invoices voided in between. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Agreement, Config, Customer } from '../../src/config/types.js';
import { ublProblems } from '../../src/documents/ubl.js';
import { Engine } from '../../src/engine/engine.js';
import { draftRecords } from '../../src/run/records.js';
import { addDays } from '../../src/values/time.js';
import { committed } from '../support/committed.js';
import { draftOf, periods, provenDraft } from '../support/models.js';
import type { BookingRow, LedgerEvent, World } from '../support/models.js';
import { DepositOracle } from './oracle-deposits.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const MONTHS = ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01', '2026-07-01', '2026-08-01'];
const CUSTOMERS = 60;
const ids = Array.from({ length: CUSTOMERS }, (_, i) => `c${String(i).padStart(2, '0')}`);
const path = [] as const;
const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const day = fc.integer({ min: 0, max: 200 }).map((n) => addDays('2026-01-01', n));
const cents = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 1, max: 500_000 })).map((n) => (n / 100).toFixed(2));

const agreement = fc.record({
  until: fc.oneof({ arbitrary: day, weight: 3 }, { arbitrary: fc.constant(null), weight: 1 }), prices_include_tax: fc.boolean(),
  deposits: fc.array(fc.record({
    amount: cents, on: fc.integer({ min: -20, max: 150 }).map((n) => addDays('2026-01-01', n)), apply: pick<'next_invoice' | 'final_invoice'>('next_invoice', 'next_invoice', 'final_invoice'),
    tax: pick('standard', 'standard', 'reduced', 'free'),
  }), { minLength: 1, maxLength: 3 }),
}).map(({ until, prices_include_tax, deposits }): Omit<Agreement, 'agreement_id'> => ({
  name: 'a', from: '2025-12-01', until, term: { until: null, months: null }, charged_from: '2025-12-01', currency: 'EUR', prices_include_tax, charges: [], fees: [], bounds: [], discounts: [],
  deposits: deposits.map((each, i) => ({ ...each, charge_id: `d${i}`, name: `Deposit ${i}`, path })), path,
}));
const booking = (id: string): fc.Arbitrary<BookingRow> => fc.record({
  customer: pick(...ids), product: pick('visit', 'visit', 'food', 'export'), source: pick('jobs', 'shop'), end: day, amount: fc.oneof({ arbitrary: cents, weight: 5 }, { arbitrary: cents.map((text) => `-${text}`), weight: 1 }),
}).map((b) => ({ id, ...b, start: b.end }));
const world = fc.record({
  rounding: pick<'half_away' | 'half_even'>('half_away', 'half_even'), tax_rounding: pick<'invoice' | 'line'>('invoice', 'invoice', 'line'),
  agreements: fc.tuple(...Array.from({ length: CUSTOMERS * 2 }, () => agreement)), both: fc.tuple(...ids.map(() => fc.boolean())),
  bookings: fc.tuple(...Array.from({ length: CUSTOMERS * 8 }, (_, i) => booking(`b${String(i).padStart(4, '0')}`))),
  runs: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.constant(6)), voided: fc.array(fc.nat({ max: 1000 }), { minLength: 20, maxLength: 20 }),
});

const TOLD = `
  SELECT i.customer_id || ' ' || strftime(i.period_start, '%Y-%m-%d') || ' ' || l.kind || ' ' || regexp_extract(l.charge_id, '^[^:]*:([^:]*:[^:]*)', 1) || ' ' || l.tax_id || ' ' || l.tax_rate_micro
    || ' ' || coalesce(l.gross_minor, l.amount_minor) AS told
  FROM draft.invoice_lines AS l JOIN draft.invoices AS i ON i.invoice_id = l.invoice_id WHERE l.kind LIKE 'deposit%'
  UNION ALL SELECT customer_id || ' ' || strftime(period_start, '%Y-%m-%d') || ' total ' || total_minor FROM draft.invoices`;

/** What EN 16931 finds in the draft's invoices as e-invoices. */
async function flawedInvoices(): Promise<string[]> {
  const address = { line1: 'Markt 1', city: 'Berlin', country: 'DE' };
  const config: Partial<Config> = {
    issuer: { id: 'north', name: 'Northwind', address, tax_id: 'DE811907980' }, partners: [],
    customers: ids.map((id): Partial<Customer> => ({ customer_id: id, name: id, email: [], address, tax_id: null, contact: null, partner_id: null })) as Customer[],
  };
  const records = await draftRecords(engine, config as Config, 'TRUE');
  return records.flatMap((record) => ublProblems({ ...record, number: 'X', status: 'processed' }).map((problem) => `${record.invoice_id} ${problem}`));
}

it('deposits come off and are given back as an independent account says, whatever was voided in between', async () => {
  const seen = { deposit: 0, deposit_applied: 0, deposit_refund: 0, voided: 0 };
  await fc.assert(fc.asyncProperty(world, async ({ rounding, tax_rounding, agreements, both, bookings, runs, voided }) => {
    const given: World = {
      as_of: MONTHS[1]!, rounding, tax_rounding, bookings, sources: [{ name: 'jobs' }, { name: 'shop', with_tax: true }], periods: [],
      agreements: agreements.map((each, i) => ({ ...each, agreement_id: `g${String(i).padStart(3, '0')}` })),
      customers: ids.map((id, i) => ({ id, agreements: [i, ...(both[i] === true ? [i + CUSTOMERS] : [])].map((n) => `g${String(n).padStart(3, '0')}`) })),
      taxes: {
        standard: { rate: '20', rates: [{ from: null, rate: '19', name: 'VAT', path }, { from: '2026-03-15', rate: '20', name: 'VAT', path }] }, reduced: { rate: '7' },
        free: { rate: '0', category: 'E', note: 'exempt' },
      },
      products: { visit: { tax: 'standard' }, food: { tax: 'reduced' }, export: { tax: 'free' } },
    };
    const oracle = new DepositOracle(given, MONTHS);
    let [from, ledger] = [0, ''];
    for (const [no, length] of runs.entries()) {
      const to = Math.min(from + length - 1, 6);
      if (from > to) break;
      const as_of = addDays(MONTHS[to + 1]!, 1);
      const events = MONTHS.slice(1, from + 1).map((id): LedgerEvent => ({ subject: 'batch', id, event: 'closed' }));
      const draft = await draftOf(engine, { ...given, as_of, events, ledger, periods: periods(as_of, MONTHS) });
      const lines = (await draft.told(TOLD)).sort();
      expect(lines).toEqual(oracle.bill(from, to));
      if (no === 2) expect(await provenDraft(draft)).toEqual([]);
      if (no === 2) expect(await flawedInvoices()).toEqual([]);
      for (const kind of ['deposit', 'deposit_applied', 'deposit_refund'] as const) seen[kind] += lines.filter((line) => line.includes(` ${kind} `)).length;
      // Some of what stands becomes void; the period stays closed.
      const gone = voided.map((n) => oracle.invoices[n]).filter((invoice) => invoice?.void === false);
      for (const invoice of gone) invoice!.void = true;
      seen.voided += gone.length;
      const names = gone.map((invoice) => `${invoice!.customer} ${MONTHS[invoice!.period]!}`);
      ledger = await committed(engine, ledger, names);
      from = to + 1;
    }
  }), { numRuns: Number(process.env['RUNS'] ?? 8), endOnFailure: true });
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(40);
}, 600_000);

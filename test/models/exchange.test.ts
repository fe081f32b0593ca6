/** Conversion of lines and taxes: against plain integer arithmetic on random worlds, line by line. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExchangeRate } from '../../src/config/types.js';
import { Engine } from '../../src/engine/engine.js';
import { exponentOf, formatMicro, formatScaled } from '../../src/values/money.js';
import { roundedQuotient } from '../support/exact.js';
import { draftOf, periods, provenDraft } from '../support/models.js';
import type { BookingRow, Draft } from '../support/models.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const AS_OF = '2026-05-02';
const MONTHS = ['2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01'];
const MONEY = ['EUR', 'JPY', 'KWD', 'USD'] as const;

const booking = fc.record({
  currency: fc.constantFrom(...MONEY), minor: fc.bigInt({ min: -10_000_000n, max: 10_000_000n }).filter((n) => n !== 0n), day: fc.integer({ min: 1, max: 30 }),
  customer: fc.constantFrom('acme', 'bolt'),
});
const rate = fc.record({ from: fc.constantFrom(...MONEY), micro: fc.bigInt({ min: 1n, max: 400_000_000n }), day: fc.integer({ min: 1, max: 30 }) });
const world = fc.record({
  to: fc.constantFrom(...MONEY), bookings: fc.array(booking, { minLength: 1, maxLength: 12 }), rates: fc.array(rate, { maxLength: 8 }),
  rounding: fc.constantFrom('half_away' as const, 'half_even' as const), tax_rounding: fc.constantFrom('invoice' as const, 'line' as const),
});

const dayOf = (n: number): string => `2026-04-${String(n).padStart(2, '0')}`;

/** The last rate of a pair up to a day. */
function inForce(rates: readonly ExchangeRate[], from: string, to: string, day: string): ExchangeRate | undefined {
  return rates.filter((each) => each.from === from && each.to === to && each.on <= day).sort((a, b) => (a.on < b.on ? -1 : 1)).at(-1);
}

/** Invoices with the tax in the other currency, and whether one waits for a rate of it. */
async function accountedOf(draft: Draft): Promise<string[]> {
  return draft.told(`SELECT i.invoice_id, i.tax_currency, i.tax_currency_minor, i.tax_exchange_rate, CAST(i.tax_exchange_on AS VARCHAR), coalesce(a.problem LIKE 'there is no exchange rate%', FALSE)
    FROM draft.invoices AS i LEFT JOIN draft.accounted_taxes AS a ON a.invoice_id = i.invoice_id ORDER BY i.invoice_id`);
}

/** The same from the sums of their taxes: at the last rate up to the end of April. */
async function expectedAccounts(draft: Draft, to: string, rates: readonly ExchangeRate[], rounding: 'half_away' | 'half_even'): Promise<string[]> {
  const rows = await draft.engine.rows<{ invoice_id: string; currency: string; tax: bigint }>(`SELECT i.invoice_id, i.currency, CAST(sum(t.tax_minor) AS HUGEINT) AS tax
    FROM draft.invoices AS i JOIN draft.invoice_taxes AS t ON t.invoice_id = i.invoice_id GROUP BY ALL ORDER BY i.invoice_id`);
  return rows.map(({ invoice_id, currency, tax }) => {
    if (currency === to || tax === 0n) return `${invoice_id} | - | - | - | - | false`;
    const used = inForce(rates, currency, to, '2026-04-30');
    if (used === undefined) return `${invoice_id} | ${to} | - | - | - | true`;
    const minor = roundedQuotient(tax * BigInt(Math.round(Number(used.rate) * 1e6)) * 10n ** BigInt(exponentOf(to)), 10n ** BigInt(6 + exponentOf(currency)), rounding);
    return `${invoice_id} | ${to} | ${minor} | ${used.rate} | ${used.on} | false`;
  });
}

describe('conversion', () => {
  it('is that of each line, rounded once, at the last rate up to its day; without one its customer is parked, the others go on', async () => {
    await fc.assert(fc.asyncProperty(world, async ({ to, bookings, rates, rounding, tax_rounding }) => {
      const declared = new Map(rates.filter(({ from }) => from !== to).map(({ from, micro, day }): [string, ExchangeRate] => [`${from} ${to} ${dayOf(day)}`, {
        from, to, rate: formatMicro(micro), on: dayOf(day), source: 'bank', path: [],
      }]));
      const exchange_rates = [...declared.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each);
      const rows = bookings.map((each, i): BookingRow => ({
        id: `b${String(i).padStart(2, '0')}`, customer: each.customer, end: dayOf(each.day), start: dayOf(each.day), currency: each.currency,
        amount: formatScaled(each.minor, exponentOf(each.currency)),
      }));
      const draft = await draftOf(engine, {
        tax_currency: to, as_of: AS_OF, customers: [{ id: 'acme', invoice_currency: to }, { id: 'bolt' }], periods: periods(AS_OF, MONTHS), bookings: rows, exchange_rates,
        rounding, tax_rounding,
      });
      expect(await provenDraft(draft)).toEqual([]);
      const expected = bookings.map((each, i) => {
        const used = each.customer === 'acme' && each.currency !== to ? inForce(exchange_rates, each.currency, to, dayOf(each.day)) : undefined;
        const converts = each.customer === 'acme' && each.currency !== to;
        const amount = !converts ? each.minor : used === undefined ? 0n : roundedQuotient(
          each.minor * BigInt(Math.round(Number(used.rate) * 1e6)) * 10n ** BigInt(exponentOf(to)), 10n ** BigInt(6 + exponentOf(each.currency)), rounding);
        return `b${String(i).padStart(2, '0')} | ${converts ? to : each.currency} | ${amount} | ${converts ? `${each.currency} | ${each.minor}` : '- | -'} | ${used?.on ?? '-'}`;
      });
      expect(await draft.told(`SELECT booking_id, currency, CAST(amount_minor AS BIGINT), original_currency, original_minor, CAST(exchange_on AS VARCHAR)
        FROM draft.invoice_lines ORDER BY booking_id`)).toEqual(expected);
      const lacks = bookings.some((each) => each.customer === 'acme' && each.currency !== to && inForce(exchange_rates, each.currency, to, dayOf(each.day)) === undefined);
      expect(await accountedOf(draft)).toEqual(await expectedAccounts(draft, to, exchange_rates, rounding));
      expect(await draft.told("SELECT count(*) > 0 FROM draft.limits AS l WHERE l.parked AND l.customer_id = 'acme' AND l.problem LIKE '% for the day of a service'")).toEqual([String(lacks)]);
      expect(await draft.told("SELECT count(*) FROM draft.limits AS l WHERE l.parked AND l.customer_id = 'bolt' AND l.problem NOT LIKE '%for the tax of the invoice'")).toEqual(['0']);
    }), { numRuns: 60 });
  });
});

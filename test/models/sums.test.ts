/** Discounts where bookings are many: invoices that are worked out from sums, and those that are not, are what they are line by line. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { buildDraft } from '../../src/models/build.js';
import { buildAsMany, draftOf, periods } from '../support/models.js';
import type { BookingRow, CustomerRow, Draft, World } from '../support/models.js';
import { written } from '../support/usage.js';
import { dayIn, path, pick, rarely, tidy } from './worlds.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const RUNS = Number(process.env['RUNS'] ?? 4);
const CUSTOMERS = 40;
const ids = Array.from({ length: CUSTOMERS }, (_, i) => `c${String(i).padStart(2, '0')}`);
const MONTHS = ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01'];
const cents = (least: number, most: number): fc.Arbitrary<string> => fc.integer({ min: least, max: most }).map((n) => (n / 100).toFixed(2));
const share = fc.oneof(pick('10', '33.333333', '0.5', '100').map((percent) => ({ percent })), pick('0.01', '1.00', '20.00').map((amount) => ({ amount })));

/** Discounts on lines: mostly of products of their own each, so that a line has one of them, or none. */
const onLines = fc.array(fc.record({
  name: pick('Opening', 'Loyalty'), on: pick('line'), share, products: rarely(pick<readonly string[]>(['visit'], ['data'], ['visit', 'data']), 6), from: rarely(pick('2026-01-20', '2026-02-14'), 3),
  until: rarely(pick('2026-03-10', '2026-04-30'), 3), periods: rarely(pick(1, 2, 3), 3), cap: rarely(pick('7.77', '100.00'), 12),
}), { maxLength: 3 }).map((list) => list.map(({ share: worth, ...each }, i) => tidy({ ...each, ...worth, products: each.products ?? [['visit'], ['data'], ['site']][i] })));
const onNet = fc.array(fc.record({
  name: pick('Loyalty', 'Net'), share, products: rarely(pick<readonly string[]>(['visit'], ['call', 'data']), 5), from: rarely(pick('2026-01-20', '2026-02-01'), 5), periods: rarely(pick(1, 2), 4), cap: rarely(pick('7.77', '100.00'), 4),
}), { maxLength: 2 }).map((list) => list.map(({ share: worth, ...each }) => tidy({ ...each, ...worth, on: 'net' })));
const bound = fc.record({
  amount: pick('33.33', '500.00', '4000.00'), per: pick('period', 'period', 'quarter'), applies_to: rarely(pick('usage', 'charges')), from: rarely(pick('2026-02-10')),
}).map(tidy);
const agreement = fc.record({
  from: pick('2026-01-01', '2026-01-01', '2026-01-20'), until: rarely(pick('2026-04-15'), 6), prices_include_tax: fc.boolean(), currency: rarely(pick('KWD'), 8), onLines, onNet, minimum: rarely(bound, 3), maximum: rarely(bound, 3),
  charges: rarely(fc.record({ price: cents(100, 90_000), timing: pick('in_arrears', 'in_advance'), product: rarely(pick('visit', 'food'), 3) }).map((each) => [tidy({ id: 'rent', name: 'Rent', per: 'month', ...each })]), 3),
  prices: rarely(pick({ site: { model: 'graduated', tiers: [{ up_to: '3', unit_price: '12.345' }, { unit_price: '9' }] } }, { site: '17.333' }), 2),
}).map(({ onLines: lines, onNet: net, ...rest }) => tidy({ ...rest, discounts: [...lines, ...net] }));

const booking = (id: string): fc.Arbitrary<BookingRow> => fc.record({
  customer: pick(...ids), product: pick('visit', 'data', 'site', 'call', 'visit', 'data', 'site', 'call', 'visit', 'data', 'site', 'call', 'food'), own: fc.boolean(), start: dayIn(0, 118), amount: fc.oneof({ arbitrary: cents(1, 50_000), weight: 9 }, { arbitrary: cents(-9_000, 0), weight: 1 }),
  quantity: pick('1', '2', '0.5', '7.25'), source: rarely(pick('shop'), 5), foreign: rarely(fc.constant(true), 9),
}).map(({ own, amount, foreign, source, ...rest }): BookingRow => ({ id, ...rest, source: source ?? 'jobs', end: rest.start, ...(own || rest.product !== 'site' || foreign ? { amount } : {}), ...(foreign ? { currency: 'KWD' } : {}) }));

const world: fc.Arbitrary<World> = fc.record({
  rounding: pick<'half_away' | 'half_even'>('half_away', 'half_even'), tax_rounding: pick<'invoice' | 'line'>('invoice', 'line'), agreements: fc.array(agreement, { minLength: 60, maxLength: 60 }),
  moneys: fc.array(rarely(pick('USD', 'KWD'), 4), { minLength: CUSTOMERS, maxLength: CUSTOMERS }), late: fc.array(pick<CustomerRow['late']>('next_invoice', 'own_invoice'), { minLength: CUSTOMERS, maxLength: CUSTOMERS }),
  bookings: fc.tuple(...Array.from({ length: CUSTOMERS * 25 }, (_, i) => booking(`b${String(i).padStart(4, '0')}`))), days: pick(['2025-01-01'], ['2025-01-01', '2026-02-20']),
}).map(({ rounding, tax_rounding, agreements, moneys, late, bookings, days }): World => {
  const named = agreements.map((each, i) => [`g${String(i).padStart(2, '0')}`, { ...each, ...(i < CUSTOMERS ? {} : { prices: undefined }) }] as const);
  const { prices, agreements: resolved } = written({ agreements: Object.fromEntries(named), tax: 'standard' });
  return {
    as_of: '2026-05-02', rounding, tax_rounding, bookings, prices, agreements: resolved, periods: periods('2026-05-02', MONTHS), events: [{ subject: 'batch', id: '2026-02-01', event: 'closed' }],
    sources: [{ name: 'jobs' }, { name: 'shop', with_tax: true }], taxes: { standard: { rate: '19' }, reduced: { rate: '7' } }, products: { visit: {}, data: {}, call: {}, site: { price: '3.333' }, food: { tax: 'reduced' } },
    exchange_rates: ['EUR', 'KWD', 'USD'].flatMap((from) => ['EUR', 'KWD', 'USD'].filter((to) => to !== from).flatMap((to) => days.map((on, i) => ({ from, to, rate: i === 0 ? '1.087' : '0.3333333333', on, source: 'bank', path })))),
    customers: ids.map((id, i) => tidy({ id, late: late[i], invoice_currency: moneys[i], agreements: named.map(([key]) => key).filter((_, n) => n % CUSTOMERS === i) }) as CustomerRow),
  };
});

/** Lines, taxes, and digests, in which everything is that is shown. */
async function told({ engine: own }: Draft): Promise<string[]> {
  const rows = await own.rows<{ text: string }>(`
    SELECT concat_ws(' ', i.customer_id, i.invoice_id, l.kind, l.line_key, l.description, l.tax_id, l.amount_minor, l.gross_minor, l.original_minor, l.exchange_on) AS text
    FROM draft.invoice_lines AS l JOIN draft.invoices AS i ON i.invoice_key = l.invoice_key
    UNION ALL SELECT concat_ws(' ', invoice_id, 'tax', tax_id, rate_micro, net_minor, tax_minor) FROM draft.invoice_taxes
    UNION ALL SELECT concat_ws(' ', invoice_id, 'total', total_minor, digest) FROM draft.invoices
    UNION ALL SELECT concat_ws(' ', 'line', source, line_key, agreement_key) FROM draft.billed_lines`);
  return rows.map(({ text }) => text).sort();
}

const WAYS = ['discount on lines', 'several on lines', 'ended', 'charges apart', 'converted', 'with tax', 'below zero', 'late', 'discount on the net', 'maximum', 'long maximum'] as const;

/** How many agreements on an invoice are taken `in sums` and `singly`, and how many of them have what matters there. */
async function waysOf({ engine: own }: Draft): Promise<[string, number][]> {
  const of = 'customer_key, period_key, currency, apart, agreement_key';
  const off = (relation: string, where: string): string => `SELECT DISTINCT ${of}, TRUE AS here FROM ${relation} WHERE ${where}`;
  const rows = await own.rows<Record<string, bigint | string>>(`
    WITH net AS (SELECT s.*, d.applies_to FROM draft.discount_shares AS s JOIN input.discounts AS d ON d.agreement_key = s.agreement_key AND d.place = s.place WHERE s.off_minor <> 0)
    SELECT CASE WHEN s.is_joined THEN 'in sums' ELSE 'singly' END AS way, count(*) AS parts, ${WAYS.map((what) => `count(*) FILTER (WHERE "${what}") AS "${what}"`).join(', ')}
    FROM (
      SELECT ${of}, s.is_joined, bool_or(s.off_minor <> 0) AS "discount on lines", count(DISTINCT s.place) FILTER (WHERE s.off_minor <> 0) > 1 AS "several on lines", bool_or(e.period_key IS NOT NULL) AS ended,
        bool_or(NOT s.of_usage) AS "charges apart", bool_or(s.rate_key IS NOT NULL) AS converted, bool_or(a.prices_with_tax) AS "with tax", bool_or(s.base_minor < 0) AS "below zero", apart = 1 AS late
      FROM draft.agreed_sums AS s JOIN (SELECT agreement_key, prices_with_tax FROM input.agreements) AS a USING (agreement_key) LEFT JOIN input.ended_discounts AS e USING (agreement_key, period_key, place) GROUP BY ALL) AS s
    LEFT JOIN (SELECT ${of}, here AS "discount on the net" FROM (${off('net', 'applies_to IS NULL')})) USING (${of})
    LEFT JOIN (SELECT ${of}, here AS maximum FROM (${off('net', 'applies_to IS NOT NULL')})) USING (${of})
    LEFT JOIN (SELECT ${of}, here AS "long maximum" FROM (${off('draft.maximum_shares', 'off_minor <> 0')})) USING (${of})
    GROUP BY way ORDER BY way`);
  return rows.flatMap((row) => ['parts', ...WAYS].map((what): [string, number] => [`${row['way'] as string}: ${what}`, Number(row[what])]));
}

it('are the same invoices, to the digest', async () => {
  const seen = new Map<string, number>();
  await fc.assert(fc.asyncProperty(world, async (each) => {
    const draft = await draftOf(engine, each);
    const singly = await told(draft);
    await buildAsMany(engine);
    expect(await told(draft)).toEqual(singly);
    for (const [way, n] of await waysOf(draft)) seen.set(way, (seen.get(way) ?? 0) + n);
    // Nothing is worked out twice.
    expect(await draft.told(`SELECT l.line_key FROM draft.agreed_lines AS l JOIN draft.agreed_sums AS s USING (customer_key, period_key, currency, apart, agreement_key) WHERE s.is_joined`)).toEqual([]);
    await engine.run('DROP SCHEMA draft CASCADE; CREATE SCHEMA draft');
    await buildDraft(engine, { many: true, singly: true });
    expect(await told(draft)).toEqual(singly);
    expect(await draft.told('SELECT agreement_key FROM draft.agreed_sums WHERE is_joined')).toEqual([]);
  }), { numRuns: RUNS, endOnFailure: true });
  // Both ways have met everything.
  expect([...seen].filter(([, n]) => n < RUNS)).toEqual([]);
}, 600_000);

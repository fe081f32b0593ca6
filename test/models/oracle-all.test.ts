/** Everything together, on random customers with random agreements: to the line and to the cent. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localDate, toInstant } from '../../src/calendar/calendar.js';
import type { Agreement, Bound, Charge, Discount, ExchangeRate } from '../../src/config/types.js';
import { Engine } from '../../src/engine/engine.js';
import { addDays, isoUtc } from '../../src/values/time.js';
import { buildAsMany, draftOf, periods, provenDraft } from '../support/models.js';
import type { BookingRow, CustomerRow, Draft, World } from '../support/models.js';
import { written } from '../support/usage.js';
import { expectedInvoices } from './oracle-all.js';
import { charge, dayIn, INDEX, money, path, pick, PRODUCTS, rarely, someProducts, tidy } from './worlds.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const CUSTOMERS = 80;
const WORLDS = Number(process.env['RUNS'] ?? 17);
const MONTHS = ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01', '2026-07-01', '2026-08-01'];
const ids = Array.from({ length: CUSTOMERS }, (_, i) => `c${String(i).padStart(2, '0')}`);
const day = pick('2026-01-01', '2026-01-20', '2026-02-14', '2026-03-09', '2026-04-30');
const cents = (least: number, most: number): fc.Arbitrary<string> => fc.integer({ min: least, max: most }).map((n) => (n / 100).toFixed(2));

const discount: fc.Arbitrary<Discount> = fc.record({
  name: pick('Opening', 'Loyalty'), on: pick<'line' | 'net'>('line', 'net'), from: day, until: fc.option(day), cap: fc.option(pick('0.05', '7.77', '100.00')),
  products: pick<readonly string[]>([], [], ['call'], ['visit', 'data']),
  share: fc.oneof(pick('10', '33.333333', '100').map((percent) => ({ percent, amount: null })), pick('0.01', '20.00').map((amount) => ({ percent: null, amount }))),
}).map(({ share, until, ...rest }) => ({ ...rest, ...share, until: until !== null && until < rest.from ? null : until, periods: null, path }));

const rate = pick('1.0870', '1', '0.5', '163.4475', '0.0000558644', '3.1234567891', '0.3333333333', '2');

const bound = (kind: Bound['kind']): fc.Arbitrary<Bound> => fc.record({
  amount: pick('3.33', '50.00', '500.00'), applies_to: pick<Bound['applies_to']>('all', 'usage', 'charges'), prorate: fc.boolean(), from: day, until: fc.option(day), tax: pick('standard', 'reduced'),
}).map((b) => ({ ...b, kind, name: kind, per: { unit: 'period' }, until: b.until !== null && b.until < b.from ? null : b.until, tax: kind === 'minimum' ? b.tax : null, path }));

/** Of an agreement: what its prices are read from, and the parts that come resolved. */
const agreement = fc.record({
  terms: fc.record({
    from: pick('2025-11-15', '2026-01-01', '2026-02-11'), until: rarely(pick('2026-04-20', '2026-12-31'), 3), trial_until: rarely(pick('2026-02-20', '2026-03-01'), 5), prices_include_tax: fc.boolean(),
  }).map(tidy),
  prices: someProducts, foreign: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  charges: fc.array(fc.tuple(charge, pick(null, 'visit')), { maxLength: 2 }), fees: fc.array(fc.tuple(money.map((each) => each.slice(0, each.indexOf('.') + 3)), day), { maxLength: 1 }),
  discounts: fc.array(discount, { maxLength: 3 }), bounds: fc.tuple(fc.array(bound('maximum'), { maxLength: 1 }), fc.array(bound('minimum'), { maxLength: 1 })).map((both) => both.flat()),
});

const booking = (id: string): fc.Arbitrary<BookingRow> => fc.record({
  customer: pick(...ids), product: pick(...PRODUCTS), own: fc.boolean(), start: dayIn(0, 200), hours: pick(0, 1, 80), quantity: pick('1', '2', '0.5', '7.25', '40', '-1'), source: pick('jobs', 'shop'),
  description: pick('north', 'south', 'west'), price: rarely(pick('3', '0.123456'), 8), amount: rarely(cents(-5_000, 90_000), 2), foreign: fc.integer({ min: 0, max: 7 }).map((n) => n === 0),
}).map(({ hours, own, foreign, amount, ...rest }) => {
  const end = new Date(Date.parse(`${rest.start.replace(' ', 'T')}Z`) + hours * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
  const free = own || foreign ? { product: 'visit', amount: amount ?? '12.34', price: undefined } : { amount };
  return { id, ...tidy({ ...rest, ...free, end }), ...(foreign ? { currency: 'KWD' } : {}) };
});

/** Of every pair one that holds from the beginning, and some more; sorted as the configuration has them. */
const exchangeRates: fc.Arbitrary<ExchangeRate[]> = fc.tuple(...['EUR', 'JPY', 'KWD', 'USD'].flatMap((from) => ['EUR', 'JPY', 'KWD', 'USD'].filter((to) => to !== from).map((to) => `${from} ${to}`)).map((pair) => (
  fc.uniqueArray(fc.tuple(pick('2026-01-31', '2026-02-10', '2026-02-28', '2026-03-20', '2026-04-01'), rate), { maxLength: 3, selector: ([on]) => on }).chain((more) => rate.map((first) => (
    [...more, ['2025-01-01', first] as const].sort(([a], [b]) => (a < b ? -1 : 1)).map(([on, value]): ExchangeRate => ({ from: pair.slice(0, 3), to: pair.slice(4), rate: value, on, source: 'bank', path })))))))).map((all) => all.flat());

interface Made { readonly world: World; readonly zone: string }

const world: fc.Arbitrary<Made> = fc.record({
  rounding: pick<'half_away' | 'half_even'>('half_away', 'half_even'), tax_rounding: pick<'invoice' | 'line'>('invoice', 'invoice', 'line'), zone: pick('UTC', 'Europe/Berlin', 'Asia/Tokyo', 'America/New_York'),
  agreements: fc.array(agreement, { minLength: 120, maxLength: 120 }), products: someProducts, taxed: fc.array(rarely(pick('reduced', 'free'), 5), { minLength: CUSTOMERS, maxLength: CUSTOMERS }),
  moneys: fc.array(rarely(pick('USD', 'JPY', 'KWD', 'EUR'), 3), { minLength: CUSTOMERS, maxLength: CUSTOMERS }), rates: exchangeRates, tax_currency: pick('EUR', 'JPY', 'KWD', 'USD'),
  bookings: fc.tuple(...Array.from({ length: CUSTOMERS * 8 }, (_, i) => booking(`b${String(i).padStart(4, '0')}`))), months: fc.integer({ min: 2, max: 6 }),
}).map(({ rounding, tax_rounding, zone, agreements, products, taxed, moneys, rates, tax_currency, bookings, months }) => {
  // A product has one price at a time: the second agreement of a customer leaves out what the first prices.
  const named = agreements.map((each, i) => [`g${String(i).padStart(3, '0')}`, {
    ...each, prices: Object.fromEntries(Object.entries(each.prices).filter(([product]) => i < CUSTOMERS || agreements[i - CUSTOMERS]!.foreign || !(product in agreements[i - CUSTOMERS]!.prices))),
  }] as const);
  const { prices, agreements: framed } = written({
    agreements: Object.fromEntries(named.map(([id, { terms, prices: own, foreign }]) => [id, { ...terms, ...(foreign ? { currency: 'KWD' } : { prices: own }) }])),
    products: Object.fromEntries(Object.entries(products).map(([id, price]) => [id, { name: id, price }])),
  });
  const as_of = addDays(MONTHS[months]!, 1);
  return { zone, world: {
    as_of, rounding, tax_rounding, bookings, prices, exchange_rates: rates, tax_currency, indexes: [INDEX], sources: [{ name: 'jobs' }, { name: 'shop', with_tax: true }], assign_by: ['ends_at', 'ends_at'] as const,
    agreements: framed.map((frame, i): Agreement => withParts(frame, named[i]![1])),
    taxes: { standard: { rate: '20', rates: [{ from: null, rate: '19', name: 'VAT', path }, { from: '2026-02-15', rate: '20', name: 'VAT', path }] }, reduced: { rate: '7' }, free: { rate: '0', category: 'E' } },
    products: { call: {}, data: { tax: 'reduced' }, site: { tax: 'free' }, visit: { tax: 'standard' } },
    periods: [...periods(as_of, MONTHS), ...periods(as_of, MONTHS, { calendar_key: 1, timing: 'in_advance' })],
    // Those who pay ahead have charges and amounts of their own; usage is measured afterwards.
    customers: ids.map((id, i): CustomerRow => ({
      id, calendar: i % 4 === 3 ? 1 : 0, agreements: named.map(([key]) => key).filter((_, n) => n % CUSTOMERS === i), ...(taxed[i] === undefined ? {} : { tax: taxed[i] }),
      ...(moneys[i] === undefined ? {} : { invoice_currency: moneys[i] }),
    })),
  } };
}).map((made) => ({ ...made, world: { ...made.world, ...aheadWithout(made.world) } }));

/** Agreements of customers in advance have no prices of usage, and their bookings amounts of their own. */
function aheadWithout({ customers, prices, bookings }: World): Pick<World, 'prices' | 'bookings'> {
  const ahead = customers.filter(({ calendar }) => calendar === 1);
  const theirs = new Set(ahead.flatMap(({ agreements = [] }) => agreements));
  return {
    prices: prices!.filter(({ scope, owner }) => scope !== 'agreement' || !theirs.has(owner)),
    bookings: bookings.map((b) => (ahead.some(({ id }) => id === b.customer) ? tidy({ ...b, product: 'visit', amount: b.amount ?? '5.55', price: undefined }) : b)),
  };
}

function withParts(frame: Agreement, parts: { readonly charges: readonly (readonly [Omit<Charge, 'charge_id' | 'name'>, string | null])[]; readonly fees: readonly (readonly [string, string])[]; readonly discounts: readonly Discount[]; readonly bounds: readonly Bound[] }): Agreement {
  const until = (end: string | null): string | null => (frame.until === null || (end !== null && end < frame.until) ? end : frame.until);
  const rank = ({ on, percent }: Discount): number => (on === 'line' ? 0 : 2) + (percent === null ? 1 : 0);
  return {
    ...frame,
    charges: parts.charges.map(([each, product], i) => ({ ...each, product, charge_id: `c${i}`, name: `c${i}`, from: each.from < frame.charged_from ? frame.charged_from : each.from, until: until(each.until) }))
      .filter((each) => each.until === null || each.from <= each.until),
    fees: parts.fees.map(([amount, on], i) => ({ charge_id: `f${i}`, kind: 'fee', name: `f${i}`, amount, on, product: null, tax: 'reduced', path })),
    discounts: [...parts.discounts].sort((a, b) => rank(a) - rank(b)), bounds: [...parts.bounds],
  };
}

/** The world with its local times in a zone. */
function inZone({ world: local, zone }: Made): World {
  const moved = (text: string): string => isoUtc(toInstant(text.replace(' ', 'T'), zone)).slice(0, 16).replace('T', ' ');
  const instant = (at: number): number => toInstant(isoUtc(at).slice(0, 16), zone);
  return {
    ...local, as_of: moved(local.as_of), bookings: local.bookings.map((b) => ({ ...b, start: moved(b.start!), end: moved(b.end) })),
    periods: local.periods.map((p) => ({
      ...p, timezone: zone, period_start: instant(p.period_start), period_end: instant(p.period_end), billing_at: instant(p.billing_at), preview_at: instant(p.billing_at),
    })),
  };
}

/** Invoices of the draft in the words of the oracle. */
async function told({ engine: asked }: Draft, zone: string): Promise<string[]> {
  const rows = await asked.rows<{ customer_id: string; start: bigint; currency: string; text: string }>(`
    SELECT i.customer_id, epoch_ms(i.period_start) AS start, i.currency,
      'line ' || CASE l.kind WHEN 'booking' THEN l.line_key WHEN 'discount' THEN 'discount ' || l.description WHEN 'minimum' THEN 'minimum ' || l.description
        ELSE regexp_replace(l.line_key, '/inv_[0-9a-f]+/', '/') END
        || ' ' || l.tax_id || ' ' || l.tax_rate_micro || ' ' || l.amount_minor || ' ' || coalesce(CAST(l.gross_minor AS VARCHAR), '-')
        || coalesce(' ' || l.original_currency || ' ' || l.original_minor || ' ' || CAST(l.exchange_on AS VARCHAR), '') AS text
    FROM draft.invoice_lines AS l JOIN draft.invoices AS i ON i.invoice_key = l.invoice_key
    UNION ALL
    SELECT i.customer_id, epoch_ms(i.period_start), i.currency, 'tax ' || t.tax_id || ' ' || t.rate_micro || ' ' || t.net_minor || ' ' || t.tax_minor
    FROM draft.invoice_taxes AS t JOIN draft.invoices AS i ON i.invoice_id = t.invoice_id
    UNION ALL
    SELECT customer_id, epoch_ms(period_start), currency, concat_ws(' ', 'accounted', tax_currency, tax_currency_minor, tax_exchange_rate, CAST(tax_exchange_on AS VARCHAR))
    FROM draft.invoices WHERE tax_currency IS NOT NULL`);
  return rows.map(({ customer_id, start, currency, text }) => `${customer_id} ${localDate(Number(start), zone)} ${currency} ${text}`).sort();
}

/** Only what differs, so that a counterexample can be read. */
function differing(ours: readonly string[], theirs: readonly string[]): { models: string[]; oracle: string[] } {
  const [a, b] = [new Set(ours), new Set(theirs)];
  return { models: ours.filter((text) => !b.has(text)), oracle: theirs.filter((text) => !a.has(text)) };
}

describe('invoices', () => {
  it(`are what the oracle says, for ${WORLDS * 120} agreements, and the same whatever the files and the order of their rows`, async () => {
    const seen = new Map<string, number>();
    await fc.assert(fc.asyncProperty(world, async (made) => {
      const draft = await draftOf(engine, inZone(made));
      const ours = await told(draft, made.zone);
      const theirs = expectedInvoices(made.world, MONTHS);
      expect(differing(ours, theirs)).toEqual({ models: [], oracle: [] });
      expect(ours).toEqual(theirs);
      expect(await provenDraft(draft)).toEqual([]);
      for (const { kind, n } of await engine.rows<{ kind: string; n: bigint }>('SELECT kind, count(*) AS n FROM draft.billed_lines GROUP BY kind')) seen.set(kind, (seen.get(kind) ?? 0) + Number(n));
      for (const { kind, n } of await engine.rows<{ kind: string; n: bigint }>('SELECT kind, count(*) AS n FROM draft.billed_lines WHERE original_minor <> 0 GROUP BY kind')) seen.set(`converted ${kind}`, (seen.get(`converted ${kind}`) ?? 0) + Number(n));
      const { n: accounted } = await engine.row<{ n: bigint }>('SELECT count(*) AS n FROM draft.invoices WHERE tax_currency_minor <> 0');
      seen.set('accounted', (seen.get('accounted') ?? 0) + Number(accounted));
      expect(await draft.told(`SELECT s.customer_key FROM draft.line_discounts AS s JOIN input.discounts AS d ON d.agreement_key = s.agreement_key AND d.place = s.place
        WHERE d.on_line AND s.off_minor <> 0 AND (s.off_minor < 0 OR s.left_minor < 0)`)).toEqual([]);
      // The same bookings in three files, in another order, and as if they were many.
      await engine.run(`INSERT INTO input.files VALUES (2, 'jobs', 'data/b.csv', 0, 0), (3, 'jobs', 'data/a.csv', 0, 0);
        CREATE OR REPLACE TABLE input.staged AS SELECT * REPLACE (CAST(1 + record % 3 AS INTEGER) AS file_key, row_number() OVER (ORDER BY md5(booking_id)) AS record) FROM input.staged ORDER BY md5(booking_id)`);
      await buildAsMany(engine);
      expect(await told(draft, made.zone)).toEqual(ours);
    }), { numRuns: WORLDS, endOnFailure: true });
    // The generator must reach everything.
    for (const kind of ['accounted', 'booking', 'usage', 'recurring', 'fee', 'discount', 'minimum']) expect([kind, (seen.get(kind) ?? 0) > 10 * WORLDS]).toEqual([kind, true]);
    expect([...seen].filter(([kind, n]) => kind.startsWith('converted ') && n > WORLDS).map(([kind]) => kind.slice(10)).sort()).toEqual(['booking', 'discount', 'fee', 'minimum', 'recurring', 'usage']);
  }, 900_000);

  it('grow with the quantities where a unit has a price', async () => {
    const per = fc.record({ times: fc.integer({ min: 2, max: 40 }), price: cents(0, 20_000), quantity: fc.integer({ min: -20, max: 90 }).map(String), product: pick('visit', 'call') });
    await fc.assert(fc.asyncProperty(fc.array(per, { minLength: 40, maxLength: 40 }), async (rows) => {
      const draft = await draftOf(engine, {
        as_of: '2026-02-02', periods: periods('2026-02-02', ['2026-01-01', '2026-02-01']), customers: [{ id: 'once' }, { id: 'often' }],
        bookings: rows.flatMap(({ times, price, quantity, product }, i) => ['once', 'often'].map((customer): BookingRow => ({
          id: `${customer}${i}`, customer, product, price, end: '2026-01-10', quantity: customer === 'once' ? quantity : String(Number(quantity) * times),
        }))),
      });
      const amounts = new Map(await engine.rows<{ line_key: string; amount_minor: bigint }>('SELECT line_key, amount_minor FROM draft.invoice_lines').then((lines) => lines.map((l) => [l.line_key, l.amount_minor])));
      rows.forEach(({ times }, i) => { expect(amounts.get(`often${i}`)).toBe(amounts.get(`once${i}`)! * BigInt(times)); });
      expect(await provenDraft(draft)).toEqual([]);
    }), { numRuns: 5, endOnFailure: true });
  });
});

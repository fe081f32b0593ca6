/** Discounts, bounds and taxes against an independent account on random worlds, and what other systems assert. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agreement, Bound, Config, Customer, Discount } from '../../src/config/types.js';
import { ublProblems } from '../../src/documents/ubl.js';
import { Engine } from '../../src/engine/engine.js';
import { draftRecords } from '../../src/run/records.js';
import { exponentOf, formatScaled, parseDecimal } from '../../src/values/money.js';
import { addDays } from '../../src/values/time.js';
import { committed } from '../support/committed.js';
import { buildAsMany, draftOf, periods, provenDraft } from '../support/models.js';
import type { BookingRow, Draft, LedgerEvent, World } from '../support/models.js';
import { expectedMoney, MoneyOracle } from './oracle-money.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const cents = (most: number): fc.Arbitrary<string> => fc.integer({ min: -most, max: 3 * most }).map((n) => (n / 100).toFixed(2));
const some = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { nil: null, freq: 2 });
const day = pick('2026-01-01', '2026-01-05', '2026-01-20', '2026-02-01', '2026-02-14', '2026-02-20', '2026-03-09', '2026-03-31');
const path = [] as const;

const discount: fc.Arbitrary<Discount> = fc.record({
  name: pick('Opening', 'Loyalty'), on: pick('line', 'net'), share: fc.oneof(
    pick('10', '33.333333', '0.5', '100').map((percent) => ({ percent, amount: null })), pick('0.01', '1.00', '20.00', '300.00').map((amount) => ({ percent: null, amount }))),
  products: pick([], [], ['visit'], ['food', 'visit']), from: day, until: some(day), cap: some(pick('0.05', '7.77', '100.00')),
}).map(({ share, on, from, until, ...rest }) => ({ ...rest, ...share, on: on as 'line' | 'net', from, until: until !== null && until < from ? null : until, periods: null, path }));

const bound = (kind: Bound['kind']): fc.Arbitrary<Bound> => fc.record({
  amount: pick('0.00', '3.33', '50.00', '500.00'), applies_to: pick<Bound['applies_to']>('all', 'usage', 'charges'), prorate: fc.boolean(), from: day, until: some(day),
  tax: pick('standard', 'reduced'),
}).map((b) => ({ ...b, kind, name: kind, per: { unit: 'period' }, until: b.until !== null && b.until < b.from ? null : b.until, tax: kind === 'minimum' ? b.tax : null, path }));

const rank = ({ on, percent }: Discount): number => (on === 'line' ? 0 : 2) + (percent === null ? 1 : 0);

const agreement = (agreement_id: string): fc.Arbitrary<Agreement> => fc.record({
  from: day, until: some(day), prices_include_tax: fc.boolean(), discounts: fc.array(discount, { maxLength: 4 }),
  bounds: fc.tuple(fc.array(bound('minimum'), { maxLength: 2 }), fc.array(bound('maximum'), { maxLength: 2 })).map((both) => both.flat()),
}).map((a) => ({
  ...a, agreement_id, name: agreement_id, until: a.until !== null && a.until < a.from ? null : a.until, term: { until: null, months: null }, charged_from: a.from,
  discounts: a.discounts.sort((x, y) => rank(x) - rank(y)), currency: 'EUR', charges: [], fees: [], deposits: [], path,
}));

const booking = (id: string, customers: readonly string[]): fc.Arbitrary<BookingRow> => fc.record({
  customer: pick(...customers), product: pick('visit', 'food', 'export'), amount: fc.oneof(cents(3), cents(5000), cents(1_000_000)), source: pick('jobs', 'shop'),
  start: fc.tuple(fc.integer({ min: 1, max: 88 }), pick('00:00', '08:30')).map(([n, clock]) => `${new Date(Date.UTC(2026, 0, n)).toISOString().slice(0, 10)} ${clock}`), minutes: pick(0, 60, 930, 1440),
}).map(({ minutes, start, ...rest }) => ({ id, ...rest, start, end: new Date(Date.parse(`${start.replace(' ', 'T')}Z`) + minutes * 60_000).toISOString().slice(0, 16).replace('T', ' ') }));

const AGREED = 210;
const world: fc.Arbitrary<World> = fc.record({ rounding: pick('half_away', 'half_even'), tax_rounding: pick('invoice', 'invoice', 'line'), customers: fc.constant(120) })
  .chain(({ rounding, tax_rounding, customers }) => {
    const ids = Array.from({ length: customers }, (_, i) => `c${String(i).padStart(3, '0')}`);
    return fc.record({
      agreements: fc.tuple(...Array.from({ length: AGREED }, (_, i) => agreement(`g${String(i).padStart(3, '0')}`))),
      listed: fc.tuple(...ids.map(() => fc.uniqueArray(fc.integer({ min: 0, max: AGREED - 1 }), { minLength: 1, maxLength: 2 }))),
      own: fc.tuple(...ids.map(() => fc.option(pick('reduced', 'free'), { nil: undefined, freq: 4 }))),
      bookings: fc.tuple(...Array.from({ length: 1_200 }, (_, i) => booking(`b${String(i).padStart(4, '0')}`, ids))),
    }).map(({ agreements, listed, own, bookings }): World => ({
      as_of: '2026-04-02', rounding: rounding as 'half_away', tax_rounding: tax_rounding as 'invoice', agreements, bookings,
      sources: [{ name: 'jobs' }, { name: 'shop', with_tax: true }],
      taxes: {
        standard: { rate: '20', rates: [{ from: null, rate: '19', name: 'VAT', path }, { from: '2026-02-15', rate: '20', name: 'VAT', path }] }, reduced: { rate: '7' },
        free: { rate: '0', category: 'E', note: 'exempt' },
      },
      products: { visit: { tax: 'standard' }, food: { tax: 'reduced' }, export: { tax: 'free' } },
      periods: periods('2026-04-02', ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01']),
      customers: ids.map((id, i) => ({ id, agreements: listed[i]!.map((n) => `g${String(n).padStart(3, '0')}`), ...(own[i] === undefined ? {} : { tax: own[i] }) })),
    }));
  });

const TOLD = `
  SELECT i.customer_id || ' ' || strftime(i.period_start, '%Y-%m-%d') || ' line ' || CASE WHEN l.kind = 'booking' THEN l.line_key ELSE l.kind || ' ' || l.description END
    || ' ' || l.tax_id || ' ' || l.tax_rate_micro || ' ' || l.amount_minor || ' ' || coalesce(CAST(l.gross_minor AS VARCHAR), '-') AS told
  FROM draft.invoice_lines AS l JOIN draft.invoices AS i ON i.invoice_id = l.invoice_id
  UNION ALL
  SELECT i.customer_id || ' ' || strftime(i.period_start, '%Y-%m-%d') || ' tax ' || t.tax_id || ' ' || t.rate_micro || ' ' || t.net_minor || ' ' || t.tax_minor
  FROM draft.invoice_taxes AS t JOIN draft.invoices AS i ON i.invoice_id = t.invoice_id`;

/** What EN 16931 (BR-CO-10 to 17 and the sums by category) finds in the draft's invoices as e-invoices. */
async function flawedInvoices({ engine: own }: Draft, { customers }: World): Promise<string[]> {
  const address = { line1: 'Markt 1', city: 'Berlin', country: 'DE' };
  const config: Partial<Config> = {
    issuer: { id: 'north', name: 'Northwind', address, tax_id: 'DE811907980' }, partners: [],
    customers: customers.map(({ id }): Partial<Customer> => ({ customer_id: id, name: id, email: [], address, tax_id: null, contact: null, partner_id: null })) as Customer[],
  };
  const records = await draftRecords(own, config as Config, 'TRUE');
  expect(records.length).toBeGreaterThan(50);
  return records.flatMap((record) => ublProblems({ ...record, number: 'X', status: 'processed' }).map((problem) => `${record.invoice_id} ${problem}`));
}

describe('discounts, bounds and taxes', () => {
  it('agree with an independent account, to the line and cent', async () => {
    await fc.assert(fc.asyncProperty(world, async (each) => {
      const draft = await draftOf(engine, each);
      expect((await draft.told(TOLD)).sort()).toEqual(expectedMoney(each));
      expect(await provenDraft(draft)).toEqual([]);
      expect(await flawedInvoices(draft, each)).toEqual([]);
      // A discount never takes more than there is: of a line, or of the lines that it is for.
      expect(await draft.told(`SELECT s.customer_key FROM draft.line_discounts AS s JOIN input.discounts AS d ON d.agreement_key = s.agreement_key AND d.place = s.place
        WHERE d.on_line AND s.off_minor <> 0 AND (s.off_minor < 0 OR s.left_minor < 0)`)).toEqual([]);
      expect(await draft.told(`SELECT customer_key FROM (SELECT s.customer_key, sum(s.off_minor) AS taken, sum(s.off_minor + s.left_minor) AS base
        FROM draft.discount_shares AS s JOIN input.discounts AS d ON d.agreement_key = s.agreement_key AND d.place = s.place AND NOT d.on_line
        JOIN draft.agreed_lines AS l ON l.line_key = s.line_key AND l.customer_key = s.customer_key AND l.source IS NOT DISTINCT FROM s.source
        LEFT JOIN input.group_discounts AS g ON g.group_key = l.group_key AND g.place = s.place
        WHERE d.applies_to IS NOT NULL OR g.place IS NOT NULL
        GROUP BY s.customer_key, s.period_key, s.agreement_key, s.place) WHERE taken < 0 OR taken > greatest(base, 0)`)).toEqual([]);
      await buildAsMany(engine);
      expect((await draft.told(TOLD)).sort()).toEqual(expectedMoney(each));
    }), { numRuns: Number(process.env['RUNS'] ?? 10), endOnFailure: true });
  }, 600_000);
});

const MONTHS = ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01', '2026-07-01'];
const LONG = 60;
const longDay = pick('2026-01-01', '2026-01-15', '2026-02-01', '2026-02-28', '2026-04-10', '2026-05-31');
const longBound = (kind: Bound['kind']): fc.Arbitrary<(from: string, until: string | null) => Bound> => fc.record({
  amount: pick('0.00', '33.33', '500.00', '4000.00', '20000.00'), applies_to: pick<Bound['applies_to']>('all', 'all', 'usage', 'charges'), prorate: fc.boolean(), from: some(longDay), until: some(longDay),
  per: pick('period', 'month', 'quarter', 'quarter', 'half_year', 'term'), tax: pick('standard', 'reduced'),
}).map(({ per, ...b }) => (from, until) => {
  const first = b.from !== null && b.from > from ? b.from : from;
  const last = b.until === null || (until !== null && until < b.until) ? until : b.until;
  const count = { month: 1, quarter: 3, half_year: 6 }[per];
  return {
    ...b, kind, name: kind, from: first, until: last !== null && last < first ? until : last, tax: kind === 'minimum' ? b.tax : null, path,
    per: count === undefined ? { unit: per as 'period' | 'term' } : { unit: 'month', count, anchor: from },
  };
});
const longAgreement = fc.record({
  from: pick('2025-11-20', '2026-01-01', '2026-01-15', '2026-02-01'), until: some(pick('2026-03-31', '2026-05-10', '2026-06-30')), prices_include_tax: fc.boolean(), discounts: fc.array(discount, { maxLength: 2 }),
  minimums: fc.array(longBound('minimum'), { maxLength: 2 }), maximums: fc.array(longBound('maximum'), { maxLength: 2 }),
}).map(({ minimums, maximums, ...a }, ): Omit<Agreement, 'agreement_id'> => ({
  ...a, name: 'a', term: { until: a.until, months: null }, charged_from: a.from, discounts: a.discounts.filter(({ amount }) => amount === null).sort((x, y) => rank(x) - rank(y)), currency: 'EUR', charges: [], fees: [],
  deposits: [], bounds: [...minimums, ...maximums].map((make) => make(a.from, a.until)).filter((each) => each.per.unit !== 'term' || a.until !== null), path,
}));
const longWorld = fc.record({
  rounding: pick<'half_away' | 'half_even'>('half_away', 'half_even'), agreements: fc.tuple(...Array.from({ length: LONG }, () => longAgreement)),
  bookings: fc.tuple(...Array.from({ length: LONG * 9 }, (_, i) => booking(`b${String(i).padStart(4, '0')}`, Array.from({ length: LONG }, (__, n) => `c${String(n).padStart(2, '0')}`))))
    .map((all) => all.map((b, i) => ({ ...b, start: `${addDays(b.start!.slice(0, 10), (i % 3) * 45)} 09:00`, end: `${addDays(b.start!.slice(0, 10), (i % 3) * 45)} 10:00` }))),
  late: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: LONG * 9, maxLength: LONG * 9 }), runs: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 2 })), voided: fc.array(fc.nat({ max: 300 }), { maxLength: 15 }),
});

describe('bounds for longer than a period', () => {
  it('agree with an independent account over three runs, with late bookings and invoices voided in between', async () => {
    const seen = { minimum: 0, maximum: 0, back: 0 };
    await fc.assert(fc.asyncProperty(longWorld, async ({ rounding, agreements, bookings, late, runs, voided }) => {
      const ids = agreements.map((_, i) => String(i).padStart(2, '0'));
      const given: World = {
        as_of: MONTHS[1]!, rounding, bookings, sources: [{ name: 'jobs' }, { name: 'shop', with_tax: true }], periods: periods('2026-08-01', MONTHS),
        agreements: agreements.map((each, i) => ({ ...each, agreement_id: `g${ids[i]!}` })), customers: ids.map((id) => ({ id: `c${id}`, agreements: [`g${id}`] })),
        taxes: {
          standard: { rate: '20', rates: [{ from: null, rate: '19', name: 'VAT', path }, { from: '2026-02-15', rate: '20', name: 'VAT', path }] }, reduced: { rate: '7' },
          free: { rate: '0', category: 'E', note: 'exempt' },
        },
        products: { visit: { tax: 'standard' }, food: { tax: 'reduced' }, export: { tax: 'free' } },
      };
      const oracle = new MoneyOracle(given);
      let ledger = '';
      const bounds = [0, runs[0], runs[0] + runs[1], 6];
      for (const [no, from] of bounds.slice(0, -1).entries()) {
        const to = bounds[no + 1]! - 1;
        // Some bookings are only exported for a later run.
        const exported = bookings.filter((_, i) => late[i]! > 1 || late[i]! < no);
        const as_of = addDays(MONTHS[to + 1]!, 1);
        const events = MONTHS.slice(1, from + 1).map((id): LedgerEvent => ({ subject: 'batch', id, event: 'closed' }));
        const draft = await draftOf(engine, { ...given, as_of, events, ledger, bookings: exported, periods: periods(as_of, MONTHS) });
        const lines = (await draft.told(TOLD)).sort();
        expect(lines).toEqual(oracle.bill(exported, from, to));
        await buildAsMany(engine);
        expect((await draft.told(TOLD)).sort()).toEqual(lines);
        if (no === 2) expect(await provenDraft(draft)).toEqual([]);
        const count = (what: RegExp): number => lines.filter((line) => what.test(line)).length;
        seen.minimum += count(/ line minimum /);
        seen.maximum += count(/ line discount maximum /);
        seen.back += count(/ line minimum minimum \S+ \d+ -/) + count(/ line discount maximum \S+ \d+ \d/);
        const gone = voided.map((n) => oracle.invoices[n]).filter((invoice) => invoice?.void === false);
        for (const invoice of gone) invoice!.void = true;
        ledger = await committed(engine, ledger, gone.map((invoice) => `${invoice!.customer} ${MONTHS[invoice!.period]!}`));
      }
    }), { numRuns: Number(process.env['RUNS'] ?? 6), endOnFailure: true });
    for (const corner of Object.values(seen)) expect(corner).toBeGreaterThan(20);
  }, 600_000);
});

interface Vector {
  readonly source: string; readonly kind: 'allocation' | 'discount' | 'tax' | 'rounding'; readonly currency?: string; readonly rounding?: 'half_away' | 'half_even';
  readonly amount?: string; readonly weights?: readonly [string, string][]; readonly shares?: readonly [string, string][]; readonly as_written?: boolean;
  readonly lines?: readonly (string | readonly [string, string])[]; readonly discounts?: readonly string[]; readonly off?: string; readonly periods?: number;
  readonly discount?: string; readonly with_tax?: boolean; readonly per_line?: boolean; readonly nets?: Readonly<Record<string, string>>; readonly tax?: string; readonly total?: string; readonly sum?: string;
}

const VECTORS = JSON.parse(readFileSync(new URL('vectors/money.json', import.meta.url), 'utf8')) as Vector[];

const off = (text: string): Discount => ({
  name: text, on: 'net', percent: text.endsWith('%') ? text.slice(0, -1) : null, amount: text.endsWith('%') ? null : text, products: [], from: '2026-01-01', until: null, periods: null,
  cap: null, path,
});

function vectorWorld(vector: Vector, bookings: readonly Partial<BookingRow>[], discounts: readonly Discount[], taxes: World['taxes'] = {}): World {
  const currency = vector.kind === 'discount' ? 'EUR' : vector.currency ?? 'EUR';
  return {
    as_of: '2026-02-02', currency, periods: periods('2026-02-02', ['2026-01-01', '2026-02-01']), customers: [{ id: 'acme', agreements: ['a'] }],
    rounding: vector.rounding ?? 'half_away', tax_rounding: vector.per_line === true ? 'line' : 'invoice', sources: [{ name: 'jobs', with_tax: vector.with_tax ?? false }],
    taxes: { standard: {}, ...taxes }, products: Object.fromEntries(Object.keys(taxes).map((tax) => [tax, { tax }])),
    bookings: bookings.map((b, i) => ({ id: `b${i}`, customer: 'acme', end: '2026-01-10', ...b })),
    agreements: [{
      agreement_id: 'a', name: 'a', from: '2026-01-01', until: null, term: { until: null, months: null }, charged_from: '2026-01-01', currency: vector.currency ?? 'EUR',
      prices_include_tax: vector.with_tax ?? false, charges: [], fees: [], bounds: [], discounts: [...discounts], deposits: [], path,
    }],
  };
}

const plain = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

async function answer(vector: Vector): Promise<unknown> {
  const exponent = exponentOf(vector.currency ?? 'EUR');
  const told = async (world: World, sql: string): Promise<string[]> => (await draftOf(engine, world)).told(sql);
  const decimal = (minor: string): string => plain(formatScaled(BigInt(minor), exponent));
  if (vector.kind === 'allocation') {
    // Weights only have a proportion: as amounts they must be larger than what is spread over them.
    const scaled = vector.weights!.map(([id, weight]) => ({ id, amount: vector.as_written === true ? weight : formatScaled(parseDecimal(weight)! * 10n ** BigInt(exponent), exponent) }));
    const rows = await told(vectorWorld(vector, scaled, [off(vector.amount!)]), 'SELECT line_key, off_minor FROM draft.discount_shares WHERE place = 1');
    const shares = new Map(rows.map((row) => row.split(' | ') as [string, string]));
    return vector.shares!.map(([id]) => [id, decimal(shares.get(id) ?? '0')]);
  }
  if (vector.kind === 'discount') {
    const world = vectorWorld(vector, vector.lines!.map((amount) => ({ amount: amount as string })), vector.discounts!.map(off));
    return decimal((await told(world, 'SELECT coalesce(CAST(-sum(amount_minor) AS BIGINT), 0) FROM draft.discount_lines'))[0]!);
  }
  if (vector.kind === 'tax') {
    const lines = vector.lines as readonly [string, string][];
    const taxes = Object.fromEntries(lines.map(([, rate]) => [`t${rate}`, { rate }]));
    const exact = (amount: string): string => formatScaled(parseDecimal(amount, exponent)!, exponent);
    const world = vectorWorld(vector, lines.map(([amount, rate]) => ({ amount: exact(amount), product: `t${rate}` })), vector.discount === undefined ? [] : [off(vector.discount)], taxes);
    const draft = await draftOf(engine, world);
    const [sums] = await draft.told('SELECT tax_minor, total_minor FROM draft.invoices');
    const [tax, total] = sums!.split(' | ');
    const nets = Object.fromEntries((await draft.told('SELECT tax_id, net_minor FROM draft.invoice_taxes')).map((row) => row.split(' | ')).map(([id, net]) => [id!.slice(1), decimal(net!)]));
    return { tax: decimal(tax!), ...(vector.total === undefined ? {} : { total: decimal(total!) }), ...(vector.nets === undefined ? {} : { nets }) };
  }
  const lines = vector.lines as readonly [string, string][];
  return decimal((await told(vectorWorld(vector, lines.map(([quantity, price]) => ({ quantity, price })), []), 'SELECT net_minor FROM draft.invoices'))[0]!);
}

function expectedOf(vector: Vector): unknown {
  if (vector.kind === 'allocation') return vector.shares!.map(([id, share]) => [id, plain(share)]);
  if (vector.kind === 'discount') return plain(vector.off!);
  if (vector.kind === 'rounding') return plain(vector.sum!);
  const nets = vector.nets === undefined ? {} : { nets: Object.fromEntries(Object.entries(vector.nets).map(([rate, net]) => [rate, plain(net)])) };
  return { tax: plain(vector.tax!), ...(vector.total === undefined ? {} : { total: plain(vector.total) }), ...nets };
}

describe('what other systems assert', () => {
  it.each(VECTORS.map((vector) => [vector.kind, vector.source, vector] as const))('%s: %s', async (_, __, vector) => {
    if (vector.weights?.length === 0) return;
    expect(await answer(vector)).toEqual(expectedOf(vector));
  });
});

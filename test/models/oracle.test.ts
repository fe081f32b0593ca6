/** The models against an oracle on random worlds: to the line and to the cent. A world here is a customer; each draft has many. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import type { RunPeriod } from '../../src/models/load.js';
import { date, draftOf, periods, provenDraft } from '../support/models.js';
import type { BookingRow, CustomerRow, Draft, LedgerEvent, LedgerInvoice, World } from '../support/models.js';
import { expected } from './oracle.js';
import type { ExpectedInvoice } from './oracle.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const CUSTOMERS = 30;
const DRAFTS = 30;
const MONTHS = ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01', '2026-07-01'];
/** Boundaries within the day and in short steps, too. */
const ODD = ['2026-01-15 06:00', '2026-02-15 06:00', '2026-02-20 18:30', '2026-02-20 18:31', '2026-04-01', '2026-06-30 23:59'];
const TAXES = { standard: {}, reduced: { rate: '7' }, odd: { rate: '8.875' }, zero: { rate: '0' } };

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const some = <T>(value: fc.Arbitrary<T>, freq = 2): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined, freq });
const decimal = (places: number, most: number): fc.Arbitrary<string> =>
  fc.tuple(fc.integer({ min: -most, max: most }), fc.integer({ min: 0, max: 10 ** places - 1 })).map(([whole, part]) => `${whole}.${String(part).padStart(places, '0')}`);
const minute = fc.tuple(fc.integer({ min: 0, max: 200 }), pick('00:00', '06:00', '18:30', '23:59'))
  .map(([day, clock]) => `${date(Date.UTC(2026, 0, 1) + day * 86_400_000)} ${clock}`);

const customer = (id: string): fc.Arbitrary<CustomerRow> => fc.record({
  calendar: fc.integer({ min: 0, max: 5 }), partner: some(pick('north', 'south')), separate: fc.boolean(), tax: some(pick('reduced', 'odd'), 4),
  prices: fc.option(decimal(6, 100)).map((price): Record<string, string> => (price === null ? {} : { visit: price })), late: pick<NonNullable<CustomerRow['late']>>('next_invoice', 'own_invoice', 'hold'),
  limits: fc.record({ max_invoice_total: pick('500', '12.345'), max_change_percent: pick(0, 50, 300), max_lines: pick(1, 3) }, { requiredKeys: [] }),
}).map(({ partner, tax, limits, ...rest }) => ({
  id, ...rest, ...(partner === undefined ? {} : { partner }), ...(tax === undefined ? {} : { tax }), limits,
}));

const booking = (id: string, customers: readonly string[]): fc.Arbitrary<BookingRow> => fc.record({
  customer: fc.oneof({ arbitrary: pick(...customers), weight: 30 }, { arbitrary: pick('nobody'), weight: 1 }), product: some(pick('visit', 'food', 'free')),
  start: minute, end: minute, quantity: some(fc.oneof(decimal(6, 3), pick('0.5', '1.5', '-2.5'))), price: some(fc.oneof(decimal(6, 200), decimal(6, 10_000_000))),
  amount: some(fc.integer({ min: -9999, max: 99_999 }).map(String), 5), currency: fc.oneof({ arbitrary: pick(undefined), weight: 4 }, { arbitrary: pick('EUR', 'JPY', 'KWD', 'USD'), weight: 1 }),
  status: fc.oneof({ arbitrary: pick(undefined), weight: 6 }, { arbitrary: pick('scheduled', 'cancelled', 'ignored'), weight: 1 }), source: pick('jobs', 'taxed'),
}).map((row) => ({ id, ...row, end: row.end < row.start ? row.start : row.end }));

const calendar = (key: number, as_of: string): fc.Arbitrary<RunPeriod[]> => fc.record({
  boundaries: pick(MONTHS, MONTHS, ODD), timing: pick('in_arrears', 'in_advance'), by_hand: fc.boolean(), cycle_id: pick('monthly', 'other'), never: fc.integer({ min: 0, max: 9 }),
}).map(({ boundaries, timing, by_hand, cycle_id, never }) => periods(as_of, boundaries, {
  calendar_key: key, timing: timing as RunPeriod['timing'], cycle_id, ...(by_hand ? { auto_confirm_at: null } : {}), ...(never === 0 ? { previewed: false } : {}),
}));

interface Settings { as_of: string; rounding: 'half_away' | 'half_even'; tax_rounding: 'line' | 'invoice'; default_tax: string | null; max_catch_up_days: number | null; currency: string }

const world: fc.Arbitrary<World> = fc.record<Settings>({
  as_of: pick('2026-03-20', '2026-05-02', '2026-06-15'), rounding: pick('half_away', 'half_even'), tax_rounding: pick('line', 'invoice'),
  default_tax: fc.oneof({ arbitrary: pick<string | null>('standard'), weight: 4 }, { arbitrary: pick<string | null>(null), weight: 1 }),
  max_catch_up_days: pick<number | null>(null, null, 70), currency: pick('EUR', 'EUR', 'JPY'),
}).chain((settings) => {
  const ids = Array.from({ length: CUSTOMERS }, (_, i) => `c${String(i).padStart(2, '0')}`);
  return fc.record({
    customers: fc.tuple(...ids.map(customer)), calendars: fc.tuple(...[0, 1, 2, 3, 4, 5].map((key) => calendar(key, settings.as_of))),
    bookings: fc.tuple(...Array.from({ length: CUSTOMERS * 6 }, (_, i) => booking(`b${String(i).padStart(4, '0')}`, ids))),
    events: fc.array(event(ids), { maxLength: 12 }), assign_by: fc.tuple(...Array.from({ length: 6 }, () => pick<'starts_at' | 'ends_at'>('starts_at', 'ends_at'))),
    billed: fc.array(fc.record({ customer: pick(...ids), at: fc.integer({ min: 0, max: 5 }), total: decimal(0, 900), kind: pick('invoice', 'invoice', 'credit_note'), void: fc.boolean(), currency: some(pick('EUR', 'USD')),
      bookings: fc.uniqueArray(fc.integer({ min: 0, max: CUSTOMERS * 6 - 1 }), { maxLength: 4 }) }), { maxLength: 12 }),
  }).map(({ calendars, billed, ...rest }): World => ({ ...settings, ...rest, periods: calendars.flat(), taxes: TAXES, sources: [{ name: 'jobs' }, { name: 'taxed', tax: 'zero' }],
    products: { visit: { price: '12.345678', name: 'Visit' }, food: { price: '3', tax: 'reduced' }, free: {} }, invoices: invoicesOf(billed) }));
});

function event(ids: readonly string[]): fc.Arbitrary<LedgerEvent> {
  const dates = pick(...MONTHS, '2026-06-30');
  return fc.oneof(
    fc.record({ subject: pick('batch' as const), id: fc.tuple(dates, pick('', '-north', '-south')).map((parts) => parts.join('')), event: pick('closed_until' as const), time: fc.tuple(dates, pick('', ' 22:00')).map(([d, t]) => `${d.slice(0, 8)}04${t}`) }),
    fc.record({ subject: pick('batch' as const), id: dates, event: pick('closed' as const) }),
    fc.record({ subject: pick('customer' as const), id: pick(...ids), event: pick('parked' as const), time: dates }),
  );
}

interface Billed { customer: string; at: number; total: string; kind: string; void: boolean; currency: string | undefined; bookings: number[] }

/** A booking is billed by one invoice at most. */
function invoicesOf(billed: readonly Billed[]): LedgerInvoice[] {
  const taken = new Set<number>();
  return billed.map(({ at, bookings, currency, total, ...rest }, i) => {
    const own = bookings.filter((n) => !taken.has(n));
    if (!rest.void) own.forEach((n) => taken.add(n));
    return {
      ...rest, invoice_id: `inv_${i}`, period: [MONTHS[at]!, MONTHS[at + 1]!], total: total.split('.')[0]!, ...(currency === undefined ? {} : { currency }),
      bookings: own.map((n): readonly [string, 'same'] => [`b${String(n).padStart(4, '0')}`, 'same']),
    };
  });
}

/** The draft in the words of the oracle. */
async function drafted({ engine: asked }: Draft): Promise<ExpectedInvoice[]> {
  const rows = await asked.rows<{ key: string; kind: string; lines: string; taxes: string; total: bigint; parked: boolean }>(`
    SELECT i.customer_id || ' ' || CAST(CAST(i.period_start AS DATE) AS VARCHAR) || ' ' || i.currency || CASE WHEN i.apart = 1 THEN ' late' ELSE '' END AS key, i.kind,
      (SELECT string_agg(l.booking_id || CASE WHEN l.late THEN '*' ELSE '' END || ' ' || l.amount_minor, ',' ORDER BY l.line_no) FROM draft.invoice_lines AS l WHERE l.invoice_key = i.invoice_key) AS lines,
      (SELECT string_agg(concat_ws(' ', t.tax_id, t.net_minor, t.tax_minor), ',' ORDER BY t.tax_id) FROM draft.invoice_taxes AS t WHERE t.invoice_id = i.invoice_id) AS taxes,
      CAST(i.total_minor AS HUGEINT) AS total, p.parked
    FROM draft.invoices AS i JOIN draft.limits AS p ON p.invoice_key = i.invoice_key ORDER BY i.invoice_key`);
  return rows.map(({ lines, taxes, ...row }) => ({ ...row, lines: lines.split(','), taxes: taxes.split(',') }));
}

describe('the draft', () => {
  it(`is what the oracle says, for ${CUSTOMERS * DRAFTS} random customers`, async () => {
    let seen = { invoices: 0, late: 0, parked: 0 };
    await fc.assert(fc.asyncProperty(world, async (given) => {
      const draft = await draftOf(engine, given);
      const { buckets, invoices } = expected(given);
      expect(await draft.buckets()).toEqual(buckets);
      expect(await drafted(draft)).toEqual(invoices);
      expect(await provenDraft(draft)).toEqual([]);
      const count = (what: (invoice: ExpectedInvoice) => boolean): number => invoices.filter(what).length;
      seen = {
        invoices: seen.invoices + invoices.length, late: seen.late + count(({ lines }) => lines.some((line) => line.includes('*'))), parked: seen.parked + count(({ parked }) => parked),
      };
    }), { numRuns: DRAFTS, endOnFailure: true });
    // The generator must reach the corners: enough invoices, late ones and parked ones.
    expect(seen.invoices).toBeGreaterThan(500);
    expect(seen.late).toBeGreaterThan(20);
    expect(seen.parked).toBeGreaterThan(50);
  });
});

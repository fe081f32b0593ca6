/** Ids are stable, and the digest of an invoice changes with whatever it shows, and only then. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { draftOf, periods } from '../support/models.js';
import type { BookingRow, CustomerRow, World } from '../support/models.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const MONTHS = ['2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01'];
const AS_OF = '2026-05-02';
const BOOKINGS: readonly BookingRow[] = [
  { id: 'a', customer: 'acme', product: 'visit', description: 'Visit', start: '2026-04-02 08:00', end: '2026-04-02 09:00', quantity: '2', price: '10' },
  { id: 'b', customer: 'acme', product: 'visit', start: '2026-04-03 08:00', end: '2026-04-03 09:00', quantity: '1', price: '10' },
  { id: 'b', customer: 'acme', product: 'visit', start: '2026-04-03 08:00', end: '2026-04-03 09:00', quantity: '1', price: '10', source: 'old' },
  { id: 'c', customer: 'bolt', product: 'visit', start: '2026-04-03 08:00', end: '2026-04-03 09:00', quantity: '1', price: '10' },
];
const WORLD: World = {
  as_of: AS_OF, customers: [{ id: 'acme' }, { id: 'bolt' }], periods: periods(AS_OF, MONTHS), bookings: BOOKINGS,
  sources: [{ name: 'jobs' }, { name: 'old' }], taxes: { standard: {}, other: {} }, products: { visit: { name: 'Visit', unit: 'hour' } },
};

/** `customer -> digest` and `customer -> id`. */
async function drafted(world: World): Promise<Record<string, { digest: string; id: string }>> {
  const draft = await draftOf(engine, world);
  const rows = await draft.engine.rows<{ customer_id: string; digest: string; invoice_id: string }>('SELECT customer_id, digest, invoice_id FROM draft.invoices ORDER BY invoice_key');
  return Object.fromEntries(rows.map((row) => [row.customer_id, { digest: row.digest, id: row.invoice_id }]));
}

const first = (more: Partial<BookingRow>): World => ({ ...WORLD, bookings: [{ ...BOOKINGS[0]!, ...more }, ...BOOKINGS.slice(1)] });
const twin = (more: Partial<BookingRow>): World => ({ ...WORLD, bookings: BOOKINGS.map((b) => (b.id === 'b' ? { ...b, ...more } : b)) });
const acme = (more: Partial<CustomerRow>): World => ({ ...WORLD, customers: [{ id: 'acme', ...more }, { id: 'bolt' }] });

describe('the digest of an invoice', () => {
  it.each<[string, World]>([
    ['booking id', first({ id: 'a2' })],
    ['description', first({ description: 'Visits' })],
    ['start', first({ start: '2026-04-02 08:01' })],
    ['end', first({ end: '2026-04-02 09:01' })],
    ['quantity and price with the same amount', first({ quantity: '1', price: '20' })],
    ['amount', first({ quantity: '3' })],
    ['both of two like lines of different sources', twin({ description: 'Other' })],
    ['a line less', { ...WORLD, bookings: BOOKINGS.slice(1) }],
    ['unit', { ...WORLD, products: { visit: { name: 'Visit', unit: 'day' } } }],
    ['name of the product, where it is the description', { ...WORLD, products: { visit: { name: 'Call', unit: 'hour' } } }],
    ['tax', acme({ tax: 'other' })],
    ['name of the tax', { ...WORLD, taxes: { standard: { name: 'VAT' }, other: {} } }],
    ['category of the tax', { ...WORLD, taxes: { standard: { category: 'Z' }, other: {} } }],
    ['note of the tax', { ...WORLD, taxes: { standard: { note: 'Reverse charge' }, other: {} } }],
    ['rate of the tax', { ...WORLD, taxes: { standard: { rate: '20' }, other: {} } }],
    ['name of the customer', acme({ name: 'Acme Ltd' })],
    ['days to pay', acme({ net_days: 15 })],
    ['end of month', acme({ end_of_month: true })],
    ['purchase order', acme({ purchase_order: 'PO 1' })],
    ['end of the period', { ...WORLD, periods: WORLD.periods.map((p) => (p.n === 1 ? { ...p, period_end: p.period_end - 3_600_000 } : p)) }],
  ])('changes with: %s', async (_, changed) => {
    const [before, after] = [await drafted(WORLD), await drafted(changed)];
    expect(after['acme']!.digest).not.toBe(before['acme']!.digest);
    expect(after['acme']!.id).toBe(before['acme']!.id);
  });

  it('tells which of two lines has which tax', async () => {
    const taxed = (one: string, other: string): World => ({
      ...WORLD, products: { x: { name: 'Visit', tax: one }, y: { name: 'Visit', tax: other } },
      bookings: [{ ...BOOKINGS[0]!, product: 'x', quantity: '1' }, { ...BOOKINGS[1]!, product: 'y' }],
    });
    expect((await drafted(taxed('standard', 'other')))['acme']!.digest).not.toBe((await drafted(taxed('other', 'standard')))['acme']!.digest);
  });

  it.each<[string, World]>([
    ['the order of the rows', { ...WORLD, bookings: [...BOOKINGS].reverse() }],
    ['another customer', { ...WORLD, bookings: [...BOOKINGS.slice(0, 3), { ...BOOKINGS[3]!, quantity: '7' }], customers: [{ id: 'acme' }, { id: 'bolt', name: 'Bolt' }] }],
    ['a customer that comes before it', { ...WORLD, customers: [{ id: 'aaa' }, ...WORLD.customers], bookings: [...BOOKINGS, { ...BOOKINGS[0]!, customer: 'aaa', id: 'z' }] }],
    ['bookings that are not billed', { ...WORLD, bookings: [...BOOKINGS, { id: 'd', customer: 'acme', end: '2026-05-20', amount: '1' }, { id: 'e', customer: 'acme', end: '2026-04-20', amount: '1', status: 'cancelled' }] }],
    ['a later as-of', { ...WORLD, as_of: '2026-05-20', periods: periods('2026-05-20', MONTHS) }],
    ['a limit', { ...WORLD, customers: [{ id: 'acme', limits: { max_invoice_total: '1' } }, { id: 'bolt' }] }],
  ])('stays with: %s', async (_, changed) => {
    const [before, after] = [await drafted(WORLD), await drafted(changed)];
    expect(after['acme']).toEqual(before['acme']);
  });
});

describe('the id of an invoice', () => {
  it('is another for another customer, period, cycle or currency', async () => {
    const ids = new Set<string>();
    const worlds: World[] = [WORLD, { ...WORLD, periods: periods(AS_OF, MONTHS, { cycle_id: 'other' }) }, { ...WORLD, bookings: BOOKINGS.map((b) => ({ ...b, end: '2026-03-02', currency: 'USD' })) }];
    for (const world of worlds) for (const { id } of Object.values(await drafted(world))) ids.add(id);
    expect(ids.size).toBe(6);
  });

  it('is another for the invoice that follows a void one', async () => {
    const invoices = [{ invoice_id: 'inv_old', customer: 'acme', period: ['2026-04-01', '2026-05-01'] as const, void: true }];
    const [before, after] = [await drafted(WORLD), await drafted({ ...WORLD, invoices })];
    expect(after['acme']!.id).not.toBe(before['acme']!.id);
    expect(after['bolt']!.id).toBe(before['bolt']!.id);
  });
});

/**
 * Random bookings that change, are cancelled and come back, with discounts, in all ways of rounding, with tax in prices or beside them,
 * converted or not, with credit notes by hand between: the ledger proves, and when all of them are cancelled nothing is left. Of measured
 * usage, which is billed in sums, a few cents of rounding may be left.
 */
import { expect, it } from 'vitest';
import { cancel } from '../../src/run/cancel.js';
import { credit } from '../../src/run/credit.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import { Chance } from '../simulate/chance.js';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

/** CORRECTION_RUNS="from count" lives through others. */
const [FROM, COUNT] = (process.env['CORRECTION_RUNS'] ?? '1 8').split(' ').map(Number) as [number, number];

/** The net of all lines that stand. */
const LEFT = `SELECT coalesce(sum(l.amount_minor), 0) FROM ledger.invoice_lines AS l JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id WHERE s.status = 'processed'`;

function money(chance: Chance): string {
  const minor = chance.int(1, chance.pick([30, 2_000, 200_000, 200_000]));
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
}

function discountOf(chance: Chance, i: number): Spec {
  const what = chance.pick<() => Spec>([
    () => ({ percent: chance.pick(['10', '7.5', '33.333333', '50', '100']) }), () => ({ percent: chance.pick(['5', '10', '50']), cap: money(chance) }), () => ({ amount: money(chance) }),
  ])();
  return { name: `D${i}`, ...what, ...(chance.percent(40) ? { on: 'line' } : {}), ...(chance.percent(40) ? { products: [chance.pick(['visit', 'repair', 'food'])] } : {}) };
}

function specOf(chance: Chance): Spec {
  const discounts = Array.from({ length: chance.int(0, 2) }, (_, i) => discountOf(chance, i));
  const included = chance.percent(35) ? { prices_include_tax: true } : {};
  return {
    products: { visit: { name: 'Visit' }, repair: { name: 'Repair' }, food: { name: 'Food', tax: 'reduced' } },
    taxes: { standard: { name: 'VAT 19%', rate: '19' }, reduced: { name: 'VAT 7%', rate: '7' } },
    ...included, ...(chance.percent(20) ? { tax_rounding: 'line' } : {}), ...(chance.percent(20) ? { rounding: 'half_even' } : {}),
    automation: { late_bookings: chance.pick(['next_invoice', 'next_invoice', 'own_invoice']), changed_bookings: chance.pick(['adjust', 'adjust', 'credit_note']) },
    ...(discounts.length > 0 ? { agreements: { a: { from: '2026-04-01', ...(chance.percent(70) ? included : {}), discounts } } } : {}),
    customers: { acme: { ...(discounts.length > 0 ? { agreements: ['a'] } : {}), ...(chance.percent(25) ? { invoice_currency: 'USD' } : {}) } },
    exchange_rates: [['EUR', 'USD', '1.0870', '2026-01-01'], ['EUR', 'USD', '1.1170', '2026-05-20'], ['USD', 'EUR', '0.91', '2026-01-01']].map(([from, to, rate, on]) => ({ from, to, rate, on, source: 'ECB' })),
  };
}

function given(chance: Chance): Partial<Booking> {
  return { product: chance.pick(['visit', 'repair', 'food']), amount: `${chance.percent(8) ? '-' : ''}${money(chance)}` };
}

function changed(chance: Chance, booking: Booking): Booking {
  if (chance.percent(45)) return { ...booking, status: 'done', amount: money(chance) };
  return chance.percent(15) ? { ...booking, status: 'cancelled' } : chance.percent(10) ? { ...booking, status: 'done', ...given(chance) } : booking;
}

/** Somebody corrects an invoice by hand, unless it is refused; one that corrects others is left alone, for what it took back would stand again. */
async function byHand(chance: Chance, made: Project, as_of: string): Promise<void> {
  const [number, lines] = chance.pick((await made.told(`SELECT i.number, i.lines FROM ledger.invoices AS i WHERE i.invoice_id NOT IN (
    SELECT l.invoice_id FROM ledger.invoice_lines AS l WHERE l.kind = 'adjustment') ORDER BY i.seq`))).split(' | ') as [string, string];
  const one = chance.percent(50) ? [String(chance.int(1, Number(lines)))] : [];
  const reissue = chance.percent(50);
  try {
    if (chance.percent(25)) await cancel(made.world, { as_of, number, reason: 'Wrong', dry_run: false });
    else await credit(made.world, { as_of, number, lines: one, reissue, reason: 'Wrong', dry_run: false });
  } catch (error) {
    if (!(error instanceof DuebookError)) throw error;
  }
}

const PRICES: readonly Spec[] = [
  { model: 'graduated', tiers: [{ up_to: '10', unit_price: '0.99' }, { unit_price: '0.333333' }] }, { model: 'volume', tiers: [{ up_to: '10', unit_price: '9.90' }, { unit_price: '5' }] },
  { model: 'package', unit_price: '12.50', package_size: '5' }, { unit_price: '7.77', metric: { of: 'sum' }, maximum: '200.00' }, { unit_price: '3.10', metric: { of: 'max' } },
];

/** Measured usage among them, with percentages: what an amount or a cap took off usage is not all given back. */
function measuredOf(chance: Chance): Spec {
  const percent = (i: number): Spec => ({ name: `D${i}`, percent: chance.pick(['10', '7.5', '33.333333', '50']), ...(chance.percent(40) ? { on: 'line' } : {}), ...(chance.percent(30) ? { products: ['calls'] } : {}) });
  const spec = specOf(chance);
  return {
    ...spec, products: { ...spec['products'] as Spec, calls: { name: 'Calls', unit: 'call', price: { ...chance.pick(PRICES), per: chance.pick(['month', 'year']) } } },
    agreements: { a: { from: '2026-04-01', discounts: Array.from({ length: chance.int(1, 2) }, (_, i) => percent(i)) } }, customers: { acme: { agreements: ['a'] } },
  };
}

it.each(Array.from({ length: Math.ceil(COUNT / 2) }, (_, i) => FROM + i))('measured bookings that change in all ways: %i', async (seed) => {
  const chance = new Chance(seed * 15_485_863 + 29);
  const counted = (booking: Booking): Booking => (booking.product === 'calls' ? { ...booking, amount: undefined, quantity: String(chance.int(1, 30)) } : booking);
  let bookings = Array.from({ length: chance.int(1, 5) }, (_, i) => counted({ id: `b${i}`, customer: 'acme', start: `2026-04-${10 + i}`, product: chance.pick(['visit', 'calls', 'calls']), amount: money(chance) }));
  const made = await project(measuredOf(chance), bookings);
  await made.run('2026-05-10');
  const rounds = chance.int(1, 3);
  for (let round = 0; round < rounds + 2; round += 1) {
    bookings = bookings.map((each) => (round >= rounds || chance.percent(20) ? { ...each, status: 'cancelled' } : chance.percent(50) ? { ...counted(each), status: 'done' } : each));
    await made.book(bookings);
    const as_of = `2026-${String(6 + round).padStart(2, '0')}-10`;
    await made.run(as_of);
    const lines = round < rounds && chance.percent(40) ? await made.told("SELECT line_no FROM ledger.invoice_lines WHERE kind = 'usage' AND invoice_id IN (SELECT invoice_id FROM ledger.invoices WHERE number = 'INV-2026-000001') ORDER BY line_no") : [];
    if (lines.length > 0) await credit(made.world, { as_of, number: 'INV-2026-000001', lines: [chance.pick(lines)], reissue: chance.percent(30), reason: 'Wrong', dry_run: false }).catch((error: unknown) => { if (!(error instanceof DuebookError)) throw error; });
  }
  expect(await made.flaws()).toEqual([]);
  const [left] = await made.told(LEFT);
  expect(Math.abs(Number(left))).toBeLessThanOrEqual(2 * (rounds + 3));
});

it.each(Array.from({ length: COUNT }, (_, i) => FROM + i))('bookings that change in all ways: %i', async (seed) => {
  const chance = new Chance(seed * 104_729 + 71);
  let bookings: Booking[] = Array.from({ length: chance.int(1, 5) }, (_, i) => ({ id: `b${i}`, customer: 'acme', start: `2026-04-${10 + i}`, ...given(chance) }));
  const made = await project(specOf(chance), bookings);
  await made.run('2026-05-10');
  const rounds = chance.int(1, 3);
  // What is taken back first may be free only then, so that it takes a round more.
  for (let round = 0; round < rounds + 2; round += 1) {
    bookings = bookings.map((each) => (round < rounds ? changed(chance, each) : { ...each, status: 'cancelled' }));
    await made.book(bookings);
    const as_of = `2026-${String(6 + round).padStart(2, '0')}-10`;
    await made.run(as_of);
    if (round < rounds && chance.percent(50)) await byHand(chance, made, as_of);
  }
  expect(await made.flaws()).toEqual([]);
  expect(await made.told(LEFT)).toEqual(['0']);
});

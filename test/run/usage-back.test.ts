/** Usage that is given back: with the discounts it was charged with, and not what somebody gave back by hand before. */
import { describe, expect, it } from 'vitest';
import { credit } from '../../src/run/credit.js';
import { project } from '../support/project.js';
import type { Booking, Spec } from '../support/project.js';

const call = (id: string, quantity: string, status?: string, start = '2026-04-10'): Booking => ({ id, customer: 'acme', product: 'calls', start, quantity, status });
/** Units are measured and priced together, not booking by booking. */
const HALF: Spec = { unit_price: '0.50', metric: { of: 'sum' } };
const specOf = (discounts: readonly Spec[], price: Spec = HALF): Spec => ({
  products: { calls: { name: 'Calls', unit: 'call', price }, visit: { name: 'Visit' } },
  agreements: { a: { from: '2026-01-01', ...(discounts.length > 0 ? { discounts } : {}) } },
  customers: { acme: { agreements: ['a'] } },
});

/** The net of each invoice that stands, in the order of their numbers. */
const NETS = `SELECT i.net_minor FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = 'processed' ORDER BY i.seq`;

/** Bills these bookings month by month from May. */
async function months(spec: Spec, ...rounds: readonly (readonly Booking[])[]): Promise<{ nets: string[]; flaws: string[] }> {
  const made = await project(spec);
  for (const [i, bookings] of rounds.entries()) {
    await made.book([...bookings]);
    await made.run(`2026-${String(5 + i).padStart(2, '0')}-10`);
  }
  return { nets: await made.told(NETS), flaws: await made.flaws() };
}

describe('a discount on usage', () => {
  const [billed, less, none] = [[call('1', '100')], [call('1', '60')], [call('1', '100', 'cancelled')]];
  const third = { name: 'Third', percent: '33.333333' };

  it.each<[string, Spec[], string[]]>([
    ['on lines', [{ ...third, on: 'line' }], ['3333', '-3333']],
    ['on the net', [third], ['3333', '-3333']],
    ['one after the other', [{ ...third, on: 'line' }, { name: 'Ten', percent: '10' }], ['3000', '-3000']],
    ['with a cap', [{ name: 'Ten', percent: '10', cap: '2.00' }], ['4800', '-4800']],
    ['on lines with a cap', [{ name: 'Ten', percent: '10', cap: '2.00', on: 'line' }], ['4800', '-4800']],
    ['of all there is', [{ name: 'Free', percent: '100' }], []],
    ['of an amount, which stays given', [{ name: 'Gift', amount: '20.00' }], ['3000', '-5000']],
  ])('goes back with it: %s', async (_, discounts, nets) => {
    const told = await months(specOf(discounts), billed, none);
    expect({ ...told, nets: told.nets.filter((net) => net !== '0') }).toEqual({ nets, flaws: [] });
  });

  it('goes back in part', async () => {
    expect(await months(specOf([{ name: 'Ten', percent: '10', on: 'line' }]), billed, less, none)).toEqual({ nets: ['4500', '-1800', '-2700'], flaws: [] });
  });

  it('is that of the sum where something else is billed beside', async () => {
    const visit = (id: string, amount: string): Booking => ({ id, customer: 'acme', product: 'visit', start: '2026-05-10', amount });
    expect(await months(specOf([{ name: 'Ten', percent: '10' }]), billed, [...none, visit('v', '80.00')])).toEqual({ nets: ['4500', '2700'], flaws: [] });
    // A return bears no discount where there is nothing to take it of; the usage beside it does.
    expect(await months(specOf([{ name: 'Ten', percent: '10' }]), billed, [...none, visit('v', '-80.00')])).toEqual({ nets: ['4500', '-12500'], flaws: [] });
  });

  it('is the same where volume prices all units anew, and where a maximum cuts', async () => {
    const year = { per: 'year', model: 'volume', tiers: [{ up_to: '100', unit_price: '1.00' }, { unit_price: '0.60' }] };
    const more = [...billed, call('2', '100', undefined, '2026-05-10')];
    // 100.00 are billed first; all 200 then cost 120.00.
    for (const on of ['line', 'net']) expect(await months(specOf([{ name: 'Ten', percent: '10', on }], year), billed, more)).toEqual({ nets: ['9000', '1800'], flaws: [] });
    const most = { ...HALF, per: 'year', unit_price: '1.00', maximum: '120.00' };
    for (const on of ['line', 'net']) expect(await months(specOf([{ name: 'Ten', percent: '10', on }], most), billed, more)).toEqual({ nets: ['9000', '1800'], flaws: [] });
  });
});

describe('usage that was credited by hand', () => {
  const billed = [call('1', '100'), call('2', '40')];

  it.each<[string, Spec[], Spec | undefined, string[]]>([
    ['alone', [], undefined, ['7000', '-7000']],
    ['with a discount', [{ name: 'Ten', percent: '10' }], undefined, ['6300', '-6300']],
    ['by tiers', [], { tiers: [{ up_to: '100', unit_price: '0.50' }, { unit_price: '0.25' }], model: 'volume' }, ['3500', '-3500']],
    ['with a minimum', [], { ...HALF, minimum: '90.00' }, ['9000', '-9000']],
  ])('is not given back a second time: %s', async (_, discounts, price, nets) => {
    const made = await project(specOf(discounts, price), billed);
    await made.run('2026-05-10');
    const lines = await made.told("SELECT line_no FROM ledger.invoice_lines WHERE kind = 'usage' ORDER BY line_no");
    await credit(made.world, { as_of: '2026-05-20', number: 'INV-2026-000001', lines, reissue: false, reason: 'Goodwill', dry_run: false });
    await made.book(billed.map((each) => ({ ...each, status: 'cancelled' })));
    await made.run('2026-06-10');
    expect((await made.told(NETS)).filter((net) => net !== '0')).toEqual(nets);
    expect(await made.flaws()).toEqual([]);
  });

  it('stays given as far as the units are there, and counts against what comes', async () => {
    const price = { ...HALF, per: 'year' };
    const made = await project(specOf([], price), [call('1', '100')]);
    await made.run('2026-05-10');
    const [one] = await made.told("SELECT l.line_no FROM ledger.invoice_lines AS l WHERE l.kind = 'usage'");
    await credit(made.world, { as_of: '2026-05-20', number: 'INV-2026-000001', lines: [one!], reissue: false, reason: 'Goodwill', dry_run: false });
    const rounds = [
      [call('1', '100'), call('2', '40', undefined, '2026-05-10')], [call('1', '40'), call('2', '40', undefined, '2026-05-10')],
      [call('1', '40'), call('2', '40', undefined, '2026-05-10'), call('3', '30', undefined, '2026-07-10')],
    ];
    for (const [i, bookings] of rounds.entries()) {
      await made.book(bookings);
      await made.run(`2026-${String(6 + i).padStart(2, '0')}-10`);
    }
    // 50.00 are credited; 20.00 more are billed; 80 calls cost 40.00, less than what was credited; 110 cost 55.00, 5.00 more than it.
    expect(await made.told(NETS)).toEqual(['5000', '-5000', '2000', '-2000', '500']);
    expect(await made.told("SELECT description, amount_minor FROM ledger.invoice_lines WHERE kind = 'usage' ORDER BY serial, line_no")).toEqual([
      'Calls | 5000', 'Calls | 2000', 'Calls | -3000', 'Calls (credited before) | 1000', 'Calls | 1500', 'Calls (credited before) | -1000',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('is billed anew where it was credited to be issued again', async () => {
    const made = await project(specOf([]), [call('1', '100')]);
    await made.run('2026-05-10');
    await credit(made.world, { as_of: '2026-05-20', number: 'INV-2026-000001', lines: [], reissue: true, reason: 'Address', dry_run: false });
    await made.run('2026-06-10');
    expect(await made.told(NETS)).toEqual(['5000', '-5000', '5000']);
    await made.book([call('1', '100', 'cancelled')]);
    await made.run('2026-07-10');
    expect((await made.told(NETS)).slice(3)).toEqual(['-5000']);
    expect(await made.flaws()).toEqual([]);
  });
});

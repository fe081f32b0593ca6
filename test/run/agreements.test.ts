/** Agreements in whole runs: what recurs, fees and milestones, on the right invoices and once. */
import { describe, expect, it } from 'vitest';
import { invoice } from '../../src/run/invoice.js';
import { project } from '../support/project.js';
import type { Booking, Spec } from '../support/project.js';

/** The lines of the ledger: day of billing, charge or booking, quantity, price, amount. */
const LINES = `SELECT CAST(i.billing_date AS VARCHAR) AS on_day, coalesce(l.charge_id, l.booking_id) AS id, l.quantity_micro / 1000000.0 AS quantity,
  l.unit_price_micro / 1000000.0 AS price, l.amount_minor / 100.0 AS amount
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
  JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = 'processed' ORDER BY i.billing_date, i.seq, l.line_no`;

type Agreement = Spec;

/** Every agreement is that of a customer of the same name, who is billed monthly in arrears. */
function spec(agreements: Readonly<Record<string, Agreement>>, more: Spec = {}): Spec {
  const customers = Object.fromEntries(Object.keys(agreements).map((id) => [id, { name: id, cycle: 'monthly', agreements: [id] }]));
  const dated = Object.fromEntries(Object.entries(agreements).map(([id, agreement]) => [id, { from: '2026-01-01', ...agreement }]));
  return { agreements: dated, customers, ...more };
}

const charge = (over: Spec = {}): Spec => ({ id: 'fee', name: 'Service', price: '249.00', per: 'month', ...over });
const terms = (over: Spec = {}): Spec => ({ charges: [charge(over)] });

async function lines(agreements: Readonly<Record<string, Agreement>>, as_of: string, more: Spec = {}, bookings: readonly Booking[] = []): Promise<string[]> {
  const made = await project(spec(agreements, more), bookings);
  await made.run(as_of);
  expect(await made.flaws()).toEqual([]);
  return made.told(LINES);
}

const of = (name: string, all: readonly string[]): string[] => all.filter((line) => line.includes(` ${name}:`)).map((line) => line.replace(` ${name}:${name}:`, ' '));

describe('a recurring charge', () => {
  it('is prorated by days, by days of 30, or not, and billed in arrears or in advance', async () => {
    const all = await lines({
      days: { from: '2026-01-15', ...terms() }, thirty: { from: '2026-01-15', ...terms({ prorate: 'fixed_30' }) },
      none: { from: '2026-01-15', ...terms({ prorate: false }) }, ahead: { from: '2026-01-15', until: '2026-03-10', ...terms({ timing: 'in_advance' }) },
    }, '2026-03-20');
    expect(of('days', all)).toEqual([
      '2026-02-01 | fee:2026-01-15..2026-01-31 | 1 | 136.548387 | 136.55', '2026-03-01 | fee:2026-02-01..2026-02-28 | 1 | 249 | 249',
    ]);
    expect(of('thirty', all)[0]).toBe('2026-02-01 | fee:2026-01-15..2026-01-31 | 1 | 132.8 | 132.8');
    expect(of('none', all)[0]).toBe('2026-02-01 | fee:2026-01-15..2026-01-31 | 1 | 249 | 249');
    expect(of('ahead', all)).toEqual([
      '2026-02-01 | fee:2026-01-15..2026-01-31 | 1 | 136.548387 | 136.55', '2026-02-01 | fee:2026-02-01..2026-02-28 | 1 | 249 | 249',
      '2026-03-01 | fee:2026-03-01..2026-03-10 | 1 | 80.322581 | 80.32',
    ]);
  });

  it('changes its price and quantity inside a unit', async () => {
    const price = [{ price: '300.00' }, { from: '2026-05-16', price: '310.00' }];
    const quantity = [{ quantity: '2' }, { from: '2026-02-15', quantity: '3' }];
    const all = await lines({
      quarter: { until: '2026-06-30', ...terms({ per: 'quarter', price }) }, seats: { until: '2026-03-31', ...terms({ price: '10.00', quantity }) },
      same: { until: '2026-01-31', ...terms({ price: [{ price: '249' }, { from: '2026-01-10', price: '249.00' }] }) },
    }, '2026-07-20');
    expect(of('quarter', all)).toEqual([
      '2026-04-01 | fee:2026-01-01..2026-03-31 | 1 | 300 | 300', '2026-07-01 | fee:2026-04-01..2026-05-15 | 1 | 148.351648 | 148.35',
      '2026-07-01 | fee:2026-05-16..2026-06-30 | 1 | 156.703297 | 156.7',
    ]);
    expect(of('seats', all)).toEqual([
      '2026-02-01 | fee:2026-01-01..2026-01-31 | 2 | 10 | 20', '2026-03-01 | fee:2026-02-01..2026-02-14 | 2 | 5 | 10',
      '2026-03-01 | fee:2026-02-15..2026-02-28 | 3 | 5 | 15', '2026-04-01 | fee:2026-03-01..2026-03-31 | 3 | 10 | 30',
    ]);
    expect(of('same', all)).toHaveLength(1);
  });

  it('stands on one line for all whole units of an invoice', async () => {
    const all = await lines({
      week: { from: '2026-01-07', until: '2026-02-28', ...terms({ per: 'week', price: '70.00', anchor: 'calendar' }) },
      day: { until: '2026-02-28', ...terms({ per: 'day', price: '1.005', quantity: '3' }) },
    }, '2026-03-20');
    expect(of('week', all)).toEqual([
      '2026-02-01 | fee:2026-01-07..2026-01-11 | 1 | 50 | 50', '2026-02-01 | fee:2026-01-12..2026-01-25 | 2 | 70 | 140',
      '2026-03-01 | fee:2026-01-26..2026-02-22 | 4 | 70 | 280', '2026-03-01 | fee:2026-02-23..2026-02-28 | 1 | 60 | 60',
    ]);
    expect(of('day', all)).toEqual(['2026-02-01 | fee:2026-01-01..2026-01-31 | 93 | 1.005 | 93.47', '2026-03-01 | fee:2026-02-01..2026-02-28 | 84 | 1.005 | 84.42']);
  });

  it('rises every year by a percent or an index; a missing value parks its customer alone', async () => {
    const made = await project(spec({
      percent: { from: '2026-01-15', ...terms({ per: 'year', anchor: 'anniversary', timing: 'in_advance', uplift: { percent: '3' } }) },
      index: terms({ price: '700.00', per: 'quarter', timing: 'in_advance', uplift: { index: 'cpi', base: '2026-01', on: 'calendar_year' } }),
    }, { indexes: { cpi: { '2026-01': '117.4', '2026-12': '119.9' } }, cycles: { monthly: { type: 'quarterly' } } }));
    await made.run('2028-02-01');
    const all = await made.told(LINES);
    expect(of('percent', all).map((line) => line.split(' | ').slice(1).join(' '))).toEqual([
      'fee:2026-01-15..2027-01-14 1 249 249', 'fee:2027-01-15..2028-01-14 1 256.47 256.47', 'fee:2028-01-15..2029-01-14 1 264.16 264.16',
    ]);
    expect(of('index', all).map((line) => line.split(' | ').slice(3).join(' '))).toEqual(['700 1400', '700 700', '700 700', '714.91 714.91', '714.91 714.91', '714.91 714.91', '714.91 714.91']);
    const parked = (await made.run('2028-02-01')).parked.map(({ customer_id, reason }) => `${customer_id}: ${reason}`);
    expect(parked).toEqual(['index: index cpi has no value for 2027-12']);
    await made.configure(spec({ index: terms({ price: '700.00', per: 'quarter', timing: 'in_advance', uplift: { index: 'cpi', base: '2026-01', on: 'calendar_year' } }) },
      { indexes: { cpi: { '2026-01': '117.4', '2026-12': '119.9', '2027-12': '120' } }, cycles: { monthly: { type: 'quarterly' } } }));
    await made.run('2028-02-02');
    expect(of('index', await made.told(LINES)).at(-1)).toBe('2028-01-01 | fee:2028-01-01..2028-03-31 | 1 | 715.5 | 715.5');
  });

  it('is free in a trial, goes on with renewals, ends with the agreement', async () => {
    const all = await lines({
      trial: { trial_until: '2026-02-15', until: '2026-03-31', ...terms({ price: '28.00' }), fees: [{ id: 'setup', name: 'Set-up', amount: '50.00', on: '2026-01-02' }] },
      renewed: { until: '2026-01-31', renew: { every: { months: 1 }, count: 1 }, ...terms() },
    }, '2026-05-20');
    expect(of('trial', all)).toEqual([
      '2026-02-01 | setup | 1 | 50 | 50', '2026-03-01 | fee:2026-02-15..2026-02-28 | 1 | 14 | 14', '2026-04-01 | fee:2026-03-01..2026-03-31 | 1 | 28 | 28',
    ]);
    expect(of('renewed', all)).toHaveLength(2);
  });

  it('belongs to a cycle in advance as to one in arrears', async () => {
    const made = await project(spec({ a: { until: '2026-03-10', charges: [charge({ timing: 'in_advance' }), charge({ id: 'past' })], fees: [{ id: 'one', name: 'One', amount: '9.00', on: '2026-02-10' }] } },
      { customers: { a: { name: 'a', cycle: 'ahead', agreements: ['a'] } } }));
    await made.run('2026-04-20');
    expect(of('a', await made.told(LINES))).toEqual([
      '2026-01-01 | fee:2026-01-01..2026-01-31 | 1 | 249 | 249',
      '2026-02-01 | past:2026-01-01..2026-01-31 | 1 | 249 | 249', '2026-02-01 | fee:2026-02-01..2026-02-28 | 1 | 249 | 249', '2026-02-01 | one | 1 | 9 | 9',
      '2026-03-01 | past:2026-02-01..2026-02-28 | 1 | 249 | 249', '2026-03-01 | fee:2026-03-01..2026-03-10 | 1 | 80.322581 | 80.32',
      '2026-04-01 | past:2026-03-01..2026-03-10 | 1 | 80.322581 | 80.32',
    ]);
  });
});

describe('fees and milestones', () => {
  const fees = [{ id: 'setup', name: 'Set-up', amount: '350.00', on: '2026-01-01' }];
  const milestones = (done: boolean): Spec[] => [{ id: 'design', name: 'Design', percent: '30', on: '2026-02-15', done }, { id: 'build', name: 'Build', amount: '8400.00', on: '2026-03-31', done: true }];

  it('go on the invoice of their day; one that is done late on the next', async () => {
    const made = await project(spec({ a: { total: '12000.00', fees, milestones: milestones(false) } }));
    await made.run('2026-03-20');
    expect(of('a', await made.told(LINES))).toEqual(['2026-02-01 | setup | 1 | 350 | 350']);
    await made.configure(spec({ a: { total: '12000.00', fees, milestones: milestones(true) } }));
    await made.run('2026-04-20');
    await made.run('2026-05-20');
    expect(await made.flaws()).toEqual([]);
    const all = of('a', await made.told(LINES));
    expect(all.map((line) => line.split(' | ')[1]).sort()).toEqual(['build', 'design', 'setup']);
  });
});

describe('what was billed', () => {
  it('stays when the agreement is ended before; the days that follow are billed when it goes on', async () => {
    const ahead = (until: string | undefined): Spec => spec({
      a: { ...(until === undefined ? {} : { until }), ...terms({ timing: 'in_advance' }) }, b: { ...(until === undefined ? {} : { until }), ...terms() },
    });
    const made = await project(ahead(undefined));
    await made.run('2026-02-10');
    await made.configure(ahead('2026-02-14'));
    await made.run('2026-03-10');
    expect(of('a', await made.told(LINES))).toEqual(['2026-02-01 | fee:2026-01-01..2026-02-28 | 2 | 249 | 498']);
    expect(of('b', await made.told(LINES)).at(-1)).toBe('2026-03-01 | fee:2026-02-01..2026-02-14 | 1 | 124.5 | 124.5');
    await made.configure(ahead('2026-03-31'));
    await made.run('2026-04-10');
    expect(of('b', await made.told(LINES)).slice(2)).toEqual(['2026-04-01 | fee:2026-02-15..2026-02-28 | 1 | 124.5 | 124.5', '2026-04-01 | fee:2026-03-01..2026-03-31 | 1 | 249 | 249']);
    expect(of('a', await made.told(LINES)).slice(1)).toEqual(['2026-04-01 | fee:2026-03-01..2026-03-31 | 1 | 249 | 249']);
    expect(await made.flaws()).toEqual([]);
  });

  it('is not billed again at another price or from another anchor', async () => {
    const made = await project(spec({ a: terms() }));
    await made.run('2026-02-10');
    await made.configure(spec({ a: terms({ price: [{ price: '249.00' }, { from: '2026-01-10', price: '300.00' }], anchor: '2026-01-15' }) }));
    await made.run('2026-03-20');
    expect(of('a', await made.told(LINES))).toEqual([
      '2026-02-01 | fee:2026-01-01..2026-01-31 | 1 | 249 | 249', '2026-03-01 | fee:2026-02-01..2026-02-14 | 1 | 135.483871 | 135.48',
    ]);
  });
});

describe('an agreement made late', () => {
  it('is billed from its beginning with the next invoice', async () => {
    const visit: Booking = { id: 'J-1', customer: 'a', product: 'visit', start: '2026-01-10', quantity: '1' };
    const late = (id: string): Booking => ({ ...visit, id, start: `2026-0${id.slice(2)}-10` });
    const made = await project({ customers: { a: { name: 'a', cycle: 'monthly' } } }, [visit, late('J-2')]);
    await made.run('2026-03-10');
    await made.configure(spec({ a: terms() }));
    await made.run('2026-04-10');
    expect(of('a', await made.told(LINES))).toEqual(['2026-04-01 | fee:2026-01-01..2026-03-31 | 3 | 249 | 747']);
  });

  it('bills nothing before the customer', async () => {
    const made = await project(spec({ a: { from: '2025-10-01', ...terms(), fees: [{ id: 'old', name: 'Old', amount: '9.00', on: '2025-12-31' }] } }));
    await made.run('2026-02-10');
    expect(of('a', await made.told(LINES))).toEqual(['2026-02-01 | fee:2026-01-01..2026-01-31 | 1 | 249 | 249']);
  });
});

describe('on demand', () => {
  it('bills what is over, and what began; the rest follows at its time', async () => {
    const made = await project(spec({
      a: { charges: [charge({ id: 'week', per: 'week', price: '70.00', anchor: 'calendar', from: '2026-01-05' }), charge({ id: 'ahead', timing: 'in_advance' })], fees: [{ id: 'one', name: 'One', amount: '9.00', on: '2026-01-20' }] },
    }));
    await invoice(made.world, { as_of: '2026-01-20T14:00:00Z', dry_run: false, customer: 'a' });
    expect(of('a', await made.told(LINES))).toEqual([
      '2026-01-20 | ahead:2026-01-01..2026-01-31 | 1 | 249 | 249', '2026-01-20 | week:2026-01-05..2026-01-18 | 2 | 70 | 140', '2026-01-20 | one | 1 | 9 | 9',
    ]);
    await made.run('2026-02-10');
    expect(of('a', await made.told(LINES)).slice(3)).toEqual([
      '2026-02-01 | week:2026-01-19..2026-01-25 | 1 | 70 | 70', '2026-02-01 | ahead:2026-02-01..2026-02-28 | 1 | 249 | 249',
    ]);
    expect(await made.flaws()).toEqual([]);
  });
});

/** Bookings that change, are cancelled or vanish after they were billed: what was billed is taken back, what is right is billed, to the cent. */
import { describe, expect, it } from 'vitest';
import { BASE, project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const LINES = `SELECT i.number, l.line_no, l.kind, coalesce(l.correction, '-') AS correction, coalesce(l.booking_id, '-') AS booking, l.quantity_micro // 1000000 AS quantity, l.amount_minor,
    coalesce(c.number, '-') AS corrects, coalesce(CAST(l.corrects_line_no AS VARCHAR), '-') AS line
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id LEFT JOIN ledger.invoices AS c ON c.invoice_id = l.corrects_invoice_id
  ORDER BY i.serial, i.series, i.seq, l.line_no`;
const SUMS = `SELECT customer_id, currency, sum(net_minor), sum(tax_minor) FROM ledger.invoices GROUP BY ALL ORDER BY ALL`;

const visit = (id: string, start: string, more: Partial<Booking> = {}): Booking => ({ id, customer: 'acme', product: 'visit', start, ...more });
const april = [visit('a', '2026-04-02'), visit('b', '2026-04-03', { quantity: '2' })];

async function sound(made: Project): Promise<void> {
  expect(await made.flaws()).toEqual([]);
}

/** April is billed, then the file is another. */
async function billed(spec: Spec, before: readonly Booking[], after: readonly Booking[], until = '2026-06-05'): Promise<Project> {
  const made = await project(spec, before);
  await made.run('2026-05-05');
  await made.book(after);
  await made.run(until);
  return made;
}

const COMPLETE: Spec = { bookings: [{ ...(BASE['bookings'] as readonly Spec[])[0], complete: true }] };

describe('a booking that changed after it was billed', () => {
  it.each(['invoice', 'line'])('with the tax in its price is taken back with the net and the tax it was billed with, rounded by %s', async (tax_rounding) => {
    const priced = (amount: string, status = 'done'): Booking[] => [visit('a', '2026-04-02', { amount, status }), visit('b', '2026-04-03', { amount: '0.09' })];
    const made = await billed({ prices_include_tax: true, tax_rounding }, priced('0.04'), priced('35.59'));
    const taken = `SELECT amount_minor, gross_minor FROM ledger.invoice_lines WHERE booking_id = 'a' ORDER BY serial, correction NULLS FIRST`;
    expect(await made.told(taken)).toEqual(['3 | 4', '2991 | 3559', '-3 | -4']);
    await sound(made);
    await made.book(priced('35.59', 'cancelled'));
    await made.run('2026-07-05');
    expect(await made.told('SELECT sum(net_minor), sum(tax_minor) FROM ledger.invoice_taxes')).toEqual(['8 | 1']);
    await sound(made);
  });

  it('is taken back at its own rate of tax also where the configuration has another one since', async () => {
    const taxes = (rate: string): Spec => ({ taxes: { standard: { name: 'VAT', rate, category: 'S' } } });
    const made = await project(taxes('19'), april);
    await made.run('2026-05-05');
    await made.configure(taxes('21'));
    await made.book([visit('a', '2026-04-02', { quantity: '3' }), april[1]!]);
    await made.run('2026-06-05');
    expect(await made.told(`SELECT rate_micro // 10000, net_minor, tax_minor FROM ledger.invoice_taxes ORDER BY serial, rate_micro`)).toEqual([
      '1900 | 28500 | 5415', '1900 | -9500 | -1805', '2100 | 28500 | 5985']);
    await sound(made);
  });

  it('is taken back on the next invoice, with what is right beside it', async () => {
    const made = await billed({}, april, [visit('a', '2026-04-02', { quantity: '3' }), april[1]!, visit('c', '2026-05-09')]);
    expect((await made.told(LINES)).slice(2)).toEqual([
      'INV-2026-000002 | 1 | booking | - | c | 1 | 9500 | - | -',
      'INV-2026-000002 | 2 | adjustment | reversal | a | -1 | -9500 | INV-2026-000001 | 1',
      'INV-2026-000002 | 3 | adjustment | restatement | a | 3 | 28500 | INV-2026-000001 | 1',
    ]);
    expect((await made.run('2026-06-06')).completeness).toMatchObject({ bookings_read: 3, already_billed: 3 });
    await made.run('2026-08-05');
    expect(await made.told('SELECT count(*) FROM ledger.invoices')).toEqual(['2']);
    await sound(made);
  });

  it('can change again, and is then taken back from where it stands', async () => {
    const made = await billed({}, april, [visit('a', '2026-04-02', { quantity: '3' }), april[1]!]);
    await made.book([visit('a', '2026-04-02', { quantity: '2' }), april[1]!]);
    await made.run('2026-07-05');
    expect((await made.told(LINES)).slice(4)).toEqual([
      'CN-2026-000001 | 1 | adjustment | reversal | a | -3 | -28500 | INV-2026-000002 | 1',
      'CN-2026-000001 | 2 | adjustment | restatement | a | 2 | 19000 | INV-2026-000002 | 2',
    ].map((line) => line.replace('INV-2026-000002 | 1', 'INV-2026-000002 | 2')));
    expect(await made.told(SUMS)).toEqual(['acme | EUR | 38000 | 7220']);
    await sound(made);
  });

  it('needs nothing where its amount is the same', async () => {
    const made = await billed({}, april, [visit('a', '2026-04-02', { description: 'Other words' }), april[1]!, visit('c', '2026-05-09')]);
    expect((await made.told(LINES)).slice(2)).toEqual(['INV-2026-000002 | 1 | booking | - | c | 1 | 9500 | - | -']);
    await sound(made);
  });

  it('is credited by a credit note of its own, and billed as it is now like a late one, where that is said', async () => {
    const made = await billed({ automation: { changed_bookings: 'credit_note' } }, april, [visit('a', '2026-04-02', { quantity: '3' }), april[1]!, visit('c', '2026-05-09')]);
    expect((await made.told(LINES)).slice(2).sort()).toEqual([
      'CN-2026-000001 | 1 | adjustment | reversal | a | -1 | -9500 | INV-2026-000001 | 1',
      'INV-2026-000002 | 1 | booking | - | c | 1 | 9500 | - | -',
    ]);
    await made.run('2026-07-05');
    expect((await made.told(LINES)).slice(4)).toEqual(['INV-2026-000003 | 1 | booking | - | a | 3 | 28500 | INV-2026-000001 | -']);
    await sound(made);
  });

  it('is held and told, where that is said', async () => {
    const made = await project({ automation: { changed_bookings: 'hold' } }, april);
    await made.run('2026-05-05');
    await made.book([visit('a', '2026-04-02', { quantity: '3' }), april[1]!]);
    const { diagnostics } = await made.run('2026-06-05');
    expect(diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual(['BOOKING_CHANGED booking a has changed since it was billed on INV-2026-000001; changed bookings are held (booking_id)']);
    expect(await made.told('SELECT count(*) FROM ledger.invoices')).toEqual(['1']);
    await sound(made);
  });

  it('goes from one customer to another', async () => {
    const spec = { customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } };
    const made = await billed(spec, april, [visit('a', '2026-04-02', { customer: 'bolt' }), april[1]!]);
    await made.run('2026-07-05');
    expect(await made.told(SUMS)).toEqual(['acme | EUR | 19000 | 3610', 'bolt | EUR | 9500 | 1805']);
    expect((await made.told(LINES)).at(-1)).toBe('INV-2026-000002 | 1 | booking | - | a | 1 | 9500 | - | -');
    await sound(made);
  });

  it('takes the tax back at the rate that was billed, and its share of the discount', async () => {
    const spec = {
      agreements: { a1: { from: '2026-01-01', prices: {}, discounts: [{ name: 'Loyalty', percent: '10', on: 'net' }] } },
      customers: { acme: { name: 'Acme', cycle: 'monthly', agreements: ['a1'] } },
    };
    const made = await billed(spec, april, [visit('a', '2026-04-02', { quantity: '2', product: 'food' }), april[1]!]);
    expect((await made.told(LINES)).slice(3)).toEqual([
      'CN-2026-000001 | 1 | adjustment | reversal | a | -1 | -9500 | INV-2026-000001 | 1',
      'CN-2026-000001 | 2 | adjustment | restatement | a | 2 | 666 | INV-2026-000001 | 1',
      'CN-2026-000001 | 3 | adjustment | reversal | - | 1 | 950 | INV-2026-000001 | 3',
      'CN-2026-000001 | 4 | adjustment | restatement | - | 1 | -67 | INV-2026-000001 | 3',
    ]);
    await made.book([visit('a', '2026-04-02', { quantity: '4' }), april[1]!]);
    await made.run('2026-07-05');
    expect((await made.told(LINES)).slice(7)).toEqual([
      'INV-2026-000002 | 1 | adjustment | reversal | a | -2 | -666 | CN-2026-000001 | 2',
      'INV-2026-000002 | 2 | adjustment | restatement | a | 4 | 38000 | CN-2026-000001 | 2',
      'INV-2026-000002 | 3 | adjustment | reversal | - | 1 | 67 | CN-2026-000001 | 4',
      'INV-2026-000002 | 4 | adjustment | restatement | - | 1 | -3800 | CN-2026-000001 | 4',
    ]);
    expect(await made.told('SELECT sum(net_minor) FROM ledger.invoices')).toEqual([String((9500 * 4 + 19000) * 0.9)]);
    await sound(made);
  });
});

describe('a booking that is gone after it was billed', () => {
  it('is taken back when it is cancelled, and billed again when it is not any more', async () => {
    const made = await billed({}, april, [visit('a', '2026-04-02', { status: 'cancelled' }), april[1]!]);
    expect((await made.told(LINES)).slice(2)).toEqual(['CN-2026-000001 | 1 | adjustment | reversal | a | -1 | -9500 | INV-2026-000001 | 1']);
    await made.run('2026-07-05');
    await made.book(april);
    await made.run('2026-08-05');
    expect((await made.told(LINES)).slice(3)).toEqual(['INV-2026-000002 | 1 | booking | - | a | 1 | 9500 | INV-2026-000001 | -']);
    expect(await made.told(SUMS)).toEqual(['acme | EUR | 28500 | 5415']);
    await sound(made);
  });

  it('takes its share of a discount along to the cent: all shares are the discount, whether bookings go together or one by one', async () => {
    const visits = (gone: readonly string[]): Booking[] => [...['a', 'b', 'c'].map((id) => visit(id, '2026-04-02', { amount: '10.00', status: gone.includes(id) ? 'cancelled' : 'done' })), visit('z', '2026-07-02', { amount: '500.00' })];
    for (const steps of [[['a', 'b', 'c']], [['b'], ['a', 'b'], ['a', 'b', 'c']], [['a', 'c'], ['a', 'b', 'c']]]) {
      const made = await project({ customers: { acme: { agreements: ['a1'] } }, agreements: { a1: { from: '2026-01-01', until: '2026-04-30', discounts: [{ name: 'Cents', amount: '0.05', until: '2026-04-30' }] } } }, visits([]));
      await made.run('2026-05-10');
      for (const [i, gone] of steps.entries()) {
        await made.book(visits(gone));
        await made.run(`2026-0${6 + i}-10`);
      }
      await made.run('2026-09-10');
      expect(await made.told("SELECT sum(amount_minor), min(abs(amount_minor)), max(abs(amount_minor)) FROM ledger.invoice_lines WHERE correction = 'reversal' AND booking_id IS NULL"), steps.join('/')).toEqual(['5 | 1 | 2']);
      expect(await made.flaws()).toEqual([]);
    }
  });

  it('is taken back when it is missing from an export that is complete', async () => {
    const made = await billed(COMPLETE, april, [april[1]!]);
    expect((await made.told(LINES)).slice(2)).toEqual(['CN-2026-000001 | 1 | adjustment | reversal | a | -1 | -9500 | INV-2026-000001 | 1']);
    await made.book(april);
    await made.run('2026-07-05');
    expect(await made.told(SUMS)).toEqual(['acme | EUR | 28500 | 5415']);
    await sound(made);
  });

  it('stays where the complete export has not a single row: it was cut off', async () => {
    const made = await project(COMPLETE, april);
    await made.run('2026-05-05');
    await made.book([]);
    const { diagnostics } = await made.run('2026-06-05');
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([['BOOKINGS_NO_ROWS', 'warning']]);
    expect(await made.told(SUMS)).toEqual(['acme | EUR | 28500 | 5415']);
    await made.book([april[1]!]);
    await made.run('2026-07-05');
    expect(await made.told(SUMS)).toEqual(['acme | EUR | 19000 | 3610']);
    await sound(made);
  });

  it('stays where the export is not said to be complete', async () => {
    const made = await billed({}, april, [april[1]!]);
    expect(await made.told(SUMS)).toEqual(['acme | EUR | 28500 | 5415']);
  });
});

describe('a measured booking that changed', () => {
  const spec = { products: { visit: { name: 'Visit', unit: 'hour', price: { model: 'graduated', tiers: [{ up_to: '2', unit_price: '10' }, { unit_price: '1' }] } } } };

  it('moves what its usage costs', async () => {
    const made = await billed(spec, april, [visit('a', '2026-04-02', { quantity: '4' }), april[1]!]);
    expect((await made.told(SUMS))).toEqual(['acme | EUR | 2400 | 456']);
    await made.book([visit('a', '2026-04-02', { status: 'cancelled' }), april[1]!]);
    await made.run('2026-07-05');
    expect((await made.told(SUMS))).toEqual(['acme | EUR | 2000 | 380']);
    await sound(made);
  });
});

it('the sum of what is billed is that of the bookings, whatever happened to them on the way', async () => {
  const made = await project(COMPLETE, april);
  await made.run('2026-05-05');
  const steps: (readonly Booking[])[] = [
    [visit('a', '2026-04-02', { quantity: '5' }), visit('b', '2026-04-03', { quantity: '2', status: 'cancelled' })],
    [visit('b', '2026-04-03', { quantity: '7' })],
    [visit('a', '2026-04-02', { quantity: '1.5' }), visit('b', '2026-04-03', { quantity: '7' }), visit('c', '2026-04-30')],
  ];
  for (const [month, bookings] of steps.entries()) {
    await made.book(bookings);
    await made.run(`2026-0${6 + month}-05`);
  }
  await made.run('2026-09-05');
  expect(await made.told(SUMS)).toEqual(['acme | EUR | 90250 | 17148']);
  await sound(made);
});

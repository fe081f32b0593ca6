/** The draft by example: small tables in, invoices, lines, taxes and buckets out. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { draftOf, periods, provenDraft } from '../support/models.js';
import type { BookingRow, Draft, World } from '../support/models.js';
import { table } from '../support/table.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

/** Months of 2026 up to September; on 5 May the one up to 1 May is open for preview. */
const MONTHS = ['2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01', '2026-07-01', '2026-08-01', '2026-09-01'];
const AS_OF = '2026-05-02';

function bookings(text: string): BookingRow[] {
  return table(text) as unknown as BookingRow[];
}

/** One customer, one tax of 19 %, monthly in arrears; `more` on top. */
function world(text: string, more: Partial<World> = {}): World {
  return { as_of: AS_OF, customers: [{ id: 'acme' }], periods: periods(more.as_of ?? AS_OF, MONTHS), bookings: bookings(text), ...more };
}

/** Builds a draft and holds it to what always holds. */
async function draft(text: string, more: Partial<World> = {}): Promise<Draft> {
  const built = await draftOf(engine, world(text, more));
  expect(await provenDraft(built)).toEqual([]);
  return built;
}

const INVOICES = 'SELECT customer_id, CAST(CAST(period_start AS DATE) AS VARCHAR), currency, apart, lines, net_minor, tax_minor, total_minor, kind FROM draft.invoices ORDER BY invoice_key';
const LINES = 'SELECT line_no, booking_id, quantity_micro, unit_price_micro, amount_minor, tax_id, late FROM draft.invoice_lines ORDER BY invoice_key, line_no';

describe('an invoice', () => {
  it('has the bookings of its period as lines, by service time, and its tax once', async () => {
    const { told } = await draft(`
      id | customer | end              | quantity | price
      b  | acme     | 2026-04-30 23:59 | 2        | 10.00
      a  | acme     | 2026-04-01       | 1.5      | 3.33
      c  | acme     | 2026-05-01       | 1        | 99.00`);
    expect(await told(INVOICES)).toEqual(['acme | 2026-04-01 | EUR | 0 | 2 | 2500 | 475 | 2975 | invoice']);
    expect(await told(LINES)).toEqual(['1 | a | 1500000 | 3330000 | 500 | standard | false', '2 | b | 2000000 | 10000000 | 2000 | standard | false']);
  });

  it('takes a given amount as it is, whatever quantity and price say', async () => {
    const { told } = await draft(`
      id | customer | end        | quantity | price | amount
      a  | acme     | 2026-04-02 | 3        | 1.00  | 2.99
      b  | acme     | 2026-04-03 | 3        |       | -1.00`);
    expect(await told(LINES)).toEqual(['1 | a | 3000000 | 1000000 | 299 | standard | false', '2 | b | 3000000 | - | -100 | standard | false']);
  });

  it('is one per currency, each with its own decimals', async () => {
    const { told } = await draft(`
      id | customer | end        | quantity | price | currency
      a  | acme     | 2026-04-02 | 1.5      | 333   | JPY
      b  | acme     | 2026-04-02 | 2.5      | 4.938 | KWD
      c  | acme     | 2026-04-02 | 0.333333 | 95    | EUR`);
    expect(await told(INVOICES)).toEqual([
      'acme | 2026-04-01 | EUR | 0 | 1 | 3167 | 602 | 3769 | invoice', 'acme | 2026-04-01 | JPY | 0 | 1 | 500 | 95 | 595 | invoice',
      'acme | 2026-04-01 | KWD | 0 | 1 | 12345 | 2346 | 14691 | invoice',
    ]);
  });

  it('becomes a credit note when its total is negative, and stays an invoice at zero', async () => {
    const { told } = await draft(`
      id | customer | end        | amount
      a  | acme     | 2026-04-02 | 5
      b  | acme     | 2026-04-02 | -5.01
      c  | bolt     | 2026-04-02 | 0`, { customers: [{ id: 'acme' }, { id: 'bolt' }] });
    expect(await told('SELECT customer_id, total_minor, kind FROM draft.invoices ORDER BY invoice_key')).toEqual(['acme | -1 | credit_note', 'bolt | 0 | invoice']);
  });

  it('is rounded once per line, away from zero or to even', async () => {
    const rows = `
      id | customer | end        | quantity | price
      a  | acme     | 2026-04-02 | 0.5      | 0.01
      b  | acme     | 2026-04-03 | 1.5      | 0.01
      c  | acme     | 2026-04-04 | 2.5      | 0.01
      d  | acme     | 2026-04-05 | -0.5     | 0.01`;
    expect(await (await draft(rows)).told('SELECT amount_minor FROM draft.invoice_lines ORDER BY line_no')).toEqual(['1', '2', '3', '-1']);
    expect(await (await draft(rows, { rounding: 'half_even' })).told('SELECT amount_minor FROM draft.invoice_lines ORDER BY line_no')).toEqual(['0', '2', '2', '0']);
  });
});

describe('a price', () => {
  const products = { visit: { price: '10', name: 'Visit' } };
  const customers = [{ id: 'acme', prices: { visit: '9' } }, { id: 'bolt' }];

  it('is the booking\'s, else the customer\'s, else the product\'s', async () => {
    const { told } = await draft(`
      id | customer | product | end        | price
      a  | acme     | visit   | 2026-04-02 | 8
      b  | acme     | visit   | 2026-04-03 |
      c  | bolt     | visit   | 2026-04-02 |`, { products, customers });
    expect(await told('SELECT booking_id, unit_price_micro, amount_minor, description FROM draft.invoice_lines ORDER BY booking_id'))
      .toEqual(['a | 8000000 | 800 | Visit', 'b | 9000000 | 900 | Visit', 'c | 10000000 | 1000 | Visit']);
  });

  it('of a catalogue holds in the currency of the project only', async () => {
    const { buckets, findings } = await draft(`
      id | customer | product | end        | currency | price | amount
      a  | acme     | visit   | 2026-04-02 | USD      |       |
      b  | acme     | visit   | 2026-04-02 | USD      | 7     |
      c  | acme     | visit   | 2026-04-02 | USD      |       | 7`, { products, customers });
    expect(await buckets()).toEqual({ a: 'rejected no_price', b: 'billed', c: 'billed' });
    expect(await findings()).toEqual(['BOOKING_PRICE error booking a: no price in USD for product visit (row 0, unit_price)']);
  });

  it('that is missing is a finding, a warning where the source is quarantined', async () => {
    const { findings } = await draft(`
      id | customer | end        | source
      a  | acme     | 2026-04-02 | jobs
      b  | acme     | 2026-04-02 | old`, { sources: [{ name: 'jobs' }, { name: 'old', quarantine: true }] });
    expect(await findings()).toEqual([
      'BOOKING_PRICE error booking a: no price in EUR for product (none) (row 0, unit_price)', 'BOOKING_PRICE warning booking b: no price in EUR for product (none) (row 1, unit_price)',
    ]);
  });
});

describe('a tax', () => {
  const taxes = { standard: {}, reduced: { rate: '7' }, zero: { rate: '0' }, reverse: { rate: '0', category: 'AE' } };

  it('is the customer\'s, else the product\'s, else the source\'s, else the default', async () => {
    const { told } = await draft(`
      id | customer | product | end        | amount | source
      a  | bolt     | food    | 2026-04-02 | 1      | taxed
      b  | acme     | food    | 2026-04-02 | 1      | taxed
      c  | acme     |         | 2026-04-02 | 1      | taxed
      d  | acme     |         | 2026-04-02 | 1      | jobs`, {
      taxes, products: { food: { tax: 'reduced' } }, sources: [{ name: 'jobs' }, { name: 'taxed', tax: 'zero' }],
      customers: [{ id: 'acme' }, { id: 'bolt', tax: 'reverse' }],
    });
    expect(await told('SELECT booking_id, tax_id FROM draft.invoice_lines ORDER BY booking_id')).toEqual(['a | reverse', 'b | reduced', 'c | zero', 'd | standard']);
  });

  it('that nobody declares is a finding', async () => {
    const { buckets, findings } = await draft(`
      id | customer | end        | amount
      a  | acme     | 2026-04-02 | 1`, { default_tax: null });
    expect(await buckets()).toEqual({ a: 'rejected no_tax' });
    expect((await findings())[0]).toContain('BOOKING_TAX error booking a: no tax is declared');
  });

  it('is computed on the sum of the lines, or per line where the issuer rounds so', async () => {
    const rows = `
      id | customer | end        | amount
      a  | acme     | 2026-04-02 | 0.03
      b  | acme     | 2026-04-02 | 0.03
      c  | acme     | 2026-04-02 | 0.03`;
    const sums = 'SELECT net_minor, tax_minor FROM draft.invoices';
    expect(await (await draft(rows)).told(sums)).toEqual(['9 | 2']);
    expect(await (await draft(rows, { tax_rounding: 'line' })).told(sums)).toEqual(['9 | 3']);
  });

  it('has a row per rate', async () => {
    const { told } = await draft(`
      id | customer | product | end        | amount
      a  | acme     | food    | 2026-04-02 | 10
      b  | acme     |         | 2026-04-03 | 20
      c  | acme     | food    | 2026-04-04 | 1`, { taxes, products: { food: { tax: 'reduced' } } });
    expect(await told('SELECT tax_id, rate_micro, net_minor, tax_minor FROM draft.invoice_taxes ORDER BY tax_id'))
      .toEqual(['reduced | 7000000 | 1100 | 77', 'standard | 19000000 | 2000 | 380']);
    expect(await told('SELECT net_minor, tax_minor, total_minor FROM draft.invoices')).toEqual(['3100 | 457 | 3557']);
  });
});

describe('every booking is in one bucket, with the reason', () => {
  it.each<[string, string, string, Partial<World>]>([
    ['billed', '2026-04-02 | 1 |', 'billed', {}],
    ['cancelled', '2026-04-02 | 1 | cancelled', 'cancelled', {}],
    ['ignored, whatever else is wrong with it', '2026-04-02 | | ignored', 'ignored', { customers: [] }],
    ['of nobody', '2026-04-02 | 1 |', 'rejected unknown_customer', { customers: [{ id: 'bolt' }] }],
    ['without a price', '2026-04-02 | |', 'rejected no_price', {}],
    ['too large', '2026-04-02 | 10000000000000 |', 'rejected amount_too_large', {}],
    ['just not too large', '2026-04-02 | 9999999999999.99 |', 'billed', {}],
    ['of a period that runs', '2026-05-02 | 1 |', 'waiting period_running', {}],
    ['before the first period', '2026-02-02 | 1 |', 'waiting outside_cycle', {}],
    ['after the last period', '2026-12-02 | 1 |', 'waiting outside_cycle', {}],
    ['planned, in arrears', '2026-04-02 | 1 | scheduled', 'waiting scheduled', {}],
    ['planned, in advance', '2026-05-20 | 1 | scheduled', 'billed', { periods: periods(AS_OF, MONTHS, { timing: 'in_advance' }) }],
    ['billed before', '2026-04-02 | 1 |', 'already_billed', {
      invoices: [{ invoice_id: 'inv_1', customer: 'acme', period: ['2026-04-01', '2026-05-01'], bookings: [['a', 'same']] }] }],
    ['billed on an invoice that is void now', '2026-04-02 | 1 |', 'billed', {
      invoices: [{ invoice_id: 'inv_1', customer: 'acme', period: ['2026-04-01', '2026-05-01'], void: true, bookings: [['a', 'same']] }] }],
    ['late, to the next invoice that is not open yet', '2026-03-02 | 1 |', 'waiting period_running', {
      invoices: ['2026-03-01|2026-04-01', '2026-04-01|2026-05-01'].map((p, i) => ({ invoice_id: `inv_${i}`, customer: 'acme', period: p.split('|') as [string, string] })) }],
    ['late, to the next invoice', '2026-03-02 | 1 |', 'billed late', {
      invoices: [{ invoice_id: 'inv_1', customer: 'acme', period: ['2026-03-01', '2026-04-01'] }] }],
    ['late, and held', '2026-03-02 | 1 |', 'held late', {
      customers: [{ id: 'acme', late: 'hold' }], invoices: [{ invoice_id: 'inv_1', customer: 'acme', period: ['2026-03-01', '2026-04-01'] }] }],
    ['late, and no period is left', '2026-03-02 | 1 |', 'waiting no_open_period', {
      periods: periods(AS_OF, MONTHS.slice(0, 2)), invoices: [{ invoice_id: 'inv_1', customer: 'acme', period: ['2026-03-01', '2026-04-01'] }] }],
  ])('%s', async (_, row, bucket, more) => {
    const [end, amount, status] = row.split('|').map((cell) => cell.trim());
    const { buckets, engine: asked } = await draft('id | customer | end', {
      ...more, bookings: [{ id: 'a', customer: 'acme', end: end!, amount: amount === '' ? undefined : amount, status: status === '' ? undefined : status }],
    });
    expect(await buckets()).toEqual({ a: bucket });
    const totals = await asked.rows<{ bucket: string; bookings: bigint }>('SELECT bucket, bookings FROM draft.completeness');
    expect(totals.map(({ bucket: name, bookings: n }) => `${name} ${n}`)).toEqual([`${bucket.split(' ')[0]} 1`]);
  });
});

describe('a late booking', () => {
  const march = { invoice_id: 'inv_1', customer: 'acme', period: ['2026-03-01', '2026-04-01'] } as const;
  const row = `
    id | customer | end        | amount
    a  | acme     | 2026-03-02 | 1
    b  | acme     | 2026-04-02 | 2`;

  it('goes on the next invoice with its mark', async () => {
    const { told } = await draft(row, { invoices: [march] });
    expect(await told(INVOICES)).toEqual(['acme | 2026-04-01 | EUR | 0 | 2 | 300 | 57 | 357 | invoice']);
    expect(await told('SELECT line_no, booking_id, late FROM draft.invoice_lines ORDER BY line_no')).toEqual(['1 | a | true', '2 | b | false']);
  });

  it('gets an invoice of its own where the customer wants it so', async () => {
    const { told } = await draft(row, { invoices: [march], customers: [{ id: 'acme', late: 'own_invoice' }] });
    expect(await told(INVOICES)).toEqual(['acme | 2026-04-01 | EUR | 0 | 1 | 200 | 38 | 238 | invoice', 'acme | 2026-04-01 | EUR | 1 | 1 | 100 | 19 | 119 | invoice']);
    const ids = await told('SELECT invoice_id FROM draft.invoices ORDER BY invoice_key');
    expect(ids[1]).toBe(`${ids[0]}_late`);
  });

  it('never goes into an invoice before its own period', async () => {
    const { told } = await draft(`
      id | customer | end        | amount
      a  | acme     | 2026-04-02 | 1`, { as_of: '2026-05-02', invoices: [{ ...march, period: ['2026-04-01', '2026-05-01'] }] });
    expect(await told('SELECT bucket, CAST(CAST(p.period_start AS DATE) AS VARCHAR) FROM draft.bookings AS b JOIN input.periods AS p ON p.period_key = b.period_key'))
      .toEqual(['waiting | 2026-05-01']);
  });

  it('is what lies before the cut when an edited cycle overlaps what was billed; the rest has an invoice from there on', async () => {
    const { buckets, told } = await draft(`
      id | customer | end        | amount
      a  | acme     | 2026-04-20 | 1
      b  | acme     | 2026-04-02 | 1`, { as_of: '2026-05-02', invoices: [{ ...march, cycle: 'before', period: ['2026-03-15', '2026-04-15'] }] });
    expect(await buckets()).toEqual({ a: 'billed', b: 'billed late' });
    expect(await told('SELECT CAST(CAST(period_start AS DATE) AS VARCHAR), CAST(CAST(period_end AS DATE) AS VARCHAR) FROM draft.invoices'))
      .toEqual(['2026-04-15 | 2026-05-01']);
  });
});

describe('a batch that was confirmed', () => {
  const row = `
    id | customer | end        | amount
    a  | acme     | 2026-04-02 | 1`;
  const closed = { subject: 'batch', id: '2026-05-01', event: 'closed' } as const;

  it('is closed for those without an invoice too', async () => {
    const { buckets } = await draft(row, { events: [closed] });
    expect(await buckets()).toEqual({ a: 'waiting period_running' });
  });

  it('of another partner is another batch', async () => {
    const customers = [{ id: 'acme', partner: 'south', separate: true }];
    expect(await (await draft(row, { customers, events: [closed] })).buckets()).toEqual({ a: 'billed' });
    expect(await (await draft(row, { customers, events: [{ ...closed, id: '2026-05-01-south' }] })).buckets()).toEqual({ a: 'waiting period_running' });
  });

  it('up to an instant is closed for those whose window had ended by then', async () => {
    const event = { subject: 'batch', id: '2026-05-01', event: 'closed_until' } as const;
    expect(await (await draft(row, { events: [{ ...event, time: '2026-05-04 22:00' }] })).buckets()).toEqual({ a: 'waiting period_running' });
    expect(await (await draft(row, { events: [{ ...event, time: '2026-05-04 21:59' }] })).buckets()).toEqual({ a: 'billed' });
    expect(await (await draft(row, { events: ['2026-05-04 22:00', '2026-05-03'].map((time) => ({ ...event, time })) })).buckets()).toEqual({ a: 'waiting period_running' });
  });

  it('by itself leaves open what is confirmed by hand only', async () => {
    const { buckets } = await draft(row, {
      periods: periods(AS_OF, MONTHS, { auto_confirm_at: null }), events: [{ subject: 'batch', id: '2026-05-01', event: 'closed_until', time: '2026-05-04 22:00' }],
    });
    expect(await buckets()).toEqual({ a: 'billed' });
  });

  it('stays open for a customer who was parked, until billed', async () => {
    const parked = { subject: 'customer', id: 'acme', event: 'parked', time: '2026-04-01' } as const;
    expect(await (await draft(row, { events: [closed, parked] })).buckets()).toEqual({ a: 'billed' });
    expect(await (await draft(row, { events: [closed, { ...parked, id: 'bolt' }] })).buckets()).toEqual({ a: 'waiting period_running' });
    const invoices = [{ invoice_id: 'inv_1', customer: 'acme', period: ['2026-04-01', '2026-05-01'] as const }];
    expect(await (await draft(row, { events: [closed, parked], invoices })).buckets()).toEqual({ a: 'waiting period_running' });
  });
});

describe('the period of a booking', () => {
  const row = `
    id | customer | start      | end        | amount
    a  | acme     | 2026-04-30 | 2026-05-01 | 1`;

  it('is that of its end, or of its start where the calendar says so', async () => {
    expect(await (await draft(row)).buckets()).toEqual({ a: 'waiting period_running' });
    expect(await (await draft(row, { assign_by: ['starts_at'] })).buckets()).toEqual({ a: 'billed' });
  });

  it('may begin and end within a day', async () => {
    const { told } = await draft(`
      id | customer | end              | amount
      a  | acme     | 2026-04-02 05:59 | 1
      b  | acme     | 2026-04-02 06:00 | 2
      c  | acme     | 2026-04-02 17:59 | 3
      d  | acme     | 2026-04-02 18:00 | 4`, { periods: periods(AS_OF, ['2026-04-01 18:00', '2026-04-02 06:00', '2026-04-02 18:00', '2026-04-03 06:00']) });
    expect(await told('SELECT net_minor FROM draft.invoices ORDER BY invoice_key')).toEqual(['100', '500', '400']);
  });
});

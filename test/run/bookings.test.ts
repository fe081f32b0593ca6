/** Every booking is accounted for once, however late it comes, however its file is cut, whatever is parked on the way. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { project, refusal } from '../support/project.js';
import type { Booking, Project } from '../support/project.js';

const LINES = `SELECT i.number, l.line_no, l.booking_id, l.amount_minor, l.late FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
  ORDER BY i.serial, i.series, i.seq, l.line_no`;

/** Nothing is billed twice and the proof of the ledger is clean. */
async function sound(made: Project): Promise<void> {
  expect(await made.told('SELECT source, booking_id FROM ledger.billed GROUP BY source, booking_id HAVING count(*) > 1')).toEqual([]);
  expect(await made.flaws()).toEqual([]);
}

const visit = (id: string, start: string, more: Partial<Booking> = {}): Booking => ({ id, customer: 'acme', product: 'visit', start, ...more });

describe('a late booking', () => {
  const april = [visit('a', '2026-04-02'), visit('b', '2026-04-03')];
  const late = visit('late', '2026-04-01', { quantity: '2' });

  it('goes on the next invoice, marked', async () => {
    const made = await project({}, april);
    await made.run('2026-05-05');
    await made.book([late, ...april, visit('c', '2026-05-09')]);
    expect((await made.run('2026-05-06')).completeness).toMatchObject({ bookings_read: 4, already_billed: 2, waiting: 2, billed: 0 });
    await made.run('2026-06-05');
    expect(await made.told(LINES)).toEqual([
      'INV-2026-000001 | 1 | a | 9500 | false', 'INV-2026-000001 | 2 | b | 9500 | false', 'INV-2026-000002 | 1 | late | 19000 | true', 'INV-2026-000002 | 2 | c | 9500 | false',
    ]);
    await sound(made);
  });

  it('has its own invoice, or is held, where that is said', async () => {
    const made = await project({ customers: { acme: { automation: { late_bookings: 'own_invoice' } }, bolt: { name: 'Bolt', cycle: 'monthly', automation: { late_bookings: 'hold' } } } },
      [...april, visit('d', '2026-04-05', { customer: 'bolt' })]);
    await made.run('2026-05-05');
    await made.book([late, ...april, visit('d', '2026-04-05', { customer: 'bolt' }), visit('e', '2026-04-06', { customer: 'bolt' }), visit('c', '2026-05-09')]);
    expect((await made.run('2026-06-05')).completeness).toMatchObject({ held: 1 });
    expect((await made.told(LINES)).slice(3)).toEqual(['INV-2026-000003 | 1 | c | 9500 | false', 'INV-2026-000004 | 1 | late | 19000 | true']);
    await made.run('2026-07-05');
    expect(await made.told('SELECT count(*) FROM ledger.invoices')).toEqual(['4']);
    await sound(made);
  });

  it('is late for a customer too who had nothing to pay when the batch was confirmed', async () => {
    const spec = { customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } };
    const made = await project(spec, april);
    await made.run('2026-05-05');
    await made.book([...april, visit('x', '2026-04-06', { customer: 'bolt' })]);
    expect((await made.run('2026-05-20')).confirmed).toEqual([]);
    await made.run('2026-06-20');
    expect((await made.told(LINES)).at(-1)).toBe('INV-2026-000002 | 1 | x | 9500 | true');
    await sound(made);
  });

  it('never goes back in time, whatever else still waits from long ago', async () => {
    const spec = { customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } };
    const old = visit('old', '2026-01-05', { customer: 'bolt', status: 'planned' });
    const made = await project(spec, [old, ...april]);
    await made.run('2026-05-05');
    await made.book([old, late, ...april]);
    await made.run('2026-05-20');
    expect(await made.told('SELECT CAST(issued_on AS VARCHAR) FROM ledger.invoices')).toEqual(['2026-05-01']);
    await made.run('2026-06-20');
    expect(await made.told('SELECT number, CAST(issued_on AS VARCHAR) FROM ledger.invoices ORDER BY number')).toEqual(['INV-2026-000001 | 2026-05-01', 'INV-2026-000002 | 2026-06-01']);
    await sound(made);
  });

  it('that changed or vanished after it was billed leaves the invoice, and the ledger until the next one, as they are', async () => {
    const made = await project({}, april);
    await made.run('2026-05-05');
    const before = await made.files('data/ledger');
    await made.book([{ ...april[0]!, quantity: '7' }]);
    const done = await made.run('2026-05-20');
    expect(done.diagnostics).toEqual([]);
    expect(await made.files('data/ledger')).toEqual(before);
  });
});

describe('the cut of the files', () => {
  it('and the order of their rows change nothing in the ledger', { timeout: 600_000 }, async () => {
    const spec = { customers: { bolt: { name: 'Bolt', cycle: 'weekly', email: 'b@bolt.example' }, core: { name: 'Core', cycle: 'ahead' } } };
    const bookings = Array.from({ length: 60 }, (_, i) => visit(`J-${i}`, new Date(Date.UTC(2026, 0, 5, (i * 13) % 900)).toISOString(), {
      customer: ['acme', 'bolt', 'core'][i % 3]!, quantity: `${i % 4}.25`, ...(i % 7 === 0 ? { currency: 'JPY', price: '77' } : {}),
    }));
    const whole = await project(spec, bookings);
    await whole.run('2026-02-20');
    const expected = await whole.outcome();
    await sound(whole);
    await fc.assert(fc.asyncProperty(fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), fc.integer({ min: 1, max: 5 }), async (keys, parts) => {
      const shuffled = bookings.map((booking, i) => ({ booking, key: keys[i]! })).sort((a, b) => a.key - b.key).map(({ booking }) => booking);
      const files = Array.from({ length: parts }, (_, part) => shuffled.filter((_b, i) => i % parts === part));
      // A second export of the same booking is the same booking.
      const cut = await project(spec);
      await cut.book(...files, shuffled.slice(0, 9));
      await cut.run('2026-02-20');
      expect(await cut.outcome()).toEqual(expected);
    }), { numRuns: 5, endOnFailure: true });
  });
});

describe('a parked customer', () => {
  const customers = { acme: { automation: { limits: { max_invoice_total: '200.00' } } }, bolt: { name: 'Bolt', cycle: 'monthly' } };
  const rows = [
    visit('a', '2026-04-02', { quantity: '3' }), visit('b', '2026-04-02', { customer: 'bolt' }), visit('c', '2026-05-02'), visit('d', '2026-05-02', { customer: 'bolt' }),
    visit('y', '2026-04-02', { currency: 'JPY', price: '10' }),
  ];

  it('waits with all that follows while the others go on, and recovers once the limit is raised', async () => {
    const made = await project({ customers }, rows);
    const may = await made.run('2026-05-05');
    expect(may.parked.map(({ customer_id, total, reason }) => `${customer_id} ${total} ${reason}`)).toEqual([
      'acme 339.15 the total is above limits.max_invoice_total', 'acme 12 another invoice of this customer is parked',
    ]);
    const june = await made.run('2026-06-05');
    expect(june.parked.length).toBe(3);
    expect(june.open.map(({ batch_id }) => batch_id)).toEqual(['2026-05-01', '2026-06-01']);
    expect(await made.told('SELECT number, customer_id FROM ledger.invoices ORDER BY number')).toEqual(['INV-2026-000001 | bolt', 'INV-2026-000002 | bolt']);
    const serial = june.head.serial;
    expect((await made.run('2026-06-06')).head.serial).toBe(serial);

    await made.configure({ customers: { ...customers, acme: { automation: { limits: { max_invoice_total: '400.00' } } } } });
    const released = await made.run('2026-06-07');
    expect(released.parked).toEqual([]);
    expect(await made.told('SELECT number, customer_id, CAST(issued_on AS VARCHAR), currency, total_minor FROM ledger.invoices ORDER BY number')).toEqual([
      'INV-2026-000001 | bolt | 2026-05-01 | EUR | 11305', 'INV-2026-000002 | bolt | 2026-06-01 | EUR | 11305',
      'INV-2026-000003 | acme | 2026-05-01 | EUR | 33915', 'INV-2026-000004 | acme | 2026-05-01 | JPY | 12', 'INV-2026-000005 | acme | 2026-06-01 | EUR | 11305',
    ]);
    expect(await made.told('SELECT count(*) FROM ledger.invoice_lines WHERE late')).toEqual(['0']);
    await sound(made);
  });

  it('keeps its period open for bookings that come meanwhile', async () => {
    const made = await project({ customers }, rows);
    await made.run('2026-05-05');
    await made.book([...rows, visit('z', '2026-04-09')]);
    await made.configure({ customers: { ...customers, acme: {} } });
    await made.run('2026-05-09');
    expect(await made.told("SELECT l.booking_id, l.late FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id WHERE i.customer_id = 'acme' ORDER BY 1"))
      .toEqual(['a | false', 'y | false', 'z | false']);
    await sound(made);
  });

  it('stays where it is when the batch is confirmed by hand', async () => {
    const made = await project({ customers }, rows);
    const done = await made.confirm('2026-05-02', '2026-05-01');
    expect(done.parked.map(({ customer_id }) => customer_id)).toEqual(['acme', 'acme']);
    expect(await made.told('SELECT customer_id FROM ledger.invoices')).toEqual(['bolt']);
    await sound(made);
  });
});

describe('numbers', () => {
  it('run without a gap, credit notes in a series of their own, both again from one in a new year', async () => {
    const rows: Booking[] = [];
    for (const [month, year] of [[11, 2026], [12, 2026], [1, 2027], [2, 2027]] as const) {
      const day = `${year}-${String(month).padStart(2, '0')}-10`;
      rows.push(visit(`a-${day}`, day), visit(`b-${day}`, day, { customer: 'bolt', amount: '-5' }), visit(`c-${day}`, day, { customer: 'core' }));
    }
    const spec = { customers: { bolt: { name: 'Bolt', cycle: 'monthly' }, core: { name: 'Core', cycle: 'monthly' } } };
    const made = await project(spec, rows);
    await made.run('2027-03-20');
    const numbers = (await made.told('SELECT number, CAST(issued_on AS VARCHAR) FROM ledger.invoices ORDER BY series, seq'));
    expect(numbers).toEqual([
      'CN-2026-000001 | 2026-12-01', 'CN-2027-000001 | 2027-01-01', 'CN-2027-000002 | 2027-02-01', 'CN-2027-000003 | 2027-03-01', 'INV-2026-000001 | 2026-12-01',
      'INV-2026-000002 | 2026-12-01', 'INV-2027-000001 | 2027-01-01', 'INV-2027-000002 | 2027-01-01', 'INV-2027-000003 | 2027-02-01', 'INV-2027-000004 | 2027-02-01',
      'INV-2027-000005 | 2027-03-01', 'INV-2027-000006 | 2027-03-01',
    ]);
    await sound(made);
    const going = await project({ ...spec, numbering: { invoice: 'R{seq}', credit_note: 'G{seq}', reset: 'never' } }, rows);
    await going.run('2027-03-20');
    expect(await going.told('SELECT number FROM ledger.invoices ORDER BY kind, seq')).toEqual(['G1', 'G2', 'G3', 'G4', 'R1', 'R2', 'R3', 'R4', 'R5', 'R6', 'R7', 'R8']);
    await sound(going);
  });
});

describe('bookings that cannot be billed', () => {
  it('stop the run with nothing written, or are told and left aside where the source is quarantined', async () => {
    const rows = [visit('a', '2026-04-02'), visit('b', '2026-04-02', { customer: 'nobody' }), visit('c', '2026-04-02', { product: 'unheard-of' })];
    const made = await project({}, rows);
    expect((await refusal(made.run('2026-05-05'))).split('\n').map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual(['BOOKING_CUSTOMER 5', 'BOOKING_PRICE 5']);
    expect(await made.files('data/ledger', (path) => !path.startsWith('.') && path !== 'LOCK')).toEqual({});
    await made.configure({ bookings: [{ ...(JSON.parse(await import('node:fs/promises').then((fs) => fs.readFile(`${made.root}/billing.config.yaml`, 'utf8'))) as { bookings: object[] }).bookings[0], on_reject: 'quarantine' }] });
    const done = await made.run('2026-05-05');
    expect(done.diagnostics.map(({ code, severity }) => `${code} ${severity}`)).toEqual(['BOOKING_CUSTOMER warning', 'BOOKING_PRICE warning']);
    expect(done.completeness).toMatchObject({ bookings_read: 3, billed: 1, rejected: 2 });
    await sound(made);
  });
});

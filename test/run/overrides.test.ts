/** Overrides through whole runs: what is held stays open, what is released goes, lines are billed once. */
import { describe, expect, it } from 'vitest';
import { validate } from '../../src/run/validate.js';
import { show } from '../../src/run/show.js';
import { project, refusal } from '../support/project.js';
import type { Booking } from '../support/project.js';

const APRIL: readonly Booking[] = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02' },
  { id: 'b', customer: 'acme', product: 'visit', start: '2026-04-14' },
  { id: 'd', customer: 'bolt', product: 'visit', start: '2026-04-04' },
];
const SPEC = { customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } };
const INVOICES = 'SELECT customer_id, batch_id, total_minor, confirmed_by FROM ledger.invoices ORDER BY serial, number';
const on = (more: object): object => ({ customer: 'acme', batch: '2026-05-01', ...more });

describe('a held customer', () => {
  it('is billed when the hold is gone, in the period it was held in', async () => {
    const held = { ...SPEC, overrides: [on({ hold: true, reason: 'no order yet' })] };
    const made = await project(held, APRIL);
    const first = await made.run('2026-05-10');
    expect(first.parked.map(({ customer_id, reason }) => [customer_id, reason])).toEqual([['acme', 'held: no order yet']]);
    expect(first.completeness).toMatchObject({ already_billed: 0, held: 2 });
    await made.configure(SPEC);
    await made.run('2026-05-11');
    expect(await made.told(INVOICES)).toEqual(['bolt | 2026-05-01 | 11305 | auto', 'acme | 2026-05-01 | 22610 | auto']);
    expect(await made.flaws()).toEqual([]);
  });

  it('is not confirmed by hand either', async () => {
    const made = await project({ ...SPEC, overrides: [on({ hold: true, reason: 'x' })] }, APRIL);
    await made.confirm('2026-05-02', '2026-05-01');
    expect(await made.told(INVOICES)).toEqual(['bolt | 2026-05-01 | 11305 | manual']);
  });
});

describe('a held booking', () => {
  it('waits while the others are billed, and follows late', async () => {
    const made = await project({ ...SPEC, overrides: [{ booking: 'b', hold: true, reason: 'disputed' }] }, APRIL);
    const first = await made.run('2026-05-10');
    expect(first.completeness).toMatchObject({ already_billed: 0, held: 1, billed: 2 });
    await made.configure(SPEC);
    await made.run('2026-06-10');
    expect(await made.told('SELECT l.booking_id, i.batch_id FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id ORDER BY 1'))
      .toEqual(['a | 2026-05-01', 'b | 2026-06-01', 'd | 2026-05-01']);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('a held occurrence', () => {
  it('of a repeat booking waits like any other booking', async () => {
    const repeat_bookings = { tea: { customer: 'acme', product: 'food', rule: 'FREQ=WEEKLY', start: '2026-04-06T09:00' } };
    const overrides = [{ booking: 'tea@2026-04-13T09:00', source: 'repeat:tea', hold: true, reason: 'closed that day' }];
    const made = await project({ ...SPEC, repeat_bookings, overrides }, APRIL);
    const { completeness, diagnostics } = await made.preview('2026-05-02');
    expect([completeness.held, diagnostics]).toEqual([1, []]);
  });
});

describe('a skipped invoice', () => {
  it('is never made; its bookings stand on the next one', async () => {
    const made = await project({ ...SPEC, overrides: [on({ skip: true, reason: 'goodwill month' })] }, APRIL);
    await made.run('2026-06-10');
    expect(await made.told(INVOICES)).toEqual(['bolt | 2026-05-01 | 11305 | auto', 'acme | 2026-06-01 | 22610 | auto']);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('a released customer', () => {
  const limited = { ...SPEC, automation: { limits: { max_invoice_total: '200.00' } } };
  it('goes at its own time when released before, and with the next run when released after', async () => {
    const released = { ...limited, overrides: [on({ release: true, reason: 'checked' })] };
    const before = await project(released, APRIL);
    expect((await before.run('2026-05-10')).parked).toEqual([]);
    const after = await project(limited, APRIL);
    expect((await after.run('2026-05-10')).parked).toHaveLength(1);
    await after.configure(released);
    const sent = await after.run('2026-05-12');
    // Its mail is due at once: nothing is left for another run of the same instant.
    expect(sent.messages.sent).toBe(1);
    expect((await after.run('2026-05-12')).head).toEqual(sent.head);
    expect(await after.told(INVOICES)).toEqual(['bolt | 2026-05-01 | 11305 | auto', 'acme | 2026-05-01 | 22610 | auto']);
    expect(await after.flaws()).toEqual([]);
  });
});

describe('lines by hand, order numbers and notes', () => {
  const lines = [{ description: 'Key deposit', unit_price: '50.00', quantity: '2' }, { product: 'food', quantity: '-1' }];
  it('stand on the invoice of their batch, once, whatever runs follow', async () => {
    const made = await project({ ...SPEC, overrides: [on({ lines, purchase_order: 'PO-9', note: 'Thank you for your patience.' })] }, APRIL);
    const shown = (await made.preview('2026-05-02')).batches[0]!.invoices[0]!;
    expect(shown.lines.map(({ kind, description, amount }) => [kind, description, amount])).toEqual([
      ['booking', 'Visit', '95.00'], ['booking', 'Visit', '95.00'], ['manual', 'Key deposit', '100.00'], ['manual', 'Food', '-3.33'],
    ]);
    await made.run('2026-05-10');
    await made.run('2026-06-10');
    const { record } = await show(made.world, { as_of: '2026-06-10', id: shown.invoice_id, format: 'json' });
    expect(record).toMatchObject({ total: shown.total, buyer: { purchase_order: 'PO-9' }, note: 'Thank you for your patience.' });
    expect(await made.told("SELECT count(*) FROM ledger.invoice_lines WHERE kind = 'manual'")).toEqual(['2']);
    expect(await made.flaws()).toEqual([]);
  });

  it('make an invoice where there is no booking', async () => {
    const made = await project({ ...SPEC, overrides: [{ customer: 'bolt', period: '2026-05-01', lines: [{ description: 'Setup', unit_price: '10' }] }] }, APRIL);
    await made.run('2026-06-10');
    expect(await made.told("SELECT batch_id, total_minor FROM ledger.invoices WHERE customer_id = 'bolt' ORDER BY number")).toEqual(['2026-05-01 | 11305', '2026-06-01 | 1190']);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('an override that names what there is not', () => {
  it('is an error for a batch or a period, with those near it, and a warning for a booking', async () => {
    const wrong = [{ customer: 'acme', batch: '2026-05-03', hold: true, reason: 'x' }, { customer: 'bolt', period: '2026-04-02', note: 'x' }];
    const made = await project({ ...SPEC, overrides: wrong }, APRIL);
    expect(await refusal(made.preview('2026-05-02'))).toBe([
      'OVERRIDE_UNKNOWN 4 customer acme has no batch 2026-05-03', 'OVERRIDE_UNKNOWN 4 customer bolt has no period that begins on 2026-04-02',
    ].join('\n'));
    await made.configure({ ...SPEC, overrides: [{ booking: 'nope', hold: true, reason: 'x' }] });
    expect((await made.preview('2026-05-02')).diagnostics.map(({ code, message }) => `${code} ${message}`)).toEqual([
      'OVERRIDE_UNKNOWN there is no booking nope in source jobs to hold',
    ]);
  });

  it('is none where the batch is processed, however the cycle was changed since', async () => {
    const overrides = [on({ note: 'Thank you.' })];
    const made = await project({ ...SPEC, overrides }, APRIL);
    await made.run('2026-05-10');
    await made.configure({ ...SPEC, overrides, customers: { ...SPEC.customers, acme: { cycle: [{ use: 'monthly' }, { use: 'weekly', from: '2026-05-04' }] } } });
    expect((await made.preview('2026-05-11')).diagnostics).toEqual([]);
  });
});

describe('a change of cycle inside a period that is processed', () => {
  it('is refused with the date to write', async () => {
    const made = await project(SPEC, APRIL);
    await made.run('2026-05-10');
    await made.configure({ ...SPEC, customers: { ...SPEC.customers, acme: { cycle: [{ use: 'monthly' }, { use: 'weekly', from: '2026-04-13' }] } } });
    expect(await refusal(made.run('2026-05-11'))).toMatch(
      /^CONFIG_CYCLE 4 customer acme: cycle weekly begins at 2026-04-13, inside a period that is processed until 2026-05-01 \(INV-2026-000001\)/);
  });
});

describe('a cycle that is edited after it billed', () => {
  it('goes on where the last invoice ends, and validate says so', async () => {
    const made = await project(SPEC, APRIL);
    await made.run('2026-05-10');
    await made.configure({ ...SPEC, cycles: { monthly: { type: 'monthly', start: '2026-01-15' } } });
    const told = await validate(made.world, { as_of: '2026-05-11' });
    expect(told.diagnostics.map(({ message }) => message)).toEqual([
      'cycle monthly is not as it was when it billed last: the next period of acme begins on 2026-05-01 (and 1 more customers)',
    ]);
    await made.bookInto('may', [{ id: 'm', customer: 'acme', product: 'visit', start: '2026-05-03' }]);
    await made.run('2026-05-20');
    expect(await made.told(`SELECT strftime(period_start, '%Y-%m-%d'), strftime(period_end, '%Y-%m-%d') FROM ledger.invoices
      WHERE customer_id = 'acme' ORDER BY number`)).toEqual(['2026-04-01 | 2026-05-01', '2026-05-01 | 2026-05-15']);
    expect(await made.flaws()).toEqual([]);
  });
});

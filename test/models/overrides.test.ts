/** What finance decides by hand, at the models: holds, skips, releases, lines, purchase orders and notes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Override } from '../../src/config/types.js';
import { Engine } from '../../src/engine/engine.js';
import { draftOf, periods, provenDraft } from '../support/models.js';
import type { Draft, World } from '../support/models.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const AS_OF = '2026-05-02';

function override(more: Partial<Override>): Override {
  return {
    customer_id: 'acme', booking: null, batch: '2026-05-01', period: null, hold: false, skip: false, release: false, reason: null, lines: [],
    purchase_order: null, note: null, ...more,
  };
}

async function draft(overrides: readonly Override[], more: Partial<World> = {}): Promise<Draft> {
  return draftOf(engine, {
    as_of: AS_OF, customers: [{ id: 'acme' }, { id: 'other' }], periods: periods(AS_OF, ['2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01']),
    bookings: [{ id: 'a', customer: 'acme', end: '2026-04-10', amount: '100' }, { id: 'b', customer: 'other', end: '2026-04-10', amount: '7' }], overrides, ...more,
  });
}

const SHOWN = `SELECT i.customer_id, i.batch_id, i.lines, i.net_minor, coalesce(i.purchase_order, ''), coalesce(i.note, ''), l.parked, coalesce(l.hold_reason, '')
  FROM draft.invoices AS i JOIN draft.limits AS l ON l.invoice_key = i.invoice_key ORDER BY i.invoice_key`;
const COUNTS = 'SELECT bucket, reason, bookings FROM draft.completeness ORDER BY ALL';

const line = { charge_id: 'manual:acme:2026-05-01:1', description: 'Goodwill', product: null, quantity: '1', unit_price: '-50', currency: 'EUR', tax: null };

describe('an override', () => {
  it('holds a customer: the invoice is shown and counted as held', async () => {
    const held = await draft([override({ hold: true, reason: 'no order yet' })]);
    expect(await held.told(SHOWN)).toEqual([
      'acme | 2026-05-01 | 1 | 10000 |  |  | true | no order yet', 'other | 2026-05-01 | 1 | 700 |  |  | false | ',
    ]);
    expect(await held.told(COUNTS)).toEqual(['billed | - | 1', 'held | customer_held | 1']);
    expect(await provenDraft(held)).toEqual([]);
  });

  it('holds a customer for all time where it names no batch', async () => {
    const held = await draft([override({ hold: true, batch: null, reason: 'disputed' })]);
    expect((await held.told(SHOWN))[0]).toContain('true | disputed');
  });

  it('does nothing to other batches, periods and customers', async () => {
    const free = await draft([override({ hold: true, batch: '2026-04-01', reason: 'x' }), override({ skip: true, batch: null, period: '2026-03-01', reason: 'x' })]);
    expect((await free.told(SHOWN)).map((row) => row.includes('true'))).toEqual([false, false]);
  });

  it('skips an invoice: its bookings go to the next one', async () => {
    const skipped = await draft([override({ skip: true, reason: 'goodwill month' })]);
    expect(await skipped.buckets()).toEqual({ a: 'waiting period_running', b: 'billed' });
    const later = await draft([override({ batch: null, period: '2026-04-01', skip: true, reason: 'x' })], {
      as_of: '2026-06-02', periods: periods('2026-06-02', ['2026-04-01', '2026-05-01', '2026-06-01', '2026-07-01']),
    });
    expect(await later.buckets()).toEqual({ a: 'billed late', b: 'billed' });
    expect(await provenDraft(later)).toEqual([]);
  });

  it('releases what a limit parked, but not what is held', async () => {
    const limits = { customers: [{ id: 'acme', limits: { max_invoice_total: '50' } }, { id: 'other' }] };
    expect((await (await draft([], limits)).told(SHOWN))[0]).toContain('true');
    expect((await (await draft([override({ release: true, reason: 'checked' })], limits)).told(SHOWN))[0]).toContain('false');
    const both = [override({ release: true, reason: 'checked' }), override({ hold: true, batch: null, reason: 'wait' })];
    expect((await (await draft(both, limits)).told(SHOWN))[0]).toContain('true | wait');
  });

  it('adds lines, a purchase order and a note', async () => {
    const { told } = await draft([override({ lines: [line], purchase_order: 'PO-9', note: 'Thank you.' })]);
    expect((await told(SHOWN))[0]).toBe('acme | 2026-05-01 | 2 | 5000 | PO-9 | Thank you. | false | ');
    expect(await told("SELECT line_no, kind, coalesce(booking_id, charge_id), amount_minor FROM draft.invoice_lines WHERE customer_key = 0 ORDER BY line_no"))
      .toEqual(['1 | booking | a | 10000', '2 | manual | manual:acme:2026-05-01:1 | -5000']);
  });

  it('makes an invoice of a line alone, in a currency of its own too', async () => {
    const lines = [{ ...line, unit_price: '12.5' }, { ...line, charge_id: 'manual:acme:2026-05-01:2', currency: 'JPY', unit_price: '12.5', quantity: '3' }];
    const made = await draft([override({ lines })], { bookings: [] });
    expect(await made.told('SELECT currency, net_minor, tax_minor, lines FROM draft.invoices ORDER BY invoice_key')).toEqual(['EUR | 1250 | 238 | 1', 'JPY | 38 | 7 | 1']);
    expect(await provenDraft(made)).toEqual([]);
  });

  it('changes the digest of the invoice it is about, and of no other', async () => {
    const digests = async (overrides: readonly Override[]): Promise<string[]> => (await draft(overrides)).told('SELECT digest FROM draft.invoices ORDER BY invoice_key');
    const plain = await digests([]);
    for (const more of [{ note: 'x' }, { purchase_order: 'x' }, { lines: [line] }]) {
      const now = await digests([override(more)]);
      expect([now[0] === plain[0], now[1] === plain[1]]).toEqual([false, true]);
    }
  });
});

describe('what people were told of a deadline', () => {
  const opening = (auto: string): string => `INSERT INTO ledger.openings VALUES
    ('acme', 'monthly', TIMESTAMP '2026-04-01', '2026-05-01', TIMESTAMP '2026-05-01', TIMESTAMP '2026-05-08 22:00', ${auto}, 1)`;
  const SEEN = 'SELECT customer_id, CAST(auto_confirm_at AS VARCHAR), deadline_kept FROM draft.invoices ORDER BY invoice_key';

  it('holds when the window is shortened, and gives way when it is lengthened', async () => {
    const told = async (auto: string): Promise<string[]> => (await draft([], { ledger: opening(auto) })).told(SEEN);
    expect((await told("TIMESTAMP '2026-05-08 22:00'"))[0]).toBe('acme | 2026-05-08 22:00:00 | true');
    expect((await told("TIMESTAMP '2026-05-02 22:00'"))[0]).toBe('acme | 2026-05-04 22:00:00 | false');
  });

  it('stays by hand when it was by hand', async () => {
    const { told } = await draft([], { ledger: opening('NULL') });
    expect(await told(SEEN)).toEqual(['acme | - | true', 'other | 2026-05-04 22:00:00 | false']);
  });

  it('keeps the period open although the batch was confirmed for everybody whose window had ended', async () => {
    const { told } = await draft([], {
      ledger: opening("TIMESTAMP '2026-05-08 22:00'"), events: [{ subject: 'batch', id: '2026-05-01', event: 'closed_until', time: '2026-05-04 22:00' }],
    });
    expect(await told(SEEN)).toEqual(['acme | 2026-05-08 22:00:00 | true']);
  });
});

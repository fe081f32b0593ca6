/** Cancelling before sending: the invoice is void, its number stays used, and all it billed is billed again as if it had never been. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cancel } from '../../src/run/cancel.js';
import type { CancelResult } from '../../src/run/results-corrections.js';
import { invoice } from '../../src/run/invoice.js';
import { show } from '../../src/run/show.js';
import { project, refusal } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const APRIL: readonly Booking[] = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02' }, { id: 'b', customer: 'acme', product: 'food', start: '2026-04-14', quantity: '3' },
  { id: 'c', customer: 'bolt', product: 'visit', start: '2026-04-20' },
];
/** Two customers; what is confirmed waits to be sent by hand. */
const WAITING: Spec = { customers: { bolt: { name: 'Bolt', email: 'b@bolt.example', cycle: 'monthly' } }, automation: { auto_send: false } };

function undo(made: Project, as_of: string, number: string, more: Partial<Parameters<typeof cancel>[1]> = {}): Promise<CancelResult> {
  return cancel(made.world, { as_of, number, reason: 'Wrong address', dry_run: false, ...more });
}

const INVOICES = `SELECT i.number, i.customer_id, i.batch_id, strftime(i.period_start, '%Y-%m-%d') AS s, strftime(i.period_end, '%Y-%m-%d') AS e, i.total_minor, s.status
  FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id ORDER BY i.series, i.seq`;
/** The lines of an invoice without what must differ. */
const linesOf = (number: string): string => `SELECT l.line_no, l.kind, l.booking_id, regexp_replace(coalesce(l.charge_id, ''), 'inv_[0-9a-f]+', 'inv') AS charge,
    l.description, l.quantity_micro, l.unit_price_micro, l.amount_minor, l.tax_id, l.late, l.measured_minor
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id WHERE i.number = '${number}' ORDER BY l.line_no`;

describe('cancelling', () => {
  it('makes it void; the same period is billed again under another number, not as late', async () => {
    const made = await project(WAITING, APRIL);
    await made.run('2026-05-06');
    const done = await undo(made, '2026-05-06T12:00', 'INV-2026-000001', { by: 'kim' });
    expect(done).toMatchObject({
      dry_run: false, invoice: { number: 'INV-2026-000001', customer_id: 'acme', total: '123.74' }, reason: 'Wrong address', by: 'kim',
      free_bookings: 2, free_lines: 0, messages_cancelled: 1, head: { serial: 3 },
    });
    const open = await made.preview('2026-05-07');
    expect(open.batches.map(({ batch_id, auto_confirm, invoices }) => [batch_id, auto_confirm, invoices.map((i) => [i.customer_id, i.total, i.lines.some((l) => l.late)])]))
      .toEqual([['2026-05-01', false, [['acme', '123.74', false]]]]);
    expect((await made.run('2026-05-08')).confirmed).toEqual([]);
    await made.confirm('2026-05-09', '2026-05-01');
    await made.run('2026-06-10');
    expect(await made.told(INVOICES)).toEqual([
      'INV-2026-000001 | acme | 2026-05-01 | 2026-04-01 | 2026-05-01 | 12374 | void', 'INV-2026-000002 | bolt | 2026-05-01 | 2026-04-01 | 2026-05-01 | 11305 | processed',
      'INV-2026-000003 | acme | 2026-05-01 | 2026-04-01 | 2026-05-01 | 12374 | processed',
    ]);
    expect(await made.told("SELECT event, detail FROM ledger.events WHERE event IN ('voided', 'cancelled') ORDER BY event DESC"))
      .toEqual(['voided | {"by":"kim","reason":"Wrong address"}', 'cancelled | {"reason":"Wrong address"}']);
    expect(await made.flaws()).toEqual([]);
  });

  it('sends nothing of it, and says so everywhere', async () => {
    const made = await project(WAITING, APRIL);
    await made.run('2026-05-06');
    const { files } = await undo(made, '2026-05-06T12:00', 'INV-2026-000001');
    expect(files).toContain('out/invoices/2026-05-01/INV-2026-000001.html');
    expect((await made.send('2026-05-07')).messages).toMatchObject({ sent: 1 });
    const text = (path: string): Promise<string> => readFile(join(made.root, 'out/invoices/2026-05-01', path), 'utf8');
    expect(await text('INV-2026-000001.html')).toContain('This invoice has been cancelled. It must not be paid.');
    expect(await text('index.html')).toContain('<span class="flag">Cancelled</span>');
    expect(await text('summary.md')).toMatch(/\| EUR \| 1 \| 95.00 \|[^]*INV-2026-000001 \(cancelled\)/);
    expect(await text('invoices.csv')).toMatch(/INV-2026-000001,invoice,void[^]*INV-2026-000002,invoice,processed/);
    expect((await made.status('2026-05-07')).outbox.map(({ status, messages }) => [status, messages])).toEqual([['cancelled', 1], ['sent', 1]]);
    const xml = await show(made.world, { as_of: '2026-05-07', id: 'INV-2026-000001', format: 'json' });
    expect(xml.record.status).toBe('void');
  });

  it('leaves it out of the sums of its batch', async () => {
    const made = await project(WAITING, APRIL);
    await made.run('2026-05-06');
    const summary = (): Promise<string> => readFile(join(made.root, 'out/invoices/2026-05-01/summary.md'), 'utf8');
    expect(await summary()).toContain('| bookings | 3 | 199.99 |');
    await undo(made, '2026-05-06T12:00', 'INV-2026-000001');
    expect(await summary()).toContain('| bookings | 1 | 95.00 |');
  });

  it('shows what would happen first', async () => {
    const made = await project(WAITING, APRIL);
    await made.run('2026-05-06');
    const before = await made.outcome();
    expect(await undo(made, '2026-05-07', 'INV-2026-000001', { dry_run: true })).toMatchObject({ dry_run: true, free_bookings: 2, messages_cancelled: 1, files: [], head: { serial: 2 } });
    expect(await made.outcome()).toEqual(before);
  });

  it('is refused without a reason, for what is unknown, cancelled, sent or may have arrived', async () => {
    const made = await project({ customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } }, APRIL);
    await made.run('2026-05-06');
    expect(await refusal(undo(made, '2026-05-07', 'INV-2026-000001', { reason: ' ' }))).toMatch(/^USAGE 64 cancel needs a reason/);
    expect(await refusal(undo(made, '2026-05-07', 'INV-1'))).toMatch(/^UNKNOWN_INVOICE 64/);
    expect(await refusal(undo(made, '2026-05-07', 'INV-2026-000001'))).toMatch(/^INVOICE_SENT 64 invoice INV-2026-000001 was sent/);
    await undo(made, '2026-05-07', 'INV-2026-000002');
    expect(await refusal(undo(made, '2026-05-07', 'INV-2026-000002'))).toMatch(/^INVOICE_VOID 64/);
    expect(await refusal(undo(made, '2026-05-01', 'INV-2026-000002'))).toMatch(/^AS_OF 64/);
  });

  it('before the deadline leaves the deadline as it is', async () => {
    const made = await project({ ...WAITING, automation: { auto_send: false, confirmation_window_days: 5 } }, APRIL);
    await made.confirm('2026-05-02', '2026-05-01', { customers: ['acme'] });
    await undo(made, '2026-05-03', 'INV-2026-000001');
    await made.run('2026-05-20');
    expect((await made.told(INVOICES)).map((row) => row.split(' | ').filter((_, i) => [1, 6].includes(i)).join(' '))).toEqual(['acme void', 'acme processed', 'bolt processed']);
    expect(await made.told("SELECT strftime(max(confirmed_at), '%d %H:%M') FROM ledger.invoices")).toEqual(['06 22:00']);
    expect(await made.flaws()).toEqual([]);
  });

  it('of one on demand gives its part of the period back', async () => {
    const made = await project(WAITING, APRIL);
    await invoice(made.world, { as_of: '2026-04-10', customer: 'acme', dry_run: false });
    await undo(made, '2026-04-11', 'INV-2026-000001');
    await made.run('2026-05-06');
    expect(await made.told(INVOICES)).toEqual([
      'INV-2026-000001 | acme | 2026-04-10-on-demand | 2026-04-01 | 2026-04-10 | 11305 | void', 'INV-2026-000002 | acme | 2026-05-01 | 2026-04-01 | 2026-05-01 | 12374 | processed',
      'INV-2026-000003 | bolt | 2026-05-01 | 2026-04-01 | 2026-05-01 | 11305 | processed',
    ]);
    expect(await made.flaws()).toEqual([]);
  });
});

/** Everything that is billed without a booking, or that the ledger remembers of one. */
const RICH: Spec = {
  automation: { auto_send: false },
  customers: { acme: { cycle: 'monthly', agreements: ['a'] } },
  products: { inspection: { name: 'Inspection', unit: 'hour' } },
  agreements: { a: {
    from: '2026-01-01', minimum: { amount: '900.00', per: 'period', name: 'Minimum fee' },
    charges: [{ id: 'c', name: 'Flat', price: '31.00', per: 'month' }], fees: [{ id: 'setup', name: 'Set-up', amount: '50.00', on: '2026-01-15' }],
    discounts: [{ name: 'Start', percent: '10', periods: 2 }],
    prices: { inspection: { model: 'graduated', tiers: [{ up_to: '10', unit_price: '95' }, { unit_price: '85' }], per: 'quarter' } },
  } },
  overrides: [
    { customer: 'acme', period: '2026-01-01', lines: [{ description: 'Key', quantity: '1', unit_price: '7.00', tax: 'reduced' }] },
    { customer: 'acme', period: '2026-02-01', lines: [{ description: 'Lock', quantity: '2', unit_price: '9.00', tax: 'reduced' }] },
  ],
};
const JOBS: readonly Booking[] = [
  { id: 'J1', customer: 'acme', product: 'inspection', start: '2026-01-10', quantity: '8' }, { id: 'V1', customer: 'acme', product: 'visit', start: '2026-01-12' },
  { id: 'J2', customer: 'acme', product: 'inspection', start: '2026-02-10', quantity: '4' }, { id: 'V2', customer: 'acme', product: 'food', start: '2026-02-12', quantity: '7' },
  { id: 'J3', customer: 'acme', product: 'inspection', start: '2026-03-10', quantity: '5' }, { id: 'V3', customer: 'acme', product: 'visit', start: '2026-03-12' },
];

describe('what is free again', () => {
  it('is billed line by line as before: usage, recurring charges, fees, discounts for so many periods, minimums, lines by hand', async () => {
    const made = await project(RICH, JOBS);
    await made.run('2026-02-05');
    expect((await made.told(linesOf('INV-2026-000001'))).map((row) => row.split(' | ')[1])).toEqual(['booking', 'booking', 'usage', 'recurring', 'fee', 'discount', 'minimum', 'manual']);
    await undo(made, '2026-02-06', 'INV-2026-000001');
    await made.confirm('2026-02-07', '2026-02-01');
    expect(await made.told(linesOf('INV-2026-000002'))).toEqual(await made.told(linesOf('INV-2026-000001')));
    await made.run('2026-03-05');
    await undo(made, '2026-03-06', 'INV-2026-000003');
    await made.confirm('2026-03-07', '2026-03-01');
    expect(await made.told(linesOf('INV-2026-000004'))).toEqual(await made.told(linesOf('INV-2026-000003')));
    const straight = await project(RICH, JOBS);
    await straight.run('2026-03-05');
    expect(await made.told(linesOf('INV-2026-000004'))).toEqual(await straight.told(linesOf('INV-2026-000002')));
    expect(await made.flaws()).toEqual([]);
  });

  it('also where the next period has been billed since', async () => {
    const made = await project(RICH, JOBS);
    await made.run('2026-04-05');
    const before = await made.told(linesOf('INV-2026-000002'));
    await undo(made, '2026-04-06', 'INV-2026-000002');
    await made.confirm('2026-04-07', '2026-03-01');
    const plain = (rows: string[]): string[] => rows.filter((row) => !/ \| (usage|discount|minimum) \| /.test(row)).map((row) => row.split(' | ').slice(1).join(' | '));
    expect(plain(await made.told(linesOf('INV-2026-000004')))).toEqual(plain(before));
    const sum = 'SELECT sum(i.total_minor) FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = \'processed\'';
    const straight = await project(RICH, JOBS);
    await straight.run('2026-04-05');
    expect(await made.told(sum)).toEqual(await straight.told(sum));
    expect(await made.flaws()).toEqual([]);
  });

  it('keeps a credit that a later invoice has used', async () => {
    const made = await project({ automation: { auto_send: false }, customers: { acme: { negative_total: 'carry_over' } } }, [
      { id: 'a', customer: 'acme', product: 'visit', start: '2026-01-10', amount: '-50.00' }, { id: 'b', customer: 'acme', product: 'visit', start: '2026-02-10' },
    ]);
    await made.run('2026-03-05');
    expect(await refusal(undo(made, '2026-03-06', 'INV-2026-000001'))).toBe('INVOICE_CORRECTED 64 invoice INV-2026-000001 cannot be cancelled: INV-2026-000002 uses the credit that it carried over');
    await undo(made, '2026-03-06', 'INV-2026-000002');
    await undo(made, '2026-03-06', 'INV-2026-000001');
    expect(await made.flaws()).toEqual([]);
  });
});

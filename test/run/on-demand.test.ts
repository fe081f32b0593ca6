/** Invoices on demand: now, as one, without taking anything from the period that goes on. */
import { describe, expect, it } from 'vitest';
import { invoice } from '../../src/run/invoice.js';
import type { InvoiceOptions } from '../../src/run/invoice.js';
import type { RunResult } from '../../src/run/results.js';
import { verify } from '../../src/run/verify.js';
import type { CrashPoint } from '../../src/world/crash-points.js';
import { project, refusal } from '../support/project.js';
import type { Booking, Project } from '../support/project.js';

const APRIL: readonly Booking[] = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02' },
  { id: 'b', customer: 'acme', product: 'visit', start: '2026-04-14' },
  { id: 'c', customer: 'acme', product: 'visit', start: '2026-04-20' },
  { id: 'd', customer: 'bolt', product: 'visit', start: '2026-04-04' },
];
const SPEC = { customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } };

function bill(made: Project, as_of: string, more: Partial<InvoiceOptions> = {}): Promise<RunResult> {
  return invoice(made.world, { as_of, dry_run: false, ...(more.booking === undefined ? { customer: 'acme' } : {}), ...more });
}

const INVOICES = `SELECT customer_id, batch_id, strftime(period_start, '%Y-%m-%d'), strftime(period_end, '%Y-%m-%d'), confirmed_by, total_minor
  FROM ledger.invoices ORDER BY serial, number`;

describe('an invoice on demand', () => {
  it('bills what lies behind; the rest of the period is billed at its usual time, once', async () => {
    const made = await project(SPEC, APRIL);
    const done = await bill(made, '2026-04-15');
    expect(done.confirmed.map(({ batch_id, confirmed_by, totals }) => [batch_id, confirmed_by, totals[0]!.total])).toEqual([['2026-04-15-on-demand', 'on_demand', '226.10']]);
    expect((await bill(made, '2026-04-15')).confirmed).toEqual([]);
    await made.run('2026-05-10');
    expect(await made.told(INVOICES)).toEqual([
      'acme | 2026-04-15-on-demand | 2026-04-01 | 2026-04-15 | on_demand | 22610',
      'acme | 2026-05-01 | 2026-04-15 | 2026-05-01 | auto | 11305',
      'bolt | 2026-05-01 | 2026-04-01 | 2026-05-01 | auto | 11305',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('that died when it was billed is made up for by the same command, which then has nothing to bill', async () => {
    const [made, whole] = [await project(SPEC, APRIL), await project(SPEC, APRIL)];
    for (const each of [made, whole]) await each.run('2026-04-01');
    await bill(made, '2026-04-10');
    await bill(whole, '2026-04-10');
    const reached = (name: CrashPoint): void => {
      if (name === 'commit: head replaced') throw new Error('died');
    };
    const dying = { ...made.world, crash: { reached } };
    await expect(invoice(dying, { as_of: '2026-04-15', dry_run: false, customer: 'acme' })).rejects.toThrow('died');
    // The history is behind, which is no damage, and the pages are missing.
    expect(await verify(made.world, { as_of: '2026-04-15' })).toMatchObject({ ok: true, diagnostics: [] });
    const shown = await bill(made, '2026-04-15', { dry_run: true });
    expect([shown.confirmed, shown.files]).toEqual([[], []]);
    await bill(whole, '2026-04-15');
    const again = await bill(made, '2026-04-15');
    expect(again.confirmed).toEqual([]);
    expect(again.files).toContain('out/invoices/2026-04-15-on-demand/INV-2026-000002.html');
    expect(await made.flaws()).toEqual([]);
    expect([await made.files('out/invoices'), await made.historyDigest()]).toEqual([await whole.files('out/invoices'), await whole.historyDigest()]);
  });

  it('twice in a period cuts it twice; what comes late for the first part is marked', async () => {
    const made = await project(SPEC, APRIL);
    await bill(made, '2026-04-10');
    await made.bookInto('late', [{ id: 'z', customer: 'acme', product: 'visit', start: '2026-04-03' }]);
    await bill(made, '2026-04-21');
    expect(await made.told(INVOICES)).toEqual([
      'acme | 2026-04-10-on-demand | 2026-04-01 | 2026-04-10 | on_demand | 11305',
      'acme | 2026-04-21-on-demand | 2026-04-10 | 2026-04-21 | on_demand | 33915',
    ]);
    await made.run('2026-05-10');
    expect(await made.flaws()).toEqual([]);
  });

  it('in advance takes what was booked after the period was billed, also what is still to come', async () => {
    const made = await project({ customers: { acme: { cycle: 'ahead' } } }, APRIL.slice(0, 1));
    await made.run('2026-04-01');
    await made.bookInto('later', [{ id: 'y', customer: 'acme', product: 'visit', start: '2026-04-28', status: 'planned' }]);
    const done = await bill(made, '2026-04-15');
    expect(done.confirmed[0]!.totals[0]!.total).toBe('113.05');
    expect(await made.flaws()).toEqual([]);
  });

  it('of a booking is that of its customer; a billed or unknown one is refused', async () => {
    const made = await project(SPEC, APRIL);
    expect((await bill(made, '2026-04-15', { booking: 'd' })).confirmed[0]!.numbers).toHaveLength(1);
    expect(await refusal(bill(made, '2026-04-15', { booking: 'd' }))).toMatch(/^USAGE 64 booking d is on invoice INV-2026-000001 already/);
    expect(await refusal(bill(made, '2026-04-15', { booking: 'nope' }))).toMatch(/^USAGE 64 there is no booking nope/);
    expect(await refusal(bill(made, '2026-04-15', { customer: 'acmo' }))).toMatch(/^UNKNOWN_CUSTOMER 64/);
  });

  it('can be looked at first, and then only that is taken', async () => {
    const made = await project(SPEC, APRIL);
    const shown = await bill(made, '2026-04-15', { dry_run: true });
    expect(await made.files('data/ledger')).toEqual({});
    expect(shown.files).toContain('out/preview/2026-04-15-on-demand/index.html');
    const { digest } = shown.open[0]!;
    await made.bookInto('more', [{ id: 'x', customer: 'acme', product: 'visit', start: '2026-04-05' }]);
    expect(await refusal(bill(made, '2026-04-15', { expect: digest }))).toMatch(/^DIGEST_STALE 6/);
  });

  it('is stopped by a limit until an override releases it', async () => {
    const made = await project({ ...SPEC, automation: { limits: { max_invoice_total: '100.00' } } }, APRIL);
    expect(await refusal(bill(made, '2026-04-15'))).toMatch(/^PARKED_LIMIT 3 the invoice of acme over 226\.10 EUR is parked/);
    await made.configure({
      ...SPEC, automation: { limits: { max_invoice_total: '100.00' } },
      overrides: [{ customer: 'acme', batch: '2026-04-15-on-demand', release: true, reason: 'checked' }],
    });
    expect((await bill(made, '2026-04-15')).confirmed).toHaveLength(1);
  });
});

/** Recurring charges whose units differ from each other, and those of which a stretch is still to be billed, in whole runs. */
import { describe, expect, it } from 'vitest';
import { credit } from '../../src/run/credit.js';
import { project } from '../support/project.js';
import type { Project, Spec } from '../support/project.js';

/** What stands: the days of each line, its quantity, amount and rate. */
const LINES = `SELECT CAST(CAST(l.service_start AS DATE) AS VARCHAR) AS d, CAST(CAST(l.service_end AS DATE) AS VARCHAR) AS e, l.quantity_micro // 1000000 AS n,
  l.amount_minor, l.tax_rate_micro // 1000000 AS rate FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
  WHERE l.kind = 'recurring' ORDER BY i.serial, l.line_no`;
const TOTALS = `SELECT net_minor, tax_minor FROM ledger.invoices ORDER BY serial`;

const charge = (more: Spec = {}): Spec => ({ id: 'w', name: 'Contract', price: '100.00', per: 'month', ...more });
const agreed = (agreement: Spec, more: Spec = {}): Spec => ({
  automation: { auto_send: false }, agreements: { a: { from: '2026-01-01', charges: [charge()], ...agreement } }, customers: { acme: { agreements: ['a'] } }, ...more,
});

async function credited(made: Project, number: string, as_of: string, lines: string[]): Promise<void> {
  await credit(made.world, { as_of, number, lines, reason: 'Wrong', reissue: true, dry_run: false });
}

describe('units that are billed together', () => {
  const tax = { taxes: { grows: { name: 'VAT', category: 'S', rate: [{ rate: '10' }, { from: '2026-03-01', rate: '20' }] } } };

  it.each([['quarterly', '2026-04-10'], ['monthly', '2026-04-10']])('have each their own rate and discount, on a %s cycle', async (type, as_of) => {
    const made = await project(agreed(
      { tax: 'grows', discounts: [{ name: 'Opening', percent: '50', until: '2026-02-28' }] }, { ...tax, cycles: { monthly: { type, start: '2026-01-01' } } }), []);
    await made.run(as_of);
    const rows = (await made.told(TOTALS)).map((row) => row.split(' | ').map(Number));
    expect(rows.reduce(([net, due], [n, d]) => [net! + n!, due! + d!], [0, 0])).toEqual([20_000, 3_000]);
    expect(await made.flaws()).toEqual([]);
  });

  it('stand on one line where nothing differs', async () => {
    const made = await project(agreed({}, { cycles: { monthly: { type: 'quarterly', start: '2026-01-01' } } }), []);
    await made.run('2026-04-10');
    expect(await made.told(LINES)).toEqual(['2026-01-01 | 2026-04-01 | 3 | 30000 | 19']);
  });
});

describe('days that are on no invoice any more, or never were', () => {
  it('are billed again before the days that still stand', async () => {
    const grows = (quantity: unknown): Spec => agreed({ charges: [charge({ price: '31.00', quantity })] });
    const made = await project(grows([{ quantity: '10' }, { from: '2026-01-16', quantity: '12' }]), []);
    await made.run('2026-02-10');
    await credited(made, 'INV-2026-000001', '2026-02-11', ['1']);
    await made.configure(grows('12'));
    await made.run('2026-03-10');
    expect(await made.told(LINES)).toEqual([
      '2026-01-01 | 2026-01-16 | 10 | 15000 | 19', '2026-01-16 | 2026-02-01 | 12 | 19200 | 19',
      '2026-01-01 | 2026-01-16 | 12 | 18000 | 19', '2026-02-01 | 2026-03-01 | 12 | 37200 | 19',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('stand on a line of their own where what lies between is billed, so that it can be taken back, too', async () => {
    const made = await project(agreed({}), []);
    await made.run('2026-04-10');
    await credited(made, 'INV-2026-000002', '2026-04-11', ['1']);
    await made.run('2026-05-10');
    await credited(made, 'INV-2026-000003', '2026-05-11', ['1']);
    await made.run('2026-06-10');
    expect((await made.told(LINES)).map((line) => line.slice(0, 23)).sort()).toEqual([
      '2026-01-01 | 2026-02-01', '2026-02-01 | 2026-03-01', '2026-02-01 | 2026-03-01', '2026-03-01 | 2026-04-01', '2026-03-01 | 2026-04-01',
      '2026-04-01 | 2026-05-01', '2026-05-01 | 2026-06-01',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('are billed where an agreement turns out to have begun earlier', async () => {
    const since = (from: string): Spec => agreed({ from, charges: [charge({ price: '31.00' })] });
    const made = await project(since('2026-01-15'), []);
    await made.run('2026-02-10');
    await made.configure(since('2026-01-01'));
    await made.run('2026-03-10');
    expect(await made.told(LINES)).toEqual(['2026-01-15 | 2026-02-01 | 1 | 1700 | 19', '2026-01-01 | 2026-01-15 | 1 | 1400 | 19', '2026-02-01 | 2026-03-01 | 1 | 3100 | 19']);
    expect(await made.flaws()).toEqual([]);
  });
});

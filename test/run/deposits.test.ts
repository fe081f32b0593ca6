/** Deposits in whole runs: paid ahead, taken off the invoices that follow, and given back at the end. */
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const LINES = `SELECT CAST(i.billing_date AS VARCHAR) AS d, coalesce(l.booking_id, l.kind || ' ' || l.description) AS id, l.amount_minor, l.tax_id
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
  JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = 'processed' ORDER BY i.billing_date, i.seq, l.line_no`;
const TOTALS = `SELECT CAST(i.billing_date AS VARCHAR) AS d, i.kind, i.net_minor, i.tax_minor, i.total_minor
  FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = 'processed' ORDER BY i.billing_date, i.seq`;

async function agreed(agreement: Spec, bookings: readonly Booking[], more: Spec = {}): Promise<Project> {
  return project({ agreements: { a: { from: '2026-01-01', ...agreement } }, customers: { acme: { agreements: ['a'] } }, ...more }, bookings);
}

const visit = (id: string, amount: string, more: Partial<Booking> = {}): Booking => (
  { id, customer: 'acme', product: 'visit', amount, start: '2026-01-10', ...more });
const deposit = (more: Spec = {}): Spec => ({ id: 'down', name: 'Down payment', amount: '1000.00', on: '2026-01-15', ...more });

describe('a deposit', () => {
  it('is invoiced with its tax, and comes off the last invoice of its agreement', async () => {
    const made = await agreed({ until: '2026-03-31', total: '4000.00', deposits: [{ id: 'down', name: 'Down payment', percent: '25', on: '2026-01-15' }] },
      [visit('A', '100.00'), visit('B', '500.00', { start: '2026-02-05' }), visit('C', '3000.00', { start: '2026-03-05' })]);
    await made.run('2026-05-10');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | A | 10000 | standard', '2026-02-01 | deposit Down payment | 100000 | standard', '2026-03-01 | B | 50000 | standard',
      '2026-04-01 | C | 300000 | standard', '2026-04-01 | deposit_applied Down payment 2026-02-01 | -100000 | standard',
    ]);
    expect(await made.told(TOTALS)).toEqual([
      '2026-02-01 | invoice | 110000 | 20900 | 130900', '2026-03-01 | invoice | 50000 | 9500 | 59500', '2026-04-01 | invoice | 200000 | 38000 | 238000',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('comes off the invoices that follow as far as it reaches, and what is left is given back', async () => {
    const made = await agreed({ until: '2026-04-30', deposits: [deposit({ apply: 'next_invoice' })] },
      [visit('B', '300.00', { start: '2026-02-05' }), visit('C', '450.00', { start: '2026-03-05', product: 'food' }), visit('D', '50.00', { start: '2026-04-05' })]);
    await made.run('2026-06-10');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | deposit Down payment | 100000 | standard',
      '2026-03-01 | B | 30000 | standard', '2026-03-01 | deposit_applied Down payment 2026-02-01 | -30000 | standard',
      // 481.50 with 7 % are 404.62 and 76.88 tax of 19 %.
      '2026-04-01 | C | 45000 | reduced', '2026-04-01 | deposit_applied Down payment 2026-02-01 | -40462 | standard',
      '2026-05-01 | D | 5000 | standard', '2026-05-01 | deposit_applied Down payment 2026-02-01 | -5000 | standard',
      '2026-05-01 | deposit_refund Down payment 2026-02-01 | -24538 | standard',
    ]);
    expect(await made.told(TOTALS)).toEqual([
      '2026-02-01 | invoice | 100000 | 19000 | 119000', '2026-03-01 | invoice | 0 | 0 | 0', '2026-04-01 | invoice | 4538 | -4538 | 0',
      '2026-05-01 | credit_note | -24538 | -4662 | -29200',
    ]);
    expect(await made.flaws()).toEqual([]);
  });
});

/** Discounts of agreements in whole runs: what is taken off, in which order, and on which tax. */
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const LINES = `SELECT CAST(i.billing_date AS VARCHAR) AS d, coalesce(l.booking_id, l.kind || ' ' || l.description) AS id, l.amount_minor, l.tax_id
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id ORDER BY i.billing_date, i.seq, l.line_no`;
const TAXES = 'SELECT i.billing_date::VARCHAR AS d, t.tax_id, t.net_minor, t.tax_minor FROM ledger.invoice_taxes AS t '
  + 'JOIN ledger.invoices AS i ON i.invoice_id = t.invoice_id ORDER BY i.billing_date, i.seq, t.tax_id, t.rate_micro';

async function agreed(agreement: Spec, bookings: readonly Booking[], more: Spec = {}): Promise<Project> {
  return project({ agreements: { a: { from: '2026-01-01', ...agreement } }, customers: { acme: { agreements: ['a'] } }, ...more }, bookings);
}

const visit = (id: string, amount: string, more: Partial<Booking> = {}): Booking => (
  { id, customer: 'acme', product: 'visit', amount, start: '2026-01-10', ...more });

describe('discounts', () => {
  it('are taken one after the other, each of what is left, and spread by largest remainder', async () => {
    const made = await agreed({
      discounts: [{ name: 'Goodwill', amount: '20.00' }, { name: 'Opening', percent: '10' }, { name: 'Loyalty', percent: '25' }],
    }, [visit('A', '100.00'), visit('B', '50.00', { product: 'food' })]);
    await made.run('2026-02-10');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | A | 10000 | standard', '2026-02-01 | B | 5000 | reduced',
      '2026-02-01 | discount Opening | -500 | reduced', '2026-02-01 | discount Opening | -1000 | standard',
      '2026-02-01 | discount Loyalty | -1125 | reduced', '2026-02-01 | discount Loyalty | -2250 | standard',
      '2026-02-01 | discount Goodwill | -667 | reduced', '2026-02-01 | discount Goodwill | -1333 | standard',
    ]);
    expect(await made.told(TAXES)).toEqual(['2026-02-01 | reduced | 2708 | 190', '2026-02-01 | standard | 5417 | 1029']);
    expect(await made.flaws()).toEqual([]);
  });
});

/** Agreements in whole runs: what recurs, fees and milestones, on the right invoices and once. */
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

/** The lines of the ledger: date of the document, number, charge, days of service, quantity, price, amount. */
const LINES = `SELECT CAST(i.billing_date AS VARCHAR), coalesce(l.charge_id, l.booking_id) AS id, strftime(l.service_start, '%m-%d %H:%M') AS a,
  strftime(l.service_end, '%m-%d %H:%M') AS b, l.quantity_micro // 10000 AS q, l.unit_price_micro // 10000 AS p, l.amount_minor
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
  JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = 'processed' ORDER BY i.seq, l.line_no`;

/** A project whose customer acme has the one agreement `a`. */
async function agreed(agreement: Spec, more: Spec = {}, bookings: readonly Booking[] = []): Promise<Project> {
  return project({ agreements: { a: { from: '2026-01-01', ...agreement } }, customers: { acme: { agreements: ['a'] } }, ...more }, bookings);
}

const fee = (over: Spec = {}): Spec => ({ id: 'fee', name: 'Service', price: '249.00', per: 'month', ...over });

describe('a recurring charge', () => {
  it('is billed in arrears with the invoice at its end, prorated at its beginning', async () => {
    const made = await agreed({ from: '2026-01-15', charges: [fee()] });
    await made.run('2026-03-20');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | acme:a:fee:2026-01-15..2026-01-31 | 01-15 00:00 | 02-01 00:00 | 100 | 13654 | 13655',
      '2026-03-01 | acme:a:fee:2026-02-01..2026-02-28 | 02-01 00:00 | 03-01 00:00 | 100 | 24900 | 24900',
    ]);
    expect(await made.flaws()).toEqual([]);
  });
});

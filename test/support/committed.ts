/** A draft of a world of the models becomes its ledger, as SQL that writes the rows again: for tests of several runs. */
import { literal } from '../../src/engine/engine.js';
import type { Engine } from '../../src/engine/engine.js';

const VALUES = (row: Record<string, unknown>): string => `(${Object.values(row).map((value) => (
  value === null ? 'NULL' : typeof value === 'bigint' || typeof value === 'number' ? String(value) : typeof value === 'boolean' ? String(value) : literal(String(value)))).join(', ')})`;

/** SQL of the rows of a query into columns of a ledger table. */
async function rowsInto(engine: Engine, table: string, columns: string, query: string): Promise<string> {
  const rows = await engine.rows<Record<string, unknown>>(query);
  const parts: string[] = [];
  for (let i = 0; i < rows.length; i += 1000) parts.push(`INSERT INTO ledger.${table} (${columns}) VALUES ${rows.slice(i, i + 1000).map(VALUES).join(', ')};`);
  return parts.join('\n');
}

/**
 * The ledger so far and everything that the engine's draft bills. `voided` are those whose `customer month` of the beginning of the period
 * is named; of these nothing stands any more.
 */
export async function committed(engine: Engine, before: string, voided: readonly string[]): Promise<string> {
  const after = [
    before,
    await rowsInto(engine, 'invoices', 'invoice_id, number, kind, customer_id, cycle_id, period_start, period_end, billing_date, currency, total_minor, series, seq, serial', `
      SELECT invoice_id, invoice_id AS number, kind, customer_id, cycle_id, CAST(period_start AS VARCHAR) AS s, CAST(period_end AS VARCHAR) AS e, CAST(billing_date AS VARCHAR) AS b, currency,
        CAST(total_minor AS BIGINT) AS t, 'invoice' AS r, 1 AS q, 1 AS z
      FROM draft.invoices ORDER BY invoice_key`),
    await rowsInto(engine, 'invoice_lines', `invoice_id, line_no, kind, booking_id, source, product, description, quantity_micro, amount_minor, gross_minor, tax_id, tax_rate_micro, service_start, service_end,
      charge_id, measured_minor, agreement_id`, `
      SELECT l.invoice_id, row_number() OVER (PARTITION BY l.invoice_id ORDER BY l.line_key) AS n_o, l.kind, l.booking_id, l.source, l.product, l.description, l.quantity_micro, CAST(l.amount_minor AS BIGINT) AS a, CAST(l.gross_minor AS BIGINT) AS g, l.tax_id, l.tax_rate_micro,
        CAST(l.service_start AS VARCHAR) AS s, CAST(l.service_end AS VARCHAR) AS e, l.charge_id, l.measured_minor, n.agreement_id
      FROM draft.billed_lines AS l
      LEFT JOIN input.agreements AS n ON n.agreement_key = l.agreement_key
      ORDER BY l.invoice_id, l.line_key`),
    await rowsInto(engine, 'invoice_taxes', 'invoice_id, tax_id, name, category, rate_micro, note, net_minor, tax_minor', `
      SELECT invoice_id, tax_id, name, category, rate_micro, note, CAST(net_minor AS BIGINT) AS n, CAST(tax_minor AS BIGINT) AS t FROM draft.invoice_taxes ORDER BY invoice_id, tax_id, rate_micro`),
    'DELETE FROM ledger.invoice_status;',
    "INSERT INTO ledger.invoice_status SELECT invoice_id, 'processed', NULL FROM ledger.invoices;",
    ...voided.map((name) => `UPDATE ledger.invoices SET number = 'void' WHERE customer_id || ' ' || strftime(period_start, '%Y-%m-%d') = ${literal(name)};`),
    "UPDATE ledger.invoice_status SET status = 'void' WHERE invoice_id IN (SELECT invoice_id FROM ledger.invoices WHERE number = 'void');",
    `INSERT INTO ledger.events SELECT period_end, 'invoice', invoice_id, 'voided', '{}', 1 FROM ledger.invoices AS i
      WHERE number = 'void' AND NOT EXISTS (SELECT 1 FROM ledger.events AS e WHERE e.subject_id = i.invoice_id AND e.event = 'voided');`,
    'DELETE FROM ledger.billed;',
    `INSERT INTO ledger.billed SELECT l.source, l.booking_id, 'billed', 1, 1, l.invoice_id, l.line_no FROM ledger.invoice_lines AS l JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id
      WHERE l.kind = 'booking' AND s.status = 'processed';`,
  ];
  return after.filter((part) => part !== '').join('\n');
}

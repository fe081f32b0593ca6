/** Deposits between invoices: nothing comes off before the invoice that asks for it is confirmed. */
import type { Config } from '../config/types.js';
import { fail } from '../values/diagnostic.js';
import type { Draft } from './draft.js';
import type { ConfirmedBatch } from './results.js';

/** SQL: whether a line came off, or gave back, a deposit: by the ids of both. Its id begins with that of the deposit. */
export function madeOfDeposit(line: string, deposit: string): string {
  return `(starts_with(${line}, ${deposit} || ':applied:') OR starts_with(${line}, ${deposit} || ':refund:'))`;
}

/**
 * SQL: each open draft invoice that is not parked, with the open one that asks for a deposit which is taken off or given back in its
 * period. In whatever currency: a customer's period is billed at once or stays open, as where the customer is parked.
 */
const RESTING = `
  SELECT i.invoice_key, i.customer_id, p.invoice_key AS on_key, p.batch_id AS on_batch
  FROM draft.invoices AS i
  JOIN draft.limits AS l ON l.invoice_key = i.invoice_key AND NOT l.parked
  JOIN draft.deposit_lines AS d ON d.customer_key = i.customer_key AND d.period_key = i.period_key
  JOIN draft.taxed_charges AS t ON t.kind = 'deposit' AND t.customer_key = d.customer_key AND t.currency = d.currency
    AND ${madeOfDeposit('d.charge_id', 't.charge_id')}
  JOIN draft.invoices AS p ON p.customer_key = t.customer_key AND p.period_key = t.period_key AND p.currency = t.currency AND p.apart = 0
  WHERE i.apart = 0`;

function hasDeposits({ agreements }: Config): boolean {
  return agreements.some(({ deposits }) => deposits.length > 0);
}

/** SQL over `i` (draft.invoices): not parked, and takes off a deposit that another open invoice asks for. */
export function restsOnOpen(config: Config): string {
  return hasDeposits(config) ? `i.invoice_key IN (SELECT invoice_key FROM (${RESTING}))` : 'FALSE';
}

/**
 * Leaves out of `draft.chosen` what takes off a deposit whose own invoice is neither confirmed nor chosen with it; throws TOO_EARLY
 * where a human chose it.
 */
export async function leaveResting({ engine }: Draft, config: Config, by: ConfirmedBatch['confirmed_by']): Promise<void> {
  if (!hasDeposits(config)) return;
  for (;;) {
    const rows = await engine.rows<{ invoice_key: number; customer_id: string; on_batch: string }>(`
      SELECT invoice_key, customer_id, min(on_batch) AS on_batch FROM (${RESTING})
      WHERE invoice_key IN (SELECT invoice_key FROM draft.chosen WHERE NOT parked)
        AND on_key NOT IN (SELECT invoice_key FROM draft.chosen WHERE NOT parked)
      GROUP BY ALL ORDER BY invoice_key`);
    const [first] = rows;
    if (first === undefined) return;
    if (by === 'manual' || by === 'on_demand') {
      fail('TOO_EARLY', `the invoice of ${first.customer_id} takes off a deposit that is still open in batch ${first.on_batch}`, {
        hint: `confirm it first: duebook confirm ${first.on_batch} --customer ${first.customer_id}`,
      });
    }
    await engine.run(`DELETE FROM draft.chosen WHERE invoice_key IN (${rows.map(({ invoice_key }) => invoice_key).join(', ')})`);
  }
}

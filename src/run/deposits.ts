/** Deposits between invoices: nothing comes off before the invoice that asks for it is confirmed. */
import type { Config } from '../config/types.js';
import { fail } from '../values/diagnostic.js';
import { timestampLiteral } from '../values/time.js';
import type { Instant } from '../values/time.js';
import type { Draft } from './draft.js';
import type { ConfirmedBatch } from './results.js';

/** SQL: whether a line came off, or gave back, a deposit: by the ids of both. Its id begins with that of the deposit. */
export function madeOfDeposit(line: string, deposit: string): string {
  return `(starts_with(${line}, ${deposit} || ':applied:') OR starts_with(${line}, ${deposit} || ':refund:'))`;
}

/**
 * SQL: each open draft invoice that is not parked, with the open one that asks for a deposit which is taken off or given back in its
 * period. On whatever invoice of it: a customer's period is billed as a whole or not at all, as in draft.limits.
 */
const RESTING = `
  SELECT i.invoice_key, i.customer_id, p.invoice_key AS on_key, p.batch_id AS on_batch
  FROM draft.invoices AS i
  JOIN draft.limits AS l ON l.invoice_key = i.invoice_key AND NOT l.parked
  JOIN draft.deposit_lines AS d ON d.customer_key = i.customer_key AND d.period_key = i.period_key
  JOIN draft.taxed_charges AS t ON t.kind = 'deposit' AND t.customer_key = d.customer_key AND t.currency = d.currency
    AND ${madeOfDeposit('d.charge_id', 't.charge_id')}
  JOIN draft.invoices AS p ON p.customer_key = t.customer_key AND p.period_key = t.period_key AND p.currency = t.currency AND p.apart = 0`;

function hasDeposits({ agreements }: Config): boolean {
  return agreements.some(({ deposits }) => deposits.length > 0);
}

/** SQL over `i` (draft.invoices): not parked, and of a period that takes off a deposit which another open invoice asks for. */
export function restsOnOpen(config: Config): string {
  return hasDeposits(config) ? `i.invoice_key IN (SELECT invoice_key FROM (${RESTING}))` : 'FALSE';
}

/** What is being confirmed, as in commit.ts. */
interface Occasion {
  readonly at: Instant;
  readonly by: ConfirmedBatch['confirmed_by'];
  readonly closes: 'closed' | 'closed_until' | null;
}

/**
 * Leaves out of `draft.chosen` what takes off a deposit whose own invoice is neither confirmed nor chosen with it; throws TOO_EARLY
 * where a human chose it. Where its batch is closed now for others, it is chosen as parked: what is not remembered so is over for the
 * next run, and its bookings would go to a later invoice.
 */
export async function leaveResting({ engine }: Draft, config: Config, { at, by, closes }: Occasion): Promise<void> {
  if (!hasDeposits(config)) return;
  for (;;) {
    const rows = await engine.rows<{ invoice_key: number; customer_id: string; on_batch: string }>(`
      SELECT invoice_key, customer_id, min(on_batch) AS on_batch FROM (${RESTING})
      WHERE invoice_key IN (SELECT invoice_key FROM draft.chosen WHERE NOT parked)
        AND on_key NOT IN (SELECT invoice_key FROM draft.chosen WHERE NOT parked)
      GROUP BY ALL ORDER BY invoice_key`);
    const [first] = rows;
    if (first === undefined) break;
    if (by === 'manual' || by === 'on_demand') {
      fail('TOO_EARLY', `the invoice of ${first.customer_id} takes off a deposit that is still open in batch ${first.on_batch}`, {
        hint: `confirm it first: duebook confirm ${first.on_batch} --customer ${first.customer_id}`,
      });
    }
    await engine.run(`DELETE FROM draft.chosen WHERE invoice_key IN (${rows.map(({ invoice_key }) => invoice_key).join(', ')})`);
  }
  if (closes === null) return;
  await engine.run(`INSERT INTO draft.chosen
    SELECT i.invoice_key, TRUE FROM draft.invoices AS i
    WHERE ${restsOnOpen(config)} ${closes === 'closed' ? '' : `AND i.auto_confirm_at <= ${timestampLiteral(at)}`}
      AND i.invoice_key NOT IN (SELECT invoice_key FROM draft.chosen)
      AND i.batch_id IN (
        SELECT o.batch_id FROM draft.invoices AS o JOIN draft.chosen AS c ON c.invoice_key = o.invoice_key WHERE NOT o.parked_before)`);
}

/** What `cancel` and `credit` share: finding the invoice, and what must not be taken away because something else stands on it. */
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { fail } from '../values/diagnostic.js';
import { formatScaled } from '../values/money.js';
import { madeOfDeposit } from './deposits.js';
import type { InvoiceName } from './results-corrections.js';

/** A processed invoice, standing or void. Amounts are minor units. */
export interface FoundInvoice {
  readonly invoice_id: string;
  readonly number: string;
  readonly kind: 'invoice' | 'credit_note';
  readonly customer_id: string;
  readonly customer_name: string;
  readonly batch_id: string;
  readonly cycle_id: string;
  readonly timezone: string;
  readonly issued_on: string;
  readonly currency: string;
  readonly exponent: number;
  readonly total_minor: bigint;
  readonly confirmed_by: string;
  readonly status: 'processed' | 'void';
  readonly serial: bigint;
}

/** Finds a processed invoice by number or id. Throws UNKNOWN_INVOICE. */
export async function findProcessed(engine: Engine, id: string): Promise<FoundInvoice> {
  const [found] = await engine.rows<FoundInvoice>(`
    SELECT i.invoice_id, i.number, i.kind, i.customer_id, i.customer_name, i.batch_id, i.cycle_id, i.timezone,
      CAST(i.issued_on AS VARCHAR) AS issued_on, i.currency, i.exponent, CAST(i.total_minor AS HUGEINT) AS total_minor, i.confirmed_by,
      s.status, i.serial
    FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id
    WHERE i.number = ${literal(id)} OR i.invoice_id = ${literal(id)}`);
  return found ?? fail('UNKNOWN_INVOICE', `there is no processed invoice ${id}`, {
    hint: 'name its number: `duebook query "select number, customer_name from invoices"` has them; a preview is changed by its bookings'
      + ' and the configuration',
  });
}

/** How an invoice is named in a result. */
export function nameOf(found: FoundInvoice): InvoiceName {
  const { invoice_id, number, kind, customer_id, customer_name, batch_id, issued_on, currency } = found;
  return {
    invoice_id, number, kind, customer_id, customer_name, batch_id, issued_on, currency,
    total: formatScaled(found.total_minor, found.exponent),
  };
}

/** "invoice INV-1" or "credit note CN-1". */
export function wordsOf({ kind, number }: Pick<FoundInvoice, 'kind' | 'number'>): string {
  return `${kind === 'credit_note' ? 'credit note' : 'invoice'} ${number}`;
}

/** A reason that somebody can read in ten years. Throws USAGE where there is none. */
export function reasonOf(reason: string | undefined, command: string): string {
  const words = reason?.trim() ?? '';
  if (words !== '') return words;
  return fail('USAGE', `${command} needs a reason`, {
    hint: `say why, it is kept: duebook ${command} INV-2026-000001 --reason "Wrong address"`,
  });
}

const STANDING = "SELECT invoice_id FROM ledger.invoice_status WHERE status = 'processed'";

/**
 * The later standing document that rests on an invoice, and how, in words; null where there is none. Without the invoice it would take
 * back, apply or bill again what nobody had billed.
 */
export async function restsOn(engine: Engine, found: FoundInvoice): Promise<{ number: string; how: string } | null> {
  const own = literal(found.invoice_id);
  const rows = await engine.rows<{ number: string; how: string }>(`
    WITH own AS (SELECT * FROM ledger.invoice_lines WHERE invoice_id = ${own}),
    others AS (
      SELECT l.* FROM ledger.invoice_lines AS l
      WHERE l.invoice_id <> ${own} AND l.serial >= ${found.serial} AND l.invoice_id IN (${STANDING})
    ), found AS (
      SELECT invoice_id, 1 AS rank, 'corrects it' AS how FROM others WHERE corrects_invoice_id = ${own}
      UNION ALL
      SELECT o.invoice_id, 2, 'uses the credit that it carried over'
      FROM own AS l JOIN others AS o ON o.kind = 'carry_over'
        AND o.charge_id = ${own} || ':credit:' || l.tax_id || ':' || CAST(l.tax_rate_micro AS VARCHAR)
      WHERE l.kind = 'carry_over'
      UNION ALL
      SELECT o.invoice_id, 2, 'uses the deposit that it asked for'
      FROM own AS l JOIN others AS o ON o.kind IN ('deposit_applied', 'deposit_refund')
        AND ${madeOfDeposit('o.charge_id', 'l.charge_id')}
      WHERE l.kind = 'deposit'
      UNION ALL
      SELECT o.invoice_id, 3, 'bills again what it took back'
      FROM own AS l JOIN others AS o ON (o.correction IS NULL OR o.correction = 'restatement') AND (
        (o.source IS NOT DISTINCT FROM l.source AND o.booking_id = l.booking_id) OR (l.booking_id IS NULL AND o.charge_id = l.charge_id))
      WHERE l.correction IN ('reversal', 'reissue')
    )
    SELECT i.number, f.how FROM found AS f JOIN ledger.invoices AS i ON i.invoice_id = f.invoice_id
    ORDER BY i.serial DESC, i.series, i.seq DESC, f.rank LIMIT 1`);
  return rows[0] ?? null;
}

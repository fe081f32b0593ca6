/** What the draft holds, told as results: open batches, parked customers, completeness. */
import type { Engine } from '../engine/engine.js';
import { literal } from '../engine/engine.js';
import { bucketTotals } from '../models/build.js';
import { formatScaled, formatMinor } from '../values/money.js';
import { timestampLiteral } from '../values/time.js';
import type { Instant } from '../values/time.js';
import type { Context } from './context.js';
import { tell } from './context.js';
import type { Completeness, CurrencyTotal, OpenBatch, ParkedCustomer } from './results.js';

/** Which open invoices a command is about. Empty: all. */
export interface Selection {
  readonly billing_date?: string | undefined;
  readonly batch?: string | undefined;
  readonly customers?: readonly string[] | undefined;
  readonly partner?: string | undefined;
  readonly cycle?: string | undefined;
  /** Only what was open for preview by then: also the digest is then of that. */
  readonly previewed_by?: Instant | undefined;
}

/** The selection as an SQL condition over `i` (draft.invoices). */
export function selectionSql(selection: Selection): string {
  const parts = ['TRUE'];
  if (selection.billing_date !== undefined) parts.push(`i.billing_date = DATE ${literal(selection.billing_date)}`);
  if (selection.batch !== undefined) parts.push(`i.batch_id = ${literal(selection.batch)}`);
  if (selection.partner !== undefined) parts.push(`i.partner_id = ${literal(selection.partner)}`);
  if (selection.cycle !== undefined) parts.push(`i.cycle_id = ${literal(selection.cycle)}`);
  if (selection.previewed_by !== undefined) parts.push(`i.preview_at <= ${timestampLiteral(selection.previewed_by)}`);
  if (selection.customers !== undefined && selection.customers.length > 0) {
    parts.push(`i.customer_id IN (${selection.customers.map(literal).join(', ')})`);
  }
  return parts.join(' AND ');
}

interface BatchRow {
  batch_id: string; billing_date: string; batch_partner: string | null; digest: string; kept: boolean; configured_at: bigint | null;
  preview_at: bigint | null; confirm_due_at: bigint | null; auto_confirm_at: bigint | null; send_due_at: bigint | null;
}

interface SumRow { batch_id: string; currency: string; exponent: number; invoices: bigint; net: bigint; tax: bigint; total: bigint }

/** A batch of the draft without its invoices. */
export interface BatchHead extends OpenBatch {
  readonly preview_at: string;
  readonly send_due_at: string | null;
}

/** The batches with open invoices, by billing date. The digest is always of the whole batch, whatever is selected of it. */
export async function openBatches(engine: Engine, context: Context, selection: Selection = {}): Promise<BatchHead[]> {
  const where = selectionSql(selection);
  const by = selectionSql({ previewed_by: selection.previewed_by });
  const rows = await engine.rows<BatchRow>(`
    SELECT batch_id, min(CAST(billing_date AS VARCHAR)) AS billing_date, min(batch_partner) AS batch_partner,
      sha256(string_agg(invoice_id || ':' || digest, ',' ORDER BY invoice_key)) AS digest,
      epoch_ms(min(preview_at)) AS preview_at, epoch_ms(min(confirm_due_at)) AS confirm_due_at,
      epoch_ms(min(auto_confirm_at)) AS auto_confirm_at, epoch_ms(min(send_due_at)) AS send_due_at,
      bool_or(i.deadline_kept) AS kept, epoch_ms(min(p.configured_at) FILTER (i.deadline_kept)) AS configured_at
    FROM draft.invoices AS i
    JOIN (SELECT period_key, coalesce(auto_confirm_at, confirm_due_at) AS configured_at FROM input.periods) AS p
      ON p.period_key = i.period_key
    WHERE batch_id IN (SELECT i.batch_id FROM draft.invoices AS i WHERE ${where}) AND ${by}
    GROUP BY batch_id ORDER BY min(billing_at), batch_id`);
  const totals = await batchTotals(engine, where);
  const at = (instant: bigint | null): string | null => (instant === null ? null : tell(context.config, Number(instant)));
  return rows.map((row) => ({
    batch_id: row.batch_id, billing_date: row.billing_date, partner_id: row.batch_partner, digest: row.digest,
    preview_at: at(row.preview_at) ?? '', confirm_due_at: at(row.auto_confirm_at ?? row.confirm_due_at),
    auto_confirm: row.auto_confirm_at !== null, deadline_kept: row.kept, configured_due_at: at(row.configured_at),
    send_due_at: at(row.send_due_at), totals: totals.get(row.batch_id) ?? [],
  }));
}

async function batchTotals(engine: Engine, where: string): Promise<Map<string, CurrencyTotal[]>> {
  const rows = await engine.rows<SumRow>(`
    SELECT batch_id, currency, exponent, count(*) AS invoices, CAST(sum(net_minor) AS HUGEINT) AS net,
      CAST(sum(tax_minor) AS HUGEINT) AS tax, CAST(sum(total_minor) AS HUGEINT) AS total
    FROM draft.invoices AS i WHERE ${where} GROUP BY batch_id, currency, exponent ORDER BY batch_id, currency`);
  const totals = new Map<string, CurrencyTotal[]>();
  for (const row of rows) totals.set(row.batch_id, [...(totals.get(row.batch_id) ?? []), currencyTotal(row)]);
  return totals;
}

/** Sums of one currency as decimal strings. */
export function currencyTotal(row: Omit<SumRow, 'batch_id'>): CurrencyTotal {
  const money = (minor: bigint): string => formatScaled(minor, row.exponent);
  return { currency: row.currency, invoices: Number(row.invoices), net: money(row.net), tax: money(row.tax), total: money(row.total) };
}

/** SQL over `l` (draft.limits) joined to `i`: why an invoice is parked, in plain words; NULL when it is not. */
export const PARKED_REASON = `CASE
  WHEN NOT l.parked THEN NULL
  WHEN l.held THEN 'held: ' || l.hold_reason
  WHEN l.too_large THEN 'the total is too large to be true'
  WHEN l.no_tax THEN 'no tax is known for one of its lines'
  WHEN l.problem IS NOT NULL THEN l.problem
  WHEN l.over_total AND l.stops THEN 'the total is above limits.max_invoice_total'
  WHEN l.over_lines AND l.stops THEN 'it has more lines than limits.max_lines'
  WHEN l.over_change AND l.stops THEN 'it differs from the invoice before by more than limits.max_change_percent'
  WHEN l.too_old AND l.stops THEN 'it fell due longer ago than limits.max_catch_up_days'
  ELSE 'another invoice of this customer is parked' END`;

/** Customers whose open invoices wait for somebody to look at them. */
export async function parkedCustomers(engine: Engine, selection: Selection = {}): Promise<ParkedCustomer[]> {
  const rows = await engine.rows<Omit<ParkedCustomer, 'total'> & { exponent: number; total_minor: bigint }>(`
    SELECT i.customer_id, i.customer_name, i.batch_id, i.invoice_id, i.currency, i.exponent,
      CAST(i.total_minor AS HUGEINT) AS total_minor, ${PARKED_REASON} AS reason
    FROM draft.invoices AS i JOIN draft.limits AS l ON l.invoice_key = i.invoice_key
    WHERE l.parked AND ${selectionSql(selection)} ORDER BY i.invoice_key`);
  return rows.map(({ exponent, total_minor, ...row }) => ({
    customer_id: row.customer_id, customer_name: row.customer_name, batch_id: row.batch_id, invoice_id: row.invoice_id,
    currency: row.currency, total: formatScaled(total_minor, exponent), reason: row.reason,
  }));
}

/** Every booking once; the rows of intake's rejects are counted with those the models rejected. */
export async function completeness(engine: Engine): Promise<Completeness> {
  const totals = await bucketTotals(engine);
  const { rejected: unreadable } = await engine.row<{ rejected: bigint }>(
    'SELECT count(DISTINCT (file, record)) AS rejected FROM input.rejects');
  const count = (bucket: string): number => totals.filter((t) => t.bucket === bucket).reduce((sum, t) => sum + Number(t.bookings), 0);
  const buckets = {
    billed: count('billed'), already_billed: count('already_billed'), waiting: count('waiting'), held: count('held'),
    cancelled: count('cancelled'), ignored: count('ignored'), rejected: count('rejected') + Number(unreadable),
  };
  const detail: Completeness['detail'][number][] = totals.map((t) => ({
    bucket: t.bucket, reason: t.reason, currency: t.currency, bookings: Number(t.bookings),
    amount: t.amount_minor === null ? null : formatMinor(t.amount_minor, t.currency),
  }));
  if (unreadable > 0n) {
    detail.push({ bucket: 'rejected', reason: 'unreadable', currency: null, bookings: Number(unreadable), amount: null });
  }
  return { bookings_read: Object.values(buckets).reduce((a, b) => a + b, 0), ...buckets, detail };
}

/** `duebook preview`: the draft invoices of the open batches, also ahead of their time. Writes nothing to the
 * ledger. */
import type { InvoiceRecord } from '../documents/types.js';
import { literal } from '../engine/engine.js';
import { isLocalDate } from '../values/time.js';
import { fail } from '../values/diagnostic.js';
import { didYouMean } from '../config/suggest.js';
import { completeness, openBatches, PARKED_REASON, selectionSql } from './batches.js';
import type { Selection } from './batches.js';
import { changesSince, LISTED } from './changes.js';
import { conservation } from './conservation.js';
import { headResult, ledgerOf, tell } from './context.js';
import type { Context } from './context.js';
import { openDraft } from './draft.js';
import type { Draft } from './draft.js';
import { withHeadStart } from './head-start.js';
import { writePreviewFiles } from './outputs.js';
import { draftRecords } from './records.js';
import { SCHEMA_VERSION } from './results.js';
import type { PreviewBatch, PreviewInvoice, PreviewResult } from './results.js';
import { keepVersion } from './versions.js';
import type { CommonOptions, World } from './world.js';

export interface PreviewOptions extends CommonOptions {
  /** Also the batches of this date, ahead of their time, and no others. */
  readonly billing_date?: string;
  readonly customers: readonly string[];
  readonly partner?: string;
  readonly cycle?: string;
  /** Tells what changed since the kept version with this digest, whole or its first 12 digits or more. */
  readonly changes_since?: string;
  /** Where the files go, relative to the project; default is the configuration's `output`. */
  readonly out?: string;
  /** How many invoices of each batch the result lists, the first ones, of those that have a page; default all. The files have all. */
  readonly listed?: number;
}

/** Above this many lines the result lists no lines; the files have them. */
export const RESULT_LINES = 1_000_000;

/** Builds the draft, writes the files people open, keeps this version of each batch, and tells what is in it. */
export function preview(world: World, options: PreviewOptions): Promise<PreviewResult> {
  return withHeadStart(world, options, (context) => previewIn(context, options));
}

async function previewIn(context: Context, options: PreviewOptions): Promise<PreviewResult> {
  const selection = checkSelection(context, options);
  const ledger = await ledgerOf(context);
  const draft = await openDraft(context, ledger, { billing_date: options.billing_date ?? null });
  try {
    const { engine } = draft;
    const heads = await openBatches(engine, context, selection);
    const out = options.out ?? context.config.output;
    const changes = options.changes_since === undefined ? null : await changesSince(context, engine, heads, {
      digest: options.changes_since, out, selection, listed: options.listed === undefined ? null : LISTED,
    });
    const [{ files, shown }] = await engine.beside(
      () => writePreviewFiles(context, draft, heads, selection, out, changes),
      async (other) => { for (const head of heads) await keepVersion(context, other, head, out); });
    const invoices = await previewInvoices(context, draft, selection, options.listed ?? null, shown);
    return {
      schema_version: SCHEMA_VERSION,
      as_of: tell(context.config, context.as_of),
      head: headResult(ledger),
      batches: heads.map((head): PreviewBatch => ({
        batch_id: head.batch_id, billing_date: head.billing_date, partner_id: head.partner_id, digest: head.digest,
        preview_at: head.preview_at, confirm_due_at: head.confirm_due_at, auto_confirm: head.auto_confirm,
        deadline_kept: head.deadline_kept, configured_due_at: head.configured_due_at, send_due_at: head.send_due_at,
        invoices: invoices.get(head.batch_id) ?? [], totals: head.totals,
      })),
      changes,
      completeness: await completeness(engine),
      conservation: await conservation(engine, { open: selectionSql(selection), processed: null }),
      files,
      diagnostics: [...context.warnings, ...draft.diagnostics],
    };
  } finally {
    await draft.engine.close();
  }
}

function checkSelection(context: Context, options: PreviewOptions): Selection {
  const { config } = context;
  if (options.billing_date !== undefined && !isLocalDate(options.billing_date)) {
    return fail('USAGE', `--billing-date ${options.billing_date} is not a date`, { hint: 'write it as 2026-05-01' });
  }
  checkCustomers(context, options.customers);
  if (options.partner !== undefined && !config.partners.some((partner) => partner.partner_id === options.partner)) {
    const hint = didYouMean(options.partner, config.partners.map(({ partner_id }) => partner_id));
    return fail('USAGE', `there is no partner ${options.partner}`, { hint: hint ?? 'the configuration has no partners' });
  }
  if (options.cycle !== undefined && !config.cycles.some(({ cycle_id }) => cycle_id === options.cycle)) {
    const hint = didYouMean(options.cycle, config.cycles.map(({ cycle_id }) => cycle_id));
    return fail('USAGE', `there is no cycle ${options.cycle}`, hint === null ? {} : { hint });
  }
  return { billing_date: options.billing_date, customers: options.customers, partner: options.partner, cycle: options.cycle };
}

/** Throws UNKNOWN_CUSTOMER for names the configuration does not know. */
export function checkCustomers(context: Context, customers: readonly string[]): void {
  const known = new Set(context.config.customers.map((customer) => customer.customer_id));
  for (const customer of customers) {
    if (known.has(customer)) continue;
    fail('UNKNOWN_CUSTOMER', `there is no customer ${customer}`, { hint: 'use the key under `customers` in the configuration' });
  }
}

/** The first so many of each batch. */
function firstOf(records: readonly InvoiceRecord[], listed: number): InvoiceRecord[] {
  const seen = new Map<string, number>();
  return records.filter(({ batch_id }) => {
    const before = seen.get(batch_id) ?? 0;
    seen.set(batch_id, before + 1);
    return before < listed;
  });
}

/** The invoices that the result lists, by batch; those with a page, `shown`, are not read again where they are enough. */
async function previewInvoices(
  context: Context, draft: Draft, selection: Selection, listed: number | null, shown: readonly InvoiceRecord[],
): Promise<Map<string, PreviewInvoice[]>> {
  const { engine } = draft;
  const where = selectionSql(selection);
  const { lines } = await engine.row<{ lines: bigint }>(
    `SELECT CAST(coalesce(sum(i.lines), 0) AS BIGINT) AS lines FROM draft.invoices AS i WHERE ${where}`);
  if (listed === null && lines > BigInt(RESULT_LINES)) {
    context.world.log.info(`${lines} lines are too many to list here; they are in the files`);
    return new Map();
  }
  const records = listed === null ? await draftRecords(engine, context.config, where) : firstOf(shown, listed);
  const those = listed === null ? where : `i.invoice_id IN (${records.map(({ invoice_id }) => literal(invoice_id)).join(', ') || 'NULL'})`;
  const extra = await engine.rows<{ invoice_id: string; digest: string; parked: string | null }>(`
    SELECT i.invoice_id, i.digest, ${PARKED_REASON} AS parked
    FROM draft.invoices AS i JOIN draft.limits AS l ON l.invoice_key = i.invoice_key WHERE ${those}`);
  const extras = new Map(extra.map((row) => [row.invoice_id, row]));
  const batches = new Map<string, PreviewInvoice[]>();
  for (const record of records) {
    const { digest, parked } = extras.get(record.invoice_id)!;
    const invoice: PreviewInvoice = {
      invoice_id: record.invoice_id, number: null, status: 'preview', kind: record.kind, customer_id: record.buyer.customer_id,
      customer_name: record.buyer.name, cycle_id: record.cycle_id, period_start: record.period_start, period_end: record.period_end,
      issued_on: record.issued_on, due_on: record.due_on, currency: record.currency, net: record.net, tax: record.tax, total: record.total,
      digest, parked,
      corrects: record.corrects, taxes: record.taxes.map(({ tax_id, rate, net, tax }) => ({ tax_id, rate, net, tax })), lines: record.lines,
    };
    const batch = batches.get(record.batch_id);
    if (batch === undefined) batches.set(record.batch_id, [invoice]);
    else batch.push(invoice);
  }
  return batches;
}

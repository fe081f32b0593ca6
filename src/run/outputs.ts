/**
 * Files that people open, under the configuration's `output`: a folder a batch with a page, a summary, tables and one page an
 * invoice. They are made from the draft or the ledger and can be made again; nothing reads them but people and the next preview.
 */
import { join } from 'node:path';
import { batchInvoice } from '../documents/batch.js';
import type { BatchPage } from '../documents/batch.js';
import { batchMarkdown } from '../documents/batch-markdown.js';
import { changesMarkdown } from '../documents/changes.js';
import type { BatchChanges } from '../documents/changes.js';
import { renderBatchPage, renderInvoicePage } from '../documents/templates.js';
import type { InvoiceRecord } from '../documents/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { invoiceStatusSql } from '../ledger/lifecycle.js';
import { exponentSql } from '../ledger/verify-exchange.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { canonicalJson } from '../values/digest.js';
import { exponentOf } from '../values/money.js';
import { noCrashPoints } from '../world/crash-points.js';
import { foldersIn, freshFolder, makeFolder, readIfThere, removeFolder, writeWhole } from '../world/output-files.js';
import { parkedCustomers, selectionSql } from './batches.js';
import type { BatchHead, Selection } from './batches.js';
import { brandsOf } from './brands.js';
import { openParts, processedParts } from './conservation.js';
import type { Context } from './context.js';
import { tell } from './context.js';
import type { Draft } from './draft.js';
import { draftRecords, ledgerRecords } from './records.js';
import type { CurrencyTotal, ParkedCustomer } from './results.js';
import { safeText } from './spreadsheet.js';

/** A batch of up to so many invoices gets a page for each; of a larger one the first hundred, and `show NUMBER --html` makes any other. */
const PAGES_ALL = 1_000;
const PAGES_SAMPLE = 100;
/** Folder of a batch's kept versions in the folder of its preview; see versions.ts. */
export const VERSIONS = 'versions';
/** Rows of a sheet in common spreadsheets; a longer table of lines is left out here, `export` and `history.duckdb` have it. */
const SHEET_ROWS = 1_048_575;

/** Minor units as a decimal text with the currency's places. */
const money = (minor: string, exponent: string): string => {
  const unit = `CASE ${exponent} WHEN 3 THEN 1000 ELSE 100 END`;
  return `CASE WHEN ${exponent} = 0 THEN CAST(${minor} AS VARCHAR) ELSE CASE WHEN ${minor} < 0 THEN '-' ELSE '' END
    || CAST(abs(${minor}) // ${unit} AS VARCHAR) || '.'
    || lpad(CAST(abs(${minor}) % ${unit} AS VARCHAR), CAST(${exponent} AS INTEGER), '0') END`;
};
const micro = (column: string): string => `rtrim(rtrim(CAST(CAST(${column} AS DECIMAL(38, 0)) * 0.000001 AS VARCHAR), '0'), '.')`;

/** How many of a batch's invoices get a page. */
export function pages(totals: readonly CurrencyTotal[]): number {
  const invoices = totals.reduce((sum, total) => sum + total.invoices, 0);
  return invoices <= PAGES_ALL ? PAGES_ALL : PAGES_SAMPLE;
}

/** The files, sorted, and the invoices that have a page: of each batch the first ones, in its order. */
export interface PreviewFiles {
  readonly files: readonly string[];
  readonly shown: readonly InvoiceRecord[];
}

/**
 * Writes the folders of the open batches and removes those of batches that are no longer open. Kept versions of a batch stay until
 * it is processed. `changes` go into the summary of their batch.
 */
export async function writePreviewFiles(
  context: Context, draft: Draft, heads: readonly BatchHead[], selection: Selection, out: string, changes: BatchChanges | null = null,
): Promise<PreviewFiles> {
  const { config } = context;
  if (selectionSql(selection) === selectionSql({})) await removeClosed(context, heads, out);
  const files: string[] = [];
  const shown: InvoiceRecord[] = [];
  for (const head of heads) {
    const folder = `${out}/preview/${head.batch_id}`;
    await freshFolder(join(config.root, folder), [VERSIONS], context.world.crash);
    const changed = changes?.batch_id === head.batch_id ? changesMarkdown(changes) : [];
    const [paged, tables] = await draft.engine.beside(
      () => writePreviewPages(context, draft, head, { ...selection, batch: head.batch_id }, folder, changed),
      async (engine) => [
        ...await writeTables(context, engine, folder, 'draft', selectionSql({ ...selection, batch: head.batch_id })),
        await writeDigests(engine, config.root, folder, head),
      ]);
    files.push(...paged.files, ...tables);
    shown.push(...paged.shown);
  }
  return { files: files.sort(), shown };
}

/** The pages of one batch; `selection` is of that batch alone. */
async function writePreviewPages(
  context: Context, draft: Draft, head: BatchHead, selection: Selection, folder: string, changed: readonly string[],
): Promise<PreviewFiles> {
  const where = selectionSql(selection);
  const records = await draftRecords(draft.engine, context.config, `${where} AND i.invoice_key IN
    (SELECT i.invoice_key FROM draft.invoices AS i WHERE ${where} ORDER BY i.invoice_key LIMIT ${pages(head.totals)})`);
  const parked = await parkedCustomers(draft.engine, selection);
  const consists = await openParts(draft.engine, where);
  const page = batchPage(context, head, head.digest, records, consists, parked, draft.diagnostics);
  return { files: await writePages(context, folder, records, page, changed), shown: records };
}

/** A batch that is still to come may have been looked at ahead of time: its versions stay. */
async function removeClosed(context: Context, heads: readonly BatchHead[], out: string): Promise<void> {
  const base = join(context.config.root, out, 'preview');
  const open = new Set(heads.map((head) => head.batch_id));
  const today = tell(context.config, context.as_of).slice(0, 10);
  for (const name of await foldersIn(base)) {
    if (open.has(name)) continue;
    const folder = join(base, name);
    const looked = name.slice(0, 10) > today && (await foldersIn(folder)).includes(VERSIONS);
    await (looked ? freshFolder(folder, [VERSIONS], context.world.crash) : removeFolder(folder));
  }
}

/** A batch as the ledger has it: all its processed invoices, however many steps it took. */
export interface ProcessedBatch {
  readonly batch_id: string;
  /** SQL over `i` (ledger.invoices): its invoices, and between which commits they are found. */
  readonly where: string;
  readonly billing_date: string;
  readonly confirmed_at: string;
  readonly totals: readonly CurrencyTotal[];
  /** The newest commit with invoices of it; see {@link BatchPage}. */
  readonly anchor: string;
}

/** Writes the folder of a processed batch, from the ledger alone: whoever writes it, and when, gets the same files. */
export async function writeProcessedFiles(context: Context, engine: Engine, batch: ProcessedBatch): Promise<string[]> {
  const { config } = context;
  const { batch_id, where, billing_date, confirmed_at, totals } = batch;
  const records = await ledgerRecords(engine, `${where} AND i.invoice_id IN
    (SELECT i.invoice_id FROM ledger.invoices AS i WHERE ${where} ORDER BY i.serial, i.series, i.seq LIMIT ${pages(totals)})`);
  const folder = `${config.output}/invoices/${batch_id}`;
  await makeFolder(join(config.root, folder));
  const partner = batch_id.slice(billing_date.length + 1);
  const head = {
    batch_id, billing_date, partner_id: partner === '' ? null : partner, digest: '', preview_at: confirmed_at,
    confirm_due_at: confirmed_at, auto_confirm: true, deadline_kept: false, configured_due_at: null, send_due_at: null, totals,
  };
  // As the totals: what was cancelled is in the list of invoices, and in no sum.
  const consists = await processedParts(engine, `${where} AND i.invoice_id NOT IN (SELECT v.invoice_id FROM ledger.voidings AS v)`);
  const page = { ...batchPage(context, head, null, records, consists, [], []), as_of: confirmed_at, anchor: batch.anchor };
  const files = await writePages(context, folder, records, page);
  files.push(...await writeTables(context, engine, folder, 'ledger', where));
  return files.sort();
}

function batchPage(
  context: Context, head: BatchHead, digest: string | null, records: readonly InvoiceRecord[],
  consists: BatchPage['consists'], parked: readonly ParkedCustomer[], warnings: readonly Diagnostic[],
): BatchPage {
  const { config } = context;
  const partner = config.partners.find((each) => each.partner_id === head.partner_id);
  return {
    batch_id: head.batch_id, billing_date: head.billing_date, partner_name: partner?.name ?? null, locale: config.locale,
    as_of: tell(config, context.as_of), preview_at: digest === null ? null : head.preview_at,
    confirm_due_at: head.auto_confirm ? head.confirm_due_at : null, send_due_at: head.send_due_at, digest, anchor: null,
    totals: head.totals.map((t: CurrencyTotal) => ({ ...t, exponent: exponentOf(t.currency) })),
    consists, invoices: records.map((record) => batchInvoice(record, pageName(record))),
    parked: parked.map((p) => ({ customer_id: p.customer_id, name: p.customer_name, reason: p.reason })),
    warnings,
  };
}

/** Name of an invoice's page: its number, or what will tell it apart before it has one. */
function pageName(record: InvoiceRecord): string {
  const name = record.number ?? `${record.buyer.customer_id}-${record.invoice_id}`;
  return `${name.replace(/[^\w.-]/g, '_')}.html`;
}

async function writePages(
  context: Context, folder: string, records: readonly InvoiceRecord[], page: BatchPage, more: readonly string[] = [],
): Promise<string[]> {
  const { config: { root }, world: { crash } } = context;
  const brands = brandsOf(context, { mail: false });
  const files = [`${folder}/index.html`, `${folder}/summary.md`];
  await writeWhole(join(root, files[0]!), renderBatchPage((await brands(null)).templates, page), crash);
  await writeWhole(join(root, files[1]!), [batchMarkdown(page), ...more].join('\n'), crash);
  const progress = context.world.log.progress('writing pages', records.length);
  for (const record of records) {
    const brand = await brands(record.partner_id);
    const file = `${folder}/${pageName(record)}`;
    await writeWhole(join(root, file), renderInvoicePage(brand.templates, record, { logo: brand.logo }), crash);
    files.push(file);
    progress.tick(files.length - 2);
  }
  progress.end();
  return files;
}

async function writeTables(
  context: Context, engine: Engine, folder: string, schema: 'draft' | 'ledger', where: string,
): Promise<string[]> {
  const { config: { root }, world: { crash = noCrashPoints } } = context;
  const number = schema === 'draft' ? 'NULL' : 'i.number';
  const order = schema === 'draft' ? 'i.invoice_key' : 'i.serial, i.series, i.seq';
  const status = schema === 'draft' ? "'preview'" : invoiceStatusSql('i.invoice_id');
  const together = schema === 'draft' ? '' : 'AND l.serial = i.serial';
  const invoices = `SELECT i.invoice_id, ${number} AS number, i.kind, ${status} AS status,
    ${safeText('i.customer_id')} AS customer_id, ${safeText('i.customer_name')} AS customer_name,
    i.partner_id, i.batch_id, i.cycle_id, CAST(i.billing_date AS VARCHAR) AS billing_date, CAST(i.issued_on AS VARCHAR) AS issued_on,
    CAST(i.due_on AS VARCHAR) AS due_on, i.currency, i.lines, ${money('i.net_minor', 'i.exponent')} AS net,
    ${money('i.tax_minor', 'i.exponent')} AS tax, ${money('i.total_minor', 'i.exponent')} AS total,
    i.tax_currency, ${money('i.tax_currency_minor', 'i.tax_currency_exponent')} AS tax_currency_amount, i.tax_exchange_rate,
    CAST(i.tax_exchange_on AS VARCHAR) AS tax_exchange_on, ${safeText('i.tax_exchange_source')} AS tax_exchange_source
    FROM (SELECT *, ${exponentSql('tax_currency')} AS tax_currency_exponent FROM ${schema}.invoices) AS i
    WHERE ${where} ORDER BY ${order}`;
  const lines = `SELECT i.invoice_id, ${number} AS number, ${safeText('i.customer_id')} AS customer_id, l.line_no, l.kind,
    ${safeText('l.booking_id')} AS booking_id, ${safeText('l.product')} AS product, ${safeText('l.description')} AS description,
    ${micro('l.quantity_micro')} AS quantity, ${safeText('l.unit')} AS unit, ${micro('l.unit_price_micro')} AS unit_price,
    ${money('l.amount_minor', 'i.exponent')} AS amount, i.currency, l.tax_id,
    strftime(l.service_start, '%Y-%m-%dT%H:%M:%SZ') AS service_start, strftime(l.service_end, '%Y-%m-%dT%H:%M:%SZ') AS service_end, l.late,
    l.original_currency, ${money('l.original_minor', 'l.original_exponent')} AS original_amount, l.exchange_rate,
    CAST(l.exchange_on AS VARCHAR) AS exchange_on, ${safeText('l.exchange_source')} AS exchange_source
    FROM (SELECT *, ${exponentSql('original_currency')} AS original_exponent FROM ${schema}.invoice_lines) AS l
    JOIN ${schema}.invoices AS i ON i.invoice_id = l.invoice_id ${together}
    WHERE ${where} ORDER BY ${order}, l.line_no`;
  const { rows } = await engine.row<{ rows: bigint }>(
    `SELECT CAST(coalesce(sum(i.lines), 0) AS BIGINT) AS rows FROM ${schema}.invoices AS i WHERE ${where}`);
  const files = [`${folder}/invoices.csv`];
  await engine.run(`COPY (${invoices}) TO ${literal(join(root, files[0]!))} (FORMAT csv, HEADER true)`);
  crash.reached('files: table written', files[0]);
  if (rows <= BigInt(SHEET_ROWS)) {
    files.push(`${folder}/lines.csv`);
    await engine.run(`COPY (${lines}) TO ${literal(join(root, files[1]!))} (FORMAT csv, HEADER true)`);
  }
  return files;
}

/** The digest of every invoice, so that a later confirmation with this digest can say what moved. */
async function writeDigests(engine: Engine, root: string, folder: string, head: BatchHead): Promise<string> {
  // As canonicalJson would write it: a batch may have hundreds of thousands.
  const { invoices } = await engine.row<{ invoices: string }>(`
    SELECT coalesce(string_agg(to_json({
      'currency': i.currency, 'customer_id': i.customer_id, 'digest': i.digest, 'invoice_id': i.invoice_id,
      'total': ${money('i.total_minor', 'i.exponent')}
    }), ',' ORDER BY i.invoice_key), '') AS invoices
    FROM draft.invoices AS i WHERE i.batch_id = ${literal(head.batch_id)}`);
  const file = `${folder}/digest.json`;
  const { batch_id, digest } = head;
  await writeWhole(join(root, file), `${canonicalJson({ batch_id, digest }).slice(0, -1)},"invoices":[${invoices}]}\n`);
  return file;
}

interface StoredInvoice { invoice_id: string; customer_id: string; currency: string; digest: string; total: string }

/** What a stored preview says of its invoices, or null if that version of the batch is not on disk. */
export async function readDigests(
  root: string, out: string, batch: string, digest: string,
): Promise<readonly StoredInvoice[] | null> {
  const bytes = await readIfThere(join(root, out, 'preview', batch, 'digest.json'));
  if (bytes === null) return null;
  const stored = JSON.parse(bytes.toString('utf8')) as { digest: string; invoices: StoredInvoice[] };
  return digest.length >= 12 && stored.digest.startsWith(digest.toLowerCase()) ? stored.invoices : null;
}

/**
 * Versions of a batch that were previewed, kept beside its preview so that a later look can say what changed: invoices, taxes, lines,
 * and the bookings that stood on none, as sorted Parquet. Only the `preview` command keeps them; `run` and `confirm` leave them alone.
 */
import { join } from 'node:path';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { canonicalJson } from '../values/digest.js';
import { foldersIn, makeFolder, readIfThere, removeFolder, writeWhole } from '../world/output-files.js';
import type { BatchHead } from './batches.js';
import type { Context } from './context.js';
import { tell } from './context.js';
import { VERSIONS } from './outputs.js';

/** Which files and columns a version has. Versions of another layout, by an earlier or later duebook, are no longer known. */
const LAYOUT = 2;
/** So many versions of a batch are kept. */
const KEPT = 10;
/** The lines of a larger batch, and more bookings outside of it, are not kept: ten versions of them would fill a disk. */
const KEPT_ROWS = 1_000_000;
/** Digits of a digest that name a folder, and the fewest that may be given. */
const FOLDER_DIGITS = 16;
export const LEAST_DIGITS = 12;

/** A version as its index tells it. */
export interface Version {
  /** Counts up with every new version; the newest look has the highest. */
  readonly number: number;
  readonly digest: string;
  /** When it was last looked at. */
  readonly as_of: string;
  readonly lines: boolean;
  /** Whether the bookings on no invoice of the batch are kept too. */
  readonly others: boolean;
  /** Sources with rows that could not be read. */
  readonly unreadable: readonly string[];
  readonly issuer: Readonly<Record<string, unknown>>;
}

/** A version with the folder it is in. */
export interface Stored extends Version {
  readonly folder: string;
}

/** Folder of a batch's versions, absolute. */
export function versionsFolder(context: Context, out: string, batch: string): string {
  return join(context.config.root, out, 'preview', batch, VERSIONS);
}

/** The kept versions of a batch, oldest first; none where the index is missing, of another layout or not to be read. */
export async function storedVersions(folder: string): Promise<Stored[]> {
  const bytes = await readIfThere(join(folder, 'index.json'));
  if (bytes === null) return [];
  try {
    const { layout, versions } = JSON.parse(bytes.toString('utf8')) as { layout?: number; versions: Version[] };
    if (layout !== LAYOUT) return [];
    const there = new Set(await foldersIn(folder));
    return versions.filter(({ digest }) => there.has(digest.slice(0, FOLDER_DIGITS)))
      .map((version) => ({ ...version, folder: join(folder, version.digest.slice(0, FOLDER_DIGITS)) }))
      .sort((a, b) => a.number - b.number);
  } catch {
    return [];
  }
}

/** Whether `given`, in full or its first digits, names a digest. Twelve hex digits tell 2^48 versions apart. */
export function isDigestOf(given: string, digest: string): boolean {
  return given.length >= LEAST_DIGITS && digest.startsWith(given.toLowerCase());
}

/** Keeps the batch as it is now. Looked at again, a version becomes the newest; the eleventh oldest is removed. */
export async function keepVersion(context: Context, engine: Engine, head: BatchHead, out: string): Promise<void> {
  const folder = versionsFolder(context, out, head.batch_id);
  const before = await storedVersions(folder);
  const same = before.find(({ digest }) => digest === head.digest);
  const latest = before.at(-1);
  const number = latest === undefined ? 1 : latest === same ? latest.number : latest.number + 1;
  const now = await writeVersion(context, engine, head, join(folder, head.digest.slice(0, FOLDER_DIGITS)), number);
  const kept = [...before.filter((each) => each !== same), now].slice(-KEPT);
  const named = new Set(kept.map(({ digest }) => digest.slice(0, FOLDER_DIGITS)));
  const versions = kept.map(({ folder: _folder, ...version }) => version);
  await writeWhole(join(folder, 'index.json'), `${canonicalJson({ layout: LAYOUT, versions })}\n`);
  for (const name of await foldersIn(folder)) if (!named.has(name)) await removeFolder(join(folder, name));
}

/** Writes the draft of a batch as a version into a folder; a batch without invoices gives an empty one. */
export async function writeVersion(
  context: Context, engine: Engine, head: Pick<BatchHead, 'batch_id' | 'digest'>, folder: string, number = 0,
): Promise<Stored> {
  const { config } = context;
  await makeFolder(folder);
  const batch = literal(head.batch_id);
  await copy(engine, invoicesSql(batch), join(folder, 'invoices.parquet'));
  await copy(engine, taxesSql(batch), join(folder, 'taxes.parquet'));
  const { lines, others } = await engine.row<{ lines: bigint; others: bigint }>(`
    SELECT (SELECT CAST(coalesce(sum(lines), 0) AS BIGINT) FROM draft.invoices WHERE batch_id = ${batch}) AS lines,
      (SELECT CAST(coalesce(sum(bookings), 0) AS BIGINT) FROM draft.completeness WHERE bucket <> 'already_billed') AS others`);
  const unreadable = await engine.rows<{ source: string }>('SELECT DISTINCT source FROM input.rejects ORDER BY source');
  if (lines <= KEPT_ROWS) await copy(engine, linesSql(batch), join(folder, 'lines.parquet'));
  if (others <= KEPT_ROWS) await copy(engine, othersSql(batch), join(folder, 'others.parquet'));
  return {
    number, digest: head.digest, as_of: tell(config, context.as_of), lines: lines <= KEPT_ROWS, others: others <= KEPT_ROWS,
    unreadable: unreadable.map(({ source }) => source), issuer: { ...config.issuer }, folder,
  };
}

async function copy(engine: Engine, sql: string, file: string): Promise<void> {
  await engine.run(`COPY (${sql}) TO ${literal(file)} (FORMAT parquet, COMPRESSION zstd)`);
}

/** `buyer` is what an invoice shows of both parties, as it goes into its digest. */
const invoicesSql = (batch: string): string => `
  SELECT i.invoice_id, i.digest, i.kind, i.customer_id, i.customer_name, i.partner_id, i.cycle_id, i.period_start, i.period_end, i.timezone,
    i.currency, i.exponent, CAST(i.net_minor AS BIGINT) AS net_minor, CAST(i.tax_minor AS BIGINT) AS tax_minor,
    CAST(i.total_minor AS BIGINT) AS total_minor, i.purchase_order, i.note, CAST(i.issued_on AS VARCHAR) AS issued_on,
    CAST(i.due_on AS VARCHAR) AS due_on, i.locale, c.shown AS buyer, c.net_days, c.end_of_month,
    CAST(i.early_percent_micro AS VARCHAR) AS early_percent_micro, i.early_days,
    i.tax_currency, CAST(i.tax_currency_minor AS VARCHAR) AS tax_currency_minor, i.tax_exchange_rate,
    CAST(i.tax_exchange_on AS VARCHAR) AS tax_exchange_on, i.tax_exchange_source
  FROM draft.invoices AS i
  JOIN input.customers AS c ON c.customer_key = i.customer_key
  WHERE i.batch_id = ${batch} ORDER BY i.invoice_key`;

const taxesSql = (batch: string): string => `
  SELECT t.invoice_id, t.tax_id, t.name, t.category, t.rate_micro, t.note
  FROM draft.invoice_taxes AS t JOIN draft.invoices AS i ON i.invoice_id = t.invoice_id
  WHERE i.batch_id = ${batch} ORDER BY i.invoice_key, t.tax_id, t.rate_micro`;

/** A booking is the same line by its source and id; what is no booking by its words, and by their turn where they are there twice. */
const linesSql = (batch: string): string => `
  SELECT l.invoice_id, l.line_no,
    CASE WHEN l.booking_id IS NOT NULL THEN 'booking' || chr(31) || l.source || chr(31) || l.booking_id
      ELSE concat_ws(chr(31), l.kind, l.description,
        row_number() OVER (PARTITION BY l.invoice_id, l.booking_id, l.kind, l.description ORDER BY l.line_no)) END AS line_key,
    l.kind, l.source, l.booking_id, l.product, l.description, l.unit, l.quantity_micro, l.unit_price_micro,
    CAST(l.amount_minor AS BIGINT) AS amount_minor, l.tax_id, l.service_start, l.service_end, l.late, l.content_hi, l.content_lo
  FROM draft.invoice_lines AS l
  WHERE l.invoice_id IN (SELECT invoice_id FROM draft.invoices WHERE batch_id = ${batch}) ORDER BY l.invoice_key, l.line_no`;

/** Bookings that are on no invoice of the batch, with where they are. */
const othersSql = (batch: string): string => `
  SELECT source, booking_id, min(bucket) AS bucket, min(detail) AS detail FROM (
    SELECT source, booking_id, bucket, reason AS detail FROM draft.bookings WHERE bucket NOT IN ('billed', 'already_billed')
    UNION ALL
    SELECT l.source, l.booking_id, 'other_batch', i.batch_id
    FROM draft.billed_lines AS l JOIN draft.invoices AS i ON i.invoice_id = l.invoice_id
    WHERE l.booking_id IS NOT NULL AND i.batch_id <> ${batch})
  GROUP BY source, booking_id ORDER BY source, booking_id`;

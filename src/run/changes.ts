/**
 * What changed between a kept version of a batch's preview and the draft: both are compared whole, in SQL, as sets of invoices and
 * of lines. Lines of bookings are the same by source and booking id, so that a change of any field shows as one change.
 */
import { join } from 'node:path';
import { isoLocal } from '../calendar/calendar.js';
import { fieldText, LINES_SHOWN, markOf, signed, whyText } from '../documents/changes.js';
import type { AmountChange, BatchChanges, FieldChange, InvoiceChange, LineChange, Why } from '../documents/changes.js';
import { fileLiteral, literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { fail } from '../values/diagnostic.js';
import { formatMicro, formatScaled } from '../values/money.js';
import { foldersIn } from '../world/output-files.js';
import { selectionSql } from './batches.js';
import type { BatchHead, Selection } from './batches.js';
import { invoiceFields, objectFields } from './changes-fields.js';
import type { InvoiceSide } from './changes-fields.js';
import type { Context } from './context.js';
import { readDigests } from './outputs.js';
import { isDigestOf, LEAST_DIGITS, storedVersions, versionsFolder, writeVersion } from './versions.js';
import type { Stored } from './versions.js';

/** Where to look, and how much to list. */
export interface ChangesAsked {
  readonly digest: string;
  readonly out: string;
  readonly selection: Selection;
  /** How many invoices are listed with their lines, and how many lines of each; null: all. */
  readonly listed: { readonly invoices: number; readonly lines: number } | null;
}

/** What a person reads at once; the rest is in `--json`. */
export const LISTED = { invoices: 200, lines: LINES_SHOWN } as const;

/** Compares the version with this digest with the draft. Throws USAGE where no such version is kept. */
export async function changesSince(
  context: Context, engine: Engine, heads: readonly BatchHead[], asked: ChangesAsked,
): Promise<BatchChanges> {
  const { batch_id, version } = await findVersion(context, asked);
  const head = heads.find((each) => each.batch_id === batch_id);
  const now = await writeVersion(context, engine, { batch_id, digest: head?.digest ?? '' }, join(engine.scratch, 'version'));
  const { customers, partner, cycle } = asked.selection;
  const compared = await compare(engine, version, now, { where: selectionSql({ customers, partner, cycle }), listed: asked.listed });
  return {
    batch_id, since: { digest: version.digest, as_of: version.as_of }, digest: head?.digest ?? null,
    issuer: objectFields(version.issuer, now.issuer).map((each) => ({ ...each, field: `issuer ${each.field}` })), ...compared,
  };
}

async function findVersion(context: Context, asked: ChangesAsked): Promise<{ batch_id: string; version: Stored }> {
  const known: { batch_id: string; version: Stored }[] = [];
  for (const batch_id of await foldersIn(join(context.config.root, asked.out, 'preview'))) {
    for (const version of await storedVersions(versionsFolder(context, asked.out, batch_id))) known.push({ batch_id, version });
  }
  const found = known.filter(({ version }) => isDigestOf(asked.digest, version.digest));
  if (found.length === 1) return found[0]!;
  if (asked.digest.length < LEAST_DIGITS) {
    return fail('USAGE', `--changes-since ${asked.digest} is too short`, { hint: `give ${LEAST_DIGITS} digits of the digest or more` });
  }
  const listed = known.map(({ batch_id, version: { digest, as_of } }) =>
    `${digest.slice(0, LEAST_DIGITS)} (batch ${batch_id}, as of ${as_of.slice(0, 16).replace('T', ' ')})`);
  return fail('USAGE', `no preview with the digest ${asked.digest} is kept`, {
    hint: known.length === 0
      ? 'versions are kept by `duebook preview`, from the first one on, until their batch is processed; none is there yet'
      : `kept are: ${listed.slice(-20).join(', ')}`,
  });
}

interface Compared extends Pick<BatchChanges, 'lines_known' | 'totals' | 'unchanged' | 'invoices'> {}

async function compare(
  engine: Engine, before: Stored, after: Stored, how: { where: string; listed: ChangesAsked['listed'] },
): Promise<Compared> {
  const file = (version: Stored, name: string): string => `read_parquet(${fileLiteral(join(version.folder, `${name}.parquet`))})`;
  await engine.run(`CREATE SCHEMA IF NOT EXISTS versions;
    CREATE OR REPLACE VIEW versions.invoices_before AS SELECT i.* FROM ${file(before, 'invoices')} AS i WHERE ${how.where};
    CREATE OR REPLACE VIEW versions.invoices_after AS SELECT i.* FROM ${file(after, 'invoices')} AS i WHERE ${how.where};
    CREATE OR REPLACE VIEW versions.taxes_before AS FROM ${file(before, 'taxes')};
    CREATE OR REPLACE VIEW versions.taxes_after AS FROM ${file(after, 'taxes')};
    CREATE OR REPLACE TABLE versions.moved AS
      SELECT coalesce(a.invoice_id, b.invoice_id) AS invoice_id,
        row_number() OVER (ORDER BY coalesce(a.customer_id, b.customer_id), coalesce(a.period_start, b.period_start),
          coalesce(a.currency, b.currency), coalesce(a.invoice_id, b.invoice_id)) AS place
      FROM versions.invoices_before AS b FULL JOIN versions.invoices_after AS a ON a.invoice_id = b.invoice_id
      WHERE a.digest IS DISTINCT FROM b.digest`);
  const lines_known = before.lines && after.lines;
  if (lines_known) await compareLines(engine, before, after, file);
  const lines = lines_known ? await lineChanges(engine, how.listed) : new Map<string, Lines>();
  return {
    lines_known, totals: await totals(engine), unchanged: await unchanged(engine), invoices: await invoiceChanges(engine, lines),
  };
}

async function unchanged(engine: Engine): Promise<number> {
  const { same } = await engine.row<{ same: bigint }>(`SELECT count(*) AS same FROM versions.invoices_after
    WHERE invoice_id NOT IN (SELECT invoice_id FROM versions.moved)`);
  return Number(same);
}

async function totals(engine: Engine): Promise<BatchChanges['totals']> {
  const sums = (name: string): string => `(SELECT currency, any_value(exponent) AS exponent, count(*) AS invoices,
    CAST(sum(total_minor) AS HUGEINT) AS total FROM versions.invoices_${name} GROUP BY currency)`;
  const rows = await engine.rows<{
    currency: string; exponent: number; invoices_before: bigint; invoices_after: bigint; before: bigint | null; after: bigint | null;
  }>(`SELECT coalesce(a.currency, b.currency) AS currency, coalesce(a.exponent, b.exponent) AS exponent,
      coalesce(b.invoices, 0) AS invoices_before, coalesce(a.invoices, 0) AS invoices_after, b.total AS before, a.total AS after
    FROM ${sums('before')} AS b FULL JOIN ${sums('after')} AS a ON a.currency = b.currency ORDER BY 1`);
  return rows.map((row) => ({
    currency: row.currency, invoices_before: Number(row.invoices_before), invoices_after: Number(row.invoices_after),
    total: amountChange(row.before, row.after, row.exponent),
  }));
}

/** Fields of a line that are shown, with how a stored value is told; `amount` is told on its own. */
const LINE_FIELDS = {
  product: 'text', description: 'text', quantity_micro: 'micro', unit: 'text', unit_price_micro: 'micro', tax_id: 'text',
  service_start: 'instant', service_end: 'instant', late: 'yes',
} as const;

async function compareLines(engine: Engine, before: Stored, after: Stored, file: (v: Stored, name: string) => string): Promise<void> {
  const fields = Object.keys(LINE_FIELDS);
  const pairs = fields.map((field) => `b.${field} AS before_${field}, a.${field} AS after_${field}`).join(', ');
  const differ = [...fields, 'amount_minor'].map((field) => `b.${field} IS DISTINCT FROM a.${field}`).join(' OR ');
  const moved = (version: Stored): string => `(SELECT * FROM ${file(version, 'lines')}
    WHERE invoice_id IN (SELECT invoice_id FROM versions.moved))`;
  await engine.run(`CREATE OR REPLACE TABLE versions.lines AS
    SELECT coalesce(a.invoice_id, b.invoice_id) AS invoice_id, coalesce(a.line_key, b.line_key) AS line_key,
      CASE WHEN b.line_key IS NULL THEN 'added' WHEN a.line_key IS NULL THEN 'removed' ELSE 'changed' END AS change,
      coalesce(a.kind, b.kind) AS kind, coalesce(a.source, b.source) AS source, coalesce(a.booking_id, b.booking_id) AS booking_id,
      coalesce(a.service_start, b.service_start) AS began, coalesce(a.line_no, b.line_no) AS line_no,
      a.content_hi IS NOT DISTINCT FROM b.content_hi AND a.content_lo IS NOT DISTINCT FROM b.content_lo AS same_booking,
      b.amount_minor AS before_amount, a.amount_minor AS after_amount, ${pairs}
    FROM ${moved(before)} AS b FULL JOIN ${moved(after)} AS a ON a.line_key = b.line_key AND a.invoice_id = b.invoice_id
    WHERE a.line_key IS NULL OR b.line_key IS NULL OR ${differ}`);
  await engine.run(`CREATE OR REPLACE TABLE versions.whys AS ${whySql(before, after, file)}`);
}

const NO_OTHERS = `(SELECT '' AS source, '' AS booking_id, '' AS bucket, '' AS detail WHERE FALSE)`;

/**
 * Why lines came or went: where their booking is or was instead, on the side `there` that has no such line. A booking that is nowhere
 * else is new or gone only where all others are known, and the ledger never had it.
 */
function whySql(before: Stored, after: Stored, file: (v: Stored, name: string) => string): string {
  const unreadable = (there: Stored): string => (there.unreadable.length === 0
    ? '' : `WHEN l.source IN (${there.unreadable.map(literal).join(', ')}) THEN 'unreadable'`);
  const side = (change: 'added' | 'removed', there: Stored): string => `
    SELECT l.invoice_id, l.line_key,
      CASE WHEN l.booking_id IS NULL THEN 'configuration'
        WHEN o.line_key IS NOT NULL THEN 'other_invoice'
        WHEN x.bucket IS NOT NULL THEN x.bucket
        WHEN k.booking_id IS NOT NULL THEN ${change === 'removed' ? "'billed'" : 'NULL'}
        WHEN ${there.others} THEN ${change === 'removed' ? "'gone'" : "'new'"} END AS why,
      CASE WHEN l.booking_id IS NULL THEN NULL WHEN o.line_key IS NOT NULL THEN o.customer_id WHEN x.bucket IS NOT NULL THEN x.detail
        WHEN k.booking_id IS NOT NULL THEN ${change === 'removed' ? 'k.number' : 'NULL'}
        ${unreadable(there)} END AS detail
    FROM versions.lines AS l
    LEFT JOIN (SELECT n.line_key, any_value(i.customer_id) AS customer_id FROM ${file(there, 'lines')} AS n
      JOIN ${file(there, 'invoices')} AS i ON i.invoice_id = n.invoice_id
      WHERE n.booking_id IS NOT NULL GROUP BY n.line_key) AS o ON o.line_key = l.line_key
    LEFT JOIN ${there.others ? file(there, 'others') : NO_OTHERS} AS x
      ON x.source = l.source AND x.booking_id = l.booking_id
    LEFT JOIN (SELECT source, booking_id, max(n.number) AS number FROM ledger.invoice_lines AS m
      JOIN ledger.invoices AS n ON n.invoice_id = m.invoice_id
      JOIN ledger.invoice_status AS s ON s.invoice_id = m.invoice_id AND s.status = 'processed' GROUP BY source, booking_id) AS k
      ON k.source = l.source AND k.booking_id = l.booking_id
    WHERE l.change = '${change}'`;
  return `${side('added', before)} UNION ALL ${side('removed', after)}`;
}

interface LineRow extends Record<string, unknown> {
  invoice_id: string; change: LineChange['change']; kind: string; source: string | null; booking_id: string | null;
  began: bigint | null; same_booking: boolean; before_amount: bigint | null; after_amount: bigint | null; exponent: number;
  timezone: string; why: Why | null; detail: string | null;
}

interface Lines { readonly counts: Record<LineChange['change'], number>; readonly lines: LineChange[] }

async function lineChanges(engine: Engine, listed: ChangesAsked['listed']): Promise<Map<string, Lines>> {
  const found = new Map<string, Lines>();
  const counts = await engine.rows<{ invoice_id: string; change: LineChange['change']; n: bigint }>(
    'SELECT invoice_id, change, count(*) AS n FROM versions.lines GROUP BY ALL ORDER BY ALL');
  for (const { invoice_id, change, n } of counts) {
    const of = found.get(invoice_id) ?? { counts: { added: 0, removed: 0, changed: 0 }, lines: [] };
    of.counts[change] = Number(n);
    found.set(invoice_id, of);
  }
  const order = 'l.began NULLS LAST, l.booking_id, l.source, l.line_no, l.change';
  const some = listed === null ? '' : `WHERE m.place <= ${listed.invoices}
    QUALIFY row_number() OVER (PARTITION BY l.invoice_id ORDER BY ${order}) <= ${listed.lines}`;
  const instants = ['service_start', 'service_end'].flatMap((f) => [`before_${f}`, `after_${f}`]);
  const rows = await engine.rows<LineRow>(`
    SELECT l.* REPLACE (epoch_ms(l.began) AS began, ${instants.map((f) => `epoch_ms(l.${f}) AS ${f}`).join(', ')}), i.exponent, i.timezone,
      w.why, w.detail
    FROM versions.lines AS l
    JOIN versions.moved AS m ON m.invoice_id = l.invoice_id
    JOIN (SELECT invoice_id, exponent, timezone FROM versions.invoices_after
      UNION SELECT invoice_id, exponent, timezone FROM versions.invoices_before) AS i ON i.invoice_id = l.invoice_id
    LEFT JOIN versions.whys AS w ON w.invoice_id = l.invoice_id AND w.line_key = l.line_key
    ${some} ORDER BY m.place, ${order}`);
  for (const row of rows) found.get(row.invoice_id)!.lines.push(lineChange(row));
  return found;
}

function lineChange(row: LineRow): LineChange {
  const tell = (value: unknown, how: string): string | null => {
    if (value === null) return null;
    if (how === 'micro') return formatMicro(value as bigint);
    if (how === 'instant') return isoLocal(Number(value), row.timezone);
    return how === 'yes' ? (value === true ? 'yes' : 'no') : value as string;
  };
  type Field = keyof typeof LINE_FIELDS;
  const value = (side: 'before' | 'after', field: Field): string | null => tell(row[`${side}_${field}`], LINE_FIELDS[field]);
  const fields = (Object.keys(LINE_FIELDS) as Field[]).map((field): FieldChange => ({
    field: field.replace(/_micro$/, ''), before: value('before', field), after: value('after', field),
  }));
  const last = row.change === 'removed' ? 'before' : 'after';
  return {
    change: row.change, kind: row.kind, source: row.source, booking_id: row.booking_id, description: value(last, 'description') ?? '',
    service_start: tell(row.began, 'instant'), amount: amountChange(row.before_amount, row.after_amount, row.exponent),
    fields: row.change === 'changed' ? fields.filter(({ before, after }) => before !== after) : [],
    late: value(last, 'late') === 'yes',
    why: row.change !== 'changed' ? row.why : row.booking_id !== null && !row.same_booking ? 'booking' : 'configuration',
    detail: row.change === 'changed' ? null : row.detail,
  };
}

async function invoiceChanges(engine: Engine, lines: ReadonlyMap<string, Lines>): Promise<InvoiceChange[]> {
  const side = (name: string): string => `CASE WHEN ${name}.invoice_id IS NOT NULL THEN CAST(to_json(${name}) AS VARCHAR) END`;
  const view = (name: string): string => `(SELECT * REPLACE (epoch_ms(period_start) AS period_start, epoch_ms(period_end) AS period_end,
    CAST(net_minor AS VARCHAR) AS net_minor, CAST(tax_minor AS VARCHAR) AS tax_minor, CAST(total_minor AS VARCHAR) AS total_minor),
      (SELECT coalesce(list({
        'tax_id': t.tax_id, 'name': t.name, 'category': t.category, 'rate': CAST(t.rate_micro AS VARCHAR), 'note': t.note
      } ORDER BY t.tax_id, t.rate_micro), []) FROM versions.taxes_${name} AS t WHERE t.invoice_id = i.invoice_id) AS taxes
    FROM versions.invoices_${name} AS i WHERE i.invoice_id IN (SELECT invoice_id FROM versions.moved))`;
  const rows = await engine.rows<{ invoice_id: string; before: string | null; after: string | null; number: string | null }>(`
    SELECT m.invoice_id, ${side('b')} AS before, ${side('a')} AS after, n.number
    FROM versions.moved AS m
    LEFT JOIN ${view('before')} AS b ON b.invoice_id = m.invoice_id
    LEFT JOIN ${view('after')} AS a ON a.invoice_id = m.invoice_id
    LEFT JOIN ledger.invoices AS n ON n.invoice_id = m.invoice_id
    ORDER BY m.place`);
  return rows.map(({ invoice_id, before, after, number }) => {
    const [was, is] = [before, after].map((json) => (json === null ? null : JSON.parse(json) as InvoiceSide));
    return invoiceChange(invoice_id, was!, is!, number, lines.get(invoice_id));
  });
}

function invoiceChange(
  invoice_id: string, was: InvoiceSide | null, is: InvoiceSide | null, number: string | null, lines: Lines | undefined,
): InvoiceChange {
  const shown = (is ?? was)!;
  const change = was === null ? 'new' : is === null ? 'gone' : 'changed';
  const money = (field: 'net_minor' | 'tax_minor' | 'total_minor'): AmountChange => amountChange(
    was === null ? null : BigInt(was[field]), is === null ? null : BigInt(is[field]), shown.exponent);
  const billed = change === 'gone' && number !== null;
  return {
    change, invoice_id, customer_id: shown.customer_id, customer_name: shown.customer_name, cycle_id: shown.cycle_id,
    period_start: isoLocal(shown.period_start, shown.timezone), period_end: isoLocal(shown.period_end, shown.timezone),
    currency: shown.currency, net: money('net_minor'), tax: money('tax_minor'), total: money('total_minor'),
    fields: was === null || is === null ? [] : invoiceFields(was, is), why: billed ? 'billed' : null, detail: billed ? number : null,
    lines_added: lines?.counts.added ?? 0, lines_removed: lines?.counts.removed ?? 0, lines_changed: lines?.counts.changed ?? 0,
    lines: lines?.lines ?? [],
  };
}


function amountChange(before: bigint | null, after: bigint | null, exponent: number): AmountChange {
  const money = (minor: bigint | null): string | null => (minor === null ? null : formatScaled(minor, exponent));
  return { before: money(before), after: money(after), difference: formatScaled((after ?? 0n) - (before ?? 0n), exponent) };
}

/** Invoices and lines that a refusal tells. */
const TOLD = { invoices: 20, lines: 5 } as const;

/**
 * What moved since the preview with this digest, for a refusal: a line an invoice and, where the version is kept, its lines below.
 * null where that preview is not on disk any more.
 */
export async function movedText(context: Context, engine: Engine, head: BatchHead, expected: string): Promise<string | null> {
  const { output } = context.config;
  const kept = await storedVersions(versionsFolder(context, output, head.batch_id));
  const version = kept.find(({ digest }) => isDigestOf(expected, digest));
  if (version === undefined) return movedDigests(context, engine, head, expected);
  const changes = await changesSince(context, engine, [head], { digest: version.digest, out: output, selection: {}, listed: TOLD });
  const told = changes.invoices.slice(0, TOLD.invoices).flatMap((invoice) => {
    const moved = invoice.lines.slice(0, TOLD.lines).map((line) => {
      const why = [...line.fields.map(fieldText), whyText(line)].filter((each) => each !== '').join('; ');
      const id = line.booking_id === null ? '' : ` (${line.booking_id})`;
      return `      ${markOf(line.change)} ${line.description}${id}: ${signed(line.amount.difference)}${why === '' ? '' : `, ${why}`}`;
    });
    const rest = invoice.lines_added + invoice.lines_removed + invoice.lines_changed - moved.length;
    const fields = invoice.fields.map((field) => `      ~ ${fieldText(field)}`);
    return [invoiceText(invoice), ...fields, ...moved, ...(rest > 0 ? [`      and ${rest} more lines`] : [])];
  });
  const rest = changes.invoices.length - TOLD.invoices;
  const issuer = changes.issuer.map((field) => `  ~ ${fieldText(field)}`);
  return [...issuer, ...told, ...(rest > 0 ? [`  and ${rest} more invoices`] : [])].join('\n');
}

type Told = Pick<InvoiceChange, 'change' | 'customer_id' | 'currency'> & { readonly total: Pick<AmountChange, 'before' | 'after'> };

function invoiceText({ change, customer_id, currency, total: { before, after } }: Told): string {
  if (change === 'new') return `  + ${customer_id}: ${after} ${currency} is new`;
  if (change === 'gone') return `  - ${customer_id}: ${before} ${currency} is gone`;
  const now = before === after ? 'shows something else with the same total' : `is now ${after} ${currency}`;
  return `  ~ ${customer_id}: ${before} ${currency} ${now}`;
}

/** The same from the digests that every preview leaves, `run`'s too: invoices only. */
async function movedDigests(context: Context, engine: Engine, head: BatchHead, expected: string): Promise<string | null> {
  const before = await readDigests(context.config.root, context.config.output, head.batch_id, expected);
  if (before === null) return null;
  const rows = await engine.rows<{
    invoice_id: string; customer_id: string; currency: string; digest: string; exponent: number; total_minor: bigint;
  }>(`SELECT i.invoice_id, i.customer_id, i.currency, i.digest, i.exponent, CAST(i.total_minor AS HUGEINT) AS total_minor
    FROM draft.invoices AS i WHERE i.batch_id = ${literal(head.batch_id)} ORDER BY i.invoice_key`);
  const old = new Map(before.map((row) => [row.invoice_id, row]));
  const lines: string[] = [];
  for (const { invoice_id, digest, exponent, total_minor, ...row } of rows) {
    const was = old.get(invoice_id);
    old.delete(invoice_id);
    const total = { before: was?.total ?? null, after: formatScaled(total_minor, exponent) };
    if (was === undefined) lines.push(invoiceText({ ...row, change: 'new', total }));
    else if (was.digest !== digest) lines.push(invoiceText({ ...row, change: 'changed', total }));
  }
  for (const row of old.values()) lines.push(invoiceText({ ...row, change: 'gone', total: { before: row.total, after: null } }));
  const rest = lines.length - TOLD.invoices;
  return [...lines.slice(0, TOLD.invoices), ...(rest > 0 ? [`  and ${rest} more`] : [])].join('\n');
}

/** What changed between two versions of a batch's preview: its shape, its words, and its Markdown. Plain JSON values. */
import { clean } from './clean.js';
import { markdownText } from './batch-markdown.js';

/** A decimal amount in both versions; null where there is none. `difference` counts what is not there as nothing. */
export interface AmountChange {
  readonly before: string | null;
  readonly after: string | null;
  readonly difference: string;
}

/** One thing that is shown otherwise now. Decimals, dates, local ISO 8601 with offset, or text. */
export interface FieldChange {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Why an invoice or a line came, went or changed; in the order of `WHYS`. */
export const WHYS = [
  /** The booking was not in the files before. */
  'new',
  /** The booking is not in the files any more. */
  'gone',
  /** The booking is (of a removed line) or was (of an added one) in this bucket; `detail` is the reason. */
  'cancelled', 'ignored', 'held', 'waiting', 'rejected',
  /** It was confirmed meanwhile; `detail` is the number of the invoice. */
  'billed',
  /** It is, or was, in another open batch (`detail`), or on another invoice of this one (`detail`: the customer). */
  'other_batch', 'other_invoice',
  /** The booking itself changed, or a price, name or tax of the configuration did. */
  'booking', 'configuration',
] as const;
export type Why = (typeof WHYS)[number];

export interface LineChange {
  readonly change: 'added' | 'removed' | 'changed';
  readonly kind: string;
  readonly source: string | null;
  readonly booking_id: string | null;
  readonly description: string;
  /** Local ISO 8601 with offset. */
  readonly service_start: string | null;
  /** Without tax. */
  readonly amount: AmountChange;
  /** What is shown otherwise; only of a changed line, and without the amount. */
  readonly fields: readonly FieldChange[];
  readonly late: boolean;
  /** null where it cannot be known. */
  readonly why: Why | null;
  readonly detail: string | null;
}

export interface InvoiceChange {
  readonly change: 'new' | 'gone' | 'changed';
  readonly invoice_id: string;
  readonly customer_id: string;
  readonly customer_name: string;
  readonly cycle_id: string;
  readonly period_start: string;
  readonly period_end: string;
  readonly currency: string;
  readonly net: AmountChange;
  readonly tax: AmountChange;
  readonly total: AmountChange;
  /** What is shown otherwise above and below the lines: name, address, terms, rates. */
  readonly fields: readonly FieldChange[];
  readonly why: Why | null;
  readonly detail: string | null;
  readonly lines_added: number;
  readonly lines_removed: number;
  readonly lines_changed: number;
  /** In the order of the invoice; perhaps only the first ones, the counts have all. */
  readonly lines: readonly LineChange[];
}

export interface BatchChanges {
  readonly batch_id: string;
  /** The version looked at before, and as of when it was last seen. */
  readonly since: { readonly digest: string; readonly as_of: string };
  /** Digest of the batch now; null where it is not open any more. */
  readonly digest: string | null;
  /** false: the batch is too large for its lines to be kept, so that only invoices are compared. */
  readonly lines_known: boolean;
  readonly totals: readonly {
    readonly currency: string; readonly invoices_before: number; readonly invoices_after: number; readonly total: AmountChange;
  }[];
  /** What changed about the issuer, on all invoices. */
  readonly issuer: readonly FieldChange[];
  readonly unchanged: number;
  readonly invoices: readonly InvoiceChange[];
}

/** Said where `lines_known` is false. */
export const LINES_UNKNOWN = 'The batch is too large for its lines to be kept: only invoices are compared.';

/** Lines of an invoice that a text or a page shows. */
export const LINES_SHOWN = 20;
/** Invoices that a page shows. */
const INVOICES_SHOWN = 200;

export type Mark = '+' | '-' | '~';

/** A row below an invoice: a line, a detail or the tax. Text is as it came: escape it for the place it goes to. */
export interface ChangeRow {
  readonly mark: Mark | '';
  readonly what: string;
  readonly before: string;
  readonly after: string;
  readonly difference: string;
  readonly why: string;
}

const MARKS: Readonly<Record<InvoiceChange['change'] | LineChange['change'], Mark>> = {
  new: '+', added: '+', gone: '-', removed: '-', changed: '~',
};

export function markOf(change: InvoiceChange['change'] | LineChange['change']): Mark {
  return MARKS[change];
}

/** "+119.50", "-95.00", "0.00". */
export function signed(decimal: string): string {
  return decimal.startsWith('-') || /^[0.]+$/.test(decimal) ? decimal : `+${decimal}`;
}

/** The rows of an invoice: details, lines up to `limit` with a word on the rest, and the tax, so that differences add up. */
export function changeRows(invoice: InvoiceChange, limit: number): ChangeRow[] {
  const rows = invoice.fields.map((field): ChangeRow => ({
    mark: '~', what: fieldText(field), before: '', after: '', difference: '', why: '',
  }));
  for (const line of invoice.lines.slice(0, limit)) rows.push(lineRow(line));
  const rest = invoice.lines_added + invoice.lines_removed + invoice.lines_changed - Math.min(limit, invoice.lines.length);
  const more = `… and ${rest} more ${rest === 1 ? 'line' : 'lines'}`;
  if (rest > 0) rows.push({ mark: '', what: more, before: '', after: '', difference: '', why: '' });
  if (!/^[-0.]+$/.test(invoice.tax.difference)) rows.push({ mark: '', what: 'Tax', ...amounts(invoice.tax), why: '' });
  return rows;
}

/** Amounts as they stand in three columns. */
export function amounts(change: AmountChange): Pick<ChangeRow, 'before' | 'after' | 'difference'> {
  return { before: change.before ?? '', after: change.after ?? '', difference: signed(change.difference) };
}

function lineRow(line: LineChange): ChangeRow {
  const date = line.service_start === null ? '' : `${line.service_start.slice(0, 10)}  `;
  const id = line.booking_id === null ? '' : ` (${line.booking_id})`;
  const why = [...line.fields.map(fieldText), whyText(line), line.change === 'added' && line.late ? 'late' : ''];
  const what = `${date}${line.description}${id}`;
  return { mark: markOf(line.change), what, ...amounts(line.amount), why: why.filter((each) => each !== '').join('; ') };
}

const FIELDS: Readonly<Record<string, string>> = {
  unit_price: 'price', tax_id: 'tax', service_start: 'start', service_end: 'end', purchase_order: 'purchase order', due_on: 'due date',
  payment_terms: 'payment terms', tax_number: 'tax number', kind: 'kind of document',
  accounted_tax: 'VAT in your currency',
};

/** "quantity 2 → 3", "purchase order: PO-9 added". */
export function fieldText({ field, before, after }: FieldChange): string {
  const name = FIELDS[field] ?? field.replaceAll('_', ' ');
  const shown = (value: string): string => {
    if (field === 'unit_price') return value.replace(/^-?\d+(?:\.\d)?$/, (price) => price + (price.includes('.') ? '0' : '.00'));
    return /^\d{4}-\d{2}-\d{2}T/.test(value) ? value.slice(0, 16).replace('T', ' ').replace(/ 00:00$/, '') : value;
  };
  if (before === null) return `${name} ${shown(after ?? '')} is new`;
  if (after === null) return `${name} ${shown(before)} is gone`;
  return `${name} ${shown(before)} → ${shown(after)}`;
}

const REASONS: Readonly<Record<string, string>> = {
  scheduled: 'not completed yet', period_running: 'its period is still running', outside_cycle: 'outside of the customer\'s cycle',
  no_open_period: 'no period is open for it', unknown_customer: 'the customer is not in the configuration', no_price: 'no price is known',
  no_tax: 'no tax is known', amount_too_large: 'the amount is too large', late: 'it is late', customer_held: 'held for this customer',
  booking_held: 'held', zero_invoice: 'the invoice would come to zero', unreadable: 'or cannot be read',
};

/** Why a line or an invoice moved, in plain words; empty where it is not known. */
export function whyText({ change, why, detail }: Pick<LineChange | InvoiceChange, 'change' | 'why' | 'detail'>): string {
  const came = change === 'added' || change === 'new';
  const more = detail === null ? '' : (REASONS[detail] ?? detail.replaceAll('_', ' '));
  const because = more === '' ? '' : `: ${more}`;
  switch (why) {
    case null: return '';
    case 'new': return detail === 'unreadable' ? 'new, or could not be read before' : 'new booking';
    case 'gone': return `not in the files any more${detail === 'unreadable' ? ', or cannot be read' : ''}`;
    case 'billed': return `confirmed meanwhile${detail === null ? '' : ` on ${detail}`}`;
    case 'other_batch': return came ? `was in batch ${detail ?? ''}` : `now in batch ${detail ?? ''}`;
    case 'other_invoice': return came ? `was on an invoice of ${detail ?? ''}` : `now on an invoice of ${detail ?? ''}`;
    case 'booking': return 'the booking changed';
    case 'configuration': return `${came ? 'added' : change === 'changed' ? 'changed' : 'removed'} in the configuration`;
    case 'waiting': return came ? `waited before${because}` : `waits now${because}`;
    case 'rejected': return came ? `could not be billed before${because}` : `cannot be billed${because}`;
    case 'held': return came ? `was held before${because}` : `is held now${because}`;
    case 'ignored': case 'cancelled': return came ? `was ${why} before` : `is ${why} now`;
  }
}

/** "2 changed, 1 new, 1 gone, 3 as before". */
export function changeCounts(changes: BatchChanges): string {
  const count = (change: InvoiceChange['change']): number => changes.invoices.filter((each) => each.change === change).length;
  const parts: [number, string][] = [
    [count('changed'), 'changed'], [count('new'), 'new'], [count('gone'), 'gone'], [changes.unchanged, 'as before'],
  ];
  return parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`).join(', ');
}

/** Whether two versions show the same. */
export function isUnchanged(changes: BatchChanges): boolean {
  return changes.invoices.length === 0 && changes.issuer.length === 0;
}

/** Markdown of the changes, in parts so that it can be cut between them: totals first, then an invoice each. */
export function changesMarkdown(changes: BatchChanges, level = '##'): string[] {
  const since = `\`${changes.since.digest.slice(0, 12)}\`, as of ${changes.since.as_of.slice(0, 16).replace('T', ' ')}`;
  const title = `${level} Changes of batch ${markdownText(changes.batch_id)} since ${since}\n`;
  if (isUnchanged(changes)) return [`${title}\nNothing has changed: it is the same version.\n`];
  const totals = changes.totals.map(({ currency, invoices_before, invoices_after, total }) => `| ${[
    currency, invoices_before === invoices_after ? String(invoices_after) : `${invoices_before} → ${invoices_after}`,
    total.before ?? '', total.after ?? '', `**${signed(total.difference)}**`,
  ].join(' | ')} |`);
  const lines = changes.lines_known ? '' : `\n${LINES_UNKNOWN}\n`;
  const issuer = changes.issuer.map((field) => `- On all invoices: ${markdownText(fieldText(field))}`);
  const head = [
    title, `Invoices: ${changeCounts(changes)}.${lines}`, '', '| Currency | Invoices | Total before | Total now | Difference |',
    '|---|---:|---:|---:|---:|', ...totals, ...(issuer.length === 0 ? [] : ['', ...issuer]), '',
  ].join('\n');
  const rest = changes.invoices.length - INVOICES_SHOWN;
  const more = rest > 0 ? [`and ${rest} more invoices; \`--json\` has all of them\n`] : [];
  return [head, ...changes.invoices.slice(0, INVOICES_SHOWN).map((invoice) => invoiceMarkdown(invoice)), ...more];
}

function invoiceMarkdown(invoice: InvoiceChange): string {
  const { before, after, difference } = amounts(invoice.total);
  const why = whyText(invoice);
  const now = invoice.change === 'new' ? `new, ${after}` : invoice.change === 'gone' ? `gone, was ${before}` : `${before} → ${after}`;
  const title = `**${markdownText(clean(invoice.customer_name))}** (${markdownText(invoice.customer_id)}): `
    + `${now} ${invoice.currency} (**${difference}**)${why === '' ? '' : `, ${markdownText(why)}`}\n`;
  const rows = changeRows(invoice, LINES_SHOWN).map((row) => `| ${[
    row.mark === '' ? '' : `\`${row.mark}\``, markdownText(row.what), row.before, row.after, row.difference, markdownText(row.why),
  ].join(' | ')} |`);
  if (rows.length === 0) return title;
  return `${title}\n${['| | Line (net) | Before | Now | Difference | Why |', '|---|---|---:|---:|---:|---|', ...rows].join('\n')}\n`;
}

/** The finance team's page of one batch: what is going to be confirmed, by when, and what is not part of it and why. */
import { clean, cleanOr } from './clean.js';
import { fill, labelsOf } from './labels.js';
import { formatDate, formatDateTime, formatMoney, formatPeriod, localeFormat } from './locale.js';
import { bare } from './view.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { Labels } from './labels.js';
import type { LocaleFormat } from './locale.js';
import type { InvoiceRecord } from './types.js';
import type { FactView } from './view-types.js';

/** One invoice of the batch. Amounts are decimal strings; periods local ISO 8601 with offset, half-open. */
export interface BatchInvoice {
  readonly invoice_id: string;
  readonly number: string | null;
  readonly status: InvoiceRecord['status'];
  readonly customer_id: string;
  readonly customer_name: string;
  readonly cycle_id: string;
  readonly period_start: string;
  readonly period_end: string;
  readonly due_on: string;
  readonly currency: string;
  readonly exponent: number;
  readonly net: string;
  readonly tax: string;
  readonly total: string;
  readonly lines: number;
  readonly late_lines: number;
  /** Where the invoice's own page is, relative to this one; null for none. */
  readonly href: string | null;
}

/** What the page of a batch is made from. Instants are local ISO 8601 with offset. */
export interface BatchPage {
  readonly batch_id: string;
  readonly billing_date: string;
  readonly partner_name: string | null;
  /** Locale of the people who read it: the issuer's. */
  readonly locale: string;
  readonly as_of: string;
  readonly preview_at: string | null;
  /** null: nothing is confirmed by itself. */
  readonly confirm_due_at: string | null;
  /** null: nothing is sent by itself. */
  readonly send_due_at: string | null;
  /** What `confirm --expect` takes; null hides the command. */
  readonly digest: string | null;
  /** The commit that holds it, as `verify --head` takes it: `12:9f86d081…`; null for a draft. */
  readonly anchor: string | null;
  readonly totals: readonly {
    readonly currency: string; readonly exponent: number; readonly invoices: number;
    readonly net: string; readonly tax: string; readonly total: string;
  }[];
  /** What its invoices consist of, by currency and kind of line, without tax. */
  readonly consists: readonly {
    readonly currency: string; readonly parts: readonly { readonly kind: string; readonly lines: number; readonly amount: string }[];
  }[];
  readonly invoices: readonly BatchInvoice[];
  readonly parked: readonly { readonly customer_id: string; readonly name: string; readonly reason: string }[];
  readonly warnings: readonly Diagnostic[];
}

/** The row of a record, with a link to its page. */
export function batchInvoice(record: InvoiceRecord, href: string | null): BatchInvoice {
  return {
    invoice_id: record.invoice_id, number: record.number, status: record.status, customer_id: record.buyer.customer_id,
    customer_name: record.buyer.name, cycle_id: record.cycle_id, period_start: record.period_start, period_end: record.period_end,
    due_on: record.due_on,
    currency: record.currency, exponent: record.exponent, net: record.net, tax: record.tax, total: record.total,
    lines: record.lines.length, late_lines: record.lines.filter((line) => line.late).length, href,
  };
}

/** What `batch.html.hbs` sees: everything is text. */
export interface BatchView {
  readonly language: string;
  readonly paper: string;
  readonly labels: Labels;
  readonly title: string;
  /** Whether it is a preview, in words. */
  readonly state: string;
  readonly batch_id: string;
  readonly digest: string;
  readonly facts: readonly FactView[];
  readonly totals: readonly Readonly<Record<'currency' | 'invoices' | 'net' | 'tax' | 'total', string>>[];
  readonly invoice_count: string;
  readonly invoices: readonly BatchRowView[];
  readonly parked_count: string;
  readonly parked: readonly Readonly<Record<'customer_id' | 'name' | 'reason', string>>[];
  readonly warning_count: string;
  readonly warnings: readonly Readonly<Record<'code' | 'message' | 'place', string>>[];
}

/** One row of the table of invoices. */
export type BatchRowView = Readonly<Record<
  'customer_name' | 'customer_id' | 'number' | 'void' |
  'period' | 'cycle_id' | 'due_on' | 'lines' | 'late' | 'net' | 'tax' | 'total' | 'href',
  string
>>;

/** Formats a batch for its reader. A link that is not a plain relative path is dropped. */
export function batchView(page: BatchPage): BatchView {
  const format = localeFormat(page.locale);
  const labels = labelsOf(format);
  return bare({
    language: format.language, paper: format.paper, labels,
    title: `${labels.batch} ${clean(page.batch_id)}`, state: page.digest === null ? labels.batch_processed : labels.batch_preview,
    batch_id: clean(page.batch_id), digest: cleanOr(page.digest),
    facts: facts(page, format, labels),
    totals: page.totals.map((t) => bare({
      currency: clean(t.currency), invoices: String(t.invoices),
      net: formatMoney(format, t.net, t.currency, t.exponent), tax: formatMoney(format, t.tax, t.currency, t.exponent),
      total: formatMoney(format, t.total, t.currency, t.exponent),
    })),
    invoice_count: String(page.invoices.length),
    invoices: page.invoices.map((invoice) => row(invoice, format, labels)),
    parked_count: String(page.parked.length),
    parked: page.parked.map((p) => bare({ customer_id: clean(p.customer_id), name: clean(p.name), reason: clean(p.reason) })),
    warning_count: String(page.warnings.length),
    warnings: page.warnings.map((w) => bare({ code: w.code, message: clean(w.message), place: place(w) })),
  });
}

function facts(page: BatchPage, format: LocaleFormat, labels: Labels): FactView[] {
  const when = (iso: string | null): string => (iso === null ? '' : formatDateTime(format, iso));
  const deadlines: [string, string][] = page.digest === null ? [[labels.batch_confirmed_at, when(page.as_of)]] : [
    [labels.as_of, when(page.as_of)],
    [labels.preview_at, when(page.preview_at)],
    [labels.confirm_due_at, page.confirm_due_at === null ? labels.confirm_manual : when(page.confirm_due_at)],
    [labels.send_due_at, page.send_due_at === null ? labels.confirm_manual : when(page.send_due_at)],
  ];
  const rows: [string, string][] = [
    [labels.billing_date, formatDate(format, page.billing_date)], [labels.partner, cleanOr(page.partner_name)], ...deadlines];
  return rows.filter(([, value]) => value !== '').map(([label, value]) => bare({ label, value }));
}

function row(i: BatchInvoice, format: LocaleFormat, labels: Labels): BatchRowView {
  const money = (decimal: string): string => formatMoney(format, decimal, i.currency, i.exponent);
  return bare({
    customer_name: clean(i.customer_name), customer_id: clean(i.customer_id), number: cleanOr(i.number),
    void: i.status === 'void' ? labels.void : '',
    period: formatPeriod(format, i.period_start, i.period_end, true), cycle_id: clean(i.cycle_id),
    due_on: formatDate(format, i.due_on, true),
    lines: String(i.lines), late: i.late_lines === 0 ? '' : fill(labels.late_lines, { count: String(i.late_lines) }),
    net: money(i.net), tax: money(i.tax), total: money(i.total), href: safeHref(i.href),
  });
}

/** Only a relative path of plain characters: never a scheme, a host, or a way up and out. */
function safeHref(href: string | null): string {
  return href !== null && /^[A-Za-z0-9_][A-Za-z0-9._~%/-]*$/.test(href) && !href.split('/').includes('..') ? href : '';
}

function place(d: Diagnostic): string {
  if (d.at === undefined) return '';
  return clean(d.at.line === undefined ? d.at.file : `${d.at.file}:${d.at.line}`);
}

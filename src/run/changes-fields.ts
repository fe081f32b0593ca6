/** What an invoice shows besides its lines, in two versions of a preview: which of it reads otherwise. */
import { isoLocal } from '../calendar/calendar.js';
import type { FieldChange } from '../documents/changes.js';
import { buyerShown } from '../models/load.js';
import { formatMicro, formatMinor } from '../values/money.js';

/** An invoice as a version keeps it; see versions.ts. */
export interface InvoiceSide {
  kind: string; customer_id: string; customer_name: string; cycle_id: string; period_start: number; period_end: number; timezone: string;
  currency: string; exponent: number; net_minor: string; tax_minor: string; total_minor: string; purchase_order: string | null;
  issued_on: string; due_on: string; locale: string; buyer: string; taxes: readonly Tax[];
  note: string | null; net_days: number; end_of_month: boolean; early_percent_micro: string | null; early_days: number | null;
  tax_currency: string | null; tax_currency_minor: string | null; tax_exchange_rate: string | null; tax_exchange_on: string | null;
  tax_exchange_source: string | null;
}

/** What is shown otherwise besides the lines. The due date moves with the as-of where a batch is confirmed by hand: that is no change. */
export function invoiceFields(was: InvoiceSide, is: InvoiceSide): FieldChange[] {
  const plain = (side: InvoiceSide): Record<string, unknown> => ({
    name: side.customer_name, ...buyerShown(side.buyer), locale: side.locale, kind: side.kind.replaceAll('_', ' '),
    purchase_order: side.purchase_order, note: side.note,
    period_start: isoLocal(side.period_start, side.timezone), period_end: isoLocal(side.period_end, side.timezone),
    payment_terms: termsText(side), ...(was.issued_on === is.issued_on ? { due_on: side.due_on } : {}),
    accounted_tax: accountedText(side),
  });
  return [...objectFields(plain(was), plain(is)), ...taxFields(was.taxes, is.taxes)];
}

function termsText({ net_days, end_of_month, early_percent_micro, early_days }: InvoiceSide): string {
  const early = early_percent_micro === null ? '' : `, ${formatMicro(BigInt(early_percent_micro))} % off within ${early_days} days`;
  return `${net_days} days${end_of_month ? ' from the end of the month' : ''}${early}`;
}

/** VAT in the seller's own currency; null where none is stated, or while there is no rate. */
function accountedText({ tax_currency, tax_currency_minor, ...rate }: InvoiceSide): string | null {
  if (tax_currency === null || tax_currency_minor === null) return null;
  const amount = `${formatMinor(BigInt(tax_currency_minor), tax_currency)} ${tax_currency}`;
  return `${amount} at ${rate.tax_exchange_rate} (${rate.tax_exchange_source}, ${rate.tax_exchange_on})`;
}

interface Tax { tax_id: string; name: string; category: string; rate: string; note: string | null }

/** A tax that is on one side only came or went with its lines; one on both is told where it reads otherwise. */
function taxFields(was: readonly Tax[], is: readonly Tax[]): FieldChange[] {
  const before = new Map(was.map((tax) => [tax.tax_id, tax]));
  return is.flatMap((tax) => {
    const old = before.get(tax.tax_id);
    const told = ({ tax_id: _id, rate, ...rest }: Tax): object => ({ ...rest, rate: `${formatMicro(BigInt(rate))} %` });
    const found = old === undefined ? [] : objectFields(told(old), told(tax));
    return found.map((each) => ({ ...each, field: `tax ${tax.tax_id}: ${each.field}` }));
  });
}

/** Parts of an address and of a bank account in the order in which they are read. */
const PARTS = ['name', 'line1', 'line2', 'postal_code', 'city', 'region', 'country', 'iban', 'bic'];

/** Members that differ, in the order of the newer one; deeper objects and lists are told as one text. */
export function objectFields(before: object, after: object): FieldChange[] {
  const text = (value: unknown): string | null => {
    if (value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return null;
    if (typeof value !== 'object') return String(value);
    if (Array.isArray(value)) return value.map(text).join(', ');
    const parts = Object.entries(value).sort(([a], [b]) => PARTS.indexOf(a) - PARTS.indexOf(b));
    return parts.map(([, part]) => text(part)).filter((each) => each !== null).join(', ');
  };
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>];
  return [...new Set([...Object.keys(now), ...Object.keys(old)])]
    .map((field) => ({ field, before: text(old[field]), after: text(now[field]) }))
    .filter((each) => each.before !== each.after);
}

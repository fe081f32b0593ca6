/** Rows of the ledger as the witness has read them, and what he makes of them. */
import type { Converted } from './exchange.js';
import { RATES } from './firm.js';

export type Row = Readonly<Record<string, unknown>>;

export interface Invoice { readonly id: string; readonly number: string; readonly customer: string; readonly currency: string; readonly net: bigint; readonly tax: bigint; readonly total: bigint; readonly serial: number }
export interface Line {
  readonly invoice: string; readonly no: number; readonly kind: string; readonly correction: string | null; readonly booking: string | null; readonly source: string | null;
  readonly charge: string | null; readonly amount: bigint; readonly corrects: string | null; readonly corrects_no: number | null; readonly tax: string; readonly rate: bigint;
  /** The currency it was converted from, with the rate, its day and its source; and its amount there, the same amount where it was not converted. */
  readonly original: string | null; readonly exchanged: string | null; readonly own: bigint;
  /** Which discounts lie on it. */
  readonly discounts: string | null;
}

export function takesBack(line: Line): boolean {
  return line.correction !== null && line.correction !== 'restatement';
}

export function after(line: Line): 'open' | 'billed' | 'credited' {
  if (line.kind === 'booking' || line.correction === 'restatement') return 'billed';
  return line.correction === 'credit' ? 'credited' : 'open';
}

export function lineOf(row: Row): Line {
  return {
    invoice: row['invoice_id'] as string, no: Number(row['line_no']), kind: row['kind'] as string, correction: (row['correction'] ?? null) as string | null,
    booking: row['booking_id'] as string | null, source: row['source'] as string | null, charge: (row['charge_id'] ?? null) as string | null, amount: row['amount_minor'] as bigint,
    corrects: row['corrects_invoice_id'] as string | null, corrects_no: row['corrects_line_no'] === null ? null : Number(row['corrects_line_no']), tax: row['tax_id'] as string, rate: row['tax_rate_micro'] as bigint,
    discounts: (row['discounts'] ?? null) as string | null, original: (row['original_currency'] ?? null) as string | null, own: (row['original_minor'] ?? row['amount_minor']) as bigint,
    exchanged: (row['original_currency'] ?? null) === null ? null : ['original_currency', 'exchange_rate', 'exchange_on', 'exchange_source'].map((key) => dayOf(row[key])).join(' '),
  };
}

function dayOf(value: unknown): string {
  return value instanceof Date ? value.toISOString().slice(0, 10) : String(value);
}

export function convertedOf({ kind, correction, amount, original, own }: Line, row: Row, { currency, customer }: Invoice): Converted {
  const text = (key: string): string | null => ((row[key] ?? null) === null ? null : dayOf(row[key]));
  return {
    kind, correction, amount, original, own, currency, customer, rate: text('exchange_rate'), on: text('exchange_on'), source: text('exchange_source'),
    service_end: (row['service_end'] as Date | null)?.getTime() ?? null,
  };
}

/** A row as text that can be compared. */
export function factOf(table: string, row: Row): string {
  return `${table} ${Object.entries(row).filter(([key]) => key !== 'file_row_number' && key !== 'lines_before')
    .map(([key, value]) => `${key}=${value instanceof Date ? value.toISOString() : String(value)}`).join(' ')}`;
}

/** The whole of a rate, as `rate_micro` has it. */
const WHOLE = 100_000_000n;

/** Whether a tax of a document is that of a net amount, to half a minor unit. */
export function isTaxOf(net: bigint, { rate_micro, tax_minor }: Row): boolean {
  const off = 2n * ((tax_minor as bigint) * WHOLE - net * (rate_micro as bigint));
  return off <= WHOLE && off >= -WHOLE;
}

/** Whether it is the tax that an amount with tax includes: 2.22 at 19 % have 0.35, and 19 % of the 1.87 that are left would be 0.36. */
export function isPartOf(net: bigint, { rate_micro, tax_minor }: Row): boolean {
  const whole = WHOLE + (rate_micro as bigint);
  const off = 2n * ((tax_minor as bigint) * whole - (net + (tax_minor as bigint)) * (rate_micro as bigint));
  return off <= whole && off >= -whole;
}

/** Tax in another currency is stated in EUR, too: the product with a declared rate, but for a credit note that takes the rest. */
export function flawsOfAccountedTax({ number, currency, tax }: Invoice, row: Row): string[] {
  const told = row['tax_currency_minor'] as bigint | null;
  const rate = row['tax_exchange_rate'] as string | null;
  const stated = (told !== null) === (currency !== 'EUR' && tax !== 0n) ? [] : [`${number}: ${tax} of tax in ${currency} are ${String(told)} in EUR`];
  if (told === null) return stated;
  const declared = row['tax_currency'] === 'EUR' && RATES.some((each) => each['from'] === currency && each['rate'] === rate);
  const [whole, part = ''] = rate!.split('.') as [string, string?];
  const unit = 10n ** BigInt(part.length + (row['exponent'] as number));
  const off = told * unit - tax * BigInt(whole + part) * 100n;
  const most = row['confirmed_by'] === 'credit' ? 2n * unit : unit;
  return [
    ...stated, ...(declared ? [] : [`${number}: nobody declared the rate ${rate!} from ${currency}`]),
    ...(2n * off <= most && 2n * off >= -most ? [] : [`${number}: ${tax} in ${currency} at ${rate!} are not ${told} in EUR`]),
  ];
}

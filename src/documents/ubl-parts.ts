/** What an e-invoice is made of: the numbers of a record as integers, grouped and signed as EN 16931 wants them. */
import { clean } from './clean.js';
import { exponentOf, formatScaled, parseDecimal } from '../values/money.js';
import { addDays } from '../values/time.js';
import type { InvoiceLineRecord, InvoiceRecord, InvoiceTaxRecord } from './types.js';

/** A date range with both ends included; both null where the line tells none. */
export interface Days {
  readonly first: string | null;
  readonly last: string | null;
}

/** One line with its signs turned for a credit note. Texts are decimals, ready to write. */
export interface UblLine {
  readonly line: InvoiceLineRecord;
  readonly category: string;
  readonly rate: string;
  readonly amount: bigint;
  readonly quantity: string;
  readonly price: string;
  /** How many units the price is for; null for one. */
  readonly base: string | null;
  readonly days: Days;
}

/** A discount of the whole document (BG-20); on a credit note it may turn into a charge (BG-21). `amount` is not negative. */
export interface UblAllowance {
  readonly line: InvoiceLineRecord;
  readonly charge: boolean;
  readonly amount: bigint;
  readonly category: string;
  readonly rate: string;
}

/** One VAT breakdown (BG-23): all taxes of a record with the same category and rate. */
export interface UblTax {
  readonly category: string;
  readonly rate: string;
  readonly net: bigint;
  readonly tax: bigint;
  readonly notes: readonly string[];
}

/** A record as numbers. Amounts are minor units with `places` decimals. */
export interface UblFigures {
  readonly places: number;
  /** False where an amount needs three decimals: EN 16931 allows two (BR-DEC-*). */
  readonly en16931: boolean;
  readonly lines: readonly UblLine[];
  readonly allowances: readonly UblAllowance[];
  /** Sum of the lines (BT-106); `net` is what allowances and charges leave of it (BT-109). */
  readonly gross_lines: bigint;
  readonly taxes: readonly UblTax[];
  readonly net: bigint;
  readonly tax: bigint;
  readonly total: bigint;
  /** The tax in the currency in which the seller accounts for it (BT-6, BT-111; BR-53), as it is written; null where there is none. */
  readonly accounted: { readonly currency: string; readonly tax: string } | null;
}

/** Reads the numbers of a record. The amounts of a credit note are written without its minus: its type tells the direction. */
export function figures(record: InvoiceRecord): UblFigures {
  const sign = record.kind === 'credit_note' ? -1n : 1n;
  const all = [record.net, record.tax, record.total, ...record.taxes.flatMap((t) => [t.net, t.tax]), ...record.lines.map((l) => l.amount)];
  const thousandths = record.exponent > 2 && all.some((text) => minor(text, record.exponent) % 10n !== 0n);
  const places = thousandths ? record.exponent : Math.min(record.exponent, 2);
  const amount = (text: string): bigint => sign * minor(text, record.exponent) / (record.exponent > places ? 10n : 1n);
  const taxes = new Map(record.taxes.map((tax) => [tax.tax_id, tax]));
  const [discounts, others] = discountsOf(record.lines);
  const lines = others.map((line) => ublLine(line, taxes.get(line.tax_id), amount(line.amount), sign, places));
  const allowances = discounts.map((line): UblAllowance => {
    const value = amount(line.amount);
    return {
      line, charge: value > 0n, amount: magnitude(value), category: taxes.get(line.tax_id)?.category ?? '', rate: plain(line.tax_rate),
    };
  });
  const accounted = accountedOf(record, sign);
  const en16931 = !thousandths && (accounted?.tax.split('.')[1] ?? '').length <= 2;
  return {
    places, en16931, accounted, lines, allowances, gross_lines: lines.reduce((sum, line) => sum + line.amount, 0n),
    taxes: breakdown(record.taxes, amount),
    net: amount(record.net), tax: amount(record.tax), total: amount(record.total),
  };
}

/** With two decimals at most where that loses nothing (BR-DEC-15). */
function accountedOf({ accounted_tax: told }: InvoiceRecord, sign: bigint): UblFigures['accounted'] {
  if (told === null) return null;
  const exponent = exponentOf(told.currency);
  const text = formatScaled(sign * minor(told.tax, exponent), exponent);
  return { currency: told.currency, tax: exponent > 2 && text.endsWith('0') ? text.slice(0, -1) : text };
}

/** Discounts stand above the lines of the document, unless there is nothing else on it: it must have a line (BR-16). */
function discountsOf(lines: readonly InvoiceLineRecord[]): [InvoiceLineRecord[], readonly InvoiceLineRecord[]] {
  const others = lines.filter((line) => line.kind !== 'discount');
  return others.length === 0 ? [[], lines] : [lines.filter((line) => line.kind === 'discount'), others];
}

function minor(text: string, exponent: number): bigint {
  const value = parseDecimal(text, exponent);
  if (value === null) throw new Error(`not an amount with ${exponent} decimals: ${JSON.stringify(text)}`);
  return value;
}

function micro(text: string): bigint {
  const value = parseDecimal(text, 6);
  if (value === null) throw new Error(`not a decimal: ${JSON.stringify(text)}`);
  return value;
}

/** A decimal without needless zeros: "19.00" is "19". */
export function plain(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

/** One breakdown per category and rate; where the rate must be nought one per category (BR-E-01, BR-AE-01 and so on). */
function breakdown(taxes: readonly InvoiceTaxRecord[], amount: (text: string) => bigint): UblTax[] {
  const groups = new Map<string, UblTax>();
  for (const tax of taxes) {
    const rate = plain(tax.rate);
    const key = `${tax.category} ${rate}`;
    const before = groups.get(key) ?? { category: tax.category, rate, net: 0n, tax: 0n, notes: [] };
    const note = tax.note === null ? '' : clean(tax.note);
    const notes = note === '' || before.notes.includes(note) ? before.notes : [...before.notes, note];
    groups.set(key, { ...before, net: before.net + amount(tax.net), tax: before.tax + amount(tax.tax), notes });
  }
  return [...groups.values()];
}

/** The smallest unit of an amount with so many decimals, in millionths of millionths. */
const UNITS = [12n, 11n, 10n, 9n].map((n) => 10n ** n);

/**
 * The net price must not be negative (BR-27) and quantity × price ÷ base must be the amount: a minus goes to the quantity; an amount
 * that was not made of quantity × price (tiers, minimums, prices with tax) is the price of the whole quantity.
 */
function ublLine(line: InvoiceLineRecord, tax: InvoiceTaxRecord | undefined, amount: bigint, sign: bigint, places: number): UblLine {
  const shared = { line, category: tax?.category ?? '', rate: plain(line.tax_rate), amount, days: serviceDays(line) };
  let quantity = sign * micro(line.quantity);
  let price = line.unit_price === null ? null : micro(line.unit_price);
  if (price !== null && price < 0n) [quantity, price] = [-quantity, -price];
  const unit = UNITS[places]!;
  if (price !== null && 2n * magnitude(quantity * price - amount * unit) <= unit) {
    return { ...shared, quantity: plain(formatScaled(quantity, 6)), price: plain(formatScaled(price, 6)), base: null };
  }
  const count = quantity === 0n ? 1_000_000n : magnitude(quantity);
  const base = plain(formatScaled(count, 6));
  return {
    ...shared, quantity: amount < 0n ? `-${base}` : base, price: formatScaled(magnitude(amount), places), base: base === '1' ? null : base,
  };
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function serviceDays(line: InvoiceLineRecord): Days {
  const start = line.service_start ?? line.service_end;
  if (start === null) return { first: null, last: null };
  return days(start, line.service_end ?? start);
}

/** The days of a half-open stretch of local instants, the last one included. */
export function days(start: string, end: string): { readonly first: string; readonly last: string } {
  const [first, until] = [start.slice(0, 10), end.slice(0, 10)];
  const midnight = end.length === 10 || /^00:00(:00(\.0+)?)?(Z|[+-]\d\d:?\d\d)?$/.test(end.slice(11));
  const last = midnight && until > first ? addDays(until, -1) : until;
  return { first, last: last < first ? first : last };
}

/** The period of the document, widened to its lines: a late booking is billed too; none may lie outside (PEPPOL-EN16931-R110). */
export function invoicePeriod(record: InvoiceRecord, lines: readonly UblLine[]): { first: string; last: string } {
  let { first, last } = days(record.period_start, record.period_end);
  for (const { days: own } of lines) {
    if (own.first !== null && own.first < first) first = own.first;
    if (own.last !== null && own.last > last) last = own.last;
  }
  return { first, last };
}

const VAT_AREAS = new Set('AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI GB CH NO LI IS'.split(' '));

/** The tax id if it is a VAT identifier with its country before it (BR-CO-09), without spaces; else null. */
export function vatId(tax_id: string | null | undefined, country: string | undefined): string | null {
  const id = clean(tax_id ?? '').replace(/\s+/g, '').toUpperCase();
  const area = id.slice(0, 2);
  return /^[A-Z]{2}.{2,}$/.test(id) && (VAT_AREAS.has(area) || area === country?.toUpperCase()) ? id : null;
}

/** Sum of the allowances (BT-107) or charges (BT-108) of the document. */
export function allowanceSum({ allowances }: Pick<UblFigures, 'allowances'>, charge: boolean): bigint {
  return allowances.filter((each) => each.charge === charge).reduce((sum, each) => sum + each.amount, 0n);
}

/**
 * What the models should give, written slowly and plainly from the description of the product: one booking after the other, lists
 * and loops, bigint. It shares no code with them.
 */
import type { RunPeriod } from '../../src/models/load.js';
import { exponentOf, parseDecimal } from '../../src/values/money.js';
import { lineAmount, roundedQuotient } from '../support/exact.js';
import { at, date } from '../support/models.js';
import type { BookingRow, CustomerRow, LedgerInvoice, World } from '../support/models.js';

export interface ExpectedInvoice {
  readonly key: string;
  readonly kind: string;
  /** Booking ids in the order of the lines, a late one with `*`, with its amount. */
  readonly lines: readonly string[];
  /** `tax net tax` by tax id. */
  readonly taxes: readonly string[];
  readonly total: bigint;
  readonly parked: boolean;
}

export interface Expected {
  readonly buckets: Readonly<Record<string, string>>;
  readonly invoices: readonly ExpectedInvoice[];
}

interface Billed { readonly booking: BookingRow; readonly amount: bigint; readonly tax: string; readonly late: boolean }
interface Drafted { readonly customer: CustomerRow; readonly period: RunPeriod; readonly currency: string; readonly own: boolean; readonly lines: Billed[] }

const LARGE = 10n ** 15n;

/** The whole draft of a world. */
export function expected(world: World): Expected {
  const buckets: Record<string, string> = {};
  const drafted = new Map<string, Drafted>();
  for (const booking of world.bookings) buckets[booking.id] = place(world, booking, drafted);
  const ordered = [...drafted.values()].sort((a, b) => compare(sortKey(a), sortKey(b)));
  const invoices = ordered.map((invoice) => ({ invoice, ...totalled(world, invoice) }));
  const parkedFrom = new Map<string, number>();
  for (const { invoice, total, net, tax } of invoices) {
    const before = previous(world, invoices, invoice);
    if (!beyond(world, invoice, total, absolute(net) + absolute(tax), before)) continue;
    parkedFrom.set(invoice.customer.id, Math.min(parkedFrom.get(invoice.customer.id) ?? Infinity, invoice.period.billing_at));
  }
  return {
    buckets,
    invoices: invoices.map(({ invoice, total, taxes }) => ({
      key: `${invoice.customer.id} ${date(startOf(world, invoice.customer, invoice.period))} ${invoice.currency}${invoice.own ? ' late' : ''}`,
      kind: total < 0n ? 'credit_note' : 'invoice',
      lines: invoice.lines.map((line) => `${line.booking.id}${line.late ? '*' : ''} ${line.amount}`),
      taxes, total, parked: (parkedFrom.get(invoice.customer.id) ?? Infinity) <= invoice.period.billing_at,
    })),
  };
}

/** Puts a booking where it belongs and says in one word or two where that is. */
function place(world: World, booking: BookingRow, drafted: Map<string, Drafted>): string {
  const billed = (world.invoices ?? []).filter((i) => i.void !== true).flatMap((i) => i.bookings ?? []);
  if ((booking.source ?? 'jobs') === 'jobs' && billed.some(([id]) => id === booking.id)) return 'already_billed';
  if (booking.status === 'ignored' || booking.status === 'cancelled') return booking.status;
  const customer = world.customers.find((each) => each.id === booking.customer);
  if (customer === undefined) return 'rejected unknown_customer';
  const amount = amountOf(world, booking, customer);
  if (amount === 'no_price') return 'rejected no_price';
  if (absolute(amount) >= LARGE) return 'rejected amount_too_large';
  const tax = taxOf(world, booking, customer);
  if (tax === null) return 'rejected no_tax';

  const calendar = customer.calendar ?? 0;
  const time = at(world.assign_by?.[calendar] === 'starts_at' ? (booking.start ?? booking.end) : booking.end);
  const periods = world.periods.filter((p) => p.calendar_key === calendar).sort((a, b) => a.period_start - b.period_start);
  const own = periods.find((p) => p.period_start <= time && time < p.period_end);
  if (own === undefined) return 'waiting outside_cycle';
  const closed = isClosed(world, customer, own);
  const late = closed || time < coveredUntil(world, customer, own);
  if (late && customer.late === 'hold') return 'held late';
  const target = closed ? periods.find((p) => p.period_start > own.period_start && !isClosed(world, customer, p)) : own;
  if (target === undefined) return 'waiting no_open_period';
  if (booking.status === 'scheduled' && own.timing === 'in_arrears') return 'waiting scheduled';
  if (!target.previewed) return 'waiting period_running';
  const separate = late && customer.late === 'own_invoice';
  const currency = booking.currency ?? world.currency ?? 'EUR';
  const key = [customer.id, target.period_start, currency, separate].join('|');
  const invoice = drafted.get(key) ?? { customer, period: target, currency, own: separate, lines: [] };
  drafted.set(key, invoice);
  invoice.lines.push({ booking, amount, tax, late });
  invoice.lines.sort((a, b) => compare([at(a.booking.start ?? a.booking.end), a.booking.id], [at(b.booking.start ?? b.booking.end), b.booking.id]));
  return late ? 'billed late' : 'billed';
}

function amountOf(world: World, booking: BookingRow, customer: CustomerRow): bigint | 'no_price' {
  const currency = booking.currency ?? world.currency ?? 'EUR';
  if (booking.amount !== undefined) return parseDecimal(booking.amount, exponentOf(currency))!;
  let price = booking.price;
  if (price === undefined && currency === (world.currency ?? 'EUR') && booking.product !== undefined) {
    price = customer.prices?.[booking.product] ?? world.products?.[booking.product]?.price ?? undefined;
  }
  if (price === undefined) return 'no_price';
  return lineAmount(parseDecimal(booking.quantity ?? '1')!, parseDecimal(price)!, exponentOf(currency), world.rounding ?? 'half_away');
}

function taxOf(world: World, booking: BookingRow, customer: CustomerRow): string | null {
  const ofProduct = booking.product === undefined ? undefined : world.products?.[booking.product]?.tax;
  const ofSource = (world.sources ?? []).find((source) => source.name === (booking.source ?? 'jobs'))?.tax;
  const ofProject = world.default_tax === undefined ? 'standard' : world.default_tax;
  return customer.tax ?? ofProduct ?? ofSource ?? ofProject;
}

/** Billed already, or its batch was confirmed without this customer having been parked, or having an invoice that was cancelled. */
function isClosed(world: World, customer: CustomerRow, period: RunPeriod): boolean {
  if (coveredUntil(world, customer, period) >= period.period_end) return true;
  const events = world.events ?? [];
  if (events.some((e) => e.event === 'parked' && e.id === customer.id && at(e.time!) === startOf(world, customer, period))) return false;
  if (wasCancelled(world, customer, period)) return false;
  const batch = period.billing_date + (customer.separate === true && customer.partner !== undefined ? `-${customer.partner}` : '');
  const ofBatch = events.filter((e) => e.subject === 'batch' && e.id === batch);
  if (ofBatch.some((e) => e.event === 'closed' && period.preview_at !== null && period.preview_at <= at(e.at ?? world.as_of))) return true;
  return ofBatch.some((e) => e.event === 'closed_until' && period.auto_confirm_at !== null && period.auto_confirm_at <= at(e.time!));
}

/** Invoices of a period that were cancelled; whatever its cycle was called then. */
function cancelled(world: World, customer: CustomerRow, start: number): LedgerInvoice[] {
  return (world.invoices ?? []).filter((i) => i.void === true && i.customer === customer.id && at(i.period[0]) === start);
}

function wasCancelled(world: World, customer: CustomerRow, period: RunPeriod): boolean {
  return cancelled(world, customer, startOf(world, customer, period)).length > 0;
}

/** The deadline, if there is one: what was cancelled after it waits for a human. Invoices of a world are cancelled at its instant. */
function deadlineOf(world: World, customer: CustomerRow, period: RunPeriod): number | null {
  const kept = period.auto_confirm_at;
  return kept !== null && kept <= at(world.as_of) && wasCancelled(world, customer, period) ? null : kept;
}

/** Where the standing invoices that reach into a period end; before its start where none does, or nothing stands for a cancelled one. */
function coveredUntil(world: World, customer: CustomerRow, period: RunPeriod): number {
  const reached = reachedUntil(world, customer, period);
  if (reached < period.period_end) return reached;
  const currencyOf = (i: LedgerInvoice): string => i.currency ?? world.currency ?? 'EUR';
  const lacks = cancelled(world, customer, period.period_start).some((v) => !(world.invoices ?? []).some((i) => i.void !== true && i.customer === customer.id
    && currencyOf(i) === currencyOf(v) && at(i.period[0]) < at(v.period[1]) && at(v.period[0]) < at(i.period[1])));
  return lacks ? -Infinity : reached;
}

function reachedUntil(world: World, customer: CustomerRow, period: RunPeriod): number {
  const standing = (world.invoices ?? []).filter((i) => i.void !== true && i.customer === customer.id)
    .filter((i) => at(i.period[0]) < period.period_end && period.period_start < at(i.period[1]));
  return Math.max(-Infinity, ...standing.map((i) => at(i.period[1])));
}

/** A period begins where the last invoice ends. */
function startOf(world: World, customer: CustomerRow, period: RunPeriod): number {
  const covered = reachedUntil(world, customer, period);
  return covered < period.period_end ? Math.max(covered, period.period_start) : period.period_start;
}

function totalled(world: World, { lines }: Drafted): { net: bigint; tax: bigint; total: bigint; taxes: string[] } {
  const rates = Object.fromEntries(Object.entries(world.taxes ?? { standard: {} }).map(([id, t]) => [id, parseDecimal(t.rate ?? '19')!]));
  const half = world.rounding ?? 'half_away';
  let [net, tax] = [0n, 0n];
  const taxes = [...new Set(lines.map((line) => line.tax))].sort().map((id) => {
    const own = lines.filter((line) => line.tax === id).map((line) => line.amount);
    const sum = own.reduce((a, b) => a + b, 0n);
    const of = (amount: bigint): bigint => roundedQuotient(amount * rates[id]!, 100_000_000n, half);
    const due = world.tax_rounding === 'line' ? own.map(of).reduce((a, b) => a + b, 0n) : of(sum);
    net += sum;
    tax += due;
    return `${id} ${sum} ${due}`;
  });
  return { net, tax, total: net + tax, taxes };
}

/** Total of the invoice before, by billing date and period: drafted or of the ledger, whatever was billed first. */
function previous(world: World, drafted: readonly { invoice: Drafted; total: bigint }[], invoice: Drafted): bigint | null {
  type Place = readonly [billing_date: string, start: number, is_drafted: number, no: number];
  const placeOf = (each: Drafted, no: number): Place => [each.period.billing_date, startOf(world, each.customer, each.period), 1, no];
  const isBefore = (a: Place, b: Place): boolean => {
    const i = a.findIndex((part, k) => part !== b[k]);
    return i >= 0 && a[i]! < b[i]!;
  };
  const own = placeOf(invoice, drafted.findIndex((each) => each.invoice === invoice));
  let latest: { place: Place; total: bigint } | null = null;
  const look = (place: Place, total: bigint): void => {
    if (isBefore(place, own) && (latest === null || isBefore(latest.place, place))) latest = { place, total };
  };
  for (const [no, i] of (world.invoices ?? []).entries()) {
    const currency = i.currency ?? world.currency ?? 'EUR';
    if (i.void === true || i.customer !== invoice.customer.id || currency !== invoice.currency || (i.kind ?? 'invoice') !== 'invoice') continue;
    look([(i.billing_date ?? i.period[1]).slice(0, 10), at(i.period[0]), 0, no], parseDecimal(i.total ?? '100', exponentOf(currency))!);
  }
  for (const [no, each] of drafted.entries()) {
    if (each.invoice.customer === invoice.customer && each.invoice.currency === invoice.currency && each.total >= 0n) look(placeOf(each.invoice, no), each.total);
  }
  return (latest as { total: bigint } | null)?.total ?? null;
}

function beyond(world: World, invoice: Drafted, total: bigint, size: bigint, before: bigint | null): boolean {
  const { max_invoice_total: most, max_change_percent: change, max_lines: lines } = { max_invoice_total: null, max_change_percent: null, max_lines: null, ...invoice.customer.limits };
  if (most !== null && absolute(total) * 10n ** BigInt(6 - exponentOf(invoice.currency)) > parseDecimal(most)!) return true;
  if (lines !== null && invoice.lines.length > lines) return true;
  if (change !== null && before !== null && before > 0n && absolute(total - before) * 100n > before * BigInt(change)) return true;
  if (size >= LARGE) return true;
  const days = world.max_catch_up_days ?? null;
  const deadline = deadlineOf(world, invoice.customer, invoice.period);
  return days !== null && deadline !== null && deadline < at(world.as_of) - days * 86_400_000;
}

function sortKey({ customer, period, currency, own }: Drafted): (string | number)[] {
  const partner = customer.separate === true ? (customer.partner ?? '') : '';
  return [period.billing_at, partner, customer.id, period.cycle_id, period.period_start, currency, own ? 1 : 0];
}

function compare(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (let i = 0; i < a.length; i += 1) {
    if (a[i]! < b[i]!) return -1;
    if (a[i]! > b[i]!) return 1;
  }
  return 0;
}

function absolute(value: bigint): bigint {
  return value < 0n ? -value : value;
}

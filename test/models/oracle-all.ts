/**
 * Whole invoices as they should be: bookings, usage, charges, discounts, bounds, exchange rates and taxes of one world together, from the
 * accounts of the single parts. Written for worlds in local time in which nothing was billed before; usage is measured in calendar 0 only, which is
 * monthly in arrears.
 */
import type { Agreement, Charge, ExchangeRate } from '../../src/config/types.js';
import type { RunPeriod } from '../../src/models/load.js';
import { exponentOf } from '../../src/values/money.js';
import { roundedQuotient } from '../support/exact.js';
import { at, date } from '../support/models.js';
import type { CustomerRow, World } from '../support/models.js';
import { chargeLines } from './oracle-charges.js';
import type { ChargeLine } from './oracle-charges.js';
import { Book } from './oracle-book.js';
import type { Line } from './oracle-book.js';
import { UsageOracle } from './oracle-usage.js';
import type { UsageBooking, UsageLine } from './oracle-usage.js';

const CURRENCY = 'EUR';

/**
 * `customer period currency` with each line (`line key tax rate net gross`), each tax (`tax tax rate net tax`) and the tax in another currency
 * (`accounted currency tax rate day`) of its invoice.
 */
export function expectedInvoices(world: World, months: readonly string[]): string[] {
  return new Invoices(world, months).told();
}

class Invoices {
  readonly #world: World;
  readonly #usage: UsageOracle;
  readonly #charged: readonly ChargeLine[];
  readonly #used: readonly UsageLine[];

  constructor(world: World, months: readonly string[]) {
    this.#world = world;
    const customers = world.customers.filter((c) => (c.calendar ?? 0) === 0).map(({ id, agreements = [] }) => ({ id, agreements }));
    this.#usage = new UsageOracle({ prices: world.prices!, customers, months, rounding: world.rounding! });
    this.#charged = chargeLines(world, (...unit) => this.#dayTerms(...unit));
    const open = world.periods.filter((p) => p.calendar_key === 0 && p.previewed).length;
    const measured = world.bookings.filter((b) => customers.some(({ id }) => id === b.customer) && (b.currency ?? CURRENCY) === CURRENCY);
    this.#used = this.#usage.lines(measured as UsageBooking[], 0, open - 1);
  }

  told(): string[] {
    const texts: string[] = [];
    for (const customer of this.#world.customers) {
      const own = this.#world.periods.filter((p) => p.calendar_key === (customer.calendar ?? 0));
      for (const [month, period] of own.entries()) {
        if (!period.previewed) continue;
        const invoices = new Map<string, Line[]>();
        for (const currency of ['EUR', 'KWD']) {
          const book = new Book(this.#world, currency);
          const lines = [
            ...this.#bookings(book, customer, period, currency), ...this.#charges(book, customer, period, currency),
            ...(currency === CURRENCY ? this.#usages(book, customer, period, month) : []),
          ].map((line) => this.#dated(line, currency, customer));
          const to = customer.invoice_currency ?? currency;
          const done = book.adjustedLines(customer, period, lines).map((line) => this.#converted(line, currency, to));
          invoices.set(to, [...invoices.get(to) ?? [], ...done]);
        }
        for (const [currency, lines] of invoices) {
          const where = `${customer.id} ${date(period.period_start)} ${currency}`;
          const settled = new Book(this.#world, currency).settled(lines);
          texts.push(...[...settled, ...this.#accounted(settled, currency, period)].map((text) => `${where} ${text}`));
        }
      }
    }
    return texts.sort();
  }

  /** The rate in force: the last one up to a day. */
  #rate(from: string, to: string, day: string): ExchangeRate {
    return this.#world.exchange_rates!.filter((each) => each.from === from && each.to === to && each.on <= day).at(-1)!;
  }

  #dated({ last, ...line }: Line & { readonly last: string }, from: string, { invoice_currency: to = from }: CustomerRow): Line {
    return to === from ? line : { ...line, on: this.#rate(from, to, last).on };
  }

  /** A line in another currency. What has no rate yet has that of its last day. */
  #converted(line: Line, from: string, to: string): Line {
    if (from === to) return line;
    const rate = this.#rate(from, to, line.on ?? line.first);
    return { ...line, amount: this.#exchanged(line.amount, rate), was: ` ${from} ${line.amount} ${rate.on}` };
  }

  /** The sum of the taxes in the currency in which the issuer accounts for tax. */
  #accounted(settled: readonly string[], currency: string, { period_end, billing_at }: RunPeriod): string[] {
    const to = this.#world.tax_currency!;
    const tax = settled.filter((text) => text.startsWith('tax ')).reduce((sum, text) => sum + BigInt(text.split(' ').at(-1)!), 0n);
    if (tax === 0n || currency === to) return [];
    const rate = this.#rate(currency, to, date(Math.min(period_end - 1, billing_at)));
    return [`accounted ${to} ${this.#exchanged(tax, rate)} ${rate.rate} ${rate.on}`];
  }

  /** The exact value in the other currency, rounded once. */
  #exchanged(amount: bigint, { from, to, rate }: ExchangeRate): bigint {
    const [whole, part = ''] = rate.split('.') as [string, string?];
    return roundedQuotient(amount * BigInt(whole + part) * 10n ** BigInt(exponentOf(to)), 10n ** BigInt(part.length + exponentOf(from)), this.#world.rounding!);
  }

  #agreements({ agreements = [] }: CustomerRow): Agreement[] {
    return agreements.map((id) => this.#world.agreements!.find((each) => each.agreement_id === id)!);
  }

  /** The agreement to which a line belongs that none prices. */
  #first(customer: CustomerRow, currency: string, day: string): Agreement | null {
    return this.#agreements(customer).find((a) => a.currency === currency && a.from <= day && (a.until === null || day <= a.until)) ?? null;
  }

  #line(book: Book, line: Omit<Line, 'left' | 'rate'> & { readonly last: string }): Line & { readonly last: string } {
    const rate = book.rateOf(line.tax, line.last);
    return { ...line, rate, left: book.termsOf(line.agreed, line.withTax, line.amount, rate) };
  }

  #taxOf(customer: CustomerRow, product: string | null, more: string | null = null): string {
    return customer.tax ?? more ?? (product === null ? null : this.#world.products?.[product]?.tax) ?? 'standard';
  }

  #bookings(book: Book, customer: CustomerRow, period: RunPeriod, currency: string): (Line & { last: string })[] {
    const lines: (Line & { last: string })[] = [];
    for (const booking of this.#world.bookings as readonly UsageBooking[]) {
      if (booking.customer !== customer.id || (booking.currency ?? CURRENCY) !== currency) continue;
      if (at(booking.end) < period.period_start || at(booking.end) >= period.period_end) continue;
      const [start, end] = [at(booking.start), at(booking.end)];
      const first = date(start);
      const row = (customer.calendar ?? 0) === 0 && currency === CURRENCY ? this.#usage.priceOf(customer.id, booking.product!, first) : undefined;
      const own = booking.amount !== undefined || booking.price !== undefined;
      if (row === undefined ? !own : !this.#usage.isPriced(booking)) continue;
      const measured = row !== undefined && this.#usage.measures(row, booking);
      const source = this.#world.sources!.find(({ name }) => name === booking.source)!;
      const [over, under] = currency === CURRENCY ? this.#usage.amountOf(booking) : minorOf(booking.amount!, currency);
      const priced = row !== undefined && (measured || !own) && row.scope === 'agreement' ? this.#agreements(customer).find((a) => a.agreement_id === row.owner)! : null;
      lines.push(this.#line(book, {
        key: booking.id, show: booking.id, product: booking.product!, tax: this.#taxOf(customer, booking.product!), first, usage: true,
        last: date(Math.max(start, end - 1)), withTax: !measured && (own ? source.with_tax ?? false : row!.prices_include_tax),
        amount: measured ? 0n : over * 100n / under, agreed: priced ?? this.#first(customer, currency, first),
      }));
    }
    return lines;
  }

  /** The rate of its tax on the last day of a unit, the discounts of its first, and the rate of exchange of its last. */
  #dayTerms(customer: CustomerRow, { discounts, currency }: Agreement, { product, tax }: Charge, first: string, last: string): string {
    const hold = discounts.filter((d) => (d.products.length === 0 || d.products.includes(product ?? '')) && d.from <= first && (d.until === null || first <= d.until));
    const to = customer.invoice_currency ?? currency;
    return [
      new Book(this.#world, currency).rateOf(this.#taxOf(customer, null, tax), last), hold.map((d) => discounts.indexOf(d)), to === currency ? '' : this.#rate(currency, to, last).on,
    ].join(' ');
  }

  #charges(book: Book, customer: CustomerRow, period: RunPeriod, currency: string): (Line & { last: string })[] {
    return this.#charged.filter((c) => c.customer === customer.id && c.period === period && c.agreement.currency === currency).map((c) => this.#line(book, {
      key: c.key, show: c.key, product: c.charge.product ?? '', tax: this.#taxOf(customer, null, c.charge.tax), first: c.first, last: c.last, usage: false,
      withTax: c.agreement.prices_include_tax, amount: c.amount, agreed: c.agreement,
    }));
  }

  #usages(book: Book, customer: CustomerRow, period: RunPeriod, month: number): (Line & { last: string })[] {
    const [start, end] = [date(period.period_start), date(period.period_end)];
    return this.#used.filter((u) => u.customer === customer.id && u.month === month).map((u) => {
      const first = start > u.begin && start < u.end ? start : u.begin;
      const until = end < u.end && end > u.begin ? end : u.end;
      const { product, scope, owner, prices_include_tax: withTax } = u.price;
      const priced = scope === 'agreement' ? this.#agreements(customer).find((a) => a.agreement_id === owner)! : null;
      return this.#line(book, {
        // Between the span and the tier stands the invoice.
        key: `${u.key}/inv_/${u.tier}`, show: `${u.key}/${u.tier}`, product, tax: this.#taxOf(customer, product), first,
        last: date(Math.max(at(first), at(until) - 1)), usage: true, measured: true, withTax, amount: u.amount, agreed: priced ?? this.#first(customer, CURRENCY, first),
      });
    });
  }
}

/** An own amount as a fraction of a hundred, whatever the decimals of its currency: what is left after `x 100` are minor units. */
function minorOf(amount: string, currency: string): readonly [bigint, bigint] {
  const [whole, part = ''] = amount.split('.') as [string, string?];
  const decimals = currency === 'KWD' ? 3 : 2;
  return [BigInt(whole + part.padEnd(decimals, '0')), 100n];
}

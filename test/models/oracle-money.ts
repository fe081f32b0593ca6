/**
 * What the invoices of a world of own amounts should come to, period after period: what was billed before is what it remembers itself. All
 * times are UTC. Discounts, bounds and taxes are those of oracle-book.ts.
 */
import type { RunPeriod } from '../../src/models/load.js';
import { exponentOf, parseDecimal } from '../../src/values/money.js';
import { at, date } from '../support/models.js';
import type { BookingRow, CustomerRow, World } from '../support/models.js';
import { Book } from './oracle-book.js';
import type { Bounded, Line } from './oracle-book.js';

/** One text a line and a tax: `customer period  line key  net` and `customer period  tax rate  net tax`. */
export function expectedMoney(world: World): string[] {
  const periods = ordered(world);
  return new MoneyOracle(world).bill(world.bookings, 0, periods.filter((p) => p.previewed).length - 1);
}

const ordered = (world: World): RunPeriod[] => [...world.periods].sort((a, b) => a.period_start - b.period_start);

/** An invoice as it is remembered. */
export interface Billed extends Bounded {
  readonly customer: string; readonly period: number; void: boolean; readonly bookings: readonly string[];
}

export class MoneyOracle {
  readonly invoices: Billed[] = [];
  readonly #world: World;
  readonly #book: Book;
  readonly #exponent: number;
  readonly #periods: readonly RunPeriod[];

  constructor(world: World) {
    this.#world = world;
    this.#book = new Book(world);
    this.#exponent = exponentOf(world.currency ?? 'EUR');
    this.#periods = ordered(world);
  }

  /** Bills the periods from one to another, and those before whose invoice became void. What is late goes to the next of them. */
  bill(bookings: readonly BookingRow[], from: number, to: number): string[] {
    const texts: string[] = [];
    for (const customer of this.#world.customers) {
      const open = this.#openPeriods(customer, from, to);
      for (const period of open) {
        const where = `${customer.id} ${date(this.#periods[period]!.period_start)}`;
        const known = new Set(this.#standing(customer).flatMap((invoice) => invoice.bookings));
        const own = bookings.filter((b) => b.customer === customer.id && !known.has(b.id) && open.find((each) => each >= this.#periodOf(b)) === period);
        const invoice: Billed = {
          customer: customer.id, period, void: false, bookings: own.map((b) => b.id), counted: new Map(), taken: new Map(), charged: new Map(),
        };
        const memory = { before: this.#standing(customer), now: invoice, first: date(this.#periods[0]!.period_start) };
        const lines = this.#book.adjustedLines(customer, this.#periods[period]!, own.map((booking) => this.#lineOf(customer, booking)), memory);
        if (lines.length > 0) this.invoices.push(invoice);
        for (const text of this.#book.settled(lines)) texts.push(`${where} ${text}`);
      }
    }
    return texts.sort();
  }

  #openPeriods(customer: CustomerRow, from: number, to: number): number[] {
    const own = this.invoices.filter((invoice) => invoice.customer === customer.id && invoice.period < from);
    const again = own.filter((invoice) => invoice.void && !own.some((each) => each.period === invoice.period && !each.void)).map((invoice) => invoice.period);
    return [...new Set(again)].sort((a, b) => a - b).concat(Array.from({ length: to - from + 1 }, (_, i) => from + i));
  }

  #periodOf(booking: BookingRow): number {
    return this.#periods.findIndex((p) => at(booking.end) >= p.period_start && at(booking.end) < p.period_end);
  }

  #standing(customer: CustomerRow): Billed[] {
    return this.invoices.filter((invoice) => invoice.customer === customer.id && !invoice.void);
  }

  #lineOf(customer: CustomerRow, booking: BookingRow): Line {
    const source = (this.#world.sources ?? []).find((each) => each.name === (booking.source ?? 'jobs'));
    const first = date(at(booking.start ?? booking.end));
    // The end is not part of the service, unless it is all of it.
    const last = date(Math.max(at(booking.start ?? booking.end), at(booking.end) - 1));
    const tax = customer.tax ?? this.#world.products![booking.product!]!.tax!;
    const rate = this.#book.rateOf(tax, last);
    const amount = parseDecimal(booking.amount!, this.#exponent)!;
    const agreed = (customer.agreements ?? []).map((id) => this.#world.agreements!.find((each) => each.agreement_id === id)!)
      .find((each) => each.from <= first && (each.until === null || first <= each.until)) ?? null;
    const withTax = source?.with_tax ?? false;
    const left = this.#book.termsOf(agreed, withTax, amount, rate);
    return { key: booking.id, show: booking.id, tax, rate, withTax, amount, first, product: booking.product!, agreed, left, usage: true };
  }
}

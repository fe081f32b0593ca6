/**
 * What becomes of deposits, written slowly and plainly from docs/agreements.md: invoice after invoice, a deposit at a time, and for each
 * the most that leaves the invoice at zero or above is looked for by trying. It shares no code with the models. For worlds of bookings
 * with amounts of their own in calendar months; all times are UTC.
 */
import type { Agreement, Deposit } from '../../src/config/types.js';
import { parseDecimal } from '../../src/values/money.js';
import { roundedQuotient } from '../support/exact.js';
import { at, date } from '../support/models.js';
import type { BookingRow, CustomerRow, World } from '../support/models.js';

interface Line { what: string; deposit: string | null; tax: string; rate: bigint; withTax: boolean; amount: bigint }
interface Invoice { customer: string; period: number; lines: Line[]; bookings: string[]; void: boolean }

export class DepositOracle {
  readonly invoices: Invoice[] = [];
  readonly #world: Pick<World, 'agreements' | 'bookings' | 'customers' | 'taxes' | 'products' | 'sources' | 'rounding' | 'tax_rounding'>;
  readonly #months: readonly string[];

  constructor(world: World, months: readonly string[]) {
    this.#world = world;
    this.#months = months;
  }

  /** Bills the periods from one to another, all open at once, and those before whose invoice became void: `customer month line tax rate amount` of the lines of deposits, and the totals. */
  bill(from: number, to: number): string[] {
    const texts: string[] = [];
    for (const customer of this.#world.customers) {
      const open = this.#openPeriods(customer, from, to);
      for (const period of open) {
        const made = this.#invoiceOf(customer, period, open);
        if (made.lines.length === 0) continue;
        this.invoices.push(made);
        const where = `${customer.id} ${this.#months[period]!}`;
        for (const line of made.lines) if (line.deposit !== null) texts.push(`${where} ${line.what} ${line.deposit} ${line.tax} ${line.rate} ${line.amount}`);
        texts.push(`${where} total ${this.#total(made.lines)}`);
      }
    }
    return texts.sort();
  }

  #openPeriods(customer: CustomerRow, from: number, to: number): number[] {
    const own = this.invoices.filter((invoice) => invoice.customer === customer.id && invoice.period < from);
    const again = own.filter((invoice) => invoice.void && !own.some((each) => each.period === invoice.period && !each.void)).map((invoice) => invoice.period);
    return [...new Set(again)].sort((a, b) => a - b).concat(Array.from({ length: to - from + 1 }, (_, i) => from + i));
  }

  #invoiceOf(customer: CustomerRow, period: number, open: readonly number[]): Invoice {
    const billed = new Set(this.#standing(customer).flatMap((invoice) => invoice.bookings));
    const target = (own: number): number => open.find((each) => each >= own) ?? own;
    const goes = (own: number): boolean => target(own) === period;
    const bookings = this.#world.bookings.filter((b) => b.customer === customer.id && !billed.has(b.id) && goes(this.#periodOf(b.end)));
    const made: Invoice = { customer: customer.id, period, void: false, bookings: bookings.map((b) => b.id), lines: bookings.map((b) => this.#lineOf(b)) };
    const deposits = (customer.agreements ?? []).flatMap((id) => {
      const agreement = this.#world.agreements!.find((each) => each.agreement_id === id)!;
      const end = agreement.until === null ? Infinity : this.#periodOf(agreement.until);
      return agreement.deposits.map((deposit) => ({ agreement, deposit, final: target(end) }));
    });
    const known = this.#standing(customer);
    const left = deposits.map((each) => this.#takeOff(made, known, each));
    made.lines.push(...left.filter((line) => line !== null));
    const paid = deposits.filter(({ agreement, deposit, final }) => (
      !known.some((invoice) => invoice.lines.some((line) => line.what === 'deposit' && line.deposit === nameOf(agreement, deposit)))
      && deposit.on >= this.#months[0]! && goes(this.#periodOf(deposit.on)) && period < final));
    made.lines.push(...paid.map(({ agreement, deposit }): Line => ({
      what: 'deposit', deposit: nameOf(agreement, deposit), tax: deposit.tax!, rate: this.#rateOf(deposit.tax!, deposit.on), withTax: agreement.prices_include_tax,
      amount: parseDecimal(deposit.amount, 2)!,
    })));
    return made;
  }

  /** What comes off this invoice of a deposit; what is given back with it, once all have come off. */
  #takeOff(made: Invoice, known: readonly Invoice[], { agreement, deposit, final }: { agreement: Agreement; deposit: Deposit; final: number }): Line | null {
    const name = nameOf(agreement, deposit);
    const own = known.flatMap((invoice) => invoice.lines).filter((line) => line.deposit === name);
    let left = own.reduce((sum, line) => sum + line.amount, 0n);
    if (left <= 0n || made.period > final) return null;
    // It comes off what is behind its own invoice, unless its agreement was ended before that.
    const asked = Math.max(...known.filter(({ lines }) => lines.some((line) => line.what === 'deposit' && line.deposit === name)).map(({ period }) => period));
    if (made.period <= asked && asked < final) return null;
    const { tax, rate, withTax } = own[0]!;
    const line = (what: string, amount: bigint): Line => ({ what, deposit: name, tax, rate, withTax, amount });
    const total = this.#total(made.lines);
    if (total > 0n && (deposit.apply === 'next_invoice' || made.period === final)) {
      let most = withTax ? total : (total * 100_000_000n) / (100_000_000n + rate) + 3n;
      while (this.#total([...made.lines, line('', -most)]) < 0n) most -= 1n;
      const off = left < most ? left : most;
      if (off > 0n) made.lines.push(line('deposit_applied', -off));
      left -= off;
    }
    return made.period === final && left > 0n ? line('deposit_refund', -left) : null;
  }

  #standing(customer: CustomerRow): Invoice[] {
    return this.invoices.filter((invoice) => invoice.customer === customer.id && !invoice.void);
  }

  /** The invoice with tax: for each rate the tax on the sum of the plain amounts, or on each of them. */
  #total(lines: readonly Line[]): bigint {
    let total = 0n;
    for (const key of new Set(lines.map((line) => `${line.tax} ${line.rate}`))) {
      const own = lines.filter((line) => `${line.tax} ${line.rate}` === key);
      const plain = own.filter((line) => !line.withTax).map((line) => line.amount);
      const tax = (net: bigint): bigint => roundedQuotient(net * own[0]!.rate, 100_000_000n, this.#world.rounding ?? 'half_away');
      const sum = (amounts: readonly bigint[]): bigint => amounts.reduce((a, b) => a + b, 0n);
      total += sum(own.map((line) => line.amount)) + (this.#world.tax_rounding === 'line' ? sum(plain.map(tax)) : tax(sum(plain)));
    }
    return total;
  }

  #lineOf(booking: BookingRow): Line {
    const tax = this.#world.products![booking.product!]!.tax!;
    const withTax = this.#world.sources!.find((each) => each.name === booking.source)!.with_tax ?? false;
    return { what: 'booking', deposit: null, tax, rate: this.#rateOf(tax, date(at(booking.end))), withTax, amount: parseDecimal(booking.amount!, 2)! };
  }

  #rateOf(tax: string, day: string): bigint {
    const { rate = '19', rates = [] } = this.#world.taxes![tax]!;
    return parseDecimal(rates.filter((each) => each.from === null || each.from <= day).at(-1)?.rate ?? rate)!;
  }

  #periodOf(day: string): number {
    const before = this.#months.findIndex((month) => month > day.slice(0, 10));
    return before < 0 ? Infinity : before - 1;
  }
}

function nameOf(agreement: Agreement, deposit: Deposit): string {
  return `${agreement.agreement_id}:${deposit.charge_id}`;
}

/**
 * What discounts, maximums, minimums and taxes should come to, written slowly and plainly from docs/agreements.md with exact fractions.
 * It shares no code with the models. For worlds of own amounts; what was billed before is what it remembers itself. All times are UTC.
 */
import type { Agreement, Bound, Discount } from '../../src/config/types.js';
import type { RunPeriod } from '../../src/models/load.js';
import { exponentOf, parseDecimal } from '../../src/values/money.js';
import { roundedQuotient } from '../support/exact.js';
import { at, date } from '../support/models.js';
import type { BookingRow, CustomerRow, World } from '../support/models.js';

const DAY = 86_400_000;
const days = (from: string, until: string): bigint => BigInt((at(until) - at(from)) / DAY);

/** A line: its amount as written (with tax or not), and what is left of it in the terms of its agreement. */
interface Line { key: string; show: string; tax: string; rate: bigint; withTax: boolean; amount: bigint; first: string; product: string; agreed: Agreement | null; left: bigint }

/** One text a line and a tax: `customer period  line key  net` and `customer period  tax rate  net tax`. */
export function expectedMoney(world: World): string[] {
  const periods = ordered(world);
  return new MoneyOracle(world).bill(world.bookings, 0, periods.filter((p) => p.previewed).length - 1);
}

const ordered = (world: World): RunPeriod[] => [...world.periods].sort((a, b) => a.period_start - b.period_start);

/** An invoice as it is remembered: of each bound what counted before it, what it took off, and what it charged. */
export interface Billed {
  readonly customer: string; readonly period: number; void: boolean; readonly bookings: readonly string[];
  readonly counted: Map<string, bigint>; readonly taken: Map<string, bigint>; readonly charged: Map<string, bigint>;
}

interface Time { readonly key: string; readonly amount: bigint; readonly first: string; readonly last: string; readonly due: boolean; readonly after: boolean }

const months = (day: string, count: number): string => {
  const [year, month, date_] = day.split('-').map(Number) as [number, number, number];
  const last = new Date(Date.UTC(year, month + count, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + count, Math.min(date_, last))).toISOString().slice(0, 10);
};
const dayAfter = (day: string): string => date(at(day) + DAY);

export class MoneyOracle {
  readonly invoices: Billed[] = [];
  readonly #world: World;
  readonly #half: 'half_away' | 'half_even';
  readonly #exponent: number;
  readonly #periods: readonly RunPeriod[];

  constructor(world: World) {
    this.#world = world;
    this.#half = world.rounding ?? 'half_away';
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
        const lines = this.#linesOf(customer, own, invoice);
        if (lines.length > 0) this.invoices.push(invoice);
        for (const text of this.settled(lines)) texts.push(`${where} ${text}`);
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

  #linesOf(customer: CustomerRow, bookings: readonly BookingRow[], invoice: Billed): Line[] {
    const lines = bookings.map((booking) => this.#lineOf(customer, booking));
    for (const id of customer.agreements ?? []) {
      const agreement = this.#world.agreements!.find((each) => each.agreement_id === id)!;
      lines.push(...this.#adjusted(customer, agreement, lines.filter((line) => line.agreed === agreement), invoice));
    }
    return lines;
  }

  #lineOf(customer: CustomerRow, booking: BookingRow): Line {
    const source = (this.#world.sources ?? []).find((each) => each.name === (booking.source ?? 'jobs'));
    const first = date(at(booking.start ?? booking.end));
    // The end is not part of the service, unless it is all of it.
    const last = date(Math.max(at(booking.start ?? booking.end), at(booking.end) - 1));
    const tax = customer.tax ?? this.#world.products![booking.product!]!.tax!;
    const rate = this.#rateOf(tax, last);
    const amount = parseDecimal(booking.amount!, this.#exponent)!;
    const agreed = (customer.agreements ?? []).map((id) => this.#world.agreements!.find((each) => each.agreement_id === id)!)
      .find((each) => each.from <= first && (each.until === null || first <= each.until)) ?? null;
    const withTax = source?.with_tax ?? false;
    const terms = agreed === null || agreed.prices_include_tax === withTax ? amount
      : withTax ? this.#netOf(amount, rate) : amount + this.#taxOn(amount, rate);
    return { key: booking.id, show: booking.id, tax, rate, withTax, amount, first, product: booking.product!, agreed, left: terms };
  }

  #rateOf(tax: string, day: string): bigint {
    const { rate = '19', rates = [] } = this.#world.taxes![tax]!;
    return parseDecimal(rates.filter((each) => each.from === null || each.from <= day).at(-1)?.rate ?? rate)!;
  }

  #taxOn(net: bigint, rate: bigint): bigint { return roundedQuotient(net * rate, 100_000_000n, this.#half); }
  #netOf(gross: bigint, rate: bigint): bigint { return roundedQuotient(gross * 100_000_000n, 100_000_000n + rate, this.#half); }

  /** Discounts, then maximums (of a period, then longer ones), then minimums; each as lines of its own. */
  #adjusted(customer: CustomerRow, agreement: Agreement, own: Line[], invoice: Billed): Line[] {
    const made: Line[] = [];
    const period = this.#periods[invoice.period]!;
    const less = (name: string, key: string, off: readonly bigint[]): void => {
      const taxes = new Map<string, Line>();
      own.forEach((line, i) => {
        line.left -= off[i]!;
        const id = `${line.tax}:${line.rate}`;
        const sum = taxes.get(id) ?? {
          ...line, key: `inv:${agreement.agreement_id}:${key}:${id}`, show: `discount ${name}`, withTax: agreement.prices_include_tax, amount: 0n, agreed: null,
        };
        taxes.set(id, { ...sum, amount: sum.amount - off[i]! });
      });
      made.push(...[...taxes.values()].filter((line) => line.amount !== 0n));
    };
    agreement.discounts.forEach((discount, i) => { less(discount.name, `discount:${i + 1}`, this.#taken(discount, own)); });
    const sum = (): bigint => own.reduce((total, line) => total + line.left, 0n);
    const shared = (total: bigint): bigint[] => spread(total, own.map((line) => line.left), own.map((line) => line.key));
    const maximums = agreement.bounds.filter((bound) => bound.kind === 'maximum');
    const periodic = maximums.filter((bound) => bound.per.unit === 'period');
    periodic.forEach((bound, i) => {
      const most = this.#boundIn(bound, period);
      if (most !== null && sum() > most && bound.applies_to !== 'charges') less(bound.name, `discount:${agreement.discounts.length + i + 1}`, shared(sum() - most));
    });
    const before = this.#standing(customer);
    const total = (of: 'counted' | 'taken' | 'charged', key: string): bigint => before.reduce((all, each) => all + (each[of].get(key) ?? 0n), 0n);
    for (const bound of maximums.filter((each) => each.per.unit !== 'period' && each.applies_to !== 'charges')) {
      const number = maximums.indexOf(bound) + 1;
      const time = this.#timeOf(bound, agreement, period);
      if (time === null) continue;
      const key = `${agreement.agreement_id} maximum ${number} ${time.key}`;
      const now = sum();
      invoice.counted.set(key, now);
      const above = total('counted', key) + now - time.amount;
      let off = (above > 0n ? above : 0n) - total('taken', key);
      if (off > 0n && off > now) off = now > 0n ? now : 0n;
      if (now === 0n || off === 0n) continue;
      invoice.taken.set(key, off);
      less(bound.name, `maximum:${number}`, shared(off));
    }
    const left = sum();
    agreement.bounds.filter((bound) => bound.kind === 'minimum').forEach((bound, i) => {
      const counts = bound.applies_to === 'charges' ? 0n : left;
      if (bound.per.unit !== 'period') {
        const line = this.#missingOf(customer, agreement, bound, i + 1, counts, invoice);
        if (line !== null) made.push(line);
        return;
      }
      const least = this.#boundIn(bound, period);
      const missing = (least ?? 0n) - counts;
      if (least === null || missing <= 0n) return;
      const until = date(period.period_end);
      const end = bound.until !== null && bound.until < until ? bound.until : date(period.period_end - 1);
      made.push(this.#minimumLine(customer, agreement, bound, i + 1, missing, end));
    });
    return made;
  }

  /** What is missing of a minimum when its time is over; after that it can only become less. */
  #missingOf(customer: CustomerRow, agreement: Agreement, bound: Bound, number: number, counts: bigint, invoice: Billed): Line | null {
    const time = this.#timeOf(bound, agreement, this.#periods[invoice.period]!);
    if (time === null) return null;
    const key = `${agreement.agreement_id} minimum ${number} ${time.key}`;
    const before = this.#standing(customer);
    const total = (of: 'counted' | 'charged'): bigint => before.reduce((all, each) => all + (each[of].get(key) ?? 0n), 0n);
    invoice.counted.set(key, counts);
    if (!time.due) return null;
    const lacks = time.amount - total('counted') - counts;
    const more = (lacks > 0n ? lacks : 0n) - total('charged');
    if (more === 0n || (time.after && more > 0n)) return null;
    invoice.charged.set(key, more);
    return this.#minimumLine(customer, agreement, bound, number, more, time.last);
  }

  #minimumLine(customer: CustomerRow, agreement: Agreement, bound: Bound, number: number, amount: bigint, end: string): Line {
    const tax = customer.tax ?? bound.tax!;
    return {
      key: `${customer.id}:${agreement.agreement_id}:minimum:${number}`, show: `minimum ${bound.name}`, tax, rate: this.#rateOf(tax, end),
      withTax: agreement.prices_include_tax, amount, first: end, product: '', agreed: null, left: amount,
    };
  }

  /** The time of a bound that an invoice belongs to: by the first day of its period; what begins before the first time is of it. */
  #timeOf(bound: Bound, agreement: Agreement, period: RunPeriod): Time | null {
    const [start, end] = [date(period.period_start), date(period.period_end)];
    const lastDay = bound.until === null ? null : dayAfter(bound.until);
    const first = [bound.from, date(this.#periods[0]!.period_start)].sort().at(-1)!;
    const times: { from: string; until: string | null; whole: [string, string | null] }[] = [];
    const add = (from: string, until: string | null): void => {
      const cut = { from: from > first ? from : first, until: until === null || (lastDay !== null && lastDay < until) ? lastDay : until, whole: [from, until] as [string, string | null] };
      if (cut.until === null || cut.from < cut.until) times.push(cut);
    };
    if (bound.per.unit === 'term') add(agreement.from, agreement.term.until === null ? null : dayAfter(agreement.term.until));
    else if (bound.per.unit === 'month') for (let n = 0; n < 60; n += 1) add(months(bound.per.anchor, n * bound.per.count), months(bound.per.anchor, (n + 1) * bound.per.count));
    for (const [i, { from, until, whole }] of times.entries()) {
      const isLast = until === null || (until === lastDay && bound.until === agreement.until);
      if (end <= from || (i > 0 && start < from) || (!isLast && start >= until)) continue;
      const amount = parseDecimal(bound.amount, this.#exponent)!;
      const isCut = bound.prorate && until !== null && whole[1] !== null;
      return {
        key: from, amount: isCut ? roundedQuotient(amount * days(from, until), days(whole[0], whole[1]!), this.#half) : amount, first: from,
        last: until === null ? start : date(at(until) - DAY), due: until !== null && end >= until, after: until !== null && start >= until,
      };
    }
    return null;
  }

  #boundIn(bound: Bound, period: RunPeriod): bigint | null {
    const [start, end] = [date(period.period_start), date(period.period_end)];
    const from = bound.from > start ? bound.from : start;
    const until = bound.until === null || bound.until >= end ? end : date(at(bound.until) + DAY);
    if (from >= until) return null;
    const amount = parseDecimal(bound.amount, this.#exponent)!;
    return bound.prorate ? roundedQuotient(amount * days(from, until), days(start, end), this.#half) : amount;
  }

  /** What a discount takes off each of the lines. */
  #taken(discount: Discount, own: readonly Line[]): bigint[] {
    const chosen = own.map((line) => (discount.products.length === 0 || discount.products.includes(line.product))
      && discount.from <= line.first && (discount.until === null || line.first <= discount.until));
    const minor = (text: string): bigint => parseDecimal(text, this.#exponent)!;
    const of = (base: bigint): bigint => {
      if (base <= 0n) return 0n;
      const off = discount.percent === null ? minor(discount.amount!) : roundedQuotient(base * parseDecimal(discount.percent)!, 100_000_000n, this.#half);
      return off > base ? base : off;
    };
    const weights = own.map((line, i) => (chosen[i] === true ? (discount.on === 'line' ? of(line.left) : line.left) : 0n));
    const base = weights.reduce((a, b) => a + b, 0n);
    let total = discount.on === 'line' ? base : of(base);
    if (discount.cap !== null && total > minor(discount.cap)) total = minor(discount.cap);
    return spread(base <= 0n ? 0n : total, weights, own.map((line) => line.key));
  }

  /** Lines net, and the taxes. */
  settled(lines: readonly Line[]): string[] {
    const texts: string[] = [];
    for (const id of [...new Set(lines.map((line) => `${line.tax} ${line.rate}`))]) {
      const own = lines.filter((line) => `${line.tax} ${line.rate}` === id);
      const rate = own[0]!.rate;
      const [gross, plain] = [own.filter((line) => line.withTax), own.filter((line) => !line.withTax)];
      const sum = (of: readonly Line[]): bigint => of.reduce((total, line) => total + line.amount, 0n);
      const byLine = this.#world.tax_rounding === 'line';
      const nets = byLine ? gross.map((line) => this.#netOf(line.amount, rate)) : spreadNet(this.#netOf(sum(gross), rate), gross, rate);
      const net = nets.reduce((a, b) => a + b, 0n);
      const added = byLine ? plain.reduce((total, line) => total + this.#taxOn(line.amount, rate), 0n) : this.#taxOn(sum(plain), rate);
      texts.push(`tax ${id} ${net + sum(plain)} ${added + sum(gross) - net}`);
      gross.forEach((line, i) => texts.push(`line ${line.show} ${id} ${nets[i]} ${line.amount}`));
      plain.forEach((line) => texts.push(`line ${line.show} ${id} ${line.amount} -`));
    }
    return texts;
  }
}

/** Shares of a total by weight: first what fits wholly, then unit by unit to whoever lacks most; of equals to the lower key. */
export function spread(total: bigint, weights: readonly bigint[], keys: readonly string[]): bigint[] {
  const sum = weights.reduce((a, b) => a + b, 0n);
  if (total === 0n) return weights.map(() => 0n);
  // Something given back on lines that come to less than nothing.
  const direction = sum < 0n ? -1n : 1n;
  return filled(total, weights.map((weight) => total * weight * direction), sum * direction, keys);
}

function spreadNet(total: bigint, lines: readonly Line[], rate: bigint): bigint[] {
  return filled(total, lines.map((line) => line.amount * 100_000_000n), 100_000_000n + rate, lines.map((line) => line.key));
}

/** `exact[i] / under` are the exact shares. */
function filled(total: bigint, exact: readonly bigint[], under: bigint, keys: readonly string[]): bigint[] {
  const shares = exact.map((n) => (n - (((n % under) + under) % under)) / under);
  let rest = total - shares.reduce((a, b) => a + b, 0n);
  const given = new Set<number>();
  for (; rest > 0n; rest -= 1n) {
    let best = -1;
    for (const [i, n] of exact.entries()) {
      if (given.has(i)) continue;
      const lacks = n - shares[i]! * under;
      const most = best < 0 ? -1n : exact[best]! - shares[best]! * under;
      if (best < 0 || lacks > most || (lacks === most && keys[i]! < keys[best]!)) best = i;
    }
    shares[best]! += 1n;
    given.add(best);
  }
  return shares;
}

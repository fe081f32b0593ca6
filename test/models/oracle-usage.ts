/**
 * What usage should cost, written slowly and plainly from the description: day by day, booking by booking, with exact fractions. It
 * keeps its own books of what was charged, looks at no ledger, and shares no code with the models.
 */
import type { Price, PriceTier } from '../../src/config/types.js';
import { roundedQuotient } from '../support/exact.js';
import type { BookingRow } from '../support/models.js';

export interface UsageBooking extends BookingRow {
  readonly start: string;
  readonly quantity: string;
  readonly source: string;
}

export interface UsageWorld {
  readonly prices: readonly Price[];
  readonly customers: readonly { readonly id: string; readonly agreements: readonly string[] }[];
  /** First days of the months, and the day after the last one. */
  readonly months: readonly string[];
  readonly rounding: 'half_away' | 'half_even';
}

type Fraction = readonly [over: bigint, under: bigint];

/** What a tier, a minimum or a maximum of a span adds to the invoice of a month. */
export interface UsageLine {
  readonly customer: string;
  /** Place of the month. */
  readonly month: number;
  /** `customer:span` */
  readonly key: string;
  readonly tier: string;
  readonly quantity: bigint;
  readonly amount: bigint;
  readonly price: Price;
  /** First day of the span, and the day after it. */
  readonly begin: string;
  readonly end: string;
}

interface Account {
  readonly price: Price;
  readonly customer: string;
  readonly begin: string;
  readonly end: string;
  /** Days in effect, and of the whole span. */
  readonly days: number;
  readonly whole: number;
  readonly counted: UsageBooking[];
  readonly charged: Map<string, { quantity: bigint; amount: bigint }>;
}

const DAY = 86_400_000;
const next = (day: string, by = 1): string => new Date(Date.parse(`${day}T00:00:00Z`) + by * DAY).toISOString().slice(0, 10);
const dayOf = (time: string): string => time.slice(0, 10);

function fraction(decimal: string): Fraction {
  const [whole, part = ''] = decimal.split('.') as [string, string?];
  return [BigInt(whole + part), 10n ** BigInt(part.length)];
}
const plus = (a: Fraction, b: Fraction): Fraction => [a[0] * b[1] + b[0] * a[1], a[1] * b[1]];
const minus = (a: Fraction, b: Fraction): Fraction => plus(a, [-b[0], b[1]]);
const times = (a: Fraction, b: Fraction): Fraction => [a[0] * b[0], a[1] * b[1]];
const over = (a: Fraction, b: Fraction): Fraction => times(a, [b[1], b[0]]);
const less = (a: Fraction, b: Fraction): boolean => a[0] * b[1] < b[0] * a[1];
const low = (a: Fraction, b: Fraction): Fraction => (less(a, b) ? a : b);
const high = (a: Fraction, b: Fraction): Fraction => (less(a, b) ? b : a);
const up = (a: Fraction): Fraction => [a[0] <= 0n ? -(-a[0] / a[1]) : (a[0] + a[1] - 1n) / a[1], 1n];
const ZERO: Fraction = [0n, 1n];

export class UsageOracle {
  readonly #world: UsageWorld;
  readonly #accounts = new Map<string, Account>();
  readonly #billed = new Set<string>();
  /** Rows that may hold for a customer and product, the stronger first. */
  readonly #lists = new Map<string, readonly Price[]>();

  constructor(world: UsageWorld) {
    this.#world = world;
  }

  /** The lines of the invoices of the months as texts, `customer:span/tier month quantity amount`. */
  bill(bookings: readonly UsageBooking[], first: number, last: number): string[] {
    return this.lines(bookings, first, last)
      .map(({ key, tier, month, quantity, amount }) => `${key}/${tier} ${this.#world.months[month]!} ${quantity} ${amount}`).sort();
  }

  /** The lines of the invoices of the months from `first` to `last`; what was before is closed. */
  lines(bookings: readonly UsageBooking[], first: number, last: number): UsageLine[] {
    const lines: UsageLine[] = [];
    for (let month = first; month <= last; month += 1) {
      for (const { id } of this.#world.customers) {
        for (const booking of bookings) {
          const own = this.#monthOf(dayOf(booking.end));
          if (booking.customer !== id || this.#billed.has(booking.id) || Math.max(own, first) !== month || !this.isPriced(booking)) continue;
          this.#billed.add(booking.id);
          this.#count(booking);
        }
        lines.push(...this.#charge(id, month));
      }
    }
    return lines;
  }

  #monthOf(day: string): number {
    return this.#world.months.findLastIndex((begin) => begin <= day);
  }

  /** The row in force for a customer. */
  priceOf(customer: string, product: string, day: string): Price | undefined {
    const key = `${customer} ${product}`;
    if (!this.#lists.has(key)) {
      const { agreements } = this.#world.customers.find(({ id }) => id === customer)!;
      this.#lists.set(key, (['customer', 'agreement', 'product'] as const).flatMap((scope) => this.#world.prices.filter((price) => price.product === product
        && price.scope === scope && (scope === 'product' || (scope === 'customer' ? price.owner === customer : agreements.includes(price.owner))))));
    }
    return this.#lists.get(key)!.find((price) => (price.from ?? day) <= day && day <= (price.until ?? day));
  }

  /** Others are rejected. */
  isPriced(booking: UsageBooking): boolean {
    if (booking.amount !== undefined || booking.price !== undefined) return true;
    const price = this.priceOf(booking.customer, booking.product!, dayOf(booking.start));
    return price !== undefined && price.metric?.column !== 'amount';
  }

  /** The amount of a booking: its own, what is measured of it, or its quantity at its price. */
  amountOf(booking: UsageBooking): Fraction {
    const { amount, price } = booking;
    if (amount !== undefined) return fraction(amount);
    const row = this.priceOf(booking.customer, booking.product!, dayOf(booking.start));
    const each = price ?? (row?.metric === null ? row.tiers[0]!.unit_price : '0');
    return [this.#round(times(times(fraction(booking.quantity), fraction(each)), [100n, 1n])), 100n];
  }

  /** Whether a row measures a booking of its own product. */
  measures(price: Price, booking: UsageBooking): boolean {
    if (price.metric === null) return false;
    return price.metric.column === 'amount' || (booking.amount === undefined && booking.price === undefined);
  }

  #count(booking: UsageBooking): void {
    for (const product of new Set(this.#world.prices.map((price) => price.product))) {
      const price = this.priceOf(booking.customer, product, dayOf(booking.start));
      if (price?.metric == null) continue;
      if (booking.product === product && !this.measures(price, booking)) continue;
      const { where } = price.metric;
      const isIn = (list: readonly string[], value: string): boolean => list.length === 0 || list.includes(value);
      const fits = where.product.includes(booking.product!) && isIn(where.source, booking.source) && isIn(where.description, booking.description!);
      if (fits) this.#account(price, booking.customer, price.per.unit === 'period' ? dayOf(booking.end) : dayOf(booking.start)).counted.push(booking);
    }
  }

  /** The span of a price around a day. */
  #spanAround({ per }: Price, day: string): [begin: string, end: string] {
    if (per.unit === 'period') {
      const month = this.#monthOf(day);
      return [this.#world.months[month]!, this.#world.months[month + 1]!];
    }
    if (per.unit === 'term') throw new Error('no terms here');
    const [year, month, first] = per.anchor.split('-').map(Number) as [number, number, number];
    for (let n = -400; ; n += 1) {
      const at = (k: number): string => new Date(Date.UTC(year, month - 1 + k * per.count, first)).toISOString().slice(0, 10);
      if (at(n) <= day && day < at(n + 1)) return [at(n), at(n + 1)];
    }
  }

  #account(price: Price, customer: string, day: string): Account {
    const [begin, end] = this.#spanAround(price, day);
    const days: string[] = [];
    for (let each = begin; each < end; each = next(each)) days.push(each);
    const own = days.filter((each) => (price.from ?? each) <= each && each <= (price.until ?? each));
    const first = own[0] ?? begin;
    const whose = price.scope === 'agreement' ? `agreement:${price.owner}` : price.scope;
    const key = `${customer}:${whose}:${price.product}:${price.currency}:${first}${own.length === 0 ? ':after' : ''}`;
    if (!this.#accounts.has(key)) {
      this.#accounts.set(key, {
        price, customer, begin: first, end: own.length === 0 ? end : next(own.at(-1)!), counted: [], charged: new Map(),
        days: own.filter((each) => this.priceOf(customer, price.product, each) === price).length, whole: days.length,
      });
    }
    return this.#accounts.get(key)!;
  }

  #charge(customer: string, month: number): UsageLine[] {
    const [start, end] = [this.#world.months[month]!, this.#world.months[month + 1]!];
    const agreed = this.#world.prices.filter((price) => price.metric !== null && (price.scope === 'customer' ? price.owner === customer
      : price.scope === 'agreement' && this.#world.customers.find(({ id }) => id === customer)!.agreements.includes(price.owner)));
    for (const price of agreed) {
      for (let day = start; day < end; day = next(day)) if (this.priceOf(customer, price.product, day) === price) this.#account(price, customer, day);
    }
    const lines: UsageLine[] = [];
    for (const [key, account] of this.#accounts) {
      if (account.customer !== customer) continue;
      for (const [tier, now] of this.#soFar(account, end >= account.end)) {
        const before = account.charged.get(tier) ?? { quantity: 0n, amount: 0n };
        const added = { quantity: now.quantity - before.quantity, amount: now.amount - before.amount };
        account.charged.set(tier, now);
        const shown = /m/.test(tier) ? (added.amount < 0n ? -1_000_000n : 1_000_000n) : added.quantity;
        if (added.amount !== 0n || (added.quantity !== 0n && !/m/.test(tier))) {
          lines.push({ customer, month, key, tier, quantity: shown, amount: added.amount, price: account.price, begin: account.begin, end: account.end });
        }
      }
    }
    return lines;
  }

  #round([n, d]: Fraction): bigint {
    return roundedQuotient(n, d, this.#world.rounding);
  }

  /** Everything of an account up to now: by tier, beyond the maximum, up to the minimum. Amounts in cents. */
  #soFar({ price, counted, days, whole }: Account, isOver: boolean): Map<string, { quantity: bigint; amount: bigint }> {
    const found = new Map<string, { quantity: bigint; amount: bigint }>();
    const isUsed = counted.length > 0 || (price.scope !== 'product' && !price.needs_usage && days > 0);
    const amountOf = (booking: UsageBooking): Fraction => this.amountOf(booking);
    const units = isUsed ? unitsOf(price, counted, amountOf) : ZERO;
    let sum = 0n;
    price.tiers.forEach((tier, index) => {
      const { quantity, cost } = isUsed ? (price.per_booking === null ? tierOf(price, tier, index, units) : singly(price, counted, amountOf)) : { quantity: ZERO, cost: ZERO };
      const amount = this.#round(times(cost, [100n, 1n]));
      sum += amount;
      found.set(String(index + 1), { quantity: roundedQuotient(quantity[0] * 1_000_000n, quantity[1], 'half_away'), amount });
    });
    const part: Fraction = days === 0 ? [1n, 1n] : [BigInt(days), BigInt(whole)];
    if (price.maximum !== null) {
      const most = this.#round(times(times(fraction(price.maximum), part), [100n, 1n]));
      found.set('max', { quantity: 0n, amount: sum > most ? most - sum : 0n });
    }
    if (price.minimum !== null) {
      const least = this.#round(times(times(fraction(price.minimum), part), [100n, 1n]));
      found.set('min', { quantity: 0n, amount: isOver && isUsed && days > 0 && sum < least ? least - sum : 0n });
    }
    return found;
  }
}

function inTime(bookings: readonly UsageBooking[]): UsageBooking[] {
  const key = (booking: UsageBooking): string[] => [booking.start, booking.source, booking.id];
  return [...bookings].sort((a, b) => {
    const at = key(a).findIndex((part, i) => part !== key(b)[i]);
    return key(a)[at]! < key(b)[at]! ? -1 : 1;
  });
}

type AmountOf = (booking: UsageBooking) => Fraction;

function unitsOf({ metric, included }: Price, bookings: readonly UsageBooking[], amountOf: AmountOf): Fraction {
  const { of, column, divide_by, round_up } = metric!;
  const value = (booking: UsageBooking): Fraction => (column === 'amount' ? amountOf(booking) : fraction(booking.quantity));
  const text = (booking: UsageBooking): string => ({
    booking_id: booking.id, product: booking.product!, description: booking.description!, source: booking.source, starts_on: dayOf(booking.start),
    quantity: booking.quantity, amount: '',
  })[column ?? 'quantity'];
  const measured = of === 'count' ? [BigInt(bookings.length), 1n] as const
    : of === 'unique' ? [BigInt(new Set(bookings.map(text)).size), 1n] as const
    : of === 'sum' ? bookings.map(value).reduce(plus, ZERO)
    : bookings.length === 0 ? ZERO
    : of === 'max' ? bookings.map(value).reduce(high) : value(inTime(bookings).at(-1)!);
  const divided = over(measured, fraction(divide_by));
  return high(minus(round_up ? high(up(divided), ZERO) : divided, fraction(included)), ZERO);
}

function tierOf({ mode, tiers }: Price, tier: PriceTier, index: number, units: Fraction): { quantity: Fraction; cost: Fraction } {
  const none = { quantity: ZERO, cost: ZERO };
  const lower = index === 0 ? ZERO : fraction(tiers[index - 1]!.up_to!);
  if (index > 0 && !less(lower, units)) return none;
  const upper = tier.up_to === null ? null : fraction(tier.up_to);
  if (mode === 'volume' && upper !== null && less(upper, units)) return none;
  const part = mode === 'volume' ? units : minus(upper === null ? units : low(units, upper), lower);
  const quantity = tier.package_size === null ? part : up(over(part, fraction(tier.package_size)));
  const percent = over(times(fraction(tier.percent), part), [100n, 1n]);
  return { quantity, cost: plus(plus(times(quantity, fraction(tier.unit_price)), percent), fraction(tier.flat_fee)) };
}

/** Bookings priced one by one: fees, free ones, the least and the most of each. */
function singly({ per_booking, tiers, included }: Price, bookings: readonly UsageBooking[], amountOf: AmountOf): { quantity: Fraction; cost: Fraction } {
  const { fee, included: free, minimum, maximum } = per_booking!;
  const limit = fraction(included);
  const hasLimit = limit[0] > 0n;
  let [quantity, cost, running] = [ZERO, ZERO, ZERO];
  inTime(bookings).forEach((booking, index) => {
    const amount = amountOf(booking);
    const left = minus(limit, low(high(running, ZERO), limit));
    running = plus(running, amount);
    const leftAfter = minus(limit, low(high(running, ZERO), limit));
    const isAmong = free === null ? hasLimit : index < free;
    const taken = !isAmong ? ZERO : hasLimit ? minus(left, leftAfter) : amount;
    const charged = minus(amount, taken);
    quantity = plus(quantity, charged);
    if (isAmong && (!hasLimit || !less(limit, running))) return;
    let percent = over(times(charged, fraction(tiers[0]!.percent)), [100n, 1n]);
    if (minimum !== null) percent = high(percent, fraction(minimum));
    if (maximum !== null) percent = low(percent, fraction(maximum));
    cost = plus(cost, plus(percent, fraction(fee)));
  });
  return { quantity, cost };
}

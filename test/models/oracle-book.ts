/**
 * What discounts, maximums, minimums and taxes make of the lines of one invoice, whatever lines they are. Written slowly and plainly from
 * docs/agreements.md with exact fractions; it shares no code with the models. Bounds over longer times need what was billed before.
 */
import type { Agreement, Bound, Discount } from '../../src/config/types.js';
import type { RunPeriod } from '../../src/models/load.js';
import { exponentOf, parseDecimal } from '../../src/values/money.js';
import { roundedQuotient } from '../support/exact.js';
import { at, date } from '../support/models.js';
import type { CustomerRow, World } from '../support/models.js';

const DAY = 86_400_000;
const days = (from: string, until: string): bigint => BigInt((at(until) - at(from)) / DAY);

/**
 * A line: its amount as written (with tax or not), and what is left of it in the terms of its agreement. `on`: the day of the exchange rate
 * at which it will be converted; `was`: what it was before. `measured`: a line of usage, which may give back what was charged before.
 */
export interface Line { key: string; show: string; tax: string; rate: bigint; withTax: boolean; amount: bigint; first: string; product: string; agreed: Agreement | null; left: bigint; usage: boolean; measured?: true; on?: string; was?: string }

/** Of each bound over a longer time what counted on an invoice, what it took off, and what it charged. */
export interface Bounded { readonly counted: Map<string, bigint>; readonly taken: Map<string, bigint>; readonly charged: Map<string, bigint> }

/** What the customer's standing invoices were bounded by, what this one is, and the first day there is. */
export interface Memory { readonly before: readonly Bounded[]; readonly now: Bounded; readonly first: string }

interface Time { readonly key: string; readonly amount: bigint; readonly first: string; readonly last: string; readonly due: boolean; readonly after: boolean }

const months = (day: string, count: number): string => {
  const [year, month, date_] = day.split('-').map(Number) as [number, number, number];
  const last = new Date(Date.UTC(year, month + count, 0)).getUTCDate();
  return new Date(Date.UTC(year, month - 1 + count, Math.min(date_, last))).toISOString().slice(0, 10);
};
const dayAfter = (day: string): string => date(at(day) + DAY);

/** The invoices of one currency. */
export class Book {
  readonly #world: World;
  readonly #half: 'half_away' | 'half_even';
  readonly #exponent: number;
  readonly #currency: string;

  constructor(world: World, currency = world.currency ?? 'EUR') {
    this.#world = world;
    this.#currency = currency;
    this.#half = world.rounding ?? 'half_away';
    this.#exponent = exponentOf(currency);
  }

  /** Lines with the discounts and bounds of the customer's agreements. */
  adjustedLines(customer: CustomerRow, period: RunPeriod, given: readonly Line[], memory: Memory | null = null): Line[] {
    const lines = [...given];
    for (const id of customer.agreements ?? []) {
      const agreement = this.#world.agreements!.find((each) => each.agreement_id === id)!;
      if (agreement.currency !== this.#currency) continue;
      lines.push(...this.#adjusted(customer, agreement, lines.filter((line) => line.agreed === agreement), period, memory));
    }
    return lines;
  }

  /** An amount in the terms of an agreement. */
  termsOf(agreed: Agreement | null, withTax: boolean, amount: bigint, rate: bigint): bigint {
    if (agreed === null || agreed.prices_include_tax === withTax) return amount;
    return withTax ? this.#netOf(amount, rate) : amount + this.#taxOn(amount, rate);
  }

  rateOf(tax: string, day: string): bigint {
    const { rate = '19', rates = [] } = this.#world.taxes![tax]!;
    return parseDecimal(rates.filter((each) => each.from === null || each.from <= day).at(-1)?.rate ?? rate)!;
  }

  #taxOn(net: bigint, rate: bigint): bigint { return roundedQuotient(net * rate, 100_000_000n, this.#half); }
  #netOf(gross: bigint, rate: bigint): bigint { return roundedQuotient(gross * 100_000_000n, 100_000_000n + rate, this.#half); }

  /** Discounts, then maximums (of a period, then longer ones), then minimums; each as lines of its own. */
  #adjusted(customer: CustomerRow, agreement: Agreement, own: Line[], period: RunPeriod, memory: Memory | null): Line[] {
    const made: Line[] = [];
    const less = (name: string, key: string, off: readonly bigint[]): void => {
      const taxes = new Map<string, Line>();
      own.forEach((line, i) => {
        line.left -= off[i]!;
        const id = `${line.tax}:${line.rate}${line.on === undefined ? '' : `:${line.on}`}`;
        const sum = taxes.get(id) ?? {
          ...line, key: `inv_${this.#currency.toLowerCase()}:${agreement.agreement_id}:${key}:${id}`, show: `discount ${name}`, withTax: agreement.prices_include_tax, amount: 0n, agreed: null,
        };
        taxes.set(id, { ...sum, amount: sum.amount - off[i]! });
      });
      made.push(...[...taxes.values()].filter((line) => line.amount !== 0n));
    };
    agreement.discounts.forEach((discount, i) => { less(discount.name, `discount:${i + 1}`, this.#taken(discount, own)); });
    const counted = (bound: Bound): bigint[] => own.map((line) => (counts(bound, line) ? line.left : 0n));
    const shared = (bound: Bound, total: bigint): bigint[] => spread(total, counted(bound), own.map((line) => line.key));
    const maximums = agreement.bounds.filter((bound) => bound.kind === 'maximum');
    maximums.filter((bound) => bound.per.unit === 'period').forEach((bound, i) => {
      const most = this.#boundIn(bound, period);
      const now = sum(counted(bound));
      if (most !== null && now > most) less(bound.name, `discount:${agreement.discounts.length + i + 1}`, shared(bound, now - most));
    });
    for (const bound of maximums.filter((each) => each.per.unit !== 'period')) {
      const number = maximums.indexOf(bound) + 1;
      const off = this.#offOf(bound, `${agreement.agreement_id} maximum ${number}`, agreement, period, sum(counted(bound)), memory);
      if (off !== 0n) less(bound.name, `maximum:${number}`, shared(bound, off));
    }
    agreement.bounds.filter((bound) => bound.kind === 'minimum').forEach((bound, i) => {
      const now = sum(counted(bound));
      const missing = bound.per.unit === 'period' ? this.#missingIn(bound, period, now)
        : this.#missingOf(bound, `${agreement.agreement_id} minimum ${i + 1}`, agreement, period, now, memory);
      if (missing === null) return;
      const tax = customer.tax ?? bound.tax!;
      made.push({
        key: `${customer.id}:${agreement.agreement_id}:minimum:${i + 1}`, show: `minimum ${bound.name}`, tax, rate: this.rateOf(tax, missing.end), withTax: agreement.prices_include_tax,
        amount: missing.amount, first: missing.end, product: '', agreed: null, left: missing.amount, usage: false,
      });
    });
    return made;
  }

  /** What is missing of a minimum of a period, with the last day for which it is. */
  #missingIn(bound: Bound, period: RunPeriod, now: bigint): { amount: bigint; end: string } | null {
    const least = this.#boundIn(bound, period);
    if (least === null || least <= now) return null;
    return { amount: least - now, end: bound.until !== null && bound.until < date(period.period_end) ? bound.until : date(period.period_end - 1) };
  }

  /** What a maximum of a longer time takes off an invoice of which so much counts; it may also give back. */
  #offOf(bound: Bound, name: string, agreement: Agreement, period: RunPeriod, now: bigint, memory: Memory | null): bigint {
    const time = this.#timeOf(bound, agreement, period, memory);
    if (time === null) return 0n;
    const key = `${name} ${time.key}`;
    memory!.now.counted.set(key, now);
    const above = remembered(memory!, 'counted', key) + now - time.amount;
    const off = (above > 0n ? above : 0n) - remembered(memory!, 'taken', key);
    const most = now > 0n ? now : 0n;
    if (now === 0n || off === 0n) return 0n;
    memory!.now.taken.set(key, off > most ? most : off);
    return off > most ? most : off;
  }

  /** What is missing of a minimum when its time is over; after that it can only become less. */
  #missingOf(bound: Bound, name: string, agreement: Agreement, period: RunPeriod, now: bigint, memory: Memory | null): { amount: bigint; end: string } | null {
    const time = this.#timeOf(bound, agreement, period, memory);
    if (time === null) return null;
    const key = `${name} ${time.key}`;
    memory!.now.counted.set(key, now);
    if (!time.due) return null;
    const lacks = time.amount - remembered(memory!, 'counted', key) - now;
    const more = (lacks > 0n ? lacks : 0n) - remembered(memory!, 'charged', key);
    if (more === 0n || (time.after && more > 0n)) return null;
    memory!.now.charged.set(key, more);
    return { amount: more, end: time.last };
  }

  /** The time of a bound that an invoice belongs to: by the first day of its period; what begins before the first time is of it. */
  #timeOf(bound: Bound, agreement: Agreement, period: RunPeriod, memory: Memory | null): Time | null {
    if (memory === null) throw new Error(`${bound.name} is for longer than a period: say what was billed before`);
    const [start, end] = [date(period.period_start), date(period.period_end)];
    const lastDay = bound.until === null ? null : dayAfter(bound.until);
    const first = [bound.from, memory.first].sort().at(-1)!;
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
    const back = own.map((line) => line.measured === true && line.left < 0n);
    const of = (base: bigint, gives: boolean): bigint => {
      if (base <= 0n) return gives && discount.percent !== null ? roundedQuotient(base * parseDecimal(discount.percent)!, 100_000_000n, this.#half) : 0n;
      const off = discount.percent === null ? minor(discount.amount!) : roundedQuotient(base * parseDecimal(discount.percent)!, 100_000_000n, this.#half);
      return off > base ? base : off;
    };
    const all = own.map((line, i) => (chosen[i] === true ? (discount.on === 'line' ? of(line.left, back[i]!) : line.left) : 0n));
    const sum = (numbers: readonly bigint[]): bigint => numbers.reduce((a, b) => a + b, 0n);
    // Where the rest comes to less than nothing, only usage that is given back bears a discount.
    const weights = sum(all.filter((_, i) => !back[i])) < 0n ? all.map((each, i) => (back[i] ? each : 0n)) : all;
    const base = sum(weights);
    let total = discount.on === 'line' ? base : of(base, back.includes(true));
    const most = discount.cap === null ? null : minor(discount.cap);
    if (most !== null && total > most) total = most;
    if (most !== null && total < -most) total = -most;
    return spread(total, weights, own.map((line) => line.key));
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
      gross.forEach((line, i) => texts.push(`line ${line.show} ${id} ${nets[i]} ${line.amount}${line.was ?? ''}`));
      plain.forEach((line) => texts.push(`line ${line.show} ${id} ${line.amount} -${line.was ?? ''}`));
    }
    return texts;
  }
}

/** Whether a line counts towards a bound. */
function counts({ applies_to }: Bound, { usage }: Line): boolean {
  return applies_to === 'all' || usage === (applies_to === 'usage');
}

const sum = (of: readonly bigint[]): bigint => of.reduce((total, each) => total + each, 0n);

function remembered({ before }: Memory, of: keyof Bounded, key: string): bigint {
  return sum(before.map((each) => each[of].get(key) ?? 0n));
}

/** Shares of a total by weight: first what fits wholly, then unit by unit to whoever lacks most; of equals to the lower key. */
function spread(total: bigint, weights: readonly bigint[], keys: readonly string[]): bigint[] {
  const whole = sum(weights);
  if (total === 0n) return weights.map(() => 0n);
  // Something given back on lines that come to less than nothing.
  const direction = whole < 0n ? -1n : 1n;
  return filled(total, weights.map((weight) => total * weight * direction), whole * direction, keys);
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

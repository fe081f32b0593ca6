/**
 * What discounts, bounds of a billing period and taxes make of the lines of one invoice, whatever lines they are. Written slowly and plainly
 * from docs/agreements.md; it shares no code with the models. oracle-money.ts knows bounds over longer times, of bookings alone.
 */
import type { Agreement, Bound, Discount } from '../../src/config/types.js';
import type { RunPeriod } from '../../src/models/load.js';
import { exponentOf, parseDecimal } from '../../src/values/money.js';
import { roundedQuotient } from '../support/exact.js';
import { at, date } from '../support/models.js';
import type { CustomerRow, World } from '../support/models.js';

const DAY = 86_400_000;
const days = (from: string, until: string): bigint => BigInt((at(until) - at(from)) / DAY);

/** A line: its amount as written (with tax or not), and what is left of it in the terms of its agreement. */
export interface Line { key: string; show: string; tax: string; rate: bigint; withTax: boolean; amount: bigint; first: string; product: string; agreed: Agreement | null; left: bigint; usage: boolean }

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
  adjustedLines(customer: CustomerRow, period: RunPeriod, given: readonly Line[]): Line[] {
    const lines = [...given];
    for (const id of customer.agreements ?? []) {
      const agreement = this.#world.agreements!.find((each) => each.agreement_id === id)!;
      if (agreement.currency !== this.#currency) continue;
      lines.push(...this.#adjusted(customer, agreement, lines.filter((line) => line.agreed === agreement), period));
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

  /** Discounts, then maximums, then minimums; each as lines of its own. */
  #adjusted(customer: CustomerRow, agreement: Agreement, own: Line[], period: RunPeriod): Line[] {
    const made: Line[] = [];
    const less = (name: string, place: number, off: readonly bigint[]): void => {
      const taxes = new Map<string, Line>();
      own.forEach((line, i) => {
        line.left -= off[i]!;
        const id = `${line.tax}:${line.rate}`;
        const sum = taxes.get(id) ?? {
          ...line, key: `inv:${agreement.agreement_id}:discount:${place}:${id}`, show: `discount ${name}`, withTax: agreement.prices_include_tax, amount: 0n, agreed: null,
        };
        taxes.set(id, { ...sum, amount: sum.amount - off[i]! });
      });
      made.push(...[...taxes.values()].filter((line) => line.amount !== 0n));
    };
    agreement.discounts.forEach((discount, i) => { less(discount.name, i + 1, this.#taken(discount, own)); });
    const inForce = (bound: Bound): bigint | null => this.#boundIn(bound, period);
    agreement.bounds.filter((bound) => bound.kind === 'maximum').forEach((bound, i) => {
      const most = inForce(bound);
      const counted = own.map((line) => (counts(bound, line) ? line.left : 0n));
      const sum = counted.reduce((total, left) => total + left, 0n);
      if (most !== null && sum > most) less(bound.name, agreement.discounts.length + i + 1, spread(sum - most, counted, own.map((line) => line.key)));
    });
    agreement.bounds.filter((bound) => bound.kind === 'minimum').forEach((bound, i) => {
      const least = inForce(bound);
      const missing = (least ?? 0n) - own.reduce((total, line) => total + (counts(bound, line) ? line.left : 0n), 0n);
      if (least === null || missing <= 0n) return;
      const until = date(period.period_end);
      const end = bound.until !== null && bound.until < until ? bound.until : date(period.period_end - 1);
      const tax = customer.tax ?? bound.tax!;
      made.push({
        key: `${customer.id}:${agreement.agreement_id}:minimum:${i + 1}`, show: `minimum ${bound.name}`, tax, rate: this.rateOf(tax, end), withTax: agreement.prices_include_tax,
        amount: missing, first: end, product: '', agreed: null, left: missing, usage: false,
      });
    });
    return made;
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

/** Whether a line counts towards a bound. */
function counts({ applies_to }: Bound, { usage }: Line): boolean {
  return applies_to === 'all' || usage === (applies_to === 'usage');
}

/** Shares of a total by weight: first what fits wholly, then unit by unit to whoever lacks most; of equals to the lower key. */
function spread(total: bigint, weights: readonly bigint[], keys: readonly string[]): bigint[] {
  const sum = weights.reduce((a, b) => a + b, 0n);
  if (total === 0n) return weights.map(() => 0n);
  return filled(total, weights.map((weight) => total * weight), sum, keys);
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

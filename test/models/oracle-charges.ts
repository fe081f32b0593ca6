/**
 * What recurring charges and fees should come to, written slowly and plainly, day by day and from the description in
 * docs/agreements.md. It shares no code with the models. For worlds in which nothing was billed before.
 */
import type { Agreement, Charge, Fee } from '../../src/config/types.js';
import type { RunPeriod } from '../../src/models/load.js';
import { exponentOf, parseDecimal } from '../../src/values/money.js';
import { roundedQuotient } from '../support/exact.js';
import { date } from '../support/models.js';
import type { CustomerRow, World } from '../support/models.js';

const DAY = 86_400_000;
const toDay = (text: string): number => Date.parse(`${text}T00:00:00Z`) / DAY;
const toText = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);

/** A stretch of days within a unit at one price. */
interface Stretch { first: number; last: number; over: number; under: number; price: bigint; quantity: bigint; whole: boolean; run: number; period: RunPeriod }

/** A line of a charge or fee. */
export interface ChargeLine {
  readonly customer: string;
  readonly agreement: Agreement;
  readonly charge: Charge | Fee;
  readonly period: RunPeriod;
  readonly key: string;
  readonly first: string;
  readonly last: string;
  readonly quantity: bigint;
  readonly amount: bigint;
}

/** One line a charge, `customer period charge quantity amount`, sorted. */
export function expectedCharges(world: World): string[] {
  return chargeLines(world).map(({ customer, period, key, quantity, amount }) => `${customer} ${date(period.period_start)} ${key} ${quantity} ${amount}`).sort();
}

/** What else holds for a unit from its first to its last day, as text: units that differ in it are no one line. */
export type DayTerms = (customer: CustomerRow, agreement: Agreement, charge: Charge, first: string, last: string) => string;

/** The lines of all charges and fees that are billed now. */
export function chargeLines(world: World, dayTerms: DayTerms = () => ''): ChargeLine[] {
  const lines: ChargeLine[] = [];
  for (const customer of world.customers) {
    const periods = world.periods.filter((p) => p.calendar_key === (customer.calendar ?? 0)).sort((a, b) => a.period_start - b.period_start);
    for (const id of customer.agreements ?? []) {
      const agreement = world.agreements!.find((each) => each.agreement_id === id)!;
      const exponent = exponentOf(agreement.currency);
      const amountOf = (n: bigint, d: bigint): bigint => roundedQuotient(n, d * 10n ** BigInt(12 - exponent), world.rounding ?? 'half_away');
      const tell = (charge: Charge | Fee, key: string, more: Pick<ChargeLine, 'period' | 'first' | 'last' | 'quantity' | 'amount'>): void => {
        lines.push({ customer: customer.id, agreement, charge, key: `${customer.id}:${id}:${key}`, ...more });
      };
      for (const charge of agreement.charges) {
        for (const { first: from, last: until, count, all } of grouped(stretchesOf(charge, agreement, world, periods), (first, last) => dayTerms(customer, agreement, charge, toText(first), toText(last)))) {
          const [first, last, quantity] = [toText(from), toText(until), all.quantity * BigInt(count)];
          const amount = amountOf(quantity * all.price * BigInt(all.over), BigInt(all.under));
          tell(charge, `${charge.charge_id}:${first}..${last}`, { period: all.period, first, last, quantity, amount });
        }
      }
      for (const fee of agreement.fees) {
        const period = periods.find((p) => date(p.period_end) > fee.on);
        if (period?.previewed !== true || fee.on < date(periods[0]!.period_start)) continue;
        tell(fee, fee.charge_id, { period, first: fee.on, last: fee.on, quantity: 1_000_000n, amount: amountOf(1_000_000n * parseDecimal(fee.amount)!, 1n) });
      }
    }
  }
  return lines;
}

/** Whole units of one invoice that cost the same, one behind the other, together. */
function grouped(stretches: readonly Stretch[], termsOf: (first: number, last: number) => string): { first: number; last: number; count: number; all: Stretch; terms: string }[] {
  const groups: { first: number; last: number; count: number; all: Stretch; terms: string }[] = [];
  for (const each of stretches) {
    const terms = termsOf(each.first, each.last);
    const open = groups.find(({ last, all, terms: its }) => (
      all.whole && each.whole && all.run === each.run && all.period === each.period && last + 1 === each.first && its === terms));
    if (open === undefined) groups.push({ first: each.first, last: each.last, count: 1, all: each.whole ? { ...each, over: 1, under: 1 } : each, terms });
    else [open.last, open.count] = [each.last, open.count + 1];
  }
  return groups;
}

function stretchesOf(charge: Charge, agreement: Agreement, world: World, periods: readonly RunPeriod[]): Stretch[] {
  const start = date(periods[0]!.period_start);
  const [from, until] = [toDay(charge.from), charge.until === null ? Infinity : toDay(charge.until)];
  const horizon = Math.min(until, periods.at(-1)!.period_end / DAY + 800);
  const costs = new Map<number, { price: bigint; quantity: bigint; run: number }>();
  const priceOn = pricesOf(charge, agreement, world);
  for (let day = from, run = 0; day <= horizon; day += 1) {
    const [price, quantity, before] = [priceOn(day), on(charge.quantities, day), costs.get(day - 1)];
    if (before !== undefined && (before.price !== price || before.quantity !== quantity)) run += 1;
    costs.set(day, { price, quantity, run });
  }
  const found: Stretch[] = [];
  let n = 0;
  const anchor = charge.anchor ?? start;
  const bound = (at: number): number => (charge.span.unit === 'day' ? toDay(anchor) + at * charge.span.count : toDay(monthsAfter(anchor, at * charge.span.count)));
  while (bound(n) > from) n -= 1;
  while (bound(n + 1) <= from) n += 1;
  for (; bound(n) <= horizon; n += 1) {
    const [unitStart, unitEnd] = [bound(n), bound(n + 1)];
    const [first, end] = [Math.max(unitStart, from), Math.min(unitEnd, until + 1)];
    if (toText(first) < start) continue;
    const period = periods.find((p, i) => (charge.timing === 'in_arrears' ? boundary(p) >= end : (periods[i + 1] === undefined ? p.period_end / DAY : boundary(periods[i + 1]!)) > first));
    if (period?.previewed !== true) continue;
    if (charge.proration === 'none') {
      found.push({ first, last: end - 1, over: 1, under: 1, ...costs.get(first)!, whole: first === unitStart && end === unitEnd, period });
      continue;
    }
    const own: Stretch[] = [];
    for (let day = first; day < end; day += 1) {
      const cost = costs.get(day)!;
      const last = own.at(-1);
      if (last?.run === cost.run) last.last = day;
      else own.push({ first: day, last: day, over: 0, under: 0, ...cost, whole: false, period });
    }
    for (const each of own) {
      each.whole = each.first === unitStart && each.last + 1 === unitEnd;
      each.under = charge.proration === 'fixed_30' ? 30 * charge.span.count : unitEnd - unitStart;
      each.over = each.whole ? each.under : charge.proration === 'fixed_30' ? thirties(each.first, each.last + 1) : each.last + 1 - each.first;
      found.push(each);
    }
  }
  return found;
}

/** The day on which the invoice of a period is made. */
function boundary(period: RunPeriod): number {
  return (period.timing === 'in_advance' ? period.period_start : period.period_end) / DAY;
}

/** Days from one day to another if every month had 30. */
function thirties(a: number, b: number): number {
  const [x, y] = [new Date(a * DAY), new Date(b * DAY)];
  return 30 * (12 * (y.getUTCFullYear() - x.getUTCFullYear()) + y.getUTCMonth() - x.getUTCMonth()) + y.getUTCDate() - x.getUTCDate();
}

function monthsAfter(text: string, months: number): string {
  const day = new Date(toDay(text) * DAY);
  const lastDay = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + months + 1, 0));
  return toText(Date.UTC(lastDay.getUTCFullYear(), lastDay.getUTCMonth(), Math.min(day.getUTCDate(), lastDay.getUTCDate())) / DAY);
}

function on(values: Charge['prices'], day: number): bigint {
  let value = values[0]!.value;
  for (const each of values) if (each.from !== null && toDay(each.from) <= day) ({ value } = each);
  return parseDecimal(value)!;
}

/** The price of a day, millionths: written, and changed on every day of a yearly change since. */
function pricesOf(charge: Charge, { currency }: Agreement, world: World): (day: number) => bigint {
  const { uplift } = charge;
  if (uplift === null) return (day) => on(charge.prices, day);
  const decimals = Math.max(exponentOf(currency), ...charge.prices.map(({ value }) => (value.split('.')[1] ?? '').length));
  const unit = 10n ** BigInt(6 - decimals);
  const written = parseDecimal(charge.prices[0]!.value)!;
  const changes = new Map<number, (before: bigint) => bigint>();
  for (let year = 1; year < 40; year += 1) {
    const change = monthsAfter(uplift.anchor, 12 * year);
    if (change <= uplift.after) continue;
    const { percent, index } = uplift;
    if (percent !== null) changes.set(toDay(change), (before) => roundedQuotient(before * (100_000_000n + parseDecimal(percent)!), 100_000_000n * unit, 'half_away') * unit);
    else {
      const values = world.indexes!.find((each) => each.index === index!.id)!.values;
      const at = (month: string): bigint => parseDecimal(values.find((each) => each.month === month)!.value)!;
      const month = monthsAfter(`${change.slice(0, 7)}-01`, -index!.lag_months).slice(0, 7);
      changes.set(toDay(change), () => roundedQuotient(parseDecimal(charge.prices[0]!.value)! * at(month), at(index!.base) * unit, 'half_away') * unit);
    }
  }
  for (const { from, value } of charge.prices) if (from !== null) changes.set(toDay(from), () => parseDecimal(value)!);
  const ordered = [...changes].sort(([a], [b]) => a - b);
  return (day) => ordered.reduce((price, [from, change]) => (from <= day ? change(price) : price), written);
}

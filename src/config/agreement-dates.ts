/** Dates of agreements: terms with their renewals, and the prices that a yearly change makes. Pure arithmetic on local dates. */
import { exponentOf, formatScaled, parseDecimal } from '../values/money.js';
import { addDays } from '../values/time.js';
import type { LocalDate } from '../values/time.js';
import type { AgreementSpec } from './shape-agreements.js';
import type { Agreement, Charge, DatedValue, Month, PriceIndex, Span, Uplift } from './types-agreements.js';

/** The anchor of what runs by the calendar: the first day of a month, a quarter and a year, and a Monday. */
export const CALENDAR: LocalDate = '2001-01-01';

/** `date` plus whole months; a day that the month does not have is its last one. */
export function addMonths(date: LocalDate, months: number): LocalDate {
  const count = Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7)) - 1 + months;
  const first = `${String(Math.floor(count / 12)).padStart(4, '0')}-${String((count % 12) + 1).padStart(2, '0')}-01`;
  const lastDay = Number(addDays(`${addDays(first, 31).slice(0, 7)}-01`, -1).slice(8, 10));
  return `${first.slice(0, 8)}${String(Math.min(Number(date.slice(8, 10)), lastDay)).padStart(2, '0')}`;
}

/** Months in a unit of time that is counted in months. */
export const MONTHS: Readonly<Record<string, number>> = { month: 1, quarter: 3, half_year: 6, year: 12 };

/** The later of two first days; null is open. */
export function later<T extends LocalDate | null>(a: LocalDate | null, b: T): LocalDate | T {
  return a !== null && (b === null || a > b) ? a : b;
}

/** The earlier of two last days; null is open. */
export function earlier(a: LocalDate | null, b: LocalDate | null): LocalDate | null {
  return a !== null && (b === null || a < b) ? a : b;
}

/** `per` as a span counted from an anchor. */
export function spanOf(per: string, anchor: LocalDate): Span {
  if (per === 'period' || per === 'term') return { unit: per };
  return { unit: 'month', count: MONTHS[per]!, anchor };
}

/** The last day of an agreement as written, with its renewals; null: open. */
export function lastDayOf({ until, renew }: Pick<AgreementSpec, 'until' | 'renew'>): LocalDate | null {
  if (until === undefined) return null;
  if (renew === undefined) return until;
  return renew.count === undefined ? null : renewedUntil(until, monthsOf(renew), renew.count);
}

/** The months of a further term. */
export function monthsOf({ every }: NonNullable<AgreementSpec['renew']>): number {
  return (every.months ?? 0) + 12 * (every.years ?? 0);
}

/** The last day of `count` terms of `months` months after one that ends on `until`. */
export function renewedUntil(until: LocalDate, months: number, count: number): LocalDate {
  return addDays(addMonths(addDays(until, 1), months * count), -1);
}

/** The terms that begin up to a day, both ends included; null is open. There is always the first one. */
export function termsUntil(agreement: Agreement, last: LocalDate): { from: LocalDate; until: LocalDate | null }[] {
  const { until, months } = agreement.term;
  const terms = [{ from: agreement.from, until }];
  if (until === null || months === null) return terms;
  for (let n = 1; ; n += 1) {
    const from = addDays(renewedUntil(until, months, n - 1), 1);
    if (from > last || (agreement.until !== null && from > agreement.until)) return terms;
    terms.push({ from, until: renewedUntil(until, months, n) });
  }
}

/** Why the prices of a charge end early: a value of an index that is not listed yet. */
export interface MissingIndex {
  readonly index: string;
  readonly month: Month;
  /** The day of the change that needs it; no price is known from here on. */
  readonly from: LocalDate;
}

/**
 * The prices of a charge with its yearly changes up to a day, ascending. A change by percent builds on the price before it, rounded
 * half away from zero to the decimals of the currency, or to those written where they are more: that is the price one tells the
 * customer. A change by index starts from the written price each time. A written price that begins on the day of a change replaces
 * the change.
 */
export function pricesUntil(
  charge: Charge, currency: string, indexes: readonly PriceIndex[], last: LocalDate,
): { prices: DatedValue[]; missing: MissingIndex | null } {
  const { uplift, prices: written } = charge;
  if (uplift === null) return { prices: [...written], missing: null };
  const places = Math.max(exponentOf(currency), ...written.map(({ value }) => (value.split('.')[1] ?? '').length));
  const prices: DatedValue[] = [written[0]!];
  let next = 1;
  for (let n = 1; ; n += 1) {
    const day = addMonths(uplift.anchor, 12 * n);
    while (next < written.length && written[next]!.from! <= (day > last ? last : day)) prices.push(written[next++]!);
    if (day > last || (charge.until !== null && day > charge.until)) return { prices: [...prices, ...written.slice(next)], missing: null };
    const before = prices.at(-1)!;
    if (day <= uplift.after || before.from === day) continue;
    const factor = factorOn(uplift, day, indexes);
    if ('month' in factor) return { prices, missing: { ...factor, from: day } };
    const base = uplift.index === null ? before.value : written[0]!.value;
    prices.push({ from: day, value: scaled(base, factor, places), path: uplift.path });
  }
}

interface Factor {
  readonly over: bigint;
  readonly under: bigint;
}

/** What a yearly change multiplies the price with, or the value of the index that is missing. */
export function factorOn(uplift: Uplift, day: LocalDate, indexes: readonly PriceIndex[]): Factor | Omit<MissingIndex, 'from'> {
  if (uplift.index === null) return { over: 100_000_000n + parseDecimal(uplift.percent!)!, under: 100_000_000n };
  const { id, base, lag_months } = uplift.index;
  const values = indexes.find(({ index }) => index === id)?.values ?? [];
  const month = addMonths(`${day.slice(0, 7)}-01`, -lag_months).slice(0, 7);
  const [now, then] = [month, base].map((wanted) => values.find((each) => each.month === wanted)?.value);
  if (now === undefined || then === undefined) return { index: id, month: now === undefined ? month : base };
  return { over: parseDecimal(now)!, under: parseDecimal(then)! };
}

/** value × over / under with so many decimals, rounded half away from zero. */
export function scaled(value: string, { over, under }: Factor, places: number, halfEven = false): string {
  return formatScaled(divideRounded(parseDecimal(value)! * over, under * 10n ** BigInt(6 - places), halfEven), places);
}

/** Not negative over positive. */
function divideRounded(over: bigint, under: bigint, halfEven: boolean): bigint {
  const [whole, rest] = [over / under, over % under];
  const twice = rest * 2n;
  const isUp = twice > under || (twice === under && (!halfEven || whole % 2n === 1n));
  return isUp ? whole + 1n : whole;
}

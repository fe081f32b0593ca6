/**
 * Recurring charges as stretches of days: units of time counted from an anchor, and the parts that the dates of the agreement and
 * changes of price or quantity cut them into. Pure; knows no customer and no money.
 */
import { addMonths, pricesUntil } from '../config/agreement-dates.js';
import type { Charge, DatedValue, PriceIndex } from '../config/types.js';
import { parseDecimal } from '../values/money.js';
import { addDays, dayNumber } from '../values/time.js';
import type { LocalDate } from '../values/time.js';

/** What a charge costs from a day on. Neighbours differ. */
export interface Terms {
  /** The first has '0000-01-01'. */
  readonly from: LocalDate;
  /** null: a value of an index is missing; `problem` says which. */
  readonly price: string | null;
  readonly quantity: string;
  readonly problem: string | null;
}

/** A stretch of a unit at one price and quantity. */
export interface Part {
  /** Both included. */
  readonly first: LocalDate;
  readonly last: LocalDate;
  /** Place of its {@link Terms} in the list of the charge. */
  readonly terms_no: number;
  /** Share of the unit that it costs, `over` of `under`: days, or 1 of 1 where nothing is prorated. */
  readonly over: number;
  readonly under: number;
  /** The unit itself, cut by nothing. */
  readonly whole: boolean;
}

/** A unit as far as the charge is in force in it. */
export interface Unit {
  /** Its first day in force, and the day after its last one. */
  readonly begins: LocalDate;
  readonly ends: LocalDate;
  readonly parts: readonly Part[];
}

const FIRST_DAY: LocalDate = '0000-01-01';

/**
 * The units of a charge in which it is in force, ascending, without end where it has none, beginning with the one that contains
 * `day`; `anchor` is that of the customer's cycle.
 */
export function* unitsOf(
  charge: Charge, anchor: LocalDate, terms: readonly Terms[], day: LocalDate = charge.from,
): Generator<Unit, void, undefined> {
  const start = charge.anchor ?? anchor;
  const until = charge.until === null ? null : addDays(charge.until, 1);
  for (let n = unitAt(charge.span, start, day > charge.from ? day : charge.from); ; n += 1) {
    const whole = { from: boundary(charge.span, start, n), until: boundary(charge.span, start, n + 1) };
    const begins = whole.from < charge.from ? charge.from : whole.from;
    const ends = until !== null && until < whole.until ? until : whole.until;
    if (begins >= ends) return;
    yield { begins, ends, parts: partsOf(charge, whole, { from: begins, until: ends }, terms) };
  }
}

type Span = Charge['span'];
/** Days from `from` on, `until` excluded. */
interface Days { readonly from: LocalDate; readonly until: LocalDate }

/** First day of the n-th unit, computed from the anchor, so that month ends do not drift. */
function boundary({ unit, count }: Span, anchor: LocalDate, n: number): LocalDate {
  return unit === 'day' ? addDays(anchor, n * count) : addMonths(anchor, n * count);
}

/** The unit that a day lies in; negative before the anchor. A guess, then a step or two. */
function unitAt(span: Span, anchor: LocalDate, day: LocalDate): number {
  const days = dayNumber(day) - dayNumber(anchor);
  let n = Math.floor(days / (span.count * (span.unit === 'day' ? 1 : 30.436875)));
  while (boundary(span, anchor, n) > day) n -= 1;
  while (boundary(span, anchor, n + 1) <= day) n += 1;
  return n;
}

function partsOf(charge: Charge, whole: Days, inForce: Days, terms: readonly Terms[]): Part[] {
  const first = terms.findLastIndex(({ from }) => from <= inForce.from);
  const uncut = whole.from === inForce.from && whole.until === inForce.until;
  const isOne = charge.proration === 'none' || (terms[first + 1]?.from ?? '9999') >= inForce.until;
  if (isOne) {
    return [{ first: inForce.from, last: addDays(inForce.until, -1), terms_no: first, ...shareOf(charge, whole, inForce), whole: uncut }];
  }
  const parts: Part[] = [];
  for (let no = first, from = inForce.from; from < inForce.until; no += 1) {
    const next = terms[no + 1]?.from ?? inForce.until;
    const until = next < inForce.until ? next : inForce.until;
    parts.push({ first: from, last: addDays(until, -1), terms_no: no, ...shareOf(charge, whole, { from, until }), whole: false });
    from = until;
  }
  return parts;
}

function shareOf({ proration, span }: Charge, whole: Days, part: Days): Pick<Part, 'over' | 'under'> {
  if (proration === 'none') return { over: 1, under: 1 };
  const isWhole = part.from === whole.from && part.until === whole.until;
  if (proration === 'fixed_30') return { over: isWhole ? 30 * span.count : days30(part), under: 30 * span.count };
  return { over: daysIn(part), under: daysIn(whole) };
}

function daysIn({ from, until }: Days): number {
  return dayNumber(until) - dayNumber(from);
}

/** Days where every month has 30: 30 × months + difference of days. */
function days30({ from, until }: Days): number {
  const [a, b] = [from, until].map((day) => day.split('-').map(Number) as [number, number, number]);
  return 30 * (12 * (b![0] - a![0]) + b![1] - a![1]) + b![2] - a![2];
}

/** Prices with their yearly changes, and quantities, as one list up to a day; neighbours that are the same are one. */
export function termsOf(charge: Charge, currency: string, indexes: readonly PriceIndex[], last: LocalDate): Terms[] {
  const { prices, missing } = pricesUntil(charge, currency, indexes, last);
  const dates = [...prices, ...charge.quantities, ...(missing === null ? [] : [missing])].map(({ from }) => from ?? FIRST_DAY);
  const terms: Terms[] = [];
  for (const from of [...new Set(dates)].sort()) {
    const isKnown = missing === null || from < missing.from;
    const next: Terms = {
      from, price: isKnown ? inForce(prices, from) : null, quantity: inForce(charge.quantities, from),
      problem: isKnown ? null : `index ${missing.index} has no value for ${missing.month}`,
    };
    const before = terms.at(-1);
    if (before === undefined || !isSame(before.price, next.price) || !isSame(before.quantity, next.quantity)) terms.push(next);
  }
  return terms;
}

/** "249" and "249.00" are one price. */
function isSame(a: string | null, b: string | null): boolean {
  return a === b || (a !== null && b !== null && parseDecimal(a) === parseDecimal(b));
}

function inForce(values: readonly DatedValue[], day: LocalDate): string {
  return values.findLast(({ from }) => from === null || from <= day)!.value;
}

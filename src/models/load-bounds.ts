/** Minimums and maximums of agreements as the models read them: what they are for each billing period, or for longer, by days. */
import { localDate, toInstant } from '../calendar/calendar.js';
import { addMonths, earlier, later, scaled, termsUntil } from '../config/agreement-dates.js';
import type { Agreement, Bound, Config } from '../config/types.js';
import { exponentOf, parseDecimal } from '../values/money.js';
import { addDays, dayNumber, sqlTimestamp } from '../values/time.js';
import type { Instant, LocalDate } from '../values/time.js';
import { EVER } from './rows.js';
import type { Cell } from './rows.js';

/**
 * `minimums`: what an agreement wants at least. `bound_periods`: what a minimum or maximum is in a period; of a maximum `place` is that
 * of its discount, of a minimum its number from 1, of a `long_maximum`, one for longer than a period, its
 * place in `long_maximums`. Where it is for longer than a period `span_key` says for which time, and `is_due`
 * whether that is over by the end of the period; what is missing is charged then, and not by a period that begins later (`is_after`).
 * `bound_spans`: invoices of the ledger whose period
 * ends after `begins_at`, and begins from `match_from` to before `match_until`, are of that time.
 */
export const BOUND_TABLES = `
  CREATE OR REPLACE TABLE input.minimums (agreement_key INTEGER, place INTEGER, name VARCHAR, applies_to VARCHAR, tax_id VARCHAR);
  CREATE OR REPLACE TABLE input.bound_periods (
    agreement_key INTEGER, period_key INTEGER, kind VARCHAR, place INTEGER, amount_minor BIGINT, service_start TIMESTAMP,
    service_end TIMESTAMP, span_key INTEGER, is_due BOOLEAN, is_after BOOLEAN);
  CREATE OR REPLACE TABLE input.long_maximums (
    agreement_key INTEGER, place INTEGER, number INTEGER, name VARCHAR, applies_to VARCHAR, by_scope BOOLEAN);
  CREATE OR REPLACE TABLE input.bound_spans (
    span_key INTEGER, agreement_key INTEGER, calendar_key INTEGER, kind VARCHAR, number INTEGER, applies_to VARCHAR,
    begins_at TIMESTAMP, match_from TIMESTAMP, match_until TIMESTAMP);`;

/** A period as bounds see it. */
export interface BoundPeriod {
  readonly calendar_key: number;
  readonly use_no: number;
  readonly n: number;
  readonly timezone: string;
  readonly period_start: Instant;
  readonly period_end: Instant;
}

/** One agreement and one calendar. */
export interface BoundFrame {
  readonly agreement: Agreement;
  readonly agreement_key: number;
  readonly calendar_key: number;
  /** First day that the customers are billed for; null: they are not. */
  readonly first_day: LocalDate | null;
  readonly rounding: Config['rounding'];
}

/** Rows of `input.bound_periods` and `input.bound_spans`. */
export interface BoundRows { readonly periods: Cell[][]; readonly spans: Cell[][] }

/** Adds the rows of an agreement and a calendar. `periods` are in the order of their keys. */
export function addBoundRows(rows: BoundRows, frame: BoundFrame, periods: readonly BoundPeriod[]): void {
  const own = [...periods.entries()].filter(([, period]) => period.calendar_key === frame.calendar_key);
  const { agreement } = frame;
  const minimums = ofKind(agreement, 'minimum').map((bound, i) => ({ bound, number: i + 1, place: i + 1 }));
  for (const { bound, number, place } of [...minimums, ...periodMaximums(agreement), ...longMaximums(agreement)]) {
    if (bound.per.unit === 'period') rows.periods.push(...periodRows(bound, place, frame, own));
    else addSpans(rows, bound, { place, number }, frame, own);
  }
}

type Keyed = readonly [period_key: number, period: BoundPeriod];

function periodRows(bound: Bound, place: number, frame: BoundFrame, own: readonly Keyed[]): Cell[][] {
  return own.flatMap(([period_key, period]) => {
    const share = shareOf(bound, period, own.map(([, each]) => each));
    if (share === null) return [];
    return [[
      frame.agreement_key, period_key, bound.kind, place, minorOf(bound, share, frame), sqlTimestamp(share.from), sqlTimestamp(share.until),
      null, false, false,
    ]];
  });
}

function minorOf({ amount }: Bound, share: Pick<Share, 'over' | 'under'>, { agreement, rounding }: BoundFrame): bigint {
  const exponent = exponentOf(agreement.currency);
  return parseDecimal(scaled(amount, share, exponent, rounding === 'half_even'), exponent)!;
}

/** A stretch of days that a bound is for, cut to the days on which it holds; `next` is the day after, null where nothing ends it. */
interface Stretch { readonly from: LocalDate; readonly next: LocalDate | null; readonly share: Pick<Share, 'over' | 'under'> }

/**
 * A period is of the time that its first day lies in, the first time takes in what begins before it, and the last time of the agreement
 * what comes late.
 */
function addSpans(
  rows: BoundRows, bound: Bound, { place, number }: { place: number; number: number }, frame: BoundFrame, own: readonly Keyed[],
): void {
  const zone = own[0]?.[1].timezone;
  if (zone === undefined) return;
  const { agreement_key, calendar_key } = frame;
  const list = stretchesOf(bound, frame, localDate(Math.max(...own.map(([, period]) => period.period_end)), zone));
  for (const [i, { from, next, share }] of list.entries()) {
    const [begins, ends] = [toInstant(from, zone), next === null ? null : toInstant(next, zone)];
    const isLast = next === null || (bound.until === frame.agreement.until && bound.until !== null && next === addDays(bound.until, 1));
    const [match_from, match_until] = [i === 0 ? EVER[0] : begins, isLast || ends === null ? EVER[1] : ends];
    const within = own.filter(([, period]) => (
      period.period_end > begins && period.period_start >= match_from && period.period_start < match_until));
    if (within.length === 0) continue;
    const span_key = rows.spans.length;
    rows.spans.push([
      span_key, agreement_key, calendar_key, bound.kind, number, bound.applies_to, sqlTimestamp(begins), sqlTimestamp(match_from),
      sqlTimestamp(match_until),
    ]);
    for (const [period_key, { period_start, period_end }] of within) {
      rows.periods.push([
        agreement_key, period_key, bound.kind === 'maximum' ? 'long_maximum' : 'minimum', place, minorOf(bound, share, frame),
        sqlTimestamp(begins), sqlTimestamp(ends ?? period_end),
        span_key, ends !== null && period_end >= ends, ends !== null && period_start >= ends,
      ]);
    }
  }
}

/** The stretches that begin up to a day. */
function stretchesOf(bound: Bound, { agreement, first_day }: BoundFrame, last: LocalDate): Stretch[] {
  const stretches: Stretch[] = [];
  const first = later(first_day, bound.from);
  const dayAfter = bound.until === null ? null : addDays(bound.until, 1);
  const add = (begin: LocalDate, end: LocalDate | null): void => {
    const [from, next] = [later(first, begin), earlier(dayAfter, end)];
    if (next !== null && next <= from) return;
    const days = (a: LocalDate, b: LocalDate): bigint => BigInt(dayNumber(b) - dayNumber(a));
    const whole = !bound.prorate || next === null || end === null || (from === begin && next === end);
    stretches.push({ from, next, share: whole ? { over: 1n, under: 1n } : { over: days(from, next), under: days(begin, end) } });
  };
  if (bound.per.unit === 'term') {
    for (const term of termsUntil(agreement, last)) add(term.from, term.until === null ? null : addDays(term.until, 1));
  } else if (bound.per.unit === 'month') {
    const { anchor, count } = bound.per;
    for (let n = 0; addMonths(anchor, n * count) <= last; n += 1) add(addMonths(anchor, n * count), addMonths(anchor, (n + 1) * count));
  }
  return stretches;
}

/** The bounds of a kind, as written. */
export function ofKind({ bounds }: Agreement, kind: Bound['kind']): Bound[] {
  return bounds.filter((bound) => bound.kind === kind);
}

/** A bound with its number among those of its kind, and its place among what is taken one after the other, both from 1. */
export interface Placed { readonly bound: Bound; readonly number: number; readonly place: number }

/** Maximums of each billing period, as written; they are taken after the discounts. */
export function periodMaximums(agreement: Agreement): Placed[] {
  return numbered(agreement).filter(({ bound }) => bound.per.unit === 'period')
    .map((each, i) => ({ ...each, place: agreement.discounts.length + i + 1 }));
}

/** Maximums of longer times, which are taken last, with places of their own. */
export function longMaximums(agreement: Agreement): Placed[] {
  return numbered(agreement).filter(({ bound }) => bound.per.unit !== 'period').map((each, i) => ({ ...each, place: i + 1 }));
}

function numbered(agreement: Agreement): Omit<Placed, 'place'>[] {
  return ofKind(agreement, 'maximum').map((bound, i) => ({ bound, number: i + 1 }));
}

interface Share { readonly over: bigint; readonly under: bigint; readonly from: Instant; readonly until: Instant }

/**
 * How much of the amount holds in a period: by its days in effect, or all of it where it is not prorated; null where it is not in effect.
 * A period cut on demand has its part of the time.
 */
function shareOf(bound: Bound, period: BoundPeriod, all: readonly BoundPeriod[]): Share | null {
  const parts = all.filter((each) => each.use_no === period.use_no && each.n === period.n);
  const [start, end] = [Math.min(...parts.map((each) => each.period_start)), Math.max(...parts.map((each) => each.period_end))];
  const [first, until] = [localDate(start, period.timezone), localDate(end, period.timezone)];
  const days = (a: string, b: string): number => dayNumber(b) - dayNumber(a);
  const [from, last] = [later(bound.from, first), earlier(bound.until === null ? null : addDays(bound.until, 1), until)!];
  const within = days(from, last);
  if (within <= 0) return null;
  const begins = Math.max(period.period_start, from === first ? period.period_start : toInstant(from, period.timezone));
  const ends = Math.min(period.period_end, last === until ? period.period_end : toInstant(last, period.timezone));
  if (begins >= ends) return null;
  const byDays = bound.prorate ? [BigInt(within), BigInt(days(first, until))] as const : [1n, 1n] as const;
  const byTime = [BigInt(period.period_end - period.period_start), BigInt(end - start)] as const;
  return { over: byDays[0] * byTime[0], under: byDays[1] * byTime[1], from: begins, until: ends };
}

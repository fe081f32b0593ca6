/**
 * The stretches of time that usage is counted through, as dates and instants. Pure: one answer for a price and a calendar, whoever
 * the customer is.
 */
import type { Calendar } from '../calendar/types.js';
import { localDate, toInstant } from '../calendar/zone.js';
import { addMonths, earlier, later, termsUntil } from '../config/agreement-dates.js';
import type { Agreement, Price } from '../config/types.js';
import { addDays, dayNumber } from '../values/time.js';
import type { Instant, LocalDate } from '../values/time.js';
import { EVER } from './rows.js';

/** A turn of a cycle: a billing period, put together again where it is cut on demand. */
export interface Turn {
  readonly start: Instant;
  readonly end: Instant;
  readonly timezone: string;
}

/** A span of a price within the days on which the price holds. */
export interface UsageSpan {
  /** First day in effect; tells the span from the others of its price. */
  readonly first_day: LocalDate;
  /**
   * Bookings are of it that begin between these instants and are assigned to their period between those, the ends excluded. One of the
   * two is ever: what mixed them in one condition could only be joined row against row.
   */
  readonly starts: readonly [Instant, Instant];
  readonly assigned: readonly [Instant, Instant];
  /** In effect, the end excluded; `until` is null where nothing ends it. */
  readonly from: Instant;
  readonly until: Instant | null;
  /** Days in effect, and of the whole span; 0: only bookings that began earlier are of it. `whole_days` is null for an open term. */
  readonly days: number;
  readonly whole_days: number | null;
}

/** What spans are needed for. */
export interface SpanReach {
  /** The first and last day of any booking or period. */
  readonly first: LocalDate;
  readonly last: LocalDate;
  readonly turns: readonly Turn[];
  readonly zoneAt: (day: LocalDate) => string;
}

/** After a price has ended, bookings that began before are still assigned to later periods: so long. */
const TAIL_DAYS = 400;

/** The zone of the cycle that a calendar uses on a day. */
export function zoneOf(calendar: Calendar | undefined, otherwise: string): (day: LocalDate) => string {
  const uses = [...calendar?.uses ?? []].sort((a, b) => ((a.use.from ?? '') < (b.use.from ?? '') ? -1 : 1));
  return (day) => (uses.findLast(({ use }) => use.from === null || use.from.slice(0, 10) <= day) ?? uses[0])?.cycle.timezone ?? otherwise;
}

/** Turns by the periods of one calendar. */
export function turnsOf(periods: readonly (Turn & { readonly use_no: number; readonly n: number })[]): Turn[] {
  const turns = new Map<string, Turn>();
  for (const { use_no, n, start, end, timezone } of periods) {
    const known = turns.get(`${use_no} ${n}`);
    turns.set(`${use_no} ${n}`, known === undefined
      ? { start, end, timezone } : { start: Math.min(start, known.start), end: Math.max(end, known.end), timezone });
  }
  return [...turns.values()];
}

/** The spans of a measured price that can matter. `agreement` is that of a price that counts by its terms. */
export function spansOf(price: Price, agreement: Agreement | null, reach: SpanReach): UsageSpan[] {
  const { per } = price;
  if (per.unit === 'period') return reach.turns.flatMap((turn) => periodSpan(price, turn, reach));
  if (per.unit === 'term') {
    return agreement === null ? [] : termsUntil(agreement, reach.last)
      .flatMap(({ from, until }) => datedSpan(price, from, until === null ? null : addDays(until, 1), reach));
  }
  const spans: UsageSpan[] = [];
  for (let n = Math.floor(monthsBetween(per.anchor, reach.first) / per.count) - 1; ; n += 1) {
    const from = addMonths(per.anchor, n * per.count);
    if (from > reach.last) return spans;
    const next = addMonths(per.anchor, (n + 1) * per.count);
    if (next > reach.first) spans.push(...datedSpan(price, from, next, reach));
  }
}

function monthsBetween(from: LocalDate, to: LocalDate): number {
  const count = (date: LocalDate): number => Number(date.slice(0, 4)) * 12 + Number(date.slice(5, 7));
  return count(to) - count(from);
}

/** `next` is the first day after the span; null: it has no end. */
function datedSpan(price: Price, from: LocalDate, next: LocalDate | null, { zoneAt, first }: SpanReach): UsageSpan[] {
  const begin = later(price.from, from);
  const end = earlier(price.until === null ? null : addDays(price.until, 1), next);
  if (end !== null && (end <= begin || end <= first)) return [];
  const [starts, ends] = [toInstant(begin, zoneAt(begin)), end === null ? null : toInstant(end, zoneAt(end))];
  return [{
    first_day: begin, starts: [starts, ends ?? EVER[1]], assigned: EVER, from: starts, until: ends,
    days: end === null ? 1 : dayNumber(end) - dayNumber(begin), whole_days: next === null ? null : dayNumber(next) - dayNumber(from),
  }];
}

function periodSpan(price: Price, { start, end, timezone }: Turn, { zoneAt }: SpanReach): UsageSpan[] {
  const [from, next] = [localDate(start, timezone), localDate(end, timezone)];
  const dayAfter = price.until === null ? null : addDays(price.until, 1);
  if ((price.from !== null && price.from > next) || (dayAfter !== null && addDays(dayAfter, TAIL_DAYS) < from)) return [];
  const begin = later(price.from, from);
  const last = earlier(dayAfter, next)!;
  // A turn may begin and end within a day.
  const isOver = (last <= begin && from < next) || last < from || dayAfter === from;
  return [{
    first_day: isOver ? from : begin, starts: EVER, assigned: [start, end],
    from: begin === from || isOver ? start : toInstant(begin, zoneAt(begin)),
    until: last === next || isOver ? end : toInstant(last, zoneAt(last)),
    days: isOver ? 0 : Math.max(1, dayNumber(last) - dayNumber(begin)), whole_days: Math.max(1, dayNumber(next) - dayNumber(from)),
  }];
}

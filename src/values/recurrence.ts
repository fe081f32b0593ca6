/**
 * Recurrence rules of RFC 5545 (RRULE) in local wall time: no zone, no clock, integers only. Days are looked at period by period up to
 * a bound that the caller gives, so that no rule, however odd, can run away.
 *
 * Left out on purpose: FREQ below a day, BYSECOND, UNTIL in UTC. As in the RFC a date that does not exist (the 31st of April) is
 * skipped, COUNT counts before exceptions, UNTIL is inclusive; UNTIL as a date includes its whole day. The start occurs only if it
 * fits the rule.
 */
import { dateOfDay, dayNumber } from './time.js';
import type { LocalDateTime } from './time.js';

export type Frequency = 'DAILY' | 'WEEKLY' | 'MONTHLY' | 'YEARLY';

/** A weekday, 0 = Monday; `nth` counts within the month or year, from its end where negative, 0 means every one. */
export interface RuleDay { readonly nth: number; readonly weekday: number }

/** A rule that was read; empty lists do not restrict. */
export interface Recurrence {
  readonly freq: Frequency;
  readonly interval: number;
  readonly count: number | null;
  /** Last local second that counts, since 1970-01-01T00:00 on the wall. */
  readonly until: number | null;
  readonly months: readonly number[];
  readonly weeks: readonly number[];
  readonly year_days: readonly number[];
  readonly month_days: readonly number[];
  readonly days: readonly RuleDay[];
  readonly hours: readonly number[];
  readonly minutes: readonly number[];
  readonly positions: readonly number[];
  /** First day of the week, 0 = Monday. */
  readonly week_start: number;
}

const DAY_S = 86_400;

/** A local time as seconds since 1970-01-01T00:00 on the wall; a date alone is midnight. */
export function wallSeconds(local: LocalDateTime): number {
  const [hours, minutes, seconds] = local.length === 10 ? [] : local.slice(11).split(':').map(Number);
  return dayNumber(local.slice(0, 10)) * DAY_S + (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0);
}

/** Inverse of {@link wallSeconds}: `YYYY-MM-DDTHH:MM`, with seconds only where there are any. */
export function localOfSeconds(wall: number): LocalDateTime {
  const day = Math.floor(wall / DAY_S);
  const rest = wall - day * DAY_S;
  const two = (value: number): string => String(value).padStart(2, '0');
  const seconds = rest % 60 === 0 ? '' : `:${two(rest % 60)}`;
  return `${dateOfDay(day)}T${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}${seconds}`;
}

/** The last second of a local date; a local time is itself. For bounds that include their day. */
export function lastSecond(local: LocalDateTime): number {
  return wallSeconds(local) + (local.length === 10 ? DAY_S - 1 : 0);
}

/** The occurrences of a rule from `start` on, ascending, up to `last` (wall seconds, inclusive). Work is bounded by the days between. */
export function* occurrences(rule: Recurrence, start: LocalDateTime, last: number): Generator<number, undefined> {
  const first = wallSeconds(start);
  const end = rule.until === null ? last : Math.min(last, rule.until);
  const times = timesOf(rule, first);
  const fits = matcher(rule, Math.floor(first / DAY_S));
  let left = rule.count ?? Infinity;
  for (const [from, until] of stretches(rule, Math.floor(first / DAY_S), Math.floor(end / DAY_S))) {
    for (const wall of picked(rule, daysOf(from, until, fits), times)) {
      if (wall < first) continue;
      if (wall > end || left === 0) return;
      left -= 1;
      yield wall;
    }
    if (left === 0) return;
  }
}

/** Seconds of the day at which a day that fits has its occurrences, ascending. */
function timesOf(rule: Recurrence, first: number): number[] {
  const ofDay = first - Math.floor(first / DAY_S) * DAY_S;
  const hours = rule.hours.length > 0 ? rule.hours : [Math.floor(ofDay / 3600)];
  const minutes = rule.minutes.length > 0 ? rule.minutes : [Math.floor(ofDay / 60) % 60];
  return hours.flatMap((hour) => minutes.map((minute) => hour * 3600 + minute * 60 + (ofDay % 60))).sort((a, b) => a - b);
}

/** BYSETPOS picks from all occurrences of one period. */
function picked(rule: Recurrence, days: readonly number[], times: readonly number[]): number[] {
  if (rule.positions.length === 0) return days.flatMap((day) => times.map((time) => day * DAY_S + time));
  const size = days.length * times.length;
  const places = rule.positions.map((n) => (n > 0 ? n - 1 : size + n)).filter((place) => place >= 0 && place < size);
  return [...new Set(places)].sort((a, b) => a - b)
    .map((place) => days[Math.floor(place / times.length)]! * DAY_S + times[place % times.length]!);
}

function daysOf(from: number, until: number, fits: (number: number) => boolean): number[] {
  const found: number[] = [];
  for (let number = from; number < until; number += 1) if (fits(number)) found.push(number);
  return found;
}

/** The periods of the frequency, every `interval`-th from that of the first day, as days [from, until), that begin up to `last`. */
function* stretches(rule: Recurrence, first: number, last: number): Generator<readonly [number, number]> {
  const step = rule.interval;
  if (rule.freq === 'DAILY') for (let day = first; day <= last; day += step) yield [day, day + 1];
  else if (rule.freq === 'WEEKLY') {
    for (let day = first - weekdayFrom(first, rule.week_start); day <= last; day += 7 * step) yield [day, day + 7];
  } else {
    const { year, month } = dayOf(first);
    const months = rule.freq === 'MONTHLY' ? 1 : 12;
    for (let n = year * 12 + (months === 1 ? month - 1 : 0); monthStart(n) <= last; n += months * step) {
      yield [monthStart(n), monthStart(n + months)];
    }
  }
}

interface Day {
  readonly number: number;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** First day numbers of month and year, and of what follows them. */
  readonly month_from: number;
  readonly month_until: number;
  readonly year_from: number;
  readonly year_until: number;
}

/** `months` since year 0. */
function monthStart(months: number): number {
  return Date.UTC(Math.floor(months / 12), months % 12, 1) / 86_400_000;
}

function dayOf(number: number): Day {
  const [year, month, day] = dateOfDay(number).split('-').map(Number) as [number, number, number];
  return {
    number, year, month, day,
    month_from: number - day + 1, month_until: monthStart(year * 12 + month),
    year_from: monthStart(year * 12), year_until: monthStart(year * 12 + 12),
  };
}

/** 0 = Monday; day 0, 1970-01-01, was a Thursday. */
function weekdayOf(number: number): number {
  return (((number + 3) % 7) + 7) % 7;
}

function weekdayFrom(number: number, weekStart: number): number {
  return (weekdayOf(number) - weekStart + 7) % 7;
}

/**
 * Whether a day fits the BY… parts, those that the rule leaves out taken from the start (RFC 5545, 3.3.10). Most days fail for their
 * weekday, and most rules ask for no more: year and month are worked out only where they are asked for.
 */
function matcher(given: Recurrence, first: number): (number: number) => boolean {
  const rule = filled(given, first);
  const weekdays = rule.days.every((day) => day.nth === 0) ? rule.days.map((day) => day.weekday) : [];
  const tests: ((day: Day) => boolean)[] = [];
  if (rule.months.length > 0) tests.push((day) => rule.months.includes(day.month));
  if (rule.weeks.length > 0) tests.push((day) => isInWeek(rule, day));
  if (rule.year_days.length > 0) tests.push((day) => isListed(rule.year_days, day.number, day.year_from, day.year_until));
  if (rule.month_days.length > 0) tests.push((day) => isListed(rule.month_days, day.number, day.month_from, day.month_until));
  if (rule.days.length > weekdays.length) tests.push((day) => isWeekday(rule, day));
  return (number) => {
    if (weekdays.length > 0 && !weekdays.includes(weekdayOf(number))) return false;
    if (tests.length === 0) return true;
    const day = dayOf(number);
    return tests.every((test) => test(day));
  };
}

function filled(rule: Recurrence, first: number): Recurrence {
  const start = dayOf(first);
  const weekday = [{ nth: 0, weekday: weekdayOf(first) }];
  const free = rule.days.length + rule.month_days.length + rule.year_days.length === 0;
  if (!free || rule.freq === 'DAILY') return rule;
  if (rule.freq === 'WEEKLY' || rule.weeks.length > 0) return { ...rule, days: weekday };
  const months = rule.freq === 'YEARLY' && rule.months.length === 0 ? [start.month] : rule.months;
  return { ...rule, months, month_days: [start.day] };
}

/** Whether a day is the n-th of a stretch, or the n-th from its end. */
function isListed(list: readonly number[], number: number, from: number, until: number): boolean {
  return list.includes(number - from + 1) || list.includes(number - until);
}

function isWeekday(rule: Recurrence, day: Day): boolean {
  const weekday = weekdayOf(day.number);
  const inYear = rule.freq === 'YEARLY' && rule.months.length === 0;
  const [from, until] = inYear ? [day.year_from, day.year_until] : [day.month_from, day.month_until];
  const nth = Math.floor((day.number - from) / 7) + 1;
  const fromEnd = -(Math.floor((until - 1 - day.number) / 7) + 1);
  return rule.days.some((each) => each.weekday === weekday && (each.nth === 0 || each.nth === nth || each.nth === fromEnd));
}

/** Week 1 is the first with at least four days in the year (ISO 8601), weeks beginning with WKST. */
function isInWeek(rule: Recurrence, day: Day): boolean {
  // The day in the middle of a week says to which year it belongs.
  const middle = dayOf(day.number - weekdayFrom(day.number, rule.week_start) + 3);
  const week = Math.floor((middle.number - middle.year_from) / 7) + 1;
  const weeks = week + Math.floor((middle.year_until - 1 - middle.number) / 7);
  return rule.weeks.includes(week) || rule.weeks.includes(week - weeks - 1);
}

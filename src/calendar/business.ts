/** Dates that keep to business days. Which days these are, the configuration says; a period's bounds never move. */
import type { BusinessDayRule, BusinessDays, Config } from '../config/types.js';
import { addDays } from '../values/time.js';
import type { LocalDate } from '../values/time.js';

/** A day that is no business day, with the nearest business days around it. */
export interface DayOff {
  readonly day: LocalDate;
  readonly following: LocalDate;
  readonly preceding: LocalDate;
}

/** More than the longest row of holidays; a calendar without business days leaves dates where they are. */
const LOOK_DAYS = 400;

/**
 * Where a date goes by a rule. `modified_following` is the convention of bond and swap markets (ISDA, "modified following"): the next
 * business day, unless that lies in another month, then the one before.
 */
export function shiftDate(date: LocalDate, rule: BusinessDayRule, business: BusinessDays | null): LocalDate {
  if (rule === 'none' || business === null || business.isBusinessDay(date)) return date;
  if (rule === 'preceding') return nearest(date, -1, business);
  const following = nearest(date, 1, business);
  const stays = rule === 'following' || following.slice(0, 7) === date.slice(0, 7);
  return stays ? following : nearest(date, -1, business);
}

function nearest(date: LocalDate, step: 1 | -1, business: BusinessDays): LocalDate {
  for (let days = 1; days <= LOOK_DAYS; days += 1) {
    const each = addDays(date, step * days);
    if (business.isBusinessDay(each)) return each;
  }
  return date;
}

/** The days from `from` until `until` (exclusive) that are no business days, ascending; none without a business calendar. */
export function nonBusinessDays(config: Pick<Config, 'business_calendar'>, from: LocalDate, until: LocalDate): LocalDate[] {
  const business = config.business_calendar;
  const days: LocalDate[] = [];
  if (business === null) return days;
  for (let day = from; day < until; day = addDays(day, 1)) if (!business.isBusinessDay(day)) days.push(day);
  return days;
}

/** The same days with where each rule takes them, for a join: a date that is not in the list stays. */
export function daysOff(config: Pick<Config, 'business_calendar'>, from: LocalDate, until: LocalDate): DayOff[] {
  const business = config.business_calendar;
  return nonBusinessDays(config, from, until).map((day) => (
    { day, following: shiftDate(day, 'following', business), preceding: shiftDate(day, 'preceding', business) }));
}

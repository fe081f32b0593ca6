/** Days of the week of local dates. */
import type { LocalDate } from '../values/time.js';
import { dayNumber } from '../values/time.js';
import type { Weekday } from './types.js';

/** From Sunday on, as clocks count. */
export const WEEKDAYS: readonly Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
export const DEFAULT_WEEKEND: readonly Weekday[] = ['sat', 'sun'];

/** The day of the week of a date. */
export function weekdayOf(date: LocalDate): Weekday {
  // 1970-01-01 was a Thursday.
  return WEEKDAYS[(((dayNumber(date) + 4) % 7) + 7) % 7]!;
}

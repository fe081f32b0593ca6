/** The periods of a run: those of the calendar that can matter for its bookings and charges, with what depends on the as-of. */
import { automationOf, daysOff, localDate, periodsOf } from '../calendar/calendar.js';
import type { DayOff } from '../calendar/calendar.js';
import type { Calendar, Period } from '../calendar/types.js';
import type { Config } from '../config/types.js';
import type { RunPeriod } from '../models/load.js';
import { addDays } from '../values/time.js';
import type { Instant, LocalDate } from '../values/time.js';

const DAY = 86_400_000;
/** Bookings further ahead than this wait for a later run to be placed. */
export const AHEAD = 400 * DAY;
/** A billing date lies within this of its boundary: lead days do not move it, business days by a row of holidays at most. */
export const SHIFTED = 20 * DAY;

/** For which time periods are wanted, and what is open ahead of its time. */
export interface Reach {
  readonly as_of: Instant;
  readonly from: Instant;
  /** Further back for the calendars, by key, on which agreements may have something to bill. */
  readonly charged_from: ReadonlyMap<number, Instant>;
  readonly until: Instant;
  /** The batches of this date are open too. */
  readonly billing_date: LocalDate | null;
}

/** The periods of the calendars, in billing order; of `on_demand` the current one is open as far as it has got. */
export function runPeriods(calendars: readonly Calendar[], reach: Reach, on_demand: Calendar | null): RunPeriod[] {
  const periods = calendars.flatMap((calendar) => periodsFor(calendar, reach));
  const cut = on_demand === null ? [] : periodsFor(on_demand, reach).flatMap((period) => onDemand(on_demand, period, reach.as_of));
  return [...periods, ...cut]
    .sort((a, b) => a.billing_at - b.billing_at || a.calendar_key - b.calendar_key || a.period_start - b.period_start);
}

/** The periods that can matter, and one more, so that a late booking always finds the next one. */
function periodsFor(calendar: Calendar, { as_of, from: booked_from, charged_from, until, billing_date }: Reach): RunPeriod[] {
  const from = Math.min(booked_from, charged_from.get(calendar.calendar_key) ?? Infinity);
  const periods = periodsOf(calendar, from, until);
  const last = periods.at(-1);
  const after = last === undefined
    ? periodsOf(calendar, from, until + AHEAD).slice(0, 1) : periodsOf(calendar, last.period_end, last.period_end + 1);
  return [...periods, ...after.filter((p) => last === undefined || p.period_start >= last.period_end)].map((period) => ({
    ...period,
    previewed: period.preview_at !== null && (period.preview_at <= as_of || period.billing_date === billing_date),
    issued_on: issuedOn(calendar, period, period.auto_confirm_at ?? Math.max(as_of, period.confirm_due_at ?? as_of)),
    issued_on_now: issuedOn(calendar, period, as_of),
    period_date: localDate(period.period_start, period.timezone),
    on_demand: false,
    due_shift: automationOf(calendar, period.use_no).business_days.due,
  }));
}

function issuedOn(calendar: Calendar, period: Period, confirmed_at: Instant): LocalDate {
  const { document_date } = automationOf(calendar, period.use_no);
  return document_date === 'billing_date' ? period.billing_date : localDate(confirmed_at, period.timezone);
}

/**
 * A customer's period that is billed on demand: in arrears what lies behind us, and the rest stays as it is; in advance the whole
 * period, whose own invoice is out already. Nothing of it is ever confirmed by itself.
 */
function onDemand(calendar: Calendar, period: RunPeriod, as_of: Instant): RunPeriod[] {
  if (as_of <= period.period_start || as_of >= period.period_end) return [period];
  const billing_date = localDate(as_of, period.timezone);
  const now: RunPeriod = {
    ...period, billing_at: as_of, billing_date, preview_at: as_of, confirm_due_at: as_of, auto_confirm_at: null, deadline_notice_at: null,
    previewed: true, on_demand: true,
  };
  const dated = { ...now, issued_on: issuedOn(calendar, now, as_of), issued_on_now: issuedOn(calendar, now, as_of) };
  if (period.timing === 'in_advance') return [dated];
  return [{ ...dated, period_end: as_of }, { ...period, period_start: as_of, period_date: localDate(as_of, period.timezone) }];
}

/** The days off that a due date can fall on: from the first document's date as far as the longest terms reach. */
export function dueDaysOff(config: Config, periods: readonly RunPeriod[]): DayOff[] {
  if (periods.every((period) => period.due_shift === 'none')) return [];
  const issued = periods.flatMap((period) => [period.issued_on, period.issued_on_now]).sort();
  const longest = Math.max(0, ...config.customers.map(({ payment_terms }) => payment_terms.net_days)) + 32;
  return daysOff(config, issued[0]!, addDays(issued.at(-1)!, longest));
}

/** `duebook calendar`: the periods that are billed between two dates, what falls due because of them, and which lines say so. */
import {
  automationOf, billingAt, calendarOfCycle, calendarsOf, isoLocal, localDate, periodsOf, sendDueAt, toInstant,
} from '../calendar/calendar.js';
import type { Calendar, Period } from '../calendar/types.js';
import type { BusinessDays, Config } from '../config/types.js';
import { didYouMean } from '../config/suggest.js';
import { fail } from '../values/diagnostic.js';
import { addDays, isLocalDate } from '../values/time.js';
import type { LocalDate } from '../values/time.js';
import { openContext } from './context.js';
import { SCHEMA_VERSION } from './results.js';
import type { CalendarPeriod, CalendarResult, CalendarSetting, DayOffResult, MovedDate } from './results.js';
import type { CommonOptions, World } from './world.js';

export interface CalendarOptions extends CommonOptions {
  readonly customer?: string;
  readonly cycle?: string;
  /** Billing dates from here … */
  readonly from: string;
  /** … to here, exclusive. */
  readonly to: string;
}

/** A billing date may lie this far from its boundary: zones, and the longest row of holidays. */
const MARGIN_DAYS = 30;

/** Periods by billing date. Of one customer, of one cycle, or of all cycles. Throws USAGE, UNKNOWN_CUSTOMER. */
export async function calendar(world: World, options: CalendarOptions): Promise<CalendarResult> {
  const { from, to } = options;
  for (const [name, date] of [['from', from], ['to', to]] as const) {
    if (!isLocalDate(date)) fail('USAGE', `--${name} ${date} is not a date`, { hint: 'write it like 2026-05-01' });
  }
  if (to <= from) fail('USAGE', `--to ${to} is not after --from ${from}`, { hint: '--to is the first day that is no longer shown' });
  const { config } = await openContext(world, options);
  const rows = chosen(config, options).flatMap(({ calendar: each, customer_id }) => {
    const first = toInstant(addDays(from, -MARGIN_DAYS), config.timezone);
    const last = toInstant(addDays(to, MARGIN_DAYS), config.timezone);
    return periodsOf(each, first, last)
      .filter(({ billing_date }) => billing_date >= from && billing_date < to)
      .map((period) => ({ billing_at: period.billing_at, row: rowOf(each, period, customer_id) }));
  });
  rows.sort((a, b) => a.billing_at - b.billing_at || compare(a.row, b.row));
  const periods = rows.map(({ row }) => row);
  return {
    schema_version: SCHEMA_VERSION, from, to, periods, days_off: daysOffOf(config.business_calendar, periods),
    settings: options.customer === undefined ? [] : settingsFor(config, options.customer),
  };
}

function chosen(config: Config, options: CalendarOptions): { calendar: Calendar; customer_id?: string }[] {
  if (options.customer !== undefined && options.cycle !== undefined) {
    return fail('USAGE', '--customer and --cycle exclude each other', { hint: 'a customer has its own cycles: leave --cycle out' });
  }
  if (options.customer !== undefined) {
    const index = config.customers.findIndex(({ customer_id }) => customer_id === options.customer);
    if (index === -1) {
      const hint = didYouMean(options.customer, config.customers.map(({ customer_id }) => customer_id));
      return fail('UNKNOWN_CUSTOMER', `there is no customer ${options.customer}`, { hint: hint ?? 'the configuration has no customers' });
    }
    const { calendars, calendar_key_of } = calendarsOf(config);
    return [{ calendar: calendars[calendar_key_of(index)]!, customer_id: options.customer }];
  }
  const cycles = config.cycles.filter(({ cycle_id }) => options.cycle === undefined || cycle_id === options.cycle);
  if (options.cycle !== undefined && cycles.length === 0) {
    const hint = didYouMean(options.cycle, config.cycles.map(({ cycle_id }) => cycle_id));
    return fail('USAGE', `there is no cycle ${options.cycle}`, { hint: hint ?? 'the configuration has no cycles' });
  }
  return cycles.map((cycle) => ({ calendar: calendarOfCycle(cycle, cycle.automation ?? config.automation, config.business_calendar) }));
}

/** Of two that are billed at the same instant. */
function compare(a: CalendarPeriod, b: CalendarPeriod): number {
  if (a.cycle_id === b.cycle_id) return a.n - b.n;
  return a.cycle_id < b.cycle_id ? -1 : 1;
}

function rowOf(calendar: Calendar, period: Period, customer_id: string | undefined): CalendarPeriod {
  const tell = (instant: number): string => isoLocal(instant, period.timezone);
  const orNull = (instant: number | null): string | null => (instant === null ? null : tell(instant));
  return {
    ...(customer_id === undefined ? {} : { customer_id }),
    cycle_id: period.cycle_id, n: period.n, period_start: tell(period.period_start), period_end: tell(period.period_end),
    billing_at: tell(period.billing_at), billing_date: period.billing_date, preview_at: orNull(period.preview_at),
    confirm_due_at: orNull(period.confirm_due_at), deadline_notice_at: orNull(period.deadline_notice_at),
    send_due_at: orNull(period.send_due_at), stub: period.stub, moved: movedOf(calendar, period),
  };
}

/** Which dates of a period went to another day because theirs was no business day. */
function movedOf(calendar: Calendar, period: Period): MovedDate[] {
  const business = calendar.business_calendar;
  if (business === null) return [];
  const moved: MovedDate[] = [];
  const boundary = localDate(billingAt(period.timing, period), period.timezone);
  if (boundary !== period.billing_date) {
    moved.push({ what: 'billing', from: boundary, to: period.billing_date, reason: business.whyClosed(boundary) ?? '' });
  }
  if (period.confirm_due_at === null || period.send_due_at === null) return moved;
  const planned = sendDueAt(period.confirm_due_at, automationOf(calendar, period.use_no), period.timezone, null);
  if (planned === null || planned === period.send_due_at) return moved;
  const from = localDate(planned, period.timezone);
  // A window that runs over midnight belongs to the day on which it opens.
  const reason = business.whyClosed(from) ?? business.whyClosed(addDays(from, -1)) ?? '';
  return [...moved, { what: 'sending', from, to: localDate(period.send_due_at, period.timezone), reason }];
}

/** The days that are no business days in the months that have something to show. */
function daysOffOf(business: BusinessDays | null, periods: readonly CalendarPeriod[]): DayOffResult[] {
  if (business === null) return [];
  const months = new Set(periods.flatMap((period) => [period.billing_at, period.preview_at, period.confirm_due_at, period.send_due_at])
    .filter((at) => at !== null).map((at) => at.slice(0, 7)));
  return [...months].sort().flatMap((month) => {
    const days: DayOffResult[] = [];
    for (let date: LocalDate = `${month}-01`; date.startsWith(month); date = addDays(date, 1)) {
      const reason = business.whyClosed(date);
      if (reason !== null) days.push({ date, reason });
    }
    return days;
  });
}

function settingsFor(config: Config, customer_id: string): CalendarSetting[] {
  const customer = config.customers.find((each) => each.customer_id === customer_id)!;
  return customer.cycle.flatMap(({ cycle_id }, use_no) => config.settings_of(customer_id, use_no).map(({ at, ...setting }) => (
    { use_no, cycle_id, ...setting, at: at === null ? null : { file: at.file, line: at.line ?? 1, column: at.column ?? 1 } })));
}

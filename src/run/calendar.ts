/** `duebook calendar`: the periods that are billed between two dates, and what falls due because of them. */
import { calendarOfCycle, calendarsOf, isoLocal, periodsOf, toInstant } from '../calendar/calendar.js';
import type { Calendar, Period } from '../calendar/types.js';
import type { Config } from '../config/types.js';
import { didYouMean } from '../config/suggest.js';
import { fail } from '../values/diagnostic.js';
import { addDays, isLocalDate } from '../values/time.js';
import { openContext } from './context.js';
import { SCHEMA_VERSION } from './results.js';
import type { CalendarPeriod, CalendarResult } from './results.js';
import type { CommonOptions, World } from './world.js';

export interface CalendarOptions extends CommonOptions {
  readonly customer?: string;
  readonly cycle?: string;
  /** Billing dates from here … */
  readonly from: string;
  /** … to here, exclusive. */
  readonly to: string;
}

/** Periods by billing date. Of one customer, of one cycle, or of all cycles. Throws USAGE, UNKNOWN_CUSTOMER. */
export async function calendar(world: World, options: CalendarOptions): Promise<CalendarResult> {
  const { from, to } = options;
  for (const [name, date] of [['from', from], ['to', to]] as const) {
    if (!isLocalDate(date)) fail('USAGE', `--${name} ${date} is not a date`, { hint: 'write it like 2026-05-01' });
  }
  if (to <= from) fail('USAGE', `--to ${to} is not after --from ${from}`, { hint: '--to is the first day that is no longer shown' });
  const { config } = await openContext(world, options);
  const rows = chosen(config, options).flatMap(({ calendar: each, customer_id }) => {
    // Billing in arrears happens at the end of a period, which is not "in" it any more; two days cover every zone.
    const first = toInstant(addDays(from, -2), config.timezone);
    const last = toInstant(addDays(to, 2), config.timezone);
    return periodsOf(each, first, last)
      .filter(({ billing_date }) => billing_date >= from && billing_date < to)
      .map((period) => ({ billing_at: period.billing_at, row: rowOf(period, customer_id) }));
  });
  rows.sort((a, b) => a.billing_at - b.billing_at || compare(a.row, b.row));
  return { schema_version: SCHEMA_VERSION, from, to, periods: rows.map(({ row }) => row) };
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
  return cycles.map((cycle) => ({ calendar: calendarOfCycle(cycle, cycle.automation ?? config.automation) }));
}

/** Of two that are billed at the same instant. */
function compare(a: CalendarPeriod, b: CalendarPeriod): number {
  if (a.cycle_id === b.cycle_id) return a.n - b.n;
  return a.cycle_id < b.cycle_id ? -1 : 1;
}

function rowOf(period: Period, customer_id: string | undefined): CalendarPeriod {
  const tell = (instant: number): string => isoLocal(instant, period.timezone);
  const orNull = (instant: number | null): string | null => (instant === null ? null : tell(instant));
  return {
    ...(customer_id === undefined ? {} : { customer_id }),
    cycle_id: period.cycle_id, n: period.n, period_start: tell(period.period_start), period_end: tell(period.period_end),
    billing_at: tell(period.billing_at), billing_date: period.billing_date, preview_at: orNull(period.preview_at),
    confirm_due_at: orNull(period.confirm_due_at), send_due_at: orNull(period.send_due_at), stub: period.stub,
  };
}

/**
 * Calendars and their periods. Customers with the same cycles and the same automation share one calendar, so that a hundred
 * thousand customers cost a thousand calendars and meet their periods in a join.
 */
import type { Automation, BusinessDays, Config, Cycle, CycleUse } from '../config/types.js';
import type { Instant, LocalDate } from '../values/time.js';
import { cycleEnd, turnsFrom } from './cycle.js';
import type { Turn } from './cycle.js';
import { billingOf, dueOf, plannedPreviewAt } from './due.js';
import type { Calendar, CalendarAutomation, Period } from './types.js';
import { localDate, toInstant } from './zone.js';

export { daysOff, nonBusinessDays, shiftDate } from './business.js';
export type { DayOff } from './business.js';
export { billingAt, sendDueAt } from './due.js';
export { isoLocal, localDate, localToUtcPieces, toInstant, toLocal } from './zone.js';
export type { Calendar, CalendarAutomation, CalendarUse, Period } from './types.js';

/** The calendars of a configuration, and which one each customer lives by. */
export interface Calendars {
  /** In the order in which the customers first use them; `calendars[k].calendar_key === k`. */
  readonly calendars: readonly Calendar[];
  /** The key of `config.customers[customer_index]`. */
  readonly calendar_key_of: (customer_index: number) => number;
}

/** Groups the customers by their cycle uses and the automation of each. */
export function calendarsOf(config: Pick<Config, 'cycles' | 'customers' | 'business_calendar'>): Calendars {
  const cycles = new Map(config.cycles.map((cycle) => [cycle.cycle_id, cycle]));
  const numbers = new Map<string, number>();
  // A number for each combination of settings keeps the keys below short.
  const automationKey = memoised((automation: Automation) => {
    const text = JSON.stringify(Object.values(settingsOf(automation)));
    const known = numbers.get(text) ?? numbers.size;
    numbers.set(text, known);
    return known;
  });
  const calendars: Calendar[] = [];
  const known = new Map<string, number>();
  const keys = config.customers.map((customer) => {
    const text = customer.cycle
      .map(({ cycle_id, from, until, automation }) => `${cycle_id} ${from ?? ''} ${until ?? ''} ${automationKey(automation)}`).join('|');
    let key = known.get(text);
    if (key === undefined) {
      key = calendars.length;
      known.set(text, key);
      calendars.push(calendarOf(key, customer.cycle, cycles, config.business_calendar));
    }
    return key;
  });
  return {
    calendars,
    calendar_key_of: (index) => {
      const key = keys[index];
      if (key === undefined) throw new Error(`there is no customer number ${index}`);
      return key;
    },
  };
}

/** A calendar of one cycle alone, as `duebook calendar --cycle` shows it. */
export function calendarOfCycle(cycle: Cycle, automation: CalendarAutomation, business_calendar: BusinessDays | null = null): Calendar {
  const use = { cycle_id: cycle.cycle_id, from: null, until: null };
  return { calendar_key: 0, uses: [{ cycle, use, automation }], business_calendar, assign_by: assignedBy([cycle]) };
}

/** The settings that hold for a use of a calendar, by its place in the list ({@link Period.use_no}). */
export function automationOf(calendar: Calendar, use_no: number): CalendarAutomation {
  const use = calendar.uses[use_no];
  if (use === undefined) throw new Error(`calendar ${calendar.calendar_key} has no use number ${use_no}`);
  return use.automation;
}

function calendarOf(
  calendar_key: number, uses: readonly CycleUse[], cycles: ReadonlyMap<string, Cycle>, business_calendar: BusinessDays | null,
): Calendar {
  const resolved = uses.map(({ automation, ...use }) => {
    const cycle = cycles.get(use.cycle_id);
    if (cycle === undefined) throw new Error(`there is no cycle ${use.cycle_id}`);
    return { cycle, use, automation: settingsOf(automation) };
  });
  return { calendar_key, uses: resolved, business_calendar, assign_by: assignedBy(resolved.map(({ cycle }) => cycle)) };
}

/** Declared, or by timing: a service ahead is known by when it starts, one behind us by when it ended. */
function assignedBy(cycles: readonly Cycle[]): Calendar['assign_by'] {
  const declared = cycles.find((cycle) => cycle.assign_by !== null)?.assign_by;
  if (declared !== undefined && declared !== null) return declared;
  return cycles.length > 0 && cycles.every((cycle) => cycle.timing === 'in_advance') ? 'starts_at' : 'ends_at';
}

function settingsOf(automation: Automation): CalendarAutomation {
  const {
    enabled, lead_days, confirmation_window_days, confirm_at, lock_before_period_end, auto_send, auto_send_delay_hours,
    send_window, document_date, lock_invoices, late_bookings, changed_bookings, separate_preview_per_partner, business_days,
    deadline_notice_hours,
  } = automation;
  const window = send_window === null ? null : { days: send_window.days, from: send_window.from, until: send_window.until };
  return {
    enabled, lead_days, confirmation_window_days, confirm_at, lock_before_period_end, auto_send, auto_send_delay_hours,
    send_window: window, document_date, lock_invoices, late_bookings, changed_bookings, separate_preview_per_partner,
    business_days, deadline_notice_hours,
  };
}

/** Remembers the key of an object that many customers share. */
function memoised<T extends object>(keyOf: (value: T) => number): (value: T) => number {
  const known = new WeakMap<T, number>();
  return (value) => {
    let key = known.get(value);
    if (key === undefined) {
      key = keyOf(value);
      known.set(value, key);
    }
    return key;
  };
}

/**
 * The periods of a calendar that matter between `from` and `until`, sorted by `period_start`: all that overlap `[from, until)`,
 * and the later ones whose `preview_at` lies before `until` (billing in advance, or with lead days). A period that ended at or
 * before `from` is not among them, even if something of it falls due later: reach back far enough. `from` may be -Infinity.
 */
export function periodsOf(calendar: Calendar, from: Instant, until: Instant): Period[] {
  if (!Number.isFinite(until)) throw new Error('periods without an end cannot be listed');
  const periods: Period[] = [];
  for (const span of spansOf(calendar)) periods.push(...periodsOfSpan(calendar, span, from, until));
  return periods.sort((a, b) => a.period_start - b.period_start);
}

/** The local date on which the first period of a calendar begins; null if it never bills. */
export function beginsOn(calendar: Calendar): LocalDate | null {
  const [first] = spansOf(calendar).filter(({ begin, end }) => begin < end).sort((a, b) => a.begin - b.begin);
  return first === undefined ? null : localDate(first.begin, first.cycle.timezone);
}

/** A stretch of the time line on which one cycle bills. */
interface Span {
  readonly use_no: number;
  readonly cycle: Cycle;
  readonly automation: CalendarAutomation;
  readonly begin: Instant;
  /** Exclusive; Infinity where nothing ends it. */
  readonly end: Instant;
}

/**
 * The uses as spans that do not overlap. A use begins at its `from`, but not before its cycle starts; until then the use before
 * it goes on, so that a change of cycle leaves no gap.
 */
function spansOf(calendar: Calendar): Span[] {
  const begins = calendar.uses.map(({ cycle, use }) => {
    const start = toInstant(cycle.start, cycle.timezone);
    return use.from === null ? start : Math.max(start, toInstant(use.from, cycle.timezone));
  });
  return calendar.uses.map(({ cycle, use, automation }, index) => {
    const declared = use.until === null ? Infinity : toInstant(use.until, cycle.timezone);
    const end = Math.min(declared, cycleEnd(cycle) ?? Infinity, ...begins.slice(index + 1));
    return { use_no: index, cycle, automation, begin: begins[index]!, end };
  });
}

function periodsOfSpan(calendar: Calendar, span: Span, from: Instant, until: Instant): Period[] {
  const { cycle, automation, use_no } = span;
  const business = calendar.business_calendar;
  const periods: Period[] = [];
  if (span.end <= from || span.end <= span.begin) return periods;
  for (const turn of turnsOfSpan(span, from)) {
    if (turn.start >= span.end) break;
    const bounds = { period_start: Math.max(turn.start, span.begin), period_end: Math.min(turn.end, span.end) };
    const billing_at = billingOf(cycle, automation, business, bounds);
    const planned = plannedPreviewAt(billing_at, automation.lead_days, cycle.timezone);
    // Both only grow from turn to turn, and a pause only moves a preview later.
    if (bounds.period_start >= until && planned >= until) break;
    const due = dueOf(cycle, automation, business, { ...bounds, billing_at });
    if (bounds.period_end <= from) continue;
    if (bounds.period_start >= until && (due.preview_at === null || due.preview_at >= until)) continue;
    const stub = turn.merged || bounds.period_start !== turn.start || bounds.period_end !== turn.end;
    periods.push({
      calendar_key: calendar.calendar_key, use_no, cycle_id: cycle.cycle_id, n: turn.n, timing: cycle.timing, timezone: cycle.timezone,
      ...bounds, ...due, stub, late_bookings: automation.late_bookings, changed_bookings: automation.changed_bookings,
      separate_preview_per_partner: automation.separate_preview_per_partner, due_shift: automation.business_days.due,
    });
  }
  return periods;
}

/** The turns of a span's cycle from `from` on, the first one merged with the next where the cycle says so. */
function* turnsOfSpan(span: Span, from: Instant): Generator<Turn & { readonly merged: boolean }, void, undefined> {
  const merged = span.cycle.first_period === 'merge' ? mergedTurn(span) : null;
  if (merged !== null && from < merged.end) yield { ...merged, merged: true };
  const rest = Math.max(span.begin, from, merged?.end ?? -Infinity);
  for (const turn of turnsFrom(span.cycle, rest)) yield { ...turn, merged: false };
}

/** The first two turns of a span as one, if the first is cut short at its start and another one follows in the span; else null. */
function mergedTurn({ cycle, begin, end }: Span): Turn | null {
  const [first, second] = take(turnsFrom(cycle, begin), 2);
  if (first === undefined || second === undefined || first.start >= begin || second.start >= end) return null;
  return { n: second.n, start: begin, end: second.end };
}

function take<T>(all: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const each of all) if (taken.push(each) >= count) break;
  return taken;
}

/** The instants that fall due because of a period: preview, confirmation, sending. See "Time has several meanings" in docs. */
import type { BusinessDays, Cycle, Timing } from '../config/types.js';
import { dateOfDay, dayNumber } from '../values/time.js';
import type { Instant, LocalDate } from '../values/time.js';
import { shiftDate } from './business.js';
import type { CalendarAutomation, Period } from './types.js';
import { DAY_MS, instantOfWall, localDate, toInstant, wallAt } from './zone.js';

/** What a period needs to know of itself to have due instants. */
export interface Bounds {
  readonly period_start: Instant;
  readonly period_end: Instant;
}

type Due = Pick<
  Period, 'billing_at' | 'billing_date' | 'preview_at' | 'confirm_due_at' | 'auto_confirm_at' | 'deadline_notice_at' | 'send_due_at'
>;

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** One open weekday a week, and a week without it (a day that a zone skipped): more days need not be looked at. */
const LOOK_DAYS = 22;
/** And with holidays: a window of one weekday may meet several in a row. */
const LOOK_BUSINESS_DAYS = 400;

/** The boundary at which a period is billed, before any shift: its end in arrears, its start in advance. */
export function billingAt(timing: Timing, period: Bounds): Instant {
  return timing === 'in_arrears' ? period.period_end : period.period_start;
}

/** The boundary, or the same local time of the business day that it is moved to. */
export function billingOf(
  cycle: Pick<Cycle, 'timing' | 'timezone'>, automation: CalendarAutomation, business: BusinessDays | null, period: Bounds,
): Instant {
  const boundary = billingAt(cycle.timing, period);
  if (business === null || automation.business_days.billing === 'none') return boundary;
  const date = localDate(boundary, cycle.timezone);
  const moved = dayNumber(shiftDate(date, automation.business_days.billing, business)) - dayNumber(date);
  return moved === 0 ? boundary : instantOfWall(wallAt(boundary, cycle.timezone) + moved * DAY_MS, cycle.timezone);
}

/** `billing_at` minus the lead days at the same local time; what holds before any pause. */
export function plannedPreviewAt(billing_at: Instant, lead_days: number, zone: string): Instant {
  if (lead_days === 0) return billing_at;
  return instantOfWall(wallAt(billing_at, zone) - lead_days * DAY_MS, zone);
}

/** All due instants of a period of `cycle` that is billed at `billing_at`. */
export function dueOf(
  cycle: Cycle, automation: CalendarAutomation, business: BusinessDays | null, period: Bounds & { readonly billing_at: Instant },
): Due {
  const zone = cycle.timezone;
  const { billing_at } = period;
  const billing_date = localDate(billing_at, zone);
  const planned = plannedPreviewAt(billing_at, automation.lead_days, zone);
  const preview_at = cycle.enabled ? afterPause(planned, cycle.pause, zone) : null;
  if (preview_at === null) {
    return {
      billing_at, billing_date, preview_at, confirm_due_at: null, auto_confirm_at: null, deadline_notice_at: null, send_due_at: null,
    };
  }
  // In arrears the period has to end first, whatever day the billing date was moved to.
  const earliest = cycle.timing === 'in_arrears' && !automation.lock_before_period_end ? period.period_end : preview_at;
  // A preview on the last day of the month, after `confirm_at`, leaves no window.
  const confirm_due_at = Math.max(windowEnd(preview_at, automation, zone), earliest, preview_at);
  // What was not previewed yet (a pause) is not locked either.
  const lock_at = Math.max(billing_at, period.period_end, preview_at);
  const auto_confirm_at = automation.enabled ? confirm_due_at : automation.lock_invoices ? lock_at : null;
  const deadline_notice_at = noticeAt(preview_at, auto_confirm_at, automation.deadline_notice_hours);
  const send_due_at = sendDueAt(confirm_due_at, automation, zone, business);
  return { billing_at, billing_date, preview_at, confirm_due_at, auto_confirm_at, deadline_notice_at, send_due_at };
}

/** Nobody is told of a deadline that comes with the preview. */
function noticeAt(preview_at: Instant, auto_confirm_at: Instant | null, hours: number | null): Instant | null {
  if (hours === null || auto_confirm_at === null || auto_confirm_at <= preview_at) return null;
  return Math.max(preview_at, auto_confirm_at - hours * HOUR_MS);
}

/** Moves an instant out of every pause to the local midnight at which the pause ends; null where a pause has no end. */
function afterPause(instant: Instant, pauses: Cycle['pause'], zone: string): Instant | null {
  let moved = instant;
  for (;;) {
    const date: LocalDate = localDate(moved, zone);
    const pause = pauses.find((p) => p.from <= date && (p.until === null || date < p.until));
    if (pause === undefined) return moved;
    if (pause.until === null) return null;
    moved = toInstant(pause.until, zone);
  }
}

/** When the window for a human ends by itself: so many days after the preview, or on the last day of its month. */
function windowEnd(preview_at: Instant, automation: CalendarAutomation, zone: string): Instant {
  const days = automation.confirmation_window_days;
  if (days === 0) return preview_at;
  const today = Math.floor(wallAt(preview_at, zone) / DAY_MS);
  const last = days === 'last_day_of_month' ? lastOfMonth(today) : today + days;
  return instantOfWall(last * DAY_MS + timeOfDay(automation.confirm_at), zone);
}

/** Day number of the last day of the month that a day lies in. */
function lastOfMonth(day: number): number {
  const date = new Date(day * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0) / DAY_MS;
}

/**
 * When the mail of an invoice goes: `auto_send_delay_hours` (elapsed hours) after it was confirmed, moved to the next allowed
 * moment of the send window. A window opens once on each of its local days, the opening included and the closing not; one that
 * closes at or before the hour it opens runs into the next day. With a rule for business days it opens on these alone; it cannot go
 * back before the confirmation, so every rule moves it on. null: not sent by itself.
 */
export function sendDueAt(
  confirmed_at: Instant,
  automation: Pick<CalendarAutomation, 'auto_send' | 'auto_send_delay_hours' | 'send_window' | 'business_days'>,
  zone: string,
  business: BusinessDays | null,
): Instant | null {
  if (!automation.auto_send) return null;
  const earliest = confirmed_at + Math.round(automation.auto_send_delay_hours * HOUR_MS);
  const kept = automation.business_days.send === 'none' ? null : business;
  if (automation.send_window === null && kept === null) return earliest;
  const window = automation.send_window ?? { days: WEEKDAYS, from: '00:00', until: '24:00' };
  const opening = timeOfDay(window.from);
  const closing = timeOfDay(window.until) + (timeOfDay(window.until) <= opening ? DAY_MS : 0);
  const today = Math.floor(wallAt(earliest, zone) / DAY_MS);
  for (let day = today - 1; day < today + (kept === null ? LOOK_DAYS : LOOK_BUSINESS_DAYS); day += 1) {
    // 1970-01-01 was a Thursday.
    if (!window.days.includes(WEEKDAYS[(((day + 4) % 7) + 7) % 7]!) || kept?.isBusinessDay(dateOfDay(day)) === false) continue;
    const opens = instantOfWall(day * DAY_MS + opening, zone);
    // A zone can skip a whole day (Apia, 30 December 2011): no window opens on it.
    if (localDate(opens, zone) !== dateOfDay(day)) continue;
    const candidate = Math.max(earliest, opens);
    if (candidate < instantOfWall(day * DAY_MS + closing, zone)) return candidate;
  }
  return null;
}

/** "HH:MM" as milliseconds since midnight; "24:00" is the end of the day. */
function timeOfDay(text: string): number {
  const [hours, minutes] = text.split(':');
  return (Number(hours) * 60 + Number(minutes ?? 0)) * MINUTE_MS;
}

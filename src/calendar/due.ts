/** The instants that fall due because of a period: preview, confirmation, sending. See "Time has several meanings" in docs. */
import type { Cycle, Timing } from '../config/types.js';
import { dateOfDay } from '../values/time.js';
import type { Instant, LocalDate } from '../values/time.js';
import type { CalendarAutomation, Period } from './types.js';
import { DAY_MS, instantOfWall, localDate, toInstant, wallAt } from './zone.js';

/** What a period needs to know of itself to have due instants. */
export interface Bounds {
  readonly period_start: Instant;
  readonly period_end: Instant;
}

type Due = Pick<Period, 'billing_at' | 'billing_date' | 'preview_at' | 'confirm_due_at' | 'auto_confirm_at' | 'send_due_at'>;

const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** One open weekday a week, and a week without it (a day that a zone skipped): more days need not be looked at. */
const LOOK_DAYS = 22;

/** The boundary at which a period is billed: its end in arrears, its start in advance. */
export function billingAt(timing: Timing, period: Bounds): Instant {
  return timing === 'in_arrears' ? period.period_end : period.period_start;
}

/** `billing_at` minus the lead days at the same local time; what holds before any pause. */
export function plannedPreviewAt(billing_at: Instant, lead_days: number, zone: string): Instant {
  if (lead_days === 0) return billing_at;
  return instantOfWall(wallAt(billing_at, zone) - lead_days * DAY_MS, zone);
}

/** All due instants of a period of `cycle`. */
export function dueOf(cycle: Cycle, automation: CalendarAutomation, period: Bounds): Due {
  const zone = cycle.timezone;
  const billing_at = billingAt(cycle.timing, period);
  const billing_date = localDate(billing_at, zone);
  const planned = plannedPreviewAt(billing_at, automation.lead_days, zone);
  const preview_at = cycle.enabled ? afterPause(planned, cycle.pause, zone) : null;
  if (preview_at === null) {
    return { billing_at, billing_date, preview_at, confirm_due_at: null, auto_confirm_at: null, send_due_at: null };
  }
  const confirm_due_at = confirmDueAt(preview_at, billing_at, cycle.timing, automation, zone);
  // What was not previewed yet (a pause) is not locked either.
  const lock_at = Math.max(billing_at, period.period_end, preview_at);
  const auto_confirm_at = automation.enabled ? confirm_due_at : automation.lock_invoices ? lock_at : null;
  const send_due_at = sendDueAt(confirm_due_at, automation, zone);
  return { billing_at, billing_date, preview_at, confirm_due_at, auto_confirm_at, send_due_at };
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

function confirmDueAt(preview_at: Instant, billing_at: Instant, timing: Timing, automation: CalendarAutomation, zone: string): Instant {
  const days = automation.confirmation_window_days;
  const midnight = Math.floor(wallAt(preview_at, zone) / DAY_MS) * DAY_MS;
  const planned = days === 0 ? preview_at : instantOfWall(midnight + days * DAY_MS + timeOfDay(automation.confirm_at), zone);
  return timing === 'in_arrears' && !automation.lock_before_period_end ? Math.max(planned, billing_at) : planned;
}

/**
 * When the mail of an invoice goes: `auto_send_delay_hours` (elapsed hours) after it was confirmed, moved to the next allowed
 * moment of the send window. A window opens once on each of its local days, the opening included and the closing not; one that
 * closes at or before the hour it opens runs into the next day. null: not sent by itself.
 */
export function sendDueAt(
  confirmed_at: Instant,
  automation: Pick<CalendarAutomation, 'auto_send' | 'auto_send_delay_hours' | 'send_window'>,
  zone: string,
): Instant | null {
  if (!automation.auto_send) return null;
  const earliest = confirmed_at + Math.round(automation.auto_send_delay_hours * HOUR_MS);
  const window = automation.send_window;
  if (window === null) return earliest;
  const opening = timeOfDay(window.from);
  const closing = timeOfDay(window.until) + (timeOfDay(window.until) <= opening ? DAY_MS : 0);
  const today = Math.floor(wallAt(earliest, zone) / DAY_MS);
  for (let day = today - 1; day < today + LOOK_DAYS; day += 1) {
    // 1970-01-01 was a Thursday.
    if (!window.days.includes(WEEKDAYS[(((day + 4) % 7) + 7) % 7]!)) continue;
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

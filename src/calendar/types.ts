/** What the calendar says: periods and the instants that hang on them. Pure data. */
import type { Automation, BusinessDayRule, BusinessDays, Cycle, CycleUse, Timing } from '../config/types.js';
import type { Instant, LocalDate } from '../values/time.js';

/** The automation settings that move a date, or that a period's invoices are made by. */
export type CalendarAutomation = Pick<
  Automation,
  'enabled' | 'lead_days' | 'confirmation_window_days' | 'confirm_at' | 'lock_before_period_end' | 'auto_send'
  | 'auto_send_delay_hours' | 'send_window' | 'document_date' | 'lock_invoices' | 'late_bookings' | 'changed_bookings'
  | 'separate_preview_per_partner'
  | 'business_days' | 'deadline_notice_hours'
>;

/** A use of a cycle with the cycle itself and the settings that hold while it bills. */
export interface CalendarUse {
  readonly cycle: Cycle;
  readonly use: Pick<CycleUse, 'cycle_id' | 'from' | 'until'>;
  readonly automation: CalendarAutomation;
}

/** One distinct combination of cycle uses and automation; customers share it. */
export interface Calendar {
  /** Position in the list of calendars; the key that SQL joins on. */
  readonly calendar_key: number;
  readonly uses: readonly CalendarUse[];
  /** What `business_days` of the automations refers to; null if the project has no business calendar. */
  readonly business_calendar: BusinessDays | null;
  /** Which time of a booking decides its period. */
  readonly assign_by: 'starts_at' | 'ends_at';
}

/** One turn of a cycle, half-open, with everything that falls due because of it. */
export interface Period {
  readonly calendar_key: number;
  /** Position of the use in the customer's list of cycles. */
  readonly use_no: number;
  readonly cycle_id: string;
  /** 0-based turn counted from the cycle's start; a stub keeps the n of its turn, a merged period has that of its last. */
  readonly n: number;
  readonly timing: Timing;
  readonly timezone: string;
  readonly period_start: Instant;
  readonly period_end: Instant;
  /** The end in arrears, the start in advance; at the same local time of another day where `business_days.billing` moves it. */
  readonly billing_at: Instant;
  readonly billing_date: LocalDate;
  /** null: not previewed (cycle disabled, or paused without an end). */
  readonly preview_at: Instant | null;
  /** When the window for a human ends, whether or not anything happens by itself then. */
  readonly confirm_due_at: Instant | null;
  /** When it is confirmed by itself; null: never (automation off and lock_invoices off). */
  readonly auto_confirm_at: Instant | null;
  /** When a notice of the automatic confirmation is given; null: never, or nothing is confirmed by itself, or there is no window. */
  readonly deadline_notice_at: Instant | null;
  /** When the mail would go if confirmed at confirm_due_at; null: not sent by itself. */
  readonly send_due_at: Instant | null;
  /** Shorter than a turn of its cycle, or longer: a first one merged with the next. */
  readonly stub: boolean;
  /** Of the use's automation. */
  readonly late_bookings: Automation['late_bookings'];
  readonly changed_bookings: Automation['changed_bookings'];
  readonly separate_preview_per_partner: boolean;
  /** Which way a due date goes that is no business day; {@link daysOff} has the days. */
  readonly due_shift: BusinessDayRule;
}

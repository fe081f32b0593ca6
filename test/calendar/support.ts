/** Shared by the calendar tests: short ways to write a cycle, an automation, a calendar. */
import { toInstant } from '../../src/calendar/calendar.js';
import type { Calendar, CalendarAutomation } from '../../src/calendar/calendar.js';
import type { BusinessDays, Cycle, CycleUse } from '../../src/config/types.js';
import type { Instant } from '../../src/values/time.js';

export const ZONE = 'Europe/Berlin';

export function cycle(over: Partial<Cycle> = {}): Cycle {
  return {
    cycle_id: 'c', name: 'C', type: 'monthly', every: null, dates: null, start: '2026-01-01', end: null, recurring_count: null,
    timing: 'in_arrears', timezone: ZONE, enabled: true, first_period: 'stub', pause: [], assign_by: null, ...over,
  };
}

export function automation(over: Partial<CalendarAutomation> = {}): CalendarAutomation {
  return {
    enabled: true, lead_days: 0, confirmation_window_days: 3, confirm_at: '22:00', lock_before_period_end: false, auto_send: true,
    auto_send_delay_hours: 0, send_window: null, document_date: 'billing_date', lock_invoices: false,
    late_bookings: 'next_invoice', changed_bookings: 'adjust', separate_preview_per_partner: false,
    business_days: { billing: 'none', due: 'none', send: 'none' }, deadline_notice_hours: null, ...over,
  };
}

export function calendar(
  uses: readonly (readonly [Cycle, Partial<Omit<CycleUse, 'automation'>>])[], settings: CalendarAutomation = automation(), business: BusinessDays | null = null,
): Calendar {
  return {
    calendar_key: 0, business_calendar: business, assign_by: 'ends_at',
    uses: uses.map(([c, use]) => ({ cycle: c, use: { cycle_id: c.cycle_id, from: null, until: null, ...use }, automation: settings })),
  };
}

/** `...Z` or an offset is an instant; anything else is local in `zone`. */
export function at(text: string, zone = ZONE): Instant {
  return /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : toInstant(text, zone);
}

/**
 * How long the calendars of many customers take: `node bench/calendar.mjs [customers]` after a build.
 * Prints one JSON line. The aim: 100 000 customers on about 1000 calendars, two months of periods, under 3 s from a cold start.
 */
import { calendarsOf, periodsOf } from '../dist/calendar/calendar.js';

const ZONES = [
  'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'America/Santiago', 'Africa/Cairo', 'Asia/Beirut',
  'Pacific/Apia', 'Europe/London', 'America/Los_Angeles', 'Asia/Tokyo', 'Australia/Sydney', 'America/Sao_Paulo', 'Africa/Casablanca',
  'Asia/Kathmandu', 'Pacific/Chatham', 'America/St_Johns', 'Europe/Dublin', 'Asia/Gaza', 'UTC',
];
const TYPES = ['daily', 'weekly', 'bi-weekly', 'monthly', 'quarterly', 'semi-annually', 'annually', 'custom'];
const AUTOMATION = {
  enabled: true, lead_days: 5, confirmation_window_days: 3, confirm_at: '22:00', lock_before_period_end: false, auto_send: true,
  auto_send_delay_hours: 3, send_window: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', until: '18:00' },
  document_date: 'billing_date', lock_invoices: true, separate_preview_per_partner: true, late_bookings: 'next_invoice',
  business_days: { billing: 'none', due: 'none', send: 'none' }, deadline_notice_hours: 24,
  limits: { max_invoice_total: null, max_change_percent: null, max_lines: null },
};

function cycles() {
  return Array.from({ length: 50 * ZONES.length }, (_, index) => {
    const shape = index % 50;
    const type = TYPES[shape % TYPES.length];
    return {
      cycle_id: `cycle-${index}`, name: `Cycle ${index}`, type, every: type === 'custom' ? { days: 3 + shape } : null, dates: null,
      start: `2024-01-${String(1 + (shape % 28)).padStart(2, '0')}T0${shape % 6}:00`, end: null, recurring_count: null,
      timing: shape % 2 === 0 ? 'in_arrears' : 'in_advance', timezone: ZONES[Math.floor(index / 50)], enabled: true, first_period: 'stub', pause: [],
      assign_by: null,
    };
  });
}

/** Nothing is shared between the customers: the worst case for the grouping. */
function customers(count) {
  return Array.from({ length: count }, (_, index) => ({
    customer_id: `c${index}`, name: `Customer ${index}`, email: [], address: null, tax_id: null, contact: null,
    cycle: [{ cycle_id: `cycle-${index % (50 * ZONES.length)}`, from: null, until: null, automation: { ...AUTOMATION } }], partner_id: null,
    payment_terms: { net_days: 14, end_of_month: false }, purchase_order: null, tax: null, prices: {}, locale: 'en-GB',
    automation: { ...AUTOMATION },
  }));
}

const count = Number(process.argv[2] ?? '100000');
const config = { business_calendar: null, cycles: cycles(), customers: customers(count) };
const began = performance.now();
const { calendars } = calendarsOf(config);
const grouped = performance.now();
let periods = 0;
for (const calendar of calendars) periods += periodsOf(calendar, Date.UTC(2026, 2, 1), Date.UTC(2026, 4, 1)).length;
const ended = performance.now();
process.stdout.write(`${JSON.stringify({
  customers: count, calendars: calendars.length, periods, group_ms: Math.round(grouped - began), periods_ms: Math.round(ended - grouped),
  process_ms: Math.round(ended),
})}\n`);

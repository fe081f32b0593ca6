/**
 * Projects made up from a seed, with everything that moves an instant or decides what goes on an invoice, and with what people do
 * meanwhile: late bookings, changed settings, approvals, holds that come and go. Whatever the schedule of the runs, the end is the same.
 */
import { localDate } from '../../src/calendar/calendar.js';
import { lay } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';
import { Chance } from './chance.js';
import { periodsByCustomer } from './company.js';
import type { CustomerPeriods } from './company.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);
/** Of each of the two stretches. */
const HOURS = 21 * 24;
const CUSTOMERS = ['acme', 'bolt', 'core'] as const;

/** What holds from one change to the next. */
export interface Stretch {
  readonly spec: Spec;
  readonly bookings: readonly Booking[];
  /** Of the overrides, which name periods of the configuration and bookings that are there. */
  readonly seed: number;
  /** Hours since the beginning of 2026 at which one of the two schedules runs, ascending; the last one is common to both. */
  readonly hours: readonly number[];
}

export const iso = (hours: number): string => new Date(START + hours * HOUR).toISOString().replace('.000', '');
const day = (hours: number): string => iso(hours).slice(0, 10);

/** Two stretches of a project: at the end of the first one people change the configuration, and late bookings come in. */
export function stretchesOf(seed: number): readonly [Stretch, Stretch] {
  const chance = new Chance(seed * 31 + 7);
  const spec = specOf(chance);
  const all = bookingsOf(chance);
  const late = new Set(all.filter(() => chance.percent(15)).map(({ id }) => id));
  const times = (from: number): number[] => [
    ...new Set([...Array.from({ length: chance.int(1, 4) }, () => from + chance.int(1, HOURS - 1)), from + HOURS]),
  ].sort((a, b) => a - b);
  const changed = changeOf(chance, spec);
  return [
    { spec, seed: seed * 2, bookings: all.filter(({ id }) => !late.has(id)), hours: times(0) },
    { spec: changed, seed: seed * 2 + 1, bookings: all, hours: times(HOURS) },
  ];
}

/** Runs a project through both stretches, at all its hours or only where both schedules run. */
export async function live(made: Project, stretches: readonly Stretch[], often: boolean): Promise<void> {
  let changedAt: number | null = null;
  for (const { spec, bookings, hours, seed } of stretches) {
    await made.configure(spec);
    await made.configure({ ...spec, ...overridesOf(new Chance(seed), bookings, await periodsByCustomer(made, START + 2 * HOURS * HOUR), changedAt) });
    await made.book(bookings);
    // What a change lets go is done by the run after it; both schedules have one at the change.
    if (changedAt !== null) {
      await made.run(iso(changedAt));
      await approve(made, changedAt);
    }
    for (const each of often ? hours : hours.slice(-1)) await made.run(iso(each));
    changedAt = hours.at(-1)!;
  }
}

/** Approves some of what is open, as it stands, from a later hour on; what moves until then is not confirmed by it. */
async function approve(made: Project, hours: number): Promise<void> {
  const { batches } = await made.preview(iso(hours));
  for (const [i, { batch_id, digest, invoices }] of batches.entries()) {
    const chance = new Chance(hours + i);
    if (chance.percent(40)) continue;
    const some = chance.percent(30) ? { customers: [invoices[0]!.customer_id] } : {};
    const approval = { batch: batch_id, digest: digest.slice(0, 12), approved_at: iso(hours + chance.int(-24, 100)), approved_by: 'Ada', ...some };
    await made.write(`approvals/${batch_id}.yaml`, `${JSON.stringify(approval)}\n`);
  }
}

function settings(chance: Chance): Spec {
  return {
    lead_days: chance.pick([0, 0, 1, 3]), confirmation_window_days: chance.pick([0, 1, 4, 'last_day_of_month']), confirm_at: chance.pick(['00:00', '12:30', '22:00']),
    auto_send_delay_hours: chance.pick([0, 5]), document_date: chance.pick(['billing_date', 'confirmed_date']), lock_before_period_end: chance.percent(20),
    late_bookings: chance.pick(['next_invoice', 'next_invoice', 'own_invoice', 'hold']), deadline_notice_hours: chance.pick([null, 4, 24]),
    limits: { max_invoice_total: chance.pick([null, null, '300.00']), max_change_percent: chance.pick([null, null, 50]) },
    ...(chance.percent(50) ? { send_window: { days: ['mon', 'tue', 'wed', 'thu', 'fri'], hours: chance.pick(['08:00-18:00', '22:00-04:00']) } } : {}),
    ...(chance.percent(15) ? { enabled: false, lock_invoices: chance.percent(60) } : {}), ...(chance.percent(10) ? { auto_send: false } : {}),
    ...(chance.percent(50) ? { business_days: { billing: chance.pick(RULES), due: chance.pick(RULES), send: chance.pick(RULES) } } : {}),
  };
}

const RULES = ['none', 'following', 'preceding', 'modified_following'] as const;
const CYCLES = ['monthly', 'weekly', 'ahead', 'berlin', 'days', 'paused', 'merged', 'resting'] as const;

function specOf(chance: Chance): Spec {
  const paused = { from: day(chance.int(0, HOURS)), until: day(HOURS + 24 + chance.int(0, HOURS - 48)) };
  return {
    business_calendar: chance.pick([{}, { holidays: ['2026-01-01', '2026-01-06', '2026-02-02'], working_days: ['2026-01-10'] }, { country: 'DE', region: 'HH', weekend: ['fri', 'sat'] }]),
    automation: settings(chance),
    partners: { south: { name: 'South', automation: { separate_preview_per_partner: chance.percent(50), ...(chance.percent(50) ? { lead_days: chance.int(0, 4) } : {}) } } },
    cycles: {
      berlin: { type: 'bi-weekly', start: '2026-01-05T06:00', timezone: 'Europe/Berlin' }, days: { type: 'custom', every: { days: chance.int(3, 9) }, start: '2026-01-03' },
      paused: { type: 'weekly', start: '2026-01-05', pause: [paused] }, merged: { type: 'weekly', start: '2025-12-29', first_period: 'merge', timezone: 'America/New_York' },
      // Rests until people change it.
      resting: { type: 'weekly', start: '2026-01-02', enabled: false, timing: chance.pick(['in_arrears', 'in_advance']) },
    },
    customers: Object.fromEntries(CUSTOMERS.map((id) => [id, customerOf(chance, id)])),
    ...(chance.percent(40) ? { repeat_bookings: { cleaning: repeatOf(chance) } } : {}),
    ...(chance.percent(50) ? { notifications: [{ name: 'finance', email: ['finance@north.example'] }] } : {}),
  };
}

function repeatOf(chance: Chance): Spec {
  return {
    customer: chance.pick(CUSTOMERS), product: 'visit', rule: chance.pick(['FREQ=WEEKLY;BYDAY=MO', 'FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,FR', 'FREQ=MONTHLY;BYMONTHDAY=-1', 'FREQ=DAILY;INTERVAL=5']),
    start: `2026-01-0${chance.int(1, 9)}T${chance.pick(['00:00', '09:30', '23:30'])}`, duration_minutes: chance.pick([0, 90, 600]), timezone: chance.pick(['UTC', 'America/New_York', 'Asia/Tokyo']),
    quantity: '1.5', invoice_all: chance.percent(40), ...(chance.percent(50) ? { until: day(HOURS + chance.int(0, HOURS)) } : {}), ...(chance.percent(40) ? { unit_price: '45.00' } : {}),
  };
}

function customerOf(chance: Chance, id: string): Spec {
  const first = chance.pick(CYCLES);
  const then = { use: chance.pick(CYCLES.filter((each) => each !== first)), from: `2026-01-${chance.int(10, 31)}T0${chance.int(0, 9)}:30` };
  const begin = first === 'merged' ? { from: `2026-01-0${chance.int(1, 9)}` } : {};
  return {
    name: id, cycle: chance.percent(40) ? [{ use: first, ...begin }, then] : [{ use: first, ...begin }], payment_terms: { net_days: chance.int(0, 30) },
    ...(chance.percent(70) ? { email: `${id}@x.example` } : {}), ...(chance.percent(40) ? { partner: 'south' } : {}), ...(chance.percent(50) ? { automation: settings(chance) } : {}),
  };
}

/** What people change in the middle: a cycle rests no longer, one customer has other settings, perhaps another limit for all. */
function changeOf(chance: Chance, spec: Spec): Spec {
  const change: Record<string, unknown> = { cycles: { resting: { enabled: true } } };
  if (chance.percent(60)) change['customers'] = { [chance.pick(CUSTOMERS)]: { automation: settings(chance) } };
  if (chance.percent(30)) change['automation'] = { limits: { max_invoice_total: chance.pick([null, '150.00', '900.00']) } };
  return lay(spec, change);
}

function bookingsOf(chance: Chance): Booking[] {
  return Array.from({ length: chance.int(5, 24) }, (_, i): Booking => {
    const start = chance.int(0, 2 * HOURS - 24);
    return {
      id: `J-${i}`, customer: chance.pick(CUSTOMERS), product: chance.pick(['visit', 'food']), start: iso(start), end: iso(start + chance.int(0, 30)), quantity: String(chance.int(-1, 4)),
      currency: chance.pick(['EUR', 'EUR', 'EUR', 'JPY']), price: chance.pick(['95', '10.5']), ...(chance.percent(10) ? { status: chance.pick(['planned', 'cancelled']) } : {}),
    };
  });
}

function overridesOf(chance: Chance, bookings: readonly Booking[], periods: ReadonlyMap<string, CustomerPeriods>, after: number | null): Spec {
  const overrides: Spec[] = [];
  const open = bookings.filter(({ status }) => status === undefined);
  if (chance.percent(25)) overrides.push({ customer: chance.pick(CUSTOMERS), hold: true, reason: 'Waiting for the order' });
  if (chance.percent(25) && open.length > 0) overrides.push({ booking: chance.pick(open).id, source: 'jobs', hold: true, reason: 'Disputed' });
  for (let i = chance.int(0, 4); i > 0; i -= 1) {
    const customer = chance.pick(CUSTOMERS);
    // A line for a period that is processed comes too late, and is refused.
    const ahead = periods.get(customer)!.periods.filter(({ period_start }) => after === null || period_start > START + after * HOUR);
    if (ahead.length === 0) continue;
    const begun = chance.pick(ahead);
    const target = { customer, period: localDate(begun.period_start, begun.timezone) };
    if (overrides.some((each) => each['customer'] === customer && each['period'] === target.period)) continue;
    overrides.push({
      ...target, ...chance.pick<Spec>([
        { skip: true, reason: 'Goodwill' }, { release: true, reason: 'Checked' }, { hold: true, reason: 'Later' }, { purchase_order: 'PO-9', note: 'Thank you.' },
        { lines: [{ description: 'Key deposit', unit_price: '50.00' }, { product: 'food', quantity: '2' }] },
      ]),
    });
  }
  return overrides.length === 0 ? {} : { overrides };
}

/** What a ledger says, in lines that can be compared by eye before the bytes are. */
export function factsOf(made: Project): Promise<string[][]> {
  return made.answers([
    `SELECT i.number, i.customer_id, i.cycle_id, i.batch_id, i.period_start, i.period_end, i.issued_on, i.due_on, i.total_minor, i.currency, i.confirmed_at, i.confirmed_by,
      (SELECT string_agg(coalesce(l.booking_id, l.description), ',' ORDER BY l.line_no) FROM ledger.invoice_lines AS l WHERE l.invoice_id = i.invoice_id) AS lines
      FROM ledger.invoices AS i ORDER BY i.serial, i.series, i.seq`,
    'SELECT * EXCLUDE (serial) FROM ledger.messages ORDER BY ALL',
    'SELECT * EXCLUDE (serial) FROM ledger.events ORDER BY ALL',
  ]);
}

/**
 * Periods of all kinds of cycles in all zones, looked at one by one: they tile the time line, are counted up, lie where a wall clock
 * and a calendar on the wall would put them (asked of Intl, not of our own tables), and what falls due because of them is in order.
 */
import { localDate, periodsOf, toInstant } from '../../src/calendar/calendar.js';
import type { Calendar, CalendarAutomation, Period } from '../../src/calendar/calendar.js';
import { cycleEnd } from '../../src/calendar/cycle.js';
import { businessDaysOf } from '../../src/config/business-days.js';
import type { BusinessDays, Cycle, CycleType, CycleUse } from '../../src/config/types.js';
import { automation, calendar, cycle } from '../calendar/support.js';
import { Chance } from './chance.js';

export const CYCLE_TYPES: readonly CycleType[] = ['daily', 'weekly', 'bi-weekly', 'monthly', 'quarterly', 'semi-annually', 'annually', 'custom'];

/** Every zone that this Node knows, by its present name; there are more than 400. */
export const ZONES: readonly string[] = Intl.supportedValuesOf('timeZone');

const DAY = 86_400_000;
/** Times of day at which clocks are changed somewhere, and others. */
const TIMES = ['', 'T00:00', 'T00:30', 'T01:00', 'T01:30', 'T02:00', 'T02:30', 'T03:00', 'T09:15', 'T23:30', 'T23:59:59'] as const;
const two = (n: number): string => String(n).padStart(2, '0');

/** A cycle of this type that begins somewhere in the 400 days before `year`, preferably at a day that not every month has. */
export function randomCycle(chance: Chance, type: CycleType, timezone: string, year: number): Cycle {
  const day = chance.percent(40) ? chance.int(28, 31) : chance.int(1, 28);
  const date = new Date(Date.UTC(year - 1, chance.int(0, 11), day)).toISOString().slice(0, 10);
  const start = `${date}${chance.pick(TIMES)}`;
  const custom = type === 'custom' && chance.percent(20) ? listed(chance, year) : null;
  const every = type !== 'custom' || custom !== null ? null
    : chance.pick([{ days: chance.int(1, 40) }, { weeks: chance.int(1, 9) }, { months: chance.int(1, 14) }, { years: chance.int(1, 3) }, { months: 1, days: 3 }]);
  return cycle({
    cycle_id: `${type}-${timezone}`, type, every, dates: custom, start, timezone, timing: chance.percent(50) ? 'in_arrears' : 'in_advance',
    first_period: chance.percent(15) ? 'merge' : 'stub', pause: chance.percent(10) ? [{ from: `${year}-03-10`, until: `${year}-05-0${chance.int(1, 9)}` }] : [],
    recurring_count: chance.percent(5) ? chance.int(1, 60) : null, end: chance.percent(5) ? `${year + chance.int(0, 9)}-0${chance.int(1, 9)}-1${chance.int(0, 9)}` : null,
  });
}

function listed(chance: Chance, year: number): string[] {
  const dates: string[] = [];
  for (let at = Date.UTC(year, 0, chance.int(1, 20)); dates.length < 40; at += chance.int(1, 150) * DAY) dates.push(new Date(at).toISOString().slice(0, 10));
  return dates;
}

/** Settings that move a date. */
export function randomAutomation(chance: Chance): CalendarAutomation {
  const window = (): CalendarAutomation['send_window'] => ({
    days: chance.pick([['mon', 'tue', 'wed', 'thu', 'fri'], ['sat', 'tue'], ['sun', 'wed']] as const), from: chance.pick(['00:00', '08:00', '22:00']), until: chance.pick(['06:00', '18:00', '24:00']),
  });
  return automation({
    enabled: chance.percent(80), lead_days: chance.pick([0, 0, 1, 5, 30]), confirmation_window_days: chance.pick([0, 1, 3, 14, 'last_day_of_month'] as const), confirm_at: chance.pick(['00:00', '02:30', '22:00', '24:00']),
    lock_before_period_end: chance.percent(20), auto_send: chance.percent(90), auto_send_delay_hours: chance.pick([0, 0.5, 3, 48]), send_window: chance.percent(50) ? window() : null,
    lock_invoices: chance.percent(30), deadline_notice_hours: chance.pick([null, 0, 24, 100]),
    business_days: chance.percent(60) ? { billing: 'none', due: 'none', send: 'none' } : { billing: chance.pick(RULES), due: 'none', send: chance.pick(RULES) },
  });
}

const RULES = ['none', 'following', 'preceding', 'modified_following'] as const;
const BUSINESS: readonly (BusinessDays | null)[] = [
  null, businessDaysOf({}, null), businessDaysOf({ weekend: ['fri', 'sat'], working_days: ['2026-05-16'], holidays: ['2026-01-01', '2026-12-24', '2026-12-25', '2027-01-01'] }, null),
  businessDaysOf({ holidays: Array.from({ length: 12 }, (_, month) => `2026-${two(month + 1)}-28`) }, null),
];

/** Uses of one or more cycles one after the other, as a customer that changes its cycle has them. */
export function randomCalendar(chance: Chance, type: CycleType, timezone: string, year: number): Calendar {
  const first = randomCycle(chance, type, timezone, year);
  const uses: (readonly [Cycle, Partial<Omit<CycleUse, 'automation'>>])[] = [[first, chance.percent(30) ? { from: `${year}-0${chance.int(1, 9)}-${two(chance.int(1, 28))}T0${chance.int(0, 9)}:20` } : {}]];
  if (chance.percent(25)) {
    const unbounded = { cycle_id: 'other', end: null, recurring_count: null, dates: null };
    const other = { ...randomCycle(chance, chance.pick(CYCLE_TYPES.slice(0, -1)), chance.percent(70) ? timezone : chance.pick(ZONES), year), ...unbounded };
    uses.push([other, { from: `${year + 1}-0${chance.int(1, 9)}-${two(chance.int(1, 28))}`, ...(chance.percent(20) ? { until: `${year + 1}-12-24` } : {}) }]);
  }
  return calendar(uses, randomAutomation(chance), chance.pick(BUSINESS));
}

/** What is wrong with the periods of a calendar up to `until`, in plain words; and how many there were. */
export function lookAt(it: Calendar, until: number, chance: Chance): { periods: number; flaws: string[] } {
  const all = periodsOf(it, -Infinity, until).filter((p) => p.period_start < until);
  const flaws: string[] = [];
  const tell = (what: string, p: Period): void => {
    if (flaws.length < 5) flaws.push(`${p.cycle_id} n ${p.n} from ${new Date(p.period_start).toISOString()} to ${new Date(p.period_end).toISOString()}: ${what}`);
  };
  const [first] = it.uses;
  const begin = first === undefined ? 0 : Math.max(toInstant(first.cycle.start, first.cycle.timezone), first.use.from === null ? -Infinity : toInstant(first.use.from, first.cycle.timezone));
  let [before, end] = [undefined as Period | undefined, begin];
  for (const p of all) {
    // A cycle that has stopped, or has not begun, leaves a gap that its configuration declares.
    if (p.period_start !== end && !(before !== undefined && before.cycle_id !== p.cycle_id && p.period_start > end && stopped(it, before))) {
      if (!(before === undefined && p.period_start > end && firstHasNoTurn(it))) tell(p.period_start < end ? 'overlaps the period before' : 'leaves a gap', p);
    }
    if (p.period_end <= p.period_start) tell('has no length', p);
    if (before !== undefined && before.cycle_id === p.cycle_id && p.n <= before.n) tell('is not counted up', p);
    order(it, p, before, tell);
    before = p;
    end = p.period_end;
  }
  if (all.length > 0 && end < until && !stopped(it, before!)) tell('is the last one too early', before!);
  for (let i = 0; i < 3 && all.length > 0; i += 1) onTheWall(it, chance.pick(all), tell);
  windows(it, all, until, chance, tell);
  return { periods: all.length, flaws };
}

function stopped(it: Calendar, p: Period): boolean {
  const { cycle: c, use } = it.uses.find(({ cycle: each }) => each.cycle_id === p.cycle_id)!;
  const declared = Math.min(use.until === null ? Infinity : toInstant(use.until, c.timezone), cycleEnd(c) ?? Infinity);
  return p.period_end === declared || (c.dates !== null && p.period_end >= toInstant(`${c.dates.at(-1)!}${c.start.slice(10)}`, c.timezone));
}

/** The first cycle may stop before its customer begins. */
function firstHasNoTurn(it: Calendar): boolean {
  const { cycle: c, use } = it.uses[0]!;
  const from = use.from === null ? -Infinity : toInstant(use.from, c.timezone);
  return (cycleEnd(c) ?? Infinity) <= from || (c.dates !== null && toInstant(c.dates.at(-1)!, c.timezone) <= from + DAY);
}

/** Within a period: preview, notice, confirmation, sending. From one to the next of the same cycle: nothing goes back in time. */
function order(it: Calendar, p: Period, before: Period | undefined, tell: (what: string, p: Period) => void): void {
  const { cycle: c, automation: settings } = it.uses[p.use_no]!;
  const { preview_at, confirm_due_at, auto_confirm_at, deadline_notice_at, send_due_at } = p;
  billing(it, p, tell);
  if (preview_at === null || confirm_due_at === null) return tell('has no preview', p);
  if (preview_at > p.billing_at && c.pause.length === 0) tell('is previewed after it is billed', p);
  if (confirm_due_at < preview_at || (auto_confirm_at ?? Infinity) < preview_at) tell('is confirmed before it is previewed', p);
  if (p.timing === 'in_arrears' && !settings.lock_before_period_end && confirm_due_at < p.period_end) tell('is confirmed before it ended', p);
  if (send_due_at !== null && send_due_at < confirm_due_at) tell('is sent before it is confirmed', p);
  if (deadline_notice_at !== null && (deadline_notice_at < preview_at || deadline_notice_at > (auto_confirm_at ?? -Infinity))) tell('has a notice outside of its window', p);
  if ((auto_confirm_at !== null) !== (settings.enabled || settings.lock_invoices) || (send_due_at !== null) !== settings.auto_send) tell('has not what its automation says', p);
  if (before === undefined || before.use_no !== p.use_no) return undefined;
  // Two boundaries that were moved to the same business day keep their times of day, whichever came first.
  const slack = it.business_calendar === null || settings.business_days.billing === 'none' ? 0 : DAY;
  for (const key of ['billing_at', 'preview_at', 'confirm_due_at', 'auto_confirm_at', 'send_due_at'] as const) {
    if ((p[key] ?? Infinity) < (before[key] ?? -Infinity) - slack) tell(`has a ${key} before that of the period before`, p);
  }
  return undefined;
}

/** At the boundary, or at its time of day on the business day that the rule names. */
function billing(it: Calendar, p: Period, tell: (what: string, p: Period) => void): void {
  const boundary = p.timing === 'in_arrears' ? p.period_end : p.period_start;
  const rule = it.uses[p.use_no]!.automation.business_days.billing;
  const [day, moved] = [localDate(boundary, p.timezone), localDate(p.billing_at, p.timezone)];
  if (moved !== p.billing_date) tell('has a billing date of another day', p);
  if (it.business_calendar === null || rule === 'none' || it.business_calendar.isBusinessDay(day)) {
    if (p.billing_at !== boundary) tell('is not billed at its boundary', p);
    return;
  }
  if (!it.business_calendar.isBusinessDay(moved)) tell(`is billed on ${moved}, no business day`, p);
  const forward = rule === 'following' || (rule === 'modified_following' && moved > day);
  if (forward ? moved < day : moved > day) tell(`is billed on ${moved}, which is not ${rule} ${day}`, p);
  if (rule === 'modified_following' && moved.slice(0, 7) !== day.slice(0, 7)) tell(`is billed on ${moved}, in another month than ${day}`, p);
}

/** A boundary as the clocks of its zone show it, against a calendar on the wall. */
function onTheWall(it: Calendar, p: Period, tell: (what: string, p: Period) => void): void {
  const { cycle: c } = it.uses.find(({ cycle: each }) => each.cycle_id === p.cycle_id)!;
  if (c.dates !== null || p.stub) return;
  const wall = expectedWall(c, p.n);
  const shown = wallByIntl(p.period_start, p.timezone);
  if (shown !== wall && !(shown > wall && wallByIntl(p.period_start - (shown - wall) - 1000, p.timezone) < wall)) tell(`begins at ${new Date(shown).toISOString()} on the wall, not ${new Date(wall).toISOString()}`, p);
  for (const earlier of [30, 60]) if (wallByIntl(p.period_start - earlier * 60_000, p.timezone) === wall) tell('begins at the second of two equal times', p);
}

/** Start plus n steps, the last day of shorter months; as if the wall clock showed UTC. */
function expectedWall(c: Cycle, n: number): number {
  const steps = {
    'daily': [0, 1], 'weekly': [0, 7], 'bi-weekly': [0, 14], 'monthly': [1, 0], 'quarterly': [3, 0], 'semi-annually': [6, 0], 'annually': [12, 0],
    'custom': [12 * (c.every?.years ?? 0) + (c.every?.months ?? 0), 7 * (c.every?.weeks ?? 0) + (c.every?.days ?? 0)],
  } as const;
  const [months, days] = steps[c.type];
  const start = new Date(`${c.start.length === 10 ? `${c.start}T00:00` : c.start}Z`);
  const month = start.getUTCFullYear() * 12 + start.getUTCMonth() + n * months;
  const last = new Date(Date.UTC(0, (month % 12) + 1, 0)).getUTCDate();
  const leap = month % 12 === 1 && new Date(Date.UTC(Math.floor(month / 12), 1, 29)).getUTCMonth() === 1 ? 29 : month % 12 === 1 ? 28 : last;
  return Date.UTC(Math.floor(month / 12), month % 12, Math.min(start.getUTCDate(), leap)) + (start.getTime() % DAY) + n * days * DAY;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wallByIntl(instant: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' });
    formats.set(timeZone, format);
  }
  const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part['year']!, part['month']! - 1, part['day'], part['hour'], part['minute'], part['second']);
}

/** Asked for a part of the time line, the calendar gives that part of the whole, and nothing else. */
function windows(it: Calendar, all: readonly Period[], until: number, chance: Chance, tell: (what: string, p: Period) => void): void {
  if (all.length === 0) return;
  const low = all[chance.int(0, all.length - 1)]!.period_start + chance.int(-2, 2) * 3_600_000;
  const high = Math.min(low + chance.pick([1, DAY, 40 * DAY, 500 * DAY]), until - 40 * DAY);
  if (high <= low) return;
  const expected = all.filter((p) => p.period_end > low && (p.period_start < high || (p.preview_at ?? Infinity) < high)).map((p) => p.period_start);
  const found = periodsOf(it, low, high).map((p) => p.period_start);
  if (JSON.stringify(found) !== JSON.stringify(expected)) tell(`is one of ${found.length} periods of a window that has ${expected.length}`, all.find((p) => p.period_end > low)!);
}

export interface TilingReport {
  readonly calendars: number;
  readonly periods: number;
  readonly flaws: readonly string[];
}

/** All types of cycles in all zones from 1 January of `year` for so many years, `seed` choosing starts, settings and changes of cycle. */
export function simulateCalendar(options: { seed: number; year: number; years: number; progress?: (done: number, total: number) => void }): TilingReport {
  const until = Date.UTC(options.year + options.years, 0, 1);
  const flaws: string[] = [];
  let [calendars, periods] = [0, 0];
  for (const [z, zone] of ZONES.entries()) {
    for (const [t, type] of CYCLE_TYPES.entries()) {
      const chance = new Chance(options.seed * 7919 + z * 101 + t);
      const found = lookAt(randomCalendar(chance, type, zone, options.year), until, chance);
      calendars += 1;
      periods += found.periods;
      flaws.push(...found.flaws.map((flaw) => `${zone} ${flaw}`));
    }
    options.progress?.(z + 1, ZONES.length);
  }
  return { calendars, periods, flaws };
}

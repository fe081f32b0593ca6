/** Runs one vector through the public functions of the calendar room; see vectors/README.md for the form. */
import { calendarOfCycle, localDate, periodsOf, toLocal } from '../../src/calendar/calendar.js';
import type { CalendarAutomation, Period } from '../../src/calendar/calendar.js';
import { addMonths, boundaryAt, turnAt } from '../../src/calendar/cycle.js';
import { plannedPreviewAt } from '../../src/calendar/due.js';
import { localOf, wallOf } from '../../src/calendar/zone.js';
import type { Cycle, CycleUse } from '../../src/config/types.js';
import { dayNumber } from '../../src/values/time.js';
import type { Instant } from '../../src/values/time.js';
import { at, automation, calendar, cycle } from './support.js';

/** Members that more than one operation reads, or that are read as they are; a vector has those that its operation needs. */
interface Input {
  readonly op: string;
  readonly at: string;
  readonly change: string;
  readonly date: string;
  readonly days: number;
  readonly from: string;
  readonly instant: string;
  readonly months: number;
  readonly on: string;
  readonly target: string;
  readonly timezone: string;
  readonly until: string;
  readonly use?: Partial<CycleUse>;
  readonly [member: string]: unknown;
}

export interface Vector {
  readonly source: string;
  readonly kind: string;
  readonly input: Input;
  readonly expected: Readonly<Record<string, unknown>>;
  /** Why our answer is another one, on purpose. */
  readonly differs?: string;
}

type Span = { start: Instant; end: Instant };
type Answer = Record<string, unknown>;

const FAR = Date.UTC(2040, 0, 1);

function cycleOf(input: Vector['input'], key = 'cycle'): Cycle {
  return cycle({ cycle_id: key, timezone: 'UTC', ...(input[key] as Partial<Cycle>) });
}

function periods(input: Vector['input'], from: Instant, until: Instant): Period[] {
  return periodsOf(calendar([[cycleOf(input), input['use'] ?? {}]]), from, until);
}

const span = (p: Period): Span => ({ start: p.period_start, end: p.period_end });

/** Expected dates and instants as instants, so that `2026-05-01` and `2026-05-01T00:00:00Z` are the same in UTC. */
export function expectedOf(vector: Vector): Answer {
  const zone = (vector.input['cycle'] as Partial<Cycle> | undefined)?.timezone ?? vector.input['timezone'] ?? 'UTC';
  const read = (value: unknown): unknown => {
    if (typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value)) return at(value, zone);
    if (Array.isArray(value)) return value.map(read);
    if (value !== null && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, read(v)]));
    return value;
  };
  return read(vector.expected) as Answer;
}

/** Our answer, with the members that the vector asks for. */
export function answerOf(vector: Vector): Answer {
  const operation = OPERATIONS[vector.input.op];
  if (operation === undefined) throw new Error(`no operation ${vector.input.op}`);
  const whole = operation(vector.input);
  return Object.fromEntries(Object.keys(vector.expected).map((key) => [key, whole[key]]));
}

const OPERATIONS: Readonly<Record<string, (input: Vector['input']) => Answer>> = {
  period_at: (input) => {
    if (input['trial'] !== undefined) checkTrial(input);
    const when = at(input['at'], cycleOf(input).timezone);
    const found = periods(input, when, when + 1)[0];
    return found === undefined ? { start: null, end: null } : span(found);
  },
  previous_period: (input) => {
    const when = at(input['at'], cycleOf(input).timezone);
    const found = periods(input, -Infinity, when)
      .filter((p) => p.period_end <= when)
      .at(-1);
    return found === undefined ? { start: null, end: null } : span(found);
  },
  periods: (input) => ({ periods: periods(input, -Infinity, at(input['until'])).map(span) }),
  period_count: (input) => {
    const all = periods(input, -Infinity, at(input['until']));
    return { count: all.length, last_is_stub: all.at(-1)?.stub };
  },
  ended_by: (input) => ({ count: periods(input, -Infinity, FAR).filter((p) => p.period_end <= at(input['at'], 'UTC')).length }),
  billed_by: (input) => {
    const target = at(input['target'], cycleOf(input).timezone);
    return {
      periods: periods(input, -Infinity, FAR)
        .filter((p) => p.billing_at <= target)
        .map(span),
    };
  },
  billing_detail: billingDetail,
  boundaries: (input) => ({ dates: (input['n'] as number[]).map((n) => boundaryAt(cycleOf(input), n)) }),
  first_boundary: (input) => ({ at: firstBoundary(cycleOf(input), at(input['from'], cycleOf(input).timezone)) }),
  turn: (input) => ({ n: turnAt(cycleOf(input), at(input['at'], 'UTC')) }),
  previous_turn_days: (input) => {
    const c = cycleOf(input);
    const n = turnAt(c, at(input['at']));
    const day = (k: number): number => dayNumber(localDate(boundaryAt(c, k)!, c.timezone));
    return { days: day(n) - day(n - 1) };
  },
  add_months: (input) => ({ date: wallOf(localOf(addMonths(wallOf(input['date']), input['months']))) }),
  local_day: (input) => ({ day: Number(toLocal(at(input['instant']), input['timezone']).date.slice(8)) }),
  shift_days: (input) => ({ instant: plannedPreviewAt(at(input['instant']), -input['days'], input['timezone']) }),
  days_before: (input) => {
    const [due, zone] = [at(input['date'], input['timezone']), input['timezone']];
    return { days: (input['days'] as unknown as number[]).map((days) => Number(localDate(plannedPreviewAt(due, days, zone), zone).slice(8))) };
  },
  due: (input) => {
    const when = at(input['at'], cycleOf(input).timezone);
    const settings = automation(input['automation'] as Partial<CalendarAutomation>);
    const { confirm_due_at, send_due_at } = periodsOf(calendar([[cycleOf(input), {}]], settings), when, when + 1)[0]!;
    return { confirm_due_at, send_due_at };
  },
  first_billing: (input) => ({ at: periods(input, -Infinity, FAR)[0]?.billing_at ?? null }),
  invoice_on: (input) => {
    const on = at(input['on'], 'UTC');
    const all = periods(input, -Infinity, FAR);
    const billed = all.filter((p) => p.billing_at <= on).at(-1);
    return { billed_through: billed?.period_end ?? null, next_billing: all.find((p) => p.billing_at > on)?.billing_at ?? null };
  },
  billed_on: (input) => {
    const billed = (timing: Cycle['timing']): Span | undefined => {
      const c = { ...cycleOf(input), timing };
      return periodsOf(calendarOfCycle(c, automation()), -Infinity, FAR)
        .filter((p) => p.billing_at === at(input['at'], 'UTC'))
        .map(span)[0];
    };
    return { in_advance: billed('in_advance'), in_arrears: billed('in_arrears') };
  },
  runs,
  one_per_run: (input) => {
    const instants = (input['runs'] as string[]).map((text) => at(text));
    const due = periods(input, -Infinity, FAR).map((p) => p.preview_at!);
    // Each run finds exactly one preview that fell due in the day before it.
    return { count: instants.filter((run) => due.filter((d) => d <= run && d > run - 86_400_000).length === 1).length };
  },
  two_zones: (input) => {
    const first = cycleOf(input);
    const second = cycleOf(input, 'then');
    const change = at(input['change']);
    const local = toLocal(change, second.timezone);
    const uses = calendar([
      [first, {}],
      [second, { from: `${local.date}T${local.time}` }],
    ]);
    return { periods: periodsOf(uses, change, at(input['until'])).map(span) };
  },
};

function firstBoundary(c: Cycle, from: Instant): Instant {
  return boundaryAt(c, turnAt(c, from - 1) + 1)!;
}

/** The trial is a cycle of n days; where its first turn ends, the month begins. */
function checkTrial(input: Vector['input']): void {
  const { start, days, ends_on } = input['trial'] as { start: string; days: number; ends_on: string };
  const trial = cycle({ type: 'custom', every: { days }, start, timezone: cycleOf(input).timezone });
  const ended = localDate(boundaryAt(trial, 1)!, trial.timezone);
  if (ended !== ends_on) throw new Error(`the trial ends on ${ended}`);
}

/** Kill Bill's words: first, next and last billing cycle date, and up to where it is billed at the target date. */
function billingDetail(input: Vector['input']): Answer {
  const c = cycleOf(input);
  const use = input['use'] as { from: string; until?: string | null };
  const from = at(use.from, c.timezone);
  const first = firstBoundary(c, from);
  if (input['target'] === undefined) return { first_boundary: first };
  const target = at(input['target'], c.timezone);
  const billed = periods(input, -Infinity, FAR).filter((p) => p.billing_at <= target);
  // A start that is itself a boundary counts as billed up to there.
  const until = billed.at(-1)?.period_end ?? (first === from && from <= target ? from : null);
  return {
    first_boundary: first,
    billed_until: until,
    next_boundary: firstBoundary(c, (until ?? target) + 1),
    last_boundary: boundaryAt(c, turnAt(c, Math.min(target, (use.until ?? null) === null ? target : at(use.until!, c.timezone)))),
  };
}

/** Runs at given instants: what fell due between the last run before, the runs, and the runs after. */
function runs(input: Vector['input']): Answer {
  const [before, during, after] = ['runs_before', 'runs', 'runs_after'].map((key) => (input[key] as string[]).map((text) => at(text)));
  const due = periods(input, -Infinity, FAR).map((p) => p.preview_at!);
  const between = (low: Instant, high: Instant): number => due.filter((d) => d > low && d <= high).length;
  return {
    before: between(before![0]! - 1, before!.at(-1)!),
    by_last: between(before!.at(-1)!, during!.at(-1)!),
    after: between(during!.at(-1)!, after!.at(-1)!),
  };
}

/**
 * Boundaries of a cycle. The n-th boundary is computed from the start, never from the one before, so month ends do not drift:
 * monthly from 31 January gives 28 February, 31 March, 30 April (the same rule as Kill Bill's and dateutil's).
 * Wall time is kept; only the last step turns it into an instant.
 */
import type { Cycle } from '../config/types.js';
import type { Instant } from '../values/time.js';
import { DAY_MS, instantOfWall, wallAt, wallOf } from './zone.js';
import type { Wall } from './zone.js';

/** One full turn of a cycle, half-open, before any customer or `end` cuts it. */
export interface Turn {
  readonly n: number;
  readonly start: Instant;
  readonly end: Instant;
}

interface Step { readonly months: number; readonly days: number }

interface Plan {
  readonly zone: string;
  readonly anchor: Wall;
  readonly step: Step;
  /** Listed boundaries, the start first; null where the cycle steps. */
  readonly listed: readonly Wall[] | null;
}

const STEPS: Readonly<Record<Exclude<Cycle['type'], 'custom'>, Step>> = {
  'daily': { months: 0, days: 1 },
  'weekly': { months: 0, days: 7 },
  'bi-weekly': { months: 0, days: 14 },
  'monthly': { months: 1, days: 0 },
  'quarterly': { months: 3, days: 0 },
  'semi-annually': { months: 6, days: 0 },
  'annually': { months: 12, days: 0 },
};

/** Mean length of a month in days over 400 years; only to guess a turn. */
const MONTH_DAYS = 30.436875;

const plans = new WeakMap<Cycle, Plan>();

function planOf(cycle: Cycle): Plan {
  let plan = plans.get(cycle);
  if (plan === undefined) {
    const anchor = wallOf(cycle.start);
    plan = { zone: cycle.timezone, anchor, step: stepOf(cycle), listed: listedOf(cycle, anchor) };
    plans.set(cycle, plan);
  }
  return plan;
}

function stepOf(cycle: Cycle): Step {
  if (cycle.type !== 'custom') return STEPS[cycle.type];
  const { days = 0, weeks = 0, months = 0, years = 0 } = cycle.every ?? {};
  return { months: 12 * years + months, days: 7 * weeks + days };
}

/** Listed dates take the time of day of the start; the start is the first boundary, dates before it do not count. */
function listedOf(cycle: Cycle, anchor: Wall): readonly Wall[] | null {
  if (cycle.type !== 'custom' || cycle.dates === null) {
    const { months, days } = stepOf(cycle);
    if (months < 0 || days < 0 || months + days === 0) throw new Error(`cycle ${cycle.cycle_id} does not move forward`);
    return null;
  }
  const timeOfDay = ((anchor % DAY_MS) + DAY_MS) % DAY_MS;
  const later = cycle.dates.map((date) => wallOf(date) + timeOfDay).filter((wall) => wall > anchor);
  return [anchor, ...[...new Set(later)].sort((a, b) => a - b)];
}

/** `wall` plus whole months; a day that the month does not have becomes its last one. */
export function addMonths(wall: Wall, months: number): Wall {
  const date = new Date(wall);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + months];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const day = Date.UTC(year, month, Math.min(date.getUTCDate(), lastDay));
  return day + (((wall % DAY_MS) + DAY_MS) % DAY_MS);
}

/** Wall time of the n-th boundary (0 is the start), or null behind the last listed date. Knows no `end`. */
export function boundaryWall(cycle: Cycle, n: number): Wall | null {
  const { anchor, step, listed } = planOf(cycle);
  if (listed !== null) return listed[n] ?? null;
  const moved = step.months === 0 ? anchor : addMonths(anchor, n * step.months);
  return moved + n * step.days * DAY_MS;
}

/** The n-th boundary as an instant in the cycle's zone, or null behind the last listed date. */
export function boundaryAt(cycle: Cycle, n: number): Instant | null {
  const wall = boundaryWall(cycle, n);
  return wall === null ? null : instantOfWall(wall, cycle.timezone);
}

/** The last n whose boundary is not after `instant`; -1 before the start. A guess from the mean length, then a step or two. */
export function turnAt(cycle: Cycle, instant: Instant): number {
  const { anchor, step, listed } = planOf(cycle);
  if (instant < boundaryAt(cycle, 0)!) return -1;
  const days = (wallAt(instant, cycle.timezone) - anchor) / DAY_MS;
  let n = listed === null ? Math.floor(days / (step.months * MONTH_DAYS + step.days)) : 0;
  while (n >= 0 && boundaryAt(cycle, n)! > instant) n -= 1;
  for (;;) {
    const next = boundaryAt(cycle, n + 1);
    if (next === null || next > instant) return n;
    n += 1;
  }
}

/** Where the cycle stops: the earlier of `end` and the boundary after `recurring_count` turns; null if it goes on. */
export function cycleEnd(cycle: Cycle): Instant | null {
  const declared = cycle.end === null ? null : instantOfWall(wallOf(cycle.end), cycle.timezone);
  const counted = cycle.recurring_count === null ? null : boundaryAt(cycle, cycle.recurring_count);
  if (declared === null) return counted;
  return counted === null ? declared : Math.min(declared, counted);
}

/**
 * Turns in order, from the one that contains `from` (or the first), without end: take what you need. Turns of no length are
 * left out (Apia had no 30 December 2011: the daily boundaries of the 30th and the 31st are one instant).
 */
export function* turnsFrom(cycle: Cycle, from: Instant): Generator<Turn, void, undefined> {
  let n = Math.max(0, turnAt(cycle, from));
  let start = boundaryAt(cycle, n);
  for (;;) {
    const end = boundaryAt(cycle, n + 1);
    if (start === null || end === null) return;
    if (end > start) yield { n, start, end };
    start = end;
    n += 1;
  }
}

/** Minimums and maximums of agreements as the models read them: what they are for each billing period, by its days. */
import { localDate, toInstant } from '../calendar/calendar.js';
import { earlier, later, scaled } from '../config/agreement-dates.js';
import type { Agreement, Bound, Config } from '../config/types.js';
import { exponentOf, parseDecimal } from '../values/money.js';
import { addDays, dayNumber, sqlTimestamp } from '../values/time.js';
import type { Instant } from '../values/time.js';
import type { Cell } from './rows.js';

/**
 * `minimums`: what an agreement wants at least. `bound_periods`: what a minimum or maximum is in a period; of a maximum `place` is that
 * of its discount, of a minimum its number from 1.
 */
export const BOUND_TABLES = `
  CREATE OR REPLACE TABLE input.minimums (agreement_key INTEGER, place INTEGER, name VARCHAR, applies_to VARCHAR, tax_id VARCHAR);
  CREATE OR REPLACE TABLE input.bound_periods (
    agreement_key INTEGER, period_key INTEGER, kind VARCHAR, place INTEGER, amount_minor BIGINT, service_start TIMESTAMP,
    service_end TIMESTAMP);`;

/** A period as bounds see it. */
export interface BoundPeriod {
  readonly calendar_key: number;
  readonly use_no: number;
  readonly n: number;
  readonly timezone: string;
  readonly period_start: Instant;
  readonly period_end: Instant;
}

/** Rows of `input.bound_periods` of one agreement for the periods of one calendar. `firstPlace` is that of the first maximum. */
export function boundRows(
  agreement: Agreement, agreement_key: number, calendar_key: number, periods: readonly BoundPeriod[],
  { firstPlace, rounding }: { readonly firstPlace: number; readonly rounding: Config['rounding'] },
): Cell[][] {
  const own = [...periods.entries()].filter(([, period]) => period.calendar_key === calendar_key);
  return ofKind(agreement, 'minimum').flatMap((bound, i) => rowsOf(bound, i + 1))
    .concat(ofKind(agreement, 'maximum').flatMap((bound, i) => rowsOf(bound, firstPlace + i)));

  function rowsOf(bound: Bound, place: number): Cell[][] {
    return own.flatMap(([period_key, period]) => {
      const share = shareOf(bound, period, own.map(([, each]) => each));
      if (share === null) return [];
      const minor = parseDecimal(scaled(bound.amount, share, exponentOf(agreement.currency), rounding === 'half_even'),
        exponentOf(agreement.currency))!;
      return [[agreement_key, period_key, bound.kind, place, minor, sqlTimestamp(share.from), sqlTimestamp(share.until)]];
    });
  }
}

/** The bounds of a kind, as written. */
export function ofKind({ bounds }: Agreement, kind: Bound['kind']): Bound[] {
  return bounds.filter((bound) => bound.kind === kind);
}

interface Share { readonly over: bigint; readonly under: bigint; readonly from: Instant; readonly until: Instant }

/**
 * How much of the amount holds in a period: by its days in effect, or all of it where it is not prorated; null where it is not in effect.
 * A period cut on demand has its part of the time.
 */
function shareOf(bound: Bound, period: BoundPeriod, all: readonly BoundPeriod[]): Share | null {
  const parts = all.filter((each) => each.use_no === period.use_no && each.n === period.n);
  const [start, end] = [Math.min(...parts.map((each) => each.period_start)), Math.max(...parts.map((each) => each.period_end))];
  const [first, until] = [localDate(start, period.timezone), localDate(end, period.timezone)];
  const days = (a: string, b: string): number => dayNumber(b) - dayNumber(a);
  const [from, last] = [later(bound.from, first), earlier(bound.until === null ? null : addDays(bound.until, 1), until)!];
  const within = days(from, last);
  if (within <= 0) return null;
  const begins = Math.max(period.period_start, from === first ? period.period_start : toInstant(from, period.timezone));
  const ends = Math.min(period.period_end, last === until ? period.period_end : toInstant(last, period.timezone));
  if (begins >= ends) return null;
  const byDays = bound.prorate ? [BigInt(within), BigInt(days(first, until))] as const : [1n, 1n] as const;
  const byTime = [BigInt(period.period_end - period.period_start), BigInt(end - start)] as const;
  return { over: byDays[0] * byTime[0], under: byDays[1] * byTime[1], from: begins, until: ends };
}

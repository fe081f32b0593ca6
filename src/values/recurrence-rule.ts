/** Reading the text of a recurrence rule: what is wrong is said in plain words, with an example of how it should be. */
import { lastSecond } from './recurrence.js';
import type { Frequency, Recurrence, RuleDay } from './recurrence.js';
import { isLocalDate } from './time.js';

/** Why a rule cannot be read, and what to write instead. */
export interface RuleProblem { readonly problem: string; readonly hint: string }

const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;
const FREQUENCIES: readonly Frequency[] = ['DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'];
const PARTS = [
  'FREQ', 'INTERVAL', 'COUNT', 'UNTIL', 'BYMONTH', 'BYWEEKNO', 'BYYEARDAY', 'BYMONTHDAY', 'BYDAY', 'BYHOUR', 'BYMINUTE', 'BYSETPOS', 'WKST',
] as const;
type Part = (typeof PARTS)[number];

/** A rule is for bookings: what happens more often than every quarter of an hour is not one. */
const MAX_TIMES_A_DAY = 96;
const MAX_INTERVAL = 1_000;
const MAX_COUNT = 100_000;
const EXAMPLE = 'write it like FREQ=WEEKLY;BYDAY=MO (every Monday) or FREQ=MONTHLY;BYDAY=-1FR (the last Friday of the month)';

/** Thrown inside of this file only. */
class Wrong extends Error {
  readonly hint: string;

  constructor(problem: string, hint: string = EXAMPLE) {
    super(problem);
    this.hint = hint;
  }
}

/** Reads an RRULE, with or without the word `RRULE:` before it; upper and lower case are the same. */
export function parseRule(text: string): Recurrence | RuleProblem {
  try {
    return ruleOf(partsOf(text));
  } catch (error) {
    if (error instanceof Wrong) return { problem: error.message, hint: error.hint };
    throw error;
  }
}

function partsOf(text: string): Map<Part, string> {
  const parts = new Map<Part, string>();
  const plain = text.trim().replace(/^RRULE:/i, '').replace(/;$/, '');
  for (const each of plain.split(';')) {
    const [name, value, ...rest] = each.toUpperCase().split('=') as [string, string | undefined, ...string[]];
    if (name === 'BYSECOND') throw new Wrong('BYSECOND is not for bookings', 'leave it out: the seconds are those of the start');
    if (name === 'DTSTART' || name === 'EXDATE' || name === 'TZID') {
      throw new Wrong(`${name} is not a part of the rule`, 'use the keys `start`, `except` and `timezone` for it');
    }
    if (!(PARTS as readonly string[]).includes(name)) throw new Wrong(`"${each}" is not a part of a rule`);
    if (value === undefined || value === '' || rest.length > 0) throw new Wrong(`"${each}" has no value`);
    if (parts.has(name as Part)) {
      throw new Wrong(`${name} stands twice`, 'keep one of them; several values are parted by commas: BYDAY=MO,TH');
    }
    parts.set(name as Part, value);
  }
  return parts;
}

function ruleOf(parts: ReadonlyMap<Part, string>): Recurrence {
  const freq = frequencyOf(parts.get('FREQ'));
  if (parts.has('COUNT') && parts.has('UNTIL')) {
    throw new Wrong('COUNT and UNTIL stand together', 'keep one of them (RFC 5545 allows one end)');
  }
  const numbers = (part: Part, low: number, high: number, signed: boolean): number[] => (
    numbersOf(part, parts.get(part), low, high, signed)
  );
  const rule: Recurrence = {
    freq,
    interval: numberOf('INTERVAL', parts.get('INTERVAL'), MAX_INTERVAL) ?? 1,
    count: numberOf('COUNT', parts.get('COUNT'), MAX_COUNT),
    until: untilOf(parts.get('UNTIL')),
    months: numbers('BYMONTH', 1, 12, false),
    weeks: numbers('BYWEEKNO', 1, 53, true),
    year_days: numbers('BYYEARDAY', 1, 366, true),
    month_days: numbers('BYMONTHDAY', 1, 31, true),
    days: daysOf(parts.get('BYDAY')),
    hours: numbers('BYHOUR', 0, 23, false),
    minutes: numbers('BYMINUTE', 0, 59, false),
    positions: numbers('BYSETPOS', 1, 366, true),
    week_start: weekStartOf(parts.get('WKST')),
  };
  together(rule, parts);
  return rule;
}

function frequencyOf(text: string | undefined): Frequency {
  if (text === undefined) throw new Wrong('FREQ is missing');
  const found = FREQUENCIES.find((each) => each === text);
  if (found !== undefined) return found;
  if (/^(SECOND|MINUTE|HOUR)LY$/.test(text)) {
    throw new Wrong(`FREQ=${text} is too often for bookings`, 'use FREQ=DAILY, with hours like BYHOUR=9,13 for several times a day');
  }
  throw new Wrong(`FREQ=${text} is not known`, `use one of ${FREQUENCIES.join(', ')}`);
}

function numberOf(part: Part, text: string | undefined, high: number): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < 1 || value > high) {
    throw new Wrong(`${part}=${text} is not a number from 1 to ${high}`, `write it like ${part}=2`);
  }
  return value;
}

function numbersOf(part: Part, text: string | undefined, low: number, high: number, signed: boolean): number[] {
  const bounds = signed ? `from ${low} to ${high}, or from -${high} to -${low} to count from the end` : `from ${low} to ${high}`;
  const values = (text?.split(',') ?? []).map((each) => {
    const value = Number(each);
    const size = signed ? Math.abs(value) : value;
    if (!/^[+-]?\d{1,3}$/.test(each) || size < low || size > high) {
      throw new Wrong(`${part}: ${each === '' ? 'nothing' : each} is not a number ${bounds}`);
    }
    return value;
  });
  return [...new Set(values)].sort((a, b) => a - b);
}

function daysOf(text: string | undefined): RuleDay[] {
  return (text?.split(',') ?? []).map((each) => {
    const match = /^([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)$/.exec(each);
    const nth = Number(match?.[1] ?? 0);
    if (match === null || Math.abs(nth) > 53 || (match[1] !== undefined && nth === 0)) {
      throw new Wrong(
        `BYDAY: ${each === '' ? 'nothing' : each} is not a day`,
        `use ${WEEKDAYS.join(', ')}, with a number for the n-th: 1MO, -1FR for the last Friday`,
      );
    }
    return { nth, weekday: WEEKDAYS.indexOf(match[2] as (typeof WEEKDAYS)[number]) };
  });
}

function weekStartOf(text: string | undefined): number {
  const found = WEEKDAYS.findIndex((each) => each === (text ?? 'MO'));
  if (found < 0) throw new Wrong(`WKST=${text} is not a day`, `use one of ${WEEKDAYS.join(', ')}`);
  return found;
}

/** UNTIL as 20261231 or 20261231T090000, local. */
function untilOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const hint = 'write it in local time, without Z, like UNTIL=20261231, or use the key `until` instead';
  if (text.endsWith('Z')) throw new Wrong(`UNTIL=${text} is in UTC`, hint);
  const match = /^(\d{4})(\d\d)(\d\d)(?:T([01]\d|2[0-3])([0-5]\d)([0-5]\d))?$/.exec(text);
  const date = match === null ? '' : `${match[1]}-${match[2]}-${match[3]}`;
  if (match === null || !isLocalDate(date)) throw new Wrong(`UNTIL=${text} is not a date`, hint);
  return lastSecond(match[4] === undefined ? date : `${date}T${match[4]}:${match[5]}:${match[6]}`);
}

/** What RFC 5545 does not let stand together, and what would be too often. */
function together(rule: Recurrence, parts: ReadonlyMap<Part, string>): void {
  const { freq } = rule;
  const onlyYearly = (part: Part): Wrong => new Wrong(`${part} stands with FREQ=${freq}`, `use ${part} only with FREQ=YEARLY`);
  if (freq !== 'YEARLY' && rule.weeks.length > 0) throw onlyYearly('BYWEEKNO');
  if (freq !== 'YEARLY' && rule.year_days.length > 0) throw onlyYearly('BYYEARDAY');
  if (freq === 'WEEKLY' && rule.month_days.length > 0) {
    throw new Wrong('BYMONTHDAY stands with FREQ=WEEKLY', 'use FREQ=MONTHLY with BYMONTHDAY');
  }
  const plain = 'or the day without its number: BYDAY=MO';
  const isNumbered = rule.days.some((day) => day.nth !== 0);
  if (isNumbered && (freq === 'DAILY' || freq === 'WEEKLY')) {
    throw new Wrong(`BYDAY=${parts.get('BYDAY')} counts days, and FREQ is ${freq}`, `use FREQ=MONTHLY or YEARLY, ${plain}`);
  }
  if (isNumbered && rule.weeks.length > 0) throw new Wrong('BYDAY counts days beside BYWEEKNO', `leave BYWEEKNO out, ${plain}`);
  if (rule.positions.length > 0 && ![...parts.keys()].some((part) => part.startsWith('BY') && part !== 'BYSETPOS')) {
    const hint = 'say from what it picks: FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1 is the last weekday';
    throw new Wrong('BYSETPOS stands alone', hint);
  }
  if (Math.max(rule.hours.length, 1) * Math.max(rule.minutes.length, 1) > MAX_TIMES_A_DAY) {
    throw new Wrong(`BYHOUR and BYMINUTE make more than ${MAX_TIMES_A_DAY} times a day`, 'give the booking a quantity instead');
  }
}

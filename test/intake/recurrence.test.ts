/** Recurrence rules: the examples of RFC 5545, the words for bad ones, and bounds that hold for any rule. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lastSecond, localOfSeconds, occurrences, wallSeconds } from '../../src/values/recurrence.js';
import { parseRule } from '../../src/values/recurrence-rule.js';

/** The first occurrences up to a date. */
function dates(text: string, start: string, until = '2199-12-31', first = 12): string[] {
  const rule = parseRule(text);
  if ('problem' in rule) throw new Error(rule.problem);
  const found: string[] = [];
  for (const wall of occurrences(rule, start, lastSecond(until))) {
    if (found.length === first) break;
    found.push(localOfSeconds(wall));
  }
  return found;
}

/** Days alone, as `MM-DD` of the years that follow each other. */
const days = (text: string, start: string, until?: string, first?: number): string => dates(text, start, until, first).map((each) => each.slice(0, 10)).join(' ');

describe('examples of RFC 5545, 3.8.5.3', () => {
  // All begin on Tuesday, 2 September 1997, at 9, unless said otherwise.
  const START = '1997-09-02T09:00';
  it.each([
    ['FREQ=DAILY;COUNT=3', '1997-09-02 1997-09-03 1997-09-04'],
    ['FREQ=DAILY;UNTIL=19970904T085959', '1997-09-02 1997-09-03'],
    ['FREQ=DAILY;UNTIL=19970904', '1997-09-02 1997-09-03 1997-09-04'],
    ['FREQ=DAILY;INTERVAL=10;COUNT=5', '1997-09-02 1997-09-12 1997-09-22 1997-10-02 1997-10-12'],
    ['FREQ=WEEKLY;INTERVAL=2;WKST=SU;COUNT=4', '1997-09-02 1997-09-16 1997-09-30 1997-10-14'],
    ['FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH', '1997-09-02 1997-09-04 1997-09-09 1997-09-11'],
    ['FREQ=WEEKLY;INTERVAL=2;UNTIL=19970930;WKST=SU;BYDAY=MO,WE,FR', '1997-09-03 1997-09-05 1997-09-15 1997-09-17 1997-09-19 1997-09-29'],
    ['FREQ=MONTHLY;COUNT=3;BYDAY=1FR', '1997-09-05 1997-10-03 1997-11-07'],
    ['FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU', '1997-09-07 1997-09-28 1997-11-02 1997-11-30'],
    ['FREQ=MONTHLY;COUNT=3;BYDAY=-2MO', '1997-09-22 1997-10-20 1997-11-17'],
    ['FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3', '1997-09-28 1997-10-29 1997-11-28'],
    ['FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1', '1997-09-30 1997-10-01 1997-10-31 1997-11-01'],
    ['FREQ=YEARLY;COUNT=4;BYMONTH=6,7', '1998-06-02 1998-07-02 1999-06-02 1999-07-02'],
    ['FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200', '2000-01-01 2000-04-09 2000-07-18 2003-01-01'],
    ['FREQ=YEARLY;BYDAY=20MO;COUNT=2', '1998-05-18 1999-05-17'],
    ['FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3', '1998-05-11 1999-05-17 2000-05-15'],
    ['FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=4', '1998-03-05 1998-03-12 1998-03-19 1998-03-26'],
    ['FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=4', '1998-02-13 1998-03-13 1998-11-13 1999-08-13'],
    ['FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=2', '1997-11-04 2001-11-06'],
    ['FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3', '1997-09-04 1997-10-07 1997-11-06'],
    ['FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3', '1997-09-29 1997-10-30 1997-11-27'],
  ])('%s', (rule, expected) => {
    expect(days(rule, START)).toBe(expected);
  });

  it('begins weeks where WKST says', () => {
    expect(days('FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO', '1997-08-05T09:00')).toBe('1997-08-05 1997-08-10 1997-08-19 1997-08-24');
    expect(days('FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU', '1997-08-05T09:00')).toBe('1997-08-05 1997-08-17 1997-08-19 1997-08-31');
  });
});

describe('what finance asks for', () => {
  it('leaves out dates that do not exist, and has a last day of every month', () => {
    expect(days('FREQ=MONTHLY', '2026-01-31', undefined, 4)).toBe('2026-01-31 2026-03-31 2026-05-31 2026-07-31');
    expect(days('FREQ=MONTHLY;BYMONTHDAY=-1', '2026-01-31', undefined, 4)).toBe('2026-01-31 2026-02-28 2026-03-31 2026-04-30');
    expect(days('FREQ=YEARLY', '2024-02-29', undefined, 3)).toBe('2024-02-29 2028-02-29 2032-02-29');
  });

  it('has a last Friday, and several times a day', () => {
    expect(days('FREQ=MONTHLY;BYDAY=-1FR', '2026-01-01', undefined, 3)).toBe('2026-01-30 2026-02-27 2026-03-27');
    expect(dates('FREQ=DAILY;BYHOUR=9,13;BYMINUTE=0,30', '2026-01-05T10:15', undefined, 4))
      .toEqual(['2026-01-05T13:00', '2026-01-05T13:30', '2026-01-06T09:00', '2026-01-06T09:30']);
  });

  it('counts the start only if it fits, and takes upper and lower case', () => {
    expect(days('rrule:freq=weekly;byday=mo;', '2026-01-01T09:00', undefined, 2)).toBe('2026-01-05 2026-01-12');
  });
});

describe('any rule', () => {
  const PARTS = fc.record({
    freq: fc.constantFrom('DAILY', 'WEEKLY', 'MONTHLY', 'YEARLY'), interval: fc.integer({ min: 1, max: 1000 }),
    months: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 3 }), month_days: fc.uniqueArray(fc.integer({ min: 28, max: 31 }), { maxLength: 2 }),
    days: fc.uniqueArray(fc.constantFrom('MO', 'TU', 'SU'), { maxLength: 2 }), position: fc.option(fc.constantFrom(-2, 1, 5, 300)),
  });

  it('is ascending, within its bounds, and comes to an end however odd it is', () => {
    fc.assert(fc.property(PARTS, fc.integer({ min: 0, max: 60_000 }), (parts, day) => {
      const start = localOfSeconds(day * 86_400 + 32_400);
      const text = [
        `FREQ=${parts.freq}`, `INTERVAL=${parts.interval}`, ...(parts.months.length > 0 ? [`BYMONTH=${parts.months}`] : []),
        ...(parts.month_days.length > 0 && parts.freq !== 'WEEKLY' ? [`BYMONTHDAY=${parts.month_days}`] : []),
        ...(parts.days.length > 0 ? [`BYDAY=${parts.days}`] : []), ...(parts.position === null || parts.days.length === 0 ? [] : [`BYSETPOS=${parts.position}`]),
      ].join(';');
      const rule = parseRule(text);
      if ('problem' in rule) throw new Error(`${text}: ${rule.problem}`);
      const last = wallSeconds(start) + 86_400 * 4_000;
      let before = wallSeconds(start) - 1;
      for (const wall of occurrences(rule, start, last)) {
        expect(wall > before && wall <= last).toBe(true);
        before = wall;
      }
    }), { numRuns: 200 });
  });

  it('ends at once where nothing fits for two hundred years', () => {
    for (const text of ['FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30', 'FREQ=DAILY;BYDAY=MO;BYSETPOS=2', 'FREQ=DAILY;INTERVAL=7;BYDAY=TU', 'FREQ=MONTHLY;BYDAY=6MO', 'FREQ=YEARLY;BYWEEKNO=53;BYMONTH=6;BYDAY=MO']) {
      expect(dates(text, '2026-01-05')).toEqual([]);
    }
  });

  it('is read, or refused in words', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('FREQ', '=', 'DAILY', ';', 'BYDAY', 'MO', ',', '-1', 'UNTIL', '20260101') })), (text) => {
      const rule = parseRule(text);
      if ('problem' in rule) expect(`${rule.problem} ${rule.hint}`.length).toBeGreaterThan(10);
    }), { numRuns: 500 });
  });
});

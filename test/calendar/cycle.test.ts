import { DateTime } from 'luxon';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoLocal, localDate } from '../../src/calendar/calendar.js';
import { boundaryAt, cycleEnd, turnAt, turnsFrom } from '../../src/calendar/cycle.js';
import type { Cycle, CycleType } from '../../src/config/types.js';
import { at, cycle } from './support.js';

const dates = (c: Cycle, count: number): string[] => Array.from({ length: count }, (_, n) => localDate(boundaryAt(c, n)!, c.timezone));

describe('the n-th boundary', () => {
  it.each<[string, Partial<Cycle>, string[]]>([
    ['daily', { type: 'daily', start: '2026-02-27' }, ['2026-02-27', '2026-02-28', '2026-03-01']],
    ['weekly', { type: 'weekly', start: '2026-01-05' }, ['2026-01-05', '2026-01-12', '2026-01-19']],
    ['bi-weekly', { type: 'bi-weekly', start: '2026-01-05' }, ['2026-01-05', '2026-01-19', '2026-02-02']],
    ['monthly from the 31st', { start: '2026-01-31' }, ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30']],
    ['monthly from the 30th in a leap year', { start: '2027-12-30' }, ['2027-12-30', '2028-01-30', '2028-02-29', '2028-03-30']],
    ['quarterly', { type: 'quarterly', start: '2025-11-30' }, ['2025-11-30', '2026-02-28', '2026-05-30', '2026-08-30']],
    ['semi-annually', { type: 'semi-annually', start: '2025-08-31' }, ['2025-08-31', '2026-02-28', '2026-08-31']],
    [
      'annually from 29 February',
      { type: 'annually', start: '2024-02-29' },
      ['2024-02-29', '2025-02-28', '2026-02-28', '2027-02-28', '2028-02-29'],
    ],
    [
      'every ten days',
      { type: 'custom', every: { days: 10 }, start: '2026-03-01' },
      ['2026-03-01', '2026-03-11', '2026-03-21', '2026-03-31'],
    ],
    ['every three weeks', { type: 'custom', every: { weeks: 3 }, start: '2026-03-01' }, ['2026-03-01', '2026-03-22', '2026-04-12']],
    ['every two months', { type: 'custom', every: { months: 2 }, start: '2025-12-31' }, ['2025-12-31', '2026-02-28', '2026-04-30']],
    ['every two years', { type: 'custom', every: { years: 2 }, start: '2024-02-29' }, ['2024-02-29', '2026-02-28', '2028-02-29']],
    ['listed dates', { type: 'custom', dates: ['2026-01-01', '2026-02-15', '2026-06-01'] }, ['2026-01-01', '2026-02-15', '2026-06-01']],
  ])('%s', (_, over, expected) => {
    expect(dates(cycle(over), expected.length)).toEqual(expected);
  });

  it('keeps the wall time over a change of the clocks', () => {
    const c = cycle({ type: 'weekly', start: '2026-03-23T06:00' });
    expect([0, 1, 2].map((n) => isoLocal(boundaryAt(c, n)!, c.timezone))).toEqual([
      '2026-03-23T06:00:00+01:00',
      '2026-03-30T06:00:00+02:00',
      '2026-04-06T06:00:00+02:00',
    ]);
  });

  it('moves forward in a gap for that turn only', () => {
    const c = cycle({ type: 'daily', start: '2026-03-28T02:30' });
    expect([0, 1, 2].map((n) => isoLocal(boundaryAt(c, n)!, c.timezone))).toEqual([
      '2026-03-28T02:30:00+01:00',
      '2026-03-29T03:30:00+02:00',
      '2026-03-30T02:30:00+02:00',
    ]);
  });

  it('listed dates take the hour of the start, and end with the last', () => {
    const c = cycle({ type: 'custom', dates: ['2026-02-01', '2026-03-01'], start: '2026-01-15T06:00' });
    expect([0, 1, 2].map((n) => isoLocal(boundaryAt(c, n)!, c.timezone))).toEqual([
      '2026-01-15T06:00:00+01:00',
      '2026-02-01T06:00:00+01:00',
      '2026-03-01T06:00:00+01:00',
    ]);
    expect(boundaryAt(c, 3)).toBeNull();
    expect([...turnsFrom(c, -Infinity)].map((turn) => turn.n)).toEqual([0, 1]);
  });

  it('refuses a step that does not move', () => {
    expect(() => boundaryAt(cycle({ type: 'custom', every: { days: 0 } }), 1)).toThrow('does not move forward');
  });
});

describe('where a cycle stops', () => {
  it.each<[string, Partial<Cycle>, string | null]>([
    ['never', {}, null],
    ['at its end', { end: '2026-03-15' }, '2026-03-15'],
    ['after so many turns', { recurring_count: 2 }, '2026-03-01'],
    ['at the earlier of the two', { recurring_count: 2, end: '2026-02-10' }, '2026-02-10'],
    ['at the earlier of the two', { recurring_count: 1, end: '2026-02-10' }, '2026-02-01'],
  ])('%s', (_, over, expected) => {
    expect(cycleEnd(cycle(over))).toBe(expected === null ? null : at(expected));
  });
});

it('the day that Apia did not have makes no turn', () => {
  const c = cycle({ type: 'daily', start: '2011-12-28', timezone: 'Pacific/Apia' });
  const turns = [];
  for (const turn of turnsFrom(c, -Infinity)) {
    turns.push([turn.n, isoLocal(turn.start, c.timezone), isoLocal(turn.end, c.timezone)]);
    if (turns.length === 3) break;
  }
  expect(turns).toEqual([
    [0, '2011-12-28T00:00:00-10:00', '2011-12-29T00:00:00-10:00'],
    [1, '2011-12-29T00:00:00-10:00', '2011-12-31T00:00:00+14:00'],
    [3, '2011-12-31T00:00:00+14:00', '2012-01-01T00:00:00+14:00'],
  ]);
});

const UNITS: Readonly<Record<Exclude<CycleType, 'custom'>, object>> = {
  'daily': { days: 1 },
  'weekly': { days: 7 },
  'bi-weekly': { days: 14 },
  'monthly': { months: 1 },
  'quarterly': { months: 3 },
  'semi-annually': { months: 6 },
  'annually': { months: 12 },
};

describe('properties', () => {
  const start = fc
    .tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 47 }))
    .map(([day, half]) => new Date(day * 86_400_000 + half * 1_800_000).toISOString().slice(0, 16));
  const any = fc.record({
    timezone: fc.constantFrom(...Intl.supportedValuesOf('timeZone')),
    start,
    shape: fc.oneof(
      fc.constantFrom(...(Object.keys(UNITS) as (keyof typeof UNITS)[])).map((type) => ({ type, every: null, unit: UNITS[type] })),
      fc
        .tuple(fc.constantFrom('days', 'weeks', 'months', 'years'), fc.integer({ min: 1, max: 40 }))
        .map(([unit, count]) => ({ type: 'custom' as const, every: { [unit]: count }, unit: { [unit]: count } }))
    ),
  });

  it('the n-th boundary is the start plus n steps, as luxon adds them in UTC, put into the zone', () => {
    fc.assert(
      fc.property(any, fc.nat(150), ({ timezone, start: from, shape }, n) => {
        const c = cycle({ type: shape.type, every: shape.every, start: from, timezone });
        const steps = Object.fromEntries(Object.entries(shape.unit).map(([unit, count]) => [unit, Number(count) * n]));
        const wall = DateTime.fromISO(from, { zone: 'utc' }).plus(steps).toFormat("yyyy-MM-dd'T'HH:mm:ss");
        expect(boundaryAt(c, n)).toBe(at(wall, timezone));
      }),
      { numRuns: 1500 }
    );
  });

  it('the turn that contains an instant', () => {
    fc.assert(
      fc.property(any, fc.integer({ min: -5_000, max: 40_000 }), ({ timezone, start: from, shape }, day) => {
        const c = cycle({ type: shape.type, every: shape.every, start: from, timezone });
        const instant = day * 86_400_000 + 12_345_678;
        const n = turnAt(c, instant);
        if (n >= 0) expect(boundaryAt(c, n)).toBeLessThanOrEqual(instant);
        expect(boundaryAt(c, n + 1)).toBeGreaterThan(instant);
      }),
      { numRuns: 1500 }
    );
  });
});

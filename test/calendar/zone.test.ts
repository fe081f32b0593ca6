import { DateTime } from 'luxon';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isoLocal, localDate, localToUtcPieces, toInstant, toLocal } from '../../src/calendar/calendar.js';
import { instantOfWall, localOf, wallAt, wallOf } from '../../src/calendar/zone.js';

const ZONES = Intl.supportedValuesOf('timeZone');
const zone = fc.constantFrom(...ZONES);
const wall = fc.integer({ min: Date.UTC(1960, 0, 1) / 60_000, max: Date.UTC(2060, 0, 1) / 60_000 }).map((minutes) => minutes * 60_000);

describe('a local time becomes an instant', () => {
  it.each([
    ['ordinary winter', 'Europe/Berlin', '2026-01-15T12:00', '2026-01-15T12:00:00+01:00'],
    ['a date is midnight', 'Europe/Berlin', '2026-05-01', '2026-05-01T00:00:00+02:00'],
    ['gap: moves forward', 'Europe/Berlin', '2026-03-29T02:30', '2026-03-29T03:30:00+02:00'],
    ['gap: its first moment', 'Europe/Berlin', '2026-03-29T02:00', '2026-03-29T03:00:00+02:00'],
    ['gap: just behind it', 'Europe/Berlin', '2026-03-29T03:00', '2026-03-29T03:00:00+02:00'],
    ['overlap: the first occurrence', 'Europe/Berlin', '2026-10-25T02:30', '2026-10-25T02:30:00+02:00'],
    ['overlap: its first moment', 'Europe/Berlin', '2026-10-25T02:00', '2026-10-25T02:00:00+02:00'],
    ['overlap: just behind it', 'Europe/Berlin', '2026-10-25T03:00', '2026-10-25T03:00:00+01:00'],
    ['gap west of UTC', 'America/New_York', '2026-03-08T02:30', '2026-03-08T03:30:00-04:00'],
    ['overlap west of UTC', 'America/New_York', '2026-11-01T01:30', '2026-11-01T01:30:00-04:00'],
    ['gap of half an hour', 'Australia/Lord_Howe', '2026-10-04T02:15', '2026-10-04T02:45:00+11:00'],
    ['overlap of half an hour', 'Australia/Lord_Howe', '2026-04-05T01:45', '2026-04-05T01:45:00+11:00'],
    ['no midnight', 'America/Santiago', '2026-09-06', '2026-09-06T01:00:00-03:00'],
    ['no midnight', 'Africa/Cairo', '2026-04-24', '2026-04-24T01:00:00+03:00'],
    ['no midnight', 'Asia/Beirut', '2026-03-29', '2026-03-29T01:00:00+03:00'],
    ['two midnights', 'Asia/Beirut', '2026-10-24T23:30', '2026-10-24T23:30:00+03:00'],
    ['the day that was not', 'Pacific/Apia', '2011-12-30', '2011-12-31T00:00:00+14:00'],
    ['an hour of that day', 'Pacific/Apia', '2011-12-30T10:00', '2011-12-31T10:00:00+14:00'],
    ['a day that was twice', 'Pacific/Kwajalein', '1969-09-30T12:00', '1969-09-30T12:00:00+11:00'],
    ['UTC', 'UTC', '2026-05-01T06:00:30', '2026-05-01T06:00:30+00:00'],
  ])('%s: %s %s', (_, name, local, expected) => {
    expect(isoLocal(toInstant(local, name), name)).toBe(expected);
  });

  it('refuses what is no time and no zone', () => {
    expect(() => toInstant('soon', 'UTC')).toThrow('not a local date or time: soon');
    expect(() => toInstant('2026-01-01', 'Mars/Olympus')).toThrow('unknown time zone Mars/Olympus');
  });
});

describe('properties over all zones', () => {
  it('offsets are those of luxon', () => {
    fc.assert(fc.property(zone, wall, (name, instant) => {
      const there = DateTime.fromMillis(instant, { zone: name });
      expect(localOf(wallAt(instant, name))).toBe(there.toFormat("yyyy-MM-dd'T'HH:mm:ss"));
      expect(localDate(instant, name)).toBe(there.toISODate());
      if (Number.isInteger(there.offset)) expect(isoLocal(instant, name)).toBe(there.toFormat("yyyy-MM-dd'T'HH:mm:ssZZ"));
    }), { numRuns: 3000 });
  });

  it('a wall time is shown at its instant, and at no earlier one; in a gap it moved forward', () => {
    fc.assert(fc.property(zone, wall, (name, local) => {
      const instant = instantOfWall(local, name);
      const shown = wallAt(instant, name);
      expect(shown).toBeGreaterThanOrEqual(local);
      // Every offset that the zone has within two days: no other reading of the same wall time is earlier.
      for (let probe = -48; probe <= 48; probe += 1) {
        const other = local - (wallAt(local + probe * 1_800_000, name) - (local + probe * 1_800_000));
        if (wallAt(other, name) === local) {
          expect(shown).toBe(local);
          expect(instant).toBeLessThanOrEqual(other);
        }
      }
    }), { numRuns: 1000 });
  });

  it('an instant that is not the second of two reads back as itself', () => {
    fc.assert(fc.property(zone, wall, (name, instant) => {
      const { date, time } = toLocal(instant, name);
      const back = toInstant(`${date}T${time}`, name);
      expect(back).toBeLessThanOrEqual(instant);
      expect(toLocal(back, name)).toEqual({ date, time });
    }), { numRuns: 2000 });
  });

  it('pieces turn local times into UTC by one subtraction', () => {
    const share = fc.double({ min: 0, max: 0.999999, noNaN: true });
    fc.assert(fc.property(zone, wall, fc.integer({ min: 1, max: 900 }), fc.array(share), (name, from, days, points) => {
      const until = from + days * 86_400_000;
      const pieces = localToUtcPieces(name, localOf(from), localOf(until));
      const cuts = pieces.slice(0, -1).map((piece) => wallOf(piece.until_local!));
      expect(pieces.at(-1)!.until_local).toBeNull();
      expect([...cuts].sort((a, b) => a - b)).toEqual(cuts);
      const near = cuts.flatMap((cut) => [-7_200, -3_601, -3_600, -1_800, -60, -1, 0, 1, 1_800, 3_600].map((s) => cut + s * 1000));
      const inside = [from, until, ...points.map((x) => from + Math.floor(x * (until - from))), ...near].filter((w) => w >= from && w <= until);
      for (const local of inside) {
        const piece = pieces.find((p) => p.until_local === null || local < wallOf(p.until_local))!;
        expect(local - piece.shift_minutes * 60_000).toBe(instantOfWall(local, name));
      }
    }), { numRuns: 500 });
  });

  it('pieces of a year of Berlin', () => {
    expect(localToUtcPieces('Europe/Berlin', '2026-01-01', '2027-01-01')).toEqual([
      { until_local: '2026-03-29T03:00:00', shift_minutes: 60 }, { until_local: '2026-10-25T03:00:00', shift_minutes: 120 },
      { until_local: null, shift_minutes: 60 },
    ]);
    // The last moment asked for may be the first one of the new offset.
    expect(localToUtcPieces('Europe/Berlin', '2026-03-01', '2026-03-29T03:00').at(-1)).toEqual({ until_local: null, shift_minutes: 120 });
    expect(localToUtcPieces('UTC', '0001-01-01', '9999-12-31')).toEqual([{ until_local: null, shift_minutes: 0 }]);
  });
});

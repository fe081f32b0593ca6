/** The whole calendar in small: every type of cycle in every zone. The long form is `npm run simulate`. */
import { describe, expect, it } from 'vitest';
import { simulateCalendar, ZONES } from './tiling.js';

describe('periods of every type of cycle in every zone', () => {
  it('knows at least 400 zones', () => {
    expect(ZONES.length).toBeGreaterThanOrEqual(400);
  });

  // In the year 2011 Apia has no 30 December, and many zones changed their rules.
  it.each([[1, 2026, 2], [2, 2011, 1]])('tile the time line, in order, where the clocks on the wall say (seed %i, from %i for %i years)', (seed, year, years) => {
    const report = simulateCalendar({ seed, year, years });
    expect(report.flaws).toEqual([]);
    expect(report.calendars).toBe(8 * ZONES.length);
    expect(report.periods).toBeGreaterThan(years * 200_000);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarOfCycle, isoLocal, localDate, periodsOf, sendDueAt, toLocal } from '../../src/calendar/calendar.js';
import type { CalendarAutomation, Period } from '../../src/calendar/calendar.js';
import type { Cycle, Weekday } from '../../src/config/types.js';
import type { Instant } from '../../src/values/time.js';
import { ZONE, at, automation, cycle } from './support.js';

/** The period of a cycle that is billed on a date. */
function billedOn(date: string, over: Partial<Cycle>, settings: Partial<CalendarAutomation>): Period {
  const c = cycle(over);
  const all = periodsOf(calendarOfCycle(c, automation(settings)), -Infinity, at('2027-01-01'));
  const found = all.find((period) => period.billing_date === date);
  if (found === undefined) throw new Error(`nothing is billed on ${date}`);
  return found;
}

const shown = (instant: Instant | null, zone = ZONE): string | null => (instant === null ? null : isoLocal(instant, zone).slice(0, 16));

describe('worked examples of the product', () => {
  it.each<[string, string, Partial<Cycle>, Partial<CalendarAutomation>, string, string]>([
    ['1 May, arrears, lead 0, window 3', '2026-05-01', {}, {}, '2026-05-01T00:00', '2026-05-04T22:00'],
    [
      '1 May, in advance, lead 6, window 0',
      '2026-05-01',
      { timing: 'in_advance' },
      { lead_days: 6, confirmation_window_days: 0 },
      '2026-04-25T00:00',
      '2026-04-25T00:00',
    ],
    [
      '6 May, in advance, lead 5, window 3',
      '2026-05-06',
      { timing: 'in_advance', start: '2026-01-06' },
      { lead_days: 5 },
      '2026-05-01T00:00',
      '2026-05-04T22:00',
    ],
    [
      '1 May, in advance, lead 5, window 3',
      '2026-05-01',
      { timing: 'in_advance' },
      { lead_days: 5 },
      '2026-04-26T00:00',
      '2026-04-29T22:00',
    ],
    [
      '1 May, arrears, lead 5, window 3 (the period has to end first)',
      '2026-05-01',
      {},
      { lead_days: 5 },
      '2026-04-26T00:00',
      '2026-05-01T00:00',
    ],
  ])('%s', (_, date, over, settings, preview, confirm) => {
    const period = billedOn(date, over, settings);
    expect([shown(period.preview_at), shown(period.confirm_due_at)]).toEqual([preview, confirm]);
    expect(period.auto_confirm_at).toBe(period.confirm_due_at);
  });
});

describe('billing', () => {
  it('in arrears is the end of the period, in advance its start', () => {
    const arrears = billedOn('2026-05-01', {}, {});
    expect([arrears.billing_at, arrears.period_start]).toEqual([arrears.period_end, at('2026-04-01')]);
    const advance = billedOn('2026-05-01', { timing: 'in_advance' }, {});
    expect([advance.billing_at, advance.period_end]).toEqual([advance.period_start, at('2026-06-01')]);
  });

  it('a stub in arrears is billed at its own end', () => {
    const stub = billedOn('2026-05-10', { end: '2026-05-10' }, {});
    expect([stub.stub, stub.n, stub.period_end, stub.billing_at]).toEqual([true, 4, at('2026-05-10'), at('2026-05-10')]);
  });

  it('the preview keeps the local time over a change of the clocks', () => {
    const period = billedOn('2026-03-30', { type: 'weekly', start: '2026-03-02T06:00' }, { lead_days: 3 });
    expect(isoLocal(period.preview_at!, ZONE)).toBe('2026-03-27T06:00:00+01:00');
    expect(isoLocal(period.billing_at, ZONE)).toBe('2026-03-30T06:00:00+02:00');
  });

  it('where a zone has no midnight the day begins at one', () => {
    const period = billedOn(
      '2026-04-24',
      { type: 'daily', start: '2026-04-20', timezone: 'Africa/Cairo' },
      { confirmation_window_days: 1 }
    );
    expect(isoLocal(period.billing_at, 'Africa/Cairo')).toBe('2026-04-24T01:00:00+03:00');
    expect(isoLocal(period.confirm_due_at!, 'Africa/Cairo')).toBe('2026-04-25T22:00:00+03:00');
  });
});

describe('confirmation', () => {
  it.each<[string, Partial<Cycle>, Partial<CalendarAutomation>, string | null, string | null]>([
    ['may lock before the end where asked', {}, { lead_days: 5, lock_before_period_end: true }, '2026-04-29T22:00', '2026-04-29T22:00'],
    [
      'no window, in arrears with lead: not before the end',
      {},
      { lead_days: 5, confirmation_window_days: 0 },
      '2026-05-01T00:00',
      '2026-05-01T00:00',
    ],
    ['automation off: the window ends, nothing happens', {}, { enabled: false }, '2026-05-04T22:00', null],
    [
      'automation off, lock_invoices: at the end of the period',
      {},
      { enabled: false, lock_invoices: true },
      '2026-05-04T22:00',
      '2026-05-01T00:00',
    ],
    [
      'the same in advance: at the end of the period',
      { timing: 'in_advance' },
      { enabled: false, lock_invoices: true },
      '2026-05-04T22:00',
      '2026-06-01T00:00',
    ],
    ['a cycle that is off previews nothing', { enabled: false }, {}, null, null],
  ])('%s', (_, over, settings, due, auto) => {
    const period = billedOn('2026-05-01', over, settings);
    expect([shown(period.confirm_due_at), shown(period.auto_confirm_at)]).toEqual([due, auto]);
    if (due === null) expect([period.preview_at, period.send_due_at]).toEqual([null, null]);
  });
});

describe('pause', () => {
  it.each<[string, Cycle['pause'], string | null, string | null]>([
    ['moves the preview to its end', [{ from: '2026-04-30', until: '2026-05-11' }], '2026-05-11T00:00', '2026-05-14T22:00'],
    ['that ends on the day does not hold it', [{ from: '2026-04-01', until: '2026-05-01' }], '2026-05-01T00:00', '2026-05-04T22:00'],
    ['that begins on the day does', [{ from: '2026-05-01', until: '2026-05-02' }], '2026-05-02T00:00', '2026-05-05T22:00'],
    [
      'into another pause goes on',
      [
        { from: '2026-05-10', until: '2026-06-01' },
        { from: '2026-05-01', until: '2026-05-10' },
      ],
      '2026-06-01T00:00',
      '2026-06-04T22:00',
    ],
    ['without an end previews nothing', [{ from: '2026-05-01', until: null }], null, null],
  ])('%s', (_, pause, preview, confirm) => {
    const period = billedOn('2026-05-01', { pause }, {});
    expect([shown(period.preview_at), shown(period.confirm_due_at)]).toEqual([preview, confirm]);
    expect(shown(period.billing_at)).toBe('2026-05-01T00:00');
  });

  it('locks nothing that was not previewed', () => {
    const period = billedOn(
      '2026-05-01',
      { pause: [{ from: '2026-04-30', until: '2026-05-11' }] },
      { enabled: false, lock_invoices: true }
    );
    expect(shown(period.auto_confirm_at)).toBe('2026-05-11T00:00');
  });
});

describe('sending', () => {
  const week: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri'];
  const office = { days: week, from: '08:00', until: '18:00' };

  it.each<[string, Partial<CalendarAutomation>, string, string | null]>([
    ['by hand', { auto_send: false }, '2026-05-04T22:00', null],
    ['at once', {}, '2026-05-04T22:00', '2026-05-04T22:00'],
    ['after some hours', { auto_send_delay_hours: 3 }, '2026-05-04T22:00', '2026-05-05T01:00'],
    ['elapsed hours over a change of the clocks', { auto_send_delay_hours: 3 }, '2026-03-29T00:00', '2026-03-29T04:00'],
    ['half an hour', { auto_send_delay_hours: 0.5 }, '2026-05-04T22:00', '2026-05-04T22:30'],
    ['next morning', { auto_send_delay_hours: 3, send_window: office }, '2026-05-04T22:00', '2026-05-05T08:00'],
    ['over the weekend', { auto_send_delay_hours: 3, send_window: office }, '2026-05-08T22:00', '2026-05-11T08:00'],
    ['within the window', { send_window: office }, '2026-05-05T12:34', '2026-05-05T12:34'],
    ['the opening counts', { send_window: office }, '2026-05-05T08:00', '2026-05-05T08:00'],
    ['the closing does not', { send_window: office }, '2026-05-05T18:00', '2026-05-06T08:00'],
    ['one day a week', { send_window: { days: ['wed'], from: '00:00', until: '24:00' } }, '2026-05-07T00:00', '2026-05-13T00:00'],
    ['over midnight', { send_window: { days: ['mon'], from: '22:00', until: '02:00' } }, '2026-05-05T01:00', '2026-05-05T01:00'],
    [
      'a window that opens in the gap',
      { send_window: { days: ['sun'], from: '02:30', until: '06:00' } },
      '2026-03-28T12:00',
      '2026-03-29T03:30',
    ],
  ])('%s', (_, settings, confirmed, expected) => {
    expect(shown(sendDueAt(at(confirmed), automation(settings), ZONE, null))).toBe(expected);
  });

  it('no window opens on a day that a zone skipped', () => {
    const settings = automation({ send_window: { days: ['fri'], from: '08:00', until: '18:00' } });
    const sent = sendDueAt(at('2011-12-29T12:00', 'Pacific/Apia'), settings, 'Pacific/Apia', null);
    expect(shown(sent, 'Pacific/Apia')).toBe('2012-01-06T08:00');
  });

  it('lies in the window, not before the confirmation, and no allowed minute was missed', () => {
    const days = fc.uniqueArray(fc.constantFrom<Weekday>('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'), { minLength: 1 });
    const hour = fc.tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 1, max: 24 })).filter(([from, until]) => from < until);
    const text = (h: number): string => `${String(h).padStart(2, '0')}:00`;
    const names: Weekday[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
    const zones = fc.constantFrom(
      'Europe/Berlin',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Lord_Howe',
      'Africa/Cairo',
      'America/Santiago'
    );
    const minute = fc.integer({ min: Date.UTC(2026, 0, 1) / 60_000, max: Date.UTC(2027, 0, 1) / 60_000 }).map((m) => m * 60_000);
    fc.assert(
      fc.property(zones, minute, days, hour, (zone, confirmed, allowed, [from, until]) => {
        const window = { days: allowed, from: text(from), until: text(until) };
        const inside = (instant: Instant): boolean => {
          const { date, time } = toLocal(instant, zone);
          return allowed.includes(names[new Date(`${date}T00:00Z`).getUTCDay()]!) && time >= window.from && time < `${window.until}`;
        };
        const sent = sendDueAt(confirmed, automation({ send_window: window }), zone, null)!;
        expect(sent).toBeGreaterThanOrEqual(confirmed);
        // A window of one hour in a gap does not open; one in an overlap opens once. Elsewhere the next allowed quarter of an hour.
        expect(inside(sent)).toBe(true);
        let first = confirmed;
        while (first < sent && !inside(first)) first = (Math.floor(first / 900_000) + 1) * 900_000;
        if (first < sent) {
          const twice = [7_200_000, 3_600_000, 1_800_000].some(
            (back) =>
              toLocal(first - back, zone).time.slice(3) === toLocal(first, zone).time.slice(3) &&
              toLocal(first - back, zone).time >= toLocal(first, zone).time &&
              localDate(first - back, zone) >= localDate(first, zone)
          );
          expect(twice).toBe(true);
        }
      }),
      { numRuns: 1000 }
    );
  });
});

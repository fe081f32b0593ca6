/** Business days, merged first periods, the last day of the month, the notice of a deadline, changes of the clocks and of zones. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarOfCycle, daysOff, isoLocal, nonBusinessDays, periodsOf, sendDueAt, shiftDate } from '../../src/calendar/calendar.js';
import type { CalendarAutomation, Period } from '../../src/calendar/calendar.js';
import { businessDaysOf } from '../../src/config/business-days.js';
import type { BusinessDayRule, Cycle } from '../../src/config/types.js';
import type { Instant } from '../../src/values/time.js';
import { ZONE, at, automation, calendar, cycle } from './support.js';

/** Hamburg in spring 2026, without the library: what counts is that these days are listed. */
const HAMBURG = businessDaysOf({ holidays: ['2026-04-03', '2026-04-06', '2026-05-01', '2026-05-14', '2026-05-25'] }, null);
const RULES: readonly BusinessDayRule[] = ['none', 'following', 'preceding', 'modified_following'];
const rule = (over: Partial<CalendarAutomation['business_days']>): CalendarAutomation['business_days'] => (
  { billing: 'none', due: 'none', send: 'none', ...over });
const shown = (instant: Instant | null, zone = ZONE): string | null => (instant === null ? null : isoLocal(instant, zone).slice(0, 16));

/** The period that ends (in advance: begins) on a date, whatever day it is billed on. */
function bounded(date: string, over: Partial<Cycle>, settings: Partial<CalendarAutomation>): Period {
  const c = cycle(over);
  const all = periodsOf(calendarOfCycle(c, automation(settings), HAMBURG), -Infinity, at('2027-01-01'));
  return all.find((period) => shown(c.timing === 'in_advance' ? period.period_start : period.period_end)!.startsWith(date))!;
}

describe('a date that is no business day', () => {
  it.each([
    // Friday, a holiday, first of the month: the one before lies in April.
    ['2026-05-01', '2026-05-04', '2026-04-30', '2026-05-04'],
    // Sunday, last of the month: the next one lies in June.
    ['2026-05-31', '2026-06-01', '2026-05-29', '2026-05-29'],
    // Saturday and Sunday in the middle.
    ['2026-05-16', '2026-05-18', '2026-05-15', '2026-05-18'],
    // The four days of Easter.
    ['2026-04-03', '2026-04-07', '2026-04-02', '2026-04-07'],
    ['2026-04-06', '2026-04-07', '2026-04-02', '2026-04-07'],
    // A business day stays.
    ['2026-05-13', '2026-05-13', '2026-05-13', '2026-05-13'],
  ])('%s: following %s, preceding %s, modified following %s', (date, following, preceding, modified) => {
    expect(RULES.map((each) => shiftDate(date, each, HAMBURG))).toEqual([date, following, preceding, modified]);
    expect(RULES.map((each) => shiftDate(date, each, null))).toEqual([date, date, date, date]);
  });

  it('as lists, for due dates', () => {
    const config = { business_calendar: HAMBURG };
    expect(nonBusinessDays(config, '2026-05-01', '2026-05-11')).toEqual(['2026-05-01', '2026-05-02', '2026-05-03', '2026-05-09', '2026-05-10']);
    expect(daysOff(config, '2026-05-30', '2026-06-01')).toEqual([
      { day: '2026-05-30', following: '2026-06-01', preceding: '2026-05-29' },
      { day: '2026-05-31', following: '2026-06-01', preceding: '2026-05-29' },
    ]);
    expect(nonBusinessDays({ business_calendar: null }, '2026-05-01', '2026-05-11')).toEqual([]);
  });

  it('a calendar without business days leaves dates where they are', () => {
    const never = businessDaysOf({ weekend: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] }, null);
    expect(RULES.map((each) => shiftDate('2026-05-01', each, never))).toEqual(Array(4).fill('2026-05-01'));
  });
});

describe('the billing date', () => {
  it.each<[string, string, Partial<Cycle>, BusinessDayRule, string, string, string]>([
    ['stays', '2026-05-01', {}, 'none', '2026-05-01T00:00', '2026-05-01T00:00', '2026-05-04T22:00'],
    ['moves on, the preview and its window with it', '2026-05-01', {}, 'following', '2026-05-04T00:00', '2026-05-04T00:00', '2026-05-07T22:00'],
    ['moves back in arrears: confirmed when the period has ended', '2026-05-01', {}, 'preceding', '2026-04-30T00:00', '2026-04-30T00:00', '2026-05-03T22:00'],
    ['leaves the month only one way', '2026-05-31', { start: '2026-01-31' }, 'modified_following', '2026-05-29T00:00', '2026-05-29T00:00', '2026-06-01T22:00'],
    ['in advance', '2026-05-01', { timing: 'in_advance' }, 'preceding', '2026-04-30T00:00', '2026-04-30T00:00', '2026-05-03T22:00'],
    ['keeps its local time over a change of the clocks', '2026-03-29', { start: '2026-01-29T06:30' }, 'following', '2026-03-30T06:30', '2026-03-30T06:30', '2026-04-02T22:00'],
  ])('%s', (_, date, over, billing, billed, preview, confirm) => {
    const period = bounded(date, over, { business_days: rule({ billing }) });
    expect([shown(period.billing_at), shown(period.preview_at), shown(period.confirm_due_at)]).toEqual([billed, preview, confirm]);
    expect(period.billing_date).toBe(billed.slice(0, 10));
  });

  it('moved back with a window of no days: the period has to end first, unless it may be locked before', () => {
    const settings = { confirmation_window_days: 0, business_days: rule({ billing: 'preceding' as const }) };
    expect(shown(bounded('2026-05-01', {}, settings).confirm_due_at)).toBe('2026-05-01T00:00');
    expect(shown(bounded('2026-05-01', {}, { ...settings, lock_before_period_end: true }).confirm_due_at)).toBe('2026-04-30T00:00');
  });

  it('moved on: lead days count from where it went; the bounds of the period stay', () => {
    const period = bounded('2026-05-01', {}, { lead_days: 2, business_days: rule({ billing: 'following' }) });
    expect([period.preview_at, period.period_start, period.period_end, period.stub]).toEqual([at('2026-05-02'), at('2026-04-01'), at('2026-05-01'), false]);
  });

  it('a period that is due after the window shown is found by the dates of its bounds', () => {
    const c = calendar([[cycle(), {}]], automation({ business_days: rule({ billing: 'following' }) }), HAMBURG);
    expect(periodsOf(c, at('2026-04-30T23:00'), at('2026-05-02')).map((p) => p.billing_date)).toEqual(['2026-05-04', '2026-06-01']);
  });
});

describe('sending on business days', () => {
  const sent = (confirmed: string, over: Partial<CalendarAutomation>): string | null => shown(sendDueAt(at(confirmed), automation(over), ZONE, HAMBURG));

  it.each<[string, string, Partial<CalendarAutomation>, string]>([
    ['waits for Monday', '2026-05-02T10:00', { business_days: rule({ send: 'following' }) }, '2026-05-04T00:00'],
    ['goes at once on a business day', '2026-05-04T10:00', { business_days: rule({ send: 'following' }) }, '2026-05-04T10:00'],
    ['cannot go before it is confirmed: preceding moves on too', '2026-05-02T10:00', { business_days: rule({ send: 'preceding' }) }, '2026-05-04T00:00'],
    ['and so does modified_following', '2026-05-30T10:00', { business_days: rule({ send: 'modified_following' }) }, '2026-06-01T00:00'],
    ['at the next moment of the window', '2026-04-30T20:00', { business_days: rule({ send: 'following' }), send_window: { days: ['thu', 'fri', 'sat', 'tue'], from: '08:00', until: '18:00' } }, '2026-05-05T08:00'],
    ['a window over midnight belongs to the day it opens', '2026-05-01T02:00', { business_days: rule({ send: 'following' }), send_window: { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '22:00', until: '06:00' } }, '2026-05-01T02:00'],
    ['one that opens on a holiday does not', '2026-05-01T23:00', { business_days: rule({ send: 'following' }), send_window: { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '22:00', until: '06:00' } }, '2026-05-04T22:00'],
    ['the delay counts first', '2026-05-01T10:00', { auto_send_delay_hours: 72, business_days: rule({ send: 'following' }) }, '2026-05-04T10:00'],
    ['without a rule holidays do not matter', '2026-05-02T10:00', {}, '2026-05-02T10:00'],
  ])('%s', (_, confirmed, over, expected) => { expect(sent(confirmed, over)).toBe(expected); });
});

describe('the last day of the month', () => {
  const settings = { confirmation_window_days: 'last_day_of_month' as const };
  it.each<[string, string, Partial<Cycle>, Partial<CalendarAutomation>, string]>([
    ['of the preview', '2026-05-01', {}, {}, '2026-05-31T22:00'],
    ['of a short month', '2026-02-01', {}, {}, '2026-02-28T22:00'],
    ['with lead days it is the month before', '2026-05-01', { timing: 'in_advance' }, { lead_days: 5 }, '2026-04-30T22:00'],
    ['in arrears the period has to end first', '2026-05-01', {}, { lead_days: 5 }, '2026-05-01T00:00'],
    ['a preview late on the last day is confirmed at once', '2026-04-30', { start: '2026-01-30T23:00', timing: 'in_advance' }, {}, '2026-04-30T23:00'],
  ])('%s', (_, date, over, more, expected) => {
    expect(shown(bounded(date, over, { ...settings, ...more }).confirm_due_at)).toBe(expected);
  });
});

describe('the notice of a deadline', () => {
  it.each<[string, Partial<CalendarAutomation>, string | null]>([
    ['a day before', { deadline_notice_hours: 24 }, '2026-05-03T22:00'],
    ['not before the preview', { deadline_notice_hours: 200 }, '2026-05-01T00:00'],
    ['at the deadline itself', { deadline_notice_hours: 0 }, '2026-05-04T22:00'],
    ['off', { deadline_notice_hours: null }, null],
    ['no window, no notice', { deadline_notice_hours: 24, confirmation_window_days: 0 }, null],
    ['nothing happens by itself', { deadline_notice_hours: 24, enabled: false }, null],
    ['locked at the end of the period, when the preview is made', { deadline_notice_hours: 24, enabled: false, lock_invoices: true }, null],
    ['locked at the end, previewed before', { deadline_notice_hours: 24, enabled: false, lock_invoices: true, lead_days: 4 }, '2026-04-30T00:00'],
  ])('%s', (_, settings, expected) => { expect(shown(bounded('2026-05-01', {}, settings).deadline_notice_at)).toBe(expected); });
});

describe('a first period that is cut short', () => {
  const merging = cycle({ cycle_id: 'm', first_period: 'merge' });
  const rows = (periods: readonly Period[]): string[] => periods.map((p) => (
    `${p.cycle_id} ${p.n} ${shown(p.period_start)!.slice(0, 10)}..${shown(p.period_end)!.slice(0, 10)}${p.stub ? ' stub' : ''}`));
  const year = (uses: Parameters<typeof calendar>[0]): string[] => rows(periodsOf(calendar(uses), at('2026-01-01'), at('2026-07-02')));

  it('is billed with the next one', () => {
    expect(year([[merging, { from: '2026-04-20' }]])).toEqual(['m 4 2026-04-20..2026-06-01 stub', 'm 5 2026-06-01..2026-07-01', 'm 6 2026-07-01..2026-08-01']);
  });

  it('is none when it begins at a boundary', () => {
    expect(year([[merging, { from: '2026-05-01' }]])).toEqual(['m 4 2026-05-01..2026-06-01', 'm 5 2026-06-01..2026-07-01', 'm 6 2026-07-01..2026-08-01']);
  });

  it('also after a change of cycle, while the one before ends as it does', () => {
    const weekly = cycle({ cycle_id: 'w', type: 'weekly', start: '2026-04-06' });
    expect(year([[weekly, {}], [merging, { from: '2026-04-15' }]])).toEqual([
      'w 0 2026-04-06..2026-04-13', 'w 1 2026-04-13..2026-04-15 stub', 'm 4 2026-04-15..2026-06-01 stub', 'm 5 2026-06-01..2026-07-01', 'm 6 2026-07-01..2026-08-01',
    ]);
  });

  it('stays alone when nothing follows, and ends where the use ends', () => {
    expect(year([[merging, { from: '2026-04-20', until: '2026-04-25' }]])).toEqual(['m 3 2026-04-20..2026-04-25 stub']);
    expect(year([[merging, { from: '2026-04-20', until: '2026-05-10' }]])).toEqual(['m 4 2026-04-20..2026-05-10 stub']);
    expect(year([[cycle({ cycle_id: 'm', first_period: 'merge', end: '2026-05-01' }), { from: '2026-04-20' }]])).toEqual(['m 3 2026-04-20..2026-05-01 stub']);
  });

  it('is found from anywhere inside of it, and only there', () => {
    const c = calendar([[merging, { from: '2026-04-20' }]]);
    expect(rows(periodsOf(c, at('2026-05-20'), at('2026-05-21')))).toEqual(['m 4 2026-04-20..2026-06-01 stub']);
    expect(rows(periodsOf(c, at('2026-06-01'), at('2026-06-02')))).toEqual(['m 5 2026-06-01..2026-07-01']);
  });
});

describe('changes of the clocks', () => {
  it('a boundary in the gap moves forward, in the overlap the first one counts', () => {
    const c = calendar([[cycle({ type: 'daily', start: '2026-03-01T02:30' }), {}]]);
    const starts = (from: string, until: string): string[] => periodsOf(c, at(from), at(until)).map((p) => isoLocal(p.period_start, ZONE));
    expect(starts('2026-03-28T12:00', '2026-03-30T12:00')).toEqual(['2026-03-28T02:30:00+01:00', '2026-03-29T03:30:00+02:00', '2026-03-30T02:30:00+02:00']);
    expect(starts('2026-10-24T12:00', '2026-10-26T12:00')).toEqual(['2026-10-24T02:30:00+02:00', '2026-10-25T02:30:00+02:00', '2026-10-26T02:30:00+01:00']);
  });

  it('the same for the time of confirmation', () => {
    const confirm = (start: string): string => {
      const [first] = periodsOf(calendarOfCycle(cycle({ type: 'daily', start }), automation({ confirm_at: '02:30', confirmation_window_days: 1 })), at(start), at(start) + 1);
      return isoLocal(first!.confirm_due_at!, ZONE);
    };
    expect(confirm('2026-03-27')).toBe('2026-03-29T03:30:00+02:00');
    expect(confirm('2026-10-23')).toBe('2026-10-25T02:30:00+02:00');
  });
});

describe('tiling', () => {
  const tiles = (periods: readonly Period[]): boolean => periods.every((p, i) => p.period_end > p.period_start && (i === 0 || periods[i - 1]!.period_end === p.period_start));

  it('a change of zone in mid-life leaves no gap and no overlap', () => {
    const tokyo = cycle({ cycle_id: 't', timezone: 'Asia/Tokyo', first_period: 'merge' });
    const york = cycle({ cycle_id: 'y', timezone: 'America/New_York', type: 'weekly', start: '2026-01-05T06:00' });
    const periods = periodsOf(calendar([[cycle(), {}], [tokyo, { from: '2026-03-10T09:00' }], [york, { from: '2026-05-20' }]]), -Infinity, at('2026-08-01'));
    expect(tiles(periods)).toBe(true);
    expect(periods.filter((p) => p.stub).map((p) => [p.cycle_id, isoLocal(p.period_start, p.timezone), isoLocal(p.period_end, p.timezone)])).toEqual([
      ['c', '2026-03-01T00:00:00+01:00', '2026-03-10T01:00:00+01:00'],
      ['t', '2026-03-10T09:00:00+09:00', '2026-05-01T00:00:00+09:00'],
      ['t', '2026-05-01T00:00:00+09:00', '2026-05-20T13:00:00+09:00'],
      ['y', '2026-05-20T00:00:00-04:00', '2026-05-25T06:00:00-04:00'],
    ]);
  });

  it('a change of start is another cycle from a date on: the days between belong to a stub', () => {
    const [old, moved] = [cycle({ cycle_id: 'first' }), cycle({ cycle_id: 'tenth', start: '2026-01-10' })];
    const periods = periodsOf(calendar([[old, {}], [moved, { from: '2026-04-01' }]]), at('2026-03-01'), at('2026-05-01'));
    expect(tiles(periods)).toBe(true);
    expect(periods.map((p) => `${p.cycle_id} ${shown(p.period_start)!.slice(5, 10)}..${shown(p.period_end)!.slice(5, 10)} ${p.stub}`)).toEqual([
      'first 03-01..04-01 false', 'tenth 04-01..04-10 true', 'tenth 04-10..05-10 false',
    ]);
  });

  it('holds with merged periods and rules for business days, and dates only grow', () => {
    const type = fc.constantFrom<Cycle['type']>('daily', 'weekly', 'bi-weekly', 'monthly', 'quarterly');
    const day = fc.integer({ min: 0, max: 300 }).map((n) => new Date(Date.UTC(2026, 0, 1) + n * 86_400_000).toISOString().slice(0, 10));
    const one = fc.record({ type, start: day, timing: fc.constantFrom('in_arrears' as const, 'in_advance' as const), first_period: fc.constantFrom('stub' as const, 'merge' as const) });
    const free = fc.uniqueArray(day, { maxLength: 40 }).map((holidays) => businessDaysOf({ holidays }, null));
    fc.assert(fc.property(one, one, day, fc.constantFrom(...RULES), free, fc.nat(9), (a, b, from, billing, business, lead_days) => {
      const settings = automation({ lead_days, business_days: rule({ billing, send: billing }), deadline_notice_hours: 24 });
      const c = calendar([[cycle({ cycle_id: 'a', ...a, start: '2026-01-01' }), {}], [cycle({ cycle_id: 'b', ...b }), { from }]], settings, business);
      const all = periodsOf(c, -Infinity, at('2027-03-01'));
      expect(tiles(all)).toBe(true);
      for (const p of all) {
        if (billing !== 'none') expect(business.isBusinessDay(p.billing_date)).toBe(true);
        if (p.timing === 'in_arrears') expect(p.confirm_due_at).toBeGreaterThanOrEqual(p.period_end);
        expect(p.deadline_notice_at!).toBeGreaterThanOrEqual(p.preview_at!);
        expect(p.send_due_at!).toBeGreaterThanOrEqual(p.confirm_due_at!);
      }
      for (const use_no of [0, 1]) {
        const own = all.filter((p) => p.use_no === use_no);
        own.forEach((p, i) => { if (i > 0) expect(p.billing_at).toBeGreaterThanOrEqual(own[i - 1]!.billing_at); });
      }
      // A shorter window shows what the longer one shows of it.
      const [low, high] = [at('2026-05-03'), at('2026-09-01')];
      expect(periodsOf(c, low, high)).toEqual(all.filter((p) => p.period_end > low && (p.period_start < high || p.preview_at! < high)));
    }), { numRuns: 150 });
  }, 600_000);
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { automationOf, calendarOfCycle, calendarsOf, isoLocal, periodsOf } from '../../src/calendar/calendar.js';
import type { Calendar, Period } from '../../src/calendar/calendar.js';
import type { Automation, Customer, Cycle, CycleType, CycleUse } from '../../src/config/types.js';
import { ZONE, at, automation, calendar, cycle } from './support.js';

const rows = (periods: readonly Period[]): string[] =>
  periods.map(
    (p) =>
      `${p.cycle_id} ${p.n} ${isoLocal(p.period_start, p.timezone).slice(0, 10)}..${isoLocal(p.period_end, p.timezone).slice(0, 10)}${
        p.stub ? ' stub' : ''
      }`
  );

describe('the periods of a window', () => {
  it('are those that overlap it', () => {
    const c = calendar([[cycle(), {}]]);
    expect(rows(periodsOf(c, at('2026-02-10'), at('2026-04-01')))).toEqual(['c 1 2026-02-01..2026-03-01', 'c 2 2026-03-01..2026-04-01']);
    expect(rows(periodsOf(c, at('2026-02-01'), at('2026-02-01T00:01')))).toEqual(['c 1 2026-02-01..2026-03-01']);
    expect(rows(periodsOf(c, at('2025-01-01'), at('2026-01-01')))).toEqual([]);
  });

  it('and the later ones that are previewed before its end', () => {
    const c = calendar([[cycle({ timing: 'in_advance' }), {}]], automation({ lead_days: 5 }));
    expect(rows(periodsOf(c, at('2026-02-10'), at('2026-02-24')))).toEqual(['c 1 2026-02-01..2026-03-01']);
    expect(rows(periodsOf(c, at('2026-02-10'), at('2026-02-24T00:01')))).toEqual([
      'c 1 2026-02-01..2026-03-01',
      'c 2 2026-03-01..2026-04-01',
    ]);
    const far = calendar([[cycle({ timing: 'in_advance' }), {}]], automation({ lead_days: 70 }));
    expect(rows(periodsOf(far, at('2026-01-10'), at('2026-01-11'))).at(-1)).toBe('c 2 2026-03-01..2026-04-01');
    const off = calendar([[cycle({ timing: 'in_advance', enabled: false }), {}]], automation({ lead_days: 70 }));
    expect(rows(periodsOf(off, at('2026-01-10'), at('2026-01-11')))).toEqual(['c 0 2026-01-01..2026-02-01']);
  });

  it('end with the cycle', () => {
    const until = at('2027-01-01');
    expect(rows(periodsOf(calendar([[cycle({ recurring_count: 2 }), {}]]), -Infinity, until))).toEqual([
      'c 0 2026-01-01..2026-02-01',
      'c 1 2026-02-01..2026-03-01',
    ]);
    expect(rows(periodsOf(calendar([[cycle({ end: '2026-02-15' }), {}]]), -Infinity, until))).toEqual([
      'c 0 2026-01-01..2026-02-01',
      'c 1 2026-02-01..2026-02-15 stub',
    ]);
    expect(rows(periodsOf(calendar([[cycle({ end: '2026-02-01' }), {}]]), -Infinity, until))).toEqual(['c 0 2026-01-01..2026-02-01']);
    expect(() => periodsOf(calendar([[cycle(), {}]]), 0, Infinity)).toThrow('without an end');
  });
});

describe('changes of cycle', () => {
  const weekly = cycle({ cycle_id: 'weekly', type: 'weekly', start: '2026-06-01' });
  const monthly = cycle({ cycle_id: 'monthly' });

  it('the use before ends where the next begins', () => {
    const c = calendar([
      [weekly, {}],
      [monthly, { from: '2026-07-01' }],
    ]);
    expect(rows(periodsOf(c, at('2026-06-20'), at('2026-08-01')))).toEqual([
      'weekly 2 2026-06-15..2026-06-22',
      'weekly 3 2026-06-22..2026-06-29',
      'weekly 4 2026-06-29..2026-07-01 stub',
      'monthly 6 2026-07-01..2026-08-01',
    ]);
  });

  it('in the middle of the next cycle begins with a stub', () => {
    const c = calendar([
      [weekly, {}],
      [monthly, { from: '2026-07-10' }],
    ]);
    expect(rows(periodsOf(c, at('2026-07-06'), at('2026-08-01')))).toEqual([
      'weekly 5 2026-07-06..2026-07-10 stub',
      'monthly 6 2026-07-10..2026-08-01 stub',
    ]);
  });

  it('to a cycle that starts later leaves no gap', () => {
    const late = cycle({ cycle_id: 'late', start: '2026-07-15' });
    const c = calendar([
      [weekly, {}],
      [late, { from: '2026-07-01' }],
    ]);
    expect(rows(periodsOf(c, at('2026-07-10'), at('2026-07-20')))).toEqual([
      'weekly 5 2026-07-06..2026-07-13',
      'weekly 6 2026-07-13..2026-07-15 stub',
      'late 0 2026-07-15..2026-08-15',
    ]);
  });

  it('a declared end leaves the time behind it free', () => {
    const c = calendar([
      [monthly, { until: '2026-03-01' }],
      [monthly, { from: '2026-05-15' }],
    ]);
    expect(rows(periodsOf(c, at('2026-02-01'), at('2026-07-01')))).toEqual([
      'monthly 1 2026-02-01..2026-03-01',
      'monthly 4 2026-05-15..2026-06-01 stub',
      'monthly 5 2026-06-01..2026-07-01',
    ]);
  });

  it('bounds are local in the zone of their own cycle', () => {
    const tokyo = cycle({ cycle_id: 'tokyo', timezone: 'Asia/Tokyo' });
    const c = calendar([
      [monthly, {}],
      [tokyo, { from: '2026-04-01' }],
    ]);
    const [last, first] = periodsOf(c, at('2026-03-15'), at('2026-04-15'));
    expect(last!.period_end).toBe(at('2026-04-01', 'Asia/Tokyo'));
    expect(first!.period_start).toBe(last!.period_end);
    expect([last!.stub, first!.stub]).toEqual([true, false]);
  });
});

describe('customers share calendars', () => {
  const settings = (over: Partial<Automation> = {}): Automation => ({
    ...automation(),
    separate_preview_per_partner: true,
    late_bookings: 'next_invoice', changed_bookings: 'adjust',
    limits: { max_invoice_total: null, max_change_percent: null, max_lines: null },
    ...over,
  });
  const customer = (customer_id: string, uses: Omit<CycleUse, 'automation'>[], own: Automation = settings()): Customer => ({
    customer_id,
    name: customer_id,
    email: [],
    address: null,
    tax_id: null,
    contact: null,
    cycle: uses.map((each) => ({ ...each, automation: own })),
    partner_id: null,
    payment_terms: { net_days: 14, end_of_month: false },
    purchase_order: null,
    tax: null,
    prices: {},
    locale: 'en-GB',
    automation: own,
  });
  const use = (cycle_id: string, from: string | null = null): Omit<CycleUse, 'automation'> => ({ cycle_id, from, until: null });
  const cycles = [
    cycle({ cycle_id: 'a' }),
    cycle({ cycle_id: 'b', timing: 'in_advance' }),
    cycle({ cycle_id: 'd', assign_by: 'starts_at' }),
  ];

  it('by cycle uses and by the automation of each', () => {
    const customers = [
      customer('1', [use('a')]),
      customer('2', [use('b')]),
      customer('3', [use('a')], settings({ late_bookings: 'hold' })),
      customer('4', [use('a')], settings({ lead_days: 2 })),
      customer('5', [use('a'), use('b', '2026-05-01')]),
      customer('6', [use('d')]),
      customer('7', [use('a')], settings({ send_window: { days: ['mon'], from: '08:00', until: '09:00' } })),
    ];
    const { calendars, calendar_key_of } = calendarsOf({ business_calendar: null, cycles, customers });
    expect(customers.map((_, index) => calendar_key_of(index))).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(calendars.map((c) => c.calendar_key)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(calendars.map((c) => c.assign_by)).toEqual(['ends_at', 'starts_at', 'ends_at', 'ends_at', 'ends_at', 'starts_at', 'ends_at']);
    expect(calendars[4]!.uses.map((u) => u.cycle.cycle_id)).toEqual(['a', 'b']);
    expect(automationOf(calendars[3]!, 0).lead_days).toBe(2);
    expect(() => automationOf(calendars[3]!, 1)).toThrow('no use number 1');
    expect(() => calendar_key_of(7)).toThrow('no customer number 7');
    expect(() => calendarsOf({ business_calendar: null, cycles, customers: [customer('1', [use('x')])] })).toThrow('no cycle x');
  });

  it('each use of a cycle has its own automation, and tells its periods', () => {
    const uses: CycleUse[] = [
      { ...use('a'), automation: settings({ lead_days: 1, late_bookings: 'hold' }) },
      { ...use('b', '2026-03-01'), automation: settings({ lead_days: 2, separate_preview_per_partner: false }) },
    ];
    const { calendars } = calendarsOf({ business_calendar: null, cycles, customers: [{ ...customer('1', []), cycle: uses }] });
    const periods = periodsOf(calendars[0]!, at('2026-02-01'), at('2026-03-02'));
    expect(periods.map((p) => [p.use_no, p.cycle_id, p.preview_at, p.late_bookings, p.separate_preview_per_partner])).toEqual([
      [0, 'a', at('2026-02-28'), 'hold', true], [1, 'b', at('2026-02-27'), 'next_invoice', false],
    ]);
  });

  it('a customer without a cycle has no periods', () => {
    const { calendars } = calendarsOf({ business_calendar: null, cycles, customers: [customer('1', [])] });
    expect(periodsOf(calendars[0]!, 0, at('2030-01-01'))).toEqual([]);
    expect(calendars[0]!.assign_by).toBe('ends_at');
  });
});

describe('properties', () => {
  const day = fc.integer({ min: 0, max: 3000 }).map((n) => new Date(Date.UTC(2009, 0, 1) + n * 86_400_000).toISOString().slice(0, 10));
  const local = fc.tuple(day, fc.constantFrom('', 'T00:30', 'T02:15', 'T06:00', 'T23:45')).map(([date, time]) => date + time);
  const zones = fc.oneof(
    fc.constantFrom(ZONE, 'Pacific/Apia', 'Africa/Cairo', 'Australia/Lord_Howe'),
    fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
  );
  const shape = fc.oneof(
    fc
      .constantFrom<CycleType>('daily', 'weekly', 'bi-weekly', 'monthly', 'quarterly', 'semi-annually', 'annually')
      .map((type) => ({ type })),
    fc
      .tuple(fc.constantFrom('days', 'weeks', 'months', 'years'), fc.integer({ min: 1, max: 9 }))
      .map(([unit, n]) => ({ type: 'custom' as const, every: { [unit]: n } }))
  );
  const someCycle = fc
    .record({ shape, start: local, timezone: zones, timing: fc.constantFrom('in_arrears' as const, 'in_advance' as const) })
    .map(({ shape: s, ...rest }): Cycle => cycle({ ...s, ...rest }));
  const settings = fc
    .record({
      lead_days: fc.nat(20),
      confirmation_window_days: fc.nat(5),
      enabled: fc.boolean(),
      lock_invoices: fc.boolean(),
      lock_before_period_end: fc.boolean(),
    })
    .map((over) => automation({ ...over, send_window: { days: ['mon', 'thu'], from: '08:00', until: '18:00' } }));
  const changes = fc
    .tuple(fc.uniqueArray(local, { minLength: 1, maxLength: 4 }), fc.array(someCycle, { minLength: 4, maxLength: 4 }), settings)
    .map(([bounds, cycles, own]): Calendar => {
      const uses = [...bounds]
        .sort()
        .map((from, index): [Cycle, Partial<CycleUse>] => [
          { ...cycles[index]!, cycle_id: `c${index}`, start: index === 0 ? '2009-01-01' : cycles[index]!.start },
          index === 0 ? {} : { from },
        ]);
      return calendar(uses, own);
    });
  const window = fc
    .tuple(fc.integer({ min: Date.UTC(2008, 6, 1), max: Date.UTC(2019, 0, 1) }), fc.integer({ min: 1, max: 400 }))
    .map(([from, days]) => [from, from + days * 86_400_000] as const);

  it('periods tile the time line: no gap, no overlap, whatever changes', () => {
    fc.assert(
      fc.property(changes, (c) => {
        const all = periodsOf(c, -Infinity, Date.UTC(2019, 0, 1));
        expect(all[0]!.period_start).toBe(at('2009-01-01', c.uses[0]!.cycle.timezone));
        for (const [index, period] of all.entries()) {
          expect(period.period_end).toBeGreaterThan(period.period_start);
          if (index > 0) expect(period.period_start).toBe(all[index - 1]!.period_end);
        }
        expect(all.at(-1)!.period_end).toBeGreaterThanOrEqual(Date.UTC(2019, 0, 1));
      }),
      { numRuns: 200 }
    );
  });

  it('a window shows what a longer window shows of it', () => {
    fc.assert(
      fc.property(changes, window, fc.nat(500), fc.nat(500), (c, [from, until], before, after) => {
        const longer = periodsOf(c, from - before * 86_400_000, until + after * 86_400_000);
        const shown = longer.filter(
          (p) => p.period_end > from && (p.period_start < until || (p.preview_at !== null && p.preview_at < until))
        );
        expect(periodsOf(c, from, until)).toEqual(shown);
      }),
      { numRuns: 400 }
    );
  });

  it('due instants come in their order', () => {
    fc.assert(
      fc.property(changes, window, (c, [from, until]) => {
        for (const period of periodsOf(c, from, until)) {
          const { preview_at, confirm_due_at, auto_confirm_at, send_due_at, billing_at } = period;
          expect(billing_at).toBe(period.timing === 'in_arrears' ? period.period_end : period.period_start);
          expect(preview_at!).toBeLessThanOrEqual(billing_at);
          expect(confirm_due_at!).toBeGreaterThanOrEqual(preview_at!);
          if (auto_confirm_at !== null) expect(auto_confirm_at).toBeGreaterThanOrEqual(preview_at!);
          expect(send_due_at!).toBeGreaterThanOrEqual(confirm_due_at!);
          if (period.timing === 'in_arrears' && !automationOf(c, period.use_no).lock_before_period_end)
            expect(confirm_due_at!).toBeGreaterThanOrEqual(billing_at);
        }
      }),
      { numRuns: 300 }
    );
  });
});

it('a cycle alone is a calendar', () => {
  expect(rows(periodsOf(calendarOfCycle(cycle({ type: 'annually' }), automation()), at('2026-06-01'), at('2026-06-02')))).toEqual([
    'c 0 2026-01-01..2027-01-01',
  ]);
});

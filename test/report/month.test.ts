/** The months of `duebook calendar`: days off, dates that were moved, and the settings of a customer. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { calendarText } from '../../src/report/month.js';
import { PLAIN } from '../../src/report/style.js';
import type { CalendarResult } from '../../src/run/results.js';
import { cli, folder } from '../cli/support.js';

const CONFIG = `version: 1
issuer: { id: n, name: Northwind, address: { line1: Hafen 12, city: Hamburg, country: DE } }
currency: EUR
timezone: Europe/Berlin
business_calendar: { country: DE, region: HH, holidays: [2026-05-15] }
automation:
  business_days: { billing: following, send: following }
  confirmation_window_days: 0
cycles:
  monthly: { type: monthly, start: 2026-01-01, first_period: merge }
  weekly: { type: weekly, start: 2026-01-05, automation: { confirmation_window_days: 9 } }
customers:
  acme: { name: Acme, cycle: [{ use: weekly }, { use: monthly, from: 2026-04-20 }], automation: { auto_send_delay_hours: 60 } }
`;

async function calendar(...args: string[]): Promise<string> {
  const cwd = folder();
  writeFileSync(join(cwd, 'billing.config.yaml'), CONFIG);
  const { stdout, stderr } = await cli(['calendar', ...args], { cwd });
  expect(stderr).toBe('');
  return stdout;
}

describe('a month of a customer', () => {
  it('tells days off, what was moved and why, and which line says so', async () => {
    expect(await calendar('--customer', 'acme', '--from', '2026-04-06', '--to', '2026-04-08')).toMatchInlineSnapshot(`
      "April 2026
      Mon     Tue     Wed     Thu     Fri     Sat     Sun
                       1       2       3*      4*      5*
       6*      7 PB    8       9      10      11*     12*
      13      14      15      16 C    17      18*     19*
      20 S    21      22      23      24      25*     26*
      27      28      29      30
      * Fri 2026-04-03  Good Friday
      * Mon 2026-04-06  Easter Monday

        Date            Time      Event         Customer       Period
        Tue 2026-04-07  00:00  P  preview       acme (weekly)  2026-03-30 – 2026-04-05
        Tue 2026-04-07  00:00  B  billing       acme (weekly)  2026-03-30 – 2026-04-05  moved from Mon 2026-04-06, Easter Monday
        Thu 2026-04-16  22:00  C  confirmation  acme (weekly)  2026-03-30 – 2026-04-05
        Mon 2026-04-20  00:00  S  sending       acme (weekly)  2026-03-30 – 2026-04-05  moved from Sun 2026-04-19

      P preview   B billing   C confirmation   S sending   * no business day

      Settings of acme on weekly
        Setting                   Value      Level     Written in
        confirmation_window_days  9          cycle     billing.config.yaml:11:86
        auto_send_delay_hours     60         customer  billing.config.yaml:13:122
        business_days.billing     following  project   billing.config.yaml:7:29
        business_days.send        following  project   billing.config.yaml:7:46
        Not written, so the default: enabled true, lead_days 0, confirm_at 22:00,
        lock_before_period_end false, auto_send true, send_window none, document_date billing_date,
        lock_invoices false, separate_preview_per_partner false, late_bookings next_invoice,
        changed_bookings adjust, business_days.due none, deadline_notice_hours 24,
        limits.max_invoice_total none, limits.max_change_percent none, limits.max_lines none

      Settings of acme on monthly
        Setting                   Value      Level     Written in
        confirmation_window_days  0          project   billing.config.yaml:8:29
        auto_send_delay_hours     60         customer  billing.config.yaml:13:122
        business_days.billing     following  project   billing.config.yaml:7:29
        business_days.send        following  project   billing.config.yaml:7:46
        Not written, so the default: enabled true, lead_days 0, confirm_at 22:00,
        lock_before_period_end false, auto_send true, send_window none, document_date billing_date,
        lock_invoices false, separate_preview_per_partner false, late_bookings next_invoice,
        changed_bookings adjust, business_days.due none, deadline_notice_hours 24,
        limits.max_invoice_total none, limits.max_change_percent none, limits.max_lines none
      "
    `);
  });

  it('as JSON', async () => {
    const result = JSON.parse(await calendar('--customer', 'acme', '--from', '2026-04-01', '--to', '2026-06-02', '--json')) as CalendarResult;
    expect(result.periods.map(({ cycle_id, billing_date, stub }) => `${cycle_id} ${billing_date} ${stub}`)).toEqual([
      'weekly 2026-04-07 false', 'weekly 2026-04-13 false', 'weekly 2026-04-20 false', 'monthly 2026-06-01 true',
    ]);
    expect(result.periods[0]!.moved).toEqual([
      { what: 'billing', from: '2026-04-06', to: '2026-04-07', reason: 'Easter Monday' },
      { what: 'sending', from: '2026-04-19', to: '2026-04-20', reason: 'Sunday' },
    ]);
    expect(result.days_off).toContainEqual({ date: '2026-04-03', reason: 'Good Friday' });
    expect(result.settings.filter(({ setting }) => setting === 'confirmation_window_days')).toEqual([
      { use_no: 0, cycle_id: 'weekly', setting: 'confirmation_window_days', value: '9', level: 'cycle', at: { file: 'billing.config.yaml', line: 11, column: 86 } },
      { use_no: 1, cycle_id: 'monthly', setting: 'confirmation_window_days', value: '0', level: 'project', at: { file: 'billing.config.yaml', line: 8, column: 29 } },
    ]);
    // The text is made of the same result.
    expect(calendarText(result, PLAIN).join('\n')).toContain('moved from Mon 2026-04-06, Easter Monday');
  });
});

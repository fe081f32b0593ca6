/** The business calendar: which days count, what is said of countries nobody knows, and which line a setting comes from. */
import { describe, expect, test } from 'vitest';

import { BASE, load, problems } from './projects.js';

async function calendarOf(written: string) {
  const { config } = await load(`${BASE}business_calendar: ${written}\n`);
  return config.business_calendar!;
}

describe('business days', () => {
  test('none without a calendar', async () => {
    expect((await load(BASE)).config.business_calendar).toBeNull();
  });

  test('weekends alone', async () => {
    const days = await calendarOf('{}');
    expect(['2026-05-01', '2026-05-02', '2026-05-03', '2026-05-04'].map(days.whyClosed)).toEqual([null, 'Saturday', 'Sunday', null]);
    expect(days.weekend).toEqual(['sun', 'sat']);
  });

  test('public holidays of a country and a region, added days, worked days', async () => {
    const days = await calendarOf('{ country: DE, region: HH, holidays: [2026-12-24], working_days: [2026-05-16, 2026-10-31] }');
    const asked = ['2026-05-01', '2026-12-24', '2026-05-16', '2026-05-23', '2026-10-31', '2026-04-06', '2026-06-04'];
    expect(asked.map(days.whyClosed)).toEqual(['Labour Day', 'listed as a holiday', null, 'Saturday', null, 'Easter Monday', null]);
    expect(days.isBusinessDay('2026-05-16')).toBe(true);
    // Corpus Christi is a holiday in Bavaria, not in Hamburg; the Day of Reformation is one in Hamburg alone.
    const bavaria = await calendarOf('{ country: DE, region: BY }');
    expect(['2026-06-04', '2026-10-30'].map(bavaria.isBusinessDay)).toEqual([false, true]);
  });

  test('substitute days, several days in a row, holidays that begin at sunset or at noon', async () => {
    const england = await calendarOf('{ country: GB, region: ENG }');
    expect(england.whyClosed('2026-12-28')).toBe('Boxing Day (substitute day)');
    const emirates = await calendarOf('{ country: AE, weekend: [sat, sun] }');
    expect(['2026-03-19', '2026-03-20', '2026-03-23', '2026-05-27', '2026-05-28', '2026-05-29'].map(emirates.isBusinessDay))
      .toEqual([true, false, true, false, false, false]);
    const china = await calendarOf('{ country: CN }');
    expect(['2026-05-04', '2026-05-01'].map(china.isBusinessDay)).toEqual([true, false]);
  });

  test('whole weeks of a country with another weekend', async () => {
    const days = await calendarOf('{ weekend: [fri, sat] }');
    expect(['2026-05-01', '2026-05-02', '2026-05-03'].map(days.isBusinessDay)).toEqual([false, false, true]);
  });
});

describe('what is said of', () => {
  const tells = async (written: string): Promise<string[]> => problems(`${BASE}business_calendar: { ${written} }\n`);

  test.each([
    ['country: Germany', '5:31 CONFIG_VALUE the public holidays of the country "Germany" are not known -> did you mean DE (Germany)?'],
    ['country: Germny', '5:31 CONFIG_VALUE the public holidays of the country "Germny" are not known -> did you mean DE (Germany)?'],
    ['country: de', '5:31 CONFIG_VALUE the public holidays of the country "de" are not known -> did you mean DE (Germany)?'],
    ['country: UK', '5:31 CONFIG_VALUE the public holidays of the country "UK" are not known -> did you mean GB (United Kingdom)?'],
    ['country: QQ', '5:31 CONFIG_VALUE the public holidays of the country "QQ" are not known -> write the two letters of ISO 3166-1, like DE; or leave "country" out and list "holidays"'],
    ['country: DE, region: DE-HH', '5:43 CONFIG_VALUE the region "DE-HH" of Germany is not known -> did you mean HH (Hansestadt Hamburg)?'],
    ['country: DE, region: Hamburg', '5:43 CONFIG_VALUE the region "Hamburg" of Germany is not known -> did you mean HH (Hansestadt Hamburg)?'],
    ['country: DE, region: hh', '5:43 CONFIG_VALUE the region "hh" of Germany is not known -> did you mean HH (Hansestadt Hamburg)?'],
    ['country: JP, region: NH', '5:43 CONFIG_VALUE the region "NH" of Japan is not known -> Japan has no regions with holidays of their own: remove the key'],
    ['country: GB, region: QQ', '5:43 CONFIG_VALUE the region "QQ" of United Kingdom is not known -> known: ALD, ENG, NIR, SCT, WLS; without "region" the holidays of the whole country count'],
    ['region: HH', '5:30 CONFIG_MISSING_KEY business_calendar: a region needs the key "country" -> add country: DE'],
    ['weekend: [mon, tue, wed, thu, fri, sat, sun]', '5:31 CONFIG_VALUE the weekend has all seven days: no day is a business day -> leave a day out'],
    ['weekends: [sat]', '5:22 CONFIG_UNKNOWN_KEY the key "weekends" is not known in business_calendar -> did you mean "weekend"?'],
    ['holidays: [2026-13-01]', '5:33 CONFIG_VALUE business_calendar.holidays[0] is 2026-13-01 -> it must be a date that exists, like 2026-05-01'],
  ])('%s', async (written, expected) => {
    expect(await tells(written)).toEqual([`main:${expected}`]);
  });
});

test('which line of which file a setting comes from', async () => {
  const { config } = await load({
    'billing.config.yaml': `${BASE}include: [more.yaml]
automation: { lead_days: 1, confirm_at: "20:00", limits: { max_lines: 5 }, business_days: { due: following } }
business_calendar: {}
cycles:
  a: { type: monthly, start: 2026-01-01, automation: { lead_days: 2, confirmation_window_days: last_day_of_month } }
  b: { type: monthly, start: 2026-01-01 }
`,
    'more.yaml': `partners: { p: { name: P, automation: { send_window: { days: [tue, mon], hours: "08:00-18:00" } } } }
customers:
  one:
    name: One
    partner: p
    cycle: [{ use: a }, { use: b, from: 2026-05-01 }]
    automation:
      limits: { max_lines: null }
      deadline_notice_hours: null
`,
  });
  const told = (use_no: number): Record<string, string> => Object.fromEntries(config.settings_of('one', use_no).map(({ setting, value, level, at }) => (
    [setting, `${value} ${level}${at === null ? '' : ` ${at.file}:${at.line}:${at.column}`}`])));
  expect(told(0)).toMatchObject({
    lead_days: '2 cycle billing.config.yaml:9:67',
    confirmation_window_days: 'last_day_of_month cycle billing.config.yaml:9:96',
    confirm_at: '20:00 project billing.config.yaml:6:41',
    send_window: 'mon tue 08:00-18:00 partner more.yaml:1:54',
    'limits.max_lines': 'none customer more.yaml:8:28',
    'business_days.due': 'following project billing.config.yaml:6:98',
    'business_days.send': 'none default',
    deadline_notice_hours: 'none customer more.yaml:9:30',
    auto_send: 'true default',
  });
  expect(told(1)).toMatchObject({ lead_days: '1 project billing.config.yaml:6:26', confirmation_window_days: '3 default' });
  expect(() => config.settings_of('one', 2)).toThrow('no use 2');
  expect(() => config.settings_of('two', 0)).toThrow('no use 0');
});

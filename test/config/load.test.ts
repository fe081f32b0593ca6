import { describe, expect, test } from 'vitest';

import { loadConfig } from '../../src/config/load.js';
import { canonicalJson } from '../../src/values/digest.js';
import { projectFiles } from '../../src/world/config-files.js';
import { expectFile, inTests } from './expectation.js';
import { BASE, FULL, load, problems } from './projects.js';

const ENV = { SMTP_URL: 'smtp://billing:canary@mail.example:587' };

describe('a whole project', () => {
  test('is resolved: defaults, levels, order', async () => {
    const { config, warnings } = await loadConfig(projectFiles(inTests('config/example')), 'billing.config.yaml', ENV);
    expect(warnings).toEqual([]);
    const { root: _root, place: _place, ...rest } = config;
    expectFile('config/example.resolved.json', `${JSON.stringify(rest, null, 2)}\n`);
  });

  test('knows where everything stands, over files', async () => {
    const { config } = await loadConfig(projectFiles(inTests('config/example')), 'billing.config.yaml', ENV);
    const place = (...path: (string | number)[]): string => {
      const { file, line, column } = config.place(path);
      return `${file}:${line}:${column}`;
    };
    expect(place('customers', 'acme', 'cycle')).toBe('config/customers/acme.yaml:6:12');
    expect(place('customers', '00042')).toBe('config/customers/others.yaml:12:3');
    expect(place('customers', 'bolt', 'cycle', 1, 'from')).toBe('config/customers/others.yaml:5:57');
    expect(place('bookings', 1, 'columns', 'amount')).toBe('billing.config.yaml:41:91');
    expect(place('cycles', 'prepaid', 'automation', 'lead_days')).toBe('billing.config.yaml:56:108');
    // Not written: the nearest parent.
    expect(place('customers', 'acme', 'tax')).toBe('config/customers/acme.yaml:2:3');
    expect(place('taxes', 'none', 'rate')).toBe('billing.config.yaml:43:1');
  });
});

describe('includes', () => {
  const split = {
    'billing.config.yaml': `${FULL}include: [parts/*.yaml, "more/{b,a}.yaml"]
bookings: [{ name: one, path: 1.csv, columns: { booking_id: a, customer_id: b, ends_at: c } }]
`,
    'parts/customers.yaml': 'customers: { acme: { name: A, cycle: monthly } }\n',
    'more/a.yaml': 'version: 1\ncustomers: { bolt: { name: B, cycle: weekly } }\n',
    'more/b.yaml': '# nothing yet\n',
    'parts/bookings.yaml': 'bookings: [{ name: two, path: 2.csv, columns: { booking_id: a, customer_id: b, ends_at: c } }]\n',
  };
  const whole = `${FULL}customers: { bolt: { name: B, cycle: weekly }, acme: { cycle: monthly, name: A } }
bookings:
  - { name: one, path: 1.csv, columns: { booking_id: a, customer_id: b, ends_at: c } }
  - { name: two, path: 2.csv, columns: { booking_id: a, customer_id: b, ends_at: c } }
`;

  test('are merged by key; how a config is spread over files does not change its digest', async () => {
    const [{ config: a }, { config: b }] = [await load(split), await load(whole)];
    expect(a.customers.map((customer) => customer.customer_id)).toEqual(['acme', 'bolt']);
    expect(a.bookings.map((source) => source.name)).toEqual(['one', 'two']);
    expect(a.digest).toBe(b.digest);
    expect(canonicalJson({ ...a, root: '', place: undefined })).toBe(canonicalJson({ ...b, root: '', place: undefined }));
  });

  test('show both places of a key that is defined twice', async () => {
    expect(await problems({ ...split, 'more/b.yaml': 'currency: USD\ncustomers: { acme: { name: C, cycle: monthly } }\n' })).toEqual([
      'more/b.yaml:1:1 CONFIG_DUPLICATE_KEY currency is defined twice -> keep one of them (also main:3:1)',
      'more/b.yaml:2:14 CONFIG_DUPLICATE_KEY customers.acme is defined twice -> keep one of them (also parts/customers.yaml:1:14)',
    ]);
  });

  test('are all looked at, even if one cannot be read', async () => {
    expect(await problems({ ...split, 'more/b.yaml': 'a: [\n', 'parts/customers.yaml': 'a: "\n' })).toHaveLength(2);
  });
});

describe('the environment', () => {
  const config = (url: string): string => `${BASE}mail: { transport: smtp, url: "${url}", from: "N <n@n.example>" }\n`;

  test('is put into texts, wholly or in part', async () => {
    expect((await load(config('${URL}'), { URL: 'smtp://h' })).config.mail?.url).toBe('smtp://h');
    expect((await load(config('smtp://u:${PASS}@h:${PORT}'), { PASS: 'p$', PORT: '25' })).config.mail?.url).toBe('smtp://u:p$@h:25');
    expect((await load(`${BASE}ledger: "a$\${b}"\n`)).config.ledger).toBe('a${b}');
  });

  test('does not change the digest and is never shown', async () => {
    const [a, b] = [await load(config('${URL}'), { URL: 'smtp://a' }), await load(config('${URL}'), { URL: 'smtp://b' })];
    expect(a.config.digest).toBe(b.config.digest);
    const shown = (await problems(config('${URL}'), { URL: 'canary' })).join('\n');
    expect(shown).toBe('main:5:31 CONFIG_VALUE mail.url is "${URL}" -> it must be a URL smtp://… or smtps://…');
  });

  test('does not reach through prototypes', async () => {
    expect(await problems(config('${constructor}'))).toEqual([expect.stringContaining('CONFIG_ENV')]);
  });
});

test('automation: project, partner, cycle, customer; each use of a cycle has its own', async () => {
  const { config } = await load(`${BASE}automation: { lead_days: 1, confirm_at: "20:00", limits: { max_lines: 1, max_change_percent: 1 } }
partners: { p: { name: P, automation: { lead_days: 2, auto_send: false, limits: { max_change_percent: 2 } } } }
cycles:
  a: { type: monthly, start: 2026-01-01, automation: { lead_days: 3 } }
  b: { type: monthly, start: 2026-01-01, automation: { lead_days: 4, send_window: { days: [sun, mon] } } }
customers:
  1: { name: "1", cycle: a }
  2: { name: "2", cycle: a, partner: p }
  3: { name: "3", cycle: [{ use: a }, { use: b, from: 2026-05-01 }], partner: p, automation: { limits: { max_lines: null } } }
`);
  const pick = config.customers.map(({ automation: { lead_days, auto_send, confirm_at, send_window, limits } }) => (
    [lead_days, auto_send, confirm_at, send_window, limits.max_lines, limits.max_change_percent]));
  expect(pick).toEqual([
    [3, true, '20:00', null, 1, 1],
    [3, false, '20:00', null, 1, 2],
    [4, false, '20:00', { days: ['mon', 'sun'], from: '00:00', until: '24:00' }, null, 2],
  ]);
  const [one, two, three] = config.customers;
  expect(three!.cycle.map(({ automation }) => automation.lead_days)).toEqual([3, 4]);
  expect(three!.cycle[1]!.automation).toBe(three!.automation);
  expect(one!.cycle[0]!.automation).not.toBe(two!.cycle[0]!.automation);
});

test('a byte order mark and Windows line ends are read', async () => {
  const { config } = await load(`\uFEFF${FULL.replaceAll('\n', '\r\n')}`);
  expect(config.digest).toBe((await load(FULL)).config.digest);
});

test('a status column without words speaks ours', async () => {
  const columns = '{ booking_id: a, customer_id: b, ends_at: c, status: s }';
  const { config } = await load(`${BASE}bookings: [{ name: a, path: a.csv, columns: ${columns} }]`);
  expect(config.bookings[0]!.status).toEqual({ billable: 'billable', scheduled: 'scheduled', cancelled: 'cancelled', ignored: 'ignored' });
});

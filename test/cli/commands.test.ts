/** The small commands on a real project: init, validate, calendar, query, export, verify, doctor, show. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { feed, splitStatements } from '../../src/cli/query.js';
import { REPOSITORY } from '../support/project.js';
import { cli, folder, starter } from './support.js';

/** The starter project after its first run; copied for whoever changes it. */
let billed: string;
beforeAll(async () => {
  billed = await starter();
  const ran = await cli(['run', '--as-of', '2026-05-05'], { cwd: billed });
  expect(ran.code, ran.stderr).toBe(0);
});

function change(dir: string, file: string, from: string | RegExp, to: string): void {
  const path = join(dir, file);
  writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
}

describe('init', () => {
  test('overwrites nothing unless it is told to, and says all that is in the way', async () => {
    const dir = await starter();
    writeFileSync(join(dir, 'README.md'), 'mine');
    const ran = await cli(['init', '.'], { cwd: dir });
    expect(ran.code).toBe(64);
    expect(ran.stderr).toContain('README.md is already there');
    expect(ran.stderr).toContain('8 errors');
    expect(readFileSync(join(dir, 'README.md'), 'utf8')).toBe('mine');
    expect((await cli(['init', '.', '--force'], { cwd: dir })).code).toBe(0);
    expect(readFileSync(join(dir, 'README.md'), 'utf8')).not.toBe('mine');
  });

  test('the workflow is the example, with the version of today', async () => {
    const written = readFileSync(join(await starter(), '.github/workflows/billing.yml'), 'utf8').split('\n');
    const example = readFileSync(join(REPOSITORY, '.github/workflows/billing.example.yml'), 'utf8').split('\n');
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
    expect(written.filter((line, i) => line !== example[i])).toEqual([`  DUEBOOK_VERSION: ${version}`]);
  });

  test('a folder that cannot be made is said plainly', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'file'), '');
    const ran = await cli(['init', 'file/project'], { cwd: dir });
    expect([ran.code, ran.stderr]).toEqual([64, expect.stringContaining('ENOTDIR')]);
  });

  test('the project is found from a folder inside it', async () => {
    const dir = await starter();
    expect((await cli(['validate'], { cwd: join(dir, 'config', 'customers') })).code).toBe(0);
  });
});

describe('validate', () => {
  test('collects what is wrong in templates of every brand', async () => {
    const dir = await starter();
    mkdirSync(join(dir, 'templates', 'south'), { recursive: true });
    writeFileSync(join(dir, 'templates', 'south', 'invoice.html.hbs'), '<p>{{nonsense}}</p>');
    writeFileSync(join(dir, 'templates', 'mail.text.hbs'), '{{#if}}');
    writeFileSync(join(dir, 'billing.config.yaml'), `${readFileSync(join(dir, 'billing.config.yaml'), 'utf8')}templates: templates\npartners:\n  south: { name: South, templates: templates/south }\n`);
    const ran = await cli(['validate'], { cwd: dir });
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('templates/south/invoice.html.hbs');
    expect(ran.stderr).toContain('templates/mail.text.hbs');
    expect(ran.stderr.match(/error CONFIG_TEMPLATE/g)!.length).toBe(2);
  });
});

describe('calendar', () => {
  const rows = async (...argv: string[]): Promise<{ cycle_id: string; billing_date: string; period_start: string; send_due_at: string }[]> => {
    const ran = await cli(['calendar', ...argv, '--json'], { cwd: billed });
    expect(ran.code, ran.stderr).toBe(0);
    return (JSON.parse(ran.stdout) as { periods: never[] }).periods;
  };

  test('has every billing date of the range once, the last day excluded', async () => {
    expect((await rows('--cycle', 'monthly', '--from', '2026-02-01', '--to', '2026-05-01')).map(({ billing_date }) => billing_date))
      .toEqual(['2026-02-01', '2026-03-01', '2026-04-01']);
    expect((await rows('--cycle', 'fortnightly', '--from', '2026-04-20', '--to', '2026-04-21'))).toHaveLength(1);
    expect((await rows('--from', '2026-05-01', '--to', '2026-06-01')).map(({ cycle_id }) => cycle_id)).toEqual(['monthly', 'fortnightly', 'fortnightly']);
  });

  test('has the automation of the cycle', async () => {
    const dir = folder(billed);
    change(dir, 'billing.config.yaml', 'start: 2026-04-06, timing: in_arrears }', 'start: 2026-04-06, timing: in_advance, automation: { lead_days: 5, confirmation_window_days: 0 } }');
    const ran = await cli(['calendar', '--cycle', 'fortnightly', '--from', '2026-04-20', '--to', '2026-04-21'], { cwd: dir });
    expect(ran.stdout).toContain('2026-04-15  00:00  C  confirmation  fortnightly');
  });

  test('refuses what cannot be', async () => {
    for (const argv of [['--from', 'x', '--to', '2026-01-01'], ['--from', '2026-02-01', '--to', '2026-01-01'], ['--from', '2026-01-01', '--to', '2026-02-01', '--cycle', 'montly']]) {
      expect((await cli(['calendar', ...argv], { cwd: billed })).code).toBe(64);
    }
  });
});

describe('query', () => {
  test('as table, CSV, JSON, from stdin, to a file', async () => {
    const sql = 'SELECT number, total FROM invoices ORDER BY number LIMIT 2';
    const ask = (...argv: string[]): Promise<string> => cli(['query', ...argv], { cwd: billed }).then(({ stdout, stderr, code }) => (code === 0 ? stdout : stderr));
    expect(await ask(sql)).toContain('INV-2026-000001');
    expect(await ask(sql, '--format', 'csv')).toMatch(/^number,total\nINV-2026-000001,\d+\.\d+\n/);
    expect(JSON.parse(await ask(sql, '--format', 'json'))).toHaveLength(2);
    expect((await cli(['query'], { cwd: billed, stdin: `${sql};` })).stdout).toContain('INV-2026-000002');
    await ask(sql, '--out', 'answer.csv');
    expect(readFileSync(join(billed, 'answer.csv'), 'utf8')).toMatch(/^number,total\n/);
    await ask(`${sql};`, '--out', 'answer.parquet');
    expect(readFileSync(join(billed, 'answer.parquet')).subarray(0, 4).toString()).toBe('PAR1');
    expect(await ask(sql, '--format', 'parquet')).toContain('--out answer.parquet');
  });

  test('makes the history again where it is missing', async () => {
    const dir = folder(billed);
    rmSync(join(dir, 'history.duckdb'));
    expect((await cli(['query', 'SELECT count(*) FROM invoices'], { cwd: dir })).code).toBe(0);
    expect(existsSync(join(dir, 'history.duckdb'))).toBe(true);
  });

  test('changes nothing and sees nothing else', async () => {
    for (const sql of ['DELETE FROM runs', "COPY (SELECT 1) TO 'x.csv'", "SELECT * FROM read_csv('billing.config.yaml')", "ATTACH 'other.db'"]) {
      expect((await cli(['query', sql], { cwd: billed })).code, sql).toBe(64);
    }
  });

  test('statements end with a semicolon outside of quotes and comments', () => {
    expect(splitStatements("SELECT ';' -- ;\n;SELECT \"a;b\" /* ; */; SELECT 3")).toEqual({ statements: ["SELECT ';' -- ;", 'SELECT "a;b" /* ; */'], rest: ' SELECT 3' });
    expect(splitStatements("SELECT 'open;\n")).toEqual({ statements: [], rest: "SELECT 'open;\n" });
    expect(splitStatements("SELECT 'it''s;';")).toEqual({ statements: ["SELECT 'it''s;'"], rest: '' });
    expect(splitStatements(';;')).toEqual({ statements: [], rest: '' });
  });

  test('the shell keeps what is not complete', async () => {
    const asked: string[] = [];
    const rest = await feed('SELECT 1; SELECT\n', async (sql) => void asked.push(sql));
    expect([asked, rest]).toEqual([['SELECT 1'], ' SELECT\n']);
    expect(await feed(`${rest}2;\n`, async (sql) => void asked.push(sql))).toBe('');
    expect(asked[1]).toBe('SELECT\n2');
  });
});

describe('export', () => {
  test.each(['csv', 'parquet'])('%s: every view, the same bytes each time', async (format) => {
    const dir = folder(billed);
    for (const to of ['one', 'two']) {
      if (to === 'two') rmSync(join(dir, 'history.duckdb'));
      expect((await cli(['export', '--to', to, '--format', format], { cwd: dir })).code).toBe(0);
    }
    const files = readdirSync(join(dir, 'one')).sort();
    expect(files).toEqual(['billed_bookings', 'events', 'invoice_lines', 'invoice_taxes', 'invoices', 'messages', 'runs'].map((view) => `${view}.${format}`));
    for (const file of files) expect(readFileSync(join(dir, 'two', file)).equals(readFileSync(join(dir, 'one', file))), file).toBe(true);
  });

  test('no cell of CSV is a formula, and numbers are numbers', async () => {
    const dir = await starter();
    change(dir, 'config/customers/acme.yaml', 'name: Acme Property Management', 'name: "=HYPERLINK(1)"');
    change(dir, 'data/bookings/2026-04.csv', 'Flat 12,2026-04-17T09:00,2026-04-17T10:00,1,cancelled', '+41 help,2026-04-17T09:00,2026-04-17T10:00,-1,completed');
    await cli(['run', '--as-of', '2026-05-05'], { cwd: dir });
    await cli(['export', '--to', 'x', '--format', 'csv'], { cwd: dir });
    expect(readFileSync(join(dir, 'x', 'invoices.csv'), 'utf8')).toContain(",'=HYPERLINK(1),");
    const lines = readFileSync(join(dir, 'x', 'invoice_lines.csv'), 'utf8');
    expect(lines).toMatch(/,'\+41 help,-1\.000000,95\.000000,-95\.000,/);
  });
});

describe('verify', () => {
  test('ends with 7 when a segment was changed, and when the head was', async () => {
    expect((await cli(['verify'], { cwd: billed })).code).toBe(0);
    const dir = folder(billed);
    const segments = join(dir, 'data', 'ledger', 'segments');
    const file = readdirSync(segments).sort().map((each) => join(segments, each, 'invoices.parquet')).find((each) => existsSync(each))!;
    const bytes = readFileSync(file);
    bytes[100]! ^= 1;
    writeFileSync(file, bytes);
    const ran = await cli(['verify'], { cwd: dir });
    expect([ran.code, ran.stdout]).toEqual([7, expect.stringContaining('NOT whole')]);
    cpSync(join(billed, 'data'), join(dir, 'data'), { recursive: true });
    writeFileSync(join(dir, 'data', 'ledger', 'HEAD.json'), '{}');
    expect((await cli(['verify', '--json'], { cwd: dir })).code).toBe(7);
  });
});

describe('an anchor', () => {
  test('is told by every run, stands in the summary of its batch, and is proved by verify; a wrong one is refused', async () => {
    const dir = folder(billed);
    const status = await cli(['status'], { cwd: dir });
    const [, anchor] = /^Anchor (\d+:[0-9a-f]{64})$/m.exec(status.stdout)!;
    const { head } = JSON.parse((await cli(['status', '--json'], { cwd: dir })).stdout) as { head: { serial: number; sha256: string } };
    expect(anchor).toBe(`${head.serial}:${head.sha256}`);
    const summary = readFileSync(join(dir, 'out', 'invoices', '2026-05-01', 'summary.md'), 'utf8');
    const [, older] = /anchor `(\d+:[0-9a-f]{64})`/.exec(summary)!;
    const good = await cli(['verify', '--head', anchor!, '--head', older!], { cwd: dir });
    expect([good.code, good.stdout]).toEqual([0, expect.stringContaining(`Anchor ${anchor}`)]);
    expect(good.stdout).toMatch(/ok {4}anchors +the ledger continues what was written down/);
    const bad = await cli(['verify', '--head', `1:${'a'.repeat(64)}`, '--head', `99:${head.sha256}`], { cwd: dir });
    expect([bad.code, bad.stdout]).toEqual([7, expect.stringContaining('NOT whole')]);
    expect(bad.stderr).toContain('LEDGER_DAMAGED: The ledger does not continue the anchor of serial 1: data/ledger/commits/00000001.json has the hash');
    expect(bad.stderr).toContain('is not there: the ledger ends at serial');
    expect((await cli(['verify', '--head', '12'], { cwd: dir })).code).toBe(64);
  });
});

describe('ledger compact', () => {
  test('packs the segments; everything goes on as before', async () => {
    const dir = folder(billed);
    const before = JSON.parse((await cli(['status', '--json'], { cwd: dir })).stdout) as { head: object };
    const ran = await cli(['ledger', 'compact', '--json'], { cwd: dir });
    expect(ran.code, ran.stderr).toBe(0);
    const told = JSON.parse(ran.stdout) as { head: object; packs: { pack: string; segments: number }[]; removed: number };
    expect(told.head).toEqual(before.head);
    expect(told.packs.length).toBeGreaterThan(0);
    expect(told.removed).toBe(told.packs.reduce((sum, { segments }) => sum + segments, 0));
    expect(readdirSync(join(dir, 'data', 'ledger', 'packs')).sort()).toEqual(told.packs.map(({ pack }) => pack.replace('packs/', '')).sort());
    expect((await cli(['verify'], { cwd: dir })).code).toBe(0);
    expect((await cli(['history', 'rebuild'], { cwd: dir })).code).toBe(0);
    const later = await cli(['run', '--as-of', '2026-06-05'], { cwd: dir });
    expect(later.code, later.stderr).toBe(0);
    expect((await cli(['verify'], { cwd: dir })).code).toBe(0);
    expect((await cli(['ledger', 'compact'], { cwd: dir })).stdout).toMatch(/segments removed|Nothing was packed/);
  });
});

describe('history rebuild', () => {
  test('makes the file anew, whatever was there, and says what it wrote', async () => {
    const dir = folder(billed);
    writeFileSync(join(dir, 'history.duckdb'), 'nonsense');
    expect((await cli(['verify'], { cwd: dir })).code).toBe(7);
    const ran = await cli(['history', 'rebuild', '--json'], { cwd: dir });
    expect(ran.code, ran.stderr).toBe(0);
    const told = JSON.parse(ran.stdout) as { head: { serial: number }; tables: { table: string; rows: number }[] };
    const { stdout } = await cli(['query', 'SELECT count(*)::INT AS n FROM invoice_lines', '--format', 'json'], { cwd: dir });
    expect(told.tables.find(({ table }) => table === 'invoice_lines')!.rows).toBe((JSON.parse(stdout) as { n: number }[])[0]!.n);
    expect((await cli(['verify'], { cwd: dir })).code).toBe(0);
    expect((await cli(['history', 'rebuild'], { cwd: dir })).stdout).toContain('history.duckdb is made anew from the ledger: serial');
    expect((await cli(['history', 'burn'], { cwd: dir })).code).toBe(64);
  });

  test('refuses to make it from segments that are not what was committed', async () => {
    const dir = folder(billed);
    const segments = join(dir, 'data', 'ledger', 'segments');
    const file = readdirSync(segments).sort().map((each) => join(segments, each, 'invoices.parquet')).find((each) => existsSync(each))!;
    rmSync(file);
    for (const words of [['history', 'rebuild'], ['run', '--as-of', '2026-05-06'], ['preview', '--as-of', '2026-05-06']]) {
      const ran = await cli(words, { cwd: dir });
      expect([ran.code, ran.stderr], words.join(' ')).toEqual([7, expect.stringMatching(/LEDGER_DAMAGED: The segment .*invoices\.parquet of commit \d+ is missing/)]);
    }
  });
});

describe('doctor', () => {
  test('is content with the starter project and leaves no trace', async () => {
    const dir = await starter();
    const before = readdirSync(dir).sort();
    const ran = await cli(['doctor'], { cwd: dir });
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('All is well.')]);
    expect(readdirSync(dir).sort().filter((name) => name !== 'out')).toEqual(before);
    expect(existsSync(join(dir, 'out'))).toBe(false);
  });

  test('says what is wrong with the configuration and looks at the rest', async () => {
    const ran = await cli(['doctor'], { cwd: folder() });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toContain('FAIL  configuration  CONFIG_NOT_FOUND');
    expect(ran.stdout).toContain('ok    duckdb');
  });
});

describe('show', () => {
  test('text and JSON by number', async () => {
    const text = await cli(['show', 'INV-2026-000001'], { cwd: billed });
    expect(text.stdout).toContain('Invoice INV-2026-000001 · processed');
    const json = JSON.parse((await cli(['show', 'INV-2026-000001', '--json'], { cwd: billed })).stdout) as { number: string };
    expect(json.number).toBe('INV-2026-000001');
  });

  test('documents', async () => {
    expect((await cli(['show', 'INV-2026-000001', '--html'], { cwd: billed })).stdout).toMatch(/^<!doctype html/i);
    expect((await cli(['show', 'INV-2026-000001', '--pdf', '--html'], { cwd: billed })).code).toBe(64);
    expect((await cli(['show', 'INV-2026-000001', '--pdf'], { cwd: billed, terminal: 80 })).stderr).toContain('--out invoice.pdf');
  });
});

describe('exit codes of run', () => {
  test('--detailed-exitcode is 2 while something is open or was done', async () => {
    const dir = await starter();
    expect((await cli(['preview', '--as-of', '2026-05-01', '--detailed-exitcode'], { cwd: dir })).code).toBe(2);
    expect((await cli(['preview', '--as-of', '2026-01-05', '--detailed-exitcode'], { cwd: dir })).code).toBe(0);
    expect((await cli(['run', '--as-of', '2026-05-05', '--detailed-exitcode'], { cwd: dir })).code).toBe(2);
  });
});

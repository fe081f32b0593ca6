/**
 * Ledgers that were made once and are kept: a later version opens, proves, projects and continues them. One folder a format, a whole
 * project; `MAKE_FIXTURE=format-2 npx vitest run test/ledger/formats.test.ts` makes one that is not there yet. They are never made again.
 */
import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { publishHistory } from '../../src/ledger/history.js';
import { openLedger } from '../../src/ledger/ledger.js';
import { queryHistory } from '../../src/ledger/query.js';
import { LEDGER_TABLES } from '../../src/ledger/tables.js';
import type { LedgerTable } from '../../src/ledger/tables.js';
import { openLocalStore } from '../../src/world/local-store.js';
import { BASE, csv, lay, Project, refusal, REPOSITORY } from '../support/project.js';
import type { Booking } from '../support/project.js';
import { TOOL, tempFolder } from './support.js';

const FIXTURES = join(REPOSITORY, 'test/ledger/fixtures');
const FORMATS = ['format-1'];
const VIEWS = ['invoices', 'invoice_lines', 'invoice_taxes', 'billed_bookings', 'events', 'messages', 'runs'];
const FIRST: readonly Booking[] = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02', quantity: '2' },
  { id: 'b', customer: 'acme', product: 'food', start: '2026-04-03', quantity: '7', description: 'Brötchen, "frisch"' },
  { id: 'c', customer: 'bolt', start: '2026-04-04', amount: '-30.00', description: 'Taken back' },
  { id: 'd', customer: 'bolt', product: 'visit', start: '2026-05-04' },
];
const LATER: readonly Booking[] = [{ id: 'e', customer: 'acme', product: 'visit', start: '2026-06-04', quantity: '3' }];
const SPEC = { customers: { bolt: { name: 'Bolt', email: 'pay@bolt.example', cycle: 'monthly' } } };

/** What analysts see of a ledger, made anew. */
async function told(root: string): Promise<Record<string, unknown>> {
  const path = join(await tempFolder(), 'history.duckdb');
  await publishHistory(await openLedger(openLocalStore(join(root, 'data/ledger'), 'data/ledger'), TOOL), path);
  const answer: Record<string, unknown> = {};
  for (const view of VIEWS) {
    const { columns, rows } = await queryHistory(path, `SELECT * FROM ${view} ORDER BY ALL`);
    answer[view] = rows.map((row) => Object.fromEntries(row.map((value, i) => [columns[i]!.name, value])));
  }
  return answer;
}

async function make(format: string): Promise<void> {
  const root = join(FIXTURES, format);
  await mkdir(FIXTURES, { recursive: true });
  await mkdir(root);
  const company = new Project(root);
  await company.write('billing.config.yaml', `${JSON.stringify(lay(BASE, SPEC), null, 1)}\n`);
  await company.write('data/bookings/000.csv', csv(FIRST));
  for (const time of ['2026-05-02', '2026-05-05', '2026-05-06T12:00', '2026-06-08']) await company.run(time);
  await writeFile(join(root, 'history.json'), `${JSON.stringify(await told(root), null, 1)}\n`);
  await writeFile(join(root, 'columns.json'),
    `${JSON.stringify(Object.fromEntries(Object.entries(LEDGER_TABLES).map(([table, columns]) => [table, Object.keys(columns)])), null, 1)}\n`);
  for (const made of ['out', 'history.duckdb', 'data/ledger/.tmp', 'data/ledger/LOCK']) await rm(join(root, made), { recursive: true, force: true });
}

async function copied(format: string): Promise<Project> {
  const root = await tempFolder();
  await cp(join(FIXTURES, format), root, { recursive: true });
  return new Project(root);
}

const WANTED = process.env['MAKE_FIXTURE'] ?? '';
it.runIf(WANTED !== '')('a fixture is made', () => make(WANTED));

describe.each(FORMATS)('a ledger of %s', (format) => {
  it('proves, and gives the history that it gave; columns that were added since are beside those', async () => {
    const company = await copied(format);
    const kept = JSON.parse(await readFile(join(company.root, 'history.json'), 'utf8')) as Record<string, Record<string, unknown>[]>;
    const now = await told(company.root) as typeof kept;
    for (const view of VIEWS) expect(now[view], view).toEqual(kept[view]!.map((row) => expect.objectContaining(row) as unknown));
  });

  it('goes on: a later run adds to it, and all of it proves', async () => {
    const company = await copied(format);
    const before = await company.files('data/ledger/commits');
    await company.bookInto('001', LATER);
    await company.run('2026-07-06');
    const after = await company.files('data/ledger/commits');
    expect(Object.keys(after).length).toBeGreaterThan(Object.keys(before).length);
    for (const [file, hash] of Object.entries(before)) expect(after[file]).toBe(hash);
    expect(await company.told("SELECT count(*) FROM ledger.invoices WHERE period_start >= TIMESTAMP '2026-06-01'")).toEqual(['1']);
    expect(await company.flaws()).toEqual([]);
  });

  it('has columns that still are the first ones of their tables', async () => {
    const company = await copied(format);
    const { head } = await openLedger(openLocalStore(join(company.root, 'data/ledger'), 'data/ledger'), TOOL);
    const kept = JSON.parse(await readFile(join(FIXTURES, format, 'columns.json'), 'utf8')) as Record<LedgerTable, string[]>;
    for (const { table, columns } of head!.segments) {
      expect(kept[table].length, table).toBe(columns);
      expect(Object.keys(LEDGER_TABLES[table]).slice(0, columns), table).toEqual(kept[table]);
    }
  });
});

describe('a run on a ledger that is not whole', () => {
  const harms: Record<string, (root: string, segments: readonly string[]) => Promise<void>> = {
    'a segment changed': async (root, [first]) => {
      const path = join(root, 'data/ledger', first!);
      const bytes = await readFile(path);
      bytes[bytes.length >> 1]! ^= 1;
      await writeFile(path, bytes);
    },
    'a segment missing': (root, [first]) => rm(join(root, 'data/ledger', first!)),
    'two segments swapped': async (root, [first, second]) => {
      await rename(join(root, 'data/ledger', first!), join(root, 'aside'));
      await rename(join(root, 'data/ledger', second!), join(root, 'data/ledger', first!));
      await rename(join(root, 'aside'), join(root, 'data/ledger', second!));
    },
    'HEAD of another ledger': async (root) => {
      const path = join(root, 'data/ledger/HEAD.json');
      await writeFile(path, (await readFile(path, 'utf8')).replace(/"lineage":"[0-9a-f]{32}"/, `"lineage":"${'a'.repeat(32)}"`));
    },
    'the newest commit missing': async (root) => {
      const commits = join(root, 'data/ledger/commits');
      await rm(join(commits, (await readdir(commits)).sort().at(-1)!));
    },
  };

  it.each(Object.keys(harms))('is refused and changes nothing: %s', async (name) => {
    const company = await copied('format-1');
    const segments = Object.keys(await company.files('data/ledger', (path) => path.endsWith('/invoices.parquet')));
    await harms[name]!(company.root, segments);
    await company.bookInto('001', LATER);
    const before = await company.files('.');
    expect(await refusal(company.run('2026-07-06'))).toMatch(/^LEDGER_DAMAGED 7 /);
    expect(await company.files('.', (path) => !path.startsWith('data/ledger/.tmp'))).toEqual(before);
  });

  it('is refused before the ledger\'s own time, and changes nothing', async () => {
    const company = await copied('format-1');
    const before = await company.files('.');
    expect(await refusal(company.run('2026-05-01'))).toMatch(/^AS_OF 64 --as-of .* is before .*, where the ledger stands/);
    expect(await company.files('.', (path) => !path.startsWith('data/ledger/.tmp'))).toEqual(before);
  });
});

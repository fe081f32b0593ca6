/** Torn, stale and foreign files below a whole run: made good where that is possible without guessing, else refused with nothing changed. */
import { cp, mkdir, mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processName } from '../../src/world/process-name.js';
import { Project, refusal } from '../support/project.js';
import type { Booking } from '../support/project.js';

const BOOKINGS: readonly Booking[] = ['2026-01-10', '2026-02-10', '2026-03-10'].map((start) => ({ id: `J-${start}`, customer: 'acme', product: 'visit', start, quantity: '2' }));
const [FIRST, SECOND, THIRD] = ['2026-02-06', '2026-03-06', '2026-04-06'];

let base: string;
/** HEAD.json after the first run, and the files after the third where nothing was in the way. */
let oldHead: Buffer;
let whole: Record<string, string>;

async function made(name: string, id: string): Promise<Project> {
  const project = new Project(join(base, name));
  await project.configure({ issuer: { id, name: id, address: { line1: 'Hafen 12', city: 'Hamburg', country: 'DE' } } });
  await project.book(BOOKINGS);
  await project.run(FIRST);
  return project;
}

async function copy(name: string): Promise<Project> {
  await cp(join(base, 'begun'), join(base, name), { recursive: true });
  return new Project(join(base, name));
}

const ledgerOf = (project: Project): Promise<Record<string, string>> => project.files('data/ledger', (path) => path !== 'LOCK');
const at = (project: Project, ...path: string[]): string => join(project.root, 'data/ledger', ...path);

async function newest(project: Project, folder: string): Promise<string> {
  return join(folder, (await readdir(at(project, folder))).sort().at(-1)!);
}

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'duebook-stale-'));
  const begun = await made('begun', 'north');
  oldHead = await readFile(at(begun, 'HEAD.json'));
  await begun.run(SECOND);
  await made('other', 'south');
  const alone = await copy('alone');
  await alone.run(THIRD);
  whole = await ledgerOf(alone);
});
afterAll(() => rm(base, { recursive: true, force: true }));

describe('a run makes good', () => {
  const CASES: [string, (project: Project) => Promise<unknown>][] = [
    ['an older HEAD', (project) => writeFile(at(project, 'HEAD.json'), oldHead)],
    ['no HEAD', (project) => rm(at(project, 'HEAD.json'))],
    ['files aside of processes that died', async (project) => {
      await mkdir(at(project, '.tmp'), { recursive: true });
      await writeFile(at(project, '.tmp', `${processName().host}@999999999@x~1`), 'half');
    }],
    ['a history of another ledger', (project) => cp(join(base, 'other/history.duckdb'), join(project.root, 'history.duckdb'))],
    ['a history that is no database', (project) => writeFile(join(project.root, 'history.duckdb'), 'half')],
  ];
  it.each(CASES)('%s', async (name, damage) => {
    const project = await copy(name.replaceAll(' ', '-'));
    await damage(project);
    await project.run(THIRD);
    expect(await ledgerOf(project)).toEqual(whole);
    expect(await project.flaws()).toEqual([]);
  });
});

describe('a run refuses', () => {
  const CASES: [string, string, (project: Project) => Promise<unknown>][] = [
    ['a HEAD that was cut short', 'LEDGER_DAMAGED 7 data/ledger/HEAD.json', (project) => truncate(at(project, 'HEAD.json'), 100)],
    ['a HEAD of another lineage', 'LEDGER_DAMAGED 7 data/ledger/HEAD.json', (project) => cp(join(base, 'other/data/ledger/HEAD.json'), at(project, 'HEAD.json'))],
    ['a ledger of another issuer', 'LEDGER_FOREIGN 7', async (project) => {
      await rm(at(project), { recursive: true });
      await cp(join(base, 'other/data/ledger'), at(project), { recursive: true });
    }],
    ['a commit of another lineage', 'LEDGER_DAMAGED 7 data/ledger/commits/', async (project) => {
      const [last] = [await newest(project, 'commits')];
      const next = `commits/${String(Number(/\d+/.exec(last)![0]) + 1).padStart(8, '0')}.json`;
      await cp(join(base, 'other/data/ledger/commits/00000001.json'), at(project, next));
    }],
    ['a commit that is missing', 'LEDGER_DAMAGED 7 data/ledger/', async (project) => rm(at(project, await newest(project, 'commits')))],
    ['a segment of which half is there', 'LEDGER_DAMAGED 7 data/ledger/segments/', async (project) => truncate(at(project, await newest(project, await newest(project, 'segments'))), 200)],
    ['a segment that is missing', 'LEDGER_DAMAGED 7', async (project) => rm(at(project, await newest(project, await newest(project, 'segments'))))],
  ];
  it.each(CASES)('%s', async (name, words, damage) => {
    const project = await copy(name.replaceAll(' ', '-'));
    await damage(project);
    const before = await ledgerOf(project);
    expect(await refusal(project.run(THIRD))).toContain(words);
    expect(await ledgerOf(project)).toEqual(before);
  });

  it('a clock that goes backwards', async () => {
    const project = await copy('backwards');
    const before = await ledgerOf(project);
    expect(await refusal(project.run(FIRST))).toMatch(/^AS_OF 64 --as-of 2026-02-06T00:00:00Z is before 2026-03-\d\dT.*, where the ledger stands$/);
    expect(await ledgerOf(project)).toEqual(before);
    await project.run(THIRD);
    expect(await ledgerOf(project)).toEqual(whole);
  });

  it('nothing for a file that no commit knows; verify tells of it', async () => {
    const project = await copy('strange');
    const strange = 'segments/00000099-run_00000000000000000000/invoices.parquet';
    const any = await newest(project, await newest(project, 'segments'));
    await mkdir(at(project, strange, '..'), { recursive: true });
    await cp(at(project, any), at(project, strange));
    await project.run(THIRD);
    const { [strange]: left, ...rest } = await ledgerOf(project);
    expect([left === undefined, rest]).toEqual([false, whole]);
    expect(await project.flaws()).toEqual([`LEDGER_DAMAGED data/ledger/${strange} belongs to a run that did not finish; no commit refers to it.`]);
  });
});

/**
 * Whatever is done to the files of a ledger is found, and the file is named. The ledger is one that runs have made: invoices, credit
 * notes, messages, parties, openings, events.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { encodeCommit } from '../../src/ledger/commit.js';
import type { CommitDocument } from '../../src/ledger/commit.js';
import { openLedger } from '../../src/ledger/ledger.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { wrongSegments } from '../../src/ledger/segments.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { proveChain } from '../../src/ledger/verify-files.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import type { Diagnostic } from '../../src/values/diagnostic.js';
import { openLocalStore } from '../../src/world/local-store.js';
import type { ObjectStore } from '../../src/world/types.js';
import { Project } from '../support/project.js';
import type { Booking } from '../support/project.js';
import { forge, TOOL, tempEngine, tempFolder } from './support.js';

const BOOKINGS: readonly Booking[] = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02', quantity: '2' },
  { id: 'b', customer: 'acme', product: 'food', start: '2026-04-03', quantity: '7', description: 'Brötchen, "frisch"' },
  { id: 'c', customer: 'bolt', start: '2026-04-04', amount: '-30.00', description: 'Taken back' },
  { id: 'd', customer: 'bolt', product: 'visit', start: '2026-05-04' },
];
const SPEC = { customers: { bolt: { name: 'Bolt', email: 'pay@bolt.example', cycle: 'monthly' } } };

/** A folder with the ledger in `ledger/` and its history beside it; nobody writes here. */
let base: string;
let other: string;
let keys: readonly string[];
let commits: readonly string[];
let segments: readonly string[];

async function made(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'duebook-tamper-'));
  const company = new Project(join(folder, 'project'));
  await company.configure({ ...SPEC, issuer: { id: 'north', name } });
  await company.book(BOOKINGS);
  for (const time of ['2026-05-02', '2026-05-05', '2026-05-06T12:00', '2026-06-08']) await company.run(time);
  await cp(join(company.root, 'data/ledger'), join(folder, 'ledger'), { recursive: true });
  await cp(join(company.root, 'history.duckdb'), join(folder, 'history.duckdb'));
  await rm(company.root, { recursive: true });
  return folder;
}

const storeIn = (folder: string): ObjectStore => openLocalStore(join(folder, 'ledger'), 'data/ledger');
const openIn = (folder: string): Promise<Ledger> => openLedger(storeIn(folder), TOOL);

/** A copy to do harm to. */
async function copied(): Promise<string> {
  const folder = await tempFolder();
  await cp(base, folder, { recursive: true });
  return folder;
}

/** Everything that is found; what opening refuses counts. */
async function found(engine: Engine, folder: string, more: { history?: boolean; anchors?: { serial: number; sha256: string }[] } = {}): Promise<readonly Diagnostic[]> {
  try {
    const history = more.history === true ? join(folder, 'history.duckdb') : null;
    return (await verifyLedger(engine, await openIn(folder), history, more.anchors)).diagnostics;
  } catch (error) {
    if (error instanceof DuebookError) return error.diagnostics;
    throw error;
  }
}

const filesOf = (diagnostics: readonly Diagnostic[]): string[] => [...new Set(diagnostics.map((d) => `${d.code} ${d.at?.file}`))];
const damage = (key: string): string => `LEDGER_DAMAGED data/ledger/${key}`;

/** The same objects in memory, to be opened ten thousand times. */
function inMemory(files: ReadonlyMap<string, Buffer>): ObjectStore {
  const never = (): never => { throw new Error('only reading'); };
  return {
    name: 'data/ledger', get: (key) => Promise.resolve(files.get(key) ?? null),
    list: (prefix) => Promise.resolve([...files.keys()].filter((key) => key.startsWith(prefix)).sort()),
    create: never, createFromFile: never, replace: never, remove: never, localPath: never, lock: never, prove: never,
  };
}

beforeAll(async () => {
  [base, other] = [await made('Northwind'), await made('Southwind')];
  keys = await storeIn(base).list('');
  commits = keys.filter((key) => key.startsWith('commits/'));
  segments = keys.filter((key) => key.startsWith('segments/'));
});

afterAll(async () => {
  for (const folder of [base, other]) await rm(folder, { recursive: true, force: true });
});

describe('a ledger that runs have made', () => {
  it('has every table and proves', async () => {
    const engine = await tempEngine();
    const { checks, diagnostics } = await verifyLedger(engine, await openIn(base), join(base, 'history.duckdb'));
    expect([checks.filter(({ ok }) => !ok), diagnostics]).toEqual([[], []]);
    expect([...new Set(segments.map((key) => key.split('/').at(-1)))].sort()).toEqual(['events.parquet', 'invoice_lines.parquet', 'invoice_taxes.parquet',
      'invoices.parquet', 'messages.parquet', 'openings.parquet', 'parties.parquet']);
    expect(await engine.rows('SELECT kind, count(*)::INT AS n FROM ledger.invoices GROUP BY kind ORDER BY kind')).toEqual([{ kind: 'credit_note', n: 1 }, { kind: 'invoice', n: 2 }]);
  });
});

describe('any byte of any file', () => {
  it('of commits and HEAD: every position, and the file is named', async () => {
    const files = new Map<string, Buffer>();
    for (const key of [...commits, 'HEAD.json']) files.set(key, await readFile(join(base, 'ledger', key)));
    const store = inMemory(files);
    const newest = commits.at(-1)!;
    let positions = 0;
    for (const [key, bytes] of files) {
      for (let at = 0; at < bytes.length; at += 1) {
        const bad = Buffer.from(bytes);
        bad[at]! ^= 1 << (at % 8);
        files.set(key, bad);
        const told = await openLedger(store, TOOL).then(async (ledger) => (await proveChain(ledger)).proof.diagnostics, (error: unknown) => {
          if (error instanceof DuebookError) return error.diagnostics;
          throw error;
        });
        if (told.length === 0) throw new Error(`${key} at ${at} was not found`);
        // The newest commit and HEAD speak for each other: where they differ both are named.
        const named = told.every(({ message }) => message.includes(key)) || (key === newest && told[0]!.message.includes('HEAD.json'));
        if (!named) throw new Error(`${key} at ${at}: ${told.map(({ message }) => message).join(' ')}`);
        positions += 1;
      }
      files.set(key, bytes);
    }
    expect(positions).toBeGreaterThan(10_000);
  });

  it('of segments: every position, and the file is named', async () => {
    const folder = await copied();
    const ledger = await openIn(folder);
    for (const segment of ledger.head!.segments) {
      const path = join(folder, 'ledger', segment.path);
      const bytes = await readFile(path);
      const file = await open(path, 'r+');
      for (let at = 0; at < bytes.length; at += 1) {
        await file.write(Buffer.from([bytes[at]! ^ (1 << (at % 8))]), 0, 1, at);
        const told = await wrongSegments(ledger.store, [segment]);
        if (told.length !== 1 || told[0]!.at?.file !== `data/ledger/${segment.path}`) throw new Error(`${segment.path} at ${at} was not found`);
        await file.write(bytes.subarray(at, at + 1), 0, 1, at);
      }
      await file.close();
      expect(await wrongSegments(ledger.store, [segment])).toEqual([]);
    }
  });
});

describe('whole files', () => {
  it('cut short, made longer, emptied or taken away are found', async () => {
    const [engine, folder] = [await tempEngine(), await copied()];
    for (const key of keys) {
      const path = join(folder, 'ledger', key);
      const good = await readFile(path);
      for (const bad of [good.subarray(0, -1), good.subarray(0, good.length >> 1), Buffer.alloc(0), Buffer.concat([good, Buffer.from('\n')])]) {
        await writeFile(path, bad);
        const told = await found(engine, folder);
        expect(told.length, key).toBeGreaterThan(0);
        expect(told[0]!.message, key).toContain(key);
      }
      await rm(path);
      const told = await found(engine, folder);
      // HEAD.json is a copy that anybody can make; a newest commit that is gone is missed by HEAD.
      if (key !== 'HEAD.json') expect(told[0]?.message, key).toContain(key);
      await writeFile(path, good);
    }
    expect(await found(engine, folder)).toEqual([]);
  });

  it('put in the place of others are found', async () => {
    const engine = await tempEngine();
    const between = async (a: string, b: string): Promise<string[]> => {
      const folder = await copied();
      const [from, to] = [join(folder, 'ledger', a), join(folder, 'ledger', b)];
      await rename(from, `${from}.aside`);
      await rename(to, from);
      await rename(`${from}.aside`, to);
      return filesOf(await found(engine, folder));
    };
    const [first, second] = segments.filter((key) => key.endsWith('/invoices.parquet'));
    expect(await between(first!, second!)).toEqual([damage(first!), damage(second!)]);
    expect(await between(commits[1]!, commits[2]!)).toEqual(expect.arrayContaining([damage(commits[1]!), damage(commits[2]!)]));
  });

  it('of another ledger, or of none, are found', async () => {
    const engine = await tempEngine();
    const foreign = (await storeIn(other).list('')).filter((key) => key.endsWith('/parties.parquet'));
    const own = segments.filter((key) => key.endsWith('/parties.parquet'));
    const put = async (from: string, to: string): Promise<string[]> => {
      const folder = await copied();
      await cp(join(other, 'ledger', from), join(folder, 'ledger', to));
      return filesOf(await found(engine, folder));
    };
    expect(await put(foreign[0]!, own[0]!)).toEqual([damage(own[0]!)]);
    expect(await put('HEAD.json', 'HEAD.json')).toEqual([damage('HEAD.json')]);
    expect(await put(commits[1]!, commits[1]!)).toEqual([damage(commits[1]!)]);
    expect(await put('HEAD.json', 'notes.json')).toEqual([damage('notes.json')]);
    expect(await put(foreign[0]!, foreign[0]!)).toEqual([damage(foreign[0]!)]);
  });
});

it('a segment that became a folder, and a HEAD that lists nothing in a segment\'s place, are found', async () => {
  const [engine, folder, headed] = [await tempEngine(), await copied(), await copied()];
  await rm(join(folder, 'ledger', segments[0]!));
  await mkdir(join(folder, 'ledger', segments[0]!));
  expect(filesOf(await found(engine, folder))).toEqual([damage(segments[0]!)]);
  const path = join(headed, 'ledger/HEAD.json');
  await writeFile(path, (await readFile(path, 'utf8')).replace('"segments":[{', '"segments":[null,{'));
  expect(filesOf(await found(engine, headed))).toEqual([damage('HEAD.json')]);
});

describe('a forger who knows the format', () => {
  const documentOf = async (folder: string, key: string): Promise<CommitDocument> => JSON.parse(await readFile(join(folder, 'ledger', key), 'utf8')) as CommitDocument;

  it('writes one commit anew, with all its hashes: the next one gives it away', async () => {
    const [engine, folder] = [await tempEngine(), await copied()];
    const document = await documentOf(folder, commits[1]!);
    await writeFile(join(folder, 'ledger', commits[1]!), encodeCommit({ ...document, tool_version: '0.1.9' }));
    expect(filesOf(await found(engine, folder))).toEqual([damage(commits[1]!)]);
  });

  it('writes everything anew from there on: the anchor gives it away, and the history', async () => {
    const [engine, folder] = [await tempEngine(), await copied()];
    const { serial, head_sha256: sha256 } = (await openIn(base)).head!;
    await forge(join(folder, 'ledger'), (document) => ({ ...document, ...(document.serial === 2 ? { config_commit: 'f0f0' } : {}) }));
    expect(await found(engine, folder)).toEqual([]);
    const told = await found(engine, folder, { history: true, anchors: [{ serial, sha256 }, { serial: 1, sha256: 'a'.repeat(64) }] });
    expect(filesOf(told)).toEqual(expect.arrayContaining([damage(commits.at(-1)!), damage(commits[0]!), 'LEDGER_DAMAGED history.duckdb']));
    expect(told.find(({ at }) => at?.file === `data/ledger/${commits.at(-1)!}`)!.message).toContain(`does not continue the anchor of serial ${serial}`);
  });

  it('takes the newest commits away and writes HEAD anew: the anchor gives it away, and the history', async () => {
    const [engine, folder] = [await tempEngine(), await copied()];
    const { serial, head_sha256: sha256 } = (await openIn(base)).head!;
    for (const { path } of (await documentOf(folder, commits.at(-1)!)).segments) await rm(join(folder, 'ledger', path));
    await rm(join(folder, 'ledger', commits.at(-1)!));
    await rm(join(folder, 'ledger', 'HEAD.json'));
    expect(await found(engine, folder)).toEqual([]);
    const told = (await found(engine, folder, { history: true, anchors: [{ serial, sha256 }] })).map(({ message }) => message);
    expect(told).toEqual([
      `The ledger does not continue the anchor of serial ${serial}: data/ledger/${commits.at(-1)!} is not there: the ledger ends at serial ${serial - 1}.`,
      `history.duckdb stands at serial ${serial}, the ledger at ${serial - 1}.`,
    ]);
  });

  it('has the history open for writing: that is no damage, and what is there is not called right', async () => {
    const folder = await copied();
    const path = join(folder, 'history.duckdb');
    const holder = spawn(process.execPath, ['--input-type=module', '-e', `import { DuckDBInstance } from '@duckdb/node-api';
      globalThis.kept = await DuckDBInstance.create(${JSON.stringify(path)}); console.log('held'); setInterval(() => undefined, 1000);`], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(holder.stdout, 'data');
      const { checks, diagnostics } = await verifyLedger(await tempEngine(), await openIn(folder), path);
      expect(diagnostics.map(({ severity, code, message }) => `${severity} ${code} ${message}`)).toEqual(['warning SYSTEM_REFUSED history.duckdb is open for writing in another program, so it was not compared.']);
      expect(checks.find(({ name }) => name === 'history')).toEqual({ name: 'history', ok: true, detail: 'history.duckdb is open for writing elsewhere; not compared' });
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
    expect(await found(await tempEngine(), folder, { history: true })).toEqual([]);
  });

  it('changes a fact of the history', async () => {
    const [engine, folder] = [await tempEngine(), await copied()];
    await engine.run(`ATTACH '${join(folder, 'history.duckdb')}' AS h; UPDATE h.facts.invoices SET total = total - 0.01 WHERE kind = 'credit_note'; CHECKPOINT h; DETACH h`);
    expect((await found(engine, folder, { history: true })).map(({ message }) => message)).toEqual(['history.duckdb does not say what the ledger says, in invoices.']);
  });
});

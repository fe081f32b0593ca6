import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { attachLedger } from '../../src/ledger/attach.js';
import { commitKey } from '../../src/ledger/commit.js';
import { commit, lockLedger } from '../../src/ledger/ledger.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import { canonicalJson } from '../../src/values/digest.js';
import { openLocalStore } from '../../src/world/local-store.js';
import type { ObjectStore } from '../../src/world/types.js';
import { openAt, smallLedger, stageBatch, stageEvents, tempEngine, tempFolder } from './support.js';

/** Every file of the ledger with the hash of its bytes. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const store = openLocalStore(join(folder, 'ledger'), 'data/ledger');
  const keys = await store.list('');
  const hashes = await Promise.all(keys.map(async (key) => createHash('sha256').update((await store.get(key))!).digest('hex')));
  return Object.fromEntries(keys.map((key, i) => [key, hashes[i]!]));
}

const codeOf = (work: Promise<unknown>): Promise<unknown> => work.then(() => 'no error', (e: { diagnostics?: { code: string }[] }) => e.diagnostics?.[0]?.code ?? e);

const messageOf = (error: unknown): string => (error instanceof DuebookError ? error.diagnostics[0]!.message : String(error));

describe('the ledger', () => {
  it('starts empty without making a folder, then counts serials and numbers', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const empty = await openAt(folder);
    expect([empty.head, empty.serial, empty.next_number, empty.as_of]).toEqual([null, 0, {}, null]);
    expect(await readdir(folder)).toEqual([]);
    const ledger = await smallLedger(engine, folder);
    expect([ledger.serial, ledger.next_number]).toEqual([5, { 'INV-2026': 6 }]);
    expect((await openAt(folder)).head).toEqual(ledger.head);
    expect(await readdir(join(folder, 'ledger'))).toEqual(['.tmp', 'HEAD.json', 'commits', 'segments']);
    expect(await readdir(join(folder, 'ledger', '.tmp'))).toEqual([]);
  });

  it('is byte-identical from the same inputs', async () => {
    const [a, b] = [await tempFolder(), await tempFolder()];
    await smallLedger(await tempEngine(), a);
    await smallLedger(await tempEngine(), b);
    expect(await snapshot(a)).toEqual(await snapshot(b));
  });

  it('gives its tables, serials and folds to SQL', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    await attachLedger(engine, await openAt(folder));
    expect(await engine.rows('SELECT count(*) AS n FROM ledger.invoices')).toEqual([{ n: 0n }]);
    expect(await engine.rows('SELECT * FROM ledger.message_status')).toEqual([]);
    await attachLedger(engine, await smallLedger(engine, folder));
    expect(await engine.rows('SELECT serial, count(*) AS n FROM ledger.invoices GROUP BY 1 ORDER BY 1')).toEqual([{ serial: 1n, n: 3n }, { serial: 4n, n: 2n }]);
    expect(await engine.rows(`SELECT message_id, status, attempts, sha256, error, permanent, last_at::VARCHAR AS last_at FROM ledger.message_status ORDER BY 1`)).toEqual([
      { message_id: 'msg_inv_00000001', status: 'sent', attempts: 1n, sha256: 'ab12', error: null, permanent: null, last_at: '2026-05-06 20:00:00' },
      { message_id: 'msg_inv_00000002', status: 'queued', attempts: 1n, sha256: null, error: '450 try later', permanent: false, last_at: '2026-05-06 20:00:00' },
      { message_id: 'msg_inv_00000003', status: 'cancelled', attempts: 0n, sha256: null, error: null, permanent: null, last_at: '2026-05-08 20:00:00' },
      { message_id: 'msg_inv_00000004', status: 'queued', attempts: 0n, sha256: null, error: null, permanent: null, last_at: '2026-05-07 20:00:00' },
      { message_id: 'msg_inv_00000005', status: 'queued', attempts: 0n, sha256: null, error: null, permanent: null, last_at: '2026-05-07 20:00:00' },
    ]);
    expect(await engine.rows("SELECT invoice_id, voided_at::VARCHAR AS at FROM ledger.invoice_status WHERE status = 'void'"))
      .toEqual([{ invoice_id: 'inv_00000003', at: '2026-05-08 20:00:00' }]);
    expect(await engine.rows('SELECT count(*) AS n, min(serial) AS a, max(serial) AS b FROM ledger.billed')).toEqual([{ n: 10n, a: 1n, b: 4n }]);
  });

  it('refuses a second commit of the same serial and takes its files back', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const start = await smallLedger(engine, folder);
    const mine = await stageBatch(engine, start);
    const theirs = await commit(await openAt(folder), await stageEvents(await tempEngine(), start, [['invoice', 'inv_00000004', 'voided']]));
    const before = await snapshot(folder);
    expect(await codeOf(commit(start, mine))).toBe('LEDGER_MOVED');
    expect(await snapshot(folder)).toEqual(before);
    const next = await commit(theirs, await stageBatch(engine, theirs));
    expect([next.serial, next.next_number]).toEqual([7, { 'INV-2026': 9 }]);
  });

  it('keeps the winner\'s files when the loser did exactly the same', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const start = await openAt(folder);
    const input = await stageBatch(engine, start);
    await commit(start, input);
    const before = await snapshot(folder);
    expect(await codeOf(commit(start, input))).toBe('LEDGER_MOVED');
    expect(await snapshot(folder)).toEqual(before);
  });

  it('says of another run only where it is one', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const start = await openAt(folder);
    const input = await stageBatch(engine, start);
    // The store did what it was asked, and its answer was that it is there: nobody can tell who wrote it.
    const { store } = start;
    const deaf: ObjectStore = {
      name: store.name, get: (key) => store.get(key), createFromFile: (key, path) => store.createFromFile(key, path), replace: (key, bytes) => store.replace(key, bytes),
      list: (prefix) => store.list(prefix), remove: (key) => store.remove(key), localPath: (key) => store.localPath(key), lock: (owner) => store.lock(owner), prove: () => store.prove(),
      create: async (key, bytes) => { await store.create(key, bytes); return 'exists'; },
    };
    const told = await commit({ ...start, store: deaf }, input).catch(messageOf);
    expect(told).toMatch(/^Serial 1 of data\/ledger stands already, with just what this run was to commit \(run_[0-9a-f]{20}, confirm, as of [^)]*\): written by this run, if the answer was lost/);
    expect((await openAt(folder)).serial).toBe(1);
    const other = await commit(start, { ...input, action: 'send' }).catch(messageOf);
    expect(other).toMatch(/^Another run \(run_[0-9a-f]{20}, confirm, as of [^)]*\) committed serial 1 to data\/ledger first\./);
  });

  it('never goes back in time, nor to another issuer, nor over a segment with other bytes', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const ledger = await smallLedger(engine, folder);
    const input = await stageBatch(engine, ledger);
    const before = await snapshot(folder);
    expect(await codeOf(commit(ledger, { ...input, as_of: ledger.as_of! - 1 }))).toBe('AS_OF');
    expect(await codeOf(commit(ledger, { ...input, issuer_id: 'southwind' }))).toBe('LEDGER_FOREIGN');
    await expect(commit(ledger, { ...input, next_number: { 'INV-2026': 2 } })).rejects.toThrow('would go back');
    expect(await snapshot(folder)).toEqual(before);
    const stop = { reached: (name: string): void => { if (name === 'commit: all segments written') throw new Error('stop'); } };
    await expect(commit(ledger, input, stop)).rejects.toThrow('stop');
    const [left] = Object.keys(await snapshot(folder)).filter((key) => !(key in before));
    await writeFile(join(folder, 'ledger', left!), 'torn');
    expect(await codeOf(commit(await openAt(folder), input))).toBe('LEDGER_DAMAGED');
  });

  it('rolls a lagging or missing HEAD forward', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const head = join(folder, 'ledger', 'HEAD.json');
    const first = await commit(await openAt(folder), await stageBatch(engine, await openAt(folder)));
    const old = await readFile(head);
    const second = await commit(first, await stageBatch(engine, first));
    await writeFile(head, old);
    expect((await openAt(folder)).head).toEqual(second.head);
    await rm(head);
    expect((await openAt(folder)).head).toEqual(second.head);
    const third = await commit(await openAt(folder), await stageBatch(engine, second));
    expect(JSON.parse(await readFile(head, 'utf8'))).toEqual(third.head);
  });

  it('says which version is needed for a newer format', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    await smallLedger(engine, folder);
    for (const [key, serial] of [['HEAD.json', 5], [commitKey(6), 6]] as const) {
      const path = join(folder, 'ledger', key);
      const old = await readFile(path).catch(() => null);
      await writeFile(path, `${canonicalJson({ format: 2, serial, tool_version: '9.1.0', something: 'new' })}\n`);
      const error = await openAt(folder).catch((e: unknown) => e);
      expect(error).toMatchObject({ exitCode: 7, diagnostics: [{ code: 'LEDGER_NEWER', at: { file: `data/ledger/${key}` } }] });
      expect(String(error)).toContain('duebook 9.1.0');
      if (old !== null) await writeFile(path, old);
    }
  });

  it('finds a commit that does not belong', async () => {
    const [engine, folder, other] = [await tempEngine(), await tempFolder(), await tempFolder()];
    await smallLedger(engine, folder);
    const foreign = await commit(await openAt(other), { ...(await stageBatch(engine, await openAt(other))), config_digest: 'other' });
    await commit(foreign, await stageBatch(engine, foreign));
    for (const [from, to] of [[1, 6], [2, 6], [1, 5]] as const) {
      const path = join(folder, 'ledger', commitKey(to));
      const old = await readFile(path).catch(() => null);
      await writeFile(path, await readFile(join(other, 'ledger', commitKey(from))));
      expect(await codeOf(openAt(folder))).toBe('LEDGER_DAMAGED');
      if (old === null) await rm(path);
      else await writeFile(path, old);
    }
    await rm(join(folder, 'ledger', 'HEAD.json'));
    await rm(join(folder, 'ledger', commitKey(1)));
    expect(await codeOf(openAt(folder))).toBe('LEDGER_DAMAGED');
  });
});

describe('the lock', () => {
  it('says who has it, and is free again after release or death', async () => {
    const folder = await tempFolder();
    const store = openLocalStore(join(folder, 'ledger'), 'data/ledger');
    const lock = await lockLedger(store, 'duebook run');
    const error = await lockLedger(openLocalStore(join(folder, 'ledger'), 'data/ledger'), 'duebook confirm').catch((e: unknown) => e);
    expect(error).toMatchObject({ exitCode: 6, diagnostics: [{ code: 'LEDGER_LOCKED' }] });
    expect(String(error)).toContain(`"duebook run" (process ${process.pid} on `);
    expect(await store.list('')).toEqual([]);
    await lock.release();
    await (await lockLedger(store, 'again')).release();
    const path = join(folder, 'ledger', 'LOCK');
    const dead = { owner: 'dead', host: 'h', pid: 1, process: '' };
    const { hostname } = await import('node:os');
    await writeFile(path, JSON.stringify({ ...dead, process: `${hostname().replaceAll(/[^\w.-]/g, '_')}@999999999@x` }));
    await (await lockLedger(store, 'heir')).release();
    await writeFile(path, JSON.stringify({ ...dead, process: 'otherhost@999999999@x' }));
    expect(await codeOf(lockLedger(store, 'polite'))).toBe('LEDGER_LOCKED');
    await writeFile(path, '');
    expect(await codeOf(lockLedger(store, 'polite'))).toBe('LEDGER_LOCKED');
  });
});

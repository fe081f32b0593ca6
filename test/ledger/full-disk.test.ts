/** A disk that fills up while a run commits: the run is refused with the remedy, and the ledger is as before. */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { commit, openLedger } from '../../src/ledger/ledger.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { readBucketAddress } from '../../src/values/bucket.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import { openBucketStore } from '../../src/world/s3-store.js';
import { faultyNetwork, lyingBucket } from '../support/s3-liar.js';
import { builtRooms } from './processes.js';
import { openAt, smallLedger, stageBatch, tempEngine, tempFolder } from './support.js';

/** What a commit was refused with, or the ledger after it. */
async function attempt(work: Promise<Ledger>): Promise<Ledger | string> {
  return work.catch((error: unknown) => {
    if (!(error instanceof DuebookError)) throw error;
    return error.diagnostics.map((d) => `${d.code} ${error.exitCode} ${d.message.replace(/^.*: /, '')} ${d.hint}`).join();
  });
}

/** A file system of its own, `kilobytes` large; null where this user may not make one. */
async function smallDisk(kilobytes: number): Promise<string | null> {
  const place = await tempFolder();
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', place]);
  if (mounted.status !== 0) return null;
  onTestFinished(() => void spawnSync('umount', ['-l', place]));
  return place;
}

it('on a disk with room for less and less', async ({ skip }) => {
  const disk = await smallDisk(2048);
  if (disk === null) skip('mounting a small file system takes root');
  const [engine, base] = [await tempEngine(), await tempFolder()];
  const start = await smallLedger(engine, base);
  const input = await stageBatch(engine, start, { invoices: 300, lines: 5 });
  await cp(join(base, 'ledger'), join(disk!, 'ledger'), { recursive: true });
  const full = 'LEDGER_UNREACHABLE 6 the disk is full. Free some space and run again; the ledger is as it was before.';
  let refused = 0;
  let after: Ledger | null = null;
  for (let room = 0; after === null; room += 8) {
    await rm(join(disk!, 'ballast'), { force: true });
    const { bavail, bsize } = await statfs(disk!);
    await writeFile(join(disk!, 'ballast'), Buffer.alloc(Math.max(0, bavail * bsize - room * 1024)));
    const result = await attempt(commit(await openAt(disk!), input));
    if (typeof result !== 'string') after = result;
    else {
      expect(result).toBe(full);
      expect((await openAt(disk!)).head).toEqual(start.head);
      expect(await readdir(join(disk!, 'ledger', '.tmp'))).toEqual([]);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(5);
  const reopened = await openAt(disk!);
  expect(reopened.head).toEqual(after.head);
  expect((await verifyLedger(engine, reopened, null)).diagnostics).toEqual([]);
  const whole = await tempFolder();
  await cp(join(base, 'ledger'), join(whole, 'ledger'), { recursive: true });
  expect((await commit(await openAt(whole), input)).head).toEqual(after.head);
});

it('where no file may become larger than so and so much', async () => {
  const [engine, base, rooms] = [await tempEngine(), await tempFolder(), await builtRooms()];
  const start = await smallLedger(engine, base);
  const input = await stageBatch(engine, start, { invoices: 300, lines: 5 });
  const script = join(rooms, 'limited.mjs');
  await writeFile(script, `
    import { openLedger, commit } from '${rooms}/ledger/ledger.js';
    import { openLocalStore } from '${rooms}/world/local-store.js';
    const [folder, text] = process.argv.slice(2);
    const input = JSON.parse(text, (k, v) => (k === 'EUR' ? BigInt(v) : v));
    const store = openLocalStore(folder, 'data/ledger');
    console.log(await commit(await openLedger(store, { tool_version: '0.1.0' }), input).then((l) => l.serial, (e) => e.message));`);
  const text = JSON.stringify(input, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v));
  const answers = new Set<string>();
  for (const kilobytes of [1, 2, 4, 8, 16, 1024]) {
    const folder = join(await tempFolder(), 'ledger');
    await mkdir(folder);
    await cp(join(base, 'ledger'), folder, { recursive: true });
    // Beyond the limit writing gives an error instead of ending the process, as on a disk that is full.
    const ran = spawnSync('bash', ['-c', 'trap "" XFSZ; ulimit -f "$0"; exec "$@"', String(kilobytes), process.execPath, script, folder, text], { encoding: 'utf8' });
    const answer = ran.stdout.trim();
    answers.add(answer.replace(/segments\/.*parquet/, 'SEGMENT'));
    const now = await openAt(join(folder, '..'));
    if (/^\d+$/.test(answer)) expect(now.serial).toBe(start.serial + 1);
    else expect([now.head, ran.stderr]).toEqual([start.head, '']);
  }
  expect([...answers]).toEqual(['LEDGER_UNREACHABLE: Cannot write data/ledger/SEGMENT: the system allows no file of that size.', '6']);
});

it('in a bucket whose server has no room', async () => {
  // The words are those of s3-store.test.ts; here the commit as a whole.
  const behind = await lyingBucket(null);
  let room = Infinity;
  const endpoint = await faultyNetwork(() => behind, (method) => (method === 'PUT' && (room -= 1) < 0 ? { status: 507, code: 'InsufficientStorage' } : null));
  const address = readBucketAddress(`s3://full/ledger?endpoint=${endpoint}`);
  if ('flaw' in address) throw new Error(address.flaw);
  const env = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
  const store = openBucketStore(address, { env, cache: await tempFolder() });
  const engine = await tempEngine();
  const empty = await openLedger(store, { tool_version: '0.1.0' });
  const start = await commit(empty, await stageBatch(engine, empty));
  const input = await stageBatch(engine, start);
  let after: Ledger | null = null;
  for (let puts = 0; after === null; puts += 1) {
    room = puts;
    const result = await attempt(commit(await openLedger(store, { tool_version: '0.1.0' }), input));
    room = Infinity;
    if (typeof result !== 'string') after = result;
    else {
      expect(result).toMatch(/^LEDGER_UNREACHABLE 6 .*/);
      expect((await openLedger(store, { tool_version: '0.1.0' })).head).toEqual(start.head);
    }
  }
  expect((await openLedger(store, { tool_version: '0.1.0' })).head).toEqual(after.head);
});

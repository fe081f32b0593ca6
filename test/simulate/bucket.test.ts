/** The made-up bucket keeps the promises that a real server keeps: the same contract, and what a client sees when the network is at fault. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LEASE_MS } from '../../src/world/s3-lease.js';
import type { ObjectStore } from '../../src/world/types.js';
import { storeContract } from '../ledger/store-contract.js';
import { tempFolder } from '../ledger/support.js';
import { Bucket, BUCKET } from './bucket.js';
import { NO_PERILS, Post, Process, Tally } from './disk.js';
import type { Disk, Perils } from './disk.js';

const bytes = (text: string): Buffer => Buffer.from(text);

async function made(): Promise<Bucket> {
  const folder = await tempFolder();
  return new Bucket(join(folder, 'bucket'), join(folder, 'cache'), Date.UTC(2026, 0, 1));
}

function processOf(disk: Disk, seed = 1, perils: Partial<Perils> = {}, rival: (() => Promise<void>) | null = null): Process {
  return new Process({ disk, post: new Post(1), seed, perils: { ...NO_PERILS, ...perils }, tally: new Tally(), command: 'run', rival });
}

const open = (disk: Disk, seed?: number, perils?: Partial<Perils>): ObjectStore => processOf(disk, seed, perils).doors().store(BUCKET);

describe('the made-up bucket', () => {
  const buckets = new Map<string, Promise<Bucket>>();
  storeContract(async (name) => {
    if (!buckets.has(name)) buckets.set(name, made());
    return open(await buckets.get(name)!);
  });

  it('lists page by page', async () => {
    const store = open(await made());
    const keys = Array.from({ length: 23 }, (_, i) => `commits/${String(i).padStart(8, '0')}.json`);
    for (const key of keys) await store.create(key, bytes('x'));
    await store.create('segments/1', bytes('x'));
    expect(await store.list('commits/')).toEqual(keys);
  });

  it('keeps a segment where the witness reads it, and not where the program does', async () => {
    const bucket = await made();
    const store = open(bucket);
    await store.create('segments/a.parquet', bytes('good'));
    const path = await store.localPath('segments/a.parquet');
    expect([await readFile(path, 'utf8'), await readFile(bucket.path('segments/a.parquet'), 'utf8'), path === bucket.path('segments/a.parquet')]).toEqual(['good', 'good', false]);
    await writeFile(path, 'evil');
    expect(String(bucket.bytes('segments/a.parquet'))).toBe('good');
    expect(await readFile(await store.localPath('segments/a.parquet', true), 'utf8')).toBe('good');
  });

  it('lets a lease run out by its own clock, but for who renews it', async () => {
    const bucket = await made();
    const first = processOf(bucket);
    const held = await first.doors().store(BUCKET).lock('first run');
    if ('holder' in held) throw new Error(held.holder);
    await bucket.passes(3 * LEASE_MS);
    expect(await open(bucket).lock('second run')).toMatchObject({ holder: expect.stringContaining('"first run"') as string });
    // It dies, and nobody renews the lease any more.
    expect(() => first.die('here')).toThrow();
    await bucket.passes(LEASE_MS / 2);
    expect([Object.keys(await open(bucket).lock('second run')), bucket.isHeld]).toEqual([['holder'], true]);
    await bucket.passes(LEASE_MS / 2 + 1000);
    expect(bucket.isHeld).toBe(false);
    expect(Object.keys(await open(bucket).lock('second run'))).toEqual(['release']);
  });

  it('tells the truth of every write that gets an answer, whatever happens to requests', async () => {
    const outcomes = new Map<string, number>();
    for (let seed = 1; seed <= 400; seed += 1) {
      const bucket = await made();
      const process = processOf(bucket, seed, { write: 60, read: 10 });
      const told = await process.doors().store(BUCKET).create('commits/1', bytes('mine')).catch(() => (process.dead ? 'died' : 'unreachable'));
      outcomes.set(told, (outcomes.get(told) ?? 0) + 1);
      const there = bucket.bytes('commits/1') !== null;
      if (told === 'created') expect(there).toBe(true);
      // Nobody else writes.
      expect(told).not.toBe('exists');
      // Later than that nothing arrives twice.
      expect(await open(bucket).create('commits/1', bytes('other'))).toBe(bucket.bytes('commits/1')!.toString() === 'mine' ? 'exists' : 'created');
    }
    expect(Math.min(...['created', 'died', 'unreachable'].map((what) => outcomes.get(what) ?? 0))).toBeGreaterThan(20);
  });
});

/** Compaction of a ledger in a bucket of a real S3 server: stopped between any of its steps, and where answers get lost. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { compactLedger } from '../../src/ledger/compact.js';
import { openLedger } from '../../src/ledger/ledger.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { wrongSegments } from '../../src/ledger/segments.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { readBucketAddress } from '../../src/values/bucket.js';
import { noCrashPoints } from '../../src/world/crash-points.js';
import type { CrashPoints } from '../../src/world/crash-points.js';
import { openBucketStore } from '../../src/world/s3-store.js';
import { faultyNetwork } from '../support/s3-liar.js';
import type { Fault } from '../support/s3-liar.js';
import { describeWithS3, S3_ENV } from '../support/s3-server.js';
import { openAt, smallLedger, tempEngine, tempFolder, TOOL } from './support.js';

class Stop extends Error {}

/** Every time it is opened nothing is known of it here yet, as on another machine. */
async function openBucket(url: string, crash: CrashPoints = noCrashPoints): Promise<Ledger> {
  const address = readBucketAddress(url);
  if ('flaw' in address) throw new Error(address.flaw);
  return openLedger(openBucketStore(address, { env: S3_ENV, cache: await tempFolder(), crash }), TOOL);
}

/** A small ledger, copied into the bucket object by object. */
async function copied(folder: string, url: string): Promise<void> {
  const { store: from } = await openAt(folder);
  const { store: to } = await openBucket(url);
  for (const key of await from.list('')) await to.create(key, await readFile(await from.localPath(key)));
}

const compacted = async (url: string, crash?: CrashPoints): ReturnType<typeof compactLedger> => (
  compactLedger(await openBucket(url, crash), await tempFolder(), crash));

async function flaws(url: string): Promise<string[]> {
  return (await verifyLedger(await tempEngine(), await openBucket(url), null)).diagnostics.map(({ message }) => message);
}

describeWithS3('compaction in a bucket', (server) => {
  it('that is stopped between any of its steps leaves every segment readable from elsewhere, and is finished by the next one', { timeout: 600_000 }, async () => {
    const folder = await tempFolder();
    const { head } = await smallLedger(await tempEngine(), folder);
    await copied(folder, server.url('whole'));
    const names: string[] = [];
    const whole = await compacted(server.url('whole'), { reached: (name, what) => void names.push(`${name} ${what ?? ''}`) });
    expect([whole.packs.length, whole.removed]).toEqual([5, 13]);
    const after = await (await openBucket(server.url('whole'))).store.list('');
    expect(await flaws(server.url('whole'))).toEqual([]);
    // Of the removals, which are many, the first and the last.
    const own = names.flatMap((name, step) => (name.startsWith('compact: ') || name.startsWith('store: ') ? [{ name, step }] : []));
    const removals = own.filter(({ name }) => name.startsWith('compact: segment removed'));
    const stops = own.filter((each) => !removals.includes(each) || each === removals[0] || each === removals.at(-1));
    expect(stops.length).toBeGreaterThan(15);
    for (const { name, step } of stops) {
      const url = server.url(`stop-${step}`);
      await copied(folder, url);
      let reached = 0;
      await expect(compacted(url, { reached: () => { if (reached++ === step) throw new Stop(); } }), name).rejects.toThrow(Stop);
      const ledger = await openBucket(url);
      expect(ledger.head, name).toEqual(head);
      expect(await wrongSegments(ledger.store, ledger.head!.segments, { fresh: true }), name).toEqual([]);
      await compacted(url);
      expect(await (await openBucket(url)).store.list(''), name).toEqual(after);
      expect((await compacted(url)).removed, name).toBe(0);
    }
    expect(await flaws(server.url(`stop-${stops.at(-1)!.step}`))).toEqual([]);
  });

  it.each<[string, Fault]>([
    ['an answer is lost', 'answer lost'], ['a request is lost', 'request lost'], ['the server is busy', { status: 503, code: 'SlowDown' }],
  ])('goes on where %s', { timeout: 120_000 }, async (name, fault) => {
    const [folder, prefix] = [await tempFolder(), name.replaceAll(' ', '-')];
    await smallLedger(await tempEngine(), folder);
    await copied(folder, server.url(prefix));
    const left = new Map([['PUT', 1], ['DELETE', 1], ['GET', 1]]);
    const endpoint = await faultyNetwork(() => server.endpoint, (method) => {
      const more = left.get(method) ?? 0;
      left.set(method, more - 1);
      return more > 0 ? fault : null;
    });
    expect((await compacted(server.url(prefix, endpoint))).removed).toBe(13);
    expect([...left.values()].every((n) => n < 1)).toBe(true);
    expect(await flaws(server.url(prefix))).toEqual([]);
  });

  it('finds a pack that was changed in the bucket, from wherever it is read, and removes nothing then', { timeout: 120_000 }, async () => {
    const folder = await tempFolder();
    await smallLedger(await tempEngine(), folder);
    const url = server.url('changed');
    await copied(folder, url);
    const { store } = await openBucket(url);
    await expect(compacted(url, { reached: (name) => { if (name === 'compact: packs proved') throw new Stop(); } })).rejects.toThrow(Stop);
    const [pack] = await store.list('packs/');
    const bytes = (await store.get(pack!))!;
    bytes[bytes.length - 9]! ^= 1;
    await store.replace(pack!, bytes);
    const before = await store.list('segments/');
    await expect(compacted(url)).rejects.toMatchObject({ exitCode: 7 });
    expect(await store.list('segments/')).toEqual(before);
    expect((await flaws(url)).join(' ')).toContain(pack);
  });
});

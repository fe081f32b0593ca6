/**
 * Compaction: segments move into packs. The chain stays as it is, for a pack holds the same bytes. A pack is written whole, read back
 * and proved against the commits before any of its segments is removed, so that every segment can be read at every moment; what a crash
 * leaves twice the next compaction removes.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { DuebookError } from '../values/diagnostic.js';
import { noCrashPoints } from '../world/crash-points.js';
import type { CrashPoints } from '../world/crash-points.js';
import type { ObjectStore } from '../world/types.js';
import { damaged } from './commit.js';
import { hashFile } from './hash.js';
import type { HeadSegment } from './head.js';
import type { Ledger } from './ledger.js';
import { packHeader, packKey, readPacks } from './packs.js';
import { requireSegments, wrongSegments } from './segments.js';
import { LEDGER_TABLES } from './tables.js';

export interface Compacted {
  /** Packs made now, in the order of the tables. */
  readonly packs: readonly { readonly pack: string; readonly segments: number; readonly bytes: number }[];
  /** Files of segments removed now. */
  readonly removed: number;
}

/**
 * Packs every segment that is in no pack yet, table by table, and removes the files whose segments are in packs. A table with a single
 * new segment waits. `scratch` is a folder for temporary files. The ledger has to be locked. Throws LEDGER_DAMAGED.
 */
export async function compactLedger(ledger: Ledger, scratch: string, crash: CrashPoints = noCrashPoints): Promise<Compacted> {
  const { store } = ledger;
  const all = ledger.head?.segments ?? [];
  const before = await readPacks(store);
  await requireSegments(store, all, before);
  const packs: { pack: string; segments: number; bytes: number }[] = [];
  for (const table of Object.keys(LEDGER_TABLES)) {
    const loose = all.filter((segment) => segment.table === table && !before.segments.has(segment.path));
    if (loose.length < 2) continue;
    const pack = packKey(loose);
    packs.push({ pack, segments: loose.length, bytes: await writePack(store, pack, loose, join(scratch, 'pack'), crash) });
    crash.reached('compact: pack written', pack);
  }
  return { packs, removed: await removePacked(ledger, all, crash) };
}

/** Writes a pack beside and puts it into the store. One that is there already comes from a compaction before a crash. */
async function writePack(
  store: ObjectStore, pack: string, segments: readonly HeadSegment[], temp: string, crash: CrashPoints,
): Promise<number> {
  const out = await open(temp, 'w');
  try {
    await out.writeFile(packHeader(segments));
    for (const { path } of segments) await append(out, await store.localPath(path));
  } finally {
    await out.close();
  }
  crash.reached('compact: pack prepared', pack);
  const { sha256, bytes } = await hashFile(temp);
  if ((await store.createFromFile(pack, temp)) === 'created') return bytes;
  if ((await hashFile(await store.localPath(pack))).sha256 === sha256) return bytes;
  return damaged(`${store.name}/${pack}`, 'its bytes are not those of the segments it names',
    'Its segments still lie in segments/: remove the pack and run again.');
}

async function append(out: Awaited<ReturnType<typeof open>>, path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) await out.write(chunk as Buffer);
  } finally {
    await file.close();
  }
}

/** Removes the files of segments that are in packs, after all that lie there were proved. */
async function removePacked({ store }: Ledger, all: readonly HeadSegment[], crash: CrashPoints): Promise<number> {
  const packs = await readPacks(store, true);
  const there = new Set(await store.list('segments/'));
  const twice = all.filter(({ path }) => packs.segments.has(path) && there.has(path));
  const wrong = await wrongSegments(store, twice, { packs });
  if (wrong.length > 0) throw new DuebookError(wrong);
  crash.reached('compact: packs proved');
  for (const { path } of twice) {
    await store.remove(path);
    crash.reached('compact: segment removed', path);
  }
  return twice.length;
}

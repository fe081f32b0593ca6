/** What is wrong with files of segments, in words. */
import { DuebookError, problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { ObjectStore } from '../world/types.js';
import { abreast, hashBytes, hashOf } from './hash.js';
import type { HeadSegment } from './head.js';
import { readPacked, readPacks } from './packs.js';
import type { Packs } from './packs.js';

/**
 * Segments that are missing, or whose bytes are not those that were committed, wherever they lie. `fresh`: as they are in the store
 * itself; `packs` are read where they are not given.
 */
export async function wrongSegments(
  store: ObjectStore, segments: readonly HeadSegment[], { packs, fresh = false }: { packs?: Packs; fresh?: boolean } = {},
): Promise<Diagnostic[]> {
  const known = packs ?? await readPacks(store, fresh);
  const places = await Promise.all(segments.map(async ({ path }) => (
    known.segments.get(path) ?? await store.localPath(path, fresh))));
  const hashes = await abreast(places, async (place) => (
    typeof place === 'string' ? hashOf(place) : hashBytes(await readPacked(store, place))));
  return segments.flatMap((segment, i) => {
    const packed = known.segments.get(segment.path);
    const pack = packed?.pack;
    const file = `${store.name}/${pack ?? segment.path}`;
    const found = hashes[i]!;
    const told = (what: string): Diagnostic[] => [changedFile(file, pack === undefined ? what : `holds ${segment.path}, which ${what}`)];
    if (found === null) return [lostFile(file, `The segment ${file} of commit ${segment.serial} is missing.`)];
    const bytes = packed?.bytes ?? found.bytes;
    if (bytes !== segment.bytes) return told(`has ${bytes} bytes, commit ${segment.serial} recorded ${segment.bytes}`);
    return found.sha256 === segment.sha256 ? [] : told(`does not have the hash that commit ${segment.serial} recorded`);
  });
}

/**
 * Throws LEDGER_DAMAGED for every one that is wrong: nothing is worked out from what was not committed. Gives the packs in which they lie,
 * which are others than `packs` where a compaction has moved segments since those were read.
 */
export async function requireSegments(store: ObjectStore, segments: readonly HeadSegment[], packs?: Packs): Promise<Packs> {
  const known = packs ?? await readPacks(store);
  if ((await wrongSegments(store, segments, { packs: known })).length === 0) return known;
  // What was downloaded may be damaged here only: then it is fetched again.
  const now = await readPacks(store, true);
  const wrong = await wrongSegments(store, segments, { packs: now, fresh: true });
  if (wrong.length > 0) throw new DuebookError(wrong);
  return now;
}

/** A file that has to be there. */
export function lostFile(file: string, message: string): Diagnostic {
  return problem('LEDGER_DAMAGED', message, { at: { file }, hint: 'Bring it back from a backup; nothing else can stand in for it.' });
}

/** A file that is not as it was written; `what` goes on from its name. */
export function changedFile(file: string, what: string): Diagnostic {
  const hint = 'Bring it back from a backup.';
  return problem('LEDGER_DAMAGED', `${file} ${what}: it was changed or is damaged.`, { at: { file }, hint });
}

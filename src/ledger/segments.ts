/** What is wrong with files of segments, in words. */
import { DuebookError, problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { ObjectStore } from '../world/types.js';
import { hashFiles } from './hash.js';
import type { HeadSegment } from './head.js';

/** Segments that are missing, or whose bytes are not those that were committed. `fresh`: as they are in the store itself. */
export async function wrongSegments(store: ObjectStore, segments: readonly HeadSegment[], fresh = false): Promise<Diagnostic[]> {
  const hashes = await hashFiles(await Promise.all(segments.map(({ path }) => store.localPath(path, fresh))));
  return segments.flatMap((segment, i) => {
    const file = `${store.name}/${segment.path}`;
    const found = hashes[i];
    if (found === null || found === undefined) return [lostFile(file, `The segment ${file} of commit ${segment.serial} is missing.`)];
    if (found.bytes !== segment.bytes) {
      return [changedFile(file, `has ${found.bytes} bytes, commit ${segment.serial} recorded ${segment.bytes}`)];
    }
    if (found.sha256 !== segment.sha256) return [changedFile(file, `does not have the hash that commit ${segment.serial} recorded`)];
    return [];
  });
}

/** Throws LEDGER_DAMAGED for every one that is wrong: nothing is worked out from what was not committed. */
export async function requireSegments(store: ObjectStore, segments: readonly HeadSegment[]): Promise<void> {
  // What was downloaded may be damaged here only: then it is fetched again.
  const good = (await wrongSegments(store, segments)).length === 0;
  const wrong = good ? [] : await wrongSegments(store, segments, true);
  if (wrong.length > 0) throw new DuebookError(wrong);
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

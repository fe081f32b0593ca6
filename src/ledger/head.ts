/**
 * HEAD: the newest commit with the segments of all commits. It can always be built again from `commits/`; `HEAD.json` is a
 * copy of it that spares reading the whole chain. A head that lags behind the commits rolls forward when it is read.
 */
import { canonicalJson, sha256 } from '../values/digest.js';
import type { ObjectStore } from '../world/types.js';
import { chainSegments, commitKey, damaged, decodeCommit, decodeJson, encodeCommit, lineageOf, runIdOf } from './commit.js';
import type { CommitDocument, Segment } from './commit.js';

export const HEAD_KEY = 'HEAD.json';

/** A segment and the commit it belongs to. */
export interface HeadSegment extends Segment {
  readonly serial: number;
}

/** The newest commit; `segments` are those of all commits, by serial and then in the order of the tables. */
export interface Head extends Omit<CommitDocument, 'segments'> {
  /** SHA-256 of the newest commit document's bytes: the one number that stands for the whole ledger. */
  readonly head_sha256: string;
  readonly segments: readonly HeadSegment[];
}

/** The head after one more commit. */
export function headAfter(head: Head | null, document: CommitDocument): Head {
  const own = document.segments.map((segment) => ({ ...segment, serial: document.serial }));
  return { ...document, head_sha256: sha256(encodeCommit(document)), segments: [...(head?.segments ?? []), ...own] };
}

/** The bytes of HEAD.json. */
export function encodeHead(head: Head): Buffer {
  return Buffer.from(`${canonicalJson(head)}\n`);
}

/**
 * Reads HEAD, proves it against the newest commit document, and follows commits it does not know yet. Null: an empty ledger.
 * Writes nothing. Throws LEDGER_DAMAGED, LEDGER_NEWER.
 */
export async function readHead(store: ObjectStore, toolVersion: string): Promise<Head | null> {
  return followed(await readStored(store, toolVersion), store, toolVersion);
}

/** HEAD from the commits alone, whatever HEAD.json says. Throws LEDGER_DAMAGED, LEDGER_NEWER. */
export async function rebuildHead(store: ObjectStore, toolVersion: string): Promise<Head | null> {
  return followed(null, store, toolVersion);
}

async function followed(from: Head | null, store: ObjectStore, toolVersion: string): Promise<Head | null> {
  let head = from;
  for (;;) {
    const serial: number = (head?.serial ?? 0) + 1;
    const bytes = await store.get(commitKey(serial));
    if (bytes === null) break;
    const file = `${store.name}/${commitKey(serial)}`;
    const document = decodeCommit(bytes, file, toolVersion);
    checkSuccession(head, document, file);
    head = headAfter(head, document);
  }
  if (head === null) await refuseHeadless(store);
  return head;
}

async function readStored(store: ObjectStore, toolVersion: string): Promise<Head | null> {
  const bytes = await store.get(HEAD_KEY);
  if (bytes === null) return null;
  const file = `${store.name}/${HEAD_KEY}`;
  const rebuild = `If ${store.name}/commits is whole, remove ${file}: it is built again from there. Then run \`duebook verify\`.`;
  const value = decodeJson(bytes, file, toolVersion);
  const head = value as unknown as Head;
  if (!encodeHead(head).equals(bytes) || !Number.isSafeInteger(head.serial) || !isListed(head.segments)) {
    return damaged(file, 'it is not written as duebook writes it', rebuild);
  }
  const commitFile = `${store.name}/${commitKey(head.serial)}`;
  const commitBytes = await store.get(commitKey(head.serial));
  if (commitBytes === null) return damaged(file, `it says serial ${head.serial}, but there is no ${commitFile}`);
  const document = decodeCommit(commitBytes, commitFile, toolVersion);
  if (sha256(commitBytes) !== head.head_sha256) {
    return damaged(file, `its hash is not that of ${commitFile}; one of the two was changed`);
  }
  if (!encodeHead({ ...headAfter(null, document), segments: head.segments }).equals(bytes)) {
    return damaged(file, `it does not say what ${commitFile} says`, rebuild);
  }
  if (chainedHash(head) !== head.segments_sha256) {
    return damaged(file, 'its list of segments is not the one that was committed', rebuild);
  }
  return head;
}

function isListed(segments: unknown): boolean {
  return Array.isArray(segments) && segments.every((each) => each !== null && typeof each === 'object');
}

/** The running hash computed again from the whole list. */
function chainedHash(head: Head): string {
  const bySerial = new Map<number, HeadSegment[]>();
  for (const segment of head.segments) {
    const own = bySerial.get(segment.serial) ?? [];
    own.push(segment);
    bySerial.set(segment.serial, own);
  }
  let running: string | null = null;
  for (let serial = 1; serial <= head.serial; serial += 1) running = chainSegments(running, bySerial.get(serial) ?? []);
  return running ?? '';
}

/** Throws LEDGER_DAMAGED unless `document` is a commit that may follow `head`. */
export function checkSuccession(head: Head | null, document: CommitDocument, file: string): void {
  const lineage = head?.lineage ?? lineageOf(document.issuer_id, document.config_digest, document.as_of);
  if (document.serial !== (head?.serial ?? 0) + 1) damaged(file, `it says serial ${document.serial}`);
  if (document.lineage !== lineage || (head !== null && document.issuer_id !== head.issuer_id)) {
    damaged(file, 'it belongs to another ledger (its lineage differs)');
  }
  if (document.previous !== (head?.head_sha256 ?? null)) {
    const words = head === null ? 'it names a commit before it' : `it does not follow ${commitKey(head.serial)} (that one's hash differs)`;
    damaged(file, words);
  }
  if (document.run_id !== runIdOf(document.previous, document.as_of, document.action, document.segments)) {
    damaged(file, 'its run_id does not derive from its content');
  }
  if (document.segments_sha256 !== chainSegments(head?.segments_sha256 ?? null, document.segments)) {
    damaged(file, 'its running hash of the segments is wrong');
  }
  if (head !== null && Date.parse(document.as_of) < Date.parse(head.as_of)) {
    damaged(file, `its as_of is before ${head.as_of}, the one of the commit before`);
  }
  for (const [series, next] of Object.entries(head?.next_number ?? {})) {
    if ((document.next_number[series] ?? 0) < next) damaged(file, `its next number of the series "${series}" goes back`);
  }
}

/** No HEAD and no first commit: an empty ledger, unless later commits are there. */
async function refuseHeadless(store: ObjectStore): Promise<void> {
  const [first] = await store.list('commits/');
  if (first !== undefined) damaged(`${store.name}/${first}`, `there is no ${store.name}/${commitKey(1)}, which has to come before it`);
}

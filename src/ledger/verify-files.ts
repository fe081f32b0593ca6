/** Proofs over the files of the ledger: the chain of commits, every segment's bytes, and that nothing else lies there. */
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { DuebookError, problem, warning } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { sha256 } from '../values/digest.js';
import { commitKey, decodeCommit } from './commit.js';
import type { CommitDocument } from './commit.js';
import { hashBytes, hashFile } from './hash.js';
import { checkSuccession, encodeHead, HEAD_KEY, headAfter } from './head.js';
import type { Head } from './head.js';
import type { Ledger } from './ledger.js';
import { readPacked, readPacks } from './packs.js';
import type { Packs } from './packs.js';
import { changedFile, lostFile, wrongSegments } from './segments.js';
import type { Anchor, Proof } from './verify-types.js';

export interface Chain {
  readonly proof: Proof;
  /** All documents by serial; none where one is wrong. */
  readonly commits: readonly CommitDocument[];
  /** SHA-256 of each commit's file as it is, by serial; null where it is missing. */
  readonly hashes: readonly (string | null)[];
}

/** Reads every commit document: no serial missing, each has the hash that the next one records, HEAD says what they say. */
export async function proveChain(ledger: Ledger): Promise<Chain> {
  const { head } = ledger;
  const files = await readCommitFiles(ledger);
  const diagnostics = files.flatMap(({ found }) => found);
  // Backwards: the newest is proved by the head, and each that is proved proves the one before it.
  let known: string | null = head?.head_sha256 ?? null;
  for (const { serial, file, hash, document } of files.toReversed()) {
    if (hash !== null && known !== null && hash !== known && document !== null) {
      const witness = serial === ledger.serial ? HEAD_KEY : commitKey(serial + 1);
      diagnostics.push(changedFile(file, `does not have the hash that ${witness} records`));
    }
    known = document !== null && hash === known ? document.previous : null;
  }
  const commits = diagnostics.length > 0 ? [] : files.map(({ document }) => document!);
  if (diagnostics.length === 0) diagnostics.push(...wrongSuccession(ledger, commits));
  const detail = `${commits.length} ${commits.length === 1 ? 'commit follows' : 'commits follow'} each other`;
  return { proof: { name: 'chain', detail, diagnostics }, commits, hashes: files.map(({ hash }) => hash) };
}

interface CommitFile {
  readonly serial: number;
  readonly file: string;
  /** Null where the file is missing. */
  readonly hash: string | null;
  /** Null where it cannot be read. */
  readonly document: CommitDocument | null;
  readonly found: readonly Diagnostic[];
}

async function readCommitFiles({ store, serial: last, tool_version }: Ledger): Promise<CommitFile[]> {
  const read = async (serial: number): Promise<CommitFile> => {
    const file = `${store.name}/${commitKey(serial)}`;
    const bytes = await store.get(commitKey(serial));
    if (bytes === null) {
      return { serial, file, hash: null, document: null, found: [lostFile(file, `Commit ${serial} of ${last} (${file}) is missing.`)] };
    }
    try {
      const document = decodeCommit(bytes, file, tool_version);
      const found = document.serial === serial ? [] : [changedFile(file, `says that it is commit ${document.serial}`)];
      return { serial, file, hash: sha256(bytes), document: found.length === 0 ? document : null, found };
    } catch (error) {
      if (!(error instanceof DuebookError)) throw error;
      return { serial, file, hash: sha256(bytes), document: null, found: error.diagnostics };
    }
  };
  const files: CommitFile[] = [];
  for (let from = 1; from <= last; from += 64) {
    files.push(...(await Promise.all(Array.from({ length: Math.min(64, last - from + 1) }, (_, i) => read(from + i)))));
  }
  return files;
}

/** What no hash can tell: that each document says what one may say that follows the one before, and the head what they all say. */
function wrongSuccession(ledger: Ledger, commits: readonly CommitDocument[]): readonly Diagnostic[] {
  const { store } = ledger;
  let head: Head | null = null;
  try {
    for (const document of commits) {
      checkSuccession(head, document, `${store.name}/${commitKey(document.serial)}`);
      head = headAfter(head, document);
    }
  } catch (error) {
    if (error instanceof DuebookError) return error.diagnostics;
    throw error;
  }
  if (head === null || encodeHead(head).equals(encodeHead(ledger.head!))) return [];
  return [problem('LEDGER_DAMAGED', `${store.name}/${HEAD_KEY} does not say what the ${commits.length} commits say.`, {
    at: { file: `${store.name}/${HEAD_KEY}` }, hint: 'Remove HEAD.json: it is built again from the commits.',
  })];
}

/** The ledger still has every commit that was written down outside; with the chain, nothing before them was changed either. */
export function proveAnchors(ledger: Ledger, hashes: readonly (string | null)[], anchors: readonly Anchor[]): Proof {
  const hint = 'This is another ledger, or its past was changed. Bring back the ledger that the anchor was taken from.';
  const diagnostics = anchors.flatMap(({ serial, sha256: anchor }) => {
    const [file, hash] = [`${ledger.store.name}/${commitKey(serial)}`, hashes[serial - 1]];
    if (hash === anchor) return [];
    const wrong = hash === undefined ? `is not there: the ledger ends at serial ${ledger.serial}`
      : hash === null ? 'is missing' : `has the hash ${hash}, the anchor says ${anchor}`;
    const message = `The ledger does not continue the anchor of serial ${serial}: ${file} ${wrong}.`;
    return [problem('LEDGER_DAMAGED', message, { at: { file }, hint })];
  });
  const told = anchors.map(({ serial }) => serial).join(', ');
  return { name: 'anchors', detail: `the ledger continues what was written down at serial ${told}`, diagnostics };
}

/** Every segment is there with its size and hash. */
export async function proveSegments(ledger: Ledger): Promise<Proof> {
  const segments = ledger.head?.segments ?? [];
  const diagnostics = await wrongSegments(ledger.store, segments, { fresh: true });
  const total = segments.reduce((sum, { bytes }) => sum + bytes, 0);
  return { name: 'segments', detail: `${segments.length} segments, ${total} bytes, have the recorded hashes`, diagnostics };
}

/** Nothing lies in the store that no commit knows. Leftovers of runs that did not finish are harmless and only told. */
export async function proveNoForeignFiles(ledger: Ledger): Promise<Proof> {
  const known = new Set([HEAD_KEY, ...(ledger.head?.segments ?? []).map((segment) => segment.path)]);
  for (let serial = 1; serial <= ledger.serial; serial += 1) known.add(commitKey(serial));
  const keys = await ledger.store.list('');
  const packs = await readPacks(ledger.store, true);
  const diagnostics: Diagnostic[] = [...await wrongCopies(ledger, packs, keys), ...await wrongPacks(ledger, packs, known)];
  for (const key of keys) {
    if (known.has(key)) continue;
    const file = `${ledger.store.name}/${key}`;
    if (/^segments\/\d{8,}-run_[0-9a-f]{20}\/[a-z_]+\.parquet$/.test(key)) {
      diagnostics.push(warning('LEDGER_DAMAGED', `${file} belongs to a run that did not finish; no commit refers to it.`, {
        at: { file }, hint: 'It is never read. Remove it when no run is going on.',
      }));
    } else if (/^documents\/[0-9a-f]{64}\.[a-z]+$/.test(key)) {
      const { sha256: hash } = await hashFile(await ledger.store.localPath(key, true));
      if (hash !== basename(key).split('.')[0]) diagnostics.push(changedFile(file, 'does not have the hash that is its name'));
    } else {
      const hint = 'Find out who put it there, then move it away.';
      diagnostics.push(problem('LEDGER_DAMAGED', `${file} is no file of this ledger.`, { at: { file }, hint }));
    }
  }
  return { name: 'files', detail: `${keys.length} files, all known`, diagnostics };
}

/**
 * What lies in the store a second time is what was committed, too: a compaction that died leaves segments both in a pack and beside it,
 * two at once leave them in two packs. Only one of them is read.
 */
async function wrongCopies({ store, head }: Ledger, packs: Packs, keys: readonly string[]): Promise<Diagnostic[]> {
  const committed = new Map((head?.segments ?? []).map((segment) => [segment.path, segment.sha256]));
  const copies = [
    ...packs.held.filter(({ path, packed }) => packs.segments.get(path) !== packed)
      .map(({ path, packed }) => ({ path, file: packed.pack, read: async () => hashBytes(await readPacked(store, packed)) })),
    ...keys.filter((key) => packs.segments.has(key))
      .map((key) => ({ path: key, file: key, read: async () => hashFile(await store.localPath(key, true)) })),
  ];
  const diagnostics: Diagnostic[] = [];
  for (const { path, file, read } of copies.filter((each) => committed.has(each.path))) {
    if ((await read()).sha256 === committed.get(path)) continue;
    diagnostics.push(changedFile(`${store.name}/${file}`, `holds another ${path} than was committed`));
  }
  return diagnostics;
}

/** Packs hold segments of this ledger and nothing else; those that do are known. What the segments say is proved with the others. */
async function wrongPacks({ store }: Ledger, { held, sizes }: Packs, known: Set<string>): Promise<Diagnostic[]> {
  const diagnostics: Diagnostic[] = [];
  for (const [pack, size] of sizes) {
    known.add(pack);
    const file = `${store.name}/${pack}`;
    const strange = held.find(({ path, packed }) => packed.pack === pack && !known.has(path));
    const bytes = (await stat(await store.localPath(pack))).size;
    if (strange !== undefined) diagnostics.push(changedFile(file, `holds ${strange.path}, which no commit knows`));
    if (bytes !== size) diagnostics.push(changedFile(file, `has ${bytes} bytes, its first line says ${size}`));
  }
  return diagnostics;
}

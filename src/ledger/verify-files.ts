/** Proofs over the files of the ledger: the chain of commits, every segment's bytes, and that nothing else lies there. */
import { basename } from 'node:path';
import { DuebookError, problem, warning } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { commitKey, decodeCommit } from './commit.js';
import type { CommitDocument } from './commit.js';
import { checkSuccession, encodeHead, HEAD_KEY, headAfter } from './head.js';
import type { Head } from './head.js';
import { hashFile } from './ledger.js';
import type { Ledger } from './ledger.js';

/** What one proof found: nothing is good. */
export interface Proof {
  readonly name: string;
  /** What was looked at, for people: "12 commits". */
  readonly detail: string;
  /** It could not be made. */
  readonly skipped?: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Chain {
  readonly proof: Proof;
  /** The documents up to the first one that is wrong. */
  readonly commits: readonly CommitDocument[];
}

/** Reads every commit document: no serial missing, each follows the one before, HEAD says what they say. */
export async function proveChain(ledger: Ledger): Promise<Chain> {
  const { store, tool_version } = ledger;
  const commits: CommitDocument[] = [];
  const diagnostics: Diagnostic[] = [];
  let head: Head | null = null;
  for (let serial = 1; serial <= ledger.serial && diagnostics.length === 0; serial += 1) {
    const file = `${store.name}/${commitKey(serial)}`;
    try {
      const bytes = await store.get(commitKey(serial));
      if (bytes === null) {
        diagnostics.push(lostFile(file, `Commit ${serial} of ${ledger.serial} is missing.`));
        break;
      }
      const document = decodeCommit(bytes, file, tool_version);
      checkSuccession(head, document, file);
      head = headAfter(head, document);
      commits.push(document);
    } catch (error) {
      if (!(error instanceof DuebookError)) throw error;
      diagnostics.push(...error.diagnostics);
    }
  }
  if (diagnostics.length === 0 && head !== null && !encodeHead(head).equals(encodeHead(ledger.head!))) {
    diagnostics.push(problem('LEDGER_DAMAGED', `${store.name}/${HEAD_KEY} does not say what the ${commits.length} commits say.`, {
      at: { file: `${store.name}/${HEAD_KEY}` }, hint: 'Remove HEAD.json: it is built again from the commits.',
    }));
  }
  return { proof: { name: 'chain', detail: `${commits.length} commits follow each other`, diagnostics }, commits };
}

/** Every segment is there with its size and hash. */
export async function proveSegments(ledger: Ledger): Promise<Proof> {
  const segments = ledger.head?.segments ?? [];
  const diagnostics: Diagnostic[] = [];
  let total = 0;
  for (const segment of segments) {
    const file = `${ledger.store.name}/${segment.path}`;
    const found = await hashFile(await ledger.store.localPath(segment.path)).catch((error: unknown) => {
      if ((error as { code?: unknown }).code === 'ENOENT') return null;
      throw error;
    });
    if (found === null) diagnostics.push(lostFile(file, `The segment ${file} of commit ${segment.serial} is missing.`));
    else if (found.bytes !== segment.bytes) {
      diagnostics.push(changedFile(file, `has ${found.bytes} bytes, commit ${segment.serial} recorded ${segment.bytes}`));
    } else if (found.sha256 !== segment.sha256) {
      diagnostics.push(changedFile(file, `does not have the hash that commit ${segment.serial} recorded`));
    }
    total += segment.bytes;
  }
  return { name: 'segments', detail: `${segments.length} segments, ${total} bytes, have the recorded hashes`, diagnostics };
}

/** Nothing lies in the store that no commit knows. Leftovers of runs that did not finish are harmless and only told. */
export async function proveNoForeignFiles(ledger: Ledger): Promise<Proof> {
  const known = new Set([HEAD_KEY, ...(ledger.head?.segments ?? []).map((segment) => segment.path)]);
  for (let serial = 1; serial <= ledger.serial; serial += 1) known.add(commitKey(serial));
  const diagnostics: Diagnostic[] = [];
  const keys = await ledger.store.list('');
  for (const key of keys) {
    if (known.has(key)) continue;
    const file = `${ledger.store.name}/${key}`;
    if (/^segments\/\d{8,}-run_[0-9a-f]{20}\/[a-z_]+\.parquet$/.test(key)) {
      diagnostics.push(warning('LEDGER_DAMAGED', `${file} belongs to a run that did not finish; no commit refers to it.`, {
        at: { file }, hint: 'It is never read. Remove it when no run is going on.',
      }));
    } else if (/^documents\/[0-9a-f]{64}\.[a-z]+$/.test(key)) {
      const { sha256 } = await hashFile(await ledger.store.localPath(key));
      if (sha256 !== basename(key).split('.')[0]) diagnostics.push(changedFile(file, 'does not have the hash that is its name'));
    } else {
      const hint = 'Find out who put it there, then move it away.';
      diagnostics.push(problem('LEDGER_DAMAGED', `${file} is no file of this ledger.`, { at: { file }, hint }));
    }
  }
  return { name: 'files', detail: `${keys.length} files, all known`, diagnostics };
}

function lostFile(file: string, message: string): Diagnostic {
  return problem('LEDGER_DAMAGED', message, { at: { file }, hint: 'Bring it back from a backup; nothing else can stand in for it.' });
}

function changedFile(file: string, what: string): Diagnostic {
  const hint = 'Bring it back from a backup.';
  return problem('LEDGER_DAMAGED', `${file} ${what}: it was changed or is damaged.`, { at: { file }, hint });
}

/** Errors of the operating system in words: a full disk or a missing permission is nobody's bug. */
import { relative } from 'node:path';
import { DuebookError, problem } from '../values/diagnostic.js';

/** What the system says, by its code. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'the file system does not allow it',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EFBIG: 'the system allows no file of that size',
  EDQUOT: 'the disk quota is used up',
  EEXIST: 'there is a file where a folder should be',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EISDIR: 'there is a folder where a file should be',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
  ENOTSUP: 'the file system has no hard links, which the ledger needs',
};

/** The system's error code ("ENOENT"), or null for any other error. */
export function errorCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const { code, syscall } = error as { code?: unknown; syscall?: unknown };
  return typeof code === 'string' && typeof syscall === 'string' ? code : null;
}

/** What an {@link errorCode} means. */
export function wordsOf(code: string): string {
  return WORDS[code] ?? `the system says ${code}`;
}

const AGAIN = 'Mend it and run the command again: the ledger is as it was before, or as after a commit, never between.';
const MEMORY = 'Give it more with --memory-limit, or let it spill: check that the folder of temporary files (TMPDIR) has free space.';

/**
 * An error as it is told: as it is where it has findings, SYSTEM_REFUSED for what the operating system refuses, to the program or to the
 * engine; null for any other, which is a bug. Paths are told from `cwd`.
 */
export function diagnosed(error: unknown, cwd: string): DuebookError | null {
  if (error instanceof DuebookError) return error;
  if (!(error instanceof Error)) return null;
  const told = (message: string, hint: string, file?: string): DuebookError => (
    new DuebookError([problem('SYSTEM_REFUSED', message, { hint, ...(file === undefined ? {} : { at: { file } }) })]));
  const words = WORDS[errorCode(error) ?? ''];
  if (words !== undefined) {
    const { path } = error as { path?: unknown };
    const file = typeof path === 'string' ? relative(cwd, path) || '.' : undefined;
    return told(`Cannot read or write ${file ?? 'a file'}: ${words}.`, AGAIN, file);
  }
  const engine = /^(IO|Out of Memory) Error: ([^\n]*)/.exec(error.message);
  if (engine === null) return null;
  const message = engine[2]!.replaceAll(`${cwd}/`, '');
  return engine[1] === 'IO' ? told(`The engine cannot read or write a file: ${message}`, AGAIN)
    : told(`The engine has too little memory: ${message}`, MEMORY);
}

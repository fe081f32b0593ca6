/** The files of a project on disk, for the config room. */
import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { glob, isInside } from './glob.js';
import type { Matches } from './glob.js';

/** Config files beyond this size are refused: nothing a person writes is so long. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What the config room asks of a project's folder; paths are relative to `root`, with forward slashes. */
export interface ProjectFiles {
  readonly root: string;
  read(path: string): Promise<string | null>;
  glob(pattern: string): Promise<Matches>;
  exists(path: string): Promise<boolean>;
}

/** Reads below the absolute folder `root` and nowhere else; a link that leads out is not read. */
export function projectFiles(root: string): ProjectFiles {
  return {
    root,
    read: async (path) => {
      const target = await inside(root, path);
      if (target === null && await isLink(root, path)) throw new Error('it is a link that leads out of the project, or to nothing');
      return target === null ? null : readText(target);
    },
    glob: (pattern) => glob(root, pattern),
    exists: async (path) => (await inside(root, path)) !== null,
  };
}

async function inside(root: string, path: string): Promise<string | null> {
  if (path.includes('\0')) return null;
  const base = await realpath(root).catch(() => null);
  const target = await realpath(join(root, path)).catch(() => null);
  return base !== null && target !== null && isInside(base, target) ? target : null;
}

async function isLink(root: string, path: string): Promise<boolean> {
  return !path.includes('\0') && (await lstat(join(root, path)).catch(() => null))?.isSymbolicLink() === true;
}

async function readText(target: string): Promise<string> {
  const found = await stat(target);
  if (!found.isFile()) throw new Error('it is not a file');
  if (found.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES / 1024 / 1024} MB`);
  const bytes = await readFile(target).catch((error: unknown) => {
    throw new Error(`the system says ${(error as NodeJS.ErrnoException).code ?? 'no'}`);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Error('it is not UTF-8');
  }
}

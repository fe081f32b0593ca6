/** Writing files for people: a folder at a time, whole files only. */
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { noCrashPoints } from './crash-points.js';
import type { CrashPoints } from './crash-points.js';

/** Writes a file whole, making its folder; a reader never sees half of it. */
export async function writeWhole(path: string, content: string | Uint8Array, crash: CrashPoints = noCrashPoints): Promise<void> {
  crash.reached('files: about to write', path);
  await mkdir(dirname(path), { recursive: true });
  const aside = join(dirname(path), `.${path.slice(dirname(path).length + 1)}.part`);
  await writeFile(aside, content);
  crash.reached('files: written aside', path);
  await rename(aside, path);
  crash.reached('files: written', path);
}

/** Empties a folder, but for what is named, and makes it where there is none. */
export async function freshFolder(path: string, keep: readonly string[] = [], crash: CrashPoints = noCrashPoints): Promise<void> {
  await mkdir(path, { recursive: true });
  for (const name of await readdir(path)) if (!keep.includes(name)) await rm(join(path, name), { recursive: true, force: true });
  crash.reached('files: folder emptied', path);
}

export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
}

export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/** Names of the folders in a folder, sorted; none if it does not exist. */
export async function foldersIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name).sort();
}

/** Names of the files in a folder, sorted; none if it does not exist. */
export async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => entry.name).sort();
}

export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** The file's bytes, or null if there is none. */
export async function readIfThere(path: string): Promise<Buffer | null> {
  return readFile(path).catch(() => null);
}

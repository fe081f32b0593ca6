/** Hashes of files: in one pass and little memory, many files at once. */
import { createHash, webcrypto } from 'node:crypto';
import { open, readFile, stat } from 'node:fs/promises';

/** As many files are read and hashed side by side as there are threads for it. */
const ABREAST = 4;
/** A larger file is not read whole. */
const WHOLE = 1 << 24;

export interface FileHash {
  readonly sha256: string;
  readonly bytes: number;
}

/** Hash and size of a local file. Throws what the file system throws. */
export async function hashFile(path: string): Promise<FileHash> {
  const file = await open(path, 'r');
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(1 << 18);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** The same of many files, in their order, on all processors; null where there is no file. */
export async function hashFiles(paths: readonly string[]): Promise<(FileHash | null)[]> {
  const hashes: (FileHash | null)[] = Array.from(paths, () => null);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < paths.length; i = next++) hashes[i] = await hashOf(paths[i]!);
  };
  await Promise.all(Array.from({ length: ABREAST }, work));
  return hashes;
}

/** Reading and hashing a whole file happens on other threads; only a large one is hashed in pieces on this one. */
async function hashOf(path: string): Promise<FileHash | null> {
  try {
    if ((await stat(path)).size > WHOLE) return await hashFile(path);
    const bytes = await readFile(path);
    return { sha256: Buffer.from(await webcrypto.subtle.digest('SHA-256', bytes)).toString('hex'), bytes: bytes.length };
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return null;
    throw error;
  }
}

/** Hashes of files: in one pass and little memory, many files at once. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** As many files are fetched and hashed side by side. */
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

/** Does the same for many things, a few at a time; the results are in their order. */
export async function abreast<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < items.length; i = next++) results[i] = await work(items[i]!);
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
  return results;
}

/**
 * Hash and size of a file, null where there is none, or a folder in its place. A ledger has thousands of small ones: to hand them to
 * another thread and back took up to twice the processor time of reading and hashing them here.
 */
export async function hashOf(path: string): Promise<FileHash | null> {
  try {
    return statSync(path).size > WHOLE ? await hashFile(path) : hashBytes(readFileSync(path));
  } catch (error) {
    if (['ENOENT', 'EISDIR'].includes((error as { code?: string }).code ?? '')) return null;
    throw error;
  }
}

/** Hash and size of bytes in memory. */
export function hashBytes(bytes: Buffer): FileHash {
  return { sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length };
}

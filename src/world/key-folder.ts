/**
 * Keys of customers: a folder with a file each, outside of git and of the ledger. A key is made by chance when it is first needed and
 * never changes; removing the file forgets it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../values/diagnostic.js';
import { processName } from './process-name.js';

const BYTES = 32;

export interface KeyFolder {
  /** As the configuration names it, for messages. */
  readonly name: string;
  /** Null: there is none. Throws PRIVACY_KEY for a file that is no key. */
  get(id: string): Buffer | null;
  /** Whether there is a key; looks at the folder once. */
  has(id: string): boolean;
  /** The key, made where there is none. Two that make it at once get the same one. */
  make(id: string): Buffer;
  /** Removes the key for good; false: there was none. */
  remove(id: string): boolean;
}

/** Opens a folder of keys, which need not exist yet. Throws PRIVACY_KEY where it cannot be read or written. */
export function openKeyFolder(folder: string, name: string): KeyFolder {
  const keys = new Map<string, Buffer | null>();
  let files: ReadonlySet<string> | null = null;
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === undefined) throw error;
      return fail('PRIVACY_KEY', `The keys of customers in ${name} cannot be used: the system says ${code}.`, {
        hint: 'Check `privacy.keys` in the configuration, that the folder is there, and its permissions.',
      });
    }
  };
  const read = (id: string): Buffer | null => {
    const known = keys.get(id);
    if (known !== undefined) return known;
    const key = readKey(join(folder, fileOf(id)), `${name}/${fileOf(id)}`);
    keys.set(id, key);
    return key;
  };
  return {
    name,
    get: (id) => guarded(() => read(id)),
    has: (id) => {
      files ??= guarded(() => namesIn(folder));
      return files.has(fileOf(id));
    },
    make: (id) => guarded(() => {
      const known = read(id);
      if (known !== null) return known;
      writeKey(folder, fileOf(id));
      [files] = [null, keys.delete(id)];
      return read(id)!;
    }),
    remove: (id) => guarded(() => {
      const there = namesIn(folder).has(fileOf(id));
      if (there) unlinkSync(join(folder, fileOf(id)));
      if (there) flush(folder);
      [files] = [null, keys.delete(id)];
      return there;
    }),
  };
}

/** Name of a customer's file. Ids that differ only in case stay apart where the disk takes no notice of it. */
function fileOf(id: string): string {
  const plain = id.replace(/[^a-z0-9._-]/gu, (sign) => Buffer.from(sign).toString('hex').replace(/../g, '%$&'));
  return plain.length <= 200 ? `${plain}.key` : `sha256-${createHash('sha256').update(id).digest('hex')}.key`;
}

function namesIn(folder: string): Set<string> {
  try {
    return new Set(readdirSync(folder));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Set();
    throw error;
  }
}

function readKey(path: string, name: string): Buffer | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (!/^[0-9a-f]{64}\n?$/.test(text)) {
    fail('PRIVACY_KEY', `${name} is not a key: 64 hex digits are expected.`, { hint: 'Bring it back from a backup of the keys.' });
  }
  return Buffer.from(text.trim(), 'hex');
}

/** Whole or not at all, and never over another. */
function writeKey(folder: string, file: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const aside = join(folder, `.${file.slice(0, 100)}.${processName().text}`);
  rmSync(aside, { force: true });
  const handle = openSync(aside, 'wx', 0o600);
  try {
    writeSync(handle, `${randomBytes(BYTES).toString('hex')}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    linkSync(aside, join(folder, file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  flush(folder);
}

function flush(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

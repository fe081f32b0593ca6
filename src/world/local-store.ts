/**
 * The object store in a folder of a local disk.
 *
 * An object appears whole or not at all: it is written to a file under `.tmp/`, flushed to disk, then linked to its name
 * (create: link(2) fails if the name is taken) or renamed over it (replace), and the folder is flushed too. Names that begin
 * with a dot, and `LOCK`, are not objects.
 */
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readFile, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { fail } from '../values/diagnostic.js';
import { noCrashPoints, toldLock } from './crash-points.js';
import type { CrashPoints } from './crash-points.js';
import { LOCK_KEY, takeLock } from './local-lock.js';
import { errorCode, wordsOf } from './system-errors.js';
import type { ObjectStore } from './types.js';
import { processName } from './process-name.js';

const TEMP = '.tmp';

/**
 * Opens the store in the folder `dir` (absolute). The folder need not exist: reading finds nothing, writing makes it.
 * `name` is what messages call it (`data/ledger`). Throws LEDGER_UNREACHABLE when the folder cannot be read or written.
 */
export function openLocalStore(dir: string, name: string, crash: CrashPoints = noCrashPoints): ObjectStore {
  return new LocalStore(dir, name, crash);
}

class LocalStore implements ObjectStore {
  readonly name: string;
  readonly #dir: string;
  readonly #crash: CrashPoints;
  #temps = 0;

  constructor(dir: string, name: string, crash: CrashPoints) {
    this.name = name;
    this.#dir = dir;
    this.#crash = crash;
  }

  async get(key: string): Promise<Buffer | null> {
    return this.#guard(key, 'read', async () => {
      try {
        return await readFile(this.#path(key));
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return null;
        throw error;
      }
    });
  }

  async create(key: string, bytes: Buffer): Promise<'created' | 'exists'> {
    return this.#guard(key, 'write', async () => this.#link(await this.#tempOf(key, bytes), key));
  }

  async createFromFile(key: string, path: string): Promise<'created' | 'exists'> {
    return this.#guard(key, 'write', async () => {
      const temp = await this.#aside(key, async (aside) => {
        await copyFile(path, aside, constants.COPYFILE_FICLONE);
        await flush(aside);
      });
      return this.#link(temp, key);
    });
  }

  async replace(key: string, bytes: Buffer): Promise<void> {
    await this.#guard(key, 'write', async () => {
      const temp = await this.#tempOf(key, bytes);
      try {
        await this.#folderOf(key);
        this.#crash.reached('store: about to replace', key);
        await rename(temp, this.#path(key));
      } catch (error) {
        await unlinkIfThere(temp);
        throw error;
      }
      this.#crash.reached('store: replaced', key);
      await flushFolder(dirname(this.#path(key)));
      this.#crash.reached('store: replace settled', key);
    });
  }

  async list(prefix: string): Promise<string[]> {
    return this.#guard(prefix, 'read', async () => {
      const cut = prefix.lastIndexOf('/');
      const keys = await this.#walk(cut < 0 ? this.#dir : join(this.#dir, prefix.slice(0, cut)));
      return keys.filter((key) => key.startsWith(prefix)).sort();
    });
  }

  async remove(key: string): Promise<void> {
    await this.#guard(key, 'write', async () => {
      await unlinkIfThere(this.#path(key));
      // A folder that is empty now is of no use; another process may be putting something into it.
      if (key.includes('/')) await rmdir(dirname(this.#path(key))).catch(() => undefined);
    });
  }

  localPath(key: string): Promise<string> {
    return Promise.resolve(this.#path(key));
  }

  async prove(): Promise<void> {
    const key = 'probe';
    await this.remove(key);
    try {
      const answers = [await this.create(key, Buffer.from('first')), await this.create(key, Buffer.from('second'))];
      const kept = String(await this.get(key));
      await this.replace(key, Buffer.from('third'));
      const flaw = answers.join() !== 'created,exists' || kept !== 'first' ? 'it creates a file that is there already'
        : String(await this.get(key)) !== 'third' ? 'it does not give back what was written last'
          : !(await this.list('')).includes(key) ? 'it does not list what was written' : null;
      if (flaw !== null) {
        fail('LEDGER_STORE_UNSAFE', `${this.name} is not safe for a ledger: ${flaw}.`, {
          at: { file: this.name }, hint: 'Two runs at the same time could both commit there. Use a folder on a local disk, or a bucket.',
        });
      }
    } finally {
      await this.remove(key);
    }
  }

  async lock(owner: string): Promise<{ release(): Promise<void> } | { holder: string }> {
    return this.#guard(LOCK_KEY, 'write', async () => {
      await mkdir(join(this.#dir, TEMP), { recursive: true });
      await this.#sweep();
      this.#crash.reached('lock: about to take');
      return toldLock(this.#crash, await takeLock(join(this.#dir, LOCK_KEY), owner, () => this.#newTemp()));
    });
  }

  /** Writes the bytes to a flushed file aside and gives its path. */
  #tempOf(key: string, bytes: Buffer): Promise<string> {
    return this.#aside(key, async (aside) => {
      const file = await open(aside, 'w');
      try {
        await file.writeFile(bytes);
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  /** A file aside that `write` fills; on a disk that is full nothing of it stays. */
  async #aside(key: string, write: (path: string) => Promise<void>): Promise<string> {
    const temp = await this.#newTemp();
    this.#crash.reached('store: about to write aside', key);
    try {
      await write(temp);
    } catch (error) {
      await unlinkIfThere(temp);
      throw error;
    }
    this.#crash.reached('store: written aside', key);
    return temp;
  }

  /** Makes an empty file under `.tmp/` that nobody else has. */
  async #newTemp(): Promise<string> {
    const folder = join(this.#dir, TEMP);
    await mkdir(folder, { recursive: true });
    for (;;) {
      this.#temps += 1;
      const path = join(folder, `${processName().text}~${this.#temps}`);
      try {
        await (await open(path, 'wx')).close();
        return path;
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
      }
    }
  }

  /** Gives the file aside its name, unless the name is taken; the file aside is gone either way. */
  async #link(temp: string, key: string): Promise<'created' | 'exists'> {
    const path = this.#path(key);
    try {
      await this.#folderOf(key);
      this.#crash.reached('store: about to create', key);
      await link(temp, path);
      this.#crash.reached('store: created', key);
      await flushFolder(dirname(path));
      this.#crash.reached('store: create settled', key);
      return 'created';
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return 'exists';
      throw error;
    } finally {
      await unlinkIfThere(temp);
    }
  }

  /** Makes the folder of a key and flushes the folders it had to be entered in. */
  async #folderOf(key: string): Promise<void> {
    const first = await mkdir(dirname(this.#path(key)), { recursive: true });
    if (first === undefined) return;
    for (let folder = dirname(this.#path(key)); folder.length >= dirname(first).length; folder = dirname(folder)) {
      await flushFolder(folder);
      if (folder === dirname(folder)) break;
    }
  }

  async #walk(folder: string): Promise<string[]> {
    let entries;
    try {
      entries = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    }
    const keys: string[] = [];
    for (const entry of entries) {
      const path = join(folder, entry.name);
      const key = relative(this.#dir, path).split(sep).join('/');
      if (entry.name.startsWith('.') || key === LOCK_KEY) continue;
      if (entry.isDirectory()) keys.push(...(await this.#walk(path)));
      else keys.push(key);
    }
    return keys;
  }

  /** Removes files aside that a process of this host left when it died. */
  async #sweep(): Promise<void> {
    for (const name of await readdir(join(this.#dir, TEMP))) {
      const owner = name.slice(0, name.lastIndexOf('~'));
      if (processName().isDead(owner)) await unlinkIfThere(join(this.#dir, TEMP, name));
    }
  }

  #path(key: string): string {
    if (key === '' || key.startsWith('/') || key.split('/').includes('..')) throw new Error(`not a key: ${key}`);
    return join(this.#dir, key);
  }

  /** Turns errors of the file system into a finding that names the store's file. */
  async #guard<T>(key: string, action: 'read' | 'write', work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const code = errorCode(error);
      if (code === null) throw error;
      const file = key === '' ? this.name : `${this.name}/${key}`;
      return fail('LEDGER_UNREACHABLE', `Cannot ${action} ${file}: ${wordsOf(code)}.`, {
        at: { file },
        hint: HINTS[code] ?? 'Check that the folder of the ledger is there, is a folder on a local disk, and may be read and written.',
      });
    }
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'Free some space and run again; the ledger is as it was before.',
  EDQUOT: 'Free some space and run again; the ledger is as it was before.',
  EMFILE: 'Raise the limit of open files (ulimit -n) and run again.',
};

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes a folder's entries; Windows has no such call and needs none. */
async function flushFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

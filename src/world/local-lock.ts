/**
 * The advisory lock of a store in a folder: a file `LOCK` that says who holds it. It spares people a lost race; what keeps
 * the ledger whole is that a serial can be created only once.
 */
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { processName } from './process-name.js';

export const LOCK_KEY = 'LOCK';

interface Holder {
  readonly owner: string;
  readonly host: string;
  readonly pid: number;
  readonly process: string;
}

/**
 * Takes the lock at `path` for `owner`, or says in words who holds it. A lock whose process is dead on this host is taken
 * over; one of another host is believed.
 */
export async function takeLock(
  path: string, owner: string, newTemp: () => Promise<string>,
): Promise<{ release(): Promise<void> } | { holder: string }> {
  const { host, pid, text } = processName();
  const words = `${JSON.stringify({ owner, host, pid, process: text } satisfies Holder)}\n`;
  for (;;) {
    if (await linkWords(path, words, newTemp)) return { release: () => release(path, words) };
    const held = await readFile(path, 'utf8').catch(ifMissing);
    if (held === null) continue;
    if (!isStale(held)) return { holder: describe(held) };
    await takeAway(path, held, newTemp);
  }
}

async function linkWords(path: string, words: string, newTemp: () => Promise<string>): Promise<boolean> {
  const temp = await newTemp();
  await writeFile(temp, words);
  try {
    await link(temp, path);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(temp);
  }
}

/** Moves a stale lock away; if another process was quicker and it was that one's fresh lock that moved, puts it back. */
async function takeAway(path: string, stale: string, newTemp: () => Promise<string>): Promise<void> {
  const temp = await newTemp();
  try {
    await rename(path, temp);
    if ((await readFile(temp, 'utf8')) !== stale) await link(temp, path);
  } catch (error) {
    if (!['ENOENT', 'EEXIST'].includes(String((error as { code?: unknown }).code))) throw error;
  } finally {
    await unlink(temp).catch(ifMissing);
  }
}

async function release(path: string, words: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(ifMissing)) === words) await unlink(path).catch(ifMissing);
}

function parse(text: string): Holder | null {
  try {
    const value = JSON.parse(text) as Partial<Holder> | null;
    const whole = typeof value?.owner === 'string' && typeof value.host === 'string' && typeof value.pid === 'number'
      && typeof value.process === 'string';
    return whole ? (value as Holder) : null;
  } catch {
    return null;
  }
}

function isStale(text: string): boolean {
  const holder = parse(text);
  return holder !== null && processName().isDead(holder.process);
}

function describe(text: string): string {
  const holder = parse(text);
  return holder === null ? 'an unknown process' : `"${holder.owner}" (process ${holder.pid} on ${holder.host})`;
}

function ifMissing(error: unknown): null {
  if ((error as { code?: unknown }).code === 'ENOENT') return null;
  throw error;
}

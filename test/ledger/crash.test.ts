/** Stops a commit at every step of I/O there is, by an exception and by SIGKILL: the ledger is as before or as after. */
import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commit } from '../../src/ledger/ledger.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { builtRooms, runNode } from './processes.js';
import { openAt, smallLedger, stageBatch, tempEngine, tempFolder } from './support.js';

class Stop extends Error {}

describe('a commit that is stopped', () => {
  it('leaves the ledger as before or as after, at every step', async () => {
    const [engine, base] = [await tempEngine(), await tempFolder()];
    const start = await smallLedger(engine, base);
    const input = await stageBatch(engine, start);
    const [whole, names] = [await tempFolder(), [] as string[]];
    await cp(join(base, 'ledger'), join(whole, 'ledger'), { recursive: true });
    const count = { reached: (point: string, what?: string): void => void names.push(what === undefined ? point : `${point} ${what}`) };
    const after = (await commit(await openAt(whole, count), input, count)).head;
    expect(names.length).toBeGreaterThan(20);
    const outcomes: string[] = [];
    for (let stop = 0; stop < names.length; stop += 1) {
      const folder = join(whole, `at-${stop}`);
      await cp(join(base, 'ledger'), join(folder, 'ledger'), { recursive: true });
      let step = 0;
      const crash = { reached: (): void => { if (step++ === stop) throw new Stop(); } };
      await expect(commit(await openAt(folder, crash), input, crash)).rejects.toThrow(Stop);
      const reopened = await openAt(folder);
      const state = reopened.serial === start.serial ? 'before' : 'after';
      expect(reopened.head).toEqual(state === 'before' ? start.head : after);
      outcomes.push(state);
      const next = state === 'before' ? await commit(reopened, input) : reopened;
      expect(next.head).toEqual(after);
    }
    const turn = names.indexOf('store: created commits/00000006.json');
    expect(outcomes).toEqual(names.map((_, i) => (i < turn ? 'before' : 'after')));
  });

  it('is also survived when the process is killed', async () => {
    const [engine, base, rooms] = [await tempEngine(), await tempFolder(), await builtRooms()];
    const start = await smallLedger(engine, base);
    const input = await stageBatch(engine, start);
    const whole = await tempFolder();
    const script = `
      import { openLedger, commit } from '${rooms}/ledger/ledger.js';
      import { openLocalStore } from '${rooms}/world/local-store.js';
      const [folder, stop, text] = process.argv.slice(2);
      let step = 0;
      const crash = { reached: () => { if (step++ === Number(stop)) process.kill(process.pid, 'SIGKILL'); } };
      const input = JSON.parse(text, (k, v) => (k === 'EUR' ? BigInt(v) : v));
      await commit(await openLedger(openLocalStore(folder, 'data/ledger', crash), { tool_version: '0.1.0' }), input, crash);
      console.log(step);`;
    const text = JSON.stringify(input, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v));
    const runAt = async (folder: string, stop: number): Promise<{ status: number | null; stdout: string }> => {
      await cp(join(base, 'ledger'), join(folder, 'ledger'), { recursive: true });
      return runNode(script, [join(folder, 'ledger'), String(stop), text]);
    };
    const steps = Number((await runAt(join(whole, 'all'), -1)).stdout);
    const after = (await openAt(join(whole, 'all'))).head;
    for (let stop = 0; stop < steps; stop += 1) {
      const folder = join(whole, String(stop));
      expect((await runAt(folder, stop)).status).toBe(null);
      const reopened = await openAt(folder);
      expect([start.head, after]).toContainEqual(reopened.head);
      if (reopened.serial === start.serial) await commit(reopened, input);
      await (await openLock(folder)).release();
      expect(await readdir(join(folder, 'ledger', '.tmp'))).toEqual([]);
      const { checks, diagnostics } = await verifyLedger(engine, await openAt(folder), null);
      expect(checks.filter((c) => !c.ok)).toEqual([]);
      expect(diagnostics).toEqual([]);
    }
  });
});

/** Taking the lock also clears away what dead processes left aside. */
async function openLock(folder: string): Promise<{ release(): Promise<void> }> {
  const lock = await (await openAt(folder)).store.lock('test');
  if ('holder' in lock) throw new Error(lock.holder);
  return lock;
}

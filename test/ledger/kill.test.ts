/** A process that commits without end is killed at random moments, a hundred times: every commit it told of is there, and no half one. */
import { spawn } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commit } from '../../src/ledger/ledger.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { builtRooms } from './processes.js';
import { openAt, stageBatch, stageEvents, tempEngine, tempFolder } from './support.js';

const KILLS = 100;
/** Some processes come to their end before they are killed; where that happens too often, the test says so. */
const MOST_ROUNDS = 2 * KILLS;

const WRITER = `
  import { writeSync } from 'node:fs';
  import { openLedger, commit, lockLedger } from 'ROOMS/ledger/ledger.js';
  import { openLocalStore } from 'ROOMS/world/local-store.js';
  const [folder, text] = process.argv.slice(2);
  const store = openLocalStore(folder, 'data/ledger');
  const lock = await lockLedger(store, 'a run');
  let ledger = await openLedger(store, { tool_version: '0.1.0' });
  for (let i = 0; i < 8; i += 1) {
    ledger = await commit(ledger, { ...JSON.parse(text), as_of: ledger.as_of + 1000 });
    writeSync(1, ledger.serial + '\\n');
  }
  await lock.release();`;

/** Runs the writer and kills it `delay` milliseconds after its first commit was told. Gives the last serial that it told. */
function killed(file: string, args: readonly string[], delay: number): Promise<{ told: number; killed: boolean; words: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err]: [string[], string[]] = [[], []];
    let timer: NodeJS.Timeout | undefined;
    child.stdout.on('data', (chunk: Buffer) => {
      out.push(chunk.toString());
      timer ??= setTimeout(() => child.kill('SIGKILL'), delay);
    });
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk.toString()));
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      clearTimeout(timer);
      resolve({ told: Number(out.join('').trim().split('\n').at(-1)), killed: signal === 'SIGKILL', words: err.join('') });
    });
  });
}

it('loses no commit and keeps no half one', async () => {
  const [engine, folder, rooms] = [await tempEngine(), await tempFolder(), await builtRooms()];
  const start = await commit(await openAt(folder), await stageBatch(engine, await openAt(folder)));
  const text = JSON.stringify(await stageEvents(engine, start, [['batch', 'a', 'noted']]));
  const file = join(rooms, 'writer.mjs');
  await writeFile(file, WRITER.replaceAll('ROOMS', rooms));
  let [kills, serial, state] = [0, start.serial, 7];
  for (let round = 0; round < MOST_ROUNDS && kills < KILLS; round += 1) {
    // Chance that can be repeated; the moments are as random as the machine makes them.
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const ended = await killed(file, [join(folder, 'ledger'), text], state % 40);
    expect(ended.words).toBe('');
    if (ended.killed) kills += 1;
    const now = await openAt(folder);
    // One more may stand than was told: it died between the commit and the word.
    expect([ended.told, ended.told + 1]).toContain(now.serial);
    expect(now.serial).toBeGreaterThan(serial);
    ({ serial } = now);
  }
  expect(kills).toBe(KILLS);
  const { diagnostics } = await verifyLedger(engine, await openAt(folder), null);
  expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
  const lock = await (await openAt(folder)).store.lock('test');
  if ('release' in lock) await lock.release();
  expect(await readdir(join(folder, 'ledger', '.tmp'))).toEqual([]);
});

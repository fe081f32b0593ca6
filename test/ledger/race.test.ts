/**
 * Two processes commit to one ledger at the same time, fifty rounds, in a folder and in a bucket: one wins each serial, the other one
 * knows, leaves nothing, and its next attempt succeeds.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { attachLedger } from '../../src/ledger/attach.js';
import { commit, openLedger } from '../../src/ledger/ledger.js';
import type { CommitInput } from '../../src/ledger/ledger.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { openLocalStore } from '../../src/world/local-store.js';
import { openBucketStore } from '../../src/world/s3-store.js';
import type { ObjectStore } from '../../src/world/types.js';
import { describeWithS3, S3_ENV } from '../support/s3-server.js';
import { builtRooms } from './processes.js';
import { stageBatch, stageEvents, tempEngine, tempFolder, TOOL } from './support.js';

const ROUNDS = 50;
type Answer = number | string;

/** Works on command: `open`, then `commit`; answers with the serial it sees or made, or the code it was refused with. */
const WRITER = `
  import { openLedger, commit } from 'ROOMS/ledger/ledger.js';
  const [text, place] = process.argv.slice(2).map((each) => JSON.parse(each));
  const store = place.address === undefined
    ? (await import('ROOMS/world/local-store.js')).openLocalStore(place.folder, 'data/ledger')
    : (await import('ROOMS/world/s3-store.js')).openBucketStore(place.address, place.options);
  let ledger;
  process.on('message', async (word) => {
    if (word === 'open') {
      ledger = await openLedger(store, { tool_version: '0.1.0' });
      process.send(ledger.serial);
    } else process.send(await commit(ledger, { ...text, as_of: ledger.as_of + 1000 }).then((l) => l.serial, (e) => e.diagnostics?.[0]?.code ?? String(e)));
  });
  process.send('ready');`;

interface Writer { say(word: string): Promise<Answer> }

async function writer(rooms: string, input: CommitInput, place: object): Promise<Writer> {
  const file = join(rooms, `writer-${input.files[0]!.path.replaceAll(/\W/g, '')}.mjs`);
  await writeFile(file, WRITER.replaceAll('ROOMS', rooms));
  const child: ChildProcess = fork(file, [JSON.stringify(input), JSON.stringify(place)]);
  onTestFinished(() => void child.kill('SIGKILL'));
  let fails: (error: Error) => void = () => undefined;
  child.once('exit', (code) => { fails(new Error(`the writer ended with ${code}`)); });
  const answer = (): Promise<Answer> => new Promise((resolve, reject) => {
    fails = reject;
    child.once('message', (message) => { resolve(message as Answer); });
  });
  await answer();
  return {
    say: (word) => {
      const heard = answer();
      child.send(word);
      return heard;
    },
  };
}

/** @param place  what the writers are told of the store */
async function race(store: ObjectStore, place: object): Promise<void> {
  const [engine, other, rooms] = [await tempEngine(), await tempEngine(), await builtRooms()];
  const empty = await openLedger(store, TOOL);
  const start = await commit(empty, await stageBatch(engine, empty));
  const inputs = [await stageEvents(engine, start, [['batch', 'a', 'noted']]), await stageEvents(other, start, [['batch', 'b', 'noted']])];
  const writers = await Promise.all(inputs.map((input) => writer(rooms, input, place)));
  const both = (word: string): Promise<Answer[]> => Promise.all(writers.map((each) => each.say(word)));
  const wins = [0, 0];
  let { serial } = start;
  for (let round = 0; round < ROUNDS; round += 1) {
    expect(await both('open')).toEqual([serial, serial]);
    const results = await both('commit');
    const loser = results.indexOf('LEDGER_MOVED');
    expect([...results].sort()).toEqual([serial + 1, 'LEDGER_MOVED']);
    wins[1 - loser]! += 1;
    // Nothing of the one that lost is there; the next time it is alone and commits.
    expect((await store.list('segments/')).filter((key) => Number(key.slice(9, 17)) === serial + 1)).toHaveLength(1);
    expect(await writers[loser]!.say('open')).toBe(serial + 1);
    expect(await writers[loser]!.say('commit')).toBe(serial + 2);
    serial += 2;
  }
  const end = await openLedger(store, TOOL);
  expect(end.serial).toBe(start.serial + 2 * ROUNDS);
  const { checks, diagnostics } = await verifyLedger(engine, end, null);
  expect(diagnostics).toEqual([]);
  expect(checks.every((c) => c.ok)).toBe(true);
  await attachLedger(engine, end);
  expect(await engine.rows("SELECT subject_id, count(*) AS n FROM ledger.events WHERE event = 'noted' GROUP BY ALL ORDER BY ALL"))
    .toEqual([{ subject_id: 'a', n: BigInt(ROUNDS) }, { subject_id: 'b', n: BigInt(ROUNDS) }]);
}

describe('two writers to a folder', () => {
  it('win each serial once', async () => {
    const folder = join(await tempFolder(), 'ledger');
    await race(openLocalStore(folder, 'data/ledger'), { folder });
  });
});

describeWithS3('two writers to a bucket', (server) => {
  it('win each serial once', async () => {
    const address = server.address('race');
    const options = { env: S3_ENV, cache: await tempFolder() };
    await race(openBucketStore(address, options), { address, options });
  });
});

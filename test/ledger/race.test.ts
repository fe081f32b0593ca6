/** Two processes commit to one ledger at the same time, twenty rounds: one wins each serial, the other one knows. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { attachLedger } from '../../src/ledger/attach.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { commit } from '../../src/ledger/ledger.js';
import { builtRooms, runNode } from './processes.js';
import { openAt, stageBatch, stageEvents, tempEngine, tempFolder } from './support.js';

const ROUNDS = 20;

it('lets exactly one of two writers win each serial', async () => {
  const [engine, folder, rooms] = [await tempEngine(), await tempFolder(), await builtRooms()];
  const start = await commit(await openAt(folder), await stageBatch(engine, await openAt(folder)));
  const other = await tempEngine();
  const files = [await stageEvents(engine, start, [['batch', 'a', 'noted']]), await stageEvents(other, start, [['batch', 'b', 'noted']])];
  // Each round both open the ledger, wait for the same tick, then commit to the serial they saw.
  const script = `
    import { openLedger, commit } from '${rooms}/ledger/ledger.js';
    import { openLocalStore } from '${rooms}/world/local-store.js';
    const [folder, text, begin] = process.argv.slice(2);
    const input = JSON.parse(text);
    const store = openLocalStore(folder, 'data/ledger');
    const until = async (t) => { while (Date.now() < t) await new Promise((r) => setImmediate(r)); };
    const results = [];
    for (let round = 0; round < ${ROUNDS}; round += 1) {
      await until(Number(begin) + round * 150);
      const ledger = await openLedger(store, { tool_version: '0.1.0' });
      await until(Number(begin) + round * 150 + 75);
      const code = await commit(ledger, { ...input, as_of: ledger.as_of + 1000 }).then((l) => l.serial, (e) => e.diagnostics?.[0]?.code ?? String(e));
      results.push(code);
    }
    console.log(JSON.stringify(results));`;
  const begin = String(Date.now() + 1500);
  const runs = await Promise.all(files.map((input) => runNode(script, [join(folder, 'ledger'), JSON.stringify(input), begin])));
  const results = runs.map((run) => JSON.parse(run.stdout || JSON.stringify(run.stderr)) as (number | string)[]);
  const won = results.flatMap((r) => r.filter((x): x is number => typeof x === 'number')).sort((a, b) => a - b);
  expect(new Set(results.flatMap((r) => r.filter((x) => typeof x === 'string')))).toEqual(new Set(['LEDGER_MOVED']));
  expect(won).toEqual(won.map((_, i) => start.serial + 1 + i));
  expect(won.length + results.flat().filter((x) => x === 'LEDGER_MOVED').length).toBe(2 * ROUNDS);
  expect(won.length).toBeGreaterThanOrEqual(ROUNDS);
  const end = await openAt(folder);
  expect(end.serial).toBe(start.serial + won.length);
  const { checks, diagnostics } = await verifyLedger(engine, end, null);
  expect(diagnostics).toEqual([]);
  expect(checks.every((c) => c.ok)).toBe(true);
  await attachLedger(engine, end);
  expect(await engine.row("SELECT count(*) AS n FROM ledger.events WHERE event = 'noted'")).toEqual({ n: BigInt(won.length) });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { attachLedger } from '../../src/ledger/attach.js';
import { eventsOf, INITIAL, statusAfter, TRANSITIONS } from '../../src/ledger/lifecycle.js';
import { commit } from '../../src/ledger/ledger.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { openAt, stageBatch, stageEvents, tempEngine, tempFolder } from './support.js';
import type { Told } from './support.js';

it('knows every step once, and every status can be reached', () => {
  const keys = TRANSITIONS.map((t) => `${t.subject} ${t.from} ${t.event}`);
  expect(new Set(keys).size).toBe(keys.length);
  for (const subject of ['invoice', 'message'] as const) {
    const reached = new Set<string>([INITIAL[subject]]);
    for (let i = 0; i < TRANSITIONS.length; i += 1) {
      for (const t of TRANSITIONS) if (t.subject === subject && reached.has(t.from)) reached.add(t.to);
    }
    expect(TRANSITIONS.filter((t) => t.subject === subject && !reached.has(t.from))).toEqual([]);
  }
  expect(eventsOf('message')).toEqual(['cancelled', 'failed', 'queued', 'sending', 'sent', 'uncertain']);
  expect([statusAfter('message', 'sent', 'sending'), statusAfter('message', 'uncertain', 'sending'), statusAfter('invoice', 'void', 'voided')])
    .toEqual([null, null, null]);
});

it('folds in SQL to the same status as step by step, however the events fall into commits', async () => {
  const engine = await tempEngine();
  // A walk through the table: at each step the n-th possible event; a break puts what follows into the next commit.
  const walk = fc.array(fc.record({ pick: fc.nat(9), breaks: fc.boolean() }), { maxLength: 8 });
  await fc.assert(fc.asyncProperty(walk, async (steps) => {
    let ledger: Ledger = await openAt(await tempFolder());
    ledger = await commit(ledger, await stageBatch(engine, ledger, { invoices: 1, lines: 1 }));
    let [status, attempt]: [string, number] = ['queued', 1];
    let told: Told[] = [];
    for (const { pick, breaks } of steps) {
      const events = eventsOf('message').filter((event) => statusAfter('message', status, event) !== null && !(status === 'queued' && event === 'queued'));
      if (events.length === 0) break;
      const event = events[pick % events.length]!;
      if (event === 'queued') attempt += 1;
      told.push(['message', 'msg_inv_00000001', event, { attempt }]);
      status = statusAfter('message', status, event)!;
      if (breaks) {
        ledger = await commit(ledger, await stageEvents(engine, ledger, told));
        told = [];
      }
    }
    if (told.length > 0) ledger = await commit(ledger, await stageEvents(engine, ledger, told));
    await attachLedger(engine, ledger);
    expect((await engine.row<{ status: string }>('SELECT status FROM ledger.message_status')).status).toBe(status);
  }), { numRuns: 25 });
});

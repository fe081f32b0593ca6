/** Taking in commits one by one gives the relations that reading everything at once gives, in memory or from files. */
import { expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { attachLedger, attachSegments } from '../../src/ledger/attach.js';
import { commit } from '../../src/ledger/ledger.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { LEDGER_TABLES } from '../../src/ledger/tables.js';
import { openAt, stageBatch, stageEvents, tempEngine, tempFolder } from './support.js';

const RELATIONS = [...Object.keys(LEDGER_TABLES), 'message_status', 'voidings', 'invoice_status', 'billed'];

async function told(engine: Engine): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const name of RELATIONS) {
    all[name] = await engine.row(`SELECT count(*) AS rows, CAST(sum(CAST(hash(r) AS HUGEINT)) AS VARCHAR) AS sum FROM ledger.${name} AS r`);
  }
  return all;
}

async function atOnce(ledger: Ledger): Promise<Record<string, unknown>> {
  const engine = await tempEngine();
  await attachSegments(engine, ledger.store, ledger.head?.segments ?? [], 'ledger');
  return told(engine);
}

it('takes in commits one by one, small and large', { timeout: 600_000 }, async () => {
  const [engine, folder] = [await tempEngine(), await tempFolder()];
  let ledger = await openAt(folder);
  await attachLedger(engine, ledger);
  expect(await told(engine)).toEqual(await atOnce(ledger));
  // The second batch is too large for memory, and so are its lines; the third is small again.
  for (const invoices of [3, 21_000, 2]) {
    ledger = await commit(ledger, await stageBatch(engine, ledger, { invoices, lines: 6 }));
    await attachLedger(engine, ledger);
    ledger = await commit(ledger, await stageEvents(engine, ledger, [
      ['message', 'msg_inv_00000001', 'sending', { attempt: ledger.serial }], ['invoice', 'inv_00000003', 'voided', { reason: 'typo' }],
    ]));
    await attachLedger(engine, ledger);
    await attachLedger(engine, ledger);
    expect(await told(engine)).toEqual(await atOnce(ledger));
  }
});

it('begins again with another ledger', async () => {
  const engine = await tempEngine();
  for (const invoices of [3, 2]) {
    const ledger = await openAt(await tempFolder());
    const after = await commit(ledger, await stageBatch(engine, ledger, { invoices, lines: 1 }));
    await attachLedger(engine, after);
    expect(await told(engine)).toEqual(await atOnce(after));
  }
});

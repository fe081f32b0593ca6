/** Taking in commits one by one gives the relations that reading everything at once gives, in memory or from files. */
import { cp } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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

it('tells the serial of a segment from its path, however many digits it has', async () => {
  const [engine, folder] = [await tempEngine(), await tempFolder()];
  const ledger = await openAt(folder);
  const { head, store } = await commit(ledger, await stageBatch(engine, ledger));
  const segments = head!.segments.flatMap((segment) => [8, 9, 12].map((digits) => {
    const serial = digits === 8 ? segment.serial : 10 ** (digits - 1) + segment.serial;
    return { ...segment, serial, path: segment.path.replace(/\d{8}/, String(serial).padStart(8, '0')) };
  }));
  const first = dirname(head!.segments[0]!.path);
  for (const other of new Set(segments.map(({ path }) => dirname(path)))) {
    if (other !== first) await cp(join(folder, 'ledger', first), join(folder, 'ledger', other), { recursive: true });
  }
  await attachSegments(engine, store, segments, 'far');
  expect(await engine.rows('SELECT serial, count(*) AS lines FROM far.invoice_lines GROUP BY serial ORDER BY serial'))
    .toEqual([1n, 100_000_001n, 100_000_000_001n].map((serial) => ({ serial, lines: 6n })));
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

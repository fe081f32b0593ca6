/** What earlier and later versions of the program have written. */
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { attachLedger } from '../../src/ledger/attach.js';
import type { CommitDocument } from '../../src/ledger/commit.js';
import { publishHistory } from '../../src/ledger/history.js';
import { commit } from '../../src/ledger/ledger.js';
import { LEDGER_TABLES } from '../../src/ledger/tables.js';
import { historyDigest, verifyLedger } from '../../src/ledger/verify.js';
import { sha256 } from '../../src/values/digest.js';
import { forge, openAt, smallLedger, stageBatch, tempEngine, tempFolder } from './support.js';

/** Takes the last columns of some tables out of the segments of the first commit, as if they had not been there yet. */
async function older(engine: Engine, folder: string, fewer: Readonly<Record<string, number>>): Promise<void> {
  await forge(join(folder, 'ledger'), async (document): Promise<CommitDocument> => {
    if (document.serial !== 1) return document;
    const segments = await Promise.all(document.segments.map(async (segment) => {
      const columns = segment.columns - (fewer[segment.table] ?? 0);
      const path = join(folder, 'ledger', segment.path);
      const names = (await engine.rows<{ name: string }>(`SELECT name FROM parquet_schema('${path}') WHERE coalesce(num_children, 0) = 0`)).map(({ name }) => `"${name}"`);
      await engine.run(`COPY (SELECT ${names.slice(0, columns).join(', ')} FROM '${path}') TO '${path}.old' (FORMAT parquet)`);
      await rename(`${path}.old`, path);
      const bytes = await readFile(path);
      return { ...segment, columns, sha256: sha256(bytes), bytes: bytes.length };
    }));
    return { ...document, segments };
  });
}

describe('a ledger of an earlier version', () => {
  it('whose segments lack columns is read, proved, projected and added to; the columns are NULL', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const [before, after] = [join(folder, 'before.duckdb'), join(folder, 'after.duckdb')];
    await publishHistory(await smallLedger(engine, folder), before);
    await older(engine, folder, { invoices: 2, invoice_lines: 3, messages: 2 });
    let ledger = await openAt(folder);
    const { diagnostics } = await verifyLedger(engine, ledger, null);
    expect(diagnostics).toEqual([]);
    await publishHistory(ledger, after);
    const [old, now] = [await historyDigest(before), await historyDigest(after)];
    for (const view of ['invoices', 'invoice_lines', 'invoice_taxes', 'billed_bookings', 'events', 'messages']) {
      // The runs have other names: their hashes are others.
      if (view !== 'events') expect(now[view], view).toEqual(old[view]);
    }
    ledger = await commit(ledger, await stageBatch(engine, ledger));
    const attached = await tempEngine();
    await attachLedger(attached, ledger);
    expect(await attached.rows('SELECT serial::INT AS serial, count(*)::INT AS n, count(early_days)::INT AS days FROM ledger.invoices GROUP BY serial ORDER BY serial'))
      .toEqual([{ serial: 1, n: 3, days: 0 }, { serial: 4, n: 2, days: 0 }, { serial: 6, n: 3, days: 0 }]);
    expect((await verifyLedger(engine, ledger, null)).diagnostics).toEqual([]);
  });

  it('whose segment does not have the columns that its commit says is found', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    await smallLedger(engine, folder);
    await older(engine, folder, { invoices: 2 });
    await forge(join(folder, 'ledger'), (document) => ({
      ...document, segments: document.segments.map((each) => (each.table === 'invoices' ? { ...each, columns: Object.keys(LEDGER_TABLES.invoices).length } : each)),
    }));
    const { diagnostics } = await verifyLedger(engine, await openAt(folder), null);
    expect(diagnostics.map(({ message }) => message.replace(/\(.*?\)/g, '(…)'))).toEqual([
      expect.stringMatching(/^data\/ledger\/segments\/00000001-run_.*\/invoices\.parquet has the columns \(…\), a segment of invoices has \(…\)\.$/),
    ]);
  });
});

describe('a ledger of a later version', () => {
  it('is refused where it has columns or tables that this one does not know', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    await smallLedger(engine, folder);
    const refused = async (change: (document: CommitDocument) => CommitDocument): Promise<unknown> => {
      await forge(join(folder, 'ledger'), change);
      return openAt(folder).catch((error: unknown) => error);
    };
    const first = (document: CommitDocument, more: object): CommitDocument => (
      { ...document, tool_version: '3.1.0', segments: document.segments.map((each, i) => (i === 0 ? { ...each, ...more } : each)) });
    for (const more of [{ columns: 99 }, { table: 'payments' }]) {
      expect(await refused((document) => first(document, more))).toMatchObject({ exitCode: 7, diagnostics: [{
        code: 'LEDGER_NEWER', message: expect.stringContaining('was written by duebook 3.1.0 with tables or columns that this version does not know') as string,
        hint: 'Install duebook 3.1.0 or later, the same everywhere this ledger is used.',
      }] });
    }
  });
});

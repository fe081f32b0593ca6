import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { exportSegment } from '../../src/ledger/attach.js';
import { publishHistory } from '../../src/ledger/history.js';
import { commit } from '../../src/ledger/ledger.js';
import type { CommitInput, Ledger } from '../../src/ledger/ledger.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import type { Diagnostic } from '../../src/values/diagnostic.js';
import { openLocalStore } from '../../src/world/local-store.js';
import { openAt, smallLedger, stageBatch, stageEvents, tempEngine, tempFolder } from './support.js';

const NAMES = ['chain', 'segments', 'files', 'rows', 'numbers', 'sums', 'bookings', 'corrections', 'messages', 'commits', 'history'];

/** Opens and proves; what opening throws counts as found. */
async function findings(engine: Engine, folder: string, history: string | null = null): Promise<readonly Diagnostic[]> {
  try {
    return (await verifyLedger(engine, await openAt(folder), history)).diagnostics;
  } catch (error) {
    if (error instanceof DuebookError) return error.diagnostics;
    throw error;
  }
}

describe('a whole ledger', () => {
  it('proves', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const history = join(folder, 'history.duckdb');
    const empty = await openAt(folder);
    await publishHistory(empty, history);
    expect((await verifyLedger(engine, empty, history)).checks.filter((c) => !c.ok)).toEqual([]);
    const ledger = await smallLedger(engine, folder);
    await publishHistory(ledger, history);
    const { checks, diagnostics } = await verifyLedger(engine, ledger, history);
    expect(diagnostics).toEqual([]);
    expect(checks.map((c) => c.name)).toEqual(NAMES);
    expect(checks.every((c) => c.ok)).toBe(true);
    expect(checks.map((c) => c.detail.replace(/\d+ bytes/, '… bytes'))).toMatchSnapshot();
  });
});

describe('a ledger that was tampered with', () => {
  it('is found out whatever file lost a bit, and the file is named', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    await smallLedger(engine, folder);
    const keys = await openLocalStore(join(folder, 'ledger'), 'data/ledger').list('');
    expect(keys.length).toBe(20);
    for (const key of keys) {
      const path = join(folder, 'ledger', key);
      const good = await readFile(path);
      for (const at of [0, good.length >> 2, good.length >> 1, good.length - 1]) {
        const bad = Buffer.from(good);
        bad[at]! ^= 1;
        await writeFile(path, bad);
        const found = await findings(engine, folder);
        expect(found.length, `${key} at ${at}`).toBeGreaterThan(0);
        expect(found[0]!.code).toMatch(/^LEDGER_(DAMAGED|NEWER)$/);
        expect(found.map((d) => d.at?.file), `${key} at ${at}`).toEqual(
          key === 'commits/00000005.json' ? [expect.stringMatching(/HEAD\.json$|00000005\.json$/)] : [`data/ledger/${key}`]);
      }
      await rm(path);
      if (key !== 'HEAD.json') expect((await findings(engine, folder)).map((d) => d.code), key).toContain('LEDGER_DAMAGED');
      await writeFile(path, good);
    }
    expect(await findings(engine, folder)).toEqual([]);
  });

  it('is found out when files are swapped or strange files appear', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    await smallLedger(engine, folder);
    const segments = join(folder, 'ledger', 'segments');
    const [one, , , four] = (await readdir(segments)).sort();
    await cp(join(segments, one!, 'invoices.parquet'), join(segments, four!, 'invoices.parquet'));
    expect((await findings(engine, folder)).map((d) => d.at?.file)).toEqual([`data/ledger/segments/${four}/invoices.parquet`]);
    await rm(folder, { recursive: true });
    const ledger = await smallLedger(engine, folder);
    await writeFile(join(folder, 'ledger', 'notes.txt'), 'hello');
    await ledger.store.create('segments/00000009-run_00000000000000000000/events.parquet', Buffer.from('x'));
    await ledger.store.create(`documents/${'a'.repeat(64)}.pdf`, Buffer.from('x'));
    expect((await findings(engine, folder)).map((d) => [d.severity, d.at?.file])).toEqual([
      ['error', `data/ledger/documents/${'a'.repeat(64)}.pdf`], ['error', 'data/ledger/notes.txt'],
      ['warning', 'data/ledger/segments/00000009-run_00000000000000000000/events.parquet'],
    ]);
  });
});

describe('a ledger that was written wrong', () => {
  /** Commits a batch whose staged relations were changed, and tells what is found. */
  async function wrong(change: string, more: (input: CommitInput, ledger: Ledger) => Partial<CommitInput> = () => ({})): Promise<[string, boolean][]> {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const start = await smallLedger(engine, folder);
    const staged = await stageBatch(engine, start);
    await engine.run(change === '' ? 'SELECT 1' : change);
    const orders = { invoices: ['invoice', 'seq'], invoice_lines: ['line', 'invoice_id, line_no'], invoice_taxes: ['tax', 'invoice_id'],
      parties: ['party', 'party_id'], openings: ['opening', 'customer_id'], messages: ['message', 'message_id'], events: ['event', 'subject, subject_id, event'] } as const;
    const files = [];
    for (const { table } of staged.files) files.push(await exportSegment(engine, table, orders[table][0], orders[table][1]));
    const input = { ...staged, files };
    const ledger = await commit(start, { ...input, ...more(input, start) });
    const { diagnostics, checks } = await verifyLedger(engine, ledger, null);
    expect(checks.some((c) => !c.ok)).toBe(true);
    expect(diagnostics.every((d) => d.code === 'LEDGER_DAMAGED' && d.at!.file.startsWith('data/ledger/segments/00000006-'))).toBe(true);
    return diagnostics.map((d) => [d.message.replace(/run_[0-9a-f]{20}/, 'run_…'), d.severity === 'error']);
  }

  it('is told what is wrong', async () => {
    const found: Record<string, unknown> = {};
    for (const change of [
      "UPDATE invoice SET number = 'INV-2026-000001' WHERE seq = 7", 'UPDATE invoice SET seq = 17 WHERE seq = 7', 'UPDATE invoice SET total_minor = total_minor + 1 WHERE seq = 7',
      "UPDATE line SET amount_minor = amount_minor + 1 WHERE line_no = 1 AND right(invoice_id, 1) = '7'", "UPDATE line SET lines_before = lines_before - 1 WHERE line_no = 2 AND right(invoice_id, 1) = '7'",
      "UPDATE line SET booking_id = 'B-1-0' WHERE line_no = 1 AND right(invoice_id, 1) = '7'", "UPDATE tax SET tax_minor = 0 WHERE right(invoice_id, 1) = '7'",
      "UPDATE message SET invoice_id = 'inv_x' WHERE right(invoice_id, 1) = '7'", "UPDATE event SET subject_id = 'inv_x' WHERE right(subject_id, 1) = '7'",
      "INSERT INTO event SELECT TIMESTAMP '2026-06-01 00:00:00', 'message', 'msg_inv_00000001', 'queued', '{\"attempt\":2}'", "UPDATE invoice SET buyer_id = 'nobody' WHERE seq = 7",
      "DELETE FROM line WHERE right(invoice_id, 1) = '7'",
    ]) found[change] = (await wrong(change)).map(([message]) => message);
    found['next number'] = await wrong('', () => ({ next_number: { 'INV-2026': 12 } }));
    found['rows'] = await wrong('', (input) => ({ files: input.files.map((f) => ({ ...f, rows: f.table === 'events' ? 9 : f.rows })) }));
    found['totals'] = await wrong('', () => ({ totals: { EUR: 1n }, invoices: 4 }));
    expect(found).toMatchSnapshot();
  });

  it('may void and bill a booking again, and void only once', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    let ledger = await smallLedger(engine, folder);
    await stageBatch(engine, ledger);
    await engine.run("UPDATE line SET booking_id = 'B-1-4' WHERE booking_id = 'B-6-0'");
    const again = await exportSegment(engine, 'invoice_lines', 'line', 'invoice_id, line_no');
    const input = await stageBatch(engine, ledger);
    await engine.run("UPDATE line SET booking_id = 'B-1-4' WHERE booking_id = 'B-6-0'");
    await exportSegment(engine, 'invoice_lines', 'line', 'invoice_id, line_no');
    expect(again.rows).toBe(6);
    ledger = await commit(ledger, input);
    expect((await verifyLedger(engine, ledger, null)).diagnostics).toEqual([]);
    ledger = await commit(ledger, await stageEvents(engine, ledger, [['invoice', 'inv_00000003', 'voided']]));
    expect((await verifyLedger(engine, ledger, null)).diagnostics.map((d) => d.message)).toEqual([
      'The invoice inv_00000003 was void; then came the event voided, which may not follow.',
    ]);
  });
});

describe('a history that does not fit', () => {
  it('is found out', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const history = join(folder, 'history.duckdb');
    let ledger = await smallLedger(engine, folder);
    const messages = async (): Promise<string[]> => (await verifyLedger(engine, ledger, history)).diagnostics.map((d) => d.message);
    expect(await messages()).toEqual(['history.duckdb is missing or cannot be read, or a write-ahead log lies beside it.']);
    await publishHistory(ledger, history);
    await engine.run(`ATTACH '${history}' AS h; UPDATE h.facts.invoice_lines SET amount = amount + 0.01 WHERE line_no = 2; CHECKPOINT h; DETACH h`);
    expect(await messages()).toEqual(['history.duckdb does not say what the ledger says, in invoice_lines.']);
    ledger = await commit(ledger, await stageBatch(engine, ledger));
    expect(await messages()).toEqual(['history.duckdb does not say what the ledger says, in invoice_lines.']);
  });

  it('is not called damaged because it is behind, only where it says what the ledger did not say then', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const history = join(folder, 'history.duckdb');
    const before = await smallLedger(engine, folder);
    await publishHistory(before, history);
    const after = await commit(before, await stageBatch(engine, before));
    const proved = async (ledger: Ledger): Promise<unknown> => {
      const { checks, diagnostics } = await verifyLedger(engine, ledger, history);
      return [checks.find(({ name }) => name === 'history'), diagnostics.map(({ code, message }) => `${code} ${message}`)];
    };
    const detail = 'history.duckdb says what the ledger said at serial 5; the next run brings it to 6';
    expect(await proved(after)).toEqual([{ name: 'history', ok: true, detail }, []]);
    const wrong = (message: string): unknown => [{ name: 'history', ok: false, detail: '1 error' }, [`LEDGER_DAMAGED history.duckdb ${message}`]];
    const change = (sql: string): Promise<void> => engine.run(`ATTACH '${history}' AS h; ${sql}; CHECKPOINT h; DETACH h`);
    for (const [sql, table] of [
      ['DELETE FROM h.facts.events WHERE rowid = 1', 'events'], ["UPDATE h.facts.runs SET invoices = 9 WHERE serial = 2", 'runs'],
      ["UPDATE h.duebook_meta SET as_of_date = '2020-01-01'", 'duebook_meta'],
    ] as const) {
      await change(sql);
      expect(await proved(after), sql).toEqual(wrong(`does not say what the ledger says, in ${table}.`));
      await publishHistory(before, history, { rebuild: true });
    }
    await change("UPDATE h.duebook_meta SET head_sha256 = 'f0'");
    expect(await proved(after)).toEqual(wrong('stands at serial 5 of another ledger.'));
  });

  it('is found out by a changed table, row, commit or view, and not by other words that say the same', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const history = join(folder, 'history.duckdb');
    const ledger = await smallLedger(engine, folder);
    const found = async (sql: string): Promise<string[]> => {
      await publishHistory(ledger, history, { rebuild: true });
      const { sql: view } = await engine.row<{ sql: string }>(`ATTACH '${history}' AS h; SELECT sql FROM duckdb_views()
        WHERE database_name = 'h' AND view_name = 'runs'`);
      await engine.run(`USE h; ${sql.replace('{runs}', view.slice(view.indexOf(' AS ') + 4).replace(';', ''))}; CHECKPOINT h; USE memory; DETACH h`);
      return (await verifyLedger(engine, ledger, history)).diagnostics.map((d) => d.message);
    };
    const differs = (name: string): string[] => [`history.duckdb does not say what the ledger says, in ${name}.`];
    expect(await found('SELECT 1')).toEqual([]);
    expect(await found('CREATE OR REPLACE VIEW runs AS {runs}')).toEqual([]);
    expect(await found('CREATE OR REPLACE VIEW runs AS SELECT * FROM ({runs}) WHERE TRUE')).toEqual([]);
    expect(await found('CREATE OR REPLACE VIEW runs AS SELECT * FROM ({runs}) WHERE serial <> 2')).toEqual(differs('runs'));
    expect(await found('DROP VIEW runs')).toEqual(differs('runs'));
    expect(await found('CREATE VIEW more AS SELECT 1 AS one')).toEqual(differs('more'));
    expect(await found('DELETE FROM facts.events WHERE rowid = 1')).toEqual(differs('events'));
    expect(await found("UPDATE facts.runs SET config_digest = 'x' WHERE serial = 1")).toEqual(differs('runs'));
    expect(await found('UPDATE duebook_meta SET as_of_date = as_of_date + 1')).toEqual(differs('duebook_meta'));
    expect(await found('ALTER TABLE facts.messages DROP COLUMN kind')).toHaveLength(1);
  });
});

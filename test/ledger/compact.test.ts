/** Compaction: many small files become few, nothing that proves them changes, and a crash at any step leaves every segment readable. */
import { cp, mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { attachLedger } from '../../src/ledger/attach.js';
import { compactLedger } from '../../src/ledger/compact.js';
import type { Compacted } from '../../src/ledger/compact.js';
import { publishHistory } from '../../src/ledger/history.js';
import { commit } from '../../src/ledger/ledger.js';
import { packHeader, readPacks } from '../../src/ledger/packs.js';
import { requireSegments, wrongSegments } from '../../src/ledger/segments.js';
import { LEDGER_TABLES } from '../../src/ledger/tables.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import { COMPACTION_POINTS } from '../../src/world/crash-points.js';
import type { CrashPoints } from '../../src/world/crash-points.js';
import { openAt, smallLedger, stageBatch, tempEngine, tempFolder } from './support.js';

class Stop extends Error {}

const keysIn = async (folder: string): Promise<string[]> => (await openAt(folder)).store.list('');

/** All rows of all tables as the ledger gives them. */
async function rowsOf(folder: string): Promise<unknown> {
  const engine = await tempEngine();
  await attachLedger(engine, await openAt(folder));
  const rows: Record<string, unknown> = {};
  for (const table of Object.keys(LEDGER_TABLES)) rows[table] = (await engine.connection.runAndReadAll(`SELECT * FROM ledger.${table} ORDER BY ALL`)).getRowsJson();
  return rows;
}

async function found(engine: Engine, folder: string): Promise<string[]> {
  try {
    return (await verifyLedger(engine, await openAt(folder), null)).diagnostics.map(({ message }) => message);
  } catch (error) {
    if (error instanceof DuebookError) return error.diagnostics.map(({ message }) => message);
    throw error;
  }
}

async function compacted(folder: string, crash?: CrashPoints): Promise<Compacted> {
  return compactLedger(await openAt(folder, crash), await tempFolder(), crash);
}

describe('compaction', () => {
  it('packs what is new, removes what is packed, and changes neither rows nor head; the ledger goes on', async () => {
    const [engine, folder, history] = [await tempEngine(), await tempFolder(), join(await tempFolder(), 'history.duckdb')];
    const { head, serial } = await smallLedger(engine, folder);
    const [before, files] = [await rowsOf(folder), await keysIn(folder)];
    const first = await compacted(folder);
    expect(first.packs.map(({ pack, segments }) => [pack, segments])).toEqual([
      ['packs/00000001-00000004-invoices.pack', 2], ['packs/00000001-00000004-invoice_lines.pack', 2], ['packs/00000001-00000004-invoice_taxes.pack', 2],
      ['packs/00000001-00000004-messages.pack', 2], ['packs/00000001-00000005-events.pack', 5],
    ]);
    expect(first.removed).toBe(13);
    expect((await keysIn(folder)).length).toBe(files.length - 13 + 5);
    expect((await openAt(folder)).head).toEqual(head);
    expect(await rowsOf(folder)).toEqual(before);
    await publishHistory(await openAt(folder), history);
    const { checks, diagnostics } = await verifyLedger(engine, await openAt(folder), history, [{ serial, sha256: head!.head_sha256 }]);
    expect([checks.filter(({ ok }) => !ok), diagnostics]).toEqual([[], []]);
    expect(await compacted(folder)).toEqual({ packs: [], removed: 0 });
    for (let i = 0; i < 2; i += 1) await commit(await openAt(folder), await stageBatch(engine, await openAt(folder)));
    expect((await compacted(folder)).packs.map(({ pack }) => pack)).toContain('packs/00000006-00000007-invoice_lines.pack');
    expect(await found(engine, folder)).toEqual([]);
    await publishHistory(await openAt(folder), history);
    expect((await verifyLedger(engine, await openAt(folder), history)).diagnostics).toEqual([]);
  });

  it('that is stopped at any step leaves every segment readable, and is finished by the next one', async () => {
    const [engine, base, whole] = [await tempEngine(), await tempFolder(), await tempFolder()];
    await smallLedger(engine, base);
    const rows = await rowsOf(base);
    await cp(base, whole, { recursive: true });
    const names: string[] = [];
    await compacted(whole, { reached: (name) => void names.push(name) });
    expect(names).toEqual(expect.arrayContaining([...COMPACTION_POINTS]));
    for (let stop = 0; stop < names.length; stop += 1) {
      const folder = await tempFolder();
      await cp(base, folder, { recursive: true });
      let step = 0;
      await expect(compacted(folder, { reached: () => { if (step++ === stop) throw new Stop(); } }), names[stop]).rejects.toThrow(Stop);
      const ledger = await openAt(folder);
      expect(await wrongSegments(ledger.store, ledger.head!.segments), names[stop]).toEqual([]);
      if (stop % 8 === 0) expect(await rowsOf(folder)).toEqual(rows);
      await compacted(folder);
      expect(await keysIn(folder), names[stop]).toEqual(await keysIn(whole));
    }
    expect(await found(engine, whole)).toEqual([]);
  });

  it('that is done between reading the packs and proving segments is noticed: they are read where they lie now', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const { head } = await smallLedger(engine, folder);
    const { store } = await openAt(folder);
    const before = await readPacks(store);
    expect(await requireSegments(store, head!.segments, before)).toBe(before);
    await compacted(folder);
    const now = await requireSegments(store, head!.segments, before);
    expect([before.segments.size, now.segments.size]).toEqual([0, 13]);
    expect(await requireSegments(store, head!.segments, now)).toBe(now);
  });

  it('refuses to pack what is damaged, and changes nothing', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const { head } = await smallLedger(engine, folder);
    const path = join(folder, 'ledger', head!.segments[1]!.path);
    await writeFile(path, (await readFile(path)).subarray(1));
    const before = await keysIn(folder);
    await expect(compacted(folder)).rejects.toMatchObject({ exitCode: 7 });
    expect(await keysIn(folder)).toEqual(before);
  });
});

describe('a pack', () => {
  it('is proved byte by byte: the whole first line of one, and places in all of them', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    await smallLedger(engine, folder);
    const { packs } = await compacted(folder);
    const ledger = await openAt(folder);
    for (const { pack } of packs) {
      const path = join(folder, 'ledger', pack);
      const bytes = await readFile(path);
      const file = await open(path, 'r+');
      const own = [...(await readPacks(ledger.store)).segments].filter(([, packed]) => packed.pack === pack).map(([key]) => key);
      const segments = ledger.head!.segments.filter((each) => own.includes(each.path));
      const line = pack.endsWith('-invoices.pack') ? bytes.indexOf(0x0a) : 0;
      for (let at = 0; at < bytes.length; at += at <= line || at === bytes.length - 1 ? 1 : Math.min(61, bytes.length - 1 - at)) {
        await file.write(Buffer.from([bytes[at]! ^ (1 << (at % 8))]), 0, 1, at);
        const told = await wrongSegments(ledger.store, segments).catch((error: unknown) => (error as DuebookError).diagnostics);
        if (told.length === 0 || !told.some(({ message }) => message.includes(pack) || own.some((key) => message.includes(key)))) {
          throw new Error(`${pack} at ${at} was not found: ${told.map(({ message }) => message).join(' ')}`);
        }
        await file.write(bytes.subarray(at, at + 1), 0, 1, at);
      }
      await file.close();
    }
  });

  it('or a file beside it that has a copy of a segment is proved like what is read', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    await smallLedger(engine, folder);
    const ledger = await openAt(folder);
    const first = ledger.head!.segments.find(({ table }) => table === 'invoices')!;
    const beside = join(folder, 'ledger', first.path);
    const segment = await readFile(beside);
    const { packs } = await compacted(folder);
    const again = join(folder, 'ledger', 'packs/00000001-00000001-invoices.pack');
    const changed = Buffer.from(segment);
    changed[changed.length >> 1]! ^= 1;
    await mkdir(dirname(beside), { recursive: true });
    for (const [bytes, ...told] of [[segment], [changed, 'packs/00000001-00000001-invoices.pack holds another', `${first.path} holds another`]] as const) {
      await writeFile(again, Buffer.concat([packHeader([first]), bytes]));
      await writeFile(beside, bytes);
      const all = await found(engine, folder);
      expect(all.filter((each) => each.includes(first.path)).length).toBe(told.length);
    }
    expect(packs[0]!.pack > 'packs/00000001-00000001-invoices.pack').toBe(true);
  });

  it('that is cut short, longer, missing, or of another ledger is found, and named', async () => {
    const [engine, folder, other] = [await tempEngine(), await tempFolder(), await tempFolder()];
    await smallLedger(engine, folder);
    const start = await openAt(other);
    await commit(start, { ...(await stageBatch(engine, start)), config_digest: 'other' });
    await commit(await openAt(other), await stageBatch(engine, await openAt(other)));
    const [{ pack }] = [(await compacted(folder)).packs[0]!, await compacted(other)];
    const path = join(folder, 'ledger', pack);
    const good = await readFile(path);
    for (const bad of [good.subarray(0, -1), Buffer.concat([good, Buffer.from('x')]), good.subarray(0, 10), Buffer.alloc(0)]) {
      await writeFile(path, bad);
      expect((await found(engine, folder)).join(' ')).toContain(pack);
    }
    await rm(path);
    expect(await found(engine, folder)).toEqual([expect.stringContaining('invoices.parquet of commit 1 is missing'), expect.stringContaining('invoices.parquet of commit 4 is missing')]);
    await writeFile(path, good);
    const strange = join(folder, 'ledger', 'packs/00000001-00000002-invoices.pack');
    await cp(join(other, 'ledger', 'packs/00000001-00000002-invoices.pack'), strange);
    expect((await stat(strange)).size).toBeGreaterThan(0);
    expect(await found(engine, folder)).toEqual([expect.stringMatching(/^data\/ledger\/packs\/00000001-00000002-invoices\.pack holds segments\/00000002-run_.*, which no commit knows: /)]);
  });
});

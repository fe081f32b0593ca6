import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { exportSegment } from '../../src/ledger/attach.js';
import { openLocalStore } from '../../src/world/local-store.js';
import { storeContract } from './store-contract.js';
import { tempEngine, tempFolder } from './support.js';

const bytes = (text: string): Buffer => Buffer.from(text);

describe('the store in a folder', () => {
  const places = new Map<string, Promise<string>>();
  storeContract(async (name) => {
    const place = places.get(name) ?? tempFolder();
    places.set(name, place);
    return openLocalStore(join(await place, 'a', 'ledger'), 'data/ledger');
  });

  it('makes nothing by reading, and leaves nothing aside by writing', async () => {
    const folder = await tempFolder();
    const store = openLocalStore(join(folder, 'a', 'ledger'), 'data/ledger');
    expect([await store.get('x'), await store.list('')]).toEqual([null, []]);
    expect(await readdir(folder)).toEqual([]);
    await store.create('b/2', bytes('two'));
    expect(await store.create('b/2', bytes('other'))).toBe('exists');
    await store.replace('HEAD', bytes('1'));
    await writeFile(join(folder, 'a', 'ledger', '.gitkeep'), '');
    expect(await store.list('')).toEqual(['HEAD', 'b/2']);
    expect(await readdir(join(folder, 'a', 'ledger', '.tmp'))).toEqual([]);
  });

  it('says in plain words why a folder cannot be used', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'file'), 'x');
    const store = openLocalStore(join(folder, 'file'), 'data/ledger');
    for (const work of [() => store.get('HEAD.json'), () => store.create('HEAD.json', bytes('x')), () => store.list(''), () => store.lock('me')]) {
      const error = await work().catch((e: unknown) => e);
      expect(error).toMatchObject({ exitCode: 6, diagnostics: [{ code: 'LEDGER_UNREACHABLE' }] });
      expect(String(error)).not.toContain(folder);
    }
    await mkdir(join(folder, 'dir'));
    await symlink(join(folder, 'dir'), join(folder, 'dir', 'HEAD.json'));
    await expect(openLocalStore(join(folder, 'dir'), 'data/ledger').get('HEAD.json')).rejects.toThrow('Cannot read data/ledger/HEAD.json: there is a folder');
    await expect(openLocalStore('/dev/null/no', 'data/ledger').create('x', bytes('x'))).rejects.toMatchObject({ diagnostics: [{ code: 'LEDGER_UNREACHABLE' }] });
  });
});

describe('a segment', () => {
  it('has the same bytes from the same rows, however many threads there are', async () => {
    const files = [];
    for (const threads of [1, 2, 4]) {
      const engine = await Engine.open({ threads });
      await engine.run("CREATE TABLE t AS SELECT TIMESTAMP '2026-01-01 00:00:00' AS \"at\", 'batch' AS subject, 'b' || r AS subject_id, 'e' AS event, NULL AS detail FROM range(400000) x(r)");
      const { path, rows } = await exportSegment(engine, 'events', 't', 'hash(subject_id), subject_id');
      expect(rows).toBe(400000);
      files.push(await readFile(path));
      await engine.close();
    }
    expect(files[1]!.equals(files[0]!)).toBe(true);
    expect(files[2]!.equals(files[0]!)).toBe(true);
  });

  it('never lets a sum become a float', async () => {
    const engine = await tempEngine();
    const row = `'i' AS invoice_id, 't' AS tax_id, 'n' AS name, 'S' AS category, 0 AS rate_micro, NULL AS note`;
    const { path } = await exportSegment(engine, 'invoice_taxes', `(SELECT ${row}, sum(r) AS net_minor, sum(r) AS tax_minor FROM range(3) x(r))`, 'invoice_id');
    expect(await engine.rows(`SELECT typeof(net_minor) AS t, net_minor AS n FROM '${path}'`)).toEqual([{ t: 'BIGINT', n: 3n }]);
    await expect(exportSegment(engine, 'invoice_taxes', `(SELECT ${row}, 9223372036854775807::HUGEINT + 1 AS net_minor, 0 AS tax_minor)`, 'invoice_id'))
      .rejects.toThrow('out of range');
  });
});

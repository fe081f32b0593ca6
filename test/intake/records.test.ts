/** Our reader of records against DuckDB's: where DuckDB takes a file, both see the same records. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Engine } from '../../src/engine/engine.js';
import { readRecords } from '../../src/intake/records.js';

let engine: Engine;
let file: string;

beforeAll(async () => {
  engine = await Engine.open();
  await engine.run('SET preserve_insertion_order = true');
  file = join(await mkdtemp(join(tmpdir(), 'duebook-records-')), 'a.csv');
});
afterAll(async () => {
  await engine.close();
  await rm(join(file, '..'), { recursive: true });
});

async function ours(): Promise<{ fields: string[]; line: number; fault: string | null }[]> {
  const records: { fields: string[]; line: number; fault: string | null }[] = [];
  await readRecords(file, { delimiter: ',', quote: '"' }, (record) => {
    records.push({ fields: record.fields(), line: record.line, fault: record.fault });
    return true;
  });
  return records;
}

async function theirs(): Promise<string[][] | null> {
  const sql = `SELECT coalesce(a, '') AS a, coalesce(b, '') AS b FROM read_csv('${file}', auto_detect = false, header = true, delim = ',', quote = '"', `
    + `escape = '"', columns = {a: 'VARCHAR', b: 'VARCHAR'})`;
  return engine.rows<{ a: string; b: string }>(sql).then((rows) => rows.map(({ a, b }) => [a, b]), () => null);
}

describe('records', () => {
  const plain = fc.stringMatching(/^[a-z0-9é"][a-z0-9é" ]{0,4}$/).filter((text) => !text.startsWith('"') && !text.endsWith(' '));
  const quoted = fc.stringMatching(/^[a-z,\n" ]{0,6}$/).map((text) => `"${text.replaceAll('"', '""')}"`);
  const cell = fc.oneof(plain, quoted, fc.constant(''));

  it('are the same as those of DuckDB, and stand where they say', async () => {
    const line = fc.oneof({ weight: 6, arbitrary: fc.tuple(cell, cell).map((cells) => cells.join(',')) }, { weight: 1, arbitrary: fc.constant('') });
    await fc.assert(fc.asyncProperty(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), fc.boolean(), async (lines, end, closed) => {
      const text = `a,b${end}${lines.join(end)}${closed ? end : ''}`;
      await writeFile(file, text);
      const expected = await theirs();
      const records = (await ours()).slice(1);
      if (expected !== null) expect(records.map((record) => record.fields)).toEqual(expected);
      const physical = text.split(/\r?\n/);
      for (const record of records) expect(physical[record.line - 1]).not.toBe('');
      expect(records.every((record) => record.fault === null)).toBe(true);
    }), { numRuns: 300 });
  });

  it('do not depend on where a chunk ends', async () => {
    const row = '"quoted ""twice"", and\r\ntwo lines" ,plain\r\n';
    const count = Math.ceil((5 << 20) / row.length);
    for (const shift of [0, 1, 2, 3]) {
      await writeFile(file, `a,b${'x'.repeat(shift)}\r\n${row.repeat(count)}`);
      let seen = 0;
      await readRecords(file, { delimiter: ',', quote: '"' }, (record) => {
        if (record.record > 0) {
          seen += 1;
          if (record.line !== record.record * 2 || record.fault !== null || record.fields()[0] !== 'quoted "twice", and\r\ntwo lines') {
            throw new Error(`record ${record.record} at line ${record.line}: ${record.fault ?? record.fields().join('|')}`);
          }
        }
        return true;
      });
      expect(seen).toBe(count);
    }
  });

  it('survive a quote that is never closed in a large file', async () => {
    await writeFile(file, `a,b\n"open,1\n${'x,2\n'.repeat(2_000_000)}`);
    let [seen, faults] = [0, 0];
    await readRecords(file, { delimiter: ',', quote: '"' }, (record) => {
      seen += 1;
      if (record.fault !== null) faults += 1;
      return true;
    });
    expect([seen, faults]).toEqual([2_000_002, 1]);
  });
});

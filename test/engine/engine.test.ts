/** Engines for little work share an instance, one after the other; nothing of one may be seen by the next. */
import { access } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Engine, literal } from '../../src/engine/engine.js';

const SETTINGS = ['threads', 'preserve_insertion_order', 'TimeZone', 'autoload_known_extensions', 'search_path'];

async function settings(engine: Engine): Promise<Record<string, unknown>> {
  return engine.row(`SELECT ${SETTINGS.map((name) => `CAST(current_setting('${name}') AS VARCHAR) AS ${name}`).join(', ')}`);
}

it('leaves nothing to the next engine', async () => {
  const first = await Engine.open({ little: true });
  const before = await settings(first);
  await first.run(`CREATE SCHEMA input; CREATE TABLE input.t AS SELECT 1 AS a; CREATE TEMP TABLE kept AS SELECT 2 AS b;
    CREATE MACRO twice(x) AS 2 * x; CREATE VIEW v AS SELECT 3 AS c; SET search_path = 'input'; SET TimeZone = 'Asia/Tokyo';
    ATTACH ${literal(join(first.scratch, 'other.duckdb'))} AS other; CREATE TABLE other.t AS SELECT 4 AS d`);
  const { scratch } = first;
  await first.close();
  await expect(access(scratch)).rejects.toThrow('ENOENT');
  const second = await Engine.open({ little: true });
  try {
    expect(await settings(second)).toEqual(before);
    expect(await second.rows('SELECT schema_name, table_name FROM duckdb_tables()')).toEqual([]);
    expect(await second.rows("SELECT view_name FROM duckdb_views() WHERE NOT internal")).toEqual([]);
    expect(await second.rows("SELECT function_name FROM duckdb_functions() WHERE function_type = 'macro' AND NOT internal")).toEqual([]);
    expect((await second.rows("SELECT database_name FROM duckdb_databases() WHERE NOT internal ORDER BY 1")).length).toBe(2);
  } finally {
    await second.close();
  }
});

it('spills to its own folder, also in an instance that has served, and one that has spilled serves no more', async () => {
  for (let i = 0; i < 3; i += 1) {
    const engine = await Engine.open({ little: true });
    try {
      await engine.run("SET memory_limit = '60MB'");
      await engine.run('CREATE TABLE t AS SELECT i, md5(CAST(i AS VARCHAR)) AS text FROM range(1500000) AS r(i) ORDER BY text');
      await expect(access(join(engine.scratch, 'spill'))).resolves.toBe(undefined);
      expect(engine.scratch.startsWith(tmpdir())).toBe(true);
    } finally {
      await engine.run("RESET memory_limit");
      await engine.close();
    }
  }
});

it('widens once there is much to do', async () => {
  const engine = await Engine.open({ little: true, threads: 2 });
  try {
    expect(await engine.row("SELECT current_setting('threads') AS n")).toEqual({ n: 1n });
    await engine.widen();
    expect(await engine.row("SELECT current_setting('threads') AS n")).toEqual({ n: 2n });
  } finally {
    await engine.close();
  }
  const next = await Engine.open({ little: true });
  expect(await next.row("SELECT current_setting('threads') AS n")).toEqual({ n: 1n });
  await next.close();
});

it('keeps the order of rows where that is asked, and only there, whichever engine served before', async () => {
  const asked = "SELECT current_setting('preserve_insertion_order') AS keeps, current_setting('disabled_optimizers') AS without";
  for (let i = 0; i < 2; i += 1) {
    for (const in_order of [true, false]) {
      const engine = await Engine.open({ little: true, in_order });
      expect(await engine.row(asked)).toEqual({ keeps: in_order, without: in_order ? 'join_order,build_side_probe_side' : '' });
      expect(await engine.row('SELECT current_database() AS name')).toEqual({ name: engine.database });
      await engine.close();
    }
  }
});

it('tells which relations have a row', async () => {
  const engine = await Engine.open({ little: true });
  await engine.run('CREATE TABLE t AS SELECT 1 AS a; CREATE TABLE u AS SELECT 1 AS a LIMIT 0');
  expect(await engine.filled(['t', 'u', 't WHERE a > 1', 't WHERE a = 1'])).toEqual(new Set(['t', 't WHERE a = 1']));
  expect(await engine.filled([])).toEqual(new Set());
  await engine.close();
});

it('counts the rows it stores', async () => {
  const engine = await Engine.open({ little: true });
  expect(await engine.count('CREATE TABLE t AS SELECT * FROM range(5)')).toBe(5);
  expect(await engine.count('INSERT INTO t SELECT * FROM range(2)')).toBe(2);
  await engine.close();
});

it('does two things beside each other on the same tables; both are over when one fails', async () => {
  for (const options of [{}, { little: true }]) {
    const engine = await Engine.open(options);
    await engine.run('CREATE TABLE t AS SELECT unnest(range(1000)) AS i');
    const sum = (of: Engine): Promise<{ s: bigint }> => of.row('SELECT sum(i)::BIGINT AS s FROM t');
    expect(await engine.beside(() => sum(engine), sum)).toEqual([{ s: 499_500n }, { s: 499_500n }]);
    const fails = engine.beside(() => Promise.reject(new Error('no')), (other) => other.run('CREATE TABLE made (i INTEGER)'));
    await expect(fails).rejects.toThrow('no');
    expect(await engine.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'made'")).toHaveLength('little' in options ? 0 : 1);
    await engine.close();
  }
});

import { createHash } from 'node:crypto';
import { cp, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { publishHistory } from '../../src/ledger/history.js';
import { VIEWS } from '../../src/ledger/history-views.js';
import { commit } from '../../src/ledger/ledger.js';
import { openHistory, queryHistory } from '../../src/ledger/query.js';
import { historyDigest } from '../../src/ledger/verify.js';
import { openAt, smallLedger, stageBatch, tempEngine, tempFolder } from './support.js';

const hashOf = async (path: string): Promise<string> => createHash('sha256').update(await readFile(path)).digest('hex');

describe('history.duckdb', () => {
  it('has the columns of the interface, in order, each with a comment', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const path = join(folder, 'history.duckdb');
    await publishHistory(await smallLedger(engine, folder), path);
    const { rows } = await queryHistory(path, `SELECT table_name, string_agg(column_name, ', ' ORDER BY column_index), bool_and(comment <> '')
      FROM duckdb_columns() WHERE schema_name = 'main' AND table_name <> 'duebook_meta' AND NOT internal GROUP BY 1 ORDER BY 1`);
    expect(rows).toEqual([
      ['billed_bookings', 'booking_id, source, content_hash, invoice_id, line_no, amount, serial, state', true],
      ['events', 'at, serial, run_id, subject, subject_id, event, detail', true],
      ['invoice_lines', 'invoice_id, line_no, kind, booking_id, product, description, quantity, unit_price, amount, tax_id, tax_rate, '
        + 'service_start, service_end, corrects_invoice_id, gross, corrects_line_no, correction, original_currency, original_amount, exchange_rate, '
        + 'exchange_on, exchange_source', true],
      ['invoice_taxes', 'invoice_id, tax_id, category, rate, net, tax', true],
      ['invoices', 'invoice_id, number, kind, status, payment_status, customer_id, customer_name, partner_id, batch_id, cycle_id, period_start, '
        + 'period_end, billing_date, issued_on, due_on, currency, net, tax, total, paid, balance, confirmed_at, confirmed_by, sent_at, serial, tax_currency, '
        + 'tax_currency_amount, tax_exchange_rate, tax_exchange_on, tax_exchange_source', true],
      ['messages', 'message_id, invoice_id, kind, recipient, status, attempts, queued_at, sent_at, sha256, error, subject_id, payload', true],
      ['runs', 'run_id, serial, as_of, committed_at, config_digest, config_commit, tool_version, invoices, total', true],
    ]);
    for (const [name, view] of Object.entries(VIEWS)) {
      const { columns } = await queryHistory(path, `SELECT * FROM ${name}`);
      expect(columns.map((c) => c.name)).toEqual(Object.keys(view.columns));
    }
    expect((await queryHistory(path, 'SELECT count(*) FROM duckdb_views() WHERE NOT internal AND comment IS NULL')).rows).toEqual([['0']]);
  });

  it('tells amounts, instants and states', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const path = join(folder, 'history.duckdb');
    await publishHistory(await smallLedger(engine, folder), path);
    const history = await openHistory(path);
    const invoices = await history.query(`SELECT number, status, payment_status, net, tax, total, paid, balance, period_start, sent_at, serial
      FROM invoices ORDER BY number`);
    expect(invoices.columns.map((c) => c.type)).toEqual(['VARCHAR', 'VARCHAR', 'VARCHAR', 'DECIMAL(18,3)', 'DECIMAL(18,3)', 'DECIMAL(18,3)',
      'DECIMAL(18,3)', 'DECIMAL(18,3)', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP WITH TIME ZONE', 'BIGINT']);
    expect(invoices.rows).toMatchSnapshot('invoices');
    expect((await history.query('SELECT * FROM messages ORDER BY message_id')).rows).toMatchSnapshot('messages');
    expect((await history.query('SELECT * FROM runs ORDER BY serial')).rows).toMatchSnapshot('runs');
    expect((await history.query('SELECT * FROM invoice_lines ORDER BY invoice_id, line_no LIMIT 1')).rows).toMatchSnapshot('line');
    expect((await history.query('SELECT count(*), min(length(content_hash)) FROM billed_bookings')).rows).toEqual([['10', '32']]);
    expect((await history.query("SELECT detail->>'$.reason' FROM events WHERE event = 'voided'")).rows).toEqual([['typo']]);
    await history.close();
  });

  it('says the same whether extended commit by commit or built at once', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const [grown, built, again] = ['grown', 'built', 'again'].map((name) => join(folder, name, 'history.duckdb')) as [string, string, string];
    let ledger = await openAt(folder);
    expect(await publishHistory(ledger, grown)).toMatchObject({ serial: 0, rows: 0, how: 'built' });
    ledger = await smallLedger(engine, folder);
    const how = [await publishHistory(ledger, grown)];
    for (let i = 0; i < 3; i += 1) {
      ledger = await commit(ledger, await stageBatch(engine, ledger));
      how.push(await publishHistory(ledger, grown));
    }
    how.push(await publishHistory(ledger, grown));
    expect(how.map((h) => h.how)).toEqual(['built', 'extended', 'extended', 'extended', 'current']);
    await publishHistory(ledger, built);
    await publishHistory(ledger, again, { rebuild: true, threads: 1 });
    expect(await historyDigest(grown)).toEqual(await historyDigest(built));
    expect(await historyDigest(again)).toEqual(await historyDigest(built));
    for (const view of Object.keys(VIEWS)) {
      const [a, b] = [await queryHistory(grown, `SELECT * FROM ${view} ORDER BY ALL`), await queryHistory(built, `SELECT * FROM ${view} ORDER BY ALL`)];
      expect(a).toEqual(b);
      expect(a.rows.length).toBeGreaterThan(0);
    }
    expect(await readdir(join(folder, 'grown'))).toEqual(['history.duckdb']);
  });

  it('says the same after more rows than a row group has were added to it, and few after them', { timeout: 600_000 }, async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const [grown, built] = [join(folder, 'grown.duckdb'), join(folder, 'built.duckdb')];
    let ledger = await openAt(folder);
    const how: string[] = [];
    for (const invoices of [2_000, 22_000, 22_000, 3]) {
      ledger = await commit(ledger, await stageBatch(engine, ledger, { invoices, lines: 6 }));
      how.push((await publishHistory(ledger, grown)).how);
    }
    expect(how).toEqual(['built', 'extended', 'extended', 'extended']);
    await publishHistory(ledger, built);
    expect(await historyDigest(grown)).toEqual(await historyDigest(built));
    // Every addition of many leaves at most one row group that is not full.
    const groups = async (path: string): Promise<number> => Number((await queryHistory(path, `
      SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('facts.invoice_lines')`)).rows[0]![0]);
    expect(await groups(grown)).toBeLessThanOrEqual(await groups(built) + 2);
  });

  it('is built again when it is of another ledger, damaged, or has a write-ahead log', async () => {
    const [engine, folder, other] = [await tempEngine(), await tempFolder(), await tempFolder()];
    const path = join(folder, 'history.duckdb');
    const ledger = await smallLedger(engine, folder);
    const foreign = await commit(await openAt(other), { ...(await stageBatch(engine, await openAt(other))), config_digest: 'other' });
    await publishHistory(foreign, path);
    expect((await publishHistory(ledger, path)).how).toBe('built');
    const good = await historyDigest(path);
    await writeFile(path, 'no database');
    expect((await publishHistory(ledger, path)).how).toBe('built');
    expect(await historyDigest(path)).toEqual(good);
    await cp(path, `${path}.wal`);
    expect((await publishHistory(ledger, path)).how).toBe('built');
    expect(await readdir(folder)).toEqual(['history.duckdb', 'ledger']);
  });

  it('can be attached under any name by any DuckDB', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const path = join(folder, 'history.duckdb');
    await publishHistory(await smallLedger(engine, folder), path);
    const analyst = await Engine.open();
    await analyst.run(`ATTACH '${path}' AS anything (READ_ONLY)`);
    expect(await analyst.rows('SELECT count(*) AS n FROM anything.invoices WHERE status = \'void\'')).toEqual([{ n: 1n }]);
    for (const view of Object.keys(VIEWS)) await analyst.rows(`SELECT * FROM anything.${view}`);
    expect((await analyst.rows(`SELECT tags FROM duckdb_databases() WHERE database_name = 'anything'`))).toMatchSnapshot('storage version');
    await analyst.close();
  });
});

describe('questions', () => {
  it('see nothing but the history and change nothing', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const path = join(folder, 'history.duckdb');
    await publishHistory(await smallLedger(engine, folder), path);
    const before = await hashOf(path);
    await writeFile(join(folder, 'secret.csv'), 'a,b\n1,2\n');
    for (const sql of [`SELECT * FROM '${folder}/secret.csv'`, `COPY invoices TO '${folder}/x.csv'`, 'DELETE FROM facts.invoices', 'SELECT no_such FROM invoices',
      'SELEC 1', '', `ATTACH '${folder}/y.duckdb'`, 'SET enable_external_access = true', "SET threads = 1", 'INSTALL httpfs', `EXPORT DATABASE '${folder}/z'`,
      // The attached file itself stays within reach of whoever attaches it anew, or writes over it.
      `USE memory; DETACH history; ATTACH '${path}' AS h; CREATE TABLE h.main.evil AS SELECT 1`, `ATTACH '${path}' AS h`, `COPY (SELECT 1) TO '${path}'`,
      `COPY (SELECT 1) TO '${path}.wal'`, `EXPLAIN ANALYZE COPY (SELECT 1) TO '${path}.wal'`, `/**/ EXPLAIN ANALYZE COPY (SELECT 1) TO '${path}.wal'`,
      `SELECT 1; EXPLAIN ANALYZE COPY (SELECT 1) TO '${path}.wal'`, `PREPARE p AS COPY (SELECT 1) TO '${path}.wal'`, 'CHECKPOINT', 'PRAGMA force_checkpoint',
      'CALL enable_logging()', 'COPY FROM DATABASE history TO memory', 'LOAD httpfs', 'VACUUM']) {
      await expect(queryHistory(path, sql), sql).rejects.toMatchObject({ diagnostics: [{ code: 'QUERY_FAILED' }] });
    }
    expect(await hashOf(path)).toBe(before);
    expect((await readdir(folder)).sort()).toEqual(['history.duckdb', 'ledger', 'secret.csv']);
    await expect(queryHistory(join(folder, 'none.duckdb'), 'SELECT 1')).rejects.toMatchObject({ diagnostics: [{ code: 'QUERY_FAILED' }] });
  });

  it('may be several statements; a result can be copied to one named file', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const path = join(folder, 'history.duckdb');
    await publishHistory(await smallLedger(engine, folder), path);
    expect(await queryHistory(path, "SET VARIABLE c = 'c1'; CREATE TEMP TABLE t AS SELECT 1 AS a; SELECT a, a AS a, 12345678901::BIGINT AS b FROM t;")).toEqual({
      columns: [{ name: 'a', type: 'INTEGER' }, { name: 'a', type: 'INTEGER' }, { name: 'b', type: 'BIGINT' }], rows: [[1, 1, '12345678901']],
    });
    expect((await queryHistory(path, 'SELECT 1 AS a; SELECT 2 AS b')).rows).toEqual([[2]]);
    const history = await openHistory(path);
    const target = join(folder, "it's.csv");
    expect(await history.copyTo('SELECT number, total FROM invoices ORDER BY number LIMIT 2; -- first', target, 'csv')).toEqual({ rows: 2 });
    await history.close();
    expect(await readFile(target, 'utf8')).toMatchSnapshot('csv');
  });

  it('write over a file that is there, from one SELECT only', async () => {
    const [engine, folder] = [await tempEngine(), await tempFolder()];
    const path = join(folder, 'history.duckdb');
    await publishHistory(await smallLedger(engine, folder), path);
    const target = join(folder, 'x.parquet');
    for (const rows of [1, 2]) {
      const history = await openHistory(path);
      expect(await history.copyTo(`SELECT number FROM invoices ORDER BY number LIMIT ${rows}`, target, 'parquet')).toEqual({ rows });
      await history.close();
    }
    for (const sql of ['SELECT 1; SELECT 2', `ATTACH '${path}' AS h`, '']) {
      const history = await openHistory(path);
      await expect(history.copyTo(sql, target, 'parquet'), sql).rejects.toMatchObject({ diagnostics: [{ code: 'QUERY_FAILED' }] });
      await history.close();
    }
    expect(await engine.rows(`SELECT count(*) AS n FROM read_parquet('${target}')`)).toEqual([{ n: 2n }]);
  });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { parquet, source, staged, told } from './support.js';

const COLUMNS = {
  booking_id: ['id'], customer_id: ['customer'], product: ['product'], description: ['text'], starts_at: ['start'], ends_at: ['finish'],
  quantity: ['n'], unit_price: ['price'],
};
const read = (more: Parameters<typeof source>[0] = {}) => source({ path: 'data/*.parquet', format: 'parquet', columns: COLUMNS, ...more });

/** A SELECT of one row or more from column expressions. */
const row = (cells: Record<string, string>): string => `SELECT ${Object.entries(
  { id: `'B1'`, customer: `'acme'`, product: 'NULL::VARCHAR', text: 'NULL::VARCHAR', start: `TIMESTAMP '2026-05-01'`, finish: 'NULL::TIMESTAMP', n: '1', price: '1', ...cells },
).map(([name, cell]) => `${cell} AS ${name}`).join(', ')}`;

describe('a Parquet file', () => {
  it('is read by its types', () => staged({}, read(), ({ bookings, diagnostics }) => {
    expect(told(diagnostics)).toEqual([]);
    expect(bookings).toMatchObject([
      { file_key: 1, record: 1n, booking_id: '4711', customer_id: 'acme', starts_at: '2026-05-01 08:00:00', ends_at: '2026-05-01 09:00:00', quantity_micro: 1_500_000n, unit_price_micro: 2_000_000n },
      { file_key: 2, record: 1n, booking_id: 'B1', starts_at: '2026-03-29 01:30:00', ends_at: '2026-03-31 22:00:00', quantity_micro: 12n, unit_price_micro: 100_000n },
      { file_key: 3, record: 1n, booking_id: 'B2', starts_at: '2026-05-01 06:00:00', quantity_micro: -2_500_000n, unit_price_micro: null },
      { file_key: 4, record: 1n, booking_id: 'B3', starts_at: '2026-05-01 06:00:00', quantity_micro: 999_999_999_999_000_000n, unit_price_micro: 1_000_000n },
    ]);
  }, parquet({
    'data/a.parquet': row({ id: '4711::BIGINT', start: `TIMESTAMPTZ '2026-05-01 10:00:00+02'`, finish: `TIMESTAMPTZ '2026-05-01 09:00:00Z'`, n: '1.5::DECIMAL(9,2)', price: '2::TINYINT' }),
    'data/b.parquet': row({ start: `TIMESTAMP '2026-03-29 02:30:00'`, finish: `DATE '2026-04-01'`, n: '1.2e-05::DOUBLE', price: '0.1::FLOAT' }),
    'data/c.parquet': row({ id: `' B2 '`, text: `'a' || chr(10) || 'b'`, start: `'2026-05-01 08:00'`, n: `'-2.5'`, price: 'NULL::DECIMAL(38,10)' }),
    'data/d.parquet': row({ id: `'B3'`, start: `TIMESTAMP_S '2026-05-01 08:00:00'`, n: '999999999999::UBIGINT', price: '1.0000000000::DECIMAL(38,10)' }),
  })));

  it('rejects what does not fit, by row', () => staged({}, read({ on_reject: 'quarantine' }), ({ bookings, diagnostics }) => {
    expect(bookings.map((each) => each.booking_id)).toEqual(['"B0"']);
    expect(told(diagnostics).sort()).toEqual([
      'warning BOOKING_VALUE data/a.parquet row 2: finish "2026-04-30 00:00:00" lies before the start',
      'warning BOOKING_VALUE data/a.parquet row 2: n "1.1234567890" has more than 6 decimals',
      'warning BOOKING_VALUE data/a.parquet row 2: price "0.30000000000000004" has more than 6 decimals',
      'warning BOOKING_VALUE data/a.parquet row 3: customer is missing',
      'warning BOOKING_VALUE data/a.parquet row 3: id "B\\u0000" contains a control character',
      'warning BOOKING_VALUE data/a.parquet row 3: n "1000000000000.0000000000" must be less than 10^12 in size',
      'warning BOOKING_VALUE data/a.parquet row 3: price "nan" is not a number (digits with a decimal point, no thousands separators)',
      'warning BOOKING_VALUE data/a.parquet row 3: start "infinity" lies outside the years 1900 to 2199',
      'warning BOOKING_VALUE data/a.parquet row 4: id is missing',
      'warning BOOKING_VALUE data/a.parquet row 4: start is missing',
    ]);
  }, parquet({
    'data/a.parquet': [
      row({ id: `'"B0"'`, n: '1::DECIMAL(38,10)', price: '1::DOUBLE' }),
      row({ finish: `TIMESTAMP '2026-04-30'`, n: '1.123456789::DECIMAL(38,10)', price: '0.1::DOUBLE + 0.2::DOUBLE' }),
      row({ id: `'B' || chr(0)`, customer: `'  '`, start: `TIMESTAMP 'infinity'`, n: '1000000000000::DECIMAL(38,10)', price: `'nan'::DOUBLE` }),
      row({ id: `''`, start: 'NULL', n: '1::DECIMAL(38,10)', price: '1::DOUBLE' }),
    ].join(' UNION ALL '),
  })));

  it('is refused when it is none, cut off, damaged, or compressed with Brotli', () => staged({ 'data/no.parquet': 'id,customer\n', 'data/zero.parquet': '' }, read(),
    ({ bookings, diagnostics }) => {
      expect(bookings.map((each) => each.booking_id)).toEqual([]);
      expect(told(diagnostics)).toEqual([
        'error BOOKINGS_UNREADABLE data/brotli.parquet data/brotli.parquet is compressed with Brotli, which is not safe to read',
        'error BOOKINGS_UNREADABLE data/cut.parquet data/cut.parquet is damaged or cut off: it has no readable Parquet footer',
        'error BOOKINGS_UNREADABLE data/no.parquet data/no.parquet is not a Parquet file',
        'error BOOKINGS_UNREADABLE data/zero.parquet data/zero.parquet is not a Parquet file',
        'error BOOKINGS_UNREADABLE data/flip.parquet data/flip.parquet is damaged: its footer is whole, its data is not',
      ]);
    }, async (engine, root) => {
      await parquet({ 'data/cut.parquet': `${row({})} FROM range(1000)`, 'data/flip.parquet': `${row({ id: `'B' || i` })} FROM range(5000) AS t(i)` })(engine, root);
      await engine.run(`COPY (${row({})}) TO '${join(root, 'data/brotli.parquet')}' (FORMAT parquet, CODEC brotli)`);
      const cut = join(root, 'data/cut.parquet');
      writeFileSync(cut, readFileSync(cut).subarray(0, -20));
      const flip = join(root, 'data/flip.parquet');
      writeFileSync(flip, readFileSync(flip).fill(0xff, 4, 2000));
    }));

  it('is refused when a page of it is damaged, or a text is not UTF-8', () => staged({}, read(), ({ bookings, diagnostics }) => {
    expect(bookings).toEqual([]);
    expect(told(diagnostics).sort()).toEqual([
      'error BOOKINGS_UNREADABLE data/blob.parquet data/blob.parquet holds text that is not UTF-8',
      'error BOOKINGS_UNREADABLE data/page.parquet data/page.parquet is damaged: its footer is whole, its data is not',
    ]);
  }, async (engine, root) => {
    await parquet({
      'data/page.parquet': `${row({ id: `'B' || i`, text: `'Visit ' || i * 7919` })} FROM range(3000) AS t(i)`, 'data/blob.parquet': row({ text: `'\\x4D\\xFC'::BLOB` }),
    })(engine, root);
    const page = join(root, 'data/page.parquet');
    writeFileSync(page, readFileSync(page).map((byte, i) => (i >= 200 && i < 400 ? byte ^ 0xff : byte)));
  }));

  it('must have the columns, in types that fit', () => staged({}, read(), ({ diagnostics }) => {
    expect(told(diagnostics)).toEqual([
      'error BOOKINGS_COLUMNS data/a.parquet data/a.parquet: column "start" is BIGINT, which cannot be a starts_at',
      'error BOOKINGS_COLUMNS data/a.parquet data/a.parquet: column "n" is INTEGER[], which cannot be a quantity',
      'error BOOKINGS_COLUMNS data/b.parquet data/b.parquet has no columns "customer", "product", "text", "start", "finish", "n", "price"; it has "id", "Kunde"',
      'error BOOKINGS_COLUMNS data/c.parquet data/c.parquet: column "customer" is DOUBLE, which cannot be a customer_id',
    ]);
  }, parquet({ 'data/a.parquet': row({ start: '5::BIGINT', n: '[1]' }), 'data/b.parquet': `SELECT 'B1' AS id, 'acme' AS "Kunde"`, 'data/c.parquet': row({ customer: '1.0::DOUBLE' }) })));

  it('may have nasty names of columns', () => staged({}, source({
    path: 'data/*.parquet', format: 'parquet', columns: { booking_id: ['a"b; --'], customer_id: ['sel\nect'], starts_at: ['group'], description: ['file_key'] },
  }), ({ bookings, diagnostics }) => {
    expect(diagnostics).toEqual([]);
    expect(bookings).toMatchObject([{ booking_id: 'B1', customer_id: 'acme', description: 'x' }]);
  }, parquet({ "data/it's [1].parquet": `SELECT 'B1' AS "a""b; --", 'acme' AS "sel\nect", DATE '2026-05-01' AS "group", 'x' AS file_key, 7 AS file_index` })));

  it('gives what the same rows give as CSV', async () => {
    const cells = 'id,customer,product,text,start,finish,n,price';
    const csv = `${cells}\nB1,acme,p,"say ""a\\b""",2026-05-01T08:00,2026-05-01T09:00,1.5,0.1\n B2 ,acme,, x ,2026-05-01T08:00,,1,\nB3,Zoë,p\u00a0,é,2026-05-01T08:00,,-1,2\n`;
    const keep = 'SELECT * EXCLUDE (file_key, record) FROM input.bookings ORDER BY booking_id';
    const fromCsv = await staged({ 'data/a.csv': csv }, source({ columns: COLUMNS }), ({ engine }) => engine.rows(keep));
    const fromParquet = await staged({ 'a.csv': csv }, read(), ({ engine }) => engine.rows(keep), async (engine, root) => {
      await parquet({ 'data/a.parquet': `SELECT * REPLACE (start::TIMESTAMP AS start, finish::TIMESTAMP AS finish, n::DOUBLE AS n, price::DECIMAL(9,3) AS price) `
        + `FROM read_csv('${join(root, 'a.csv')}', all_varchar = true, header = true, quote = '"', escape = '"')` })(engine, root);
    });
    expect(fromParquet).toHaveLength(3);
    expect(fromParquet).toEqual(fromCsv);
  });
});

describe('status and currency words in Parquet', () => {
  it('are looked up, and known after trimming', () => staged({}, read({
    columns: { booking_id: ['id'], customer_id: ['customer'], starts_at: ['start'], status: ['status'], currency: ['currency'], amount: ['amount'] },
    status: { done: 'billable', 'it\'s off': 'cancelled' },
  }), ({ bookings, diagnostics }) => {
    expect(bookings.map((each) => [each.booking_id, each.status, each.currency, each.amount_minor])).toEqual([
      ['B1', 'billable', 'USD', 150n], ['B2', 'cancelled', 'EUR', 150n], ['B3', 'billable', 'USD', 150n], ['B4', 'billable', 'BHD', 1500n],
    ]);
    expect(told(diagnostics)).toEqual([
      'error BOOKING_VALUE data/a.parquet row 5: currency "ABC" is not a currency code of ISO 4217',
      'error BOOKING_VALUE data/a.parquet row 5: status "Done" is not a known status; known: done, it\'s off',
      'error BOOKING_VALUE data/a.parquet row 6: amount "1.500" has more decimals than JPY allows',
    ]);
  }, parquet({
    'data/a.parquet': `SELECT i AS id, 'acme' AS customer, DATE '2026-05-01' AS start, s AS status, c AS currency, 1.500::DECIMAL(12,3) AS amount `
      + `FROM (VALUES ('B1', 'done', 'USD'), ('B2', 'it''s off', ''), ('B3', 'done ', 'usd'), ('B4', 'done', 'BHD'), ('B5', 'Done', 'ABC'), ('B6', 'done', 'JPY')) AS t(i, s, c)`,
  })));
});

/** What must not matter: the order of rows and columns, the split into files, the format, and which way a row went. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { BookingSource } from '../../src/config/types.js';
import { source, staged } from './support.js';

const COLUMNS = ['id', 'customer', 'product', 'text', 'start', 'finish', 'n', 'price', 'amount', 'currency', 'status'] as const;
const MAPPING = {
  booking_id: ['id'], customer_id: ['customer'], product: ['product'], description: ['text'], starts_at: ['start'], ends_at: ['finish'],
  quantity: ['n'], unit_price: ['price'], amount: ['amount'], currency: ['currency'], status: ['status'],
} as const;
type Row = Record<(typeof COLUMNS)[number], string>;

const word = fc.stringMatching(/^[ a-zA-Z0-9"',;\\é日\n-]{0,8}$/);
const id = fc.oneof({ weight: 9, arbitrary: fc.stringMatching(/^[a-z0-9]{1,3}$/) }, { weight: 1, arbitrary: word });
const decimal = fc.oneof(fc.constant(''), fc.stringMatching(/^-?[0-9]{1,4}(\.[0-9]{1,3})?$/), word);
const when = fc.oneof(fc.constant(''), fc.stringMatching(/^2026-(03-29|10-25|0[1-9]-1[0-9])(T0[0-4]:[0-5][0-9](Z|\+02:00)?)?$/), word);
const row: fc.Arbitrary<Row> = fc.record({
  id, customer: id, product: word, text: word, start: when, finish: when, n: decimal, price: decimal, amount: decimal,
  currency: fc.constantFrom('', 'EUR', 'jpy', 'KWD', 'no'), status: fc.constantFrom('done', ' done', 'off', '', 'Done'),
});
const rows = fc.array(row, { minLength: 1, maxLength: 12 });

function csv(columns: readonly (keyof Row)[], some: readonly Row[]): string {
  const cell = (text: string): string => (/["\n,]|^ | $|^$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return [columns.join(','), ...some.map((each) => columns.map((name) => cell(each[name])).join(','))].map((line) => `${line}\n`).join('');
}

function from(more: Partial<BookingSource> = {}): BookingSource {
  return source({ columns: MAPPING, status: { done: 'billable', off: 'cancelled' }, on_reject: 'quarantine', ...more });
}

const KEEP = 'SELECT * EXCLUDE (file_key, record) FROM input.bookings ORDER BY ALL';
const REJECTS = 'SELECT column_name, message, value FROM input.rejects ORDER BY ALL';
interface Outcome { readonly bookings: object[]; readonly rejects: object[] }

function outcome(files: Readonly<Record<string, string>>, one: BookingSource, prepare?: Parameters<typeof staged>[3]): Promise<Outcome> {
  return staged(files, one, async ({ engine }) => ({ bookings: await engine.rows(KEEP), rejects: await engine.rows(REJECTS) }), prepare);
}

describe('what comes out', () => {
  const arranged = rows.chain((all) => fc.record({
    all: fc.constant(all),
    shuffled: fc.shuffledSubarray(all, { minLength: all.length }),
    columns: fc.shuffledSubarray([...COLUMNS], { minLength: COLUMNS.length }),
    cut: fc.nat(all.length),
  }));

  it.each([
    ['plain ids', MAPPING],
    ['numbered ids', { ...MAPPING, booking_id: ['customer', 'line', 'product'] }],
  ])('does not depend on the order of rows and columns, nor on the files: %s', async (_name, columns) => {
    await fc.assert(fc.asyncProperty(arranged, async ({ all, shuffled, columns: order, cut }) => {
      const one = await outcome({ 'data/a.csv': csv(COLUMNS, all) }, from({ columns }));
      const two = await outcome({ 'data/a.csv': csv(order, shuffled.slice(0, cut)), 'data/b.csv': csv(COLUMNS, shuffled.slice(cut)) }, from({ columns }));
      expect(two).toEqual(one);
    }), { numRuns: 15 });
  }, 600_000);

  it('does not depend on the format: the fast way of Parquet is the exact way of CSV', async () => {
    await fc.assert(fc.asyncProperty(rows, async (all) => {
      const text = csv(COLUMNS, all);
      const one = await outcome({ 'data/a.csv': text }, from());
      const two = await outcome({ 'a.csv': text }, from({ format: 'parquet', path: 'data/*.parquet' }), async (engine, root) => {
        mkdirSync(join(root, 'data'));
        const reader = `read_csv('${join(root, 'a.csv')}', auto_detect = false, header = true, delim = ',', quote = '"', escape = '"', `
          + `columns = {${COLUMNS.map((name) => `${name}: 'VARCHAR'`).join(', ')}})`;
        await engine.run(`COPY (SELECT * FROM ${reader}) TO '${join(root, 'data/a.parquet')}' (FORMAT parquet)`);
      });
      expect(two).toEqual(one);
    }), { numRuns: 25 });
  }, 600_000);

  it('tells contents apart: equal hashes only for equal fields, whatever the status', async () => {
    await fc.assert(fc.asyncProperty(rows, async (all) => {
      const { bookings } = await outcome({ 'data/a.csv': csv(COLUMNS, all) }, from());
      const distinct = (select: (booking: Record<string, unknown>) => unknown[]): number =>
        new Set(bookings.map((booking) => select(booking as Record<string, unknown>).map(String).join('\u0000'))).size;
      expect(distinct((booking) => [booking.content_hi, booking.content_lo])).toBe(
        distinct(({ status: _status, ...booking }) => Object.values(booking)));
    }), { numRuns: 15 });
  }, 600_000);
});

/** A file that two sources read: allowed where they bill different things of a row, an error where each row would be billed twice. */
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BookingSource } from '../../src/config/types.js';
import { source, staged } from './support.js';

const FILE = { 'data/a.csv': 'id,customer,start,state,labour,parts\n1,acme,2026-04-01T08:00,done,10.00,4.00\n' };
const columns = source().columns;
const status = (...billable: string[]) => ({
  columns: { ...columns, status: ['state'] },
  status: Object.fromEntries(['done', 'missed'].map((word) => [word, billable.includes(word) ? 'billable' as const : 'ignored' as const])),
});

test.each<[string, Partial<BookingSource>, Partial<BookingSource>, boolean]>([
  ['the same of every row', {}, { path: 'data/a.csv' }, true],
  ['the same under another id and description', {}, { columns: { ...columns, booking_id: ['start'], description: ['state'] } }, true],
  ['another amount', { columns: { ...columns, amount: ['labour'] } }, { columns: { ...columns, amount: ['parts'] } }, false],
  ['another product', { product: 'visit' }, { product: 'travel' }, false],
  ['rows of other statuses', status('done'), status('missed'), false],
  ['rows of statuses that overlap', status('done'), status('missed', 'done'), true],
  ['some of the rows of a source that bills all', {}, status('missed'), true],
])('%s', async (_, one, other, twice) => {
  await staged(FILE, [source({ name: 'one', ...one }), source({ name: 'other', ...other })], ({ diagnostics }) => {
    expect(diagnostics.filter(({ severity }) => severity === 'error').map(({ code, at }) => [code, at?.file]))
      .toEqual(twice ? [['BOOKINGS_SHARED_FILE', 'data/a.csv']] : []);
  });
});

test.skipIf(process.platform === 'win32')('under another name, by a link', async () => {
  await staged(FILE, [source({ name: 'one', path: 'data/a.csv' }), source({ name: 'other', path: 'data/newest.csv' })], ({ diagnostics }) => {
    expect(diagnostics).toMatchObject([{ code: 'BOOKINGS_SHARED_FILE', at: { file: 'data/a.csv' } }]);
  }, (_, root) => symlink(join(root, 'data/a.csv'), join(root, 'data/newest.csv')));
});

test('a file of one source under two names is no file of two sources', async () => {
  await staged({ ...FILE, 'data/b.csv': FILE['data/a.csv'].replace('\n1,', '\n2,') }, [source(), source({ name: 'other', path: 'more/*.csv' })],
    ({ diagnostics }) => {
      expect(diagnostics.map(({ code }) => code)).toEqual(['BOOKINGS_NO_FILES']);
    });
});

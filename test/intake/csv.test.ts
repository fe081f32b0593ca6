import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { source, staged, told } from './support.js';

const FULL = {
  booking_id: ['Job No'], customer_id: ['Customer'], product: ['Service'], description: ['Details'], starts_at: ['Start'], ends_at: ['Finish'],
  quantity: ['Hours'], unit_price: ['Rate'], amount: ['Amount'], currency: ['Currency'], status: ['Status'],
};
const STATUS = { completed: 'billable', confirmed: 'scheduled', cancelled: 'cancelled', draft: 'ignored' } as const;

describe('a CSV file', () => {
  it('is read with every field', () => staged({
    'data/a.csv': 'Customer,Job No,Service,Details,Start,Finish,Hours,Rate,Amount,Currency,Status,Extra\n'
      + 'acme,J-1,inspection,"Boiler, ""north"" wing\nsecond line",2026-05-01T08:00,2026-05-01T10:30,2.5,95.00,,,completed,x\n'
      + 'acme, J-2 ,,,2026-05-02,,,,12.30,usd,confirmed,\n'
      + 'acme,J-3,,,,2026-01-02 03:04:05Z,-1,,1000,JPY,cancelled,\n'
      + 'acme,J-4,,,2026-05-01T08:00:00+05:30,,0.000001,999999999999.999999,1.234000,KWD,draft,\n',
  }, source({ columns: FULL, status: STATUS, product: 'other' }), ({ bookings, diagnostics, files }) => {
    expect(told(diagnostics)).toEqual([]);
    expect(files).toMatchObject([{ file_key: 1, file: 'data/a.csv', rows: 4 }]);
    expect(bookings).toMatchObject([
      {
        file_key: 1, record: 1n, source: 'jobs', booking_id: 'J-1', customer_id: 'acme', product: 'inspection', description: 'Boiler, "north" wing second line',
        starts_at: '2026-05-01 06:00:00', ends_at: '2026-05-01 08:30:00', quantity_micro: 2_500_000n, unit_price_micro: 95_000_000n,
        amount_minor: null, currency: 'EUR', status: 'billable',
      },
      { record: 2n, booking_id: 'J-2', product: 'other', description: null, starts_at: '2026-05-01 22:00:00', ends_at: '2026-05-01 22:00:00',
        quantity_micro: 1_000_000n, unit_price_micro: null, amount_minor: 1230n, currency: 'USD', status: 'scheduled' },
      { record: 3n, starts_at: '2026-01-02 03:04:05', ends_at: '2026-01-02 03:04:05', quantity_micro: -1_000_000n, amount_minor: 1000n, status: 'cancelled' },
      { record: 4n, starts_at: '2026-05-01 02:30:00', quantity_micro: 1n, unit_price_micro: 999_999_999_999_999_999n, amount_minor: 1234n, status: 'ignored' },
    ]);
  }));

  it('rejects each bad field with its line, all of them', () => staged({
    'data/a.csv': 'Job No,Customer,Service,Details,Start,Finish,Hours,Rate,Amount,Currency,Status\n'
      + 'J-1,acme,,"two\nlines",2026-05-01,,1,,,,completed\n'
      + '\n'
      + ' ,,,,2026-02-30,,1e3,"1,5",10.005,EUR,done\n'
      + 'J\u00013,acme,,,2026-05-02,2026-05-01,1.1234567,1000000000000,1.5,JPY,completed\n'
      + 'J-4,acme,,,,,,,,XXQ,\n',
  }, source({ columns: FULL, status: STATUS }), ({ bookings, diagnostics, rejects }) => {
    expect(bookings.map((row) => row.booking_id)).toEqual(['J-1']);
    expect(rejects.every((row) => row.code === 'BOOKING_VALUE' && row.file === 'data/a.csv')).toBe(true);
    expect(told(diagnostics)).toEqual([
      'error BOOKING_VALUE data/a.csv:5 Amount "10.005" has more decimals than EUR allows',
      'error BOOKING_VALUE data/a.csv:5 Customer is missing',
      'error BOOKING_VALUE data/a.csv:5 Hours "1e3" is not a number (digits with a decimal point, no thousands separators)',
      'error BOOKING_VALUE data/a.csv:5 Job No is missing',
      'error BOOKING_VALUE data/a.csv:5 Rate "1,5" is not a number (digits with a decimal point, no thousands separators)',
      'error BOOKING_VALUE data/a.csv:5 Start "2026-02-30" is not a date or time in ISO 8601 (2026-05-01, 2026-05-01T08:30, '
        + '2026-05-01T08:30:00+02:00) from the years 1900 to 2199',
      'error BOOKING_VALUE data/a.csv:5 Status "done" is not a known status; known: cancelled, completed, confirmed, draft',
      'error BOOKING_VALUE data/a.csv:6 Amount "1.5" has more decimals than JPY allows',
      'error BOOKING_VALUE data/a.csv:6 Finish "2026-05-01" lies before the start',
      'error BOOKING_VALUE data/a.csv:6 Hours "1.1234567" has more than 6 decimals',
      'error BOOKING_VALUE data/a.csv:6 Job No "J\\u00013" contains a control character',
      'error BOOKING_VALUE data/a.csv:6 Rate "1000000000000" must be less than 10^12 in size',
      'error BOOKING_VALUE data/a.csv:7 Currency "XXQ" is not a currency code of ISO 4217',
      'error BOOKING_VALUE data/a.csv:7 Start is missing',
      'error BOOKING_VALUE data/a.csv:7 Status is missing; known: cancelled, completed, confirmed, draft',
    ]);
  }));

  it.each(['\n', '\r\n', '\uFEFF\n\n'])('may begin with blank lines: %j', (blank) => staged({
    'data/a.csv': `${blank}id,customer,start\nB1,acme,2026-05-01\n\nB2,acme,2026-05-02\n`, 'data/b.csv': 'id,customer,start\nB3,acme,2026-05-03\n',
    'data/c.csv': `${blank}id,customer,start\nB4,acme,2026-05-04\nB5,acme,soon\n`,
  }, source({ on_reject: 'quarantine' }), ({ bookings, diagnostics, files }) => {
    expect(files.map(({ rows }) => rows)).toEqual([2, 1, 2]);
    expect(bookings.map((row) => `${String(row['file_key'])} ${String(row['record'])} ${String(row['booking_id'])}`)).toEqual(['1 1 B1', '1 2 B2', '2 1 B3', '3 1 B4']);
    expect(told(diagnostics)).toEqual([expect.stringContaining(`data/c.csv:${blank.split('\n').length + 2} start "soon"`)]);
  }));

  it('with broken records gives the lines of those, and reads the rest', () => staged({
    'data/a.csv': 'id,customer,start\nB1,acme,2026-05-01\nB2,acme\nB3,acme,2026-05-01,x\n"B4,acme,2026-05-01\nB5,acme,2026-05-01,\n"B6"x,acme,2026-05-01\n'
      + '"B\n7",acme,2026-05-01\r\nB8,acme,not\n',
    'data/b.csv': 'id,customer,start\nC1,acme,2026-05-01\n',
  }, source({ on_reject: 'quarantine' }), ({ bookings, diagnostics, files }) => {
    expect(bookings.map((row) => `${row.booking_id} ${row.record}`)).toEqual(['B1 1', 'B5 5', 'C1 1']);
    expect(files.map((file) => file.rows)).toEqual([8, 1]);
    expect(told(diagnostics)).toEqual([
      'warning BOOKING_VALUE data/a.csv:3 the row cannot be read: has 2 fields where the header has 3',
      'warning BOOKING_VALUE data/a.csv:4 the row cannot be read: has 4 fields where the header has 3',
      'warning BOOKING_VALUE data/a.csv:5 the row cannot be read: something follows a closing quote',
      'warning BOOKING_VALUE data/a.csv:7 the row cannot be read: something follows a closing quote',
      'warning BOOKING_VALUE data/a.csv:8 id "B\\n7" contains a control character',
      expect.stringMatching(/^warning BOOKING_VALUE data\/a.csv:10 start "not" is not a date/),
    ]);
  }));

  it('tells a quote that is never closed, and bad UTF-8', () => staged({
    'data/a.csv': 'id,customer,start\nB1,acme,2026-05-01\n"B2,acme,2026-05-01\nB3,acme,2026-05-01\n',
    'data/b.csv': Buffer.concat([Buffer.from('id,customer,start\nB4,M'), Buffer.from([0xfc]), Buffer.from('ller,2026-05-01\n')]),
    'data/c.csv': Buffer.concat([Buffer.from('id,customer,start,note\nB5,acme,2026-05-01,M'), Buffer.from([0xfc]), Buffer.from('ller\n')]),
  }, source(), ({ bookings, diagnostics }) => {
    expect(bookings.map((row) => row.booking_id)).toEqual(['B1', 'B3', 'B5']);
    expect(told(diagnostics)).toEqual([
      'error BOOKING_VALUE data/a.csv:3 the row cannot be read: a quote is opened and never closed',
      'error BOOKING_VALUE data/b.csv:2 customer is not UTF-8 (is the source\'s `encoding` right?)',
    ]);
  }));

  it('lists fifty rejects and counts the rest', () => staged({
    'data/a.csv': `id,customer,start\n${Array.from({ length: 70 }, (_, index) => `B${index},acme,x\n`).join('')}`,
  }, source(), ({ diagnostics, rejects }) => {
    expect(rejects).toHaveLength(70);
    expect(diagnostics).toHaveLength(51);
    expect(diagnostics.at(-1)!.message).toBe('and 20 more; in all 70 bad values in 70 rows');
  }));
});

describe('the columns of a CSV file', () => {
  it('may stand in any order, in each file another', () => staged({
    'data/a.csv': 'id,customer,start\nB1,acme,2026-05-01\n',
    'data/b.csv': 'start,x,customer,id\n2026-05-02,,zeta,B2\n',
  }, source(), ({ bookings, diagnostics }) => {
    expect(diagnostics).toEqual([]);
    expect(bookings.map((row) => [row.file_key, row.booking_id, row.customer_id, row.starts_at])).toEqual([
      [1, 'B1', 'acme', '2026-04-30 22:00:00'], [2, 'B2', 'zeta', '2026-05-01 22:00:00'],
    ]);
  }));

  it('must be there, once', () => staged({
    'data/a.csv': 'id,custmer,start\nB1,acme,2026-05-01\n',
    'data/b.csv': 'id;customer;start\nB1;acme;2026-05-01\n',
    'data/c.csv': 'id,customer,start,id\nB1,acme,2026-05-01,B2\n',
  }, source(), ({ bookings, diagnostics }) => {
    expect(bookings).toEqual([]);
    expect(told(diagnostics)).toEqual([
      'error BOOKINGS_COLUMNS data/a.csv:1 data/a.csv has no column "customer"; it has "id", "custmer", "start"',
      'error BOOKINGS_COLUMNS data/b.csv:1 data/b.csv has no columns "id", "customer", "start"; it has "id;customer;start"',
      'error BOOKINGS_COLUMNS data/c.csv:1 data/c.csv has more than one column "id"',
    ]);
    expect(diagnostics[0]!.hint).toBe('did you mean "custmer"?');
    expect(diagnostics[1]!.hint).toBe('is the delimiter of the source right?');
  }));

  it('may have nasty names', () => staged({
    'data/[a]*?\'.csv': '"a""b; DROP TABLE x; --","sel\nect","group","order"\nB1,acme,2026-05-01,1\n',
  }, source({ columns: { booking_id: ['a"b; DROP TABLE x; --'], customer_id: ['sel\nect'], starts_at: ['group'], quantity: ['order'] } }),
  ({ bookings, diagnostics }) => {
    expect(diagnostics).toEqual([]);
    expect(bookings).toMatchObject([{ booking_id: 'B1', customer_id: 'acme', quantity_micro: 1_000_000n }]);
  }));
});

describe('a source', () => {
  it('without files is a warning, an empty file an error, a header alone nothing', () => staged({
    'data/a.csv': '', 'data/b.csv': 'id,customer,start\n', 'data/c.csv': '\uFEFF\n\n', 'data/d.csv': 'PAR1....', 'data/e.csv': Buffer.from([0xff, 0xfe, 0x69, 0]),
  }, [source(), source({ name: 'none', path: 'nothing/*.csv' })], ({ bookings, diagnostics, files }) => {
    expect(bookings).toEqual([]);
    expect(files).toMatchObject([{ file: 'data/b.csv', file_key: 2, rows: 0 }]);
    expect(told(diagnostics)).toEqual([
      'error BOOKINGS_UNREADABLE data/a.csv data/a.csv is empty',
      'error BOOKINGS_UNREADABLE data/d.csv data/d.csv is a Parquet file',
      'error BOOKINGS_UNREADABLE data/e.csv data/e.csv is UTF-16, not utf-8',
      'warning BOOKINGS_NO_FILES  no file matches the path of source "none": nothing/*.csv',
      'error BOOKINGS_UNREADABLE data/c.csv data/c.csv is empty',
    ]);
  }));

  it.each([
    ['utf-8', Buffer.from('\uFEFFid,customer,start\r\nB1,Zoë € Ł,2026-05-01\r\n'), 'Zoë € Ł'],
    ['utf-16', Buffer.from('\uFEFFid,customer,start\nB1,Zoë € Ł,2026-05-01\n', 'utf16le'), 'Zoë € Ł'],
    ['utf-16', Buffer.from('\uFEFFid,customer,start\nB1,Zoë € Ł,2026-05-01\n', 'utf16le').swap16(), 'Zoë € Ł'],
    ['windows-1252', Buffer.from('id,customer,start\nB1,Zo\xeb \x80,2026-05-01\n', 'latin1'), 'Zoë €'],
    ['latin-1', Buffer.from('id,customer,start\nB1,Zo\xeb,2026-05-01\n', 'latin1'), 'Zoë'],
  ] as const)('reads %s', (encoding, bytes, customer) => staged({ 'data/a.csv': bytes }, source({ encoding }), ({ bookings, diagnostics }) => {
    expect(diagnostics).toEqual([]);
    expect(bookings).toMatchObject([{ booking_id: 'B1', customer_id: customer }]);
  }));

  it('reads other dialects: semicolon, apostrophe, decimal comma, day first', () => staged({
    'data/a.csv': "id;customer;start;hours\n'B;1';acme;5.3.26 8:30;-1,5\nB2;acme;05.03.2026;1.5\n",
  }, source({
    delimiter: ';', quote: "'", decimal: ',', date_formats: ['%d.%m.%y %H:%M', '%d.%m.%Y'],
    columns: { booking_id: ['id'], customer_id: ['customer'], starts_at: ['start'], quantity: ['hours'] },
  }), ({ bookings, diagnostics }) => {
    expect(bookings).toMatchObject([{ booking_id: 'B;1', starts_at: '2026-03-05 07:30:00', quantity_micro: -1_500_000n }]);
    expect(told(diagnostics)).toEqual(['error BOOKING_VALUE data/a.csv:3 hours "1.5" is not a number (digits with a decimal comma, no thousands separators)']);
  }));

  it('refuses a date format that is none', () => staged({ 'data/a.csv': 'id,customer,start\n' }, source({ date_formats: ['%Q', '%Y %Z'] }), ({ diagnostics }) => {
    expect(told(diagnostics)).toEqual(['error CONFIG_VALUE  source "jobs": "%Q" is not a date format', 'error CONFIG_VALUE  source "jobs": "%Y %Z" is not a date format']);
  }));

  it('takes no word for a date, and no offset that no zone has', async () => {
    for (const text of ['epoch', ' Infinity', '-infinity', 'INF']) {
      await staged({ 'data/a.csv': `id,customer,start\nB1,acme,${text}\n` }, source({ date_formats: ['%d.%m.%Y'] }), ({ bookings, diagnostics }) => {
        expect([bookings, told(diagnostics)], text).toEqual([[], [expect.stringContaining('is not a date or time in the format %d.%m.%Y')]]);
      });
    }
    for (const text of ['2026-05-01T09:00:00+99:00', '2026-05-01T09:00:00+00:75', '2026-05-01T09:00+15:00']) {
      await staged({ 'data/a.csv': `id,customer,start\nB1,acme,${text}\n` }, source(), ({ bookings, diagnostics }) => {
        expect([bookings.length, told(diagnostics).length, told(diagnostics)[0]], text).toEqual([0, 1, expect.stringContaining('is not a date or time in ISO 8601')]);
      });
    }
  });

  it('takes a zone behind hours and minutes, also behind a blank', () => staged({
    'data/a.csv': 'id,customer,start\nB1,acme,2026-05-01T09:00Z\nB2,acme,2026-05-01T09:00+02:00\nB3,acme,2026-05-01 09:00:30 +02:00\nB4,acme,2026-05-01T09:00 -0330\nB5,acme,2026-05-01T09:00:00-03\n',
  }, source(), ({ bookings, diagnostics }) => {
    expect(told(diagnostics)).toEqual([]);
    expect(bookings.map((each) => each.starts_at)).toEqual(['2026-05-01 09:00:00', '2026-05-01 07:00:00', '2026-05-01 07:00:30', '2026-05-01 12:30:00', '2026-05-01 12:00:00']);
  }));

  it('takes local times through the clock changes of its zone', () => staged({
    'data/a.csv': 'id,customer,start\nB1,a,2026-03-29T01:59\nB2,a,2026-03-29T02:30\nB3,a,2026-03-29T03:00\nB4,a,2026-10-25T02:30\nB5,a,2026-10-25T03:00\nB6,a,1950-01-01\n',
  }, source(), ({ bookings }) => {
    expect(bookings.map((row) => row.starts_at)).toEqual([
      '2026-03-29 00:59:00', '2026-03-29 01:30:00', '2026-03-29 01:00:00', '2026-10-25 00:30:00', '2026-10-25 02:00:00', '1949-12-31 23:00:00',
    ]);
  }));

  it('does so for times with blanks around them too', () => staged({
    'data/a.csv': 'id,customer,start\nB1,a, 2026-07-01T08:00 \nB2,a,\t2026-01-01\n',
  }, source(), ({ bookings }) => {
    expect(bookings.map((row) => row.starts_at)).toEqual(['2026-07-01 06:00:00', '2025-12-31 23:00:00']);
  }));

  it('numbers the lines of an id by content', () => staged({
    'data/a.csv': 'no,article,customer,start,n\n7,x,acme,2026-05-01,2\n7,x,acme,2026-05-01,1\n7,y,acme,2026-05-01,1\n8,x,acme,2026-05-01,1\n',
    'data/b.csv': 'no,article,customer,start,n\n7,x,acme,2026-04-30,9\n,x,acme,2026-04-30,9\n',
  }, source({ columns: { booking_id: ['no', 'line', 'article'], customer_id: ['customer'], starts_at: ['start'], quantity: ['n'] }, on_reject: 'quarantine' }),
  ({ bookings, diagnostics }) => {
    expect(bookings.map((row) => row.booking_id)).toEqual(['7/3/x', '7/2/x', '7/1/y', '8/1/x', '7/1/x']);
    expect(told(diagnostics)).toEqual(['warning BOOKING_VALUE data/b.csv:3 no, line, article is missing']);
  }));

  it('takes a column called line for what it is', () => staged({
    'data/a.csv': 'no,line,customer,start\n7,30,acme,2026-05-01\n',
  }, source({ columns: { booking_id: ['no', 'line'], customer_id: ['customer'], starts_at: ['start'] } }), ({ bookings }) => {
    expect(bookings.map((row) => row.booking_id)).toEqual(['7/30']);
  }));
});

describe('duplicates', () => {
  it('of equal content are dropped, of different content told with both places', () => staged({
    'data/a.csv': 'id,customer,start\nB1,acme,2026-05-01\nB2,acme,2026-05-01\nB1,acme,2026-05-01\n',
    'data/b.csv': 'id,customer,start\nB1,acme,2026-05-01T00:00\n\nB2,zeta,2026-05-01\n',
  }, [source(), source({ name: 'more' })].map((each, index) => ({ ...each, path: index === 0 ? 'data/*.csv' : 'data/a.csv' })), async ({ engine, duplicates }) => {
    expect(told(await duplicates())).toEqual(['error BOOKING_DUPLICATE data/b.csv:4 booking "B2" of source "jobs" stands in data/a.csv:3 with other content']);
    expect(await engine.rows('SELECT source, booking_id, file_key, record FROM input.duplicates ORDER BY ALL')).toEqual([
      { source: 'jobs', booking_id: 'B1', file_key: 1, record: 3n }, { source: 'jobs', booking_id: 'B1', file_key: 2, record: 1n },
      { source: 'more', booking_id: 'B1', file_key: 3, record: 3n },
    ]);
    expect(await engine.rows('SELECT source, booking_id FROM input.bookings ORDER BY ALL')).toHaveLength(5);
  }));

  it('are none where there are none', () => staged({ 'data/a.csv': 'id,customer,start\nB1,acme,2026-05-01\n' }, source(), async ({ duplicates }) => {
    expect(await duplicates()).toEqual([]);
  }));
});

describe('control totals', () => {
  const columns = { booking_id: ['id'], customer_id: ['customer'], starts_at: ['start'], quantity: ['n'], unit_price: ['price'], amount: ['amount'] };
  const files = {
    'data/a.csv': 'id,customer,start,n,price,amount\nB1,acme,2026-05-01,1.5,0.35,\nB2,acme,2026-05-01,,,10.00\nB3,acme,2026-05-01,-1.5,0.35,\nB4,acme,2026-05-01,1,2.5,\n',
    'data/b.csv': 'id,customer,start,n,price,amount\nB5,acme,2026-05-01,1.5,0.35,\n',
  };

  it('that agree are silent', () => staged({ ...files, 'data/control.csv': 'file,rows,amount\na.csv,4,12.5\ndata/b.csv,1,0.53\n' },
    source({ columns, control: 'data/control.csv' }), ({ diagnostics, files: read }) => {
      expect(told(diagnostics)).toEqual([]);
      expect(read.map((file) => file.file)).toEqual(['data/a.csv', 'data/b.csv']);
    }));

  it('that do not are told with both figures', () => staged({ ...files, 'data/control.csv': 'file,rows,amount\na.csv,5,12.51\nz.csv,1,1\n' },
    source({ columns, control: 'data/control.csv' }), ({ diagnostics }) => {
      expect(told(diagnostics)).toEqual([
        'error CONTROL_MISMATCH data/control.csv:2 data/a.csv: 5 rows by the control file, 4 read',
        'error CONTROL_MISMATCH data/control.csv:2 data/a.csv: amount 12.51 by the control file, 12.50 read',
        'error CONTROL_MISMATCH data/control.csv:3 z.csv is listed with 1 rows, but was not read',
        'warning CONTROL_MISMATCH data/b.csv data/b.csv was read, but data/control.csv does not list it',
      ]);
    }));

  it('must be readable', () => staged(files, source({ columns, control: 'data/no.csv' }), ({ diagnostics }) => {
    expect(told(diagnostics)).toEqual(['error BOOKINGS_UNREADABLE data/no.csv the control file data/no.csv of source "jobs" cannot be read']);
  }));
});

describe('a large file', () => {
  it('keeps its record numbers, and finds the line of the one bad row', () => staged({}, source({ columns: { booking_id: ['id'], customer_id: ['customer'], starts_at: ['start'] } }),
    async ({ engine, diagnostics, files }) => {
      expect(files[0]!.rows).toBe(100_000);
      expect(await engine.rows(`SELECT count(*) AS n FROM input.bookings WHERE booking_id <> 'B' || record`)).toEqual([{ n: 0n }]);
      expect(told(diagnostics)).toEqual([expect.stringMatching(/^error BOOKING_VALUE data\/a.csv:70301 start/)]);
    }, async (_engine, root) => {
      const lines = Array.from({ length: 100_000 }, (_, index) => `B${index + 1},${index < 300 ? '"ac\nme"' : 'acme'},${index === 69_999 ? 'x' : '2026-05-01'}\n`);
      // The control character in the first customers would be a reject: they are in a column that is not mapped.
      mkdirSync(join(root, 'data'));
      writeFileSync(join(root, 'data', 'a.csv'), `id,note,start,customer\n${lines.map((line) => `${line.trimEnd()},acme\n`).join('')}`);
    }));
});

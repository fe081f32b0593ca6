/** Rows that are set aside come again at every run: as one finding a file, with nothing else of it changed. */
import { describe, expect, it } from 'vitest';
import { diagnosticsText, rowsGathered } from '../../src/report/diagnostics.js';
import { PLAIN } from '../../src/report/style.js';
import { problem, warning } from '../../src/values/diagnostic.js';
import type { Diagnostic } from '../../src/values/diagnostic.js';

const row = (line: number, message = 'Hours "three" is not a number', file = 'a.csv'): Diagnostic => warning('BOOKING_VALUE', message, { at: { file, line } });

describe('rows that are set aside', () => {
  it('are one finding a file, where the first of them stood, with their lines in order, each once', () => {
    const other = warning('PARKED_LIMIT', 'acme is parked');
    const found = [row(7), other, row(3), row(3, 'To is missing'), warning('BOOKING_CUSTOMER', 'customer x', { at: { file: 'a.csv', line: 5 } }), row(2, 'x', 'b.csv')];
    expect(diagnosticsText(rowsGathered(found), PLAIN)).toBe([
      'a.csv: warning BOOKING_VALUE: 3 rows are set aside and not billed: lines 3, 5, 7',
      '  help: `duebook preview` tells what is wrong with each', '',
      'warning PARKED_LIMIT: acme is parked', '',
      'b.csv:2: warning BOOKING_VALUE: x', '',
      '3 warnings', '',
    ].join('\n'));
  });

  it('count by what is said of them where the file has no lines', () => {
    const at = { file: 'a.parquet' };
    const found = [warning('BOOKING_VALUE', 'row 3: qty is missing', { at }), warning('BOOKING_PRICE', 'booking J-1: no price (row 4)', { at })];
    expect(rowsGathered(found).map(({ message }) => message)).toEqual(['2 rows are set aside and not billed']);
  });

  it('name the first twelve lines', () => {
    const [told] = rowsGathered(Array.from({ length: 20 }, (_, i) => row(i + 2)));
    expect(told!.message).toBe('20 rows are set aside and not billed: lines 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 and more');
    expect(rowsGathered([row(4), row(4, 'To is missing')])[0]!.message).toBe('1 row is set aside and not billed: line 4');
  });

  it('leave errors and other warnings alone', () => {
    const found = [problem('BOOKING_VALUE', 'x', { at: { file: 'a.csv', line: 1 } }), problem('BOOKING_VALUE', 'y', { at: { file: 'a.csv', line: 2 } }),
      warning('BOOKING_VALUE', 'and 12 more'), warning('BOOKING_CHANGED', 'z', { at: { file: 'a.csv', line: 3 } }), row(4)];
    expect(rowsGathered(found)).toEqual(found);
  });
});

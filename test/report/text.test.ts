/** How results are told: tables, findings, Markdown, months. Small parts by example; whole texts in the snapshots beside this file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { diagnosticsText, githubAnnotations } from '../../src/report/diagnostics.js';
import { markdownText } from '../../src/report/escape.js';
import { jsonChunks, jsonText } from '../../src/report/json.js';
import { fit, summaryMarkdown } from '../../src/report/markdown.js';
import { queryCsv, queryJson, queryTable } from '../../src/report/query.js';
import { clean, cut, PLAIN, widthOf } from '../../src/report/style.js';
import { table } from '../../src/report/table.js';
import { resultText } from '../../src/report/text.js';
import { instantText, periodText } from '../../src/report/words.js';
import { SCHEMAS } from '../../src/report/schemas.js';
import type { PreviewResult } from '../../src/run/results.js';
import { problem, warning } from '../../src/values/diagnostic.js';
import { cli, ROOT, starter } from '../cli/support.js';

describe('tables', () => {
  test('words stand left, money right, wide signs count twice', () => {
    const rows = [['Müller', '9.50'], ['日本 KK', '1249.00'], null, ['', '1258.50']];
    expect(table([{ title: 'Customer' }, { title: 'Total', align: 'right' }], rows, PLAIN).join('\n')).toBe([
      'Customer    Total',
      'Müller       9.50',
      '日本 KK   1249.00',
      '────────  ───────',
      '          1258.50',
    ].join('\n'));
  });

  test('on a narrow terminal only what may be cut is cut', () => {
    const lines = table([{ title: 'Customer', least: 8 }, { title: 'Total', align: 'right' }], [['Acme Property Management', '1249.00']], { color: false, columns: 20 });
    expect(lines).toEqual(['Customer       Total', 'Acme Prope…  1249.00']);
  });

  test('a cut text is never wider than allowed', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
      expect(widthOf(cut(clean(text), width))).toBeLessThanOrEqual(width);
    }));
  });

  test('clean text has no control character left', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(clean(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    }));
  });
});

describe('findings', () => {
  const found = [
    problem('CONFIG_VALUE', 'the price is "1,5"', { at: { file: 'a.yaml', line: 3, column: 7 }, also: { file: 'b.yaml', line: 1 }, hint: 'write 1.5', excerpt: '  3 | p: 1,5\n    |    ^' }),
    warning('CONFIG_CYCLE', 'nothing is billed', { at: { file: 'a.yaml' } }),
  ];

  test('as text', () => {
    expect(diagnosticsText(found, PLAIN)).toBe([
      'a.yaml:3:7: error CONFIG_VALUE: the price is "1,5"', '  3 | p: 1,5', '    |    ^', '  also: b.yaml:1', '  help: write 1.5', '',
      'a.yaml: warning CONFIG_CYCLE: nothing is billed', '', '1 error, 1 warning', '',
    ].join('\n'));
    expect(diagnosticsText([], PLAIN)).toBe('');
  });

  test('as annotations: escaped, errors first, the first ten and a count', () => {
    expect(githubAnnotations([problem('USAGE', '50 %\nof ::error::', { at: { file: 'a,b:c.yaml', line: 1 } })]))
      .toBe('::error file=a%2Cb%3Ac.yaml,line=1,title=USAGE::50 %25%0Aof ::error::\n');
    const many = githubAnnotations([...Array.from({ length: 12 }, () => found[1]!), found[0]!]).split('\n');
    expect(many[0]).toMatch(/^::error /);
    expect(many.filter((line) => line.startsWith('::'))).toHaveLength(10);
    expect(many[10]).toBe('and 3 warnings more, all in the log above and in the job summary');
  });

  test('no text can begin a workflow command', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (message, file) => {
      const lines = githubAnnotations([problem('USAGE', `${message}\n::set-env name=A::${message}`, { at: { file } })]).trimEnd().split(/\r?\n/);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(/^::error /);
    }));
  });
});

describe('Markdown', () => {
  test('text of others is text', () => {
    expect(markdownText('<img src=x> [a](b) |*_`')).toBe('&lt;img src=x&gt; \\[a\\]\\(b\\) \\|\\*\\_\\`');
    expect(markdownText('@everyone #1 https://evil.example www.evil.example'))
      .toBe('@\u200beveryone #\u200b1 https:\u200b//evil.example www\u200b.evil.example');
    expect(markdownText('1. one\n# two')).toBe('\\1. one #\u200b two');
  });

  test('a summary keeps to its size and says that it was cut', () => {
    const sections = ['# Totals\n', ...Array.from({ length: 100 }, (_, i) => `section ${i} ${'é'.repeat(100)}\n`)];
    const text = fit(sections, 2000);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2000);
    expect(text.startsWith('# Totals\n')).toBe(true);
    expect(text).toContain('More did not fit');
    expect(fit(sections, 1_000_000)).toBe(sections.join('\n'));
    expect(fit(sections, 10)).toBe('');
  });
});

describe('JSON', () => {
  test('is what JSON.stringify gives, in the order of the schema', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => {
      expect(jsonText(value)).toBe(`${JSON.stringify(value, null, 2)}\n`);
    }));
    expect(jsonText({ checks: [], ok: true, extra: 1, schema_version: 1 }, SCHEMAS['doctor'])).toBe('{\n  "schema_version": 1,\n  "ok": true,\n  "checks": [],\n  "extra": 1\n}\n');
  });

  test('comes in pieces', () => {
    const chunks = [...jsonChunks(Array.from({ length: 20_000 }, (_, n) => ({ n })))];
    expect(chunks.length).toBeGreaterThan(3);
    expect(JSON.parse(chunks.join(''))).toHaveLength(20_000);
  });
});

describe('answers of the history', () => {
  const answer = {
    columns: [{ name: 'name', type: 'VARCHAR' }, { name: 'n', type: 'BIGINT' }, { name: 'total', type: 'DECIMAL(18,3)' }],
    rows: [['=1+1', '3', '-12.500'], ['Ä "quoted", yes', '12', null]],
  };

  test('as a table, and as blocks where the terminal is narrow', () => {
    expect(queryTable(answer, PLAIN)).toEqual(['name              n    total', '=1+1              3  -12.500', 'Ä "quoted", yes  12', '(2 rows)']);
    expect(queryTable(answer, { color: false, columns: 20 })).toEqual([
      '── row 1 ──────────────', 'name   =1+1', 'n      3', 'total  -12.500', '── row 2 ──────────────', 'name   Ä "quoted", …', 'n      12', 'total', '2 rows',
    ]);
  });

  test('as CSV: text is no formula, numbers stay numbers', () => {
    expect(queryCsv(answer)).toBe('name,n,total\n\'=1+1,3,-12.500\n"Ä ""quoted"", yes",12,\n');
  });

  test('as JSON', () => {
    expect(JSON.parse(queryJson(answer))).toEqual([{ name: '=1+1', n: '3', total: '-12.500' }, { name: 'Ä "quoted", yes', n: '12', total: null }]);
    expect(queryJson({ columns: [{ name: 'a', type: 'INTEGER' }, { name: 'a', type: 'INTEGER' }], rows: [[1, 2]] })).toBe('[\n{"a":1,"a_2":2}\n]\n');
  });
});

describe('phrases', () => {
  test.each([
    ['2026-04-01T00:00:00+02:00', '2026-05-01T00:00:00+02:00', '2026-04-01 – 2026-04-30'],
    ['2026-04-01T00:00:00+02:00', '2026-04-02T00:00:00+02:00', '2026-04-01'],
    ['2026-02-15T00:00:00+01:00', '2026-03-01T00:00:00+01:00', '2026-02-15 – 2026-02-28'],
    ['2026-01-05T06:00:00+01:00', '2026-01-19T06:00:00+01:00', '2026-01-05 06:00 – 2026-01-19 06:00'],
  ])('period %s %s', (start, end, text) => expect(periodText(start, end)).toBe(text));

  test('instants', () => {
    expect(instantText('2026-05-04T22:00:00+02:00')).toBe('2026-05-04 22:00 +02:00');
    expect(instantText('2026-05-04T22:00:05Z')).toBe('2026-05-04 22:00:05 UTC');
  });
});

describe('whole texts', () => {
  test('the calendar of a spring, with a change of clocks', async () => {
    const ran = await cli(['calendar', '--cycle', 'monthly', '--from', '2026-03-01', '--to', '2026-05-01'], { cwd: await starter() });
    expect(ran.stdout).toMatchSnapshot();
  });

  test('a preview', async () => {
    const dir = await starter();
    const json = await cli(['preview', '--as-of', '2026-05-01', '--json'], { cwd: dir });
    // Digests say whether anything at all has changed, so every new model has others: what is looked at here is the rest.
    const result = JSON.parse(json.stdout.replaceAll(/[0-9a-f]{64}/g, '5f'.repeat(32))) as PreviewResult;
    expect(resultText('preview', result, PLAIN)).toMatchSnapshot();
    expect(resultText('preview', result, { color: true, columns: 80 })).toMatchSnapshot();
    expect(summaryMarkdown(result)).toMatchSnapshot();
  });

  test('the starter project is the one in templates/init', async () => {
    const dir = await starter();
    expect(readFileSync(join(dir, 'billing.config.yaml'), 'utf8')).toBe(readFileSync(join(ROOT, 'templates', 'init', 'billing.config.yaml'), 'utf8'));
    expect(readFileSync(join(dir, '.gitignore'), 'utf8')).toContain('history.duckdb');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineCounter, isMap, isScalar, isSeq, parse, parseAllDocuments, parseDocument, stringify } from 'yaml';

import { positionsOf } from '../../src/config/positions.js';
import { readYaml } from '../../src/config/yaml.js';

/** Texts on which YAML parsers like to disagree. */
const NASTY = `# every line is a trap
date: 2026-01-01
time: 2026-01-05T06:00
stamp: 2026-01-05 06:00:00.5 +02:00
leading: 00123
exponent: [1e3, 1.5E-7, +12e03, 1e, e3]
octal: [0o7, 017, 0o8, 0x1F, 0xg, 0b11]
words: [yes, no, on, off, y, n, Yes, NO, true, True, TRUE, tRue, false]
nulls: [~, null, Null, NULL, nULL, '', ""]
empty:
minus: [-1, +1, +, -a, -.5, .5, 5., ., .., -0, 0.0]
infinite: [.inf, -.Inf, +.INF, .nan, .NaN, inf, nan]
sixty: [12:30, 1:2:3, 190:20:30]
grouped: [1_000, 1,000, 1 000]
long: [123456789012345678901, 0.1000000000000000055, 9007199254740993, -0.00000000000000000001]
single: 'it''s # no comment: here'
double: "tab\\t nl\\n quote\\" u\\u00e9 \\x41 \\U0001F600 slash\\/ \\
  folded"
plain multi: one
  two

  three
literal: |
  keeps
    indent

  lines # too
literal strip: |-
  no end
literal keep: |+
  all ends

folded: >
  joined
  lines

  apart
    more
folded indent: >2
   spaces
flow: { a: 1, "b": [x, {y: z}], c, 'd e': f, "g":h }
flow lines: [
  a, # comment
  b
  ]
unicode: [Süd, 日本, "\u2028", é, 😀]
colon in text: a:b
url: http://example.com:80/a#b
hash: a#b
percent: 19 %
at: "@home"
quoted keys: { "1": one, 'two words': 2 }
list at same indent:
- a
-
  b: 1
- - nested
  - twice
- c: 1
  d: 2
? explicit key
: explicit value
trailing spaces: x   
4711: plain integer key
`;

async function read(text: string): Promise<unknown> {
  const { value, problems } = await readYaml('f', text);
  expect(problems).toEqual([]);
  return value;
}

describe('two parsers, one reading', () => {
  test('each line of the nasty text gives the same', async () => {
    expect(await read(NASTY)).toStrictEqual(parse(NASTY, { version: '1.2', schema: 'core' }));
  });

  test('whatever the fast parser takes, the other takes and reads alike', async () => {
    const piece = fc.constantFrom(
      'a', 'b:', 'c: ', ': ', '- ', '\n', '\n  ', '\n    ', '\n', '"q"', "'s'", '{', '}', '[', ']', ', ', '# c', ' #d', '|', '>', '|-', '>+',
      '\n  text', '00123', '1e3 ', '0o7', '0x1F', 'yes', 'null', '~', '.5', '.inf', '-', '?', '? ', '&a', '*a', '!t', '%', '@', '`', '---',
      '...', '\t', '\r\n', 'é', '\u00a0', '2026-01-01', '12:30', '1_000', '\\', '"\\n"', '"a\n b"', "'it''s'", 'x y', ' ', '  ', '\uFEFF',
      '<<', '=', '!', '+1',
    );
    await fc.assert(fc.asyncProperty(fc.array(piece, { maxLength: 10 }), async (pieces) => {
      const text = pieces.join('');
      const { value, problems } = await readYaml('f', text);
      if (problems.length > 0) return;
      const options = { version: '1.2', schema: 'core', uniqueKeys: false, logLevel: 'silent' } as const;
      const [document] = parseAllDocuments(text, options) as ReturnType<typeof parseDocument>[];
      expect(document?.errors ?? []).toEqual([]);
      expect(value).toStrictEqual(document?.toJS() ?? null);
    }), { numRuns: 5000 });
  });

  test('what was written out is read back', async () => {
    await fc.assert(fc.asyncProperty(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), async (value) => {
      const text = stringify(value);
      const { value: back, problems } = await readYaml('f', text);
      if (problems.length === 0) expect(back).toStrictEqual(parse(text));
    }), { numRuns: 500 });
  });

  test('places are those of the other parser', () => {
    const lines = new LineCounter();
    const document = parseDocument(NASTY, { lineCounter: lines, keepSourceTokens: true });
    const positions = positionsOf('f', NASTY);
    let compared = 0;
    const visit = (node: unknown, path: (string | number)[]): void => {
      if (isMap(node)) {
        for (const { key, value } of node.items) {
          if (!isScalar(key)) continue;
          const inside = [...path, String(key.value)];
          const { line, col } = lines.linePos(key.range![0]);
          expect(positions.keyPlace(inside), inside.join('.')).toEqual({ file: 'f', line, column: col });
          compared += 1;
          visit(value, inside);
        }
      } else if (isSeq(node)) {
        node.items.forEach((item, index) => {
          const range = (item as { range?: [number, number, number] | null }).range;
          const { line, col } = lines.linePos(range![0]);
          const at = [...path, index];
          if (range![0] !== range![1]) expect(positions.place(at), at.join('.')).toEqual({ file: 'f', line, column: col });
          compared += 1;
          visit(item, [...path, index]);
        });
      }
    };
    visit(document.contents, []);
    expect(compared).toBeGreaterThan(120);
  });
});

describe('refused', () => {
  const refusals: [string, string, string][] = [
    ['an anchor', 'a: &x 1', 'CONFIG_SYNTAX 1:7'],
    ['an alias', 'a: *x', 'CONFIG_SYNTAX 1:4'],
    ['a tag', 'a: !!str 1', 'CONFIG_SYNTAX 1:10'],
    ['a function tag', 'a: !!js/function "x"', 'CONFIG_SYNTAX 1:18'],
    ['a binary', 'a: !!binary aGk=', 'CONFIG_SYNTAX 1:13'],
    ['a directive', '%YAML 1.1\n---\na: 1', 'CONFIG_SYNTAX 1:1'],
    ['a second document', 'a: 1\n---\nb: 2', 'CONFIG_SYNTAX 2:1'],
    ['a merge key', 'a:\n  <<: { b: 1 }', 'CONFIG_SYNTAX 2:3'],
    ['__proto__', 'a: { __proto__: { b: 1 } }', 'CONFIG_SYNTAX 1:6'],
    ['a hidden __proto__', 'a: { "\\u005f_proto__": 1 }', 'CONFIG_SYNTAX 1:6'],
    ['constructor', 'constructor: 1', 'CONFIG_SYNTAX 1:1'],
    ['a no-break space in a key', 'a\u00a0b: 1', 'CONFIG_SYNTAX 1:1'],
    ['a key read as a number', '00123: 1', 'CONFIG_VALUE 1:1'],
    ['a key read as null', '~: 1', 'CONFIG_VALUE 1:1'],
    ['a key that is a list', '? [a]\n: 1', 'CONFIG_SYNTAX 1:3'],
    ['a duplicate key', 'a: 1\n"a": 2', 'CONFIG_DUPLICATE_KEY 2:1'],
    ['a number and its text as keys', '1: a\n"1": b', 'CONFIG_DUPLICATE_KEY 2:1'],
    ['a tab as indent', 'a:\n\tb: 1', 'CONFIG_SYNTAX 2:1'],
    ['an open bracket', 'a: [1\nb: 2', 'CONFIG_SYNTAX 2:1'],
    ['a closing bracket that is not indented', 'a: [\n  1\n]', 'CONFIG_SYNTAX 3:1'],
    ['an unknown escape', 'a: "\\q"', 'CONFIG_SYNTAX 1:5'],
    ['deep nesting', '['.repeat(20_000), 'CONFIG_SYNTAX 1:'],
    ['nesting that is closed', `${'['.repeat(60)}${']'.repeat(60)}`, 'CONFIG_SYNTAX 1:'],
  ];
  test.each(refusals)('%s', async (_name, text, expected) => {
    const { problems } = await readYaml('f', text);
    const { code, at, hint } = problems[0]!;
    expect(`${code} ${at?.line}:${at?.column}`).toContain(expected);
    expect(hint).toBeTruthy();
  });

  test('an alias bomb, at once', async () => {
    const levels = Array.from({ length: 12 }, (_, n) => `l${n}: &l${n} [${Array(9).fill(n === 0 ? 'x' : `*l${n - 1}`).join(', ')}]`);
    const start = performance.now();
    expect((await readYaml('f', levels.join('\n'))).problems.length).toBeGreaterThan(10);
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('all problems of a text are told', async () => {
    const { problems } = await readYaml('f', 'a: &x 1\nb: *x\nc: !t 1\nd: 1\nd: 2\n<<: {}\n');
    expect(problems.map(({ at }) => at?.line)).toEqual([1, 2, 3, 5, 6]);
  });
});

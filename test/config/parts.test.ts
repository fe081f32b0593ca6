/** The small parts of the config room. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { excerpt } from '../../src/config/excerpt.js';
import { isEmail, isIban, isProjectPath, isZone, parseMailbox } from '../../src/config/formats.js';
import type { NumberPart } from '../../src/config/numbering.js';
import { canCoincide, parseNumbering } from '../../src/config/numbering.js';
import { didYouMean, editDistance, nearest } from '../../src/config/suggest.js';
import { canonicalJson } from '../../src/values/digest.js';

describe('numbering', () => {
  const parts = (template: string): NumberPart[] => {
    const result = parseNumbering(template);
    if ('problem' in result) throw new Error(result.problem);
    return result.parts;
  };

  test.each([
    ['INV-{year}-{seq:6}', 'CN-{year}-{seq:6}', false],
    ['{year}-{seq:6}', '{year}-{seq}', true],
    ['A{seq}', 'a{seq}', true],
    ['A{seq}', 'A1{seq}', true],
    ['A{seq}', 'AB{seq}', false],
    ['{year}{seq}', '{seq:5}', true],
    ['{seq}A', '{seq}B', false],
    ['{year}{seq:2}', '1{seq:3}', true],
    ['{seq}', '{year}-{seq}', false],
  ])('%s and %s can be equal: %s', (a, b, expected) => {
    expect(canCoincide(parts(a), parts(b))).toBe(expected);
    expect(canCoincide(parts(b), parts(a))).toBe(expected);
  });

  test('if two numbers are equal, it was foreseen', () => {
    const template = fc.array(fc.constantFrom('A', '1', '2', '-', '{year}'), { maxLength: 3 })
      .chain((pieces) => fc.tuple(fc.constant(pieces), fc.nat(pieces.length), fc.constantFrom('{seq}', '{seq:2}', '{seq:3}')))
      .map(([pieces, at, seq]) => [...pieces.slice(0, at), seq, ...pieces.slice(at)].join(''))
      .filter((text) => text.split('{year}').length < 3);
    const write = (all: readonly NumberPart[], year: number, seq: number): string => all.map((part) => (
      part.kind === 'text' ? part.text : part.kind === 'year' ? String(year) : String(seq).padStart(part.width, '0'))).join('');
    fc.assert(fc.property(template, template, (a, b) => {
      const sequence = [1, 2, 11, 12, 20, 121, 201, 2011, 20_121];
      const numbers = (t: string): string[] => [2011, 2012].flatMap((year) => sequence.map((seq) => write(parts(t), year, seq)));
      const common = numbers(a).some((number) => numbers(b).includes(number));
      if (common) expect(canCoincide(parts(a), parts(b))).toBe(true);
    }), { numRuns: 2000 });
  });

  test.each(['INV', '{seq}{seq}', '{seq:0}', '{seq:13}', '{month}{seq}', 'A/{seq}', '{seq', '{year}{year}{seq}', '..{seq}',
    'Nr {seq}'])('%s is refused', (template) => {
    expect(parseNumbering(template)).toHaveProperty('problem');
  });
});

describe('formats', () => {
  test.each(['a@b.example', "o'brien+x@sub.b-c.example", 'x_1.y@b.museum'])('%s is an address', (text) => expect(isEmail(text)).toBe(true));
  test.each(['', 'a', 'a@b', '@b.example', 'a@', 'a b@c.example', 'a@b.example\r\nRCPT TO:<x@y.example>', 'a@b.example\n',
    'group: a@b.example;', '"a b"@c.example', 'a@b.example,c@d.example',
    'a(comment)@b.example', 'Name <a@b.example>', '.a@b.example', 'a..b@c.example', 'a@-b.example', 'a@[127.0.0.1]', 'ä@b.example',
      `${'a'.repeat(65)}@b.example`, 'a@b.example\0'])(
    '%j is none', (text) => expect(isEmail(text)).toBe(false));

  test('mailboxes', () => {
    expect(parseMailbox('Northwind Billing <billing@n.example>')).toEqual({ name: 'Northwind Billing', address: 'billing@n.example' });
    expect(parseMailbox('"Müller, Söhne" <m@n.example>')).toEqual({ name: 'Müller, Söhne', address: 'm@n.example' });
    expect(parseMailbox('m@n.example')).toEqual({ name: '', address: 'm@n.example' });
    for (const bad of ['A <a@b.example>, B <c@d.example>', 'A\r\nBcc: x@y.example <a@b.example>', '<a@b.example> x', 'A <>']) {
      expect(parseMailbox(bad)).toBeNull();
    }
  });

  test('zones are IANA, in their exact spelling', () => {
    for (const good of ['Europe/Berlin', 'UTC', 'America/Argentina/Buenos_Aires', 'Asia/Calcutta', 'Asia/Kolkata', 'Europe/Kyiv']) {
      expect(isZone(good), good).toBe(true);
    }
    for (const bad of ['europe/berlin', '+02:00', 'local', 'Berlin', '', 'Europe/Berlin ', 'utc']) expect(isZone(bad), bad).toBe(false);
  });

  test('paths stay inside', () => {
    for (const good of ['a', 'a/b.csv', '**/*.csv', 'a..b', './a', 'data/{a,b}']) expect(isProjectPath(good), good).toBe(true);
    for (const bad of ['', '/a', '../a', 'a/../../b', 'C:/a', 'c:a', '\\\\server\\a', 'a\\..\\b', 'a\0b', '..']) {
      expect(isProjectPath(bad), bad).toBe(false);
    }
  });

  test('IBANs', () => {
    expect(isIban('DE89 3704 0044 0532 0130 00')).toBe(true);
    expect(isIban('GB82WEST12345698765432')).toBe(true);
    expect(isIban('DE98370400440532013000')).toBe(false);
  });
});

describe('suggestions', () => {
  test('swapped, missing and wrong letters', () => {
    expect(editDistance('montly', 'monthly')).toBe(1);
    expect(editDistance('mnothly', 'monthly')).toBe(1);
    expect(nearest('monhtly', ['weekly', 'monthly'])).toBe('monthly');
    expect(nearest('Acme', ['acme'])).toBe('acme');
    expect(nearest('x', ['y'])).toBeNull();
    expect(didYouMean('zebra', ['weekly'])).toBe('known: "weekly"');
    expect(didYouMean('zebra', [])).toBeNull();
  });
});

test('an excerpt marks the column, also in long lines', () => {
  expect(excerpt('a: 1\nb: wrong\n', { file: 'f', line: 2, column: 4 })).toBe('  2 | b: wrong\n    |    ^');
  const long = `${'x'.repeat(300)}HERE${'y'.repeat(300)}`;
  const [line, marker] = excerpt(long, { file: 'f', line: 1, column: 301 }).split('\n') as [string, string];
  expect(line[marker.indexOf('^')]).toBe('H');
  expect(line.length).toBeLessThan(130);
  expect(excerpt('a', { file: 'f' })).toBe('');
  expect(excerpt('a', { file: 'f', line: 9 })).toBe('');
});

test('canonical JSON sorts by code unit and does not depend on the order of keys', () => {
  expect(canonicalJson({ b: 1, a: undefined, 10: [undefined, null, 1n], 9: 'é' })).toBe('{"10":[null,null,"1"],"9":"é","b":1}');
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
    const text = canonicalJson(value);
    expect(canonicalJson(Object.fromEntries(Object.entries(value).reverse()))).toBe(text);
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
  }));
});

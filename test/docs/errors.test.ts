/** docs/errors.md explains every code, in the order of the list, under its exit code. */
import { expect, test } from 'vitest';

import { CODES } from '../../src/values/codes.js';
import { readPage } from './markdown.js';

test('docs/errors.md has every code once, under its exit code', () => {
  const found: [string, number][] = [];
  let exit = 0;
  for (const line of readPage('docs/errors.md').split('\n')) {
    exit = Number(/^## Exit (\d+):/.exec(line)?.[1] ?? exit);
    const row = /^\| `([A-Z_]+)` \| (.+) \| (.+) \|$/.exec(line);
    if (row !== null) found.push([row[1]!, exit]);
  }
  expect(found.map(([code]) => code).sort()).toEqual(Object.keys(CODES).sort());
  expect(Object.fromEntries(found)).toEqual(CODES);
});

/** `problems/<name>.yaml` is a bad configuration, `problems/<name>.txt` all that must be said about it. */
import { readFileSync, readdirSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { expectFile, inTests } from './expectation.js';
import { FULL, problems } from './projects.js';

const names = readdirSync(inTests('config/problems')).filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -5)).sort();

describe('bad configurations', () => {
  test.each(names)('%s', async (name) => {
    const told = await problems(readFileSync(inTests(`config/problems/${name}.yaml`), 'utf8'));
    expectFile(`config/problems/${name}.txt`, `${told.join('\n')}\n`);
  });

  test('a good one has none', async () => {
    expect(await problems(FULL)).toEqual([]);
  });
});

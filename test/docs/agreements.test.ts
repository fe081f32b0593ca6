/** Every example in docs/agreements.md is a configuration without fault. */
import { describe, expect, test } from 'vitest';

import { FULL, problems } from '../config/projects.js';
import { readPage } from './markdown.js';

const PAGE = readPage('docs/agreements.md');
const examples = [...PAGE.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text!);

/** An example is a part; what it refers to is added, in a file of its own so that maps are merged. */
function files(example: string): Record<string, string> {
  const main = FULL.replace('cycles:', 'tax: standard\ninclude: [example.yaml]\ncycles:');
  return { 'billing.config.yaml': main, 'example.yaml': example };
}

describe('docs/agreements.md', () => {
  test('has examples', () => expect(examples.length).toBeGreaterThan(8));

  test.each(examples)('example %#', async (example) => {
    expect(await problems(files(example))).toEqual([]);
  });
});

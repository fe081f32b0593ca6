/** What other billing systems assert about periods, run through our calendar. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { answerOf, expectedOf } from './vectors.js';
import type { Vector } from './vectors.js';

/** Applicable vectors and declared differences by source; the table of vectors/README.md says the same. */
const COUNTS: Readonly<Record<string, readonly [number, number]>> = {
  'dateutil': [18, 0],
  'flexprice': [46, 1],
  'killbill': [50, 0],
  'lago': [150, 7],
  'lago-runs': [16, 0],
  'meteroid': [43, 0],
  'oca': [15, 2],
  'other': [8, 0],
};

function load(name: string): Vector[] {
  return JSON.parse(readFileSync(new URL(`./vectors/${name}.json`, import.meta.url), 'utf8')) as Vector[];
}

describe.each(Object.keys(COUNTS))('vectors of %s', (name) => {
  const vectors = load(name);

  it.each(vectors.map((vector, index) => [index, vector.source.split(' ').slice(1).join(' '), vector] as const))(
    '%i %s',
    (_, __, vector) => {
      if (vector.differs === undefined) expect(answerOf(vector)).toEqual(expectedOf(vector));
      else expect(answerOf(vector)).not.toEqual(expectedOf(vector));
    }
  );

  it('has the declared counts', () => {
    expect([vectors.length, vectors.filter((v) => v.differs !== undefined).length]).toEqual(COUNTS[name]);
  });
});

it('the table of the README is the table of this test', () => {
  const readme = readFileSync(new URL('./vectors/README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| ([a-z-]+) \| (\d+) \| (\d+) \| (\d+) \|/gm)];
  const told = Object.fromEntries(rows.map(([, name, all, passed, differ]) => [name!, [Number(all), Number(differ), Number(passed)]]));
  expect(told).toEqual(Object.fromEntries(Object.entries(COUNTS).map(([name, [all, differ]]) => [name, [all, differ, all - differ]])));
});

/** What other billing systems assert about periods, run through our calendar. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { answerOf, expectedOf } from './vectors.js';
import type { Vector } from './vectors.js';

/** Facts of the collection, applicable ones and declared differences by source; the tables of vectors/README.md say the same. */
const COUNTS: Readonly<Record<string, readonly [facts: number, applicable: number, differ: number]>> = {
  'dateutil': [19, 18, 0],
  'flexprice': [52, 46, 1],
  'killbill': [53, 50, 0],
  'lago': [184, 150, 7],
  'lago-runs': [16, 16, 0],
  'meteroid': [43, 43, 0],
  'oca': [15, 15, 2],
  'other': [10, 8, 0],
  'contested': [10, 10, 5],
  'dunning': [6, 1, 0],
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
    expect([vectors.length, vectors.filter((v) => v.differs !== undefined).length]).toEqual(COUNTS[name]!.slice(1));
  });
});

describe('the README of the vectors', () => {
  const readme = readFileSync(new URL('./vectors/README.md', import.meta.url), 'utf8');
  const section = (title: string): string => readme.split(`## ${title}`)[1]!.split('\n## ')[0]!;
  const howMany = (title: string): number => [...section(title).matchAll(/^\| .* \| (\d+) \| .+ \|$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
  const sum = (at: number): number => Object.values(COUNTS).reduce((all, counts) => all + counts[at]!, 0);

  it('has the counts of this test', () => {
    const rows = [...readme.matchAll(/^\| ([a-z-]+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|/gm)].map(([, name, ...counts]) => [name!, counts.map(Number)]);
    const counts = Object.entries(COUNTS).map(([name, [facts, applicable, differ]]) => [name, [facts, applicable, applicable - differ, differ]]);
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(counts));
  });

  it('gives a reason for every difference and for every fact that is left out', () => {
    expect(howMany('Declared differences')).toBe(sum(2));
    expect(howMany('Not applicable (not copied)')).toBe(sum(0) - sum(1));
  });

  it('says rightly that at least 95 of 100 applicable ones pass', () => {
    const [applicable, passed] = [sum(1), sum(1) - sum(2)];
    expect(passed / applicable).toBeGreaterThanOrEqual(0.95);
    expect(readme).toContain(`Together ${applicable} applicable, ${passed} passed (${(100 * passed / applicable).toFixed(1)} %), ${applicable - passed} declared differences.`);
  });
});

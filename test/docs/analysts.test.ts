/** Every question of docs/analysts.md is asked of a history made from the sample, and has the answer that the page shows. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { openHistory } from '../../src/ledger/query.js';
import type { History } from '../../src/ledger/query.js';
import { readPage, settle, table } from './markdown.js';
import { sampleAfterRuns } from './sample.js';

const PAGE = 'docs/analysts.md';
/** A question, and the table of its answer if there is one already. */
const QUESTION = /```sql\n([\s\S]*?)\n```\n(\n(?:\|.*\n)+)?/g;

let folder: string;
let history: History;

beforeAll(async () => {
  folder = await sampleAfterRuns();
  history = await openHistory(join(folder, 'history.duckdb'));
});

afterAll(async () => {
  await history.close();
  await rm(folder, { recursive: true });
});

test('the page shows what the history answers', async () => {
  const page = readPage(PAGE);
  const questions = [...page.matchAll(QUESTION)];
  expect(questions).toHaveLength(10);
  let made = '';
  let done = 0;
  for (const question of questions) {
    const { columns, rows } = await history.query(question[1]!);
    expect(rows.length, question[1]).toBeGreaterThan(0);
    made += `${page.slice(done, question.index)}\`\`\`sql\n${question[1]}\n\`\`\`\n\n${table(columns.map(({ name }) => name), rows)}\n`;
    done = question.index + question[0].length;
  }
  const { actual, expected } = settle(PAGE, made + page.slice(done));
  expect(actual).toBe(expected);
});

/** docs/explain.md: its example is a project that is really billed, and what it shows is what `show --explain` says of it. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, onTestFinished, test } from 'vitest';

import { run } from '../../src/run/run.js';
import { cli, ROOT } from '../cli/support.js';
import { readPage, settle, withPart } from './markdown.js';
import { worldIn } from './sample.js';

const FILE = 'docs/explain.md';

test('the example is what the command says', async () => {
  const page = readPage(FILE);
  const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(page)!;
  const [, csv] = /```csv\n([\s\S]*?)```/.exec(page)!;
  const folder = await mkdtemp(join(tmpdir(), 'duebook-explain-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'billing.config.yaml'), yaml!);
  await writeFile(join(folder, 'data/jobs.csv'), csv!);
  await run(worldIn(folder), { as_of: '2026-02-10T06:00' });
  const { stdout, code } = await cli(['show', 'INV-2026-000001', '--explain', '--as-of', '2026-02-10T06:00'], { cwd: folder });
  expect(code).toBe(0);
  const told_json = await cli(['show', 'INV-2026-000001', '--explain', '--json', '--as-of', '2026-02-10T06:00'], { cwd: folder });
  const fits = new Ajv2020({ strict: false }).compile(JSON.parse(await readFile(join(ROOT, 'schemas/show.schema.json'), 'utf8')) as object);
  expect([fits(JSON.parse(told_json.stdout)), fits.errors]).toEqual([true, null]);
  const told = stdout.slice(stdout.indexOf('How it came about')).trimEnd().split('\n')
    .map((line) => line.replace(/[0-9a-f]{12}/g, '…').replace(/version [^ ]+$/, 'version …'));
  const { actual, expected } = settle(FILE, withPart(page, 'example', ['```text', ...told, '```'].join('\n')));
  expect(actual).toBe(expected);
});

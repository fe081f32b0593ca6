/** The sample project at the root of the repository, in a copy of its own, as `npm run sample` leaves it. */
import { cp, copyFile, mkdtemp, readFile, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { run } from '../../src/run/run.js';
import type { World } from '../../src/run/world.js';
import { ROOT } from './markdown.js';

/** What scripts/sample.mjs delivers between the two runs. */
const LATE = '2026-03-late.csv';

export function worldIn(cwd: string): World {
  return {
    cwd, env: {}, now: () => Date.parse('2026-05-05T04:00:00Z'), tool_version: '0.0.0-test', package_root: ROOT,
    log: { info: () => undefined, warn: () => undefined, progress: () => ({ tick: () => undefined, end: () => undefined }) },
  } as unknown as World;
}

/** A copy of the project without what runs made. Its mails go without attachments: printing them takes longer than all the rest. */
export async function sampleCopy(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'duebook-sample-')));
  const made = new Set([join(ROOT, 'data/ledger'), join(ROOT, 'data/bookings/jobs', LATE)]);
  const config = await readFile(join(ROOT, 'billing.config.yaml'), 'utf8');
  await writeFile(join(folder, 'billing.config.yaml'), config.replace('attach: [pdf, xml]', 'attach: []'));
  for (const part of ['config', 'data', 'templates']) await cp(join(ROOT, part), join(folder, part), { recursive: true, filter: (from) => !made.has(from) });
  return folder;
}

/** The two runs of `npm run sample` and the late file between them. */
export async function sampleAfterRuns(): Promise<string> {
  const folder = await sampleCopy();
  await run(worldIn(folder), { as_of: '2026-04-07T06:00' });
  await copyFile(join(folder, 'data/inbox', LATE), join(folder, 'data/bookings/jobs', LATE));
  await run(worldIn(folder), { as_of: '2026-05-05T06:00' });
  return folder;
}

/** A folder whose name is a pattern for the engine stands for itself. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Project } from '../support/project.js';

it.each(['k*1', 'k[Z]1'])('reads its own ledger in a folder called %s, not that of its neighbour', async (name) => {
  const folder = await mkdtemp(join(tmpdir(), 'duebook-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const totals: string[][] = [];
  for (const each of ['kZ1', name]) {
    await mkdir(join(folder, each));
    const made = new Project(join(folder, each));
    await made.configure({});
    await made.book([{ id: 'A', customer: 'acme', product: 'visit', amount: '10.00', start: '2026-01-10' }]);
    await made.run('2026-02-10');
    expect(await made.flaws()).toEqual([]);
    totals.push(await made.told('SELECT number, total_minor FROM ledger.invoices ORDER BY number'));
  }
  expect(totals).toEqual([['INV-2026-000001 | 1190'], ['INV-2026-000001 | 1190']]);
});

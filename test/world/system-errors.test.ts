/** Refusals of the system and of the engine are told as such; what is a bug stays one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { diagnosed } from '../../src/world/system-errors.js';

const dir = mkdtempSync(join(tmpdir(), 'duebook-system-'));
afterAll(() => { rmSync(dir, { recursive: true }); });

async function told(work: Promise<unknown>): Promise<string | null> {
  const error: unknown = await work.then(() => null, (thrown: unknown) => thrown);
  return diagnosed(error, dir)?.message ?? null;
}

it('a file in the way is told with its place', async () => {
  writeFileSync(join(dir, 'out'), '');
  expect(await told(mkdir(join(dir, 'out/preview'), { recursive: true }))).toBe('SYSTEM_REFUSED: Cannot read or write out/preview: a part of the path is a file, not a folder.');
});

it('so is what the engine cannot write, and that it has too little memory', async () => {
  const engine = await Engine.open({ memory_limit: '10MB', threads: 1 });
  try {
    expect(await told(engine.run(`COPY (SELECT 1 AS x) TO '${dir}/none/x.csv'`))).toMatch(/^SYSTEM_REFUSED: The engine cannot read or write a file: .*"none\/x\.csv"/);
    expect(await told(engine.run("SELECT list(range) FROM range(100000000)"))).toMatch(/^SYSTEM_REFUSED: The engine has too little memory: /);
    expect(await told(engine.run('SELECT nothing'))).toBeNull();
  } finally {
    await engine.close();
  }
});

it('anything else is a bug', async () => {
  expect(await told(Promise.reject(new Error('IO is not an Error')))).toBeNull();
  expect(await told(Promise.reject(Object.assign(new Error('x'), { code: 'ENOSPC' })))).toBeNull();
});

/**
 * The gallery of errors: a folder for every code, with a project, the command that provokes it, and what a user reads. Optional:
 * `setup.txt` (commands before, one a line) and `arrange.ts` (exports `arrange(dir)`, which gives a function that cleans up).
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { CODES } from '../../src/values/codes.js';
import type { Code } from '../../src/values/codes.js';
import { cli, folder, ROOT, words } from '../cli/support.js';

const GALLERY = join(ROOT, 'test', 'errors');
const folders = readdirSync(GALLERY, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name).sort();

type Arrange = (dir: string) => Promise<(() => Promise<void> | void) | undefined>;

describe('the gallery of errors', () => {
  test('has a folder for every code and no other', () => {
    expect(folders).toEqual(Object.keys(CODES).sort());
  });

  test.each(folders)('%s', async (code) => {
    const own = join(GALLERY, code);
    const dir = folder();
    mkdirSync(join(dir, 'project'));
    if (existsSync(join(own, 'project'))) cpSync(join(own, 'project'), join(dir, 'project'), { recursive: true });
    const cwd = join(dir, 'project');
    for (const line of readIfThere(join(own, 'setup.txt')).split('\n').filter((each) => each.trim() !== '')) {
      const ran = await cli(words(line), { cwd });
      expect(ran.stderr, line).not.toContain('a bug of its own');
    }
    const clean = await arrangement(own, cwd);
    try {
      const ran = await cli(words(readFileSync(join(own, 'command.txt'), 'utf8')), { cwd });
      expect(ran.stderr).toContain(code);
      expect(ran.stderr).not.toMatch(/^\s+at .*\(.*:\d+:\d+\)/m);
      expect(ran.stderr).not.toContain(dir);
      expect(ran.code, ran.stderr).toBe(expectedExit(code as Code, ran.stderr));
      expectText(join(own, 'expected.txt'), ran.stderr);
    } finally {
      await clean?.();
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

/** What is only a warning does not fail the command; those of class 3 mark an unfinished run all the same. */
function expectedExit(code: Code, stderr: string): number {
  const isWarning = stderr.includes(`warning ${code}`);
  return isWarning && CODES[code] !== 3 ? 0 : CODES[code];
}

async function arrangement(own: string, cwd: string): ReturnType<Arrange> {
  const file = join(own, 'arrange.ts');
  if (!existsSync(file)) return undefined;
  return ((await import(file)) as { arrange: Arrange }).arrange(cwd);
}

function readIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** Written where it is missing, but not in CI; rewritten with UPDATE=1. */
function expectText(file: string, actual: string): void {
  const missing = !existsSync(file);
  if (process.env['UPDATE'] === '1' || (missing && process.env['CI'] === undefined)) writeFileSync(file, actual);
  expect(existsSync(file), `${file} is missing: look at the result, then write it outside of CI`).toBe(true);
  expect(actual).toBe(readFileSync(file, 'utf8'));
}

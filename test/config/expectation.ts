/** Expected texts in files: compared byte for byte, written when UPDATE=1 is set, refused where they are missing. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

/** The folder `test/`, or a path in it. */
export function inTests(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/** Compares with the file at a path below `test/`. */
export function expectFile(path: string, actual: string): void {
  const file = inTests(path);
  let expected: string | null = null;
  try {
    expected = readFileSync(file, 'utf8');
  } catch {
    // decided below
  }
  if (expected !== actual && process.env['UPDATE'] === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
    return;
  }
  expect(expected, `${path} is missing: look at the result and write it with UPDATE=1`).not.toBeNull();
  expect(actual).toBe(expected);
}

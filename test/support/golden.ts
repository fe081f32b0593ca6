/** Expected texts in files: compared byte for byte, written when they are missing or UPDATE=1 is set; in CI neither. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const TESTS = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Compares with the file at a path below `test/`. */
export function expectGolden(path: string, actual: string | Uint8Array): void {
  const file = join(TESTS, path);
  const bytes = Buffer.from(actual);
  const expected = read(file);
  const mayWrite = process.env['CI'] === undefined && (expected === null || process.env['UPDATE'] === '1');
  if (mayWrite && expected?.equals(bytes) !== true) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
    return;
  }
  expect(expected, `${path} is missing: run the test outside of CI, look at the result and commit it`).not.toBeNull();
  if (!expected!.equals(bytes)) expect(bytes.toString()).toBe(expected!.toString());
}

function read(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch {
    return null;
  }
}

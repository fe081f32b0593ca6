/** The bookings of the sample are those that scripts/sample-data.mjs makes. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { ROOT } from './markdown.js';

test('the generator makes the committed files, byte for byte', () => {
  const folder = mkdtempSync(join(tmpdir(), 'duebook-data-'));
  const made = spawnSync(process.execPath, [join(ROOT, 'scripts/sample-data.mjs'), folder], { encoding: 'utf8' });
  expect(made.stderr).toBe('');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
  expect(files).toHaveLength(15);
  for (const file of files) expect(readFileSync(join(folder, file)).equals(readFileSync(join(ROOT, 'data', file))), file).toBe(true);
  rmSync(folder, { recursive: true });
});

/** Any value of a configuration can be wrong in any way: what is said is a finding with its place, never a bug of ours. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNode, parseDocument, visit } from 'yaml';
import { REPOSITORY } from '../support/project.js';
import { inTests } from './expectation.js';
import { problems } from './projects.js';

/** Projects whose files use as many keys as there are. */
const PROJECTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'of the design': filesOf(inTests('config/example')),
  'of agreements': { 'billing.config.yaml': readFileSync(inTests('config/agreements.yaml'), 'utf8') },
  'of the sample': { ...filesOf(join(REPOSITORY, 'config'), REPOSITORY), 'billing.config.yaml': readFileSync(join(REPOSITORY, 'billing.config.yaml'), 'utf8') },
};

const WRONG = [
  'null', '[]', '{}', '[null]', '[[]]', '{ a: 1 }', '{ constructor: 1 }', 'true', '-1', '0', '3.5', '1e400', '.nan', '99999999999999999999', '""', '"x"',
  '"-5"', '"100.5"', '"0.00000000001"', '"99999999999999999999999999999999999999999"', '2026-02-30', '9999-12-31', '0001-01-01', 'monthly', 'acme',
] as const;

function filesOf(folder: string, root = folder): Record<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const paths = found.map((each) => join(each.parentPath, each.name)).sort();
  return Object.fromEntries(paths.map((path) => [relative(root, path), readFileSync(path, 'utf8')]));
}

/** Where every value of a file begins and ends, keys left out. */
function valuesOf(text: string): [number, number][] {
  const found: [number, number][] = [];
  visit(parseDocument(text), (key, node) => {
    if (key !== 'key' && isNode(node) && node.range) found.push([node.range[0], node.range[1]]);
  });
  return found;
}

describe('a value that is wrong', () => {
  for (const [name, files] of Object.entries(PROJECTS)) {
    const places = Object.entries(files).filter(([file]) => file.endsWith('.yaml'))
      .flatMap(([file, text]) => valuesOf(text).map(([from, until]) => ({ file, from, until })));

    it(`is told with its place: the project ${name}`, { timeout: 300_000 }, async () => {
      await fc.assert(fc.asyncProperty(fc.constantFrom(...places), fc.constantFrom(...WRONG), async ({ file, from, until }, value) => {
        const text = files[file]!;
        // A value over several lines was a block: its last line break stays.
        const end = text.slice(from, until).endsWith('\n') ? '\n' : '';
        const changed = `${text.slice(0, from)}${value}${end}${text.slice(until)}`;
        const told = await problems({ ...files, [file]: changed }, { SMTP_URL: 'smtp://localhost' });
        for (const line of told) expect(line).toMatch(/^[\w./-]+(:\d+:\d+)? (warning )?[A-Z_]+ (?!.*(undefined|\[object|\bNaN\b))/s);
      }), { numRuns: 400 });
    });
  }
});

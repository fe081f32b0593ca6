/** The schemas of `--json`: the files are the definitions, and what commands give fits them. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';

import { COMMANDS } from '../../src/cli/commands.js';
import { SCHEMAS, schemaFiles } from '../../src/report/schemas.js';
import { cli, ROOT, starter } from '../cli/support.js';

const FOLDER = join(ROOT, 'schemas');

describe('the files in schemas/', () => {
  test.each(schemaFiles())('%s is what the code defines', (file, text) => {
    if (process.env['UPDATE'] === '1') {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(join(FOLDER, file), text);
    }
    expect(readFileSync(join(FOLDER, file), 'utf8')).toBe(text);
  });

  test('are these and that of the configuration', () => {
    const names = [...schemaFiles().map(([file]) => file), 'billing.config.schema.json'].sort();
    expect(readdirSync(FOLDER).filter((file) => file.endsWith('.schema.json')).sort()).toEqual(names);
  });

  test('there is one for every command that gives a result', () => {
    const others = ['completion'];
    expect(COMMANDS.map(({ name }) => name).filter((name) => !others.includes(name) && SCHEMAS[name] === undefined)).toEqual([]);
  });
});

describe('what commands give with --json', () => {
  const ajv = new Ajv2020({ allErrors: true, strict: true });
  let project: string;
  beforeAll(async () => {
    project = await starter();
  });

  const fits = async (name: string, line: readonly string[], code = 0): Promise<Record<string, unknown>> => {
    const ran = await cli([...line, '--json'], { cwd: project });
    expect(ran.code, ran.stderr).toBe(code);
    const value = JSON.parse(ran.stdout) as Record<string, unknown>;
    const check = ajv.compile(SCHEMAS[name]!);
    expect(check(value), JSON.stringify(check.errors, null, 2)).toBe(true);
    expect(value['schema_version']).toBe(1);
    return value;
  };

  test('before the first run', async () => {
    await fits('validate', ['validate']);
    await fits('calendar', ['calendar', '--from', '2026-01-01', '--to', '2026-07-01']);
    await fits('calendar', ['calendar', '--from', '2026-01-01', '--to', '2026-07-01', '--customer', 'acme']);
    await fits('status', ['status', '--as-of', '2026-05-02']);
    await fits('verify', ['verify']);
    await fits('doctor', ['doctor']);
  });

  test('preview, run and what follows', async () => {
    const preview = await fits('preview', ['preview', '--as-of', '2026-05-01']);
    expect(Object.keys(preview)).toEqual(Object.keys((SCHEMAS['preview'] as unknown as { properties: object }).properties));
    await fits('run', ['run', '--as-of', '2026-05-05']);
    await fits('send', ['send', '--as-of', '2026-05-06']);
    await fits('status', ['status', '--as-of', '2026-05-06']);
    await fits('verify', ['verify']);
    await fits('query', ['query', 'SELECT * FROM invoices ORDER BY number']);
    await fits('show', ['show', 'INV-2026-000001']);
    await fits('export', ['export', '--to', 'export', '--format', 'csv']);
  });

  test('an error has a shape of its own', async () => {
    expect((await fits('error', ['confirm', '2099-01-01'], 64))['exit_code']).toBe(64);
    expect((await fits('error', ['valdate'], 64))['exit_code']).toBe(64);
    expect((await fits('error', ['validate', '--config', 'nowhere.yaml'], 4))['exit_code']).toBe(4);
  });

  test('init', async () => {
    await fits('init', ['init', 'second']);
  });
});

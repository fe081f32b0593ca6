/** The program as users start it: bin/duebook.js in a process of its own, from dist/. */
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { folder, ROOT } from './support.js';

const BIN = join(ROOT, 'bin', 'duebook.js');

const start = (argv: readonly string[], cwd = folder()): { code: number | null; stdout: string; stderr: string } => {
  const ran = spawnSync(process.execPath, [BIN, ...argv], { cwd, encoding: 'utf8' });
  return { code: ran.status, stdout: ran.stdout, stderr: ran.stderr };
};

describe('bin/duebook.js', () => {
  test('helps quickly', () => {
    const took = Array.from({ length: 3 }, () => {
      const begun = performance.now();
      expect(start(['--help']).code).toBe(0);
      return performance.now() - begun;
    });
    // 90 ms on the machine where this was written; the bound leaves room for a busy one.
    expect(Math.min(...took)).toBeLessThan(400);
  });

  test('loads nothing heavy for help', () => {
    const script = `import module from 'node:module'; module.register('data:text/javascript,' + encodeURIComponent(\`
      export async function resolve(s, c, next) { if (/duckdb|yaml|luxon|mjml|typebox|ajv|handlebars|nodemailer/.test(s)) console.error('HEAVY ' + s); return next(s, c); }\`));
      process.argv.splice(1, 0, 'x'); await import(${JSON.stringify(BIN)});`;
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', script, '--', '--help'], { encoding: 'utf8' });
    expect(ran.stderr).not.toContain('HEAVY');
  });

  test('gives exit codes', () => {
    expect(start(['nonsense']).code).toBe(64);
    expect(start(['validate']).code).toBe(4);
    expect(start(['init', 'p']).code).toBe(0);
  });

  test('says how to build where it is not built', () => {
    const dir = folder();
    mkdirSync(join(dir, 'bin'));
    cpSync(BIN, join(dir, 'bin', 'duebook.js'));
    const ran = spawnSync(process.execPath, [join(dir, 'bin', 'duebook.js')], { encoding: 'utf8' });
    expect([ran.status, ran.stderr]).toEqual([1, 'duebook is not built yet. Run: npm run build\n']);
  });

  test.skipIf(!existsSync('/dev/full'))('says that an answer could not be written, and fails', () => {
    const ran = spawnSync('sh', ['-c', '"$0" "$@" > /dev/full', process.execPath, BIN, 'completion', 'bash'], { encoding: 'utf8' });
    expect([ran.status, ran.stderr]).toEqual([1, 'duebook: the answer could not be written: the system says ENOSPC\n']);
  });

  test('bears a reader that goes away', async () => {
    const dir = folder();
    start(['init', '.'], dir);
    const child = spawn(process.execPath, [BIN, 'calendar', '--from', '2026-01-01', '--to', '2090-01-01', '--json'], { cwd: dir });
    let stderr = '';
    child.stderr.on('data', (data) => (stderr += String(data)));
    child.stdout.once('data', () => child.stdout.destroy());
    const code = await new Promise((done) => child.once('close', done));
    expect([code, stderr]).toEqual([0, '']);
  });

  test('ends with 130 when it is interrupted', async () => {
    const dir = folder();
    start(['init', '.'], dir);
    let [code, stderr]: [number | null, string] = [null, ''];
    // It waits for SQL on stdin, so it can be interrupted at leisure, but not before it has begun: a signal that comes earlier just ends it.
    for (let wait = 600; code === null && wait < 20_000; wait *= 2) {
      const child = spawn(process.execPath, [BIN, 'query'], { cwd: dir });
      stderr = '';
      child.stderr.on('data', (data) => (stderr += String(data)));
      await new Promise((done) => setTimeout(done, wait));
      child.kill('SIGINT');
      code = await new Promise((done) => child.once('close', done));
    }
    expect(code).toBe(130);
    expect(stderr).toContain('Interrupted');
  });
});

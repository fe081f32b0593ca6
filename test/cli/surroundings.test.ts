/** How the command line behaves towards terminals, pipes, GitHub Actions and its own bugs. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { stderrLog } from '../../src/cli/log.js';
import { cli, folder, ROOT, starter } from './support.js';

const BROKEN = join(ROOT, 'test', 'errors', 'CONFIG_VALUE', 'project');
const COLOR = /\u001b\[/;

describe('colours', () => {
  test.each([
    ['on a terminal', { terminal: 100 }, [], true],
    ['off a terminal', {}, [], false],
    ['with NO_COLOR', { terminal: 100, env: { NO_COLOR: '1' } }, [], false],
    ['with an empty NO_COLOR, which means nothing', { terminal: 100, env: { NO_COLOR: '' } }, [], true],
    ['on a dumb terminal', { terminal: 100, env: { TERM: 'dumb' } }, [], false],
    ['with --no-color', { terminal: 100 }, ['--no-color'], false],
  ] as const)('%s', async (_, around, more, colored) => {
    const ran = await cli(['validate', ...more], { cwd: BROKEN, ...around });
    expect(COLOR.test(ran.stderr)).toBe(colored);
    expect(ran.stdout).toBe('');
  });

  test('no escape sequence of a customer reaches the terminal', async () => {
    const dir = await starter();
    const file = join(dir, 'config', 'customers', 'acme.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('name: Acme Property Management', 'name: "Acme\\e[2J\\u202eevil"'));
    const ran = await cli(['preview', '--as-of', '2026-05-01'], { cwd: dir });
    expect(ran.stdout + ran.stderr).not.toMatch(COLOR);
    expect(ran.stdout + ran.stderr).not.toContain('\u202e');
  });
});

describe('the log', () => {
  test('says nothing for quick work, and draws nothing off a terminal', async () => {
    const said: string[] = [];
    const output = { write: (data: string | Uint8Array) => Promise.resolve(void said.push(String(data))), terminal: true, columns: 80 };
    for (const [terminal, wait] of [[true, 10], [false, 1400]] as const) {
      const progress = stderrLog({ ...output, terminal }, true).progress('work', 3);
      progress.tick(1);
      await new Promise((done) => setTimeout(done, wait));
      progress.end();
    }
    expect(said).toEqual([]);
  });

  test('draws work of more than a second, and wipes it away', async () => {
    const said: string[] = [];
    const progress = stderrLog({ write: (data) => Promise.resolve(void said.push(String(data))), terminal: true, columns: 80 }, true).progress('work', 4);
    progress.tick(1);
    await new Promise((done) => setTimeout(done, 1300));
    progress.end();
    expect(said[0]).toContain('work 1 of 4 (25 %)');
    expect(said.at(-1)).toBe('\r\u001b[K');
  });
});

describe('a bug of our own', () => {
  const bug = async (env: Record<string, string>): Promise<{ code: number; stderr: string }> => {
    const dir = folder();
    writeFileSync(join(dir, 'billing.config.yaml'), 'version: 1');
    // A current folder that is no text makes the program stumble where it cannot expect it.
    return cli(['validate'], { cwd: 7 as unknown as string, env });
  };

  test('is told briefly, without a stack', async () => {
    const { code, stderr } = await bug({});
    expect(code).toBe(1);
    expect(stderr).toContain('a bug of its own');
    expect(stderr).toContain('DUEBOOK_DEBUG=1');
    expect(stderr).not.toContain('    at ');
  });

  test('shows the stack to who asks for it', async () => {
    expect((await bug({ DUEBOOK_DEBUG: '1' })).stderr).toContain('    at ');
  });
});

describe('GitHub Actions', () => {
  let files: { env: Record<string, string>; summary: () => string; outputs: () => string };
  beforeAll(() => {
    const dir = folder();
    const [summary, outputs] = [join(dir, 'summary.md'), join(dir, 'outputs')];
    writeFileSync(outputs, '');
    writeFileSync(summary, '');
    files = {
      env: { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary, GITHUB_OUTPUT: outputs, CI: 'true' },
      summary: () => readFileSync(summary, 'utf8'), outputs: () => readFileSync(outputs, 'utf8'),
    };
  });

  test('findings become annotations with the path in the repository, and stand in the summary', async () => {
    const ran = await cli(['validate'], { cwd: BROKEN, env: { ...files.env, GITHUB_WORKSPACE: join(BROKEN, '..') } });
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('::error file=project/billing.config.yaml,line=5,col=9,title=CONFIG_VALUE::locale is de_DE%0Ahelp: did you mean de-DE?');
    expect(files.summary()).toContain('## duebook validate failed');
    expect(files.summary()).toContain('**error CONFIG\\_VALUE**'.replace('\\_', '_'));
  });

  test('a preview gives a summary and outputs', async () => {
    const dir = await starter();
    const ran = await cli(['preview', '--as-of', '2026-05-01', '--json'], { cwd: dir, env: files.env });
    const { batches } = JSON.parse(ran.stdout) as { batches: { digest: string; batch_id: string }[] };
    expect(files.outputs()).toMatch(new RegExp(`^digest<<(end_[0-9a-f]{64})\\n${batches[0]!.digest}\\n\\1$`, 'm'));
    expect(files.outputs()).toMatch(/^parked<<(end_[0-9a-f]{64})\n0\n\1$/m);
    expect(files.summary()).toContain('### Open batches');
    expect(files.summary()).toContain('Birch &amp; Sons Ltd');
  });

  test('elsewhere nothing of it happens', async () => {
    const ran = await cli(['validate'], { cwd: BROKEN });
    expect(ran.stderr).not.toContain('::error');
  });

  test('files that cannot be written do not fail a command', async () => {
    const ran = await cli(['preview', '--as-of', '2026-05-01'], { cwd: await starter(), env: { ...files.env, GITHUB_STEP_SUMMARY: '/nowhere/at/all' } });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain('could not be written');
  });
});

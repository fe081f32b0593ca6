/** The words of the command line: what is understood, what is refused, and what the refusal says. */
import { spawnSync } from 'node:child_process';

import { describe, expect, test } from 'vitest';

import { COMMON } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { completionScript, SHELLS } from '../../src/cli/completion.js';
import { parseCommandLine } from '../../src/cli/parse.js';
import { cli, folder } from './support.js';

const usage = async (...argv: string[]): Promise<string> => {
  const ran = await cli(argv);
  expect(ran.code).toBe(64);
  expect(ran.stdout).toBe('');
  return ran.stderr;
};

describe('help', () => {
  test('without a command it goes to stderr and is an error, with --help to stdout', async () => {
    const [without, asked] = [await cli([]), await cli(['--help'])];
    expect([without.code, without.stdout]).toEqual([64, '']);
    expect([asked.code, asked.stderr]).toEqual([0, '']);
    expect(asked.stdout).toBe(without.stderr);
    for (const { name, summary } of COMMANDS) expect(asked.stdout).toMatch(new RegExp(`^  ${name} +${summary.slice(0, 20)}`, 'm'));
  });

  test.each(COMMANDS.map((command) => [command.name, command] as const))('%s has a page with examples', async (name, command) => {
    const [page, other] = [await cli([name, '--help']), await cli(['help', name])];
    expect(page.code).toBe(0);
    expect(other.stdout).toBe(page.stdout);
    expect(command.examples.length).toBeGreaterThan(0);
    for (const [line] of command.examples) expect(page.stdout).toContain(line);
    for (const option of [...command.options, ...COMMON]) expect(page.stdout).toContain(`--${option.name}`);
  });

  test.each(COMMANDS.flatMap((command) => command.examples.map(([line]) => [line])))('the example is understood: %s', (line) => {
    const words = [...line.replace(/^source <\((.*)\)$/, '$1').replace(/ [<>|] .*/, '').matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!);
    expect(words[0]).toBe('duebook');
    expect(parseCommandLine(words.slice(1), COMMANDS).command).not.toBeNull();
  });

  test('help wins over everything else that is wrong', async () => {
    expect((await cli(['confirm', '--nonsense', '--help'])).code).toBe(0);
  });

  test('version', async () => {
    expect((await cli(['--version'])).stdout).toMatch(/^duebook \d+\.\d+\.\d+/);
    expect((await cli(['run', '--version'])).stdout).toMatch(/^duebook \d+\.\d+\.\d+/);
  });
});

describe('what is refused', () => {
  test('an unknown command, with the nearest', async () => {
    expect(await usage('validte')).toContain('did you mean "validate"?');
    expect(await usage('xyzzy')).toContain('see `duebook --help`');
  });

  test('an unknown option, with the nearest', async () => {
    expect(await usage('preview', '--biling-date', '2026-05-01')).toContain('did you mean --billing-date?');
    expect(await usage('--confg', 'x', 'validate')).toContain('did you mean --config?');
    expect(await usage('preview', '-x')).toContain('there is no option -x');
  });

  test('values that are missing, too many or impossible', async () => {
    expect(await usage('preview', '--partner')).toContain('--partner needs a value');
    expect(await usage('preview', '--partner', '--no-color')).toContain('--partner needs a value');
    expect(await usage('preview', '--partner=')).toContain('--partner needs a value');
    expect(await usage('preview', '--no-input=yes')).toContain('--no-input takes no value');
    expect(await usage('preview', '--partner', 'a', '--partner', 'b')).toContain('--partner is given 2 times');
    expect(await usage('export', '--to', 'x', '--format', 'cvs')).toContain('did you mean "csv"?');
    expect(await usage('run', '--threads', 'many')).toContain('--threads many is not a number of threads');
    expect(await usage('run', '--threads', '0')).toContain('--threads 0');
    expect(await usage('run', '--memory-limit', 'lots')).toContain('--memory-limit lots is not a size');
  });

  test('arguments', async () => {
    expect(await usage('confirm')).toContain('confirm needs BATCH');
    expect(await usage('run', 'now')).toContain('run does not know what to do with "now"');
    expect(await usage('completion', 'bsh')).toContain('did you mean "bash"?');
    expect(await usage('calendar', '--from', '2026-01-01')).toContain('calendar needs --from and --to');
    expect(await usage('export')).toContain('export needs --to DIR');
  });

  test('everything at once', async () => {
    expect(await usage('confirm', '--expct', 'x', '--partnr', 'y', '--json=1')).toContain('3 errors');
  });
});

describe('what is understood', () => {
  test('options before and after the command, values with = and repeated ones', () => {
    const { command, args, given } = parseCommandLine(
      ['--config', 'a.yaml', 'confirm', '--customer=acme', '2026-05-01', '--customer', 'birch', '--no-color'], COMMANDS);
    expect(command?.name).toBe('confirm');
    expect(args).toEqual(['2026-05-01']);
    expect(Object.fromEntries(given)).toEqual({ config: ['a.yaml'], customer: ['acme', 'birch'], 'no-color': [''] });
  });

  test('the value of an option is never taken for the command', () => {
    expect(parseCommandLine(['--config', 'run', 'validate'], COMMANDS).command?.name).toBe('validate');
  });

  test('after -- everything is an argument', () => {
    expect(parseCommandLine(['query', '--', '-- a comment\nSELECT 1'], COMMANDS).args).toEqual(['-- a comment\nSELECT 1']);
  });
});

describe('completion', () => {
  test.each(SHELLS)('%s knows every command and option', (shell) => {
    const script = completionScript(shell, COMMANDS);
    for (const command of COMMANDS) {
      expect(script).toContain(command.name);
      for (const { name } of command.options) expect(script).toContain(name);
    }
  });

  test('bash completes', () => {
    const ask = (line: string): string[] => {
      const words = line.split(' ');
      const script = `${completionScript('bash', COMMANDS)}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _duebook; echo "\${COMPREPLY[@]}"`;
      const ran = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8', cwd: folder() });
      expect(ran.stderr).toBe('');
      return ran.stdout.trim().split(' ');
    };
    expect(ask('duebook va')).toEqual(['validate']);
    expect(ask('duebook preview --b')).toEqual(['--billing-date']);
    expect(ask('duebook export --format ')).toEqual(['parquet', 'csv', 'hledger', 'beancount']);
    expect(ask('duebook --no-color completion z')).toEqual(['zsh']);
  });
});

/** Programs of others that tests ask for a second opinion. */
import { spawnSync } from 'node:child_process';

/** Whether a program is there. Where it is not, a developer is told that a test is skipped; under CI it has to be there. */
export function hasProgram(name: string, how: string): boolean {
  if (spawnSync(name, ['--version']).status === 0) return true;
  if (process.env['CI'] === 'true') throw new Error(`${name} is missing: ${how}`);
  process.stderr.write(`skipped: tests with ${name}, which is not installed (${how})\n`);
  return false;
}

/** What a program says; fails with its own words where it is not content. */
export function ask(name: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(name, [...args], { encoding: 'utf8', env: { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' } });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${name} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}

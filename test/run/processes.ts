/** The program as users start it, in processes of its own. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '../support/project.js';

export interface Ended {
  /** null: killed. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Around {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Asked every few milliseconds; the process gets SIGKILL once it says yes. */
  readonly kill_when?: (elapsed: number) => boolean;
}

/** Runs `duebook …` to its end. The environment is the given one and PATH, nothing else. */
export function duebook(args: readonly string[], around: Around): Promise<Ended> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(REPOSITORY, 'bin/duebook.js'), ...args], {
      cwd: around.cwd, env: { PATH: process.env['PATH'] ?? '', ...around.env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const { kill_when: killWhen } = around;
    const timer = killWhen === undefined ? undefined : setInterval(() => {
      if (killWhen(performance.now() - begun)) child.kill('SIGKILL');
    }, 3);
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
}

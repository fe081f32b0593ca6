/** Runs command lines inside the test, with streams, environment and clock of its own. */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

import { main } from '../../src/cli/main.js';
import type { Io, Output } from '../../src/cli/io.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly bytes: Buffer;
}

export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Streams that say they are a terminal, this wide. */
  readonly terminal?: number;
  readonly now?: string;
}

/** Runs one command line in this process. Without `now` the clock stands at 1 May 2026, noon. */
export async function cli(argv: readonly string[], around: Surroundings = {}): Promise<Ran> {
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  const stream = (into: Buffer[]): Output => ({
    write: (data) => {
      into.push(Buffer.from(data));
      return Promise.resolve();
    },
    terminal: around.terminal !== undefined, columns: around.terminal ?? 80,
  });
  const io: Io = {
    stdin: Object.assign(Readable.from(around.stdin === undefined ? [] : [around.stdin]), { isTTY: false }),
    stdout: stream(out), stderr: stream(err), env: around.env ?? {}, cwd: around.cwd ?? tmpdir(),
    now: () => Date.parse(around.now ?? '2026-05-01T12:00:00Z'),
  };
  const code = await main(argv, io);
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), bytes: Buffer.concat(out) };
}

/** A new folder, with a copy of `from` in it. */
export function folder(from?: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'duebook-cli-'));
  if (from !== undefined) cpSync(from, dir, { recursive: true });
  return dir;
}

/** The starter project in a new folder. */
export async function starter(): Promise<string> {
  const dir = folder();
  await cli(['init', '.'], { cwd: dir });
  return dir;
}

/** Splits a command line as a shell would, with plain and double quotes only. */
export function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

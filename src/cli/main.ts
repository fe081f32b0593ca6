/** From words to an exit code. The only place that catches: what the user can mend is told in full, what is our bug briefly. */
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { diagnosticsText } from '../report/diagnostics.js';
import { jsonText } from '../report/json.js';
import { SCHEMA_VERSION } from '../run/results.js';
import type { CommonOptions, World } from '../run/world.js';
import { DuebookError, problem } from '../values/diagnostic.js';
import { diagnosed } from '../world/system-errors.js';
import { COMMANDS } from './commands.js';
import type { Call, Command } from './command.js';
import { tellGithub } from './github.js';
import { overview, page } from './help.js';
import { styleOf } from './io.js';
import type { Io } from './io.js';
import { stderrLog } from './log.js';
import { parseCommandLine } from './parse.js';
import type { Parsed } from './parse.js';

/** The folder of package.json, two above this file in `dist/` as in `src/`. */
const PACKAGE_ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

const INTERNAL_ERROR = 1;

/** Runs one command line; never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let parsed: Parsed = { command: null, args: [], given: new Map() };
  try {
    parsed = parseCommandLine(helpWords(argv), COMMANDS);
    return await dispatch(parsed, io);
  } catch (error) {
    // A command line that could not be read says by its own words whether JSON is wanted.
    return tellError(error, io, parsed, argv.includes('--json'), argv.includes('--no-color'));
  }
}

/** `duebook help run` is `duebook run --help`. */
function helpWords(argv: readonly string[]): readonly string[] {
  return argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv;
}

async function dispatch({ command, args, given }: Parsed, io: Io): Promise<number> {
  const noColor = given.has('no-color');
  const style = styleOf(io, io.stdout, noColor);
  if (given.has('version')) {
    await io.stdout.write(`duebook ${await toolVersion()}\n`);
    return 0;
  }
  if (command === null) {
    await (given.has('help') ? io.stdout : io.stderr).write(overview(COMMANDS, style));
    return given.has('help') ? 0 : 64;
  }
  if (given.has('help')) {
    await io.stdout.write(page(command, style));
    return 0;
  }
  return command.run(await callOf(command, args, given, io));
}

async function callOf(command: Command, args: readonly string[], given: Parsed['given'], io: Io): Promise<Call> {
  const animated = io.env['TERM'] !== 'dumb' && io.env['CI'] === undefined;
  const world: World = {
    cwd: io.cwd, env: io.env, now: io.now, log: stderrLog(io.stderr, animated),
    tool_version: await toolVersion(), package_root: PACKAGE_ROOT,
  };
  return {
    io, world, args, given, common: commonOptions(given, command),
    json: given.has('json'), no_color: given.has('no-color'), no_input: given.has('no-input'),
  };
}

function commonOptions(given: Parsed['given'], command: Command): CommonOptions {
  const last = (name: string): string | undefined => given.get(name)?.at(-1);
  const [config, asOf, memory, threads] = [last('config'), last('as-of'), last('memory-limit'), last('threads')];
  const see = `see \`duebook ${command.name} --help\``;
  const wrong = [
    ...(memory !== undefined && !/^\d+(\.\d+)?\s*([KMGT]i?B)$/i.test(memory)
      ? [problem('USAGE', `--memory-limit ${memory} is not a size`, { hint: `write it like 2GB; ${see}` })] : []),
    ...(threads !== undefined && !/^[1-9]\d{0,2}$/.test(threads)
      ? [problem('USAGE', `--threads ${threads} is not a number of threads`, { hint: `write it like 4; ${see}` })] : []),
  ];
  if (wrong.length > 0) throw new DuebookError(wrong);
  return {
    ...(config === undefined ? {} : { config }), ...(asOf === undefined ? {} : { as_of: asOf }),
    ...(memory === undefined ? {} : { memory_limit: memory }), ...(threads === undefined ? {} : { threads: Number(threads) }),
  };
}

async function toolVersion(): Promise<string> {
  return (JSON.parse(await readFile(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as { version: string }).version;
}

async function tellError(error: unknown, io: Io, { command, given }: Parsed, json: boolean, noColor: boolean): Promise<number> {
  const told = diagnosed(error, io.cwd);
  if (told === null) return tellBug(error, io);
  const { diagnostics, exitCode } = told;
  if (json) await io.stdout.write(jsonText({ schema_version: SCHEMA_VERSION, exit_code: exitCode, diagnostics }));
  await io.stderr.write(diagnosticsText(diagnostics, styleOf(io, io.stderr, noColor)));
  const config = given.get('config')?.at(-1);
  await tellGithub({ io, common: config === undefined ? {} : { config } }, command?.name ?? 'duebook', null, diagnostics);
  return exitCode;
}

async function tellBug(error: unknown, io: Io): Promise<number> {
  const debug = (io.env['DUEBOOK_DEBUG'] ?? '') !== '';
  const words = error instanceof Error ? error.message : String(error);
  await io.stderr.write(`duebook met a bug of its own: ${words.split('\n')[0]}\n`);
  if (debug && error instanceof Error) await io.stderr.write(`${error.stack}\n`);
  else await io.stderr.write('Please report it, with the command and the output of the same command under DUEBOOK_DEBUG=1.\n');
  return INTERNAL_ERROR;
}

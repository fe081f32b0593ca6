/** From words to a call. Everything that is wrong with them is said at once, with what was probably meant. */
import { parseArgs } from 'node:util';
import { didYouMean, nearest } from '../config/suggest.js';
import { DuebookError, problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { COMMON } from './command.js';
import type { Command, Option } from './command.js';

export interface Parsed {
  readonly command: Command | null;
  readonly args: readonly string[];
  readonly given: ReadonlyMap<string, readonly string[]>;
}

/** Reads the command line. Throws USAGE with all that is wrong. Without a command, `command` is null. */
export function parseCommandLine(argv: readonly string[], commands: readonly Command[]): Parsed {
  const at = commandIndex(argv, commands);
  if (at === -1) {
    const parsed = readOptions(argv, COMMON, 'duebook');
    return { command: null, args: [], given: parsed.given };
  }
  const word = argv[at]!;
  const command = commands.find(({ name }) => name === word);
  if (command === undefined) {
    // What follows an unknown option may be its value: then the option is what is wrong.
    const options = [...COMMON, ...commands.flatMap((each) => each.options)];
    const before = readOptions(argv.slice(0, at), options, 'duebook', true).wrong;
    if (before.length > 0) throw new DuebookError(before);
    const near = nearest(word, commands.map(({ name }) => name));
    throw new DuebookError([problem('USAGE', `there is no command "${word}"`, {
      hint: near === null ? 'see `duebook --help`' : `did you mean "${near}"? See \`duebook --help\``,
    })]);
  }
  const rest = [...argv.slice(0, at), ...argv.slice(at + 1)];
  const { positionals, given, wrong } = readOptions(rest, [...COMMON, ...command.options], `duebook ${command.name}`, true);
  // Who asks for help gets it, whatever else is wrong.
  if (!given.has('help') && !given.has('version')) {
    const found = [...wrong, ...argumentProblems(command, positionals, wrong.length > 0)];
    if (found.length > 0) throw new DuebookError(found);
  }
  return { command, args: positionals, given };
}

/** Where the command stands: the first word that is neither an option nor the value of one. */
function commandIndex(argv: readonly string[], commands: readonly Command[]): number {
  const all = [...COMMON, ...commands.flatMap(({ options }) => options)];
  const { tokens } = parseArgs({ args: [...argv], options: optionTypes(all), strict: false, allowPositionals: true, tokens: true });
  return tokens.find(({ kind }) => kind === 'positional')?.index ?? -1;
}

function optionTypes(options: readonly Option[]): Record<string, { type: 'string' | 'boolean'; multiple: true; short?: string }> {
  return Object.fromEntries(options.map(({ name, value }) => [name, {
    type: value === undefined ? 'boolean' : 'string', multiple: true, ...(name === 'help' ? { short: 'h' } : {}),
  }]));
}

interface Read { positionals: string[]; given: Map<string, string[]>; wrong: Diagnostic[] }

function readOptions(args: readonly string[], options: readonly Option[], page: string, collect = false): Read {
  const { tokens } = parseArgs({ args: [...args], options: optionTypes(options), strict: false, allowPositionals: true, tokens: true });
  const known = new Map(options.map((option) => [option.name, option]));
  const read: Read = { positionals: [], given: new Map(), wrong: [] };
  for (const token of tokens) {
    if (token.kind === 'positional') read.positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = known.get(token.name);
    const found = option === undefined
      ? unknownOption(token.rawName, options, page) : valueProblem(option, token.value, token.inlineValue, page);
    if (found !== null) read.wrong.push(found);
    else read.given.set(token.name, [...(read.given.get(token.name) ?? []), token.value ?? '']);
  }
  for (const [name, values] of read.given) {
    if (values.length > 1 && known.get(name)?.value !== undefined && known.get(name)?.many !== true) {
      read.wrong.push(problem('USAGE', `--${name} is given ${values.length} times`, { hint: `give it once; see \`${page} --help\`` }));
    }
  }
  if (!collect && read.wrong.length > 0) throw new DuebookError(read.wrong);
  return read;
}

function unknownOption(written: string, options: readonly Option[], page: string): Diagnostic {
  const near = nearest(written.replace(/^-+/, ''), options.map(({ name }) => name));
  const see = `see \`${page} --help\``;
  return problem('USAGE', `there is no option ${written}`, { hint: near === null ? see : `did you mean --${near}? Otherwise ${see}` });
}

function valueProblem(option: Option, value: string | undefined, inline: boolean | undefined, page: string): Diagnostic | null {
  const { name, choices } = option;
  if (option.value === undefined) {
    return value === undefined ? null : problem('USAGE', `--${name} takes no value`, { hint: `write --${name} alone` });
  }
  const missing = value === undefined || value === '' || (inline !== true && value.startsWith('--'));
  if (missing) return problem('USAGE', `--${name} needs a value`, { hint: `write --${name} ${option.value}; see \`${page} --help\`` });
  if (Array.isArray(choices) && !choices.includes(value)) {
    return problem('USAGE', `--${name} ${value} is not possible`, { hint: didYouMean(value, choices as readonly string[])! });
  }
  return null;
}

/** After an unknown option a word too many is probably its value, and not worth a line of its own. */
function argumentProblems(command: Command, args: readonly string[], unsure: boolean): Diagnostic[] {
  const see = `see \`duebook ${command.name} --help\``;
  const missing = command.args.filter((arg, i) => arg.required && args[i] === undefined);
  const found = missing.map((arg) => problem('USAGE', `${command.name} needs ${arg.name}: ${arg.summary}`, { hint: see }));
  if (args.length > command.args.length && !unsure) {
    const extra = args.slice(command.args.length).map((arg) => `"${arg}"`).join(', ');
    found.push(problem('USAGE', `${command.name} does not know what to do with ${extra}`, { hint: see }));
  }
  for (const [i, arg] of command.args.entries()) {
    const given = args[i];
    if (given === undefined || !Array.isArray(arg.choices) || arg.choices.includes(given)) continue;
    found.push(problem('USAGE', `${arg.name} ${given} is not possible`, { hint: didYouMean(given, arg.choices as readonly string[])! }));
  }
  return found;
}

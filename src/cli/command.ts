/** A command is a value: its words, its options, and the function it calls. Help, parsing and completion are made from it. */
import type { CommonOptions, World } from '../run/world.js';
import type { Io } from './io.js';

export interface Option {
  readonly name: string;
  /** What stands after it, "DATE"; absent: a switch. */
  readonly value?: string;
  readonly many?: boolean;
  readonly summary: string;
  /** Words it takes, or what kind of path, for checks and completion. */
  readonly choices?: readonly string[] | 'file' | 'folder';
}

export interface Argument {
  readonly name: string;
  readonly required: boolean;
  readonly summary: string;
  readonly choices?: readonly string[] | 'folder';
}

/** A call as understood. */
export interface Call {
  readonly io: Io;
  readonly world: World;
  readonly common: CommonOptions;
  readonly args: readonly string[];
  /** Options of the command by name: what was given, in order; switches give ['']. */
  readonly given: ReadonlyMap<string, readonly string[]>;
  readonly json: boolean;
  readonly no_color: boolean;
  readonly no_input: boolean;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly args: readonly Argument[];
  readonly options: readonly Option[];
  /** More than a line, for the page of the command. */
  readonly about?: string;
  readonly examples: readonly (readonly [line: string, says: string])[];
  /** Gives the exit code. */
  readonly run: (call: Call) => Promise<number>;
}

/** The last value of an option, or undefined. */
export function valueOf(call: Call, option: string): string | undefined {
  return call.given.get(option)?.at(-1);
}

/** An object with the option if it was given: `...optional('out', …)`. */
export function optional<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return (value === undefined ? {} : { [key]: value }) as Partial<Record<K, string>>;
}

export const COMMON: readonly Option[] = [
  { name: 'config', value: 'FILE', choices: 'file', summary: 'the configuration; otherwise billing.config.yaml here or in a folder above' },
  { name: 'as-of', value: 'INSTANT', summary: 'the time to work for, like 2026-05-01 or 2026-05-01T06:00; otherwise now' },
  { name: 'json', summary: 'give the result as JSON, as described in schemas/' },
  { name: 'no-color', summary: 'no colours' },
  { name: 'no-input', summary: 'never ask; a question is an error' },
  { name: 'memory-limit', value: 'SIZE', summary: 'memory for the database, like 2GB' },
  { name: 'threads', value: 'N', summary: 'threads for the database' },
  { name: 'help', summary: 'say what the command does, with examples' },
  { name: 'version', summary: 'say which version this is' },
];

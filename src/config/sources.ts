/**
 * The main file and what it includes, merged by key. Maps (customers, cycles …) are joined and a key in two files is an error that
 * shows both places; the list `bookings` grows; everything else may stand in one file only.
 */
import type { Diagnostic, Place } from '../values/diagnostic.js';
import { problem } from '../values/diagnostic.js';
import { LARGE } from './ahead.js';
import { substitute } from './env.js';
import type { Environment } from './env.js';
import type { ConfigFiles } from './files.js';
import { isProjectPath } from './formats.js';
import { positionsOf } from './positions.js';
import type { Path, Positions } from './positions.js';
import { readYaml } from './yaml.js';

type Tree = Readonly<Record<string, unknown>>;

/** One file as read. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly value: Tree;
  /** The value with the environment put in. */
  readonly filled: Tree;
  readonly positions: () => Positions;
}

/** The merged configuration as written, and the way back to its files. */
export interface Written {
  readonly value: Tree;
  /** The same with the environment put in. Messages quote `written` only: this may hold secrets. */
  readonly filled: Tree;
  readonly sources: readonly Source[];
  /** Place of a value, or of its nearest parent. */
  place(path: Path): Place;
  keyPlace(path: Path): Place;
  /** How a scalar is written in its file; null if it is not one. */
  written(path: Path): string | null;
}

const MAPS: ReadonlySet<string> = new Set([
  'taxes', 'products', 'cycles', 'partners', 'customers', 'agreements', 'indexes', 'repeat_bookings',
]);
const LISTS: ReadonlySet<string> = new Set(['bookings', 'exchange_rates']);
/** May stand in every file, for editors. */
const REPEATABLE: ReadonlySet<string> = new Set(['version']);

export function isMap(value: unknown): value is Tree {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/**
 * Reads and merges; problems are pushed to `found`. Null if a file could not be read or is no YAML, so that no more can be said.
 * Of much text `early` is given what is known, as soon as that says where bookings come from.
 */
export async function readSources(
  files: ConfigFiles, mainFile: string, env: Environment, found: Diagnostic[], early: (tree: Tree) => Promise<void>,
): Promise<Written | null> {
  const before = found.length;
  const text = await readFile(files, mainFile, null, found);
  if (text === null) {
    if (found.length === before) {
      found.push(problem('CONFIG_NOT_FOUND', `there is no ${mainFile}`, {
        at: { file: mainFile }, hint: 'name the file with --config, or start a project with `duebook init`',
      }));
    }
    return null;
  }
  const main = await asSource(mainFile, text, env, found);
  const sources = main === null ? [] : [main];
  let isWhole = main !== null;
  const others = main === null ? [] : await included(files, main, found);
  const texts = await Promise.all(others.map(({ file, at }) => readFile(files, file, at, found)));
  const isLarge = texts.reduce((sum, each) => sum + (each?.length ?? 0), text.length) > LARGE;
  const isEarly = isLarge && main !== null && text.length < LARGE && !texts.some((each) => each !== null && /^bookings\s*:/m.test(each));
  if (isEarly) await early(main.filled);
  for (const [index, { file }] of others.entries()) {
    const content = texts[index]!;
    const source = content === null ? null : await asSource(file, content, env, found);
    if (source === null) isWhole = false;
    else sources.push(source);
  }
  if (!isWhole) return null;
  for (const source of sources.slice(1)) {
    if (source.value['include'] === undefined) continue;
    found.push(problem('CONFIG_INCLUDE', 'an included file cannot include others', {
      at: source.positions().keyPlace(['include']), hint: `list the files in ${mainFile}`,
    }));
  }
  const written = merge(sources, found);
  if (isLarge && !isEarly) await early(written.filled);
  return written;
}

async function readFile(files: ConfigFiles, file: string, at: Place | null, found: Diagnostic[]): Promise<string | null> {
  try {
    const text = await files.read(file);
    return text?.startsWith('\uFEFF') === true ? text.slice(1) : text;
  } catch (error) {
    found.push(problem('CONFIG_UNREADABLE', `${file} cannot be read: ${(error as Error).message}`, {
      at: at ?? { file }, hint: 'save it as text in UTF-8, readable for this user',
    }));
    return null;
  }
}

async function asSource(file: string, text: string, env: Environment, found: Diagnostic[]): Promise<Source | null> {
  const { value, problems } = await readYaml(file, text);
  found.push(...problems);
  if (problems.length > 0) return null;
  if (value !== null && !isMap(value)) {
    found.push(problem('CONFIG_VALUE', 'the file must be a map of keys', {
      at: { file, line: 1, column: 1 }, hint: 'begin with `version: 1`',
    }));
    return null;
  }
  let known: Positions | undefined;
  const positions = (): Positions => (known ??= positionsOf(file, text));
  // A reference can be hidden in escapes of a quoted text.
  const mayRefer = text.includes('${') || text.includes('\\');
  return { file, text, value: value ?? {}, filled: mayRefer ? substitute(value ?? {}, positions, env, found) : value ?? {}, positions };
}

/** The files that the main file includes, each once, in the order of the patterns and sorted within them. */
async function included(files: ConfigFiles, main: Source, found: Diagnostic[]): Promise<{ file: string; at: Place }[]> {
  const patterns = main.value['include'];
  if (!Array.isArray(patterns)) return [];
  const seen = new Set([main.file]);
  const result: { file: string; at: Place }[] = [];
  for (const [index, pattern] of patterns.entries()) {
    if (typeof pattern !== 'string') continue; // the shape will say so
    const at = main.positions().place(['include', index]);
    if (!isProjectPath(pattern)) {
      found.push(problem('CONFIG_INCLUDE', `"${pattern}" is not inside of the project`, {
        at, hint: 'use a relative path with forward slashes, without ".."',
      }));
      continue;
    }
    const matches = await files.glob(pattern);
    found.push(...matches.refused.map(({ path, why }) => problem('CONFIG_INCLUDE', `${path} ${why}`, {
      at, hint: 'put the file itself into the project, readable for this user, or change the pattern so that it does not match',
    })));
    if (matches.files.length + matches.refused.length === 0) {
      found.push(problem('CONFIG_INCLUDE', `no file matches "${pattern}"`, { at, hint: 'correct the pattern or remove it' }));
    }
    for (const file of matches.files) {
      if (seen.has(file)) continue;
      seen.add(file);
      result.push({ file, at });
    }
  }
  return result;
}

function merge(sources: readonly Source[], found: Diagnostic[]): Written {
  const twins = (path: readonly string[], source: Source): void => void found.push(twice(path, source, sources));
  const value = mergeTrees(sources, (source) => source.value, twins);
  const isFilled = sources.some((source) => source.filled !== source.value);
  const filled = isFilled ? mergeTrees(sources, (source) => source.filled, () => undefined) : value;
  return { value, filled, sources, ...placesIn(sources) };
}

function mergeTrees(
  sources: readonly Source[], treeOf: (source: Source) => Tree, twins: (path: readonly string[], source: Source) => void,
): Tree {
  const merged: Record<string, unknown> = {};
  // The keys of parts that are copies, to which others may be added.
  const copied = new Set<string>();
  for (const source of sources) {
    for (const [key, part] of Object.entries(treeOf(source))) {
      const there = merged[key];
      if (!Object.hasOwn(merged, key)) {
        merged[key] = part;
      } else if (MAPS.has(key) && isMap(there) && isMap(part)) {
        const joined: Record<string, unknown> = copied.has(key) ? there : { ...there };
        for (const [id, each] of Object.entries(part)) {
          if (Object.hasOwn(joined, id)) twins([key, id], source);
          else joined[id] = each;
        }
        merged[key] = joined;
        copied.add(key);
      } else if (LISTS.has(key) && Array.isArray(there) && Array.isArray(part)) {
        merged[key] = [...there as unknown[], ...part as unknown[]];
      } else if (!REPEATABLE.has(key) && key !== 'include') {
        twins([key], source);
      }
    }
  }
  return merged;
}

function twice(path: readonly string[], source: Source, sources: readonly Source[]): Diagnostic {
  const first = sources.find((each) => holds(each.value, path))!;
  return problem('CONFIG_DUPLICATE_KEY', `${path.join('.')} is defined twice`, {
    at: source.positions().keyPlace(path), also: first.positions().keyPlace(path), hint: 'keep one of them',
  });
}

function holds(value: Tree, path: Path): boolean {
  const [key, id] = path;
  if (!Object.hasOwn(value, key!)) return false;
  const part = value[key!];
  return id === undefined || (isMap(part) && Object.hasOwn(part, id));
}

function placesIn(sources: readonly Source[]): Pick<Written, 'place' | 'keyPlace' | 'written'> {
  const locate = (path: Path): { source: Source; path: Path } => {
    const [key, second] = path;
    if (typeof key === 'string' && LISTS.has(key) && typeof second === 'number') {
      let index = second;
      for (const source of sources) {
        const length = Array.isArray(source.value[key]) ? (source.value[key] as unknown[]).length : 0;
        if (index < length) return { source, path: [key, index, ...path.slice(2)] };
        index -= length;
      }
    }
    const isInMap = typeof key === 'string' && MAPS.has(key) && second !== undefined;
    const source = (isInMap ? sources.find((each) => holds(each.value, [key, second])) : undefined)
      ?? sources.find((each) => key !== undefined && Object.hasOwn(each.value, key)) ?? sources[0]!;
    return { source, path };
  };
  const ask = <T>(path: Path, what: (positions: Positions, path: Path) => T): T => {
    const found = locate(path);
    return what(found.source.positions(), found.path);
  };
  return {
    place: (path) => ask(path, (positions, p) => positions.place(p)),
    keyPlace: (path) => ask(path, (positions, p) => positions.keyPlace(p)),
    written: (path) => ask(path, (positions, p) => positions.written(p)),
  };
}

/**
 * File patterns: `*` and `?` within a name, `**` for any depth of folders, `{a,b}` for choices. The result is sorted and never
 * leaves the root, neither by `..` nor through a link. `*` does not match a leading dot. What matches and cannot be read is told, and not
 * left out in silence.
 */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** More alternatives than this are a mistake, not a pattern. */
const MAX_ALTERNATIVES = 1000;

/** What a pattern matches; relative paths with forward slashes, sorted. */
export interface Matches {
  readonly files: readonly string[];
  /** What matches, or leads to what would, and is not read: its path and why, as the rest of a sentence. */
  readonly refused: readonly { readonly path: string; readonly why: string }[];
}

/** Files under `root` that match. Nothing for a pattern that leaves the root. */
export async function glob(root: string, pattern: string): Promise<Matches> {
  const base = await realpath(root).catch(() => null);
  if (base === null) return { files: [], refused: [] };
  const links: { path: string; behind: string[] }[] = [];
  const to = { base, found: new Set<string>(), refused: new Map<string, string>(), links, left: Infinity };
  for (const each of braces(pattern)) {
    const segments = each.split('/').filter((segment) => segment !== '' && segment !== '.');
    if (each.startsWith('/') || /^[A-Za-z]:/.test(each) || each.includes('\\') || each.includes('\0')) continue;
    if (segments.length === 0 || segments.includes('..')) continue;
    await walk(to, '', segments);
  }
  const files = [...to.found].sort();
  const known = new Set(files.map((file) => join(base, file)));
  for (const { path, behind } of links) if (behind.some((file) => !known.has(file))) to.refused.set(path, NOT_FOLLOWED);
  return { files, refused: [...to.refused].map(([path, why]) => ({ path, why })).sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

interface Walk {
  readonly base: string;
  readonly found: Set<string>;
  readonly refused: Map<string, string>;
  /** Links to folders that `**` did not follow, with the files that would match there; null: behind such a link none is looked at. */
  readonly links: { readonly path: string; readonly behind: readonly string[] }[] | null;
  /** How many names may still be looked at. */
  left: number;
}

const LEADS_OUT = 'is a link that leads out of the project';
const NOT_FOLLOWED = 'is a link to a folder with files that match, and ** follows no links';
/** Behind a link so many names are looked at, and no more: it may lead to a whole disk. What lies further counts as a match. */
const MOST_BEHIND = 20_000;

async function walk(to: Walk, folder: string, segments: readonly string[]): Promise<void> {
  const [segment, ...rest] = segments as [string, ...string[]];
  if (segment === '**') {
    if (rest.length === 0) return walk(to, folder, ['**', '*']);
    await walk(to, folder, rest);
    for (const name of await names(to, folder)) if (!name.startsWith('.')) await walkBelow(to, path(folder, name), segments);
    return;
  }
  const is_open = /[*?]/.test(segment);
  const matching = is_open ? (await names(to, folder)).filter((name) => segmentMatches(segment, name)) : [segment];
  for (const name of matching) {
    const next = path(folder, name);
    const found = await lookAt(to, next, rest.length === 0 || !is_open);
    if (found === null || found.is_folder !== rest.length > 0) continue;
    if (!isInside(to.base, found.target)) {
      if (rest.length === 0 || (await matchesIn(found.target, rest)).length > 0) to.refused.set(next, LEADS_OUT);
    } else if (rest.length === 0) to.found.add(next);
    else await walk(to, next, rest);
  }
}

function path(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

async function names(to: Walk, folder: string): Promise<string[]> {
  if (to.left < 0) return [];
  try {
    const found = await readdir(join(to.base, folder));
    to.left -= found.length;
    if (to.left < 0) to.refused.set(folder, 'has too many files');
    return to.left < 0 ? [] : found.sort();
  } catch (error) {
    if (!isAbsence(error)) to.refused.set(folder, cannotBeRead(error));
    return [];
  }
}

/** `**` does not follow links: a link to a folder above would never end. Whether something is behind one is looked at once. */
async function walkBelow(to: Walk, relative: string, segments: readonly string[]): Promise<void> {
  const found = await lstat(join(to.base, relative)).catch(() => null);
  if (found?.isDirectory() === true) return walk(to, relative, segments);
  const linked = to.links !== null && found?.isSymbolicLink() === true ? await realpath(join(to.base, relative)).catch(() => null) : null;
  if (linked === null || !(await stat(linked)).isDirectory()) return;
  to.links?.push({ path: relative, behind: await matchesIn(linked, segments) });
}

/** Absolute paths of what would match in another folder; of what cannot be read there, too. */
async function matchesIn(base: string, segments: readonly string[]): Promise<string[]> {
  const there = { base, found: new Set<string>(), refused: new Map<string, string>(), links: null, left: MOST_BEHIND };
  await walk(there, '', segments);
  return [...there.found, ...there.refused.keys()].map((each) => join(base, each));
}

/**
 * What is there, links followed; null for nothing, for what is neither file nor folder, and for what is refused. `is_meant`: it is what
 * the pattern is for, and no name that came up on the way.
 */
async function lookAt(to: Walk, relative: string, is_meant: boolean): Promise<{ target: string; is_folder: boolean } | null> {
  const whole = join(to.base, relative);
  try {
    const target = await realpath(whole);
    const found = await stat(target);
    return found.isFile() || found.isDirectory() ? { target, is_folder: found.isDirectory() } : null;
  } catch (error) {
    if (!isAbsence(error)) to.refused.set(relative, cannotBeRead(error));
    else if (is_meant && await lstat(whole).catch(() => null) !== null) to.refused.set(relative, 'is a link to what is not there');
    return null;
  }
}

/** Nothing of that name, or a file where a folder would be. */
function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function cannotBeRead(error: unknown): string {
  return `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
}

/** Whether the absolute real path `target` is `base` or below it. */
export function isInside(base: string, target: string): boolean {
  return target === base || target.startsWith(base.endsWith(sep) ? base : base + sep);
}

/** Whether one name matches one segment of a pattern. */
function segmentMatches(segment: string, name: string): boolean {
  if (name.startsWith('.') && !segment.startsWith('.')) return false;
  const source = segment.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '[^/]*').replaceAll('?', '[^/]');
  return new RegExp(`^${source}$`, 'u').test(name);
}

/** `a{b,c{d,e}}` becomes `ab`, `acd`, `ace`; a brace without a comma or an end stands for itself. */
export function braces(pattern: string): string[] {
  let done: string[] = [];
  let open = [pattern];
  while (open.length > 0 && done.length + open.length <= MAX_ALTERNATIVES) {
    const next: string[] = [];
    for (const each of open) {
      const parts = firstChoice(each);
      if (parts === null) done = [...done, each];
      else next.push(...parts);
    }
    open = next;
  }
  return done;
}

function firstChoice(pattern: string): string[] | null {
  for (let start = pattern.indexOf('{'); start >= 0; start = pattern.indexOf('{', start + 1)) {
    let depth = 0;
    const commas: number[] = [];
    for (let i = start; i < pattern.length; i += 1) {
      if (pattern[i] === '{') depth += 1;
      else if (pattern[i] === '}') depth -= 1;
      else if (pattern[i] === ',' && depth === 1) commas.push(i);
      if (depth > 0) continue;
      if (commas.length === 0) break;
      const cuts = [start, ...commas, i];
      return cuts.slice(1).map((cut, n) => pattern.slice(0, start) + pattern.slice(cuts[n]! + 1, cut) + pattern.slice(i + 1));
    }
  }
  return null;
}

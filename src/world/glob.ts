/**
 * File patterns: `*` and `?` within a name, `**` for any depth of folders, `{a,b}` for choices. The result is sorted and never
 * leaves the root, neither by `..` nor through a link. `*` does not match a leading dot.
 */
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';

/** More alternatives than this are a mistake, not a pattern. */
const MAX_ALTERNATIVES = 1000;

/** Files under `root` that match: relative paths with forward slashes, sorted. Nothing for a pattern that leaves the root. */
export async function glob(root: string, pattern: string): Promise<string[]> {
  const found = new Set<string>();
  const base = await realpath(root).catch(() => null);
  if (base === null) return [];
  for (const each of braces(pattern)) {
    const segments = each.split('/').filter((segment) => segment !== '' && segment !== '.');
    if (each.startsWith('/') || /^[A-Za-z]:/.test(each) || each.includes('\\') || each.includes('\0')) continue;
    if (segments.length === 0 || segments.includes('..')) continue;
    await walk({ base, found }, '', segments);
  }
  return [...found].sort();
}

interface Walk {
  readonly base: string;
  readonly found: Set<string>;
}

async function walk(to: Walk, folder: string, segments: readonly string[]): Promise<void> {
  const [segment, ...rest] = segments as [string, ...string[]];
  if (segment === '**') {
    if (rest.length === 0) return walk(to, folder, ['**', '*']);
    await walk(to, folder, rest);
    for (const name of await names(to, folder)) {
      if (!name.startsWith('.') && await isPlainFolder(to, path(folder, name))) await walk(to, path(folder, name), segments);
    }
    return;
  }
  const matching = /[*?]/.test(segment)
    ? (await names(to, folder)).filter((name) => segmentMatches(segment, name))
    : [segment];
  for (const name of matching) {
    const next = path(folder, name);
    const kind = await kindInside(to, next);
    if (rest.length === 0 && kind === 'file') to.found.add(next);
    if (rest.length > 0 && kind === 'folder') await walk(to, next, rest);
  }
}

function path(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

async function names(to: Walk, folder: string): Promise<string[]> {
  return (await readdir(join(to.base, folder)).catch(() => [])).sort();
}

/** `**` does not follow links: a link to a folder above would never end. */
async function isPlainFolder(to: Walk, relative: string): Promise<boolean> {
  return (await lstat(join(to.base, relative)).catch(() => null))?.isDirectory() ?? false;
}

async function kindInside(to: Walk, relative: string): Promise<'file' | 'folder' | null> {
  const target = await realpath(join(to.base, relative)).catch(() => null);
  if (target === null || !isInside(to.base, target)) return null;
  const found = await stat(target).catch(() => null);
  if (found === null) return null;
  return found.isFile() ? 'file' : found.isDirectory() ? 'folder' : null;
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

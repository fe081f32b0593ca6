/** `duebook init`: a small project that runs at once. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { DuebookError, fail, problem } from '../values/diagnostic.js';
import { SCHEMA_VERSION } from './results.js';
import type { InitResult } from './results.js';
import type { World } from './world.js';

/** The starter project in the package; a name without the dot, because packing drops some dot files. */
const STARTER = join('templates', 'init');
const DOTTED: Readonly<Record<string, string>> = { gitignore: '.gitignore', github: '.github' };
/** The workflow the repository itself keeps as its example; where it is packed along, it is the newest. */
const WORKFLOW = join('.github', 'workflows', 'billing.example.yml');

/** For the editor; named in the first line of the configuration. */
const SCHEMA = 'schemas/billing.config.schema.json';

/** Copies the starter project into a folder. Throws USAGE listing every file that is in the way, unless `force`. */
export async function init(world: World, options: { readonly dir: string; readonly force?: boolean }): Promise<InitResult> {
  const folder = resolve(world.cwd, options.dir);
  const starter = join(world.package_root, STARTER);
  const copies = [{ from: join(world.package_root, SCHEMA), file: SCHEMA }];
  for (const from of await filesBelow(starter)) {
    const file = from.split('/').map((part) => DOTTED[part] ?? part).join('/');
    const newest = join(world.package_root, WORKFLOW);
    copies.push({ from: file === '.github/workflows/billing.yml' && existsSync(newest) ? newest : join(starter, from), file });
  }
  copies.sort((a, b) => (a.file < b.file ? -1 : 1));
  const inTheWay = copies.filter(({ file }) => existsSync(join(folder, file)));
  if (inTheWay.length > 0 && options.force !== true) {
    throw new DuebookError(inTheWay.map(({ file }) => problem('USAGE', `${file} is already there`, {
      at: { file }, hint: 'name another folder, or overwrite with --force',
    })));
  }
  try {
    for (const { from, file } of copies) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      // The version is written down: a job that runs tomorrow runs what was tried today.
      const text = await readFile(from, 'utf8');
      const version = /(duebook@|DUEBOOK_VERSION: )(DUEBOOK_VERSION|[\d.]+)/g;
      await writeFile(join(folder, file), text.replace(version, `$1${world.tool_version}`));
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'no';
    fail('USAGE', `${options.dir} cannot be written: the system says ${reason}`, { hint: 'name another folder' });
  }
  return { schema_version: SCHEMA_VERSION, folder: options.dir, files: copies.map(({ file }) => file) };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return files.map((file) => file.split(sep).join('/')).sort();
}

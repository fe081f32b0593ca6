/** Templates for tests: the built-in ones, with files laid over them as a project does. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileTemplates } from '../../src/documents/templates.js';
import type { Templates } from '../../src/documents/templates.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import { loadTemplateSources } from '../../src/world/template-files.js';

export const REPOSITORY = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const BUILT_IN = join(REPOSITORY, 'templates');

/** Files of a template folder by name. */
export type Files = Readonly<Record<string, string>>;

/** A folder with these files, for the time of `work`. */
export async function inFolder<T>(files: Files, work: (root: string) => Promise<T>): Promise<T> {
  const root = await mkdtemp(join(tmpdir(), 'duebook-templates-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), text);
    }
    return await work(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

/** Compiles the built-in templates with the files of a project folder `own` over them. */
export function compiled(own: Files = {}, options: { readonly mail?: boolean } = {}): Promise<Templates> {
  const files = Object.fromEntries(Object.entries(own).map(([name, text]) => [`own/${name}`, text]));
  return inFolder(files, async (root) => compileTemplates(await loadTemplateSources(root, BUILT_IN, Object.keys(own).length === 0 ? null : 'own'), options));
}

/** What is wrong with these files, as `file:line message`; empty if nothing. */
export async function wrong(own: Files, options: { readonly mail?: boolean } = {}): Promise<string[]> {
  try {
    await compiled(own, options);
    return [];
  } catch (error) {
    if (!(error instanceof DuebookError)) throw error;
    return error.diagnostics.map((d) => {
      if (d.code !== 'CONFIG_TEMPLATE') throw error;
      return `${d.at?.file ?? '?'}:${d.at?.line ?? '-'} ${d.message}`;
    });
  }
}

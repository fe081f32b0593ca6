/** Finds the template files: a partner's own, else the project's, else the built-in ones, file by file. */
import { readFile, readdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { DuebookError, fail, problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';

/** The text of one template and what to call its file in messages. */
export interface TemplateFile {
  readonly file: string;
  readonly text: string;
}

/** All templates of one brand. */
export interface TemplateSources {
  readonly mail_mjml: TemplateFile;
  readonly mail_subject: TemplateFile;
  readonly mail_text: TemplateFile;
  readonly invoice_html: TemplateFile;
  readonly batch_html: TemplateFile;
  readonly notice_mjml: TemplateFile;
  readonly notice_text: TemplateFile;
  /** From the most general to the most special; the keys of the later ones win. */
  readonly theme: readonly TemplateFile[];
}

const FILES = {
  mail_mjml: 'mail.mjml', mail_subject: 'mail.subject.hbs', mail_text: 'mail.text.hbs',
  invoice_html: 'invoice.html.hbs', batch_html: 'batch.html.hbs',
  notice_mjml: 'notice.mjml', notice_text: 'notice.text.hbs',
} as const;
const THEME = 'theme.json';
const PDF = 'invoice.typ';
/** No template is that long; a file that is was named by mistake. */
const MAX_BYTES = 1_000_000;

/**
 * Reads the templates. `folders` are relative to `root`, the most special first (a partner's folder, then the project's); null
 * is skipped. What none of them has comes from `builtinDir`. Throws CONFIG_TEMPLATE for a folder that is missing or leaves the project.
 */
export async function loadTemplateSources(
  root: string, builtinDir: string, folders: string | null | readonly (string | null)[],
): Promise<TemplateSources> {
  const places = await foldersOf(root, builtinDir, folders);
  const first = async (name: string): Promise<TemplateFile> => {
    for (const place of places) {
      const file = await readOne(place, name);
      if (file !== null) return file;
    }
    throw new Error(`the built-in template ${name} is missing: the installation is damaged`);
  };
  const theme: TemplateFile[] = [];
  for (const place of [...places].reverse()) {
    const file = await readOne(place, THEME);
    if (file !== null) theme.push(file);
  }
  return {
    mail_mjml: await first(FILES.mail_mjml), mail_subject: await first(FILES.mail_subject), mail_text: await first(FILES.mail_text),
    invoice_html: await first(FILES.invoice_html), batch_html: await first(FILES.batch_html),
    notice_mjml: await first(FILES.notice_mjml), notice_text: await first(FILES.notice_text), theme,
  };
}

interface Folder {
  readonly dir: string;
  /** Where its files may lie, links resolved: the project; null for the built-in ones. */
  readonly within: string | null;
  readonly shown: string;
}

/** Where templates are looked for, the most special first, the built-in ones last. */
async function foldersOf(root: string, builtinDir: string, folders: string | null | readonly (string | null)[]): Promise<Folder[]> {
  const found: Diagnostic[] = [];
  const places: Folder[] = [];
  for (const folder of typeof folders === 'string' || folders === null ? [folders] : folders) {
    if (folder === null) continue;
    const dir = await inside(root, folder);
    if (dir === null) {
      found.push(problem('CONFIG_TEMPLATE', `the template folder "${folder}" does not exist inside the project`, {
        at: { file: folder }, hint: 'create it, or correct the path; it is relative to the folder of the main config file',
      }));
    } else places.push({ dir, within: root, shown: folder.replace(/\/+$/, '') });
  }
  if (found.length > 0) throw new DuebookError(found);
  return [...places, { dir: builtinDir, within: null, shown: 'built-in' }];
}

/** What the PDF is printed with; see `pdf.ts`. */
export interface PdfSources {
  readonly template: TemplateFile;
  /** All TTF and OTF files in the `fonts` folders beside the templates, in the order of folders and names. */
  readonly fonts: readonly Buffer[];
}

/** Finds `invoice.typ` and its fonts like {@link loadTemplateSources} the other templates. Throws CONFIG_TEMPLATE. */
export async function loadPdfSources(
  root: string, builtinDir: string, folders: string | null | readonly (string | null)[],
): Promise<PdfSources> {
  const places = await foldersOf(root, builtinDir, folders);
  let template: TemplateFile | null = null;
  const fonts: Buffer[] = [];
  for (const place of places) {
    template ??= await readOne(place, PDF);
    const folder = join(place.dir, 'fonts');
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((each) => /\.(ttf|otf)$/i.test(each)).sort()) fonts.push(await readFile(join(folder, name)));
  }
  if (template === null) throw new Error(`the built-in template ${PDF} is missing: the installation is damaged`);
  return { template, fonts };
}

/** The real folder, or null if it is missing or, links resolved, outside of `root`. */
async function inside(root: string, path: string): Promise<string | null> {
  if (isAbsolute(path) || path.includes('\0')) return null;
  try {
    const [base, real] = await Promise.all([realpath(root), realpath(join(root, path))]);
    return isBelow(base, real) ? real : null;
  } catch {
    return null;
  }
}

function isBelow(base: string, real: string): boolean {
  const way = relative(base, real);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function readOne({ dir, within, shown }: Folder, name: string): Promise<TemplateFile | null> {
  const file = `${shown}/${name}`;
  let bytes: Buffer;
  try {
    const real = await realpath(join(dir, name));
    if (within !== null && !isBelow(await realpath(within), real)) throw new Error('a link out of the project');
    bytes = await readFile(join(dir, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    return fail('CONFIG_TEMPLATE', `the template ${file} cannot be read`, {
      at: { file }, hint: 'it has to be a file in the project that this user may read',
    });
  }
  const text = bytes.toString('utf8').replace(/^\ufeff/, '');
  if (bytes.length > MAX_BYTES || text.includes('\0') || text.includes('\ufffd')) {
    return fail('CONFIG_TEMPLATE', `the template ${file} is not a text file in UTF-8 of at most 1 MB`, { at: { file } });
  }
  return { file, text: text.replace(/\r\n?/g, '\n') };
}

/**
 * Reads the issuer's logo as a `data:` URI, so that a page needs no second file. `path` is relative to `root`; null gives null.
 * The kind is told by the first bytes, not by the name: PNG, JPEG or SVG. Throws CONFIG_TEMPLATE.
 */
export async function loadLogo(root: string, path: string | null): Promise<string | null> {
  if (path === null) return null;
  const at = { file: path };
  const real = await inside(root, path);
  if (real === null) return fail('CONFIG_TEMPLATE', `the logo "${path}" does not exist inside the project`, { at });
  const bytes = await readFile(real).catch(() => fail('CONFIG_TEMPLATE', `the logo "${path}" cannot be read`, { at }));
  const kind = imageKind(bytes);
  if (kind === null || bytes.length > MAX_BYTES) {
    return fail('CONFIG_TEMPLATE', `the logo "${path}" is not a PNG, JPEG or SVG image of at most 1 MB`, { at });
  }
  return `data:${kind};base64,${bytes.toString('base64')}`;
}

function imageKind(bytes: Buffer): string | null {
  if (bytes.subarray(0, 8).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))) return 'image/png';
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  const head = bytes.subarray(0, 2000).toString('utf8').replace(/<\?xml[^>]*>|<!--[\s\S]*?-->|<!DOCTYPE svg[^>]*>/gi, '').trim();
  return /^<svg[\s>]/i.test(head) ? 'image/svg+xml' : null;
}

/** Which template file is taken, and which never. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DuebookError } from '../../src/values/diagnostic.js';
import { loadLogo, loadPdfSources, loadTemplateSources } from '../../src/world/template-files.js';

let base: string;
let root: string;
let builtin: string;

async function put(path: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(join(base, path)), { recursive: true });
  await writeFile(join(base, path), content);
}

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'duebook-files-'));
  root = join(base, 'project');
  builtin = join(base, 'builtin');
  for (const name of ['mail.mjml', 'mail.subject.hbs', 'mail.text.hbs', 'invoice.html.hbs', 'batch.html.hbs', 'notice.mjml', 'notice.text.hbs', 'invoice.typ']) await put(`builtin/${name}`, `built-in ${name}`);
  await put('builtin/theme.json', '{}');
  await mkdir(root);
});
afterEach(async () => { await rm(base, { recursive: true, force: true }); });

const refused = async (work: Promise<unknown>): Promise<string> => {
  const error = await work.then(() => null, (thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(DuebookError);
  const [found] = (error as DuebookError).diagnostics;
  expect(found!.code).toBe('CONFIG_TEMPLATE');
  return `${found!.at!.file}: ${found!.message}`;
};

describe('templates', () => {
  it('come file by file from the partner, the project, or the program', async () => {
    await put('project/templates/mail.mjml', '\ufeffcommon\r\nmail');
    await put('project/templates/mail.text.hbs', 'common text');
    await put('project/templates/theme.json', '{"accent":"#000000"}');
    await put('project/templates/south/mail.text.hbs', 'south text');
    await put('project/templates/south/theme.json', '{"accent":"#111111"}');
    const found = await loadTemplateSources(root, builtin, ['templates/south/', null, 'templates']);
    expect([found.mail_mjml, found.mail_text, found.mail_subject]).toEqual([
      { file: 'templates/mail.mjml', text: 'common\nmail' }, { file: 'templates/south/mail.text.hbs', text: 'south text' },
      { file: 'built-in/mail.subject.hbs', text: 'built-in mail.subject.hbs' },
    ]);
    expect(found.theme.map((f) => f.file)).toEqual(['built-in/theme.json', 'templates/theme.json', 'templates/south/theme.json']);
    expect((await loadTemplateSources(root, builtin, null)).mail_text.text).toBe('built-in mail.text.hbs');
    expect((await loadTemplateSources(root, builtin, 'templates')).mail_text.text).toBe('common text');
  });

  it.each(['../builtin', '/etc', 'missing', 'a\0b', 'out'])('never come from %j', async (folder) => {
    await symlink(builtin, join(root, 'out'));
    expect(await refused(loadTemplateSources(root, builtin, folder))).toBe(`${folder}: the template folder "${folder}" does not exist inside the project`);
  });

  it('are not links out of the project', async () => {
    await put('secret', 'password');
    await mkdir(join(root, 'own'));
    await symlink(join(base, 'secret'), join(root, 'own', 'mail.text.hbs'));
    expect(await refused(loadTemplateSources(root, builtin, 'own'))).toBe('own/mail.text.hbs: the template own/mail.text.hbs cannot be read');
  });

  it.each<[string, string | Buffer]>([['bytes that are no UTF-8', Buffer.from([0x47, 0xfc])], ['a NUL', 'a\0b'], ['more than 1 MB', 'x'.repeat(1_000_001)]])('are not %s', async (_what, content) => {
    await put('project/own/mail.text.hbs', content);
    expect(await refused(loadTemplateSources(root, builtin, 'own'))).toContain('is not a text file in UTF-8 of at most 1 MB');
  });

  it('are not folders', async () => {
    await mkdir(join(root, 'own', 'mail.text.hbs'), { recursive: true });
    expect(await refused(loadTemplateSources(root, builtin, 'own'))).toContain('cannot be read');
  });

  it('bring fonts for the PDF, in the order of folders and names', async () => {
    await put('project/own/fonts/b.ttf', 'B');
    await put('project/own/fonts/a.OTF', 'A');
    await put('project/own/fonts/readme.txt', 'no');
    const { template, fonts } = await loadPdfSources(root, builtin, 'own');
    expect([template.file, ...fonts.map(String)]).toEqual(['built-in/invoice.typ', 'A', 'B']);
  });
});

describe('a logo', () => {
  it.each<[string, Buffer]>([
    ['image/png', Buffer.from('89504e470d0a1a0a00', 'hex')], ['image/jpeg', Buffer.from('ffd8ffe000', 'hex')],
    ['image/svg+xml', Buffer.from('<?xml version="1.0"?>\n<!-- made by hand -->\n<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ])('is told by its bytes: %s', async (type, bytes) => {
    await put('project/logo', bytes);
    expect(await loadLogo(root, 'logo')).toBe(`data:${type};base64,${bytes.toString('base64')}`);
  });

  it('may be absent, and is nothing but an image in the project', async () => {
    await put('project/logo.png', '<html>');
    await put('secret', 'x');
    expect(await loadLogo(root, null)).toBeNull();
    expect(await refused(loadLogo(root, 'logo.png'))).toContain('is not a PNG, JPEG or SVG');
    expect(await refused(loadLogo(root, '../secret'))).toContain('does not exist inside the project');
    expect(await refused(loadLogo(root, 'none.png'))).toContain('does not exist inside the project');
  });
});

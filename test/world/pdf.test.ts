/** The printer and its processes: what a template may not do, what goes wrong and how it is told, and that nothing hangs. */
import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { openPdfPrinter } from '../../src/world/pdf.js';
import { loadPdfSources } from '../../src/world/template-files.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import type { Diagnostic } from '../../src/values/diagnostic.js';
import type { PdfPrinterOptions } from '../../src/world/pdf.js';

const HEAD = '#set document(title: "T", date: datetime(year: 2026, month: 5, day: 1))\n#let data = json("/data.json")\n';

async function printOnce(template: string, more: Partial<PdfPrinterOptions> = {}, data: object = { name: 'Ada' }): Promise<Buffer> {
  const printer = openPdfPrinter({ template: HEAD + template, file: 'templates/invoice.typ', ...more });
  try {
    return await printer.print(data);
  } finally {
    await printer.close();
  }
}

async function found(act: () => unknown): Promise<readonly Diagnostic[]> {
  try {
    await act();
  } catch (error) {
    if (error instanceof DuebookError) return error.diagnostics;
    throw error;
  }
  throw new Error('nothing was thrown');
}

async function told(template: string, more: Partial<PdfPrinterOptions> = {}, data?: object): Promise<string> {
  const diagnostics = await found(() => printOnce(template, more, data));
  expect(diagnostics.every((d) => d.code === 'CONFIG_TEMPLATE' && d.at?.file === 'templates/invoice.typ')).toBe(true);
  return diagnostics.map((d) => `${d.at?.line ?? ''}:${d.at?.column ?? ''} ${d.message}`).join('\n');
}

describe('a template', () => {
  it('is printed', async () => {
    expect((await printOnce('Hello #data.name')).subarray(0, 5).toString()).toBe('%PDF-');
  });

  it.each([
    ['a syntax error', '#let x = (', '3:10 the PDF cannot be made: unclosed delimiter'],
    ['a missing name', 'Hello\n#data.nobody', '4:7 the PDF cannot be made: dictionary does not contain key "nobody"'],
    ['an unknown font', '#set text(font: "Comic Sans MS")\nHello', '3:17 the PDF cannot be made: unknown font family: comic sans ms'],
    ['a font of the system', '#set text(font: "DejaVu Sans")\nHello', '3:17 the PDF cannot be made: unknown font family: dejavu sans'],
  ])('with %s is told with its place', async (_, template, expected) => {
    expect(await told(template)).toBe(expected);
  });

  it('cannot read files, whether it says so or hides it', async () => {
    expect(await told('#read("/etc/passwd")')).toMatch(/3:2 the template reads a file/);
    expect(await told('#let way = "/etc/passwd"\n#read(way)')).toMatch(/file not found \(searched at \/etc\/passwd\)/);
    expect(await told('#let way = "../../../../etc/passwd"\n#read(way)')).toMatch(/access denied/);
  });

  it('may not import, ask for the date, or load plugins; all is told at once, comments are free', async () => {
    const diagnostics = await found(() => openPdfPrinter({
      template: '// import "@preview/a:1.0.0" and datetime.today()\n#import "@preview/tablex:0.0.9": *\n\n  #datetime.today()\n#include "other.typ"\n#plugin("x.wasm")\n'
        + '#set document(date: auto)\nhttps://example.com #image("/etc/logo.png")',
    }));
    expect(diagnostics.map((d) => `${d.at?.line}:${d.at?.column} ${d.message.split(/[:(]/)[0]}`)).toEqual([
      '2:2 a package is imported', '4:12 the template asks for today\'s date', '5:2 another file is imported', '6:2 the template loads a plugin',
      '7:15 the date of the document is "auto"', '8:22 the template reads a file',
    ]);
  });

  it('that hides its import does not reach the network', async () => {
    const start = performance.now();
    expect(await told('#let name = "@preview/" + "tablex:0.0.9"\n#import name: *')).toMatch(/download/);
    expect(performance.now() - start).toBeLessThan(10_000);
  });

  it('that never ends is stopped, and the next document is printed', async () => {
    const printer = openPdfPrinter({ template: `${HEAD}#if data.loop { for i in range(100000) { for j in range(100000) { let x = i * j } } }\nHello`, timeout_ms: 3_000 });
    try {
      const [bad, good] = [printer.print({ loop: true }), printer.print({ loop: false })];
      expect((await found(() => bad))[0]!.message).toBe('the PDF was not ready after 3 s: the template was stopped');
      expect((await good).length).toBeGreaterThan(1000);
    } finally {
      await printer.close();
    }
  });
});

describe('characters that no font has', () => {
  it('are refused when asked to', async () => {
    expect(await told('Hello #data.name', { missing_glyphs: 'error' }, { name: '中' })).toMatch(/the text "中" could not be displayed/);
  });

  it('are shown as a box otherwise, also in quotes, astral and many at once', async () => {
    const printer = openPdfPrinter({ template: `${HEAD}Hello #data.name`, file: 'a.typ' });
    try {
      await printer.print({ name: '"中" \\ 文 𓀀 ab 中' });
      expect(printer.warnings.map((w) => [w.severity, w.code, w.at?.file, /"(.+)"/.exec(w.message)?.[1]])).toEqual(
        ['中', '文', '𓀀'].map((text) => ['warning', 'CONFIG_TEMPLATE', 'a.typ', text]));
    } finally {
      await printer.close();
    }
  });
});

describe('the printer', () => {
  it('keeps the order of answers with several processes, and an error is of its own document only', async () => {
    const printer = openPdfPrinter({ template: `${HEAD}#set document(title: data.name)\n#assert(data.name != "7")\nHello #data.name`, processes: 2 });
    try {
      const names = Array.from({ length: 12 }, (_, i) => String(i));
      const results = await Promise.allSettled(names.map((name) => printer.print({ name })));
      expect(results.map((r) => r.status === 'fulfilled')).toEqual(names.map((name) => name !== '7'));
      const titles = results.map((r) => (r.status === 'fulfilled' ? /<dc:title>.*?<rdf:li[^>]*>(.*?)<\/rdf:li>/s.exec(r.value.toString('latin1'))?.[1] : '7'));
      expect(titles).toEqual(names);
    } finally {
      await printer.close();
    }
  });

  it('takes a font that is handed in, and does not take what is none', async () => {
    expect(await told('#set text(font: "Nobody Sans")\nHello', { fonts: [Buffer.from('no font')] })).toMatch(/unknown font family/);
  });

  it('refuses what comes after its end, leaves no files, and may be closed twice', async () => {
    const before = (await readdir(tmpdir())).filter((name) => name.startsWith('duebook-pdf-')).length;
    const printer = openPdfPrinter({ template: `${HEAD}Hello` });
    await printer.print({});
    const late = printer.print({});
    const refused = expect(late).rejects.toThrow(/closed/);
    await printer.close();
    await printer.close();
    await refused;
    await expect(printer.print({})).rejects.toThrow(/closed/);
    expect((await readdir(tmpdir())).filter((name) => name.startsWith('duebook-pdf-')).length).toBeLessThanOrEqual(before);
  });
});

describe('the sources of a PDF', () => {
  it('are the template of the first folder that has one, and the fonts of all', async () => {
    const root = await mkdtemp(join(tmpdir(), 'duebook-test-'));
    try {
      await mkdir(join(root, 'templates', 'fonts'), { recursive: true });
      await mkdir(join(root, 'south'));
      await writeFile(join(root, 'templates', 'fonts', 'b.ttf'), 'b');
      await writeFile(join(root, 'templates', 'fonts', 'a.OTF'), 'a');
      await writeFile(join(root, 'templates', 'fonts', 'licence.txt'), 'x');
      const builtin = await loadPdfSources(root, 'templates', ['south', 'templates']);
      expect([builtin.template.file, builtin.fonts.map(String)]).toEqual(['built-in/invoice.typ', ['a', 'b']]);
      await writeFile(join(root, 'south', 'invoice.typ'), 'Hello');
      expect((await loadPdfSources(root, 'templates', ['south', 'templates'])).template).toEqual({ file: 'south/invoice.typ', text: 'Hello' });
      expect((await found(() => loadPdfSources(root, 'templates', 'nowhere')))[0]!.code).toBe('CONFIG_TEMPLATE');
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});

/** The rooms as plain JavaScript in a folder of their own, as they are published. */
async function published(withCompiler: boolean): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'duebook-test-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  for (const [room, files] of [['world', ['pdf', 'pdf-lint', 'pdf-messages', 'pdf-worker']], ['values', ['diagnostic', 'codes']]] as const) {
    await mkdir(join(folder, room));
    for (const name of files) {
      const { outputText } = ts.transpileModule(await readFile(join('src', room, `${name}.ts`), 'utf8'), {
        compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
      });
      await writeFile(join(folder, room, `${name}.js`), outputText);
    }
  }
  if (withCompiler) {
    const scope = '@myriaddreamin/typst-ts-node-compiler';
    await cp(join('node_modules', scope), join(folder, 'node_modules', scope), { recursive: true });
  }
  await writeFile(join(folder, 'main.js'), `import { openPdfPrinter } from './world/pdf.js';
    const printer = openPdfPrinter({ template: 'Hello' });
    try { console.log((await printer.print({})).length); } catch (error) { console.log(error.name, error.message, error.diagnostics?.[0]?.hint); }
    if (process.argv[2] === 'close') await printer.close();`);
  return folder;
}

describe('without its compiler', () => {
  it.each([['the package', false], ['the binary of the platform', true]])('%s is missing: the remedy is told', async (_, withCompiler) => {
    const folder = await published(withCompiler);
    try {
      const run = spawnSync(process.execPath, [join(folder, 'main.js'), 'close'], { encoding: 'utf8', timeout: 30_000, cwd: folder });
      expect(run.stdout).toMatch(/^DuebookError CONFIG_TEMPLATE: PDF cannot be made here/);
      expect(run.stdout).toMatch(/install with optional dependencies/);
      expect(run.stdout).not.toContain(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('a program that forgets to close its printer ends all the same', async () => {
    const folder = await published(false);
    try {
      await symlink(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'), 'junction');
      const temp = join(folder, 'temp');
      await mkdir(temp);
      const run = spawnSync(process.execPath, [join(folder, 'main.js')], { encoding: 'utf8', timeout: 30_000, env: { ...process.env, TMPDIR: temp } });
      expect(run.status).toBe(0);
      expect(Number(run.stdout)).toBeGreaterThan(1000);
      await expect.poll(async () => (await readdir(temp)).filter((name) => name.startsWith('duebook-pdf-')), { timeout: 10_000 }).toEqual([]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

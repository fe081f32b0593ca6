/**
 * Prints data through a typst template as PDF. The compiler runs in processes of its own (`pdf-worker.ts`), with a time limit.
 *
 * The same template, data and fonts give the same bytes on every machine: the date comes from the data, and only the fonts inside the
 * compiler and those handed in are used (Linux; elsewhere the fonts of the system come after them). The result is PDF/A-2a: fonts
 * embedded, text readable by machines, structure tagged.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DuebookError, problem, throwIfErrors, warning } from '../values/diagnostic.js';
import { lintTypst } from './pdf-lint.js';
import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Diagnostic } from '../values/diagnostic.js';
import type { OpenMessage, PrintMessage, Reply } from './pdf-messages.js';

export interface PdfPrinterOptions {
  /** Text of the template. It reads its data with `json("/data.json")`. */
  readonly template: string;
  /** What to call the template in messages; default `invoice.typ`. */
  readonly file?: string;
  /** Further fonts (TTF, OTF). Inside the compiler: Libertinus Serif, New Computer Modern, DejaVu Sans Mono. */
  readonly fonts?: readonly Uint8Array[];
  /** Processes at once; default 1. One takes about 250 MB. */
  readonly processes?: number;
  /** A document that takes longer is stopped; default 60 000. */
  readonly timeout_ms?: number;
  /** A character that no font has: `mark` shows a box and warns (default), `error` refuses the document. */
  readonly missing_glyphs?: 'mark' | 'error';
}

export interface PdfPrinter {
  /**
   * One document. `data` is plain JSON; a member on its top level that is the `data:` URI of an image becomes a file, and the template
   * gets its path instead. Throws CONFIG_TEMPLATE with file and line.
   */
  print(data: object): Promise<Buffer>;
  /** What was not perfect in the documents so far, each once. */
  readonly warnings: readonly Diagnostic[];
  /** Ends the processes; what was not printed yet is refused. Safe to call twice. */
  close(): Promise<void>;
}

type Settings = Required<Omit<PdfPrinterOptions, 'processes'>>;

const PACKAGE = '@myriaddreamin/typst-ts-node-compiler';
const STANDARD = 'a-2a';
/** Nothing listens there: should a template get past the lint, it does not reach the network either. */
const NOWHERE = 'http://127.0.0.1:9';
const IMAGE = /^data:image\/(png|jpeg|svg\+xml);base64,([A-Za-z0-9+/]+=*)$/;

/** Opens a printer. Checks the template at once (CONFIG_TEMPLATE); starts processes when they are needed. */
export function openPdfPrinter(options: PdfPrinterOptions): PdfPrinter {
  const settings: Settings = {
    template: options.template, file: options.file ?? 'invoice.typ', fonts: options.fonts ?? [],
    timeout_ms: options.timeout_ms ?? 60_000, missing_glyphs: options.missing_glyphs ?? 'mark',
  };
  throwIfErrors(lintTypst(settings.file, settings.template));
  const presses = Array.from({ length: Math.max(1, options.processes ?? 1) }, () => new Press(settings));
  const warnings = new Map<string, Diagnostic>();
  let id = 0;
  return {
    async print(data) {
      const job = { id: (id += 1), ...pack(data), mark: settings.missing_glyphs === 'mark' };
      const press = presses.reduce((a, b) => (b.waiting < a.waiting ? b : a));
      const reply = await press.print(job);
      for (const text of reply.marked ?? []) {
        warnings.set(text, warning('CONFIG_TEMPLATE', `no font of the PDF has ${JSON.stringify(text)}: a box is shown instead`, {
          at: { file: settings.file }, hint: FONT_HINT,
        }));
      }
      return readReply(reply, settings.file);
    },
    get warnings() {
      return [...warnings.keys()].sort().map((key) => warnings.get(key)!);
    },
    async close() {
      await Promise.all(presses.map((press) => press.close()));
    },
  };
}

const FONT_HINT = 'hand in a font that has it (TTF or OTF) and name it in the template';

function pack(data: object): Pick<PrintMessage, 'data' | 'files'> {
  const files: { name: string; bytes: Buffer }[] = [];
  const members = Object.entries(data).map(([key, value]: [string, unknown]) => {
    const image = typeof value === 'string' ? IMAGE.exec(value) : null;
    if (image === null) return [key, value];
    const name = `/${key.replace(/\W/g, '_')}.${image[1] === 'svg+xml' ? 'svg' : image[1]}`;
    files.push({ name, bytes: Buffer.from(image[2]!, 'base64') });
    return [key, name];
  });
  return { data: JSON.stringify(Object.fromEntries(members)), files };
}

function readReply(reply: Reply, file: string): Buffer {
  if (reply.pdf !== undefined) return Buffer.from(reply.pdf);
  throw new DuebookError((reply.problems ?? []).map(({ message, line, column }) => {
    const font = /^unknown font family/.test(message);
    const glyph = /could not be displayed/.test(message);
    return problem('CONFIG_TEMPLATE', `the PDF cannot be made: ${message.replace(/`("[^`]*")`/g, '$1')}`, {
      at: line > 0 ? { file, line, column } : { file },
      ...(font ? { hint: 'use "Libertinus Serif", "New Computer Modern" or "DejaVu Sans Mono", or hand in the file of the font' } : {}),
      ...(glyph ? { hint: FONT_HINT } : {}),
    });
  }));
}

/** One process and the jobs that wait for it. It is started for its first job, and again after it was stopped. */
class Press {
  readonly #settings: Settings;
  #child: ChildProcess | null = null;
  #workspace: string | null = null;
  #tail: Promise<unknown> = Promise.resolve();
  #closed = false;
  waiting = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** Queues a job. */
  async print(job: PrintMessage): Promise<Reply> {
    this.waiting += 1;
    const turn = this.#tail.then(() => this.#run(job));
    this.#tail = turn.catch(() => undefined);
    try {
      return await turn;
    } finally {
      this.waiting -= 1;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop();
    await this.#tail;
    if (this.#workspace !== null) await rm(this.#workspace, { recursive: true, force: true });
    this.#workspace = null;
  }

  async #run(job: PrintMessage): Promise<Reply> {
    if (this.#closed) throw new Error('the PDF printer is closed');
    const child = this.#child ?? await this.#start();
    return this.#ask(child, job);
  }

  #stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }

  async #start(): Promise<ChildProcess> {
    const { template, fonts } = this.#settings;
    const module = compilerModule();
    this.#workspace ??= await emptyWorkspace();
    const child = spawn(process.execPath, [workerFile()], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced', env: environment(this.#workspace), windowsHide: true,
    });
    if (this.#closed) child.kill('SIGKILL');
    child.once('exit', () => {
      if (this.#child === child) this.#child = null;
    });
    this.#child = child;
    const reply = await this.#ask(child, { module, workspace: this.#workspace, template, fonts, standard: STANDARD });
    if (reply.fatal !== undefined) {
      this.#stop();
      throw unavailable(reply.fatal);
    }
    return child;
  }

  /** Sends one message and waits for its reply, for the end of the process, or for the time limit. */
  #ask(child: ChildProcess, message: OpenMessage | PrintMessage): Promise<Reply> {
    const { timeout_ms, file } = this.#settings;
    let words = '';
    const listen = (chunk: Buffer): void => void (words = (words + chunk.toString()).slice(-500));
    hold(child, true);
    return new Promise<Reply>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#stop();
        reject(tooLong(file, timeout_ms));
      }, timeout_ms);
      const done = (act: () => void) => (): void => {
        clearTimeout(timer);
        child.off('exit', ended);
        child.stderr?.off('data', listen);
        hold(child, false);
        act();
      };
      const ended = (code: number | null, signal: string | null): void => {
        const how = `the PDF process ended (${signal ?? `exit code ${code}`}) ${words.trim()}`;
        done(() => reject(new Error(this.#closed ? 'the PDF printer was closed' : how.trim())))();
      };
      child.stderr?.on('data', listen);
      child.once('exit', ended);
      child.once('message', (reply) => done(() => resolve(reply as Reply))());
      child.send(message, (error) => {
        if (error !== null) done(() => reject(error))();
      });
    });
  }
}

/** Whether the parent waits for the child: an idle printer that nobody closed must not keep the program from ending. */
function hold(child: ChildProcess, on: boolean): void {
  const parts = [child, child.channel, child.stderr as Socket | null];
  for (const part of parts) {
    if (on) part?.ref();
    else part?.unref();
  }
}

/** An empty folder as the template's whole world, and an empty folder as the system's fonts (fontconfig, Linux). */
async function emptyWorkspace(): Promise<string> {
  const workspace = await mkdtemp(join(tmpdir(), 'duebook-pdf-'));
  await mkdir(join(workspace, 'fonts'));
  const fonts = join(workspace, 'fonts').replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  await writeFile(join(workspace, 'fonts.conf'), `<?xml version="1.0"?>\n<fontconfig><dir>${fonts}</dir></fontconfig>\n`);
  return workspace;
}

function environment(workspace: string): NodeJS.ProcessEnv {
  const proxies = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].flatMap((name) => [[name, NOWHERE], [name.toLowerCase(), NOWHERE]]);
  const kept = ['PATH', 'SYSTEMROOT', 'TEMP', 'TMP', 'TMPDIR', 'LD_LIBRARY_PATH'].map((name) => [name, process.env[name]]);
  return {
    ...Object.fromEntries([...kept.filter(([, value]) => value !== undefined), ...proxies]) as NodeJS.ProcessEnv,
    TZ: 'UTC', HOME: workspace, FONTCONFIG_FILE: join(workspace, 'fonts.conf'),
  };
}

/** The worker beside this module; in a checkout that runs from its sources, the one that was built. */
function workerFile(): string {
  const [beside, built] = ['./pdf-worker.js', '../../dist/world/pdf-worker.js'].map((way) => fileURLToPath(new URL(way, import.meta.url)));
  return existsSync(beside!) ? beside! : built!;
}

function compilerModule(): string {
  try {
    return pathToFileURL(createRequire(import.meta.url).resolve(PACKAGE)).href;
  } catch {
    throw unavailable(`${PACKAGE} is not installed`);
  }
}

function tooLong(file: string, timeout_ms: number): DuebookError {
  return new DuebookError([problem('CONFIG_TEMPLATE', `the PDF was not ready after ${timeout_ms / 1000} s: the template was stopped`, {
    at: { file }, hint: 'look for a loop in the template that does not end, or that is long for each line',
  })]);
}

function unavailable(reason: string): DuebookError {
  const platform = `${process.platform}-${process.arch}`;
  const why = reason.split('\n')[0]!.slice(0, 200);
  return new DuebookError([problem('CONFIG_TEMPLATE', `PDF cannot be made here: the compiler does not start on ${platform} (${why})`, {
    hint: `install with optional dependencies (npm ci, without --omit=optional), so that the ${PACKAGE} binary for ${platform} is there`,
  })]);
}

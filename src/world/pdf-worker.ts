/**
 * The process that runs the typst compiler, a native library; see `pdf.ts`. A process, not a thread: a template that never ends can
 * only be stopped by killing what it runs in.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeCompiler, NodeError } from '@myriaddreamin/typst-ts-node-compiler';
import type { Finding, OpenMessage, PrintMessage, Reply } from './pdf-messages.js';

interface Press {
  readonly compiler: NodeCompiler;
  readonly options: OpenMessage;
  printed: number;
}

/** What came of one attempt; `missing` are characters that no font has. */
interface Attempt extends Reply {
  readonly missing: readonly string[];
}

/** Shown for a character that no font has. */
const MARK = '\u25a1';
/** How often a document is tried again: the export names some of the characters it cannot show, not always all. */
const ATTEMPTS = 5;
/** Documents between two clearings of the compiler's cache, which would keep every document ever made. */
const EVICT_EVERY = 10;

let press: Press | null = null;

process.on('message', (message: OpenMessage | PrintMessage) => {
  if ('module' in message) {
    void open(message).then(answer);
    return;
  }
  try {
    answer(press === null ? { fatal: 'not opened' } : print(press, message));
  } catch (error) {
    answer({ problems: [{ severity: 'error', message: String(error), line: 0, column: 0 }] });
  }
});
// The program ended without closing its printer: nobody else clears up.
process.on('disconnect', () => {
  if (press !== null) rmSync(press.options.workspace, { recursive: true, force: true });
  process.exit(0);
});

function answer(reply: Reply): void {
  process.send?.(reply);
}

async function open(options: OpenMessage): Promise<Reply> {
  try {
    const loaded = await import(options.module) as { readonly NodeCompiler: typeof NodeCompiler };
    const fonts = options.fonts.map((font) => Buffer.from(font));
    const compiler = loaded.NodeCompiler.create({
      workspace: options.workspace, ...(fonts.length === 0 ? {} : { fontArgs: [{ fontBlobs: fonts }] }),
    });
    compiler.addSource(join(options.workspace, 'main.typ'), options.template);
    press = { compiler, options, printed: 0 };
    return { ready: true };
  } catch (error) {
    return { fatal: error instanceof Error ? error.message : String(error) };
  }
}

function print(on: Press, job: PrintMessage): Reply {
  const { compiler, options } = on;
  for (const file of job.files) compiler.mapShadow(join(options.workspace, file.name), Buffer.from(file.bytes));
  const marked: string[] = [];
  let data = job.data;
  let attempt = typeset(on, data);
  for (let n = 1; job.mark && n < ATTEMPTS; n += 1) {
    const missing = attempt.missing.filter((text) => !marked.includes(text));
    if (missing.length === 0) break;
    marked.push(...missing);
    for (const text of missing) data = data.replaceAll(JSON.stringify(text).slice(1, -1), MARK);
    attempt = typeset(on, data);
  }
  for (const file of job.files) compiler.unmapShadow(join(options.workspace, file.name));
  on.printed += 1;
  if (on.printed % EVICT_EVERY === 0) compiler.evictCache(0);
  return attempt.pdf === undefined ? { problems: attempt.problems ?? [] } : { pdf: attempt.pdf, marked };
}

function typeset(on: Press, data: string): Attempt {
  const { compiler, options } = on;
  compiler.mapShadow(join(options.workspace, 'data.json'), Buffer.from(data));
  const compiled = compiler.compile({ mainFilePath: join(options.workspace, 'main.typ'), resetRead: true });
  const problems = [compiled.takeWarnings(), compiled.takeError()].flatMap((each) => findings(on, each));
  if (problems.length > 0 || compiled.result === null) return { problems, missing: [] };
  try {
    return { pdf: compiler.pdf(compiled.result, { pdfStandard: options.standard }), missing: [] };
  } catch (error) {
    return refused(error instanceof Error ? error.message : String(error));
  }
}

/** A diagnostic as the compiler hands it out; severity 1 is an error, 2 a warning, more a hint or a trace. Places are 0-based. */
interface TypstDiagnostic {
  readonly severity: number;
  readonly message: string;
  readonly range: { readonly start: { readonly line: number; readonly character: number } } | null;
}

function findings({ compiler, options }: Press, error: NodeError | null): Finding[] {
  if (error === null) return [];
  const all = compiler.fetchDiagnostics(error) as TypstDiagnostic[];
  return all.filter(({ severity }) => severity <= 2).map(({ severity, message, range }) => ({
    severity: severity === 1 ? 'error' : 'warning', message: message.replaceAll(options.workspace, ''),
    line: range === null ? 0 : range.start.line + 1, column: range === null ? 0 : range.start.character + 1,
  }));
}

/** What the export says is the debug text of its diagnostics: `message: "PDF/A-2a error: the text `\"x\"` could not be displayed …"`. */
function refused(text: string): Attempt {
  const messages = [...text.matchAll(/message: "((?:[^"\\]|\\.)*)"/g)].map((match) => unescape(match[1]!));
  const words = messages.length === 0 ? [text] : messages;
  return {
    problems: words.map((message) => ({ severity: 'error', message, line: 0, column: 0 })),
    missing: words.flatMap((message) => /the text `"(.+)"` could not be displayed/u.exec(message)?.slice(1).map(unescape) ?? []),
  };
}

function unescape(text: string): string {
  const characters = text.replace(/\\u\{([0-9a-f]+)\}/g, (_, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)));
  return characters.replace(/\\(.)/g, '$1');
}

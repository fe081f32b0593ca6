/**
 * The process that runs the typst compiler, a native library; see `pdf.ts`. A process, not a thread: a template that never ends can
 * only be stopped by killing what it runs in. Written without type syntax on purpose: a checkout runs this very text with plain Node.
 *
 * In: {module, workspace, template, fonts, standard}, then {id, data, files, mark} per document. Out: {ready} or {fatal}, then per id
 * {pdf, marked} or {problems: [{severity, message, line, column}]}. Lines and columns are 1-based, 0 where unknown.
 */
import { join } from 'node:path';

/** Shown for a character that no font has. */
const MARK = '\u25a1';
/** Documents between two clearings of the compiler's cache, which would keep every document ever made. */
const EVICT_EVERY = 10;

const state = { compiler: Object(null), options: Object(null), printed: 0 };

process.on('message', (message) => {
  const job = Object(message);
  try {
    if (job.module === undefined) print(job);
    else void open(job);
  } catch (error) {
    process.send?.({ id: job.id, problems: [{ severity: 'error', message: String(error), line: 0, column: 0 }] });
  }
});
process.on('disconnect', () => process.exit(0));

const open = async (options = Object(null)) => {
  try {
    const typst = await import(options.module);
    const { NodeCompiler } = typst.default ?? typst;
    state.options = options;
    state.compiler = NodeCompiler.create({
      workspace: options.workspace,
      ...(options.fonts.length === 0 ? {} : { fontArgs: [{ fontBlobs: options.fonts.map((font = Buffer.alloc(0)) => Buffer.from(font)) }] }),
    });
    state.compiler.addSource(join(options.workspace, 'main.typ'), options.template);
    process.send?.({ ready: true });
  } catch (error) {
    process.send?.({ fatal: error instanceof Error ? error.message : String(error) });
  }
};

const print = (job = Object(null)) => {
  const { compiler, options } = state;
  for (const file of job.files) compiler.mapShadow(join(options.workspace, file.name), Buffer.from(file.bytes));
  const marked = new Set(['']);
  marked.clear();
  let data = String(job.data);
  // The export names some of the characters it cannot show, not always all: a second and third look find the rest.
  for (let attempt = 0; ; attempt += 1) {
    const result = typeset(data);
    const missing = job.mark && attempt < 5 ? result.missing.filter((text) => !marked.has(text)) : [];
    if (missing.length === 0) {
      process.send?.({ id: job.id, ...result, marked: [...marked] });
      break;
    }
    for (const text of missing) {
      marked.add(text);
      data = data.replaceAll(JSON.stringify(text).slice(1, -1), MARK);
    }
  }
  for (const file of job.files) compiler.unmapShadow(join(options.workspace, file.name));
  state.printed += 1;
  if (state.printed % EVICT_EVERY === 0) compiler.evictCache(0);
};

const typeset = (data = '') => {
  const { compiler, options } = state;
  compiler.mapShadow(join(options.workspace, 'data.json'), Buffer.from(data));
  const compiled = compiler.compile({ mainFilePath: join(options.workspace, 'main.typ'), resetRead: true });
  const problems = [...told(compiled.takeWarnings()), ...told(compiled.takeError())];
  if (problems.length > 0) return { problems, missing: [''].slice(1) };
  try {
    return { pdf: compiler.pdf(compiled.result, { pdfStandard: options.standard }), missing: [''].slice(1) };
  } catch (error) {
    return refused(String(Object(error).message));
  }
};

const told = (diagnostics = Object(null)) => {
  if (diagnostics === null || diagnostics.kind === undefined) return [];
  return state.compiler.fetchDiagnostics(diagnostics).filter((each = Object(null)) => each.severity <= 2).map((each = Object(null)) => ({
    severity: each.severity === 1 ? 'error' : 'warning',
    message: String(each.message).replaceAll(state.options.workspace, ''),
    line: each.range ? each.range.start.line + 1 : 0,
    column: each.range ? each.range.start.character + 1 : 0,
  }));
};

/** What the export says is the debug text of its diagnostics: `message: "PDF/A-2a error: the text `\"x\"` could not be displayed …"`. */
const refused = (text = '') => {
  const messages = [...text.matchAll(/message: "((?:[^"\\]|\\.)*)"/g)].map((match) => unescape(match[1] ?? ''));
  const missing = messages.map((message) => /the text `"(.+)"` could not be displayed/u.exec(message)?.[1] ?? '').filter((each) => each !== '');
  const words = messages.length === 0 ? [text] : messages;
  return { problems: words.map((message) => ({ severity: 'error', message, line: 0, column: 0 })), missing: missing.map(unescape) };
};

const unescape = (text = '') => text.replace(/\\u\{([0-9a-f]+)\}/g, (_, hex) => String.fromCodePoint(Number.parseInt(hex, 16))).replace(/\\(.)/g, '$1');

/** `duebook query`: one question, questions from stdin, or a shell. */
import { createInterface } from 'node:readline/promises';
import { diagnosticsText } from '../report/diagnostics.js';
import { queryCsv, queryJson, queryTable } from '../report/query.js';
import { DuebookError, fail } from '../values/diagnostic.js';
import { valueOf } from './command.js';
import type { Call } from './command.js';
import { styleOf } from './io.js';
import { present } from './present.js';
import { writeOut } from './show.js';

const SHELL_HELP = `Statements end with ; and may take several lines.
.tables   the views
.help     this
.quit     leave (also Ctrl-D)
DESCRIBE invoices;   columns with their meaning
`;

const TABLES = "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal AND schema_name = 'main' ORDER BY ALL";

/** Gives the exit code. */
export async function queryCommand(call: Call): Promise<number> {
  const { io } = call;
  let sql = call.args[0];
  if (sql === undefined && io.stdin.isTTY === true) {
    if (call.no_input || call.json || call.given.has('format') || call.given.has('out')) {
      return fail('USAGE', 'query needs SQL', { hint: 'like `duebook query "SELECT * FROM invoices"`' });
    }
    return shell(call);
  }
  sql ??= await readAll(io.stdin);
  return answer(call, sql);
}

async function answer(call: Call, sql: string): Promise<number> {
  const out = valueOf(call, 'out');
  const format = valueOf(call, 'format') ?? formatOf(out) ?? 'table';
  const { query, queryToFile } = await import('../run/query.js');
  if (format === 'parquet') {
    if (out === undefined) return fail('USAGE', 'parquet is not text', { hint: 'write it to a file: --out answer.parquet' });
    const { rows } = await queryToFile(call.world, { ...call.common, sql, out, format });
    call.world.log.info(`${rows} ${rows === 1 ? 'row' : 'rows'} written to ${out}`);
    return 0;
  }
  const result = await query(call.world, { ...call.common, sql });
  if (call.json && out === undefined) return present(call, 'query', result, 0);
  const style = out === undefined ? styleOf(call.io, call.io.stdout, call.no_color) : { color: false, columns: null };
  const text = format === 'csv' ? queryCsv(result) : format === 'json' ? queryJson(result) : `${queryTable(result, style).join('\n')}\n`;
  if (out === undefined) await call.io.stdout.write(text);
  else await writeOut(call, out, text);
  return 0;
}

function formatOf(out: string | undefined): string | undefined {
  return /\.(csv|json|parquet)$/i.exec(out ?? '')?.[1]?.toLowerCase();
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) text += chunk as string;
  return text;
}

/** Reads statements until the end of input. An error is shown and does not end it. */
async function shell(call: Call): Promise<number> {
  const { io } = call;
  const { openShell } = await import('../run/query.js');
  const history = await openShell(call.world, call.common);
  const lines = createInterface({ input: io.stdin, output: process.stderr, prompt: 'duebook> ' });
  const tell = async (sql: string): Promise<void> => {
    try {
      const result = await history.ask(sql);
      await io.stdout.write(`${queryTable(result, styleOf(io, io.stdout, call.no_color)).join('\n')}\n`);
    } catch (error) {
      if (!(error instanceof DuebookError)) throw error;
      await io.stderr.write(diagnosticsText(error.diagnostics, styleOf(io, io.stderr, call.no_color)));
    }
  };
  let pending = '';
  const prompt = (): void => {
    lines.setPrompt(pending === '' ? 'duebook> ' : '    ...> ');
    lines.prompt();
  };
  // Ctrl-C drops what was typed so far, as in other shells of databases.
  lines.on('SIGINT', () => {
    pending = '';
    void io.stderr.write('\n').then(prompt);
  });
  try {
    await io.stderr.write('Read-only questions to the history. .help for help, .quit to leave.\n');
    prompt();
    for await (const line of lines) {
      const word = line.trim();
      if (pending === '' && /^\.(quit|exit|q)$/.test(word)) break;
      if (pending === '' && word === '.help') await io.stderr.write(SHELL_HELP);
      else if (pending === '' && word === '.tables') await tell(TABLES);
      else if (pending === '' && word.startsWith('.')) await io.stderr.write(`There is no ${word}. See .help\n`);
      else pending = await feed(`${pending}${line}\n`, tell);
      prompt();
    }
  } finally {
    lines.close();
    await history.close();
  }
  return 0;
}

/** Asks every complete statement and gives back what is not complete yet. */
export async function feed(text: string, ask: (sql: string) => Promise<void>): Promise<string> {
  const { statements, rest } = splitStatements(text);
  for (const statement of statements) await ask(statement);
  return rest.trim() === '' ? '' : rest;
}

/** Splits at semicolons outside of strings, quoted names and comments. */
export function splitStatements(text: string): { statements: string[]; rest: string } {
  const statements: string[] = [];
  const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\/|;|['"]|\/\*/g;
  let from = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    // A quote or comment that is still open: the rest belongs to it.
    if (match[0] === "'" || match[0] === '"' || match[0] === '/*') break;
    if (match[0] !== ';') continue;
    const statement = text.slice(from, match.index).trim();
    if (statement !== '') statements.push(statement);
    from = match.index + 1;
  }
  return { statements, rest: text.slice(from) };
}

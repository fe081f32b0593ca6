/** Questions to `history.duckdb`: read-only, in a database of their own that sees no other file and no network. */
import { access } from 'node:fs/promises';
import { basename } from 'node:path';
import { StatementType } from '@duckdb/node-api';
import { Engine, literal } from '../engine/engine.js';
import { DuebookError, fail } from '../values/diagnostic.js';

/**
 * What may be asked: questions, and what stays in the connection (temporary tables, views and macros, variables). Switching external
 * access off leaves the attached file itself open to whoever detaches it and attaches it anew, or copies over it.
 */
const ALLOWED: ReadonlySet<StatementType> = new Set([
  StatementType.SELECT, StatementType.EXPLAIN, StatementType.CREATE, StatementType.CREATE_FUNC, StatementType.DROP, StatementType.ALTER,
  StatementType.INSERT, StatementType.UPDATE, StatementType.DELETE, StatementType.MERGE_INTO, StatementType.VARIABLE_SET,
  StatementType.SET, StatementType.TRANSACTION,
]);

export interface QueryResult {
  /** Column names as the query gives them (a name may come twice) with DuckDB's type names. */
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Values in the order of the columns. Decimals, BIGINT and wider, dates and instants are text; small integers numbers. */
  readonly rows: readonly (readonly unknown[])[];
}

/** Opens a history file for questions; views need no prefix. Close it when done. Throws QUERY_FAILED. */
export async function openHistory(path: string, options: { memory_limit?: string; threads?: number } = {}): Promise<History> {
  const there = await access(path).then(() => true, () => false);
  if (!there) {
    return fail('QUERY_FAILED', `There is no ${basename(path)} yet.`, { hint: 'It is made by `duebook run` and `duebook confirm`.' });
  }
  const engine = await Engine.open(options);
  try {
    await engine.run(`ATTACH ${literal(path)} AS history (READ_ONLY); USE history;`);
    return new History(engine);
  } catch (error) {
    await engine.close();
    return fail('QUERY_FAILED', `${basename(path)} cannot be opened: ${plainWords(error).replaceAll(path, basename(path))}`, {
      hint: 'Remove the file; the next run makes it again from the ledger.',
    });
  }
}

/** An open history file. */
export class History {
  readonly #engine: Engine;
  #locked = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Runs one statement or several and gives the result of the last one. Throws QUERY_FAILED with DuckDB's words. */
  async query(sql: string): Promise<QueryResult> {
    await this.#lock([]);
    return this.#run(sql);
  }

  /** Writes the result of one SELECT to a file; nothing else may be asked of this History before or after. */
  async copyTo(sql: string, path: string, format: 'parquet' | 'csv'): Promise<{ rows: number }> {
    await this.#lock([path]);
    const { connection } = this.#engine;
    return told(async () => {
      const found = await connection.extractStatements(sql);
      if (found.count !== 1 || (await found.prepare(0)).statementType !== StatementType.SELECT) {
        return fail('QUERY_FAILED', 'A file takes the answer of one SELECT.', { hint: 'Without --out several statements may be run.' });
      }
      const how = format === 'csv' ? 'FORMAT csv, HEADER true' : 'FORMAT parquet, COMPRESSION zstd';
      await connection.run(`CREATE TEMP VIEW result_to_copy AS ${sql}`);
      // A file beside it, to be renamed, would be at no allowed path.
      const reader = await connection.runAndReadAll(`COPY (FROM result_to_copy) TO ${literal(path)} (${how}, USE_TMP_FILE false)`);
      return { rows: Number(reader.getRowsJS()[0]?.[0]) };
    });
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }

  /** Shuts files and network off for good, but for the paths named. */
  async #lock(paths: readonly string[]): Promise<void> {
    if (this.#locked) return;
    const allowed = paths.length === 0 ? '' : `SET allowed_paths = [${paths.map(literal).join(', ')}];`;
    await this.#engine.run(`${allowed} SET enable_external_access = false; SET lock_configuration = true;`);
    this.#locked = true;
  }

  async #run(sql: string): Promise<QueryResult> {
    return told(async () => {
      const found = await this.#engine.connection.extractStatements(sql);
      let last: QueryResult = { columns: [], rows: [] };
      for (let i = 0; i < found.count; i += 1) {
        const statement = await found.prepare(i);
        const type = statement.statementType;
        if (!ALLOWED.has(type) || (type === StatementType.EXPLAIN && !(await this.#explainsSelect(sql)))) {
          return fail('QUERY_FAILED', `${StatementType[type].replaceAll('_', ' ')} is not a question.`, {
            hint: 'The history is read-only and sees no other files. Ask with SELECT; `--out FILE` writes an answer to a file.',
          });
        }
        const reader = await statement.runAndReadAll();
        const types = reader.columnTypes();
        last = { columns: reader.columnNames().map((name, n) => ({ name, type: types[n]!.toString() })), rows: reader.getRowsJson() };
      }
      if (found.count > 0) return last;
      return fail('QUERY_FAILED', 'There is no statement to run.', { hint: 'Try: SELECT * FROM invoices LIMIT 10' });
    });
  }

  /** EXPLAIN ANALYZE does what it explains; explained alone. */
  async #explainsSelect(sql: string): Promise<boolean> {
    const found = await this.#engine.connection.extractStatements(sql.replace(/^\s*explain(\s+analyze\b|\s*\([^()]*\))?/i, ''));
    return found.count === 1 && (await found.prepare(0)).statementType === StatementType.SELECT;
  }
}

/** DuckDB's own errors as QUERY_FAILED. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DuebookError) throw error;
    return fail('QUERY_FAILED', plainWords(error), {
      hint: 'Views: invoices, invoice_lines, invoice_taxes, billed_bookings, events, messages, runs. `DESCRIBE invoices` lists columns.'
        + ' The history is read-only and sees no other files.',
    });
  }
}

/** Opens, asks, closes. */
export async function queryHistory(path: string, sql: string): Promise<QueryResult> {
  const history = await openHistory(path);
  try {
    return await history.query(sql);
  } finally {
    await history.close();
  }
}

/** DuckDB's message without its own class name and without anything of where the file lies. */
function plainWords(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/^[A-Z][A-Za-z ]+ Error: /, '').trim();
}

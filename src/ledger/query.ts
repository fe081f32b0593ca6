/** Questions to `history.duckdb`: read-only, in a database of their own that sees no other file and no network. */
import { access } from 'node:fs/promises';
import { basename } from 'node:path';
import { Engine, literal } from '../engine/engine.js';
import { fail } from '../values/diagnostic.js';

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
    return this.#run(sql, sql);
  }

  /** Writes the result of one SELECT to a file; nothing else may be asked of this History before or after. */
  async copyTo(sql: string, path: string, format: 'parquet' | 'csv'): Promise<{ rows: number }> {
    await this.#lock([path]);
    const how = format === 'csv' ? 'FORMAT csv, HEADER true' : 'FORMAT parquet, COMPRESSION zstd';
    await this.#run(`CREATE TEMP VIEW result_to_copy AS ${sql}`, sql);
    const result = await this.#run(`COPY (FROM result_to_copy) TO ${literal(path)} (${how})`, sql);
    return { rows: Number(result.rows[0]?.[0]) };
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

  async #run(statement: string, shown: string): Promise<QueryResult> {
    if (shown.trim() === '') return fail('QUERY_FAILED', 'There is no statement to run.', { hint: 'Try: SELECT * FROM invoices LIMIT 10' });
    try {
      const reader = await this.#engine.connection.runAndReadAll(statement);
      const types = reader.columnTypes();
      const columns = reader.columnNames().map((name, i) => ({ name, type: types[i]!.toString() }));
      return { columns, rows: reader.getRowsJson() };
    } catch (error) {
      return fail('QUERY_FAILED', plainWords(error), {
        hint: 'Views: invoices, invoice_lines, invoice_taxes, billed_bookings, events, messages, runs. `DESCRIBE invoices` lists columns.'
          + ' The history is read-only and sees no other files.',
      });
    }
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

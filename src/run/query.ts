/** `duebook query`: questions to the history, which is brought to the ledger's state first. */
import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { publishHistory } from '../ledger/history.js';
import { openHistory } from '../ledger/query.js';
import type { History } from '../ledger/query.js';
import { DuebookError } from '../values/diagnostic.js';
import { historyPath, ledgerOf, openContext } from './context.js';
import type { Context } from './context.js';
import { SCHEMA_VERSION } from './results.js';
import type { CommonOptions, World } from './world.js';

/** Columns and rows of one answer. Decimals, large integers, dates and instants are text. */
export interface QueryResult {
  readonly schema_version: number;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
}

/** An open history to ask one question after the other; close it. */
export interface HistoryShell {
  ask(sql: string): Promise<QueryResult>;
  close(): Promise<void>;
}

/** One question. Throws QUERY_FAILED in DuckDB's words. */
export async function query(world: World, options: CommonOptions & { readonly sql: string }): Promise<QueryResult> {
  const shell = await openShell(world, options);
  try {
    return await shell.ask(options.sql);
  } finally {
    await shell.close();
  }
}

/** Opens the history for many questions. */
export async function openShell(world: World, options: CommonOptions): Promise<HistoryShell> {
  const history = await currentHistory(await openContext(world, options));
  return {
    ask: async (sql) => ({ schema_version: SCHEMA_VERSION, ...(await history.query(sql)) }),
    close: () => history.close(),
  };
}

/** Writes the answer to a file, relative to the current folder. `sql` is one SELECT. */
export async function queryToFile(
  world: World, options: CommonOptions & { readonly sql: string; readonly out: string; readonly format: 'csv' | 'parquet' },
): Promise<{ rows: number }> {
  const history = await currentHistory(await openContext(world, options));
  try {
    return await history.copyTo(options.sql.trim().replace(/;$/, ''), resolve(world.cwd, options.out), options.format);
  } finally {
    await history.close();
  }
}

/** The history at the ledger's state. Where the ledger is out of reach or the folder read-only, the file that is there. */
export async function currentHistory(context: Context): Promise<History> {
  const { config, options } = context;
  const path = historyPath(config);
  const settings = {
    ...(options.memory_limit === undefined ? {} : { memory_limit: options.memory_limit }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  };
  try {
    const ledger = await ledgerOf(context);
    if (ledger.serial > 0) await publishHistory(ledger, path, settings);
  } catch (error) {
    const outOfReach = error instanceof DuebookError && error.diagnostics.every(({ code }) => code === 'LEDGER_UNREACHABLE');
    if (!outOfReach || !(await access(path).then(() => true, () => false))) throw error;
    context.world.log.info(`The history could not be brought up to date: ${error.diagnostics[0]!.message}`);
  }
  return openHistory(path, settings);
}

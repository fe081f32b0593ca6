/**
 * Running SQL on DuckDB: open, run, read rows, append rows, close. Knows no billing word and never asks for the time.
 *
 * The database is in memory and spills to a folder that is removed on close. Zone and threads are pinned, extensions and
 * network are off, so that the same statements give the same relations everywhere.
 */
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection, DuckDBAppender } from '@duckdb/node-api';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';

/** A run shares its machine with others; more than this buys no speed up to ten million bookings. */
const DEFAULT_MEMORY_MB = 4_000;

export interface EngineOptions {
  /** DuckDB size text such as "2GB"; default is 4 GB, or 80 % of a smaller machine. What does not fit spills to the scratch folder. */
  readonly memory_limit?: string;
  readonly threads?: number;
  /**
   * Little work is expected: one thread alone, as waking others takes longer than what they do; `widen` calls the others. The
   * instance may have served before, with a database of its own for each engine, for making one takes as long as twenty queries.
   */
  readonly little?: boolean;
  /** Rows keep the order of what is read and joins are done as written: the same statements give the same bytes. */
  readonly in_order?: boolean;
}

/**
 * One row as JavaScript values: BIGINT and wider are bigint, TIMESTAMP and DATE are DuckDB value objects; cast to text in SQL where
 * text is wanted.
 */
export type Row = Record<string, unknown>;

export class Engine {
  readonly #instance: DuckDBInstance;
  readonly connection: DuckDBConnection;
  /** Scratch folder of this engine; removed on close. */
  readonly scratch: string;
  /** Name of the database that statements are about. */
  readonly database: string;
  /** Sets the threads that were not started yet; null when all are. */
  #widening: string | null;
  /** Where the instance waits to serve another engine after this one; null: it does not. */
  #idle: DuckDBInstance[] | null;

  private constructor(
    instance: DuckDBInstance, connection: DuckDBConnection, scratch: string, database: string, idle: DuckDBInstance[] | null,
    widening: string | null,
  ) {
    this.#instance = instance;
    this.#idle = idle;
    this.connection = connection;
    this.scratch = scratch;
    this.database = database;
    this.#widening = widening;
  }

  /** Opens an in-memory database with a scratch folder of its own. */
  static async open(options: EngineOptions = {}): Promise<Engine> {
    const scratch = await mkdtemp(join(tmpdir(), 'duebook-'));
    const little = options.little === true && options.memory_limit === undefined;
    const waiting = little ? IDLE[options.in_order === true ? 'in_order' : 'as_fast'] : null;
    const instance = (waiting === null ? null : await idleInstance(waiting, scratch)) ?? await newInstance(scratch, options);
    const connection = await instance.connect();
    await connection.run(`SET TimeZone = 'UTC'${little ? `; ATTACH ':memory:' AS ${OWN}; USE ${OWN}` : ''}`);
    const widening = options.threads === undefined ? 'RESET threads' : `SET threads = ${options.threads}`;
    return new Engine(instance, connection, scratch, waiting === null ? 'memory' : OWN, waiting, options.little === true ? widening : null);
  }

  /** Lets all threads work in an engine that was opened for little work. */
  async widen(): Promise<void> {
    if (this.#widening === null) return;
    await this.run(this.#widening);
    this.#widening = null;
    this.#idle = null;
  }

  /**
   * Does two things at the same time, the second on a connection of its own, which sees the same tables; one after the other in an
   * engine for little work. Both are over when this returns, or throws what the first of them threw.
   */
  async beside<A, B>(first: () => Promise<A>, second: (engine: Engine) => Promise<B>): Promise<[A, B]> {
    if (this.#widening !== null) return [await first(), await second(this)];
    const connection = await this.#instance.connect();
    try {
      await connection.run(`SET TimeZone = 'UTC'; USE ${this.database}`);
      const other = new Engine(this.#instance, connection, this.scratch, this.database, null, null);
      const [one, two] = await Promise.allSettled([first(), second(other)]);
      if (one.status === 'rejected') throw one.reason;
      if (two.status === 'rejected') throw two.reason;
      return [one.value, two.value];
    } finally {
      connection.closeSync();
    }
  }

  /** Runs one or more statements for their effect. */
  async run(sql: string): Promise<void> {
    await this.connection.run(sql);
  }

  /** Runs one statement that stores rows (CREATE TABLE AS, INSERT) and gives how many. */
  async count(sql: string): Promise<number> {
    const reader = await this.connection.runAndReadAll(sql);
    return Number(reader.getRowsJS()[0]?.[0] ?? 0);
  }

  /** All rows of a query. Order is whatever the query says; say ORDER BY. */
  async rows<T extends object = Row>(sql: string): Promise<T[]> {
    const reader = await this.connection.runAndReadAll(sql);
    return reader.getRowObjectsJS() as T[];
  }

  /** The single row of a query that gives exactly one. */
  async row<T extends object = Row>(sql: string): Promise<T> {
    const rows = await this.rows<T>(sql);
    if (rows.length !== 1) throw new Error(`expected one row, got ${rows.length}: ${sql}`);
    return rows[0]!;
  }

  /** Those of some relations, each with a condition where it has one (`s.t WHERE c`), that have a row. */
  async filled(relations: readonly string[]): Promise<Set<string>> {
    if (relations.length === 0) return new Set();
    const asked = relations.map((relation, i) => `(SELECT ${i} AS i FROM ${relation} LIMIT 1)`);
    const rows = await this.rows<{ i: number }>(asked.join(' UNION ALL '));
    return new Set(rows.map(({ i }) => relations[i]!));
  }

  /** Appends rows to `schema.table` through a bound appender; `fill` appends one row's values and must not call endRow. */
  async append<T>(schema: string, table: string, items: Iterable<T>, fill: (appender: DuckDBAppender, item: T) => void): Promise<void> {
    const appender = await this.connection.createAppender(table, schema);
    for (const item of items) {
      fill(appender, item);
      appender.endRow();
    }
    appender.closeSync();
  }

  /** Has the statement that runs refused, if there is one. */
  interrupt(): void {
    this.connection.interrupt();
  }

  /** Closes the database and removes the scratch folder. */
  async close(): Promise<void> {
    const idle = this.#idle !== null && this.#idle.length < MOST_IDLE && await emptied(this.connection) ? this.#idle : null;
    this.connection.closeSync();
    if (idle === null) this.#instance.closeSync();
    else idle.push(this.#instance);
    await rm(this.scratch, { recursive: true, force: true });
  }
}

/** The database of an engine in an instance that serves several, one after the other. */
const OWN = 'work';

/** Instances without a connection and without a database but the empty first one, all opened alike: for little work. */
const IDLE: Readonly<Record<'as_fast' | 'in_order', DuckDBInstance[]>> = { as_fast: [], in_order: [] };
/** A command has two engines open at a time. */
const MOST_IDLE = 2;

function newInstance(scratch: string, options: EngineOptions): Promise<DuckDBInstance> {
  const threads = options.little === true ? 1 : options.threads;
  return DuckDBInstance.create(':memory:', {
    temp_directory: spill(scratch),
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    preserve_insertion_order: options.in_order === true ? 'true' : 'false',
    ...(options.in_order === true ? { disabled_optimizers: 'join_order,build_side_probe_side' } : {}),
    memory_limit: options.memory_limit ?? `${Math.floor(Math.min(DEFAULT_MEMORY_MB, (0.8 * totalmem()) / 1_000_000))}MB`,
    ...(threads === undefined ? {} : { threads: String(threads) }),
  });
}

function spill(scratch: string): string {
  return join(scratch, 'spill');
}

/** An instance that has served before, spilling to the new engine's folder; null if there is none. */
async function idleInstance(waiting: DuckDBInstance[], scratch: string): Promise<DuckDBInstance | null> {
  const instance = waiting.pop();
  if (instance === undefined) return null;
  const connection = await instance.connect();
  // Refused where an engine before has spilled: its folder is gone.
  const fit = await connection.run(`SET temp_directory = ${literal(spill(scratch))}`).then(() => true, () => false);
  connection.closeSync();
  if (!fit) instance.closeSync();
  return fit ? instance : null;
}

/** Takes every database away from an instance; false if that fails. */
async function emptied(connection: DuckDBConnection): Promise<boolean> {
  try {
    await connection.run('USE memory');
    const reader = await connection.runAndReadAll(`SELECT database_name FROM duckdb_databases()
      WHERE NOT internal AND database_name <> 'memory'`);
    for (const [name] of reader.getRowsJS()) await connection.run(`DETACH ${identifier(name as string)}`);
    return true;
  } catch {
    return false;
  }
}

/** A string as an SQL literal. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as a quoted SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The path of a file that is read, as an SQL literal: DuckDB takes paths for patterns; this one stands for itself. */
export function fileLiteral(path: string): string {
  return literal(path.replace(/[*?[]/g, '[$&]'));
}

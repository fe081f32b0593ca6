/**
 * Proving that `history.duckdb` is what would be made of the ledger now: its rows, computed from the segments once more without writing
 * them, and its views, by their words or by what they say.
 */
import { basename } from 'node:path';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { problem, warning } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { CommitDocument } from './commit.js';
import { headAfter } from './head.js';
import { insertRunsSql, isHeld, keysWord, metaSql, readHistoryMeta } from './history.js';
import { createFactsSql, createViewsSql, FACTS, factsSql, HISTORY_LAYOUT, VIEWS } from './history-views.js';
import type { Ledger } from './ledger.js';
import type { Proof } from './verify-types.js';

/** The ledger, whose chain and rows are proved, and the file. */
export interface HistoryToProve {
  readonly ledger: Ledger;
  readonly commits: readonly CommitDocument[];
  readonly path: string;
}

/**
 * Proves the file at `path`; needs the schema `ledger` in the engine, read from the segments. One that is behind is not damaged: who
 * died after a commit, or committed elsewhere, did not bring it up to date, and the next run does. It is proved as of its own serial.
 */
export async function proveHistory(engine: Engine, { ledger, commits, path }: HistoryToProve): Promise<Proof> {
  const file = basename(path);
  const wrong = (message: string): Proof => ({
    name: 'history', detail: '',
    diagnostics: [problem('LEDGER_DAMAGED', `${file} ${message}.`, {
      at: { file }, hint: `Remove ${file}; the next run makes it again from the ledger.`,
    })],
  });
  const notCompared = (why: string, found: Diagnostic): Proof => (
    { name: 'history', detail: `${file} ${why}; not compared`, diagnostics: [found] });
  const meta = await readHistoryMeta(path);
  if (meta === null && await isHeld(path)) return notCompared('is open for writing elsewhere', held(file));
  if (meta === null) return wrong('is missing or cannot be read, or a write-ahead log lies beside it');
  if (meta.layout !== HISTORY_LAYOUT) return wrong('was made by another version of duebook');
  const then = ledgerThen(ledger, commits, meta.serial);
  if (then === null) return wrong(`stands at serial ${meta.serial}, the ledger at ${ledger.serial}`);
  if (meta.head_sha256 !== (then.head?.head_sha256 ?? null)) return wrong(`stands at serial ${meta.serial} of another ledger`);
  const keys = await keysWord(then);
  if (meta.keys !== keys) return notCompared('was made with other keys', madeWithOtherKeys(file));
  await createExpected(engine, then, { commits: commits.slice(0, then.serial), keys });
  try {
    await engine.run(`ATTACH ${literal(path)} AS found (READ_ONLY)`);
    const different = await differences(engine, then === ledger ? 'TRUE' : `serial <= ${then.serial}`);
    if (different.length > 0) return wrong(`does not say what the ledger says, in ${different.join(', ')}`);
  } catch {
    return wrong('is damaged: it cannot be read to its end');
  } finally {
    await engine.run('DETACH DATABASE IF EXISTS found; DETACH expected');
  }
  const detail = then === ledger ? `${file} says what the ledger says at serial ${ledger.serial}`
    : `${file} says what the ledger said at serial ${then.serial}; the next run brings it to ${ledger.serial}`;
  return { name: 'history', detail, diagnostics: [] };
}

function held(file: string): Diagnostic {
  return warning('SYSTEM_REFUSED', `${file} is open for writing in another program, so it was not compared.`, {
    at: { file },
    hint: 'Close it there, or open it read-only (`duckdb -readonly`), and verify again. Runs go on: they put a new file in its place.',
  });
}

function madeWithOtherKeys(file: string): Diagnostic {
  return warning('PRIVACY_KEY', `${file} was made with other keys than are here, so it was not compared.`, {
    at: { file }, hint: 'Where customers were forgotten since, it still shows them: make it again with `duebook history rebuild`.',
  });
}

/** The ledger as it stood at a serial; null: it never did. */
function ledgerThen(ledger: Ledger, commits: readonly CommitDocument[], serial: number): Ledger | null {
  if (serial === ledger.serial) return ledger;
  const document = commits[serial - 1];
  if (document === undefined) return null;
  const segments = (ledger.head?.segments ?? []).filter((segment) => segment.serial <= serial);
  return { ...ledger, serial, head: { ...headAfter(null, document), segments } };
}

/** The database `expected`: the views of a history, and what is small in it; rows of segments are read where they lie. */
async function createExpected(
  engine: Engine, ledger: Ledger, { commits, keys }: Pick<HistoryToProve, 'commits'> & { readonly keys: string },
): Promise<void> {
  const { name } = await engine.row<{ name: string }>('SELECT current_database() AS name');
  await engine.run(`ATTACH ':memory:' AS expected; USE expected; ${createFactsSql()}`);
  for (const sql of insertRunsSql(commits)) await engine.run(sql);
  await engine.run(`INSERT INTO duebook_meta VALUES (${metaSql(ledger, keys)}); ${createViewsSql()}; USE ${name}`);
}

/** Tables and views that are different, by the names that analysts know; `of` is SQL for the ledger's rows to compare with. */
async function differences(engine: Engine, of: string): Promise<string[]> {
  const different: string[] = [];
  for (const table of Object.keys(FACTS)) {
    const expected = `(SELECT * FROM (${factsSql(table, 'ledger')}) WHERE ${of})`;
    if (await digest(engine, `found.facts.${table}`) !== await digest(engine, expected)) different.push(table);
  }
  for (const [table, name] of [['facts.runs', 'runs'], ['duebook_meta', 'duebook_meta']] as const) {
    if (await digest(engine, `found.${table}`) !== await digest(engine, `expected.${table}`)) different.push(name);
  }
  const views = await engine.rows<{ view_name: string }>(`
    SELECT DISTINCT coalesce(f.view_name, e.view_name) AS view_name
    FROM (SELECT * FROM duckdb_views() WHERE database_name = 'found' AND NOT internal) AS f
    FULL JOIN (SELECT * FROM duckdb_views() WHERE database_name = 'expected' AND NOT internal) AS e
      ON e.schema_name = f.schema_name AND e.view_name = f.view_name
    WHERE replace(e.sql, ' ', '') IS DISTINCT FROM replace(f.sql, ' ', '') ORDER BY view_name`);
  for (const { view_name } of views) if (!different.includes(view_name) && !await saysTheSame(engine, view_name)) different.push(view_name);
  return different;
}

/** The same view may be written in other words, by another version, say: then what it says of the same tables decides. */
async function saysTheSame(engine: Engine, view: string): Promise<boolean> {
  const expected = VIEWS[view];
  if (expected === undefined) return false;
  const { name } = await engine.row<{ name: string }>('SELECT current_database() AS name');
  await engine.run('USE found');
  try {
    return await digest(engine, view) === await digest(engine, `(${expected.select})`);
  } catch {
    return false;
  } finally {
    await engine.run(`USE ${name}`);
  }
}

/** Number of rows and an order-free hash of them: equal rows, equal digest. */
async function digest(engine: Engine, relation: string): Promise<string> {
  const { told } = await engine.row<{ told: string }>(`
    SELECT count(*) || ' ' || coalesce(bit_xor(h), 0) || ' ' || coalesce(sum(h >> 32), 0) AS told
    FROM (SELECT hash(v) AS h FROM ${relation} AS v)`);
  return told;
}

/** Derives relations from others, each by the query of its own file; what cannot have a row is made empty without being planned. */
import type { Engine } from '../engine/engine.js';
import type { Derived, Model } from './order.js';
import { sqlFile } from './sql.js';

/** Where the queries of a schema stand. */
const FOLDERS = { input: 'inputs', draft: 'sql' } as const;

/** Columns of relations that were empty, by name: their types do not depend on rows, and telling them takes a plan of the query. */
const EMPTY = new Map<string, string>();

/** Builds relations of a schema in their order, as tables unless they say otherwise. Gives the tables that have rows. */
export async function derive(
  engine: Engine, schema: keyof typeof FOLDERS, relations: readonly (Derived & Partial<Pick<Model, 'as'>>)[],
): Promise<ReadonlySet<string>> {
  const own = new Set(relations.map(({ name }) => `${schema}.${name}`));
  const conditions = new Set(relations.flatMap((relation) => relation.unless_empty ?? []));
  const filled = await engine.filled([...conditions].filter((condition) => !own.has(relationOf(condition))));
  const empty: string[] = [];
  for (const { name, as = 'table', unless_empty, otherwise } of relations) {
    const relation = `${schema}.${name}`;
    const is_needed = unless_empty === undefined || await anyFilled(engine, filled, unless_empty);
    const has_rows = is_needed || otherwise !== undefined;
    const query = sqlFile(`${FOLDERS[schema]}/${is_needed ? name : otherwise ?? name}.sql`);
    const columns = has_rows ? undefined : EMPTY.get(query);
    if (columns !== undefined) {
      empty.push(`CREATE OR REPLACE TABLE ${relation} (${columns});`);
      continue;
    }
    await runAll(engine, empty);
    if (!has_rows) await createEmpty(engine, relation, query);
    else if (as === 'view') await engine.run(`CREATE OR REPLACE VIEW ${relation} AS ${query}`);
    else if (await engine.count(`CREATE OR REPLACE TABLE ${relation} AS ${query}`) > 0) filled.add(relation);
  }
  await runAll(engine, empty);
  return filled;
}

/** The relation of a condition such as `draft.net_totals WHERE with_tax`. */
function relationOf(condition: string): string {
  return condition.split(' ')[0]!;
}

/** Whether a condition holds; of those on part of a relation that was built meanwhile it is asked. */
async function anyFilled(engine: Engine, filled: ReadonlySet<string>, conditions: readonly string[]): Promise<boolean> {
  if (conditions.some((condition) => filled.has(condition))) return true;
  const parts = conditions.filter((condition) => condition.includes(' ') && filled.has(relationOf(condition)));
  return (await engine.filled(parts)).size > 0;
}

/** Runs what has gathered at once: a statement by itself takes twice as long. */
async function runAll(engine: Engine, statements: string[]): Promise<void> {
  if (statements.length > 0) await engine.run(statements.splice(0).join(' '));
}

async function createEmpty(engine: Engine, relation: string, query: string): Promise<void> {
  await engine.run(`CREATE OR REPLACE TABLE ${relation} AS SELECT * FROM (${query}) LIMIT 0`);
  const columns = await engine.rows<{ column_name: string; column_type: string }>(`DESCRIBE ${relation}`);
  EMPTY.set(query, columns.map((column) => `"${column.column_name}" ${column.column_type}`).join(', '));
}

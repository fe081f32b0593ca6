/** The rules of the SQL models, held by DuckDB's own parser: one SELECT each, no clock, no chance, only what other engines have too. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine, literal } from '../../src/engine/engine.js';
import { CHANGED_INPUTS, CHECKS, CREDITS, LEDGER_INPUTS, MODELS } from '../../src/models/order.js';
import type { Model } from '../../src/models/order.js';
import { ROOT } from './source.js';

/**
 * Functions that a model may use: those that DuckDB and Spark SQL both have, with the same meaning, and those of the prelude. A
 * function that engines spell differently belongs into the prelude, under one name. This is the one place where that is said.
 */
const OPERATORS = ['+', '-', '*', '||'];
const SCALAR = ['abs', 'concat_ws', 'greatest', 'least', 'lower', 'md5', 'substr'];
/** `string_agg` is `listagg` to some engines; it stays out of the prelude because a macro cannot carry its ORDER BY. */
const AGGREGATE = ['bit_xor', 'bool_or', 'count', 'count_star', 'max', 'max_by', 'min', 'min_by', 'string_agg', 'sum'];
const WINDOW = ['lag', 'row_number', ...AGGREGATE];
/** What is derived from the ledger is derived here on every engine, beside the ledger, so it may speak DuckDB. */
const LEDGER_SIDE = ['generate_series', 'json_extract_string', 'left', 'length', 'regexp_extract', 'right', 'row', 'string_split', 'to_days', 'trunc', 'unnest', '~~'];
/** Words that are no functions to the parser but still ask for the time, or for the order in which rows happen to lie. */
const BANNED_WORDS = ['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp', 'rowid', 'today'];

/** The queries of a model. */
const queriesOf = ({ name, otherwise }: Model): string[] => [name, ...(otherwise === undefined ? [] : [otherwise])];

type Folder = 'sql' | 'inputs' | 'checks' | 'credits';
const FILES: readonly { folder: Folder; name: string }[] = [
  ...['billed', ...[...CHANGED_INPUTS, ...LEDGER_INPUTS].map(({ name }) => name)].map((name) => ({ folder: 'inputs' as const, name })),
  ...MODELS.flatMap(queriesOf).map((name) => ({ folder: 'sql' as const, name })),
  ...CHECKS.map((name) => ({ folder: 'checks' as const, name })),
  ...CREDITS.map((name) => ({ folder: 'credits' as const, name })),
];

/** Relations that are loaded, not derived. */
const LOADED = ['run', 'sources', 'currencies', 'deposits', 'bound_spans', 'long_maximums', 'taxes', 'tax_texts', 'tax_days', 'customer_taxes', 'customer_currencies', 'exchange_rates', 'exchange_days', 'products', 'customers', 'customer_prices', 'agreement_prices', 'product_prices', 'usage_prices', 'usage_tiers', 'usage_filters', 'usage_spans', 'shadowed_spans', 'local_starts', 'customer_limits', 'periods', 'days_off', 'overrides', 'manual_lines', 'agreements', 'customer_agreements', 'charge_parts', 'fees', 'local_days', 'adjusting', 'terms', 'first_agreements', 'discounts', 'ended_discounts', 'discount_groups', 'group_discounts', 'groups', 'minimums', 'bound_periods', 'bookings', 'staged', 'complete_sources', 'files', 'rejects', 'duplicates'];

interface Node { readonly [key: string]: unknown }

/** What a statement is made of. */
interface Facts {
  readonly statements: number;
  readonly functions: ReadonlySet<string>;
  readonly relations: ReadonlySet<string>;
  readonly columns: ReadonlySet<string>;
  readonly parameters: number;
}

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

async function parse(sql: string): Promise<Facts> {
  const { json } = await engine.row<{ json: string }>(`SELECT CAST(json_serialize_sql(${literal(sql)}) AS VARCHAR) AS json`);
  const tree = JSON.parse(json) as { error: boolean; error_message?: string; statements: Node[] };
  // json_serialize_sql takes SELECT statements only; anything else is an error here.
  if (tree.error) throw new Error(tree.error_message);
  const [functions, relations, columns, named] = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()];
  let parameters = 0;
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    if (value === null || typeof value !== 'object' || Array.isArray(value)) return;
    const node = value as Node;
    if (typeof node['function_name'] === 'string') functions.add(node['function_name']);
    if (node['class'] === 'PARAMETER') parameters += 1;
    if (node['type'] === 'COLUMN_REF') for (const column of node['column_names'] as string[]) columns.add(column.toLowerCase());
    if (node['type'] === 'BASE_TABLE') relations.add(node['schema_name'] === '' ? (node['table_name'] as string) : `${node['schema_name'] as string}.${node['table_name'] as string}`);
    for (const entry of ((node['cte_map'] as { map?: { key: string }[] } | undefined)?.map ?? [])) named.add(entry.key);
    Object.values(node).forEach(visit);
  };
  visit(tree.statements);
  return { statements: tree.statements.length, functions, relations: new Set([...relations].filter((name) => !named.has(name))), columns, parameters };
}

const textOf = ({ folder, name }: (typeof FILES)[number]): string => readFileSync(join(ROOT, 'src/models', folder, `${name}.sql`), 'utf8');

async function preludeMacros(): Promise<Set<string>> {
  await engine.run(readFileSync(join(ROOT, 'src/models/prelude.duckdb.sql'), 'utf8'));
  const rows = await engine.rows<{ name: string }>("SELECT function_name AS name FROM duckdb_functions() WHERE function_type = 'macro' AND NOT internal");
  return new Set(rows.map(({ name }) => name));
}

/** What a file may read. */
function readable({ folder, name }: (typeof FILES)[number]): (relation: string) => boolean {
  const inputs = ['billed', ...[...CHANGED_INPUTS, ...LEDGER_INPUTS].map(({ name }) => name)];
  const before = <T>(list: readonly T[], item: T): readonly T[] => list.slice(0, list.indexOf(item));
  const models = MODELS.map((model) => model.name);
  if (folder === 'inputs') {
    // What was billed can only be compared with what is booked where both are.
    const compares = name === 'changed';
    const loaded = name === 'billed' ? [] : LOADED.filter((each) => compares || !['bookings', 'staged'].includes(each));
    const allowed = new Set([...loaded, ...before(inputs, name)].map((each) => `input.${each}`));
    return (relation) => relation.startsWith('ledger.') || allowed.has(relation);
  }
  if (folder === 'credits') {
    const allowed = new Set(['request', 'asked', 'currencies', ...before(CREDITS as readonly string[], name)].map((each) => `credit.${each}`));
    return (relation) => relation.startsWith('ledger.') || relation === 'input.discount_spread' || allowed.has(relation);
  }
  const given = [...LOADED, ...inputs].map((each) => `input.${each}`);
  const own = MODELS.find((model) => queriesOf(model).includes(name))?.name ?? name;
  const drafted = (folder === 'sql' ? before(models, own) : models).map((each) => `draft.${each}`);
  const allowed = new Set([...given, ...drafted, ...(folder === 'checks' ? ['ledger.invoices'] : [])]);
  return (relation) => allowed.has(relation);
}

describe.each(FILES)('$folder/$name.sql', (file) => {
  it('is one SELECT without parameters', async () => {
    const { statements, parameters } = await parse(textOf(file));
    expect({ statements, parameters }).toEqual({ statements: 1, parameters: 0 });
  });

  it('says at its head what a row is, and its grain', () => {
    const lines = textOf(file).split('\n');
    const head = lines.slice(0, lines.findIndex((line) => !line.startsWith('-- ')));
    expect(head[0]).toMatch(/^-- [A-Z].*[a-z]/);
    if (file.folder === 'checks') return;
    expect(head.at(-1)).toMatch(/^-- grain: [a-z_]+(, [a-z_]+)*/);
    expect(head.length).toBeGreaterThanOrEqual(2);
    expect(lines[head.length]).toMatch(/^(SELECT|WITH)\b/);
  });

  it('reads only what comes before it', async () => {
    const may = readable(file);
    expect([...(await parse(textOf(file))).relations].filter((relation) => !may(relation))).toEqual([]);
  });

  it('uses only functions of the list, no division, no clock and no chance', async () => {
    const { functions, columns } = await parse(textOf(file));
    const allowed = new Set([...OPERATORS, ...SCALAR, ...AGGREGATE, ...WINDOW, ...await preludeMacros(), ...(file.folder === 'inputs' ? LEDGER_SIDE : [])]);
    expect([...functions].filter((name) => !allowed.has(name)).sort()).toEqual([]);
    expect([...columns].filter((name) => BANNED_WORDS.includes(name))).toEqual([]);
  });
});

describe('the rules themselves', () => {
  it.each([
    ['DELETE FROM draft.invoices', 'Only SELECT'],
    ['CREATE TABLE t AS SELECT 1', 'Only SELECT'],
  ])('notice %s', async (sql, message) => { await expect(parse(sql)).rejects.toThrow(message); });

  it.each([
    ['SELECT a / b FROM input.run', '/'], ['SELECT now() FROM input.run', 'now'], ['SELECT random() FROM input.run', 'random'],
    ['SELECT uuid() FROM input.run', 'uuid'],
    ['SELECT x FROM input.run WHERE EXISTS (SELECT 1 FROM input.taxes WHERE age(t) > x)', 'age'],
  ])('notice the function in %s', async (sql, name) => { expect((await parse(sql)).functions).toContain(name); });

  it('notice a parameter, a clock without brackets, a hidden relation and a second statement', async () => {
    expect((await parse('SELECT $1')).parameters).toBe(1);
    const { columns, functions } = await parse('SELECT current_timestamp, current_date, rowid FROM input.run');
    expect([...columns, ...functions].filter((name) => /current|today|rowid/.test(name)).length).toBe(3);
    expect([...(await parse('SELECT (SELECT count(*) FROM ledger.events) AS n FROM input.run')).relations].sort()).toEqual(['input.run', 'ledger.events']);
    expect((await parse('SELECT 1; SELECT 2')).statements).toBe(2);
  });
});

describe('the prelude', () => {
  it('defines macros only, each told in a comment', () => {
    const text = readFileSync(join(ROOT, 'src/models/prelude.duckdb.sql'), 'utf8');
    const blocks = text.trim().split('\n\n');
    for (const block of blocks.slice(1)) expect(block).toMatch(/^(-- .*\n)+CREATE OR REPLACE MACRO [a-z_]+\([^;]*;$/);
  });

  it('asks for no clock and no chance, and divides integers only', async () => {
    await preludeMacros();
    const rows = await engine.rows<{ name: string; body: string }>(
      "SELECT function_name AS name, macro_definition AS body FROM duckdb_functions() WHERE function_type = 'macro' AND NOT internal ORDER BY name");
    expect(rows.length).toBeGreaterThan(3);
    for (const { body } of rows) {
      const { functions, columns } = await parse(`SELECT ${body}`);
      expect([...functions].filter((name) => ['/', 'now', 'random', 'uuid', 'today', 'round', 'floor', 'get_current_timestamp'].includes(name))).toEqual([]);
      expect([...columns].filter((name) => BANNED_WORDS.includes(name))).toEqual([]);
    }
  });
});

/** The kinds of lines: those that the models make are those that everything else knows. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kindText } from '../../src/documents/kinds.js';
import { Engine, literal } from '../../src/engine/engine.js';
import { VIEWS } from '../../src/ledger/history-views.js';
import { LINE_KINDS } from '../../src/values/line-kinds.js';
import { ROOT } from '../house/source.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

interface Node { readonly [key: string]: unknown }
const isNode = (value: unknown): value is Node => value !== null && typeof value === 'object';

/** Texts that an expression can give: its constants, but not what it compares. */
function textsOf(value: unknown): string[] {
  if (!isNode(value)) return [];
  if (value['class'] === 'CONSTANT') return [(value['value'] as { value: unknown }).value].filter((each) => typeof each === 'string');
  if (value['class'] === 'CASE') {
    return [...(value['case_checks'] as { then_expr: unknown }[]).map((each) => each.then_expr), value['else_expr']].flatMap(textsOf);
  }
  return [];
}

/** The select lists that lie on top of each other in a statement: unions share their columns. */
function unions(node: unknown): Node[][][] {
  if (!isNode(node)) return [];
  if (Array.isArray(node)) return node.flatMap(unions);
  const lists = (of: Node): Node[][] => (of['type'] === 'SET_OPERATION_NODE'
    ? [...lists(of['left'] as Node), ...lists(of['right'] as Node)] : [of['select_list'] as Node[]]);
  const own = node['type'] === 'SET_OPERATION_NODE' || node['type'] === 'SELECT_NODE' ? [lists(node)] : [];
  const inside = own.length === 0 || node['type'] === 'SELECT_NODE' ? Object.values(node)
    : ['cte_map', 'left', 'right'].map((key) => (key === 'cte_map' ? node[key] : Object.values(node[key] as Node)));
  return [...own, ...inside.flatMap(unions)];
}

const isKind = (column: Node): boolean => (
  column['alias'] === 'kind' || (column['type'] === 'COLUMN_REF' && column['alias'] === '' && (column['column_names'] as string[]).at(-1) === 'kind'));

async function kindsOf(sql: string): Promise<string[]> {
  const { json } = await engine.row<{ json: string }>(`SELECT CAST(json_serialize_sql(${literal(sql)}) AS VARCHAR) AS json`);
  return unions(JSON.parse(json)).flatMap((lists) => {
    const place = lists[0]!.findIndex(isKind);
    return place === -1 ? [] : lists.flatMap((list) => textsOf(list[place]));
  });
}

it('that the models make are those of the list', async () => {
  // Kinds of documents, and of bounds.
  const others = ['invoices.sql', 'bound_amounts.sql'];
  const folders = ['sql', 'credits'].map((folder) => join(ROOT, 'src/models', folder));
  const files = folders.flatMap((folder) => readdirSync(folder).filter((name) => !others.includes(name)).map((name) => join(folder, name)));
  const made = (await Promise.all(files.map((file) => kindsOf(readFileSync(file, 'utf8'))))).flat();
  expect([...new Set(made)].sort()).toEqual([...LINE_KINDS].sort());
});

it('have words of their own in summaries', () => {
  const words = LINE_KINDS.map(kindText);
  expect(words.filter((each) => !/^[a-z]+( [a-z]+)*$/.test(each))).toEqual([]);
  expect(words.filter((each, i) => each === LINE_KINDS[i] && each !== 'usage')).toEqual([]);
  expect(new Set(words).size).toBe(LINE_KINDS.length);
});

it('are all told to who asks the history', () => {
  const told = VIEWS['invoice_lines']!.columns['kind']!;
  expect(told.split(/, | or /)).toEqual([...LINE_KINDS]);
});

/** How the engine joins: what it cannot look up by a key it compares row against row, which is fine for ten rows and never ends for a million. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { CHANGED_INPUTS, CHECKS, LEDGER_INPUTS, MODELS } from '../../src/models/order.js';
import { sqlFile } from '../../src/models/sql.js';
import { draftOf, periods } from '../support/models.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

interface Node { readonly name: string; readonly extra_info: Readonly<Record<string, unknown>>; readonly children: readonly Node[] }

/** Outer joins without a key. Inner ones are filters over a join, and some of them meet a single row. */
async function withoutKey(sql: string): Promise<string[]> {
  const rows = await engine.rows<{ explain_value: string }>(`EXPLAIN (FORMAT JSON) ${sql}`);
  const visit = ({ name, extra_info, children }: Node): string[] => [
    ...(/BLOCKWISE_NL_JOIN|NESTED_LOOP_JOIN/.test(name) && extra_info['Join Type'] !== 'INNER' ? [`${name} ${String(extra_info['Join Type'])} ${String(extra_info['Condition'] ?? extra_info['Conditions'])}`] : []),
    ...children.flatMap(visit),
  ];
  return (JSON.parse(rows[0]!.explain_value) as Node[]).flatMap(visit);
}

it('are by a key: no condition of an outer join is on its left side alone, or mixes both sides', async () => {
  await draftOf(engine, { as_of: '2026-05-02', customers: [{ id: 'acme' }], periods: periods('2026-05-02', ['2026-04-01', '2026-05-01']), bookings: [{ id: 'b', customer: 'acme', end: '2026-04-02', amount: '1.00' }] });
  const files = [
    ...MODELS.map(({ name }) => `sql/${name}`), ...[...CHANGED_INPUTS, ...LEDGER_INPUTS].map(({ name }) => `inputs/${name}`), ...CHECKS.map((name) => `checks/${name}`),
  ];
  const found: string[] = [];
  for (const file of files) found.push(...(await withoutKey(sqlFile(`${file}.sql`))).map((join) => `${file} ${join}`));
  expect(found).toEqual([]);
  // What it looks for.
  expect(await withoutKey('SELECT * FROM draft.invoices AS i LEFT JOIN draft.limits AS l ON i.apart = 0 AND l.invoice_key = i.invoice_key')).toHaveLength(1);
});

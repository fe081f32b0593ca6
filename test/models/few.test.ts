/** Few bookings are stored between the models, many are read through views: the draft is the same. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { derive } from '../../src/models/derive.js';
import { MODELS } from '../../src/models/order.js';
import { draftOf, periods } from '../support/models.js';
import { sqlFile } from '../../src/models/sql.js';
import { lines, table } from '../support/table.js';
import type { BookingRow } from '../support/models.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

/** Every relation's columns and rows. */
async function everything(): Promise<Record<string, unknown>> {
  const all: Record<string, unknown> = {};
  for (const { name } of MODELS) {
    const columns = await engine.rows<{ column_name: string; column_type: string }>(`DESCRIBE draft.${name}`);
    all[name] = [columns.map((column) => `${column.column_name} ${column.column_type}`), lines(await engine.rows(`FROM draft.${name} ORDER BY ALL`))];
  }
  return all;
}

it('is the same draft through tables and through views', async () => {
  await draftOf(engine, {
    as_of: '2026-05-02', customers: [{ id: 'acme', prices: { visit: '95.00' } }, { id: 'beta', tax: 'reduced' }],
    taxes: { standard: {}, reduced: { rate: '7' } }, products: { visit: { price: '100.00' } }, sources: [{ name: 'jobs', with_tax: true }],
    periods: periods('2026-05-02', ['2026-03-01', '2026-04-01', '2026-05-01', '2026-06-01']),
    bookings: table(`
      id | customer | product | end              | quantity | price
      a  | acme     | visit   | 2026-04-30 23:59 | 2        |
      b  | acme     | other   | 2026-04-01       | 1.5      | 3.33
      c  | beta     | visit   | 2026-04-11       | 3        |
      d  | nobody   | visit   | 2026-04-11       | 3        |
      e  | beta     | visit   | 2026-05-11       | 3        |`) as unknown as BookingRow[],
  });
  const stored = await everything();
  expect(JSON.stringify(stored['bookings'])).toContain('nobody');
  await engine.run('DROP SCHEMA draft CASCADE; CREATE SCHEMA draft');
  await derive(engine, 'draft', MODELS);
  const { views } = await engine.row<{ views: bigint }>("SELECT count(*) AS views FROM duckdb_views() WHERE schema_name = 'draft'");
  expect(Number(views)).toBeGreaterThan(2);
  expect(await everything()).toEqual(stored);
});

it('has the same columns from the query that stands in while nothing can have a row', async () => {
  await draftOf(engine, { as_of: '2026-05-02', customers: [], periods: [], bookings: [] });
  const instead = MODELS.filter(({ otherwise }) => otherwise !== undefined);
  expect(instead.length).toBeGreaterThan(0);
  for (const { name, otherwise } of instead) {
    const [needed, other] = await Promise.all([name, otherwise!].map((query) => engine.rows(`DESCRIBE ${sqlFile(`sql/${query}.sql`)}`)));
    expect(lines(other!)).toEqual(lines(needed!));
  }
});

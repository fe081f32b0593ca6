/** What is billed of some bookings is what `ledger.billed` says of them, whatever was corrected, credited or cancelled. */
import { beforeAll, afterAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { billedOfSql, billedSql } from '../../src/ledger/billed.js';


let engine: Engine;
beforeAll(async () => { engine = await Engine.open({ threads: 1 }); });
afterAll(async () => { await engine.close(); });

const KINDS = [['booking', null], ['adjustment', 'reversal'], ['adjustment', 'restatement'], ['adjustment', 'credit'], ['adjustment', 'reissue'], ['fee', null]] as const;

/** Any lines at all, also such as no run would write. */
async function writeLines(seed: number): Promise<void> {
  let state = seed * 2654435761;
  const random = (): number => { state = (state * 1664525 + 1013904223) % 4294967296; return state / 4294967296; };
  const among = (n: number): number => Math.floor(random() * n);
  const text = (value: string | null): string => (value === null ? 'NULL' : `'${value}'`);
  const rows = Array.from({ length: 60 }, (_, i) => {
    const [kind, correction] = KINDS[random() < 0.5 ? 0 : among(KINDS.length)]!;
    const booking = kind === 'fee' ? null : `b${among(20)}`;
    const [of, line] = correction === null ? [null, 'NULL'] : [`inv_${among(12)}`, String(1 + among(3))];
    return `(${text(['jobs', 'visits'][among(2)]!)}, ${text(booking)}, '${kind}', ${text(correction)}, ${i}, ${i}, 'inv_${among(12)}', ${1 + among(3)},
      ${text(of)}, ${line}, ${among(1000)}, ${i + 1})`;
  });
  const voidings = Array.from({ length: among(3) }, () => `('inv_${among(12)}', TIMESTAMP '2026-05-01', 9)`);
  await engine.run(`DROP SCHEMA IF EXISTS ledger CASCADE; CREATE SCHEMA ledger;
    CREATE TABLE ledger.invoice_lines (source VARCHAR, booking_id VARCHAR, kind VARCHAR, correction VARCHAR, content_hi UBIGINT, content_lo UBIGINT,
      invoice_id VARCHAR, line_no BIGINT, corrects_invoice_id VARCHAR, corrects_line_no BIGINT, amount_minor BIGINT, serial BIGINT);
    CREATE TABLE ledger.voidings (invoice_id VARCHAR, "at" TIMESTAMP, serial BIGINT);
    INSERT INTO ledger.invoice_lines VALUES ${rows.join(', ')};
    ${voidings.length === 0 ? '' : `INSERT INTO ledger.voidings VALUES ${voidings.join(', ')};`}
    CREATE OR REPLACE TABLE staged AS SELECT 'jobs' AS source, 'b' || b AS booking_id FROM (VALUES (${among(25)}), (${among(25)}), (${among(25)})) t(b)
      UNION ALL SELECT 'jobs', NULL`);
}

describe.each([
  ['of those that are staged', [], '(source, booking_id) IN (SELECT (source, booking_id) FROM staged)'],
  ['of them and a whole source', ["source IN ('visits')"], "source = 'visits' OR (source, booking_id) IN (SELECT (source, booking_id) FROM staged)"],
] as const)('%s', (_, sources, where) => {
  it('is the same', async () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      await writeLines(seed);
      const all = billedSql('ledger.invoice_lines', 'ledger.voidings', 'amount_minor');
      const columns = 'source, booking_id, state, invoice_id, line_no, amount_minor, serial';
      const told = (sql: string): Promise<unknown[]> => engine.rows(`SELECT ${columns} FROM (${sql}) WHERE ${where} ORDER BY ALL`);
      expect(await told(await billedOfSql(engine, { bookings: 'staged', sources }))).toEqual(await told(all));
    }
  });
});

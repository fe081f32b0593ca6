/** Ledgers of made-up rows, committed the real way: whatever stands in a table, with the sums right. */
import { Engine, literal } from '../../src/engine/engine.js';
import { exportSegment } from '../../src/ledger/attach.js';
import { commit, openLedger } from '../../src/ledger/ledger.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { LEDGER_TABLES, segmentColumns } from '../../src/ledger/tables.js';
import type { LedgerTable } from '../../src/ledger/tables.js';
import { openLocalStore } from '../../src/world/local-store.js';

export type Cells = Readonly<Record<string, string | bigint | number | boolean | null>>;
export type Rows = Readonly<Partial<Record<LedgerTable, readonly Cells[]>>>;

const KEYS: Readonly<Record<string, string>> = {
  invoices: 'series, seq', invoice_lines: 'place', invoice_taxes: 'invoice_id, tax_id', parties: 'party_id', messages: 'message_id', events: 'subject, subject_id, event',
};

/** Adds one commit with these rows to the ledger in a folder. Lines must stand in the order of their invoices. */
export async function commitRows(folder: string, issuer_id: string, as_of: number, rows: Rows, next: Readonly<Record<string, number>>): Promise<Ledger> {
  const ledger = await openLedger(openLocalStore(folder, 'data/ledger'), { tool_version: '0.1.0' });
  const engine = await Engine.open({ threads: 1 });
  try {
    const files = [];
    for (const table of Object.keys(LEDGER_TABLES) as LedgerTable[]) {
      const own = rows[table] ?? [];
      if (own.length === 0) continue;
      const columns = [...segmentColumns(table), ['place', 'BIGINT'] as const];
      await engine.run(`CREATE TABLE ${table} (${columns.map(([name, type]) => `"${name}" ${type}`).join(', ')})`);
      for (let i = 0; i < own.length; i += 500) {
        const values = own.slice(i, i + 500).map((row, j) => `(${columns.map(([name, type]) => `${cell({ ...row, place: i + j }[name as 'place'])}::${type}`).join(', ')})`);
        await engine.run(`INSERT INTO ${table} VALUES ${values.join(', ')}`);
      }
      files.push(await exportSegment(engine, table, table, KEYS[table]!));
    }
    const invoices = rows.invoices ?? [];
    const totals: Record<string, bigint> = {};
    for (const row of invoices) totals[String(row['currency'])] = (totals[String(row['currency'])] ?? 0n) + BigInt(row['total_minor'] as bigint);
    return await commit(ledger, {
      issuer_id, as_of, action: 'confirm', config_digest: 'c0ffee', config_commit: null, tool_version: '0.1.0', next_number: next, invoices: invoices.length, totals, files,
    });
  } finally {
    await engine.close();
  }
}

function cell(value: Cells[string] | undefined): string {
  if (value === null || value === undefined) return 'NULL';
  return typeof value === 'string' ? literal(value) : String(value);
}

/** Limits park a customer; the others go on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { draftOf, periods, provenDraft } from '../support/models.js';
import type { BookingRow, World } from '../support/models.js';
import { table } from '../support/table.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const MONTHS = ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01'];
const AS_OF = '2026-06-01';

/** `customer month currency parked why` of each draft invoice. */
async function parked(rows: string, customers: World['customers'], more: Partial<World> = {}): Promise<string[]> {
  const bookings = table(`id | customer | end | amount | currency\n${rows}`) as unknown as BookingRow[];
  const draft = await draftOf(engine, { as_of: AS_OF, customers, periods: periods(AS_OF, MONTHS), bookings, ...more });
  expect(await provenDraft(draft)).toEqual([]);
  return draft.told(`
    SELECT i.customer_id || ' ' || strftime(i.period_start, '%m') || ' ' || i.currency || CASE WHEN l.parked THEN ' parked' ELSE '' END
      || CASE WHEN l.over_total THEN ' total' ELSE '' END || CASE WHEN l.over_change THEN ' change' ELSE '' END || CASE WHEN l.over_lines THEN ' lines' ELSE '' END
      || CASE WHEN l.too_large THEN ' size' ELSE '' END || CASE WHEN l.too_old THEN ' age' ELSE '' END AS t
    FROM draft.invoices AS i JOIN draft.limits AS l ON l.invoice_key = i.invoice_key ORDER BY i.invoice_key`);
}

const untaxed = { taxes: { standard: { rate: '0' } } };

describe('a limit', () => {
  it('on the total is about the invoice with tax, also when it is negative', async () => {
    const limited = [{ id: 'acme', limits: { max_invoice_total: '119.00' } }, { id: 'bolt', limits: { max_invoice_total: '118.99' } }, { id: 'core', limits: { max_invoice_total: '50' } }];
    expect(await parked(`
      a | acme | 2026-01-02 | 100
      b | bolt | 2026-01-02 | 100
      c | core | 2026-01-02 | -100`, limited)).toEqual(['acme 01 EUR', 'bolt 01 EUR parked total', 'core 01 EUR parked total']);
  });

  it('on the total counts in the currency of the invoice', async () => {
    const limited = [{ id: 'acme', limits: { max_invoice_total: '100' } }];
    expect(await parked(`
      a | acme | 2026-01-02 | 100     | JPY
      b | acme | 2026-02-02 | 100.000 | KWD
      c | acme | 2026-03-02 | 100.001 | KWD`, limited, untaxed)).toEqual(['acme 01 JPY', 'acme 02 KWD', 'acme 03 KWD parked total']);
  });

  it('on lines counts lines', async () => {
    expect(await parked(`
      a | acme | 2026-01-02 | 1
      b | acme | 2026-01-03 | 1
      c | acme | 2026-02-02 | 1`, [{ id: 'acme', limits: { max_lines: 1 } }])).toEqual(['acme 01 EUR parked lines', 'acme 02 EUR parked']);
  });

  it('on change compares with the invoice before, in the draft', async () => {
    const limited = [{ id: 'acme', limits: { max_change_percent: 300 } }];
    expect(await parked(`
      a | acme | 2026-01-02 | 100
      b | acme | 2026-02-02 | 400
      c | acme | 2026-03-02 | 1600.01`, limited, untaxed)).toEqual(['acme 01 EUR', 'acme 02 EUR', 'acme 03 EUR parked change']);
  });

  it('on change compares with the invoice before, in the ledger, by currency', async () => {
    const limited = [{ id: 'acme', limits: { max_change_percent: 50 } }];
    const before = (total: string, period: [string, string], more = {}): object => ({ invoice_id: `inv_${period[0]}_${total}`, customer: 'acme', period, total, ...more });
    const invoices = [before('10', ['2025-10-01', '2025-11-01']), before('100', ['2025-11-01', '2025-12-01'])] as World['invoices'];
    const rows = 'a | acme | 2026-01-02 | 150 | EUR\nb | acme | 2026-01-02 | 999 | USD';
    expect(await parked(rows, limited, { ...untaxed, invoices: invoices! })).toEqual(['acme 01 EUR', 'acme 01 USD']);
    expect(await parked(rows, limited, { ...untaxed, invoices: [...invoices!].reverse() })).toEqual(['acme 01 EUR', 'acme 01 USD']);
    expect(await parked(rows.replace('150', '150.01'), limited, { ...untaxed, invoices: invoices! })).toEqual(['acme 01 EUR parked change', 'acme 01 USD parked']);
  });

  it('on change takes no measure from a credit note, drafted or processed', async () => {
    const limited = [{ id: 'acme', limits: { max_change_percent: 50 } }];
    expect(await parked(`
      a | acme | 2026-01-02 | 100
      b | acme | 2026-02-02 | -10
      c | acme | 2026-03-02 | 200`, limited, untaxed)).toEqual(['acme 01 EUR', 'acme 02 EUR parked change', 'acme 03 EUR parked change']);
    const note = { invoice_id: 'cn', customer: 'acme', period: ['2026-01-01', '2026-02-01'] as const, total: '-10', kind: 'credit_note' };
    const invoice = { invoice_id: 'inv', customer: 'acme', period: ['2025-12-01', '2026-01-01'] as const, total: '100' };
    expect(await parked('c | acme | 2026-03-02 | 200', limited, { ...untaxed, invoices: [invoice, note] })).toEqual(['acme 03 EUR parked change']);
  });

  it('parks what follows too, and nobody else', async () => {
    expect(await parked(`
      a | acme | 2026-01-02 | 1
      b | acme | 2026-02-02 | 999
      c | acme | 2026-03-02 | 1
      d | bolt | 2026-02-02 | 999
      e | bolt | 2026-03-02 | 1`, [{ id: 'acme', limits: { max_invoice_total: '100' } }, { id: 'bolt' }]))
      .toEqual(['acme 01 EUR', 'acme 02 EUR parked total', 'bolt 02 EUR', 'acme 03 EUR parked', 'bolt 03 EUR']);
  });

  it('parks a period as a whole, in all its currencies', async () => {
    expect(await parked(`
      a | acme | 2026-01-02 | 1   | EUR
      b | acme | 2026-01-02 | 999 | USD`, [{ id: 'acme', limits: { max_invoice_total: '100' } }])).toEqual(['acme 01 EUR parked', 'acme 01 USD parked total']);
  });

  it('of the run itself: too large to be true, too long ago', async () => {
    expect(await parked('a | acme | 2026-01-02 | 9999999999999.99 | EUR', [{ id: 'acme' }])).toEqual(['acme 01 EUR parked size']);
    expect(await parked(`
      a | acme | 2026-01-02 | 1
      b | bolt | 2026-04-02 | 1`, [{ id: 'acme' }, { id: 'bolt' }], { max_catch_up_days: 60 })).toEqual(['acme 01 EUR parked age', 'bolt 04 EUR']);
  });

  it('on catching up is about deadlines: what was cancelled after its own waits for a human anyway', async () => {
    const invoices = [{ invoice_id: 'inv_old', customer: 'acme', period: ['2026-01-01', '2026-02-01'] as const, void: true }];
    expect(await parked(`
      a | acme | 2026-01-02 | 1
      b | bolt | 2026-01-02 | 1`, [{ id: 'acme' }, { id: 'bolt' }], { max_catch_up_days: 60, invoices })).toEqual(['acme 01 EUR', 'bolt 01 EUR parked age']);
  });
});

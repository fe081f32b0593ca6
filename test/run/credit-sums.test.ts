/** Credit notes over random invoices, in random steps: never more than is left, of a line, of a tax, in total; the whole at last leaves nothing. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { LEDGER_TABLES } from '../../src/ledger/tables.js';
import { buildCredit } from '../../src/models/credit.js';
import type { FoundInvoice } from '../../src/run/corrections.js';
import { judgeCredit, leftOf } from '../../src/run/credit-rules.js';
import { DuebookError } from '../../src/values/diagnostic.js';

let engine: Engine;
beforeAll(async () => {
  engine = await Engine.open({ threads: 1 });
  await engine.run('CREATE SCHEMA ledger');
  for (const [name, columns] of Object.entries(LEDGER_TABLES)) {
    await engine.run(`CREATE TABLE ledger.${name} (${Object.entries(columns).map(([column, type]) => `"${column}" ${type}`).join(', ')}, serial BIGINT)`);
  }
  await engine.run("CREATE VIEW ledger.invoice_status AS SELECT invoice_id, 'processed' AS status FROM ledger.invoices");
});
afterAll(async () => { await engine.close(); });

/** `discounts` and `charge`: as a version tells them that knows which discounts lie on a line. */
interface Line { readonly tax: number; readonly kind: string; readonly amount: bigint; readonly gross: bigint | null; readonly discounts?: string; readonly charge?: string }
const RATES = [19_000_000n, 7_000_000n, 0n, 8_100_000n];
const round = (n: bigint, d: bigint): bigint => (n < 0n ? -((-n + d / 2n) / d) : (n + d / 2n) / d);

const minor = fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 200_000n), fc.bigInt(1n, 10n ** 11n));
/** Lines whose price includes the tax bear it; discounts take off at most what the lines of their tax come to. */
const line = fc.record({ tax: fc.nat(RATES.length - 1), amount: minor, gross: fc.boolean(), kind: fc.constantFrom('booking', 'booking', 'recurring', 'measured', 'less') });
const world = fc.record({
  lines: fc.array(line, { minLength: 1, maxLength: 8 }), off: fc.array(fc.record({ tax: fc.nat(RATES.length - 1), percent: fc.bigInt(1n, 60n), on: fc.nat(255), how: fc.constantFrom('', 'l', 'l500') }), { maxLength: 3 }), told: fc.boolean(),
  steps: fc.array(fc.oneof(
    fc.record({ lines: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 3 }) }),
    fc.record({ per_mille: fc.bigInt(1n, 1100n) }),
  ), { maxLength: 5 }),
  half_even: fc.boolean(),
});

interface Shape {
  readonly lines: readonly { readonly tax: number; readonly amount: bigint; readonly gross: boolean; readonly kind: string }[];
  readonly off: readonly { readonly tax: number; readonly percent: bigint; readonly on: number; readonly how: string }[]; readonly told: boolean;
}

function linesOf({ lines, off, told }: Shape): Line[] {
  const lies = (place: number, line: number): boolean => !told || (off[place]!.on & (1 << line)) !== 0;
  const all = lines.map(({ tax, amount, gross, kind }): Line => {
    if (kind === 'measured') return { tax, kind: 'booking', amount: 0n, gross: null };
    if (kind === 'less') return { tax, kind: 'manual', amount: -(amount / 50n), gross: null };
    return { tax, kind, amount: gross ? round(amount * 100_000_000n, 100_000_000n + RATES[tax]!) : amount, gross: gross ? amount : null };
  });
  const made = all.map((each, line): Line => {
    const discounts = off.flatMap(({ how }, place) => (lies(place, line) ? [`${place + 1}${how}`] : [])).join(' ');
    return told && discounts !== '' && ['booking', 'recurring'].includes(each.kind) ? { ...each, discounts } : each;
  });
  for (const [place, { tax, percent }] of off.entries()) {
    const base = all.filter((each, line) => each.tax === tax && lies(place, line)).reduce((total, each) => total + each.amount, 0n);
    const amount = -((base * percent) / 100n);
    if (amount < 0n) made.push({ tax, kind: 'discount', amount, gross: null, ...(told ? { charge: `inv_1:a:discount:${place + 1}:t${tax}:${RATES[tax]!}` } : {}) });
  }
  return made;
}

const FOUND = { invoice_id: 'inv_1', number: 'INV-1', kind: 'invoice', exponent: 2, currency: 'EUR' } as unknown as FoundInvoice;

async function commitInvoice(lines: readonly Line[]): Promise<void> {
  await engine.run('DELETE FROM ledger.invoices; DELETE FROM ledger.invoice_lines; DELETE FROM ledger.invoice_taxes;');
  await engine.run("INSERT INTO ledger.invoices (invoice_id, number, kind, confirmed_by) VALUES ('inv_1', 'INV-1', 'invoice', 'auto')");
  const rows = lines.map((l, i) => `('inv_1', ${i + 1}, '${l.kind}', ${l.kind === 'booking' ? `'b${i}'` : 'NULL'}, 1000000, ${l.amount}, ${l.gross ?? 'NULL'}, 't${l.tax}', ${RATES[l.tax]!}, 'a', ${l.discounts === undefined ? 'NULL' : `'${l.discounts}'`}, ${l.charge === undefined ? 'NULL' : `'${l.charge}'`})`);
  await engine.run(`INSERT INTO ledger.invoice_lines (invoice_id, line_no, kind, booking_id, quantity_micro, amount_minor, gross_minor, tax_id, tax_rate_micro, agreement_id, discounts, charge_id) VALUES ${rows.join(', ')}`);
  for (const tax of new Set(lines.map((l) => l.tax))) {
    const own = lines.filter((l) => l.tax === tax);
    const plain = own.filter((l) => l.gross === null).reduce((total, l) => total + l.amount, 0n);
    const included = own.reduce((total, l) => total + (l.gross === null ? 0n : l.gross - l.amount), 0n);
    await engine.run(`INSERT INTO ledger.invoice_taxes VALUES ('inv_1', 't${tax}', 'VAT', 'S', ${RATES[tax]!}, NULL,
      ${own.reduce((total, l) => total + l.amount, 0n)}, ${included + round(plain * RATES[tax]!, 100_000_000n)}, 1)`);
  }
}

/** Takes the credit note into the ledger, as `commitCredit` does. */
async function keep(id: string): Promise<void> {
  await engine.run(`INSERT INTO ledger.invoices (invoice_id, kind, confirmed_by) VALUES ('${id}', 'credit_note', 'credit');
    INSERT INTO ledger.invoice_lines BY NAME SELECT *, '${id}' AS invoice_id FROM credit.lines;
    INSERT INTO ledger.invoice_taxes BY NAME SELECT *, '${id}' AS invoice_id FROM credit.taxes;`);
}

const BOUNDS = `
  SELECT 'line ' || c.corrects_line_no || ' ' || l.amount_minor || ' ' || sum(c.amount_minor) AS wrong
  FROM ledger.invoice_lines AS c JOIN ledger.invoice_lines AS l ON l.invoice_id = 'inv_1' AND l.line_no = c.corrects_line_no
  WHERE c.corrects_invoice_id = 'inv_1' GROUP BY c.corrects_line_no, l.amount_minor
  HAVING sum(c.amount_minor) NOT BETWEEN least(-l.amount_minor, 0) AND greatest(-l.amount_minor, 0)
  UNION ALL
  SELECT 'tax ' || t.tax_id || ' ' || t.net_minor || ' ' || sum(c.net_minor) || ' ' || t.tax_minor || ' ' || sum(c.tax_minor)
  FROM ledger.invoice_taxes AS t JOIN ledger.invoice_taxes AS c ON c.invoice_id <> 'inv_1' AND c.tax_id = t.tax_id
  WHERE t.invoice_id = 'inv_1' GROUP BY t.tax_id, t.net_minor, t.tax_minor
  HAVING sum(c.net_minor) NOT BETWEEN least(-t.net_minor, 0) AND greatest(-t.net_minor, 0)
    OR sum(c.tax_minor) NOT BETWEEN least(-t.tax_minor, 0) AND greatest(-t.tax_minor, 0)
  UNION ALL
  SELECT 'sums of ' || coalesce(l.invoice_id, t.invoice_id) || ' ' || coalesce(l.tax_id, t.tax_id)
  FROM (SELECT invoice_id, tax_id, sum(amount_minor) AS amount FROM ledger.invoice_lines GROUP BY ALL) AS l
  FULL JOIN ledger.invoice_taxes AS t ON t.invoice_id = l.invoice_id AND t.tax_id = l.tax_id WHERE coalesce(l.amount, 0) <> coalesce(t.net_minor, 0)`;

/** A line that fits its tax and is yet more than the invoice: what another tax takes off. */
const OTHER_TAX = {
  lines: [{ tax: 0, amount: 50n, gross: false, kind: 'less' as const }, { tax: 1, amount: 2n, gross: false, kind: 'booking' as const }],
  off: [], told: true, steps: [{ lines: [2] }], half_even: false,
};

describe('credit notes', () => {
  it('never take back more than there is, and the last one leaves nothing', async () => {
    let kept = 0;
    await fc.assert(fc.asyncProperty(world, async ({ steps, half_even, ...shape }) => {
      const lines = linesOf(shape);
      await commitInvoice(lines);
      const total = async (): Promise<bigint> => (await engine.row<{ t: bigint }>(
        'SELECT CAST(coalesce(sum(net_minor + tax_minor), 0) AS HUGEINT) AS t FROM ledger.invoice_taxes')).t;
      for (const [i, step] of [...steps, { whole: true }].entries()) {
        const before = await total();
        const wish = {
          lines: 'lines' in step ? step.lines.filter((n) => n <= lines.length) : null,
          amount_minor: 'per_mille' in step ? (before * step.per_mille) / 1000n : null, reissue: false,
        };
        if (wish.lines?.length === 0 || (wish.amount_minor !== null && wish.amount_minor <= 0n)) continue;
        await buildCredit(engine, { invoice_id: 'inv_1', half_even, ...wish });
        try {
          await judgeCredit(engine, FOUND, wish);
        } catch (error) {
          if (!(error instanceof DuebookError)) throw error;
          expect(['USAGE', 'CREDIT_TOO_MUCH']).toContain(error.diagnostics[0]!.code);
          if ('whole' in step) expect(before <= 0n).toBe(true);
          continue;
        }
        const after = (await leftOf(engine, FOUND)).total;
        await keep(`crn_${i}`);
        kept += 1;
        const now = await total();
        expect(BigInt(after.replace('.', ''))).toBe(now);
        expect(now <= before && now >= 0n).toBe(true);
        if (wish.amount_minor !== null) expect(before - now).toBe(wish.amount_minor);
        expect(await engine.rows(BOUNDS)).toEqual([]);
        if ('whole' in step) {
          expect(await engine.rows('SELECT tax_id FROM ledger.invoice_taxes GROUP BY tax_id HAVING sum(net_minor) <> 0 OR sum(tax_minor) <> 0')).toEqual([]);
          expect(await engine.rows("SELECT corrects_line_no FROM ledger.invoice_lines WHERE invoice_id <> 'inv_1' AND corrects_line_no IS NOT NULL GROUP BY ALL")).toHaveLength(lines.length);
        }
      }
    }), { numRuns: Number(process.env['CREDIT_RUNS'] ?? 60), examples: [[OTHER_TAX]] });
    expect(kept).toBeGreaterThan(60);
  });
});

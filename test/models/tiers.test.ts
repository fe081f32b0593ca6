/** What other systems assert of tiers, packages, percentages and bounds, on the models themselves. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { exponentOf, formatScaled, parseDecimal } from '../../src/values/money.js';
import { draftOf, periods, provenDraft } from '../support/models.js';
import type { BookingRow } from '../support/models.js';
import { written } from '../support/usage.js';

interface Vector {
  readonly source: string;
  readonly price: Readonly<Record<string, unknown>>;
  /** Quantities or amounts of the bookings of the invoice that is looked at; quantities of those before it. */
  readonly quantities?: readonly string[];
  readonly amounts?: readonly string[];
  readonly before?: readonly string[];
  /** Of a quarter that is billed by the month; only: of a month that is billed once. */
  readonly part?: 'only' | 'middle' | 'last';
  /** Left out or different on purpose, see README.md. */
  readonly skipped?: string;
  readonly expected: { readonly amount: string; readonly lines?: readonly string[] };
}

const VECTORS = JSON.parse(readFileSync(new URL('vectors/tier.json', import.meta.url), 'utf8')) as readonly Vector[];
const APPLIED = VECTORS.filter(({ skipped }) => skipped === undefined);

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

type Part = NonNullable<Vector['part']>;
const MONTHS: Readonly<Record<Part, readonly [looked_at: string, as_of: string]>> = {
  only: ['2026-01', '2026-02-02'], middle: ['2026-02', '2026-03-02'], last: ['2026-03', '2026-04-02'],
};
const currencyOf = ({ source }: Vector): string => (source.startsWith('openmeter') ? 'EUR' : 'KWD');
const customerOf = (vector: Vector): string => `c${String(VECTORS.indexOf(vector)).padStart(2, '0')}`;

function bookingsOf(vector: Vector, month: string): BookingRow[] {
  const customer = customerOf(vector);
  const { quantities = [], amounts = [], before = [] } = vector;
  return [
    ...before.map((quantity, i) => ({ id: `${customer}a${i}`, customer, product: 'usage', end: '2026-01-10', quantity })),
    ...quantities.map((quantity, i) => ({ id: `${customer}q${i}`, customer, product: 'usage', end: `${month}-10`, quantity })),
    ...amounts.map((amount, i) => ({ id: `${customer}m${i}`, customer, product: 'usage', end: `${month}-10`, amount })),
  ];
}

/** Amounts in minor units of the lines that each price makes on the invoice that is looked at; a vector is a customer. */
async function billed(vectors: readonly Vector[], part: Part, currency: string): Promise<Map<string, bigint[]>> {
  const [month, as_of] = MONTHS[part];
  const agreements = Object.fromEntries(vectors.map((vector) => [customerOf(vector), { from: '2026-01-01', prices: { usage: vector.price } }]));
  const draft = await draftOf(engine, {
    as_of, currency, customers: vectors.map((vector) => ({ id: customerOf(vector), agreements: [customerOf(vector)] })),
    periods: periods(as_of, ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01', '2026-05-01']),
    products: { usage: {} }, bookings: vectors.flatMap((vector) => bookingsOf(vector, month)), ...written({ agreements }, currency),
  });
  expect(await provenDraft(draft)).toEqual([]);
  const rows = await engine.rows<{ customer_id: string; amount: bigint }>(`
    SELECT i.customer_id, CAST(l.amount_minor AS HUGEINT) AS amount FROM draft.invoice_lines AS l JOIN draft.invoices AS i ON i.invoice_key = l.invoice_key
    WHERE l.kind = 'usage' AND CAST(i.period_start AS DATE) = DATE '${month}-01' ORDER BY i.customer_id, l.line_no`);
  const lines = new Map(vectors.map((vector): [string, bigint[]] => [customerOf(vector), []]));
  for (const { customer_id, amount } of rows) lines.get(customer_id)!.push(amount);
  return lines;
}

const lines = new Map<string, bigint[]>();
beforeAll(async () => {
  for (const part of ['only', 'middle', 'last'] as const) {
    for (const currency of ['EUR', 'KWD']) {
      const own = APPLIED.filter((vector) => (vector.part ?? 'only') === part && currencyOf(vector) === currency);
      if (own.length > 0) for (const [customer, amounts] of await billed(own, part, currency)) lines.set(customer, amounts);
    }
  }
}, 600_000);

describe('a price of usage', () => {
  it.each(APPLIED)('$source', (vector) => {
    const places = exponentOf(currencyOf(vector));
    const found = lines.get(customerOf(vector))!;
    expect(formatScaled(found.reduce((sum, line) => sum + line, 0n), places)).toBe(formatScaled(parseDecimal(vector.expected.amount, places)!, places));
    if (vector.expected.lines !== undefined) expect(found).toEqual(vector.expected.lines.map((line) => parseDecimal(line, places)!));
  });

  it('differs from others only where it is declared', () => {
    const readme = readFileSync(new URL('vectors/README.md', import.meta.url), 'utf8');
    const different = VECTORS.filter(({ skipped }) => skipped !== undefined);
    for (const { skipped } of different) expect(readme).toContain(skipped);
    expect(APPLIED.length / VECTORS.length).toBeGreaterThanOrEqual(0.95);
  });
});

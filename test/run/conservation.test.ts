/** Where the money is: every run proves that nothing was lost or billed twice, and tells it; each proof fails when it has to. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { resultSections } from '../../src/report/markdown.js';
import { resultText } from '../../src/report/text.js';
import type { Conservation } from '../../src/run/results.js';
import { parseDecimal } from '../../src/values/money.js';
import { project, refusal } from '../support/project.js';
import type { Booking, Project } from '../support/project.js';

const BOOKINGS: readonly Booking[] = [
  { id: 'A', customer: 'acme', product: 'visit', start: '2026-04-02', quantity: '2.5' },
  { id: 'B', customer: 'acme', product: 'food', start: '2026-04-03', amount: '10.00' },
  { id: 'C', customer: 'acme', product: 'visit', start: '2026-04-04', quantity: '1', price: '7.25', currency: 'USD' },
  { id: 'D', customer: 'acme', product: 'visit', start: '2026-04-05', status: 'cancelled' },
  { id: 'E', customer: 'acme', product: 'visit', start: '2026-04-05', status: 'draft' },
  { id: 'F', customer: 'acme', product: 'visit', start: '2026-05-05' },
  { id: 'G', customer: 'acme', product: 'visit', start: '2026-04-06', quantity: '3' },
  { id: 'H', customer: 'bolt', product: 'visit', start: '2026-04-06', quantity: '-1' },
];

async function rich(more: Record<string, unknown> = {}): Promise<Project> {
  return project({
    customers: { acme: { agreements: ['a'] }, bolt: { name: 'Bolt', cycle: 'monthly', negative_total: 'carry_over' } },
    agreements: {
      a: {
        from: '2026-04-01', charges: [{ id: 'base', name: 'Base', price: '249.00', per: 'month', from: '2026-04-15' }],
        fees: [{ id: 'setup', name: 'Set-up', amount: '50.00', on: '2026-04-01' }], discounts: [{ name: 'Loyalty', percent: '3' }],
        minimum: { amount: '1000.00', per: 'period' },
      },
    },
    overrides: [
      { booking: 'G', source: 'jobs', hold: true, reason: 'Disputed' },
      { customer: 'acme', batch: '2026-05-01', lines: [{ description: 'Key', quantity: '1', unit_price: '9.90' }] },
    ],
    ...more,
  }, BOOKINGS);
}

const cents = (amount: string): bigint => parseDecimal(amount, 3)!;
const sum = (amounts: readonly string[]): bigint => amounts.reduce((total, amount) => total + cents(amount), 0n);

/** Every sum of it as one adds it up. */
function adds({ bookings, invoices }: Conservation): void {
  for (const each of bookings) {
    expect(sum(each.parts.map(({ amount }) => amount))).toBe(cents(each.amount));
    expect(each.parts.reduce((n, part) => n + part.bookings, 0)).toBe(each.bookings);
  }
  for (const each of invoices) {
    expect(sum(each.parts.map(({ amount }) => amount))).toBe(cents(each.net));
    expect(cents(each.net) + cents(each.tax)).toBe(cents(each.total));
  }
}

describe('where the money is', () => {
  it('is told per currency: bookings by what became of them, invoices by what they consist of', async () => {
    const made = await rich();
    const result = await made.preview('2026-05-02');
    adds(result.conservation);
    expect(resultText('preview', result, { color: false, columns: null })).toContain(`
  Bookings EUR              Bookings  Amount
  to be billed                     3  152.50
  waiting for their period         1   95.00
  held                             1  285.00
  cancelled                        1   95.00
  ignored                          1   95.00
  ────────────────────────  ────────  ──────
  all that were read               7  722.50
`.slice(1));
    expect(result.conservation.invoices).toEqual([
      {
        state: 'open', currency: 'EUR', invoices: 2, net: '1009.90', tax: '190.72', total: '1200.62',
        parts: [
          { kind: 'booking', lines: 3, amount: '152.50' }, { kind: 'recurring', lines: 1, amount: '132.80' },
          { kind: 'fee', lines: 1, amount: '50.00' }, { kind: 'discount', lines: 2, amount: '-12.91' }, { kind: 'minimum', lines: 1, amount: '582.61' },
          { kind: 'manual', lines: 1, amount: '9.90' }, { kind: 'carry_over', lines: 1, amount: '95.00' },
        ],
      },
      { state: 'open', currency: 'USD', invoices: 1, net: '7.25', tax: '1.38', total: '8.63', parts: [{ kind: 'booking', lines: 1, amount: '7.25' }] },
    ]);
    expect(resultSections('preview', result, []).join('')).toContain('| recurring charges | 1 | 132.80 |');
    expect(await readFile(join(made.root, 'out/preview/2026-05-01/summary.md'), 'utf8')).toContain('| missing to minimums | 1 | 582.61 |');
  });

  it('is told of a run for what it processed and what stays open', async () => {
    const made = await rich();
    const { conservation } = await made.confirm('2026-05-02', '2026-05-01', { customers: ['acme'] });
    adds(conservation!);
    expect(conservation!.invoices.map((each) => `${each.state} ${each.currency} ${each.total}`)).toEqual(
      ['processed EUR 1200.62', 'processed USD 8.63', 'open EUR 0.00']);
    const ran = await made.run('2026-06-10');
    adds(ran.conservation!);
    expect(resultText('run', ran, { color: false, columns: null })).toContain('processed now');
    expect(await made.flaws()).toEqual([]);
  });

  it('holds where prices include the tax', async () => {
    const made = await rich({ prices_include_tax: true });
    const { conservation } = await made.preview('2026-05-02');
    adds(conservation);
    expect(conservation.invoices[0]!.parts[0]).toMatchObject({ kind: 'booking', lines: 3 });
  });
});

/** The program with a mistake in one of its models. */
function mistaken(file: string, right: string, wrong: string): void {
  const read = fs.readFileSync;
  const changed = (path: fs.PathOrFileDescriptor, ...more: unknown[]): unknown => {
    const text = (read as (...args: unknown[]) => unknown)(path, ...more);
    if (!(path instanceof URL) || !path.pathname.endsWith(`/sql/${file}.sql`)) return text;
    expect(String(text)).toContain(right);
    return String(text).replace(right, wrong);
  };
  const put = (own: typeof fs.readFileSync): void => {
    fs.readFileSync = own;
    syncBuiltinESMExports();
  };
  put(changed as typeof fs.readFileSync);
  onTestFinished(() => { put(read); });
}

describe('a mistake of the program ends the run, and nothing is written', () => {
  it.each([
    ['a booking that is in no bucket', 'totals', 'FROM draft.agreed_bookings AS b', "FROM (SELECT * FROM draft.agreed_bookings WHERE booking_id <> 'A') AS b", 'bookings in EUR were read'],
    ['a booking that counts twice', 'rated_bookings', 'FROM input.bookings AS b', 'FROM (SELECT * FROM input.bookings UNION ALL SELECT * FROM input.bookings) AS b', 'bookings in EUR were read'],
    ['one booking for another', 'totals', 'sum(b.quantity_micro)', 'sum(b.quantity_micro + 1)', 'not with the same quantities and amounts'],
    ['an amount that is not the given one', 'totals', 'sum(b.given_minor)', 'sum(b.given_minor * 2)', 'not with the same quantities and amounts'],
    ['a summary that tells another amount', 'completeness', 'sum(amount_minor) AS amount_minor', 'sum(amount_minor) + 1 AS amount_minor', 'not with the same quantities and amounts'],
    ['a charge that is in the sums twice', 'net_totals', 'FROM draft.added_lines AS c', 'FROM (SELECT * FROM draft.added_lines UNION ALL SELECT * FROM draft.added_lines) AS c', 'its sums say'],
    ['a discount that is no line', 'invoice_kinds', 'FROM draft.added_lines AS a', "FROM (SELECT * FROM draft.added_lines WHERE kind <> 'discount') AS a", 'its sums say'],
    ['a line with another amount than its invoice was summed with', 'billed_lines', 'c.amount_minor END,\n', 'c.amount_minor + 1 END,\n', 'as they were written, sum to'],
    ['a line that is missing', 'billed_lines', "WHERE b.bucket = 'billed'", "WHERE b.bucket = 'billed' AND b.booking_id <> 'A'", 'as they were written, sum to'],
  ])('%s', async (_what, file, right, wrong, message) => {
    const made = await rich();
    mistaken(file, right, wrong);
    const refused = await refusal(made.run('2026-05-10'));
    expect(refused).toMatch(/^BOOKINGS_UNACCOUNTED 7 /);
    expect(refused).toContain(message);
    expect(await made.told('SELECT count(*) AS n FROM ledger.invoices')).toEqual(['0']);
  });
});

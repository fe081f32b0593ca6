/** The journal of random ledgers against an account of it in plain TypeScript, and against hledger and beancount. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { exportJournal } from '../../src/run/export.js';
import type { JournalOptions } from '../../src/run/export.js';
import { formatScaled } from '../../src/values/money.js';
import { commitRows } from '../support/ledger-rows.js';
import type { Cells } from '../support/ledger-rows.js';
import { ask, hasProgram } from '../support/programs.js';
import { project, refusal } from '../support/project.js';
import type { Project, Spec } from '../support/project.js';

const HLEDGER = hasProgram('hledger', 'Debian: apt-get install hledger');
const BEAN_CHECK = hasProgram('bean-check', 'pip install beancount');

const DAY = 86_400_000;
const FIRST = Date.UTC(2026, 0, 31, 23);
const EXPONENT: Readonly<Record<string, number>> = { EUR: 2, JPY: 0, KWD: 3 };

interface Line { readonly kind: string; readonly product: string | null; readonly tax_id: string; readonly amount: bigint; readonly corrects?: readonly [invoice: number, line: number] }
interface Invoice { readonly customer: string; readonly name: string; readonly currency: string; readonly day: string; readonly lines: readonly Line[]; readonly taxes: Readonly<Record<string, bigint>> }
/** Commits: invoices, and the places of earlier invoices that are cancelled. */
interface Step { readonly invoices: readonly Invoice[]; readonly voids: readonly number[] }

const KINDS = ['booking', 'recurring', 'usage', 'discount', 'fee', 'deposit', 'deposit_applied', 'deposit_refund', 'carry_over', 'manual'];
const PRODUCTS = ['visit', 'Ölwechsel 5W-30; "extra"', 'a:b', '(x)', null, null];
const CUSTOMERS = ['acme', '4711', 'Käse & Co', 'c;d', 'x'];
const NAMES = ['Acme GmbH', 'A "quoted" \\ name; with | signs', '=cmd()', '* star', '(code) [x]', 'Müller\u00a0 &  Söhne', '2026-01-01 open Assets:X', '; comment', '!'];

const line = fc.record({
  kind: fc.constantFrom(...KINDS), product: fc.constantFrom(...PRODUCTS), tax_id: fc.constantFrom('standard', 'reduced', 'reverse'),
  amount: fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }),
});
const invoice = fc.record({
  customer: fc.constantFrom(...CUSTOMERS), name: fc.constantFrom(...NAMES), currency: fc.constantFrom('EUR', 'JPY', 'KWD'),
  day: fc.constantFrom('2026-01-15', '2026-02-01', '2026-02-28', '2026-03-01'), lines: fc.array(line, { minLength: 1, maxLength: 6 }),
  taxes: fc.record({ standard: fc.bigInt({ min: -(10n ** 6n), max: 10n ** 6n }), reduced: fc.bigInt({ min: -5n, max: 5n }) }),
});
const steps = fc.array(fc.record({ invoices: fc.array(invoice, { maxLength: 5 }), voids: fc.array(fc.nat(20), { maxLength: 2 }) }), { minLength: 1, maxLength: 4 });

const idOf = (n: number): string => `inv_${String(n + 1).padStart(8, '0')}`;
const numberOf = (n: number): string => `INV-2026-${String(n + 1).padStart(6, '0')}`;

interface Entry { readonly n: number; readonly void: boolean; readonly serial: number; readonly day: string }

/** Commits the steps to a new project. Gives the entries that the journal should have, in order. */
async function build(made: Project, written: readonly Step[]): Promise<{ all: Invoice[]; entries: Entry[] }> {
  const [all, entries]: [Invoice[], Entry[]] = [[], []];
  const gone = new Set<number>();
  let serial = 0;
  for (const [i, step] of written.entries()) {
    const as_of = FIRST + i * DAY;
    const voids = [...new Set(step.voids)].filter((n) => n < all.length && !gone.has(n)).sort((a, b) => a - b);
    if (step.invoices.length === 0 && voids.length === 0) continue;
    serial += 1;
    const first = all.length;
    all.push(...step.invoices);
    const told = [
      ...step.invoices.map((each, k): Entry => ({ n: first + k, void: false, serial, day: each.day })),
      // 23:00 in UTC is the next day in Berlin.
      ...voids.map((n): Entry => ({ n, void: true, serial, day: new Date(as_of + DAY).toISOString().slice(0, 10) })),
    ];
    entries.push(...told.sort((a, b) => a.n - b.n));
    for (const n of voids) gone.add(n);
    await commitRows(join(made.root, 'data/ledger'), 'north', as_of, rowsOf(step.invoices, first, as_of, voids), { invoice: all.length + 1 });
  }
  return { all, entries };
}

function rowsOf(invoices: readonly Invoice[], first: number, as_of: number, voids: readonly number[]): Parameters<typeof commitRows>[3] {
  const at = new Date(as_of).toISOString().slice(0, 19).replace('T', ' ');
  let before = 0;
  const [heads, lines, taxes]: [Cells[], Cells[], Cells[]] = [[], [], []];
  for (const [i, each] of invoices.entries()) {
    const n = first + i;
    const net = netOf(each);
    const tax = taxOf(each);
    heads.push({
      invoice_id: idOf(n), number: numberOf(n), series: 'invoice', seq: n + 1, kind: net + tax < 0n ? 'credit_note' : 'invoice', customer_id: each.customer, customer_name: each.name,
      timezone: 'Europe/Berlin', issued_on: each.day, currency: each.currency, exponent: EXPONENT[each.currency]!, net_minor: net, tax_minor: tax, total_minor: net + tax,
      lines: each.lines.length, confirmed_at: at, period_start: at, period_end: at,
    });
    lines.push(...each.lines.map(({ corrects, ...more }): Cells => ({
      invoice_id: idOf(n), lines_before: before, kind: more.kind, product: more.product, tax_id: more.tax_id, amount_minor: more.amount,
      ...(corrects === undefined ? {} : { corrects_invoice_id: idOf(corrects[0]), corrects_line_no: corrects[1], correction: 'credit' }),
    })));
    taxes.push(...Object.entries(each.taxes).map(([tax_id, amount]): Cells => ({ invoice_id: idOf(n), tax_id, net_minor: 0, tax_minor: amount, rate_micro: 1 })));
    before += each.lines.length;
  }
  const events = voids.map((n): Cells => ({ at, subject: 'invoice', subject_id: idOf(n), event: 'voided', detail: '{"reason":"Typing error; twice","by":"anna"}' }));
  return { invoices: heads, invoice_lines: lines, invoice_taxes: taxes, events };
}

const netOf = (each: Invoice): bigint => each.lines.reduce((sum, { amount }) => sum + amount, 0n);
const taxOf = (each: Invoice): bigint => Object.values(each.taxes).reduce((sum, amount) => sum + amount, 0n);

const plain = (id: string): string => id.replace(/[^\p{L}\p{N} ._/&+-]+/gu, '-').replace(/ +/g, ' ').trim();

/** Account and amount of each posting of an invoice; debits are positive. `kindOf` is that of a corrected line. */
function postingsOf(each: Invoice, kindOf: (at: readonly [number, number]) => string = () => ''): [account: string, amount: bigint][] {
  return [
    [`Assets:Receivable:${plain(each.customer)}`, netOf(each) + taxOf(each)],
    ...each.lines.map(({ kind: written, product, amount, corrects }): [string, bigint] => {
      const kind = corrects === undefined ? written : kindOf(corrects);
      const account = /^deposit/.test(kind) ? 'Liabilities:Deposits' : kind === 'carry_over' ? 'Liabilities:Carried' : `Income:Sales:${plain(product ?? kind)}`;
      return [account, -amount];
    }),
    ...Object.entries(each.taxes).map(([tax_id, amount]): [string, bigint] => [`Liabilities:Tax:${tax_id}`, -amount]),
  ];
}

/** `account currency balance`, sorted, without those of nought. */
function balances(all: readonly Invoice[], entries: readonly Entry[]): string[] {
  const sums = new Map<string, bigint>();
  for (const entry of entries) {
    const each = all[entry.n]!;
    for (const [account, amount] of postingsOf(each, ([n, no]) => all[n]!.lines[no - 1]!.kind)) {
      const key = JSON.stringify([account, each.currency]);
      sums.set(key, (sums.get(key) ?? 0n) + (entry.void ? -amount : amount));
    }
  }
  return [...sums].filter(([, sum]) => sum !== 0n).map(([key, sum]) => {
    const [account, currency] = JSON.parse(key) as [string, string];
    return `${account} ${currency} ${formatScaled(sum, EXPONENT[currency]!)}`;
  }).sort();
}

async function written(made: Project, format: JournalOptions['format'], more: Partial<JournalOptions> = {}): Promise<string> {
  const to = mkdtempSync(join(tmpdir(), 'duebook-journal-'));
  try {
    const { files } = await exportJournal(made.world, { as_of: '2026-06-01', to, format, ...more });
    return readFileSync(join(to, files[0]!.file), 'utf8');
  } finally {
    rmSync(to, { recursive: true });
  }
}

function file(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'duebook-journal-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** Rows of a CSV text as objects. */
function table(text: string): Record<string, string>[] {
  const rows = [...text.matchAll(/("(?:[^"]|"")*"|[^,\n]*)(,|\n)/g)].reduce<string[][]>((found, [, cell, end]) => {
    found.at(-1)!.push(cell!.startsWith('"') ? cell!.slice(1, -1).replaceAll('""', '"') : cell!);
    if (end === '\n') found.push([]);
    return found;
  }, [[]]).filter((row) => row.length > 1);
  return rows.slice(1).map((row) => Object.fromEntries(rows[0]!.map((name, i) => [name, row[i]!])));
}

/** What hledger makes of a journal, as {@link balances}. */
function hledgerBalances(path: string): string[] {
  return table(ask('hledger', ['-f', path, 'balance', '--flat', '-N', '-O', 'csv', '--layout=bare'])).map((row) => `${row['account']} ${row['commodity']} ${row['balance']}`).sort();
}

const minor = (decimal: string): bigint => BigInt(decimal.replace('.', '') || '0');

describe('the journal of any ledger', () => {
  it('balances, says what the ledger says, and is read by hledger and beancount', async () => {
    await fc.assert(fc.asyncProperty(steps, async (history) => {
      const made = await project();
      const { all, entries } = await build(made, history);
      if (entries.length === 0) return;
      const rows = table(await written(made, 'csv'));
      const sums = new Map<string, bigint>();
      for (const row of rows) sums.set(row['entry_id']!, (sums.get(row['entry_id']!) ?? 0n) + minor(row['debit']!) - minor(row['credit']!));
      expect([...sums.values()].filter((sum) => sum !== 0n)).toEqual([]);
      const posted = entries.filter((entry) => postingsOf(all[entry.n]!).some(([, amount]) => amount !== 0n));
      const told = [...new Set(rows.map((row) => [row['entry_id'], row['date'], row['number'], row['serial']].join(' ')))];
      const should = posted.map((entry) => `${idOf(entry.n)}${entry.void ? '/void' : ''} ${entry.day} ${numberOf(entry.n)} ${entry.serial}`);
      expect(should.filter((each) => !told.includes(each) && sums.has(each.split(' ')[0]!))).toEqual([]);
      expect(told).toEqual(should.filter((each) => told.includes(each)));
      const expected = balances(all, entries);
      if (HLEDGER) {
        const path = file('journal.hledger', await written(made, 'hledger'));
        ask('hledger', ['-f', path, 'check', '--strict']);
        expect(hledgerBalances(path)).toEqual(expected);
      }
      if (BEAN_CHECK) ask('bean-check', [file('journal.beancount', await written(made, 'beancount'))]);
    }), { numRuns: 15 });
  });

  it('is the same in pieces, one commit or one day after the other', async () => {
    await fc.assert(fc.asyncProperty(steps, async (history) => {
      const made = await project();
      const { entries } = await build(made, history);
      if (entries.length === 0) return;
      const [whole, again] = [await written(made, 'csv'), await written(made, 'csv')];
      expect(again).toBe(whole);
      const [half, rest] = [await written(made, 'csv', { before: '2026-02-01' }), await written(made, 'csv', { from: '2026-02-01' })];
      expect([...half.split('\n').slice(1), ...rest.split('\n').slice(1)].sort()).toEqual([...whole.split('\n').slice(1), ''].sort());
      const late = await written(made, 'csv', { since: '1' });
      expect(whole.endsWith(late.slice(late.indexOf('\n') + 1))).toBe(true);
      expect(table(late).every((row) => Number(row['serial']) > 1)).toBe(true);
      if (BEAN_CHECK) {
        const parts = [await written(made, 'beancount', { before: '2026-02-01' }), await written(made, 'beancount', { from: '2026-02-01' })];
        ask('bean-check', [file('both.beancount', parts.join('\n'))]);
      }
    }), { numRuns: 5 });
  });
});

const ONE: Invoice = {
  customer: 'acme', name: 'Acme GmbH', currency: 'EUR', day: '2026-02-01', taxes: { standard: 1900n, reduced: 70n },
  lines: [
    { kind: 'booking', product: 'visit', tax_id: 'standard', amount: 10_000n }, { kind: 'deposit', product: null, tax_id: 'standard', amount: 5_000n },
    { kind: 'booking', product: 'food', tax_id: 'reduced', amount: 1_000n }, { kind: 'fee', product: null, tax_id: 'reverse', amount: 500n },
  ],
};
const CREDIT: Invoice = {
  ...ONE, day: '2026-02-15', taxes: { standard: -950n },
  lines: [{ kind: 'adjustment', product: null, tax_id: 'standard', amount: -5_000n, corrects: [0, 2] }, { kind: 'adjustment', product: null, tax_id: 'reverse', amount: -500n, corrects: [0, 4] }],
};

async function books(spec: Spec, history: readonly Step[]): Promise<Project> {
  const made = await project(spec);
  await build(made, history);
  return made;
}

const STORY: readonly Step[] = [{ invoices: [ONE], voids: [] }, { invoices: [CREDIT], voids: [] }, { invoices: [], voids: [1] }];

describe('accounts', () => {
  it('are numbers where the books have numbers: by customer, by product before tax, by tax', async () => {
    const made = await books({
      accounting: {
        receivables: '1400', receivables_by_customer: { acme: '10001' }, revenue: '8000', revenue_by_tax: { standard: '8400', reduced: '8300', reverse: '8336' },
        revenue_by_product: { food: '8310' }, tax_by_id: { standard: '1776' }, deposits: '1718',
      },
    }, STORY.slice(0, 1));
    expect(table(await written(made, 'csv')).map((row) => [row['account'], row['debit'], row['credit'], row['tax_id']].join(' '))).toEqual([
      '10001 184.70  ', '8310  10.00 reduced', '8336  5.00 reverse', '8400  100.00 standard', '1718  50.00 standard', '1776  19.00 standard',
      'Liabilities:Tax:reduced  0.70 reduced',
    ]);
    const text = await written(made, 'beancount');
    expect(text).toContain('  Assets:10001  184.70 EUR\n  Income:8310  -10.00 EUR');
    if (BEAN_CHECK) ask('bean-check', [file('numbers.beancount', text)]);
    const hledger = file('numbers.hledger', await written(made, 'hledger'));
    if (HLEDGER) expect(hledgerBalances(hledger)).toContain('8400 EUR -100.00');
  });

  it('of a credit are those of what it corrects, and a cancellation takes its entry back', async () => {
    const made = await books({}, STORY);
    const rows = table(await written(made, 'csv', { since: '1' }));
    expect(rows.map((row) => [row['date'], row['account'], row['debit'], row['credit'], row['corrects'], row['description']].join('|'))).toEqual([
      '2026-02-15|Assets:Receivable:acme||64.50|INV-2026-000001|Credit note INV-2026-000002 for INV-2026-000001, Acme GmbH',
      '2026-02-15|Income:Sales:fee|5.00||INV-2026-000001|Credit note INV-2026-000002 for INV-2026-000001, Acme GmbH',
      '2026-02-15|Liabilities:Deposits|50.00||INV-2026-000001|Credit note INV-2026-000002 for INV-2026-000001, Acme GmbH',
      '2026-02-15|Liabilities:Tax:standard|9.50||INV-2026-000001|Credit note INV-2026-000002 for INV-2026-000001, Acme GmbH',
      '2026-02-03|Assets:Receivable:acme|64.50||INV-2026-000002|Cancellation of INV-2026-000002: Typing error; twice, Acme GmbH',
      '2026-02-03|Income:Sales:fee||5.00|INV-2026-000002|Cancellation of INV-2026-000002: Typing error; twice, Acme GmbH',
      '2026-02-03|Liabilities:Deposits||50.00|INV-2026-000002|Cancellation of INV-2026-000002: Typing error; twice, Acme GmbH',
      '2026-02-03|Liabilities:Tax:standard||9.50|INV-2026-000002|Cancellation of INV-2026-000002: Typing error; twice, Acme GmbH',
    ]);
  });

  it('that beancount cannot tell apart are refused, with what to do', async () => {
    const made = await books({}, [{ invoices: [ONE, { ...ONE, customer: 'Acme' }], voids: [] }]);
    expect(await refusal(written(made, 'beancount'))).toBe(
      'CONFIG_VALUE 4 accounting: beancount cannot tell these accounts apart: "Assets:Receivable:Acme", "Assets:Receivable:acme" would both be Assets:Receivable:Acme');
    expect(table(await written(made, 'csv'))).toHaveLength(14);
  });
});

describe('a journal is refused', () => {
  it('where the ledger does not agree with itself', async () => {
    const made = await project();
    const rows = rowsOf([ONE], 0, FIRST, []);
    const [head] = rows.invoices!;
    await commitRows(join(made.root, 'data/ledger'), 'north', FIRST, { ...rows, invoices: [{ ...head!, total_minor: 18_471n }] }, { invoice: 2 });
    expect(await refusal(written(made, 'csv'))).toBe(
      'LEDGER_DAMAGED 7 The journal does not balance: debits and credits differ in INV-2026-000001 by 1 EUR (minor units).');
  });

  it('for a span that is none', async () => {
    const made = await project();
    expect(await refusal(written(made, 'csv', { since: 'x' }))).toContain('USAGE 64 --since x is not a commit');
    expect(await refusal(written(made, 'csv', { from: '2026-02-30' }))).toContain('USAGE 64 --from 2026-02-30 is not a date');
  });
});

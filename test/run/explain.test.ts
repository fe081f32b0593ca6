/** `show --explain`: every line's arithmetic, worked out a second time here, is its amount; the rules stand where it says. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explanationText } from '../../src/report/explain.js';
import type { ExplainedLine, Explanation, Step } from '../../src/run/explain-types.js';
import { credit } from '../../src/run/credit.js';
import { show } from '../../src/run/show.js';
import type { InvoiceRecord } from '../../src/documents/types.js';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

/** An exact number, as a pair. */
type Exact = readonly [over: bigint, under: bigint];

/** The value of a formula by repeated substitution: brackets, then min and max, then × and /, then + and -. Slow and plain. */
function exactly(formula: string): Exact {
  const numbers: Exact[] = [];
  const keep = (value: Exact): string => `#${numbers.push(value) - 1}#`;
  const at = (token: string): Exact => numbers[Number(token.slice(1, -1))]!;
  const flat = (text: string): Exact => {
    let rest = text.trim();
    const neg = (token: string, sign: string | undefined): Exact => (sign === '-' ? [-at(token)[0], at(token)[1]] : at(token));
    for (let m = /(#\d+#) ([×/]) (-?)(#\d+#)/.exec(rest); m !== null; m = /(#\d+#) ([×/]) (-?)(#\d+#)/.exec(rest)) {
      const [a, b] = [at(m[1]!), neg(m[4]!, m[3])];
      rest = rest.replace(m[0], keep(m[2] === '×' ? [a[0] * b[0], a[1] * b[1]] : [a[0] * b[1], a[1] * b[0]]));
    }
    const terms = rest.replace(/ - /g, ' + -').split(' + ').map((term) => neg(term.replace(/^-/, ''), term.startsWith('-') ? '-' : '+'));
    return terms.reduce<Exact>(([a, b], [c, d]) => [a * d + c * b, b * d], [0n, 1n]);
  };
  let text = formula.replace(/\d+(\.\d+)?/g, (n) => keep([BigInt(n.replace('.', '')), 10n ** BigInt((n.split('.')[1] ?? '').length)]));
  for (let m = /(min|max)?\(([^()]*)\)/.exec(text); m !== null; m = /(min|max)?\(([^()]*)\)/.exec(text)) {
    const kind = m[1];
    const values = m[2]!.split(',').map(flat);
    const less = (a: Exact, b: Exact): boolean => a[0] * b[1] < b[0] * a[1];
    const value = values.reduce((a, b) => (less(a, b) === (kind === 'min') ? a : b));
    text = text.replace(m[0], keep(value));
  }
  return flat(text);
}

function cut([over, under]: Exact, places: number, how: Step['rounding']): string {
  const size = over * 10n ** BigInt(places);
  let floor = size / under;
  if (size % under < 0n) floor -= 1n;
  const rest = size - floor * under;
  const half = 2n * rest - under;
  const up = rest > 0n && (how === 'up' || (how !== 'down' && (half > 0n || (half === 0n && (how === 'half_even' ? floor % 2n !== 0n : size > 0n)))));
  expect(how === null && rest !== 0n).toBe(false);
  const value = up ? floor + 1n : floor;
  const digits = (value < 0n ? -value : value).toString().padStart(places + 1, '0');
  return `${value < 0n ? '-' : ''}${digits.slice(0, digits.length - places)}${places === 0 ? '' : `.${digits.slice(-places)}`}`;
}

/** Every step is right, and the last one is the amount. Gives the lines by kind. */
function proven(explanation: Explanation): void {
  for (const [amount, steps] of [
    ...explanation.lines.map((line) => [line.amount, line.steps] as const), ...explanation.taxes.map((tax) => [tax.tax, tax.steps] as const),
  ]) {
    for (const { formula, value, rounding } of steps) {
      const places = (value.split('.')[1] ?? '').length;
      expect(`${formula} = ${cut(exactly(formula), places, rounding)}`).toBe(`${formula} = ${value}`);
    }
    if (steps.length > 0) expect(steps.at(-1)!.value).toBe(amount);
  }
}

interface Told { readonly record: InvoiceRecord; readonly explanation: Explanation; readonly text: string; readonly lines: readonly ExplainedLine[] }

async function explain(made: Project, id: string, as_of = '2026-12-31'): Promise<Told> {
  const { record, explanation } = await show(made.world, { as_of, id, format: 'json', explain: true });
  proven(explanation!);
  return { record, explanation: explanation!, lines: explanation!.lines, text: explanationText(record, explanation!, { color: false, columns: null }) };
}

const DRAFTS = async (made: Project, as_of: string): Promise<string[]> => (
  (await made.preview(as_of)).batches.at(-1)!.invoices.map(({ invoice_id }) => invoice_id));
const NUMBERS = 'SELECT number FROM ledger.invoices ORDER BY serial, series, seq';

const visit = (id: string, start: string, more: Partial<Booking> = {}): Booking => ({ id, customer: 'acme', product: 'visit', start, ...more });

/** One of everything. */
const RICH: Spec = {
  products: {
    calls: { name: 'Calls', unit: 'call', price: { model: 'graduated', tiers: [{ up_to: '10', unit_price: '0.99', flat_fee: '5.00' }, { unit_price: '0.333333' }] } },
    boxes: { name: 'Boxes', price: { model: 'package', unit_price: '12.50', package_size: '5', included: '3' } },
    sales: { name: 'Sales', price: { model: 'percentage', percent: '1.3', fee_per_booking: '0.25', included_bookings: 1, maximum_per_booking: '4.00' } },
    hours: { name: 'Hours', price: { unit_price: '7.77', metric: { of: 'sum', divide_by: '7' }, per: 'year', minimum: '100.00' } },
    days: { name: 'Days', price: { unit_price: '3.00', metric: { of: 'unique', column: 'starts_on' } } },
  },
  indexes: { cpi: { '2025-12': '117.4', '2026-03': '119.9' } },
  customers: {
    acme: { agreements: ['a'] },
    bolt: { name: 'Bolt', cycle: 'monthly', tax: 'reduced', prices: { visit: '77.77' }, negative_total: 'carry_over' },
  },
  agreements: {
    a: {
      name: 'Service', from: '2025-04-15',
      charges: [
        { id: 'base', name: 'Base', price: '249.00', per: 'month', quantity: '1.5', uplift: { percent: '3' } },
        { id: 'rent', name: 'Rent', price: '700.00', per: 'month', from: '2026-01-01', uplift: { index: 'cpi', base: '2025-12' } },
      ],
      fees: [{ id: 'setup', name: 'Set-up', amount: '350.00', on: '2026-04-10' }],
      discounts: [
        { name: 'Tenth', percent: '10', on: 'line', products: ['visit'] }, { name: 'Loyalty', percent: '3.5', cap: '30.00' }, { name: 'Goodwill', amount: '20.00' },
      ],
      minimum: { amount: '3000.00', per: 'period' },
      maximum: { amount: '100.00', per: 'period', applies_to: 'usage' },
    },
  },
  overrides: [
    { customer: 'acme', batch: '2026-05-01', reason: 'They asked', lines: [{ id: 'k', description: 'Key', quantity: '3', unit_price: '9.995', tax: 'reduced' }] },
  ],
  repeat_bookings: { weekly: { customer: 'acme', product: 'food', rule: 'FREQ=WEEKLY', start: '2026-04-02T09:00', until: '2026-04-20' } },
};

const BOOKINGS: readonly Booking[] = [
  visit('V1', '2026-04-02T09:00:00Z', { quantity: '2.333' }), visit('V2', '2026-04-03', { amount: '10.01' }), visit('V3', '2026-04-03', { price: '7.123456', quantity: '-2' }),
  ...[7, 8].map((n) => visit(`C${n}`, '2026-04-04', { product: 'calls', quantity: String(n) })),
  ...[4, 5].map((n) => visit(`B${n}`, '2026-04-04', { product: 'boxes', quantity: String(n) })),
  ...['100.00', '50.05', '400.00'].map((amount, n) => visit(`S${n}`, `2026-04-0${n + 4}`, { product: 'sales', amount })),
  visit('H1', '2026-04-05', { product: 'hours', quantity: '10' }), visit('H2', '2026-05-05', { product: 'hours', quantity: '11' }),
  visit('D1', '2026-04-05', { product: 'days' }), visit('D2', '2026-04-05', { product: 'days' }), visit('D3', '2026-04-06', { product: 'days' }),
  visit('N1', '2026-04-10', { customer: 'bolt', quantity: '1' }), visit('N2', '2026-04-11', { customer: 'bolt', amount: '-200.00' }),
  visit('N3', '2026-05-11', { customer: 'bolt', quantity: '1' }),
];

describe('an explanation', () => {
  it('has the arithmetic of every kind of line, and it is the amount, in a preview and when it is processed', async () => {
    const made = await project(RICH, BOOKINGS);
    const kinds = new Set<string>();
    for (const id of await DRAFTS(made, '2026-05-02')) {
      const { lines, explanation } = await explain(made, id, '2026-05-02');
      expect([explanation.processed, explanation.today]).toEqual([null, 'same']);
      for (const line of lines) {
        kinds.add(line.kind);
        const told = line.steps.length > 0 || /counted|carried/.test(line.notes.join());
        expect([line.kind, line.description, told]).toEqual([line.kind, line.description, true]);
        if (line.kind !== 'carry_over') expect(line.rules.every(({ at }) => at?.line !== undefined || at?.file === 'data/bookings/000.csv')).toBe(true);
      }
      for (const tax of explanation.taxes) expect(tax.steps.length).toBeGreaterThan(0);
    }
    expect([...kinds].sort()).toEqual(['booking', 'carry_over', 'discount', 'fee', 'manual', 'minimum', 'recurring', 'usage']);
    await made.run('2026-06-10');
    for (const number of (await made.told(NUMBERS)).slice(-4)) {
      const { explanation, lines } = await explain(made, number);
      expect([explanation.processed?.serial !== undefined, explanation.today, explanation.notes]).toEqual([true, 'same', []]);
      for (const line of lines) expect([line.description, line.today]).toEqual([line.description, 'same']);
    }
  });

  it('holds with prices that include the tax, half-even rounding and taxes line by line', async () => {
    for (const more of [{ prices_include_tax: true }, { prices_include_tax: true, tax_rounding: 'line' }, { rounding: 'half_even', tax_rounding: 'line' }]) {
      const made = await project({ ...RICH, ...more }, BOOKINGS);
      for (const id of await DRAFTS(made, '2026-05-02')) {
        const { lines, explanation } = await explain(made, id, '2026-05-02');
        for (const line of lines) expect([line.description, line.steps.length > 0 || line.notes.length > 0]).toEqual([line.description, true]);
        for (const tax of explanation.taxes) expect(tax.steps.length).toBeGreaterThan(0);
      }
    }
  });

  it('holds where something with the tax in its price is taken back, at the net it had', async () => {
    const priced = (amount: string): Booking[] => [visit('a', '2026-04-02', { amount }), visit('b', '2026-04-03', { amount: '0.09' }), visit('c', '2026-05-03', { amount: '7.77' })];
    const made = await project({ prices_include_tax: true }, priced('0.04'));
    await made.run('2026-05-05');
    await made.book(priced('35.59'));
    for (const id of await DRAFTS(made, '2026-06-02')) {
      const { explanation } = await explain(made, id, '2026-06-02');
      expect(explanation.taxes.map(({ net, tax, steps }) => [net, tax, steps.map(({ text, value }) => `${text}: ${value}`)])).toEqual([['36.41', '6.91', [
        'its lines with the tax in their prices (2): 43.36', 'without the tax, rounded once: 36.44', 'the tax is the rest: 6.92',
        'the tax in what is taken back, as it was billed (1): -0.01', 'together: 6.91']]]);
    }
    await made.run('2026-06-05');
    expect((await explain(made, 'INV-2026-000002')).explanation.taxes[0]!.steps).toHaveLength(5);
    expect(await made.flaws()).toEqual([]);
  });

  it('is read by an accountant', async () => {
    const made = await project(RICH, BOOKINGS);
    const april = (await DRAFTS(made, '2026-05-02')).at(0)!;
    const { text } = await explain(made, april, '2026-05-02');
    await expect(text).toMatchFileSnapshot('__snapshots__/explain.txt');
  });

  it('says where today\'s configuration or bookings would give something else, and keeps what was billed', async () => {
    const made = await project({ customers: { acme: { agreements: ['a'] } }, agreements: { a: { from: '2026-01-01', charges: [{ id: 'base', name: 'Base', price: '10.00', per: 'month' }] } } },
      [visit('V1', '2026-04-02', { quantity: '2' }), visit('V2', '2026-04-03', { amount: '5.00' }), visit('V3', '2026-04-03')]);
    await made.run('2026-05-10');
    const number = (await made.told(NUMBERS)).at(-1)!;
    const yaml = await readFile(join(made.root, 'billing.config.yaml'), 'utf8');
    await writeFile(join(made.root, 'billing.config.yaml'), yaml.replace('"95.00"', '"96.00"'));
    await made.book([visit('V1', '2026-04-02', { quantity: '2' }), visit('V2', '2026-04-03', { amount: '6.00' })]);
    const { explanation, lines, text } = await explain(made, number);
    expect(explanation.today).toBe('changed');
    expect(explanation.config_digest).not.toBe(explanation.processed!.config_digest);
    expect(lines.map((line) => `${line.description} ${line.amount} ${line.today} ${line.today_amount}`)).toEqual([
      'Visit 190.00 changed 192.00', 'Visit 5.00 changed 6.00', 'Visit 95.00 gone null', 'Base 10.00 same null',
    ]);
    expect(lines[0]!.steps.map(({ formula }) => formula)).toEqual(['2 × 95.00']);
    expect(text).toContain('today it would be 192.00 EUR');
    // No rule of today stands beside the price that was billed.
    expect(lines[0]!.rules).toEqual([]);
    expect(lines[0]!.today_rules.map(({ what }) => what)).toEqual(['list price', 'tax standard, 19 %']);
    expect(text).toMatch(/95\.00 = 190\.00\n {2}the configuration or the booking has changed since: today it would be 192\.00 EUR, by\n {4}today: list price: billing/);
    expect(lines.at(-1)!.rules.length).toBeGreaterThan(0);
    await made.configure({ customers: { other: { name: 'Other', cycle: 'monthly' } } });
    await writeFile(join(made.root, 'billing.config.yaml'), (await readFile(join(made.root, 'billing.config.yaml'), 'utf8')).replaceAll('"acme"', '"acne"'));
    const later = await explain(made, number);
    expect([later.explanation.today, later.explanation.notes]).toEqual(['unknown', ['the customer is no longer in the configuration: the rules cannot be shown']]);
  });

  it('of usage that is given back, with its discounts, and of what was credited by hand before', async () => {
    const calls = (id: string, more: Partial<Booking> = {}): Booking => visit(id, '2026-04-02', { product: 'calls', quantity: '100', ...more });
    const discounts = [{ name: 'Third', percent: '33.333333', on: 'line' }, { name: 'Tenth', percent: '10', cap: '1.00', on: 'line' }, { name: 'Half', percent: '50', cap: '9.00' }, { name: 'Gift', amount: '1.00' }];
    const made = await project({
      products: { calls: { name: 'Calls', unit: 'call', price: { unit_price: '0.50', metric: { of: 'sum' } } } },
      agreements: { a: { from: '2026-01-01', discounts } }, customers: { acme: { agreements: ['a'] } },
    }, [calls('c')]);
    await made.run('2026-05-10');
    await made.book([calls('c', { status: 'cancelled' }), visit('v', '2026-05-02', { amount: '-7.00' })]);
    for (const id of await DRAFTS(made, '2026-06-02')) {
      const { lines } = await explain(made, id, '2026-06-02');
      // 33.33 are left of 50.00 after the first, 1.00 of them goes with the second, 9.00 with the third.
      expect(lines.map(({ kind, amount }) => `${kind} ${amount}`)).toEqual([
        'booking -7.00', 'adjustment 0.00', 'usage -50.00', 'discount 16.67', 'discount 1.00', 'discount 9.00']);
      expect(lines.at(-1)!.steps.map(({ text, value }) => `${text}: ${value}`)).toEqual([
        '1 line before it: -32.33', '50 % of it: -16.17', 'at most 9.00 go back: -9.00', 'taken off, as shares of the lines: 9.00']);
    }
    await credit(made.world, { as_of: '2026-06-02', number: 'INV-2026-000001', lines: ['2'], reissue: false, reason: 'Goodwill', dry_run: false });
    for (const id of await DRAFTS(made, '2026-06-03')) {
      const { lines } = await explain(made, id, '2026-06-03');
      expect(lines.filter(({ kind }) => kind === 'usage').map(({ amount, steps }) => [amount, ...steps.map(({ text, value }) => `${text}: ${value}`)])).toEqual([
        ['-50.00', 'nothing was used in 2026-04-01 – 2026-04-30: 0.00', 'less what was charged before: -50.00'],
        ['50.00', 'credited by hand before, less what the units cost: 50.00']]);
    }
  });

  it('of an invoice on demand, and of one that was processed with others in the same run', async () => {
    const made = await project({}, [visit('V1', '2026-04-02'), visit('V2', '2026-04-20'), visit('V3', '2026-05-05')]);
    const { invoice } = await import('../../src/run/invoice.js');
    await invoice(made.world, { as_of: '2026-04-10', customer: 'acme', dry_run: false });
    await made.run('2026-06-10');
    for (const number of await made.told(NUMBERS)) expect((await explain(made, number)).explanation.today).toBe('same');
  });

  it('of a correction names the line that is corrected', async () => {
    const made = await project({}, [visit('V1', '2026-04-02', { quantity: '2' }), visit('V2', '2026-05-02')]);
    await made.run('2026-05-10');
    await made.book([visit('V1', '2026-04-02', { quantity: '3' }), visit('V2', '2026-05-02')]);
    await made.run('2026-06-10');
    const { lines } = await explain(made, (await made.told(NUMBERS)).at(-1)!);
    expect(lines.filter(({ kind }) => kind === 'adjustment').map(({ amount, steps, notes }) => [amount, steps[0]?.formula, notes])).toEqual([
      ['-190.00', '(-2) × 95.00', ['takes back line 1 of invoice INV-2026-000001']],
      ['285.00', '3 × 95.00', ['bills as it is now what was line 1 of invoice INV-2026-000001']],
    ]);
  });
});

/** What changed between two previews of a batch: per customer and line, with why; kept versions, and what a refusal tells. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { amounts, changeRows, fieldText } from '../../src/documents/changes.js';
import type { BatchChanges } from '../../src/documents/changes.js';
import { SCHEMAS } from '../../src/report/schemas.js';
import { preview } from '../../src/run/preview.js';
import { cli } from '../cli/support.js';
import { project, refusal } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const APRIL: readonly Booking[] = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02T08:00:00Z', end: '2026-04-02T10:00:00Z', quantity: '2', description: 'Boiler' },
  { id: 'b', customer: 'acme', product: 'food', start: '2026-04-03', quantity: '1.5' },
  { id: 'c', customer: 'acme', product: 'visit', start: '2026-04-20', status: 'cancelled', description: 'Pump' },
  { id: 'd', customer: 'bolt', product: 'visit', start: '2026-04-04' },
  { id: 'e', customer: 'bolt', product: 'visit', start: '2026-05-01T08:00:00Z' },
];
const SPEC = { customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } } satisfies Spec;
const with_ = (id: string, more: Partial<Booking>): Booking[] => APRIL.map((each) => (each.id === id ? { ...each, ...more } : each));

async function looked(bookings: readonly Booking[] = APRIL, spec: Spec = SPEC): Promise<{ made: Project; digest: string }> {
  const made = await project(spec, bookings);
  return { made, digest: (await made.preview('2026-05-02')).batches[0]!.digest };
}

async function since(made: Project, digest: string, as_of = '2026-05-02', more: object = {}): Promise<BatchChanges> {
  return (await preview(made.world, { as_of, customers: [], changes_since: digest, ...more })).changes!;
}

/** The changes as lines of text: invoices, then their rows. */
function told(changes: BatchChanges): string[] {
  const row = (...parts: string[]): string => parts.join(' | ');
  return changes.invoices.flatMap((invoice) => [
    row(invoice.change, invoice.customer_id, ...Object.values(amounts(invoice.total)), invoice.currency),
    ...changeRows(invoice, 100).map((r) => row(` ${r.mark}`, r.what, r.before, r.after, r.difference, r.why)),
  ]);
}

describe('the changes since a preview', () => {
  it('are none where nothing moved', async () => {
    const { made, digest } = await looked();
    const changes = await since(made, digest);
    expect(changes).toMatchObject({ batch_id: '2026-05-01', since: { digest, as_of: '2026-05-02T00:00:00+00:00' }, digest, unchanged: 2, invoices: [], issuer: [] });
    expect(changes.totals).toEqual([{ currency: 'EUR', invoices_before: 2, invoices_after: 2, total: { before: '344.50', after: '344.50', difference: '0.00' } }]);
    expect((await made.preview('2026-05-02')).changes).toBeNull();
  });

  it('tell a booking that is new, gone, cancelled, or was cancelled before', async () => {
    const { made, digest } = await looked();
    await made.book([...with_('a', { status: 'cancelled' }).filter(({ id }) => id !== 'b').map((each) => (each.id === 'c' ? { ...each, status: 'done' } : each)),
      { id: 'n', customer: 'acme', product: 'visit', start: '2026-04-21', quantity: '3', description: 'New' }]);
    expect(told(await since(made, digest))).toEqual([
      'changed | acme | 231.45 | 452.20 | +220.75 | EUR',
      ' - | 2026-04-02  Boiler (a) | 190.00 |  | -190.00 | is cancelled now',
      ' - | 2026-04-03  Food (b) | 5.00 |  | -5.00 | not in the files any more',
      ' + | 2026-04-20  Pump (c) |  | 95.00 | +95.00 | was cancelled before',
      ' + | 2026-04-21  New (n) |  | 285.00 | +285.00 | new booking',
      '  | Tax | 36.45 | 72.20 | +35.75 | ',
    ]);
  });

  it('tell which fields of a line changed, and whether the booking or the configuration did', async () => {
    const { made, digest } = await looked();
    await made.book(with_('a', { quantity: '3', description: 'Boiler, east', start: '2026-04-02T07:00:00Z' }));
    await made.configure({ ...SPEC, products: { food: { name: 'Food', price: '4.00', tax: 'reduced' } }, taxes: { reduced: { name: 'VAT 7', rate: '10', category: 'S' } } });
    expect(told(await since(made, digest))).toEqual([
      'changed | acme | 231.45 | 345.75 | +114.30 | EUR',
      ' ~ | tax reduced: rate 7 % → 10 % |  |  |  | ',
      ' ~ | 2026-04-02  Boiler, east (a) | 190.00 | 285.00 | +95.00 | description Boiler → Boiler, east; quantity 2 → 3; start 2026-04-02 08:00 → 2026-04-02 07:00; the booking changed',
      ' ~ | 2026-04-03  Food (b) | 5.00 | 6.00 | +1.00 | price 3.33 → 4.00; changed in the configuration',
      '  | Tax | 36.45 | 54.75 | +18.30 | ',
    ]);
  });

  it('tell a customer that was renamed, and what else of an invoice reads otherwise', async () => {
    const { made, digest } = await looked();
    await made.configure({ customers: { ...SPEC.customers, acme: { name: 'Acme Ltd', purchase_order: 'PO-9', payment_terms: { net_days: 30 } } } });
    const changes = await since(made, digest);
    expect(changes).toMatchObject({ unchanged: 1, invoices: [{ customer_name: 'Acme Ltd', lines: [], total: { difference: '0.00' } }] });
    expect(changes.invoices[0]!.fields.map(({ field, before, after }) => `${field}: ${before} > ${after}`)).toEqual([
      'name: Acme > Acme Ltd', 'purchase_order: null > PO-9', 'payment_terms: 14 days > 30 days', 'due_on: 2026-05-15 > 2026-05-31',
    ]);
  });

  it('tell terms of early payment, and the tax in the currency of the seller', async () => {
    const rate = { from: 'USD', to: 'EUR', rate: '0.9215', on: '2026-04-01', source: 'ECB' };
    const foreign = { ...SPEC, currency: 'USD', issuer: { tax_currency: 'EUR' } };
    const { made, digest } = await looked(APRIL, { ...foreign, exchange_rates: [rate] });
    const acme = { payment_terms: { net_days: 14, discount: { percent: '2.5', within_days: 7 } } };
    await made.configure({ ...foreign, exchange_rates: [{ ...rate, rate: '0.9' }], customers: { ...SPEC.customers, acme } });
    const { invoices } = await since(made, digest);
    expect(invoices.map(({ customer_id, fields }) => [customer_id, ...fields.map(fieldText)].join(' | '))).toEqual([
      'acme | payment terms 14 days → 14 days, 2.5 % off within 7 days | VAT in your currency 33.59 EUR at 0.9215 (ECB, 2026-04-01) → 32.81 EUR at 0.9 (ECB, 2026-04-01)',
      'bolt | VAT in your currency 16.63 EUR at 0.9215 (ECB, 2026-04-01) → 16.25 EUR at 0.9 (ECB, 2026-04-01)',
    ]);
  });

  it('tell an address, and the bank account of the issuer: both change the digest', async () => {
    const { made, digest } = await looked();
    const bank = { iban: 'DE89370400440532013000' };
    await made.configure({ customers: { ...SPEC.customers, acme: { name: 'Acme', address: { line1: 'Kai 1', city: 'Kiel', country: 'DE' } } }, issuer: { bank } });
    const changes = await since(made, digest);
    expect(changes.issuer).toEqual([{ field: 'issuer bank', before: null, after: bank.iban }]);
    expect(changes.invoices.map(({ customer_id, fields }) => [customer_id, fields])).toEqual([
      ['acme', [{ field: 'address', before: null, after: 'Kai 1, Kiel, DE' }]], ['bolt', []],
    ]);
    expect(changes.digest).not.toBe(digest);
  });

  it('tell a line that finance added by hand, and one it changed', async () => {
    const { made, digest } = await looked();
    const line = (unit_price: string): Spec => ({ ...SPEC, overrides: [{ customer: 'acme', batch: '2026-05-01', lines: [{ description: 'Deposit', quantity: '1', unit_price, tax: 'standard' }] }] });
    await made.configure(line('50.00'));
    const second = await since(made, digest);
    expect(told(second)[1]).toBe(' + | Deposit |  | 50.00 | +50.00 | added in the configuration');
    await made.configure(line('60.00'));
    expect(told(await since(made, second.digest!))[1]).toBe(' ~ | Deposit | 50.00 | 60.00 | +10.00 | price 50.00 → 60.00; changed in the configuration');
  });

  it('tell a booking that moved to another period, customer or batch', async () => {
    const weekly = { customers: { ...SPEC.customers, bolt: { name: 'Bolt', cycle: 'weekly' } } };
    const { made, digest } = await looked();
    await made.book([...with_('d', { customer: 'acme' }).filter(({ id }) => id !== 'a'), { ...APRIL[0]!, start: '2026-05-02T08:00:00Z', end: '2026-05-02T09:00:00Z' }]);
    expect(told(await since(made, digest))).toEqual([
      'changed | acme | 231.45 | 118.40 | -113.05 | EUR',
      ' - | 2026-04-02  Boiler (a) | 190.00 |  | -190.00 | waits now: its period is still running',
      ' + | 2026-04-04  Visit (d) |  | 95.00 | +95.00 | was on an invoice of bolt',
      '  | Tax | 36.45 | 18.40 | -18.05 | ',
      'gone | bolt | 113.05 |  | -113.05 | EUR',
      ' - | 2026-04-04  Visit (d) | 95.00 |  | -95.00 | now on an invoice of acme',
      '  | Tax | 18.05 |  | -18.05 | ',
    ]);
    await made.book(APRIL);
    await made.configure(weekly);
    expect(told(await since(made, digest)).at(-2)).toBe(' - | 2026-04-04  Visit (d) | 95.00 |  | -95.00 | now in batch 2026-04-06');
  });

  it('tell what was confirmed meanwhile, and a late booking as late', async () => {
    const { made, digest } = await looked();
    await made.confirm('2026-05-02', '2026-05-01', { customers: ['acme'] });
    const changes = await since(made, digest);
    expect(changes.invoices).toMatchObject([{ change: 'gone', customer_id: 'acme', why: 'billed', detail: expect.stringMatching(/000001$/), lines_removed: 2 }]);
    expect(changes.invoices[0]!.lines.map(({ why }) => why)).toEqual(['billed', 'billed']);
  });

  it('tell that everything is gone, even where the batch is not open any more', async () => {
    const { made, digest } = await looked();
    await made.book([APRIL[4]!]);
    expect(await since(made, digest)).toMatchObject({ digest: null, unchanged: 0, invoices: [{ change: 'gone' }, { change: 'gone' }] });
  });

  it('are of the chosen customers only, and list the first lines where asked for a few', async () => {
    const { made, digest } = await looked();
    await made.book([...APRIL, ...Array.from({ length: 30 }, (_, i) => ({ id: `x${i}`, customer: 'acme', product: 'visit', start: '2026-04-22' })),
      { id: 'y', customer: 'bolt', product: 'visit', start: '2026-04-22' }]);
    expect((await since(made, digest, '2026-05-02', { customers: ['bolt'] })).invoices.map(({ customer_id }) => customer_id)).toEqual(['bolt']);
    const [first] = (await since(made, digest, '2026-05-02', { listed: 50 })).invoices;
    expect([first!.lines_added, first!.lines.length, changeRows(first!, 20).at(-2)!.what]).toEqual([30, 20, '… and 10 more lines']);
    expect((await since(made, digest)).invoices[0]!.lines).toHaveLength(30);
  });

  it('need a digest that is kept, of twelve digits', async () => {
    const { made, digest } = await looked();
    expect(await refusal(since(made, 'ab'.repeat(8)))).toBe(`USAGE 64 no preview with the digest ${'ab'.repeat(8)} is kept`);
    expect(await refusal(since(made, digest.slice(0, 11)))).toMatch(/^USAGE 64 .* is too short/);
    expect((await since(made, digest.slice(0, 12).toUpperCase())).since.digest).toBe(digest);
  });

  it('stand in the summary of the batch when asked for, and only then', async () => {
    const { made, digest } = await looked();
    await made.book(with_('a', { quantity: '3', description: 'Boiler | <b>' }));
    await since(made, digest);
    const summary = (): string => readFileSync(join(made.root, 'out/preview/2026-05-01/summary.md'), 'utf8');
    expect(summary()).toContain('| `~` | 2026-04-02  Boiler \\| \\<b\\> \\(a\\) | 190.00 | 285.00 | +95.00 | description');
    await made.preview('2026-05-02');
    expect(summary()).not.toContain('Changes');
  });
});

describe('on the command line', () => {
  it('are text, data that fits its schema, and a part of the job summary', async () => {
    const { made, digest } = await looked();
    await made.book(with_('a', { quantity: '3' }));
    const argv = ['preview', '--as-of', '2026-05-02', '--changes-since', digest.slice(0, 12)];
    const env = { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: join(made.root, 'summary.md') };
    const text = await cli(argv, { cwd: made.root, env });
    expect(text.stdout).toContain(`Changes of batch 2026-05-01 since ${digest.slice(0, 12)}, as of 2026-05-02 00:00 +00:00\n  invoices: 1 changed, 1 as before\n`);
    expect(text.stdout).toMatch(/^ {4}~ {2}2026-04-02 {2}Boiler \(a\) +190\.00 +285\.00 +\+95\.00 +quantity 2 → 3; the booking changed$/m);
    expect(text.stdout).toMatch(/^ {7}Tax +36\.45 +54\.50 +\+18\.05$/m);
    expect(readFileSync(env.GITHUB_STEP_SUMMARY, 'utf8')).toContain('### Changes of batch 2026-05-01 since');
    const json = JSON.parse((await cli([...argv, '--json'], { cwd: made.root })).stdout) as { changes: BatchChanges };
    const fits = new Ajv2020({ strict: true }).compile(SCHEMAS['preview']!);
    expect(fits(json), JSON.stringify(fits.errors)).toBe(true);
    expect(json.changes.invoices[0]!.lines[0]).toMatchObject({ booking_id: 'a', why: 'booking', fields: [{ field: 'quantity', before: '2', after: '3' }] });
  });

  it('name what is kept where the digest is not, and a cycle that was meant', async () => {
    const { made, digest } = await looked();
    const wrong = await cli(['preview', '--as-of', '2026-05-02', '--changes-since', 'f'.repeat(12)], { cwd: made.root });
    expect([wrong.code, wrong.stderr]).toEqual([64, expect.stringContaining(`kept are: ${digest.slice(0, 12)} (batch 2026-05-01, as of 2026-05-02 00:00)`)]);
    const cycle = await cli(['preview', '--as-of', '2026-05-02', '--cycle', 'monthyl'], { cwd: made.root });
    expect([cycle.code, cycle.stderr]).toEqual([64, expect.stringContaining('did you mean "monthly"?')]);
  });
});

describe('kept versions', () => {
  const kept = (made: Project, batch = '2026-05-01'): string[] => {
    const index = JSON.parse(readFileSync(join(made.root, `out/preview/${batch}/versions/index.json`), 'utf8')) as { versions: { number: number; digest: string }[] };
    expect(readdirSync(join(made.root, `out/preview/${batch}/versions`)).sort()).toEqual(['index.json', ...index.versions.map(({ digest }) => digest.slice(0, 16))].sort());
    return index.versions.map(({ number }) => String(number));
  };

  it('are the last ten, by number, and the same bytes whenever they are written', async () => {
    const { made, digest } = await looked();
    const first = await made.files('out/preview/2026-05-01/versions');
    for (let i = 1; i <= 11; i += 1) {
      await made.book(with_('a', { quantity: String(i + 2) }));
      await made.preview('2026-05-02');
    }
    expect(kept(made)).toEqual(['3', '4', '5', '6', '7', '8', '9', '10', '11', '12']);
    expect(await refusal(since(made, digest))).toContain('is kept');
    const other = await project(SPEC, APRIL);
    await other.preview('2026-05-02');
    expect(await other.files('out/preview/2026-05-01/versions')).toEqual(first);
  });

  it('count up when an older one is back', async () => {
    const { made } = await looked();
    await made.book(with_('a', { quantity: '3' }));
    await made.preview('2026-05-02');
    await made.book(APRIL);
    await made.preview('2026-05-02');
    expect(kept(made)).toEqual(['2', '3']);
  });

  it('outlast runs while the batch is open or to come, and go when it is processed', async () => {
    const { made, digest } = await looked();
    await made.preview('2026-05-02', { billing_date: '2026-06-01' });
    await made.run('2026-05-02');
    expect([kept(made), kept(made, '2026-06-01')]).toEqual([['1'], ['1']]);
    expect((await since(made, digest)).invoices).toEqual([]);
    await made.confirm('2026-05-02', '2026-05-01');
    expect(readdirSync(join(made.root, 'out/preview'))).toEqual(['2026-06-01']);
  });

  it('of another layout are no longer known, and make room for new ones', async () => {
    const { made, digest } = await looked();
    const index = join(made.root, 'out/preview/2026-05-01/versions/index.json');
    writeFileSync(index, readFileSync(index, 'utf8').replace(/"layout":\d+/, '"layout":1'));
    expect(await refusal(since(made, digest))).toBe(`USAGE 64 no preview with the digest ${digest} is kept`);
    await made.preview('2026-05-02');
    expect(kept(made)).toEqual(['1']);
    expect((await since(made, digest)).invoices).toEqual([]);
  });

  it('are not made by a run', async () => {
    const made = await project(SPEC, APRIL);
    await made.run('2026-05-02');
    expect(readdirSync(join(made.root, 'out/preview/2026-05-01'))).not.toContain('versions');
  });
});

describe('a refused confirmation', () => {
  it('tells the lines where the version is kept', async () => {
    const { made, digest } = await looked();
    await made.book([...with_('a', { quantity: '3' }).filter(({ id }) => id !== 'd')]);
    expect((await refusal(made.confirm('2026-05-02', '2026-05-01', { expect: digest }))).split('\n').slice(1)).toEqual([
      '  ~ acme: 231.45 EUR is now 344.50 EUR', '      ~ Boiler (a): +95.00, quantity 2 → 3; the booking changed',
      '  - bolt: 113.05 EUR is gone', '      - Visit (d): -95.00, not in the files any more',
    ]);
  });
});

describe('a preview of one cycle', () => {
  it('has what that cycle bills; an unknown one is refused', async () => {
    const made = await project({ customers: { bolt: { name: 'Bolt', cycle: 'weekly' } } }, APRIL);
    const of = async (cycle: string): Promise<string[]> => (await preview(made.world, { as_of: '2026-05-02', customers: [], cycle })).batches
      .map(({ batch_id, invoices }) => `${batch_id} ${invoices.map(({ customer_id }) => customer_id).join()}`);
    expect(await of('monthly')).toEqual(['2026-05-01 acme']);
    expect(await of('weekly')).toEqual(['2026-04-06 bolt']);
    expect(await refusal(of('monthyl'))).toBe('USAGE 64 there is no cycle monthyl');
  });
});

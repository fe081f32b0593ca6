/** Preview is the invoice: confirm commits exactly what was shown, or refuses and says what moved. */
import { describe, expect, it } from 'vitest';
import type { PreviewResult } from '../../src/run/results.js';
import { show } from '../../src/run/show.js';
import { project, refusal } from '../support/project.js';
import type { Booking, Project } from '../support/project.js';

const APRIL: readonly Booking[] = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02T08:00:00Z', end: '2026-04-02T10:00:00Z', quantity: '2', description: 'Boiler, "east" wing' },
  { id: 'b', customer: 'acme', product: 'food', start: '2026-04-03', quantity: '1.5' },
  { id: 'c', customer: 'acme', start: '2026-04-04', quantity: '3', price: '150', currency: 'JPY' },
  { id: 'd', customer: 'bolt', product: 'visit', start: '2026-04-04' },
];
const SPEC = { customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } };

/** Every invoice of a preview stands in the ledger as it was shown. */
async function committedAs(made: Project, as_of: string, shown: PreviewResult): Promise<void> {
  for (const invoice of shown.batches[0]!.invoices) {
    const { record } = await show(made.world, { as_of, id: invoice.invoice_id, format: 'json' });
    const { digest: _d, parked: _p, number: _n, status: _s, customer_id, customer_name, taxes, ...same } = invoice;
    expect(record).toMatchObject({ ...same, status: 'processed' });
    expect(record.lines).toEqual(invoice.lines);
    expect(record.buyer).toMatchObject({ customer_id, name: customer_name });
    expect(record.taxes.map(({ tax_id, rate, net, tax }) => ({ tax_id, rate, net, tax }))).toEqual(taxes);
  }
  expect(await made.flaws()).toEqual([]);
}

describe('a preview', () => {
  it('is the invoice that is committed: lines, taxes, totals, dates', async () => {
    const made = await project(SPEC, APRIL);
    const shown = await made.preview('2026-05-02');
    expect(shown.batches.map(({ batch_id, totals }) => [batch_id, totals.map(({ currency, invoices, total }) => `${invoices} ${total} ${currency}`)]))
      .toEqual([['2026-05-01', ['2 344.50 EUR', '1 536 JPY']]]);
    await made.confirm('2026-05-02', '2026-05-01', { expect: shown.batches[0]!.digest });
    await committedAs(made, '2026-05-02', shown);
  });

  it('tells which lines correct others, as the invoice does', async () => {
    const made = await project(SPEC, APRIL);
    await made.run('2026-05-05');
    await made.book([{ ...APRIL[0]!, quantity: '3' }, ...APRIL.slice(1), { id: 'e', customer: 'acme', product: 'visit', start: '2026-05-04' }]);
    const shown = await made.preview('2026-06-02', { customers: ['acme'] });
    const [invoice] = shown.batches[0]!.invoices;
    expect(invoice!.corrects).toEqual([{ number: 'INV-2026-000001', issued_on: '2026-05-01' }]);
    expect(invoice!.lines.map(({ unit, tax_rate, corrects }) => [unit, tax_rate, corrects?.correction ?? null, corrects?.number ?? null, corrects?.line_no ?? null])).toEqual([
      ['hour', '19', null, null, null], ['hour', '19', 'reversal', 'INV-2026-000001', 1], ['hour', '19', 'restatement', 'INV-2026-000001', 1],
    ]);
    await made.confirm('2026-06-02', '2026-06-01', { expect: shown.batches[0]!.digest });
    await committedAs(made, '2026-06-02', shown);
  });

  it('writes nothing to the ledger, and the same again whenever it is made', async () => {
    const made = await project(SPEC, APRIL);
    const first = await made.preview('2026-05-02');
    expect(await made.files('data/ledger')).toEqual({});
    const pages = await made.files('out');
    expect(await made.preview('2026-05-02')).toEqual(first);
    expect(await made.files('out')).toEqual(pages);
  });

  it('of a date ahead shows what there is by now', async () => {
    const made = await project(SPEC, APRIL);
    const ahead = await made.preview('2026-04-10', { billing_date: '2026-05-01' });
    expect(ahead.batches.map(({ batch_id, invoices }) => `${batch_id} ${invoices.length}`)).toEqual(['2026-05-01 3']);
    expect((await made.preview('2026-04-10')).batches).toEqual([]);
    expect(ahead.batches[0]!.digest).toBe((await made.preview('2026-05-02')).batches[0]!.digest);
  });

  it('of one customer has the digest of the whole batch', async () => {
    const made = await project(SPEC, APRIL);
    const [whole, part] = [await made.preview('2026-05-02'), await made.preview('2026-05-02', { customers: ['bolt'] })];
    expect(part.batches[0]!.invoices.map(({ customer_id }) => customer_id)).toEqual(['bolt']);
    expect(part.batches[0]!.digest).toBe(whole.batches[0]!.digest);
  });
});

describe('a confirmation', () => {
  it('with a digest that is stale is refused, saying what moved; the new one is taken', async () => {
    const made = await project(SPEC, APRIL);
    const { digest } = (await made.preview('2026-05-02')).batches[0]!;
    await made.book([...APRIL.slice(1, 3), { ...APRIL[2]!, id: 'e' }, { id: 'f', customer: 'acme', start: '2026-04-09', amount: '1', currency: 'KWD' }]);
    const words = await refusal(made.confirm('2026-05-02', '2026-05-01', { expect: digest }));
    expect(words.split('\n')[0]).toMatch(/^DIGEST_STALE 6 batch 2026-05-01 is not what was expected: its digest is now [0-9a-f]{64}\. What moved:$/);
    expect(words.split('\n').filter((line) => /^ {2}\S/.test(line)).sort()).toEqual([
      '  + acme: 1.190 KWD is new', '  - bolt: 113.05 EUR is gone', '  ~ acme: 231.45 EUR is now 5.35 EUR', '  ~ acme: 536 JPY is now 1071 JPY',
    ]);
    expect(await made.files('data/ledger')).toEqual({});
    const now = (await made.preview('2026-05-02')).batches[0]!.digest;
    const done = await made.confirm('2026-05-02', '2026-05-01', { expect: now });
    expect(done.confirmed.map(({ batch_id, confirmed_by }) => `${batch_id} ${confirmed_by}`)).toEqual(['2026-05-01 manual']);
    expect(await made.flaws()).toEqual([]);
  });

  it('of an unknown batch, an early one, a confirmed one, or for an earlier instant is refused', async () => {
    const made = await project({ ...SPEC, automation: { lead_days: 5 } }, APRIL);
    expect(await refusal(made.confirm('2026-05-02', '2026-06-01'))).toMatch(/^UNKNOWN_BATCH 64/);
    expect(await refusal(made.confirm('2026-04-28', '2026-05-01'))).toMatch(/^TOO_EARLY 64/);
    await made.confirm('2026-05-02', '2026-05-01');
    expect(await refusal(made.confirm('2026-05-02', '2026-05-01'))).toMatch(/^UNKNOWN_BATCH 64 batch 2026-05-01 was confirmed already \(3 invoices\)/);
    expect(await refusal(made.run('2026-05-01'))).toMatch(/^AS_OF 64/);
    expect(await refusal(made.confirm('2026-05-02', '2026-05-01', { customers: ['nobody'] }))).toMatch(/^UNKNOWN_CUSTOMER 64/);
  });

  it('of one customer leaves the others, who are confirmed by themselves later', async () => {
    const made = await project(SPEC, APRIL);
    await made.confirm('2026-05-02', '2026-05-01', { customers: ['bolt'] });
    expect((await made.status('2026-05-02')).open.map(({ batch_id, totals }) => `${batch_id} ${totals.map((t) => t.invoices).join('+')}`)).toEqual(['2026-05-01 1+1']);
    await made.run('2026-05-05');
    expect(await made.told('SELECT number, customer_id, currency, confirmed_by, CAST(confirmed_at AS VARCHAR) FROM ledger.invoices ORDER BY number')).toEqual([
      'INV-2026-000001 | bolt | EUR | manual | 2026-05-02 00:00:00', 'INV-2026-000002 | acme | EUR | auto | 2026-05-04 22:00:00', 'INV-2026-000003 | acme | JPY | auto | 2026-05-04 22:00:00',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('by hand only, where automation is off, while others go by themselves', async () => {
    const made = await project({ customers: { bolt: { name: 'Bolt', cycle: 'monthly', automation: { enabled: false } } } }, APRIL);
    const done = await made.run('2026-05-20');
    expect(done.open.map(({ batch_id, auto_confirm }) => `${batch_id} ${auto_confirm}`)).toEqual(['2026-05-01 false']);
    expect((await made.run('2026-06-20')).open.length).toBe(1);
    await made.confirm('2026-06-20', '2026-05-01');
    expect(await made.told("SELECT customer_id, CAST(CAST(period_start AS DATE) AS VARCHAR) FROM ledger.invoices WHERE confirmed_by = 'manual'")).toEqual(['bolt | 2026-04-01']);
    expect(await made.flaws()).toEqual([]);
  });
});

/** Deposits in whole runs: paid ahead, taken off the invoices that follow, and given back at the end. */
import { describe, expect, it } from 'vitest';
import { invoiceView } from '../../src/documents/view.js';
import { cancel } from '../../src/run/cancel.js';
import { credit } from '../../src/run/credit.js';
import { invoice } from '../../src/run/invoice.js';
import { run } from '../../src/run/run.js';
import { show } from '../../src/run/show.js';
import type { CrashPoint } from '../../src/world/crash-points.js';
import { project, refusal } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const LINES = `SELECT CAST(i.billing_date AS VARCHAR) AS d, coalesce(l.booking_id, l.kind || ' ' || l.description) AS id, l.amount_minor, l.tax_id
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
  JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = 'processed' ORDER BY i.billing_date, i.seq, l.line_no`;
const TOTALS = `SELECT CAST(i.billing_date AS VARCHAR) AS d, i.kind, i.net_minor, i.tax_minor, i.total_minor
  FROM ledger.invoices AS i JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = 'processed' ORDER BY i.billing_date, i.seq`;

async function agreed(agreement: Spec, bookings: readonly Booking[], more: Spec = {}): Promise<Project> {
  return project({ agreements: { a: { from: '2026-01-01', ...agreement } }, customers: { acme: { agreements: ['a'] } }, ...more }, bookings);
}

const visit = (id: string, amount: string, more: Partial<Booking> = {}): Booking => (
  { id, customer: 'acme', product: 'visit', amount, start: '2026-01-10', ...more });
const deposit = (more: Spec = {}): Spec => ({ id: 'down', name: 'Down payment', amount: '1000.00', on: '2026-01-15', ...more });

describe('a deposit', () => {
  it('is invoiced with its tax, and comes off the last invoice of its agreement', async () => {
    const made = await agreed({ until: '2026-03-31', total: '4000.00', deposits: [{ id: 'down', name: 'Down payment', percent: '25', on: '2026-01-15' }] },
      [visit('A', '100.00'), visit('B', '500.00', { start: '2026-02-05' }), visit('C', '3000.00', { start: '2026-03-05' })]);
    await made.run('2026-05-10');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | A | 10000 | standard', '2026-02-01 | deposit Down payment | 100000 | standard', '2026-03-01 | B | 50000 | standard',
      '2026-04-01 | C | 300000 | standard', '2026-04-01 | deposit_applied Deducted: Down payment 2026-02-01 | -100000 | standard',
    ]);
    expect(await made.told(TOTALS)).toEqual([
      '2026-02-01 | invoice | 110000 | 20900 | 130900', '2026-03-01 | invoice | 50000 | 9500 | 59500', '2026-04-01 | invoice | 200000 | 38000 | 238000',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('comes off the invoices that follow as far as it reaches, and what is left is given back', async () => {
    const made = await agreed({ until: '2026-04-30', deposits: [deposit({ apply: 'next_invoice' })] },
      [visit('B', '300.00', { start: '2026-02-05' }), visit('C', '450.00', { start: '2026-03-05', product: 'food' }), visit('D', '50.00', { start: '2026-04-05' })]);
    await made.run('2026-06-10');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | deposit Down payment | 100000 | standard',
      '2026-03-01 | B | 30000 | standard', '2026-03-01 | deposit_applied Deducted: Down payment 2026-02-01 | -30000 | standard',
      // 481.50 with 7 % are 404.62 and 76.88 tax of 19 %.
      '2026-04-01 | C | 45000 | reduced', '2026-04-01 | deposit_applied Deducted: Down payment 2026-02-01 | -40462 | standard',
      '2026-05-01 | D | 5000 | standard', '2026-05-01 | deposit_applied Deducted: Down payment 2026-02-01 | -5000 | standard',
      '2026-05-01 | deposit_refund Refunded: Down payment 2026-02-01 | -24538 | standard',
    ]);
    expect(await made.told(TOTALS)).toEqual([
      '2026-02-01 | invoice | 100000 | 19000 | 119000', '2026-03-01 | invoice | 0 | 0 | 0', '2026-04-01 | invoice | 4538 | -4538 | 0',
      '2026-05-01 | credit_note | -24538 | -4662 | -29200',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('comes off at the rate of tax it was paid with also where the configuration has another one since', async () => {
    const agreement = { agreements: { a: { from: '2026-01-01', until: '2026-02-28', deposits: [deposit({ amount: '100.00' })] } }, customers: { acme: { agreements: ['a'] } } };
    const made = await project(agreement, [visit('B', '300.00', { start: '2026-02-05' })]);
    await made.run('2026-02-10');
    await made.configure({ ...agreement, taxes: { standard: { name: 'VAT', rate: '21', category: 'S' } } });
    await made.run('2026-03-10');
    expect(await made.told('SELECT rate_micro // 10000, net_minor, tax_minor FROM ledger.invoice_taxes ORDER BY serial, rate_micro')).toEqual([
      '1900 | 10000 | 1900', '1900 | -10000 | -1900', '2100 | 30000 | 6300']);
    expect(await made.flaws()).toEqual([]);
  });

  it('has its words in the language of the document, also where it is credited', async () => {
    const made = await agreed({ until: '2026-02-28', deposits: [deposit({ name: 'Anzahlung', amount: '100.00' })] }, [visit('B', '300.00', { start: '2026-02-05' })],
      { customers: { acme: { agreements: ['a'], locale: 'de-DE' } } });
    await made.run('2026-03-10');
    await credit(made.world, { as_of: '2026-03-11', number: 'INV-2026-000002', lines: [], reissue: false, reason: 'Irrtum', dry_run: false });
    const told = async (id: string): Promise<(readonly [string, string])[]> => {
      const { record } = await show(made.world, { as_of: '2026-03-11', id, format: 'json' });
      return invoiceView(record).lines.map(({ description }, i) => [record.lines[i]!.corrects?.kind ?? record.lines[i]!.kind, description]);
    };
    expect(await told('CN-2026-000001')).toEqual([['booking', 'Visit'], ['deposit_applied', 'Abzüglich Anzahlung (Rechnung vom 01.02.2026)']]);
    expect(await told('INV-2026-000002')).toEqual(await told('CN-2026-000001'));
    expect(await made.flaws()).toEqual([]);
  });

  it('comes off nothing before the invoice that asks for it is confirmed', async () => {
    const bookings = [visit('A', '300.00'), visit('B', '300.00', { start: '2026-02-05' }), visit('C', '10.00', { start: '2026-03-05' })];
    const spec = { until: '2026-12-31', deposits: [deposit({ amount: '100.00', apply: 'next_invoice' })] };
    const limits = { automation: { limits: { max_invoice_total: '400.00' } } };
    const made = await agreed(spec, bookings, limits);
    // The first is parked, and let go when the second is due for long.
    await made.run('2026-02-10');
    expect(await made.told(LINES)).toEqual([]);
    await made.configure({ agreements: { a: { from: '2026-01-01', ...spec } }, customers: { acme: { agreements: ['a'] } }, automation: { limits: { max_invoice_total: '900.00' } } });
    const first = await made.run('2026-03-10');
    expect(await made.told('SELECT number, CAST(confirmed_at AS VARCHAR) FROM ledger.invoices ORDER BY seq')).toEqual(['INV-2026-000001 | 2026-03-10 00:00:00', 'INV-2026-000002 | 2026-03-10 00:00:00']);
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | A | 30000 | standard', '2026-02-01 | deposit Down payment | 10000 | standard',
      '2026-03-01 | B | 30000 | standard', '2026-03-01 | deposit_applied Deducted: Down payment 2026-02-01 | -10000 | standard',
    ]);
    expect((await made.run('2026-03-10')).head).toEqual(first.head);
    expect(await made.flaws()).toEqual([]);
  });

  it.each<[string, readonly Booking[]]>([
    ['another customer is billed with the batch', [visit('D', '50.00', { customer: 'bolt', start: '2026-02-06' })]],
    ['the customer has something in another currency', [visit('D', '50.00', { currency: 'CHF', start: '2026-02-06' })]],
    ['both', [visit('D', '50.00', { currency: 'CHF', start: '2026-02-06' }), visit('E', '50.00', { customer: 'bolt', start: '2026-02-06' })]],
  ])('keeps the period waiting that it comes off, also for the run after one that died: %s', async (_name, more) => {
    const bookings = [visit('A', '300.00'), visit('B', '300.00', { start: '2026-02-05' }), visit('C', '10.00', { customer: 'bolt' }), ...more];
    const terms = { agreements: { a: { from: '2026-01-01', until: '2026-12-31', deposits: [deposit({ amount: '100.00', apply: 'next_invoice' })] } }, customers: { acme: { agreements: ['a'] }, bolt: { name: 'Bolt', cycle: 'monthly' } } };
    const limited = (max_invoice_total: string): Spec => ({ ...terms, automation: { limits: { max_invoice_total } } });
    // The invoice with the deposit is parked, and let go when the next one is due for long.
    const [made, whole] = [await project(limited('400.00'), bookings), await project(limited('400.00'), bookings)];
    for (const each of [made, whole]) {
      await each.run('2026-02-10');
      await each.configure(limited('900.00'));
    }
    // Runs that die of their first commit: the one that opens the batch, the one that confirms what is due, and the one after it.
    const reached = (name: CrashPoint): void => {
      if (name === 'commit: head replaced') throw new Error('died');
    };
    for (let i = 0; i < 3; i += 1) await expect(run({ ...made.world, crash: { reached } }, { as_of: '2026-03-10' })).rejects.toThrow('died');
    for (const each of [made, whole]) await each.run('2026-03-10');
    expect(await made.told(LINES)).toEqual(await whole.told(LINES));
    expect((await whole.told(LINES)).filter((line) => line.startsWith('2026-03-01 | B |'))).toHaveLength(1);
    expect(await made.flaws()).toEqual([]);
  });

  it('comes off no invoice before its own that is still open, whether it is in the ledger yet or not', async () => {
    const bookings = [visit('A', '300.00'), visit('B', '20.00', { start: '2026-02-05' }), visit('C', '300.00', { start: '2026-03-05' })];
    const terms = (enabled: boolean): Spec => ({
      agreements: { a: { from: '2026-01-01', until: '2026-12-31', deposits: [deposit({ amount: '100.00', on: '2026-02-10', apply: 'next_invoice' })] } },
      customers: { acme: { agreements: ['a'] } }, automation: { enabled },
    });
    // January was opened to be confirmed by hand, and is when all else is over; the deposit is on the invoice for February.
    const [made, whole] = [await project(terms(false), bookings), await project(terms(false), bookings)];
    for (const each of [made, whole]) {
      await each.run('2026-02-10');
      await each.configure(terms(true));
    }
    let commits = 0;
    const reached = (name: CrashPoint): void => {
      if (name === 'commit: head replaced' && (commits += 1) === 2) throw new Error('died');
    };
    await expect(run({ ...made.world, crash: { reached } }, { as_of: '2026-04-10' })).rejects.toThrow('died');
    expect(await made.told(LINES)).toEqual(['2026-03-01 | B | 2000 | standard', '2026-03-01 | deposit Down payment | 10000 | standard']);
    for (const each of [made, whole]) {
      await each.run('2026-04-10');
      await each.confirm('2026-04-11', '2026-02-01');
    }
    expect(await made.told(LINES)).toEqual(await whole.told(LINES));
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | A | 30000 | standard', '2026-03-01 | B | 2000 | standard', '2026-03-01 | deposit Down payment | 10000 | standard',
      '2026-04-01 | C | 30000 | standard', '2026-04-01 | deposit_applied Deducted: Down payment 2026-03-01 | -10000 | standard',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('is asked for first by who confirms by hand, too', async () => {
    const made = await agreed({ until: '2026-12-31', deposits: [deposit({ amount: '100.00', apply: 'next_invoice' })] }, [visit('A', '300.00'), visit('B', '300.00', { start: '2026-02-05' })],
      { automation: { enabled: false } });
    expect((await made.run('2026-03-10')).confirmed).toEqual([]);
    expect(await refusal(made.confirm('2026-03-10', '2026-03-01'))).toBe('TOO_EARLY 64 the invoice of acme takes off a deposit that is still open in batch 2026-02-01');
    for (const batch of ['2026-02-01', '2026-03-01']) expect((await made.confirm('2026-03-10', batch)).confirmed).toHaveLength(1);
    expect((await made.told(LINES)).at(-1)).toBe('2026-03-01 | deposit_applied Deducted: Down payment 2026-02-01 | -10000 | standard');
    expect(await made.flaws()).toEqual([]);
  });

  it('is the same whether every invoice is made on its day or all of them late', async () => {
    const spec = { until: '2026-04-30', deposits: [deposit({ apply: 'next_invoice' }), deposit({ id: 'second', name: 'Second', amount: '200.00', on: '2026-02-10', tax: 'reduced' })] };
    const bookings = [visit('B', '300.00', { start: '2026-02-05' }), visit('C', '450.00', { start: '2026-03-05', product: 'food' }), visit('D', '50.00', { start: '2026-04-05' })];
    const [late, daily] = [await agreed(spec, bookings), await agreed(spec, bookings)];
    await late.run('2026-06-10');
    for (const day of ['2026-02-04', '2026-02-20', '2026-03-02', '2026-03-10', '2026-04-20', '2026-05-03', '2026-06-10']) await daily.run(day);
    expect(await daily.outcome()).toEqual(await late.outcome());
  });

  it('is given back as a credit that is carried over, where the customer wants no credit notes', async () => {
    const made = await agreed({ until: '2026-02-28', deposits: [deposit()] },
      [visit('B', '300.00', { start: '2026-02-05' }), visit('C', '2000.00', { start: '2026-03-05' })], { negative_total: 'carry_over' });
    await made.run('2026-05-10');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | deposit Down payment | 100000 | standard',
      '2026-03-01 | B | 30000 | standard', '2026-03-01 | deposit_applied Deducted: Down payment 2026-02-01 | -30000 | standard',
      '2026-03-01 | deposit_refund Refunded: Down payment 2026-02-01 | -70000 | standard', '2026-03-01 | carry_over Credit carried to the next invoice | 70000 | standard',
      '2026-04-01 | C | 200000 | standard', '2026-04-01 | carry_over Credit from 2026-03-01 | -70000 | standard',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('that bears no tax comes off what does; an invoice that it pays is made even if none of zero are wanted', async () => {
    const made = await agreed({ until: '2026-03-31', deposits: [deposit({ tax: 'none', amount: '119.00', apply: 'next_invoice' })] },
      [visit('B', '100.00', { start: '2026-02-05' })], { zero_invoices: 'skip', taxes: { none: { name: 'Security deposit', rate: '0', category: 'O', note: 'Not subject to VAT' } } });
    await made.run('2026-05-10');
    expect(await made.told(TOTALS)).toEqual(['2026-02-01 | invoice | 11900 | 0 | 11900', '2026-03-01 | invoice | -1900 | 1900 | 0']);
    expect(await made.flaws()).toEqual([]);
  });

  it('keeps the rate it was invoiced with', async () => {
    const made = await agreed({ until: '2026-03-31', deposits: [deposit()] }, [visit('C', '3000.00', { start: '2026-03-05' })],
      { taxes: { standard: { rate: [{ rate: '16' }, { from: '2026-03-01', rate: '19' }] } } });
    await made.run('2026-05-10');
    expect(await made.told(TOTALS)).toEqual(['2026-02-01 | invoice | 100000 | 16000 | 116000', '2026-04-01 | invoice | 200000 | 41000 | 241000']);
  });

  it('is not invoiced any more with the last invoice of its agreement, nor twice; an agreement that ends early gives it back', async () => {
    const made = await agreed({ until: '2026-06-30', deposits: [deposit(), deposit({ id: 'last', name: 'Late', on: '2026-06-05' })] }, [visit('A', '100.00', { start: '2026-02-05' })]);
    await made.run('2026-03-10');
    await made.configure({ agreements: { a: { from: '2026-01-01', until: '2026-03-31', deposits: [deposit()] } }, customers: { acme: { agreements: ['a'] } } });
    await made.run('2026-09-10');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | deposit Down payment | 100000 | standard', '2026-03-01 | A | 10000 | standard',
      '2026-04-01 | deposit_refund Refunded: Down payment 2026-02-01 | -100000 | standard',
    ]);
    const short = await agreed({ until: '2026-01-31', deposits: [deposit()] }, [visit('A', '100.00')]);
    await short.run('2026-04-10');
    expect(await short.told(LINES)).toEqual(['2026-02-01 | A | 10000 | standard']);
  });

  it('that came off a cancelled invoice is kept for it until it is confirmed again; what it does not need any more is given back', async () => {
    const bookings = [visit('B', '300.00', { start: '2026-02-05' }), visit('C', '450.00', { start: '2026-03-05' }), visit('D', '50.00', { start: '2026-04-05' }), visit('E', '10.00', { start: '2026-05-05' })];
    const terms = { until: '2026-04-30', deposits: [deposit({ apply: 'next_invoice' })] };
    for (const then of ['confirmed', 'gone']) {
      const made = await agreed(terms, bookings, { automation: { auto_send: false } });
      await made.run('2026-03-06');
      await cancel(made.world, { as_of: '2026-03-06T12:00', number: 'INV-2026-000002', reason: 'Wrong address', dry_run: false });
      await made.run('2026-06-10');
      const kept = [
        '2026-02-01 | deposit Down payment | 100000 | standard', '2026-04-01 | C | 45000 | standard', '2026-04-01 | deposit_applied Deducted: Down payment 2026-02-01 | -45000 | standard',
        '2026-05-01 | D | 5000 | standard', '2026-05-01 | deposit_applied Deducted: Down payment 2026-02-01 | -5000 | standard', '2026-05-01 | deposit_refund Refunded: Down payment 2026-02-01 | -20000 | standard',
        '2026-06-01 | E | 1000 | standard',
      ];
      expect(await made.told(LINES)).toEqual(kept);
      if (then === 'confirmed') await made.confirm('2026-06-11', '2026-03-01');
      else await made.book(bookings.map((each) => (each.id === 'B' ? { ...each, status: 'cancelled' } : each)));
      await made.run('2026-08-10');
      const more = (await made.told(LINES)).filter((row) => !kept.includes(row));
      expect(more).toEqual(then === 'confirmed' ? ['2026-03-01 | B | 30000 | standard', '2026-03-01 | deposit_applied Deducted: Down payment 2026-02-01 | -30000 | standard']
        : ['2026-07-01 | deposit_refund Refunded: Down payment 2026-02-01 | -30000 | standard']);
      expect(await made.flaws()).toEqual([]);
    }
  });

  it('whose own invoice was cancelled neither comes off nor is given back before it is asked for again', async () => {
    const made = await agreed({ until: '2026-04-30', deposits: [deposit({ apply: 'next_invoice' })] }, [visit('B', '300.00', { start: '2026-02-05' }), visit('C', '450.00', { start: '2026-03-05' }), visit('D', '50.00', { start: '2026-04-05' })],
      { automation: { auto_send: false } });
    await made.run('2026-02-06');
    await cancel(made.world, { as_of: '2026-02-06T12:00', number: 'INV-2026-000001', reason: 'Wrong address', dry_run: false });
    await made.run('2026-03-10');
    expect(await made.told(LINES)).toEqual([]);
    await made.confirm('2026-03-11', '2026-02-01');
    await made.run('2026-05-10');
    expect(await made.told(LINES)).toEqual([
      '2026-02-01 | deposit Down payment | 100000 | standard', '2026-03-01 | B | 30000 | standard',
      '2026-03-01 | deposit_applied Deducted: Down payment 2026-02-01 | -30000 | standard', '2026-04-01 | C | 45000 | standard',
      '2026-04-01 | deposit_applied Deducted: Down payment 2026-02-01 | -45000 | standard', '2026-05-01 | D | 5000 | standard',
      '2026-05-01 | deposit_applied Deducted: Down payment 2026-02-01 | -5000 | standard', '2026-05-01 | deposit_refund Refunded: Down payment 2026-02-01 | -20000 | standard',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('is credited as long as it is there; what came off or was given back the customer has had', async () => {
    const made = await agreed({ until: '2026-04-30', deposits: [deposit({ apply: 'next_invoice' })] },
      [visit('A', '100.00'), visit('B', '300.00', { start: '2026-02-05' })]);
    await made.run('2026-03-10');
    const on = (number: string, more: object = {}): Promise<unknown> => credit(made.world, { as_of: '2026-03-11', number, lines: [], reason: 'Wrong', reissue: false, dry_run: false, ...more });
    const told = 'CREDIT_TOO_MUCH 64 line 2 of invoice INV-2026-000001 (Down payment) is a deposit of 1000.00 EUR, of which 700.00 is left';
    for (const more of [{}, { reissue: true }, { lines: ['2'] }]) expect(await refusal(on('INV-2026-000001', more))).toBe(told);
    // 119.00 are the visit with its tax.
    expect(await refusal(on('INV-2026-000001', { amount: '119.01' }))).toBe('CREDIT_TOO_MUCH 64 119.01 EUR of invoice INV-2026-000001 reaches into a deposit');
    await on('INV-2026-000001', { amount: '19.00' });
    expect(await refusal(on('INV-2026-000001', { amount: '100.01' }))).toContain('reaches into a deposit');
    await on('INV-2026-000002');
    await on('INV-2026-000001');
    expect((await made.told(TOTALS)).map((row) => row.split(' | ').at(-1))).toEqual(['130900', '-1900', '-129000', '0', '0']);
    await made.run('2026-06-10');
    expect((await made.told(LINES)).filter((row) => row.includes('deposit_')).length).toBe(1);
    expect(await made.flaws()).toEqual([]);
  });

  it('is invoiced at once by an invoice on demand, and may come off the rest of its month', async () => {
    const made = await agreed({ until: '2026-06-30', deposits: [deposit({ apply: 'next_invoice' })] }, [visit('A', '1200.00', { start: '2026-01-20' })]);
    await invoice(made.world, { as_of: '2026-01-16T12:00:00Z', customer: 'acme', dry_run: false });
    await made.run('2026-02-10');
    expect(await made.told(LINES)).toEqual([
      '2026-01-16 | deposit Down payment | 100000 | standard', '2026-02-01 | A | 120000 | standard',
      '2026-02-01 | deposit_applied Deducted: Down payment 2026-01-16 | -100000 | standard',
    ]);
  });
});

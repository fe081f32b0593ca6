/** What the proof of bookings and corrections accepts, and what it finds: lines written as they are wanted, whatever a run would write. */
import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/engine/engine.js';
import { exportSegment } from '../../src/ledger/attach.js';
import { commit } from '../../src/ledger/ledger.js';
import type { Ledger } from '../../src/ledger/ledger.js';
import { LEDGER_TABLES } from '../../src/ledger/tables.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { FIRST, openAt, TOOL, tempEngine, tempFolder } from './support.js';

/** A line: booking or charge (`!fee-1`), amount, and how it corrects which line. */
interface Line { what: string; amount: number; corrects?: string; how?: 'reversal' | 'restatement' | 'credit' | 'reissue'; tax?: string; kind?: string; was?: Was }
/** What a line was before it was converted to EUR: `JPY 2000 0.0065`, with the unit price that it should not have. */
interface Was { currency: string | null; minor: number | null; rate?: string; price?: number; source?: string }
interface Invoice { customer?: string; lines: readonly Line[]; accounted?: Accounted; hand?: boolean }
/** The tax of the invoice, and what it is in another currency: `USD 50 0.5`. */
interface Accounted { tax: number; told?: string; on?: string | null; source?: string }
type Step = readonly Invoice[] | { void: string };

const plain = (what: string, amount: number): Line => ({ what, amount });
/** What is made of the deposit `a:down`. */
const ahead = (kind: string, rest: string, amount: number): Line => ({ what: `!a:down${rest}`, amount, kind });
const fix = (what: string, amount: number, how: NonNullable<Line['how']>, corrects: string): Line => ({ what, amount, how, corrects });

/** Commits the steps: invoices get the names A, B, … in order. */
async function ledgerOf(engine: Engine, folder: string, steps: readonly Step[]): Promise<Ledger> {
  let ledger = await openAt(folder);
  let next = 0;
  for (const step of steps) {
    const asOf = (ledger.as_of ?? FIRST) + 86_400_000;
    const at = `TIMESTAMP '${new Date(asOf).toISOString().slice(0, 19).replace('T', ' ')}'`;
    const rows: Record<string, Record<string, unknown>[]> = { invoices: [], invoice_lines: [], invoice_taxes: [], parties: [], events: [] };
    if (ledger.serial === 0) rows['parties']!.push({ party_id: 'p', party: '{}' }, { party_id: 'us', party: '{"tax_currency":"USD"}' });
    if ('void' in step) rows['events']!.push({ at, subject: 'invoice', subject_id: step.void, event: 'voided', detail: '{"reason":"typo"}' });
    let total = 0;
    let before = 0;
    for (const invoice of 'void' in step ? [] : step) {
      const id = String.fromCharCode(65 + next++);
      const sums = new Map<string, number>();
      for (const line of invoice.lines) {
        sums.set(line.tax ?? 'standard', (sums.get(line.tax ?? 'standard') ?? 0) + line.amount);
        const [to, no] = line.corrects?.split('/') ?? [];
        rows['invoice_lines']!.push({
          invoice_id: id, lines_before: before, kind: line.kind ?? (line.how !== undefined ? 'adjustment' : line.what.startsWith('!') ? 'fee' : 'booking'),
          booking_id: line.what.startsWith('!') ? null : line.what, source: line.what.startsWith('!') ? null : 'jobs',
          charge_id: line.what.startsWith('!') ? line.what : null, amount_minor: line.amount, tax_id: line.tax ?? 'standard', tax_rate_micro: 0,
          corrects_invoice_id: to ?? null, corrects_line_no: no ?? null, correction: line.how ?? null,
          original_currency: line.was?.currency, original_minor: line.was?.minor, exchange_rate: line.was?.rate, unit_price_micro: line.was?.price,
          ...(line.was?.rate === undefined ? {} : { exchange_on: '2026-01-01', exchange_source: line.was.source ?? 'ECB' }),
        });
      }
      const net = [...sums.values()].reduce((a, b) => a + b, 0);
      for (const [tax_id, net_minor] of sums) rows['invoice_taxes']!.push({ invoice_id: id, tax_id, rate_micro: 0, net_minor, tax_minor: invoice.accounted?.tax ?? 0 });
      const { tax = 0, told = '', on = '2026-01-01', source = 'ECB' } = invoice.accounted ?? {};
      const [currency = '', minor, rate] = told.split(' ');
      rows['invoices']!.push({
        invoice_id: id, number: `N-${id}`, series: 'N', seq: next, kind: net < 0 ? 'credit_note' : 'invoice', customer_id: invoice.customer ?? 'acme', currency: 'EUR',
        exponent: 2, net_minor: net, tax_minor: tax, total_minor: net + tax, lines: invoice.lines.length, seller_id: invoice.accounted === undefined ? 'p' : 'us', buyer_id: 'p',
        confirmed_by: invoice.hand === true ? 'credit' : 'auto',
        ...(currency === '' ? {} : { tax_currency: currency, tax_currency_minor: minor, tax_exchange_rate: rate, tax_exchange_on: on, tax_exchange_source: source }),
      });
      before += invoice.lines.length;
      total += net + tax;
    }
    const files = [];
    for (const [table, list] of Object.entries(rows) as [keyof typeof LEDGER_TABLES, Record<string, unknown>[]][]) {
      if (list.length === 0) continue;
      const columns = [...Object.keys(LEDGER_TABLES[table]), ...(table === 'invoice_lines' ? ['lines_before'] : [])];
      const value = (v: unknown): string => (v === undefined || v === null ? 'NULL' : typeof v === 'string' && !v.startsWith('TIMESTAMP') ? `'${v}'` : String(v));
      const values = list.map((row) => `(${columns.map((c) => value(row[c])).join(', ')})`).join(', ');
      await engine.run(`CREATE OR REPLACE TEMP TABLE staged AS SELECT * FROM (VALUES ${values}) t(${columns.map((c) => `"${c}"`).join(', ')})`);
      files.push(await exportSegment(engine, table, 'staged', null));
    }
    const invoices = rows['invoices']!.length;
    ledger = await commit(ledger, {
      issuer_id: 'northwind', as_of: asOf, action: 'confirm', config_digest: 'c0ffee', config_commit: null, ...TOOL, invoices,
      totals: invoices === 0 ? {} : { EUR: BigInt(total) }, next_number: invoices === 0 ? {} : { N: next + 1 }, files,
    });
  }
  return ledger;
}

async function told(...steps: Step[]): Promise<string[]> {
  const [engine, folder] = [await tempEngine(), await tempFolder()];
  const { checks, diagnostics } = await verifyLedger(engine, await ledgerOf(engine, folder, steps), null);
  expect(diagnostics.every(({ code, at }) => code === 'LEDGER_DAMAGED' && at?.file.startsWith('data/ledger/segments/') === true)).toBe(true);
  expect(checks.every(({ ok }) => ok)).toBe(diagnostics.length === 0);
  return diagnostics.map(({ message }) => message);
}

/** `JPY 2000 0.0065`. */
function at(text: string): Was {
  const [currency = null, minor = '', rate] = text.split(' ');
  return { currency, minor: Number(minor), ...(rate === undefined ? {} : { rate }) };
}
const was = (what: string, amount: number, text: string): Line => ({ ...plain(what, amount), was: at(text) });

/** An invoice over a charge, with its tax in two currencies; a credit note by hand of a part of it. */
const taxed = (amount: number, tax: number, told?: string, more: Partial<Accounted> = {}): Invoice => ({ lines: [plain(`!fee-${amount}`, amount)], accounted: { tax, ...(told === undefined ? {} : { told }), ...more } });
const back = (amount: number, tax: number, told: string | undefined, of = 'A/1', more: Partial<Accounted> = {}): Invoice => (
  { ...taxed(amount, tax, told, more), lines: [{ what: '!fee-1000', amount, corrects: of, how: 'credit' }], hand: true });

describe('a tax in another currency that may be', () => {
  it('is the product, rounded either way', async () => {
    expect(await told([taxed(1000, 191, 'USD 95 0.5')], [taxed(1001, 191, 'USD 96 0.5')], [taxed(1002, 200, 'JPY 275 137.5')], [taxed(1003, 0)], [taxed(-50, -191, 'USD -96 0.5')])).toEqual([]);
  });

  it('is given back at its rate: rounded, or the rest', async () => {
    expect(await told([taxed(1000, 19, 'USD 10 0.5')], [back(-330, -6, 'USD -3 0.5'), back(-330, -6, 'USD -3 0.5')], [back(-340, -7, 'USD -4 0.5')])).toEqual([]);
    // Three times 3 and a half each time, and 1 left of 11.
    expect(await told([taxed(1000, 22, 'USD 11 0.5')], ...[1, 2, 3].map(() => [back(-330, -7, 'USD -4 0.5')]).slice(0, 2), [back(-340, -8, 'USD -3 0.5')])).toEqual([]);
    // What was void does not count.
    expect(await told([taxed(1000, 20, 'USD 10 0.5')], [back(-1000, -20, 'USD -10 0.5')], { void: 'B' }, [back(-1000, -20, 'USD -10 0.5')])).toEqual([]);
    expect(await told([taxed(1000, 20, 'USD 10 0.5')], [back(-100, 0, undefined)])).toEqual([]);
  });
});

describe('corrections that may be', () => {
  it('a changed booking is taken back and billed as it is now, again and again', async () => {
    expect(await told(
      [{ lines: [plain('b1', 100), plain('b2', 50)] }],
      [{ lines: [fix('b1', -100, 'reversal', 'A/1'), fix('b1', 120, 'restatement', 'A/1'), plain('b3', 10)] }],
      [{ lines: [fix('b1', -120, 'reversal', 'B/2'), fix('b1', 90, 'restatement', 'B/2')] }],
      [{ lines: [fix('b1', -90, 'reversal', 'C/2')] }],
      [{ lines: [fix('b1', 95, 'restatement', 'C/2')] }],
    )).toEqual([]);
  });

  it('a credit by hand, whole or in parts; a booking and a charge that are issued again', async () => {
    expect(await told(
      [{ lines: [plain('b1', 100), plain('b2', 50), plain('!fee', 30)] }],
      [{ lines: [fix('b1', -40, 'credit', 'A/1'), fix('b2', -50, 'reissue', 'A/2'), fix('!fee', -30, 'reissue', 'A/3')] }],
      [{ lines: [fix('b1', -60, 'credit', 'A/1')] }],
      [{ lines: [{ ...plain('b2', 55), corrects: 'A/2' }, plain('!fee', 31)] }],
    )).toEqual([]);
  });

  it('a deposit that comes off, is there again where that is credited, and is given back', async () => {
    expect(await told(
      [{ lines: [ahead('deposit', '', 100)] }], [{ lines: [plain('b1', 60), ahead('deposit_applied', ':applied:inv_x:standard', -60)] }],
      [{ lines: [fix('b1', -60, 'credit', 'B/1'), fix('!a:down:applied:inv_x:standard', 60, 'credit', 'B/2')] }],
      [{ lines: [ahead('deposit_refund', ':refund:inv_y:standard', -100)] }],
    )).toEqual([]);
  });

  it('what a void invoice billed or took back is free again', async () => {
    expect(await told([{ lines: [plain('b1', 100)] }], { void: 'A' }, [{ lines: [plain('b1', 100)] }], [{ lines: [fix('b1', -100, 'credit', 'B/1')] }], { void: 'C' },
      [{ lines: [fix('b1', -100, 'reversal', 'B/1')] }])).toEqual([]);
  });

  it('what the models took back is billed anew', async () => {
    expect(await told([{ lines: [plain('b1', 100)] }], [{ lines: [fix('b1', -100, 'reversal', 'A/1')] }], [{ lines: [plain('b1', 100)] }])).toEqual([]);
  });

  it('what was converted is taken back with the rate it had; a share of a discount as it was rounded', async () => {
    expect(await told(
      [{ lines: [was('b1', 1300, 'JPY 2000 0.0065'), was('b2', 1301, 'JPY 2001 0.0065'), was('b3', 0, 'JPY 0'), { ...was('!less', -13, 'JPY -20 0.0065'), kind: 'discount' }] }],
      [{ lines: [{ ...fix('b1', -1300, 'reversal', 'A/1'), was: at('JPY -2000 0.0065') }, { ...fix('b1', 1400, 'restatement', 'A/1'), was: at('JPY 2000 0.007') },
        { ...fix('!less', 7, 'reversal', 'A/4'), was: at('JPY 10 0.0065') }, { ...fix('!less', 6, 'reversal', 'A/4'), was: at('JPY 11 0.0065') }] }],
      [{ lines: [{ ...fix('b2', -1301, 'credit', 'A/2'), was: at('JPY -2001 0.0065') }] }],
    )).toEqual([]);
  });

  it('negative amounts are taken back by positive ones', async () => {
    expect(await told([{ lines: [plain('b1', -100), plain('b2', 300)] }], [{ lines: [fix('b1', 100, 'reversal', 'A/1'), fix('b2', -300, 'reversal', 'A/2')] }])).toEqual([]);
  });

  it('more is credited than an invoice came to where a later one took back what lowered it', async () => {
    expect(await told([{ lines: [plain('b1', 100), plain('b2', -40)] }], [{ lines: [fix('b2', 40, 'reversal', 'A/2')] }], [{ lines: [fix('b1', -100, 'credit', 'A/1')] }])).toEqual([]);
  });
});

describe('corrections that may not be', () => {
  const cases: Record<string, readonly Step[]> = {
    'billed twice': [[{ lines: [plain('b1', 100)] }], [{ lines: [plain('b1', 100)] }]],
    'billed twice on one invoice': [[{ lines: [plain('b1', 100), plain('b1', 100)] }]],
    'a charge twice': [[{ lines: [plain('!fee', 100)] }], [{ lines: [plain('!fee', 100)] }]],
    'billed after it was credited for good': [[{ lines: [plain('b1', 100)] }], [{ lines: [fix('b1', -100, 'credit', 'A/1')] }], [{ lines: [plain('b1', 100)] }]],
    'restated without being taken back': [[{ lines: [plain('b1', 100)] }], [{ lines: [fix('b1', 120, 'restatement', 'A/1')] }]],
    'taken back twice': [[{ lines: [plain('b1', 100)] }], [{ lines: [fix('b1', -100, 'reversal', 'A/1')] }], [{ lines: [fix('b1', -100, 'reversal', 'A/1')] }]],
    'a line that is not there': [[{ lines: [plain('b1', 100)] }], [{ lines: [fix('b1', -100, 'credit', 'A/2')] }]],
    'a line of the same invoice': [[{ lines: [plain('b1', 100), fix('b1', -100, 'reversal', 'A/1')] }]],
    'a void invoice': [[{ lines: [plain('b1', 100)] }], { void: 'A' }, [{ lines: [fix('b1', -100, 'credit', 'A/1')] }]],
    'an invoice that was made void afterwards': [[{ lines: [plain('b1', 100)] }], [{ lines: [fix('b1', -100, 'credit', 'A/1')] }], { void: 'A' }],
    'more than is there': [[{ lines: [plain('b1', 100)] }], [{ lines: [fix('b1', -60, 'credit', 'A/1')] }], [{ lines: [fix('b1', -41, 'credit', 'A/1')] }]],
    'the wrong sign': [[{ lines: [plain('b1', 100)] }], [{ lines: [fix('b1', 40, 'credit', 'A/1')] }]],
    'above the invoice': [[{ lines: [plain('b1', 100), { ...plain('!less', -20), kind: 'discount' }] }], [{ lines: [fix('b1', -100, 'credit', 'A/1')] }]],
    'above the invoice and what was taken back of it': [[{ lines: [plain('b1', 100), plain('b2', -40), { ...plain('!less', -20), kind: 'discount' }] }],
      [{ lines: [fix('b2', 40, 'reversal', 'A/2')] }], [{ lines: [fix('b1', -100, 'credit', 'A/1')] }]],
    'a deposit beyond itself': [[{ lines: [ahead('deposit', '', 100)] }], [{ lines: [plain('b1', 60), ahead('deposit_applied', ':applied:inv_x:standard', -60)] }],
      [{ lines: [fix('!a:down', -100, 'credit', 'A/1')] }]],
    'a deposit that nobody paid': [[{ lines: [plain('b1', 60), ahead('deposit_applied', ':applied:inv_x:standard', -60)] }]],
    'another customer': [[{ lines: [plain('b1', 100)] }], [{ customer: 'bolt', lines: [fix('b1', -100, 'credit', 'A/1')] }]],
    'another tax': [[{ lines: [plain('b1', 100)] }], [{ lines: [{ ...fix('b1', -100, 'credit', 'A/1'), tax: 'reduced' }] }]],
    'a cent beside its rate': [[{ lines: [was('b1', 1301, 'JPY 2000 0.0065')] }]],
    'half a cent beside its rate': [[{ lines: [was('b1', 1300, 'JPY 2001 0.0065'), was('b2', 1301, 'JPY 2000 0.006505')] }]],
    'converted without a rate': [[{ lines: [was('b1', 1300, 'JPY 2000')] }]],
    'converted at a word': [[{ lines: [was('b1', 1300, 'JPY 2000 high')] }]],
    'converted from its own currency': [[{ lines: [was('b1', 100, 'EUR 100 1')] }]],
    'a rate of nothing': [[{ lines: [{ ...plain('b1', 100), was: { currency: null, minor: null, rate: '1.1' } }] }]],
    'converted with a price': [[{ lines: [{ ...plain('b1', 1300), was: { ...at('JPY 2000 0.0065'), price: 6500 } }] }]],
    'taken back at another rate': [[{ lines: [was('b1', 1300, 'JPY 2000 0.0065')] }], [{ lines: [{ ...fix('b1', -1300, 'reversal', 'A/1'), was: at('JPY -2000 0.00650') }] }]],
    'taken back from another source': [[{ lines: [was('b1', 1300, 'JPY 2000 0.0065')] }], [{ lines: [{ ...fix('b1', -1300, 'reversal', 'A/1'), was: { ...at('JPY -2000 0.0065'), source: 'Bank' } }] }]],
    'taken back without what it was': [[{ lines: [was('b1', 1300, 'JPY 2000 0.0065')] }], [{ lines: [fix('b1', -1300, 'credit', 'A/1')] }]],
    'a cent beside the rate of its tax': [[taxed(1000, 190, 'USD 96 0.5')]],
    'half a cent beside the rate of its tax': [[taxed(1000, 190, 'USD 96 0.5026')]],
    'no tax in the currency of its seller': [[taxed(1000, 190)]],
    'a tax in its own currency': [[taxed(1000, 190, 'EUR 190 1')]],
    'no tax, but one in another currency': [[taxed(1000, 0, 'USD 0 0.5')]],
    'a tax in another currency without a day': [[taxed(1000, 190, 'USD 95 0.5', { on: null })]],
    'a tax in another currency without a rate': [[taxed(1000, 190, 'USD 95')]],
    'a tax at the rate of a word': [[taxed(1000, 190, 'USD 95 half')]],
    'a tax given back at another rate': [[taxed(1000, 190, 'USD 95 0.5')], [back(-1000, -190, 'USD -95 0.50')]],
    'a tax given back at a rate, where none was stated': [[{ lines: [plain('!fee-1000', 1000)] }], [back(-1000, -190, 'USD -95 0.5')]],
    'a tax of which more is given back': [[taxed(1000, 19, 'USD 9 0.4999')], [back(-500, -9, 'USD -5 0.4999')], [back(-500, -10, 'USD -5 0.4999')]],
    'a cent beside the rate of one that is given back': [[taxed(1000, 190, 'USD 95 0.5')], [back(-500, -90, 'USD -46 0.5')]],
    'an adjustment of nothing': [[{ lines: [{ what: 'b1', amount: -100, kind: 'adjustment' }] }]],
  };

  it('are told', async () => {
    const found: Record<string, string[]> = {};
    for (const [name, steps] of Object.entries(cases)) {
      found[name] = await told(...steps);
      expect(found[name].length, name).toBeGreaterThan(0);
    }
    expect(found).toMatchSnapshot();
  });
});

/** What becomes of converted lines after they were billed: changed, cancelled and vanished bookings, credit notes, bounds over several invoices. */
import { describe, expect, it } from 'vitest';
import { credit } from '../../src/run/credit.js';
import { show } from '../../src/run/show.js';
import { BASE, project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const LINES = `SELECT CAST(i.billing_date AS VARCHAR) AS d, i.kind, l.kind, coalesce(l.booking_id, l.description) AS what, l.correction, l.amount_minor, l.gross_minor, l.original_currency AS c, l.original_minor,
    l.exchange_rate, CAST(l.exchange_on AS VARCHAR) AS exchange_on
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id ORDER BY i.serial, i.seq, l.line_no`;

const visit = (id: string, start: string, more: Partial<Booking> = {}): Booking => ({ id, customer: 'bolt', product: 'visit', start, ...more });

const FIRST_RATES = [
  { from: 'EUR', to: 'USD', rate: '1.1', on: '2026-01-01', source: 'ECB' }, { from: 'EUR', to: 'USD', rate: '1.2', on: '2026-04-15', source: 'ECB' },
];
const BOLT: Spec = { name: 'Bolt Ltd', cycle: 'monthly', invoice_currency: 'USD', address: { line1: 'A', city: 'B', postal_code: '1', country: 'US' } };
const SPEC: Spec = { issuer: { tax_id: 'DE123456788' }, exchange_rates: FIRST_RATES, customers: { bolt: BOLT } };
const TENTH: Spec = {
  customers: { bolt: { ...BOLT, agreements: ['a'] } }, agreements: { a: { from: '2026-04-01', discounts: [{ name: 'Tenth', percent: '10' }] } },
};

const flat = async (made: Project): Promise<string[]> => (await made.told(LINES)).map((row) => row.replace('2026-', ''));

describe('a converted booking', () => {
  it('that moved to a day with another rate is taken back at the one it had, and restated at that of its day', async () => {
    const made = await project(SPEC, [visit('A', '2026-04-10'), visit('B', '2026-05-20')]);
    await made.run('2026-05-10');
    await made.book([visit('A', '2026-04-20'), visit('B', '2026-05-20')]);
    // Whatever is said of the first rate today, and even if it is not said any more.
    await made.configure({ ...SPEC, exchange_rates: [FIRST_RATES[1]] });
    await made.run('2026-06-10');
    expect(await flat(made)).toEqual([
      '05-01 | invoice | booking | A | - | 10450 | - | EUR | 9500 | 1.1 | 2026-01-01',
      '06-01 | invoice | booking | B | - | 11400 | - | EUR | 9500 | 1.2 | 2026-04-15',
      '06-01 | invoice | adjustment | A | reversal | -10450 | - | EUR | -9500 | 1.1 | 2026-01-01',
      '06-01 | invoice | adjustment | A | restatement | 11400 | - | EUR | 9500 | 1.2 | 2026-04-15',
    ]);
    expect(await made.flaws()).toEqual([]);
    const { record, explanation } = await show(made.world, { as_of: '2026-06-10', id: 'INV-2026-000002', format: 'json', explain: true });
    expect(record.lines.map(({ original }) => `${original?.amount ?? '-'} ${original?.rate ?? '-'}`)).toEqual(['95.00 1.2', '-95.00 1.1', '95.00 1.2']);
    expect(explanation!.lines.map(({ steps }) => steps.map(({ formula }) => formula))).toEqual([
      ['1 × 95.00', '95.00 × 1.2'], ['(-1) × 95.00', '(-95.00) × 1.1'], ['1 × 95.00', '95.00 × 1.2'],
    ]);
    expect(explanation!.lines[2]!.rules.map(({ what, path }) => `${what}: ${path!}`)).toContain('exchange rate of 2026-04-15, ECB: exchange_rates[0]');
    // The same again: nothing is left to correct.
    await made.run('2026-07-10');
    expect(await made.told('SELECT count(*) FROM ledger.invoices')).toEqual(['2']);
  });

  it('of which only the words changed stays as it is', async () => {
    const made = await project(SPEC, [visit('A', '2026-04-10')]);
    await made.run('2026-05-10');
    await made.book([visit('A', '2026-04-10', { description: 'Visit of the boiler' })]);
    await made.run('2026-06-10');
    expect(await flat(made)).toHaveLength(1);
    expect(await made.flaws()).toEqual([]);
  });

  it('that is cancelled or vanishes takes its share of the discount along, in both currencies and at its rate', async () => {
    const complete: Spec = { ...SPEC, ...TENTH, bookings: [{ ...(BASE['bookings'] as readonly Spec[])[0], complete: true }] };
    const made = await project(complete, [visit('A', '2026-04-10'), visit('B', '2026-04-20', { quantity: '3' }), visit('C', '2026-04-21'), visit('D', '2026-04-22', { amount: '10.00', currency: 'USD' })]);
    await made.run('2026-05-10');
    await made.book([visit('B', '2026-04-20', { quantity: '2' }), visit('C', '2026-04-21', { status: 'cancelled' }), visit('D', '2026-04-22', { amount: '10.00', currency: 'USD' }), visit('E', '2026-05-20')]);
    await made.run('2026-06-10');
    expect(await flat(made)).toEqual([
      '05-01 | invoice | booking | A | - | 10450 | - | EUR | 9500 | 1.1 | 2026-01-01', '05-01 | invoice | booking | B | - | 34200 | - | EUR | 28500 | 1.2 | 2026-04-15',
      '05-01 | invoice | booking | C | - | 11400 | - | EUR | 9500 | 1.2 | 2026-04-15', '05-01 | invoice | booking | D | - | 1000 | - | - | - | - | -',
      '05-01 | invoice | discount | Tenth | - | -1045 | - | EUR | -950 | 1.1 | 2026-01-01', '05-01 | invoice | discount | Tenth | - | -4560 | - | EUR | -3800 | 1.2 | 2026-04-15',
      '06-01 | credit_note | booking | E | - | 11400 | - | EUR | 9500 | 1.2 | 2026-04-15',
      '06-01 | credit_note | adjustment | A | reversal | -10450 | - | EUR | -9500 | 1.1 | 2026-01-01', '06-01 | credit_note | adjustment | B | reversal | -34200 | - | EUR | -28500 | 1.2 | 2026-04-15',
      '06-01 | credit_note | adjustment | B | restatement | 22800 | - | EUR | 19000 | 1.2 | 2026-04-15', '06-01 | credit_note | adjustment | C | reversal | -11400 | - | EUR | -9500 | 1.2 | 2026-04-15',
      '06-01 | credit_note | adjustment | Tenth | reversal | 1045 | - | EUR | 950 | 1.1 | 2026-01-01', '06-01 | credit_note | adjustment | Tenth | reversal | 3420 | - | EUR | 2850 | 1.2 | 2026-04-15',
      '06-01 | credit_note | adjustment | Tenth | restatement | -2280 | - | EUR | -1900 | 1.2 | 2026-04-15', '06-01 | credit_note | adjustment | Tenth | reversal | 1140 | - | EUR | 950 | 1.2 | 2026-04-15',
      '06-01 | credit_note | discount | Tenth | - | -1140 | - | EUR | -950 | 1.2 | 2026-04-15',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('of a customer who is billed in its own currency again is taken back in that of its invoice', async () => {
    const made = await project(SPEC, [visit('A', '2026-04-10'), visit('B', '2026-05-20')]);
    await made.run('2026-05-10');
    await made.configure({ ...SPEC, exchange_rates: [FIRST_RATES[0]], customers: { bolt: { ...BOLT, invoice_currency: 'EUR' } } });
    await made.book([visit('A', '2026-04-10', { quantity: '2' }), visit('B', '2026-05-20')]);
    await made.run('2026-06-10');
    await made.run('2026-07-10');
    expect((await flat(made)).slice(1).sort()).toEqual([
      '06-01 | credit_note | adjustment | A | reversal | -10450 | - | EUR | -9500 | 1.1 | 2026-01-01',
      '06-01 | invoice | booking | B | - | 9500 | - | - | - | - | -',
      '07-01 | invoice | booking | A | - | 19000 | - | - | - | - | -',
    ]);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('a credit note', () => {
  const give = async (made: Project, more: Partial<Parameters<typeof credit>[1]> = {}): Promise<void> => {
    await credit(made.world, { as_of: '2026-05-20', number: 'INV-2026-000001', lines: [], reason: 'Wrong hours', reissue: false, dry_run: false, ...more });
  };

  it('of the whole gives everything back in both currencies, at the rates that were used', async () => {
    const made = await project({ ...SPEC, ...TENTH }, [visit('A', '2026-04-10'), visit('B', '2026-04-20', { quantity: '0.333' })]);
    await made.run('2026-05-10');
    await made.configure({ ...SPEC, ...TENTH, exchange_rates: [{ ...FIRST_RATES[0], rate: '7' }] });
    await give(made);
    const rows = await flat(made);
    expect(rows.slice(4)).toEqual([
      '05-01 | credit_note | adjustment | A | credit | -10450 | - | EUR | -9500 | 1.1 | 2026-01-01', '05-01 | credit_note | adjustment | B | credit | -3797 | - | EUR | -3164 | 1.2 | 2026-04-15',
      '05-01 | credit_note | adjustment | Tenth | credit | 1045 | - | EUR | 950 | 1.1 | 2026-01-01', '05-01 | credit_note | adjustment | Tenth | credit | 379 | - | EUR | 316 | 1.2 | 2026-04-15',
    ]);
    expect(await made.told('SELECT sum(net_minor), sum(tax_minor), sum(total_minor) FROM ledger.invoices')).toEqual(['0 | 0 | 0']);
    expect(await made.flaws()).toEqual([]);
  });

  it('of a line takes its part of the discount at its rate; what is reissued is billed at the rate of its day as it is then', async () => {
    const made = await project({ ...SPEC, ...TENTH, prices_include_tax: true }, [visit('A', '2026-04-10'), visit('B', '2026-04-20'), visit('C', '2026-04-21', { quantity: '2' })]);
    await made.run('2026-05-10');
    await give(made, { lines: ['2'], reissue: true });
    await give(made, { lines: ['3'] });
    await made.configure({ ...SPEC, ...TENTH, prices_include_tax: true, exchange_rates: [FIRST_RATES[0], { ...FIRST_RATES[1], rate: '1.25' }] });
    await made.run('2026-06-10');
    expect((await made.told(`SELECT coalesce(l.booking_id, l.description), l.correction, l.gross_minor, l.original_minor, l.exchange_rate FROM ledger.invoice_lines AS l ORDER BY l.serial, l.line_no`)).slice(5)).toEqual([
      'B | reissue | -11400 | -9500 | 1.2', 'Tenth | reissue | 1140 | 950 | 1.2', 'C | credit | -22800 | -19000 | 1.2', 'Tenth | credit | 2280 | 1900 | 1.2',
      'B | - | 11875 | 9500 | 1.25', 'Tenth | - | -1188 | -950 | 1.25',
    ]);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('a bound over several invoices', () => {
  it('is counted in the currency of its agreement: converted or not, the same amounts come about in it', async () => {
    const [own, other] = [await twoQuarters({ ...BOLT, invoice_currency: 'EUR' }), await twoQuarters(BOLT)];
    const amounts = (made: Project, amount: string): Promise<string[]> => made.told(`SELECT CAST(i.billing_date AS VARCHAR), l.kind, l.correction, coalesce(l.booking_id, l.description), ${amount}
      FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id ORDER BY i.serial, i.seq, l.line_no`);
    const found = await amounts(other, 'l.original_minor');
    expect(found).toEqual(await amounts(own, 'l.amount_minor'));
    // 190.00, and 285.00 of which 75.00 are above 400.00; at the end of the quarter 600.00 are missing to 1000.00.
    expect(found.slice(0, 3)).toEqual(['2026-05-01 | booking | - | A | 19000', '2026-06-01 | booking | - | B | 28500', '2026-06-01 | discount | - | Maximum | -7500']);
    expect(found).toContain('2026-07-01 | minimum | - | Minimum | 60000');
    expect(found.filter((row) => row.includes('| Maximum |')).length).toBeGreaterThan(2);
    expect(await other.told("SELECT amount_minor, exchange_rate FROM ledger.invoice_lines WHERE kind = 'minimum' ORDER BY serial LIMIT 1")).toEqual(['72000 | 1.2']);
    expect([await own.flaws(), await other.flaws()]).toEqual([[], []]);
  });
});

/** Five months with a change, a credit note by hand and a late booking. */
async function twoQuarters(bolt: Spec): Promise<Project> {
  const made = await project({
    ...SPEC, customers: { bolt: { ...bolt, agreements: ['a'] } },
    agreements: { a: { from: '2026-04-01', minimum: { amount: '1000.00', per: 'quarter' }, maximum: { amount: '400.00', per: 'quarter', applies_to: 'usage' } } },
  }, [visit('A', '2026-04-10', { quantity: '2' }), visit('B', '2026-05-20', { quantity: '3' }), visit('C', '2026-06-20'), visit('D', '2026-07-20', { quantity: '5' })]);
  await made.run('2026-05-10');
  await made.run('2026-06-10');
  await made.book([visit('A', '2026-04-10'), visit('B', '2026-05-20', { quantity: '3' }), visit('C', '2026-06-20'), visit('D', '2026-07-20', { quantity: '5' })]);
  await made.run('2026-07-10');
  await credit(made.world, { as_of: '2026-07-20', number: 'INV-2026-000002', lines: ['1'], reason: 'Wrong hours', reissue: false, dry_run: false });
  await made.book([visit('A', '2026-04-10'), visit('B', '2026-05-20', { quantity: '3' }), visit('C', '2026-06-20'), visit('D', '2026-07-20', { quantity: '5' }), visit('L', '2026-06-21', { quantity: '7' })]);
  await made.run('2026-08-10');
  await made.run('2026-10-10');
  return made;
}

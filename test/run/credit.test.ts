/** Credit notes by hand in real projects: what they say, in the ledger and on documents, and what is billed afterwards. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cancel } from '../../src/run/cancel.js';
import { credit } from '../../src/run/credit.js';
import type { CreditResult } from '../../src/run/results-corrections.js';
import { show } from '../../src/run/show.js';
import { project, refusal } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';
import { checkArithmetic } from '../support/ubl.js';

const ACME = { address: { line1: 'Markt 1', city: 'Berlin', country: 'DE' } };
/** Two taxes, a discount over both, a charge: 190.00 + 95.00 at 19 %, 23.31 at 7 %, 100.00 of the charge; ten percent off. */
const SPEC: Spec = {
  issuer: { tax_id: 'DE811907980' },
  customers: { acme: { ...ACME, agreements: ['a'] } },
  agreements: { a: { from: '2026-04-01', charges: [{ id: 'c', name: 'Flat', price: '100.00', per: 'month' }], discounts: [{ name: 'Tenth', percent: '10' }] } },
};
const APRIL: readonly Booking[] = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02', quantity: '2' }, { id: 'b', customer: 'acme', product: 'food', start: '2026-04-14', quantity: '7' },
  { id: 'c', customer: 'acme', product: 'visit', start: '2026-04-20' },
];

function give(made: Project, as_of: string, more: Partial<Parameters<typeof credit>[1]> = {}): Promise<CreditResult> {
  return credit(made.world, { as_of, number: 'INV-2026-000001', lines: [], reason: 'Wrong hours', reissue: false, dry_run: false, ...more });
}

async function billed(spec: Spec = SPEC, bookings: readonly Booking[] = APRIL): Promise<Project> {
  const made = await project(spec, bookings);
  await made.run('2026-05-06');
  return made;
}

const CREDITS = `SELECT i.number, l.line_no, l.kind, l.corrects_line_no, l.correction, l.booking_id, l.quantity_micro / 1000000.0 AS q, l.unit_price_micro / 1000000.0 AS p, l.amount_minor, l.tax_id
  FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id WHERE i.kind = 'credit_note' ORDER BY i.seq, l.line_no`;
const SUMS = `SELECT t.tax_id, sum(t.net_minor), sum(t.tax_minor) FROM ledger.invoice_taxes AS t JOIN ledger.invoice_status AS s ON s.invoice_id = t.invoice_id
  WHERE s.status = 'processed' GROUP BY t.tax_id ORDER BY t.tax_id`;

describe('a credit note by hand', () => {
  it('of the whole takes back every line, discounts too, and leaves nothing; it is numbered, sent and told', async () => {
    const made = await billed();
    const looked = await give(made, '2026-05-20', { dry_run: true });
    expect(looked).toMatchObject({ dry_run: true, credit_note: { number: null, total: '-434.79' }, left: { net: '0.00', tax: '0.00', total: '0.00' } });
    expect(await refusal(give(made, '2026-05-20', { expect: 'ffffffffffff' }))).toMatch(/^DIGEST_STALE 6/);
    const done = await give(made, '2026-05-20', { expect: looked.digest, by: 'kim' });
    expect(done).toMatchObject({ digest: looked.digest, credit_note: { number: 'CN-2026-000001', issued_on: '2026-05-20', total: '-434.79' }, messages_queued: 1, by: 'kim' });
    expect(await made.told(CREDITS)).toEqual([
      'CN-2026-000001 | 1 | adjustment | 1 | credit | a | -2 | 95 | -19000 | standard', 'CN-2026-000001 | 2 | adjustment | 2 | credit | b | -7 | 3.33 | -2331 | reduced',
      'CN-2026-000001 | 3 | adjustment | 3 | credit | c | -1 | 95 | -9500 | standard', 'CN-2026-000001 | 4 | adjustment | 4 | credit | - | -1 | 100 | -10000 | standard',
      'CN-2026-000001 | 5 | adjustment | 5 | credit | - | -1 | - | 233 | reduced', 'CN-2026-000001 | 6 | adjustment | 6 | credit | - | -1 | - | 3850 | standard',
    ]);
    expect(await made.told(SUMS)).toEqual(['reduced | 0 | 0', 'standard | 0 | 0']);
    expect(await made.told("SELECT i.kind, i.batch_id, i.note, i.confirmed_by, e.detail FROM ledger.invoices AS i CROSS JOIN (SELECT detail FROM ledger.events WHERE event = 'credited') AS e WHERE i.seq = 1 AND i.kind = 'credit_note'"))
      .toEqual([expect.stringMatching(/^credit_note \| 2026-05-01 \| Wrong hours \| credit \| \{"by":"kim","credit_note_id":"crn_[0-9a-f]{16}","number":"CN-2026-000001","reason":"Wrong hours","reissue":false\}$/)]);
    expect((await made.run('2026-05-21')).messages.sent).toBe(1);
    const mail = Object.keys(await made.files('out/mail')).sort().at(-1)!;
    expect(await readFile(join(made.root, 'out/mail', mail), 'utf8')).toContain('CN-2026-000001');
    expect(await refusal(give(made, '2026-05-22'))).toMatch(/^CREDIT_TOO_MUCH 64 of invoice INV-2026-000001 nothing is left to be credited/);
    expect(await made.flaws()).toEqual([]);
  });

  it('says on its page, its e-invoice and in its folder what it corrects', async () => {
    const made = await billed();
    const { files } = await give(made, '2026-05-20', { lines: ['1'] });
    expect(files).toContain('out/invoices/2026-05-01/CN-2026-000001.html');
    const page = await readFile(join(made.root, 'out/invoices/2026-05-01/CN-2026-000001.html'), 'utf8');
    expect(page).toContain('Credit note for invoice INV-2026-000001 of 1 May 2026: Wrong hours');
    expect(page).toContain('Ref. a · line 1');
    const { bytes, record } = await show(made.world, { as_of: '2026-05-21', id: 'CN-2026-000001', format: 'xml' });
    const xml = bytes!.toString('utf8');
    checkArithmetic(xml);
    expect(xml).toMatch(/<CreditNote [^]*<cbc:CreditNoteTypeCode>381<[^]*<cac:BillingReference>\s*<cac:InvoiceDocumentReference>\s*<cbc:ID>INV-2026-000001<\/cbc:ID>\s*<cbc:IssueDate>2026-05-01</);
    expect(record.corrects).toEqual([{ number: 'INV-2026-000001', issued_on: '2026-05-01' }]);
    expect(await readFile(join(made.root, 'out/invoices/2026-05-01/invoices.csv'), 'utf8')).toContain('CN-2026-000001,credit_note,processed');
  });

  it('of lines takes their share of the discount and the tax on both; several add up, the last takes what is left', async () => {
    const made = await billed();
    expect((await give(made, '2026-05-20', { lines: ['3'] })).credit_note).toMatchObject({ net: '-85.50', tax: '-16.25', total: '-101.75' });
    expect(await refusal(give(made, '2026-05-20', { lines: ['3'] }))).toMatch(/^CREDIT_TOO_MUCH 64 line 3 of invoice INV-2026-000001 \(Visit\) was credited/);
    expect(await refusal(give(made, '2026-05-20', { lines: ['6'] }))).toMatch(/^USAGE 64 line 6 of invoice INV-2026-000001 is a discount/);
    expect(await refusal(give(made, '2026-05-20', { lines: ['9'] }))).toMatch(/^USAGE 64 invoice INV-2026-000001 has no line 9/);
    expect((await give(made, '2026-05-21', { lines: ['1', '2'] })).left).toEqual({ net: '90.00', tax: '17.10', total: '107.10' });
    expect((await give(made, '2026-05-22')).credit_note.lines.map(({ corrects_line_no, amount }) => [corrects_line_no, amount])).toEqual([[4, '-100.00'], [6, '10.00']]);
    expect(await made.told(SUMS)).toEqual(['reduced | 0 | 0', 'standard | 0 | 0']);
    expect(await made.flaws()).toEqual([]);
  });

  it('of an amount is spread over the taxes; the whole afterwards counts it', async () => {
    const made = await billed();
    const { credit_note } = await give(made, '2026-05-20', { amount: '100.00' });
    expect(credit_note.total).toBe('-100.00');
    expect(credit_note.lines.map(({ corrects_line_no, tax_id, amount }) => [corrects_line_no, tax_id, amount])).toEqual([[null, 'reduced', '-4.82'], [null, 'standard', '-79.70']]);
    expect(await refusal(give(made, '2026-05-20', { amount: '334.82' }))).toBe('CREDIT_TOO_MUCH 64 334.82 EUR is more than there is: of invoice INV-2026-000001 334.79 EUR is left to be credited (net 282.96, tax 51.83)');
    expect(await refusal(give(made, '2026-05-20', { amount: '10', reissue: true }))).toMatch(/^USAGE 64 --amount and --reissue/);
    expect(await refusal(give(made, '2026-05-20', { amount: '-10' }))).toMatch(/^USAGE 64 --amount -10 is not an amount in EUR/);
    await give(made, '2026-05-21');
    expect(await made.told(SUMS)).toEqual(['reduced | 0 | 0', 'standard | 0 | 0']);
    const page = await readFile(join(made.root, 'out/invoices/2026-05-01/CN-2026-000001.html'), 'utf8');
    expect(page).toContain('Reduction of the invoice amount');
  });

  it.each(['100', '-100'])('of an invoice that took %s back for a booking that was cancelled lets it stand again, for good', async (amount) => {
    const bookings = (status: string): Booking[] => [
      { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02', amount, status }, { id: 'b', customer: 'acme', product: 'visit', start: '2026-04-03', amount: '300' },
      { id: 'c', customer: 'acme', product: 'visit', start: '2026-05-03', amount: '500' }];
    const made = await project({}, bookings('done'));
    await made.run('2026-05-06');
    for (const time of ['2026-06-06', '2026-07-06']) {
      await made.book(bookings('cancelled'));
      await made.run(time);
      if (time === '2026-06-06') await give(made, '2026-06-07', { number: 'INV-2026-000002' });
      expect(await made.told(`SELECT sum(amount_minor) FROM ledger.invoice_lines WHERE booking_id = 'a'`)).toEqual([`${amount}00`]);
      expect(await made.flaws()).toEqual([]);
    }
  });

  it('never asks for money, also where what is left is below zero', async () => {
    const bookings = (status: string): Booking[] => [
      { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02', amount: '-20' }, { id: 'b', customer: 'acme', product: 'visit', start: '2026-04-03', amount: '100', status }];
    const made = await project({ automation: { changed_bookings: 'credit_note' } }, bookings('done'));
    await made.run('2026-05-06');
    await made.book(bookings('cancelled'));
    await made.run('2026-06-06');
    for (const reissue of [false, true]) expect(await refusal(give(made, '2026-06-07', { reissue }))).toMatch(/^CREDIT_TOO_MUCH .*-23\.80 EUR is left/);
    expect(await made.flaws()).toEqual([]);
  });

  it('covers no period and is not billed again; what is cancelled can be credited again', async () => {
    const made = await billed({ ...SPEC, automation: { auto_send: false } });
    await give(made, '2026-05-20', { lines: ['1'] });
    await cancel(made.world, { as_of: '2026-05-20', number: 'CN-2026-000001', reason: 'Wrong line', dry_run: false });
    expect(await refusal(give(made, '2026-05-20', { number: 'CN-2026-000001' }))).toMatch(/^INVOICE_VOID 64/);
    await give(made, '2026-05-20', { lines: ['1'] });
    expect(await refusal(give(made, '2026-05-20', { number: 'CN-2026-000002' }))).toMatch(/^USAGE 64 credit note CN-2026-000002 is a credit note/);
    expect(await refusal(cancel(made.world, { as_of: '2026-05-20', number: 'INV-2026-000001', reason: 'Late', dry_run: false }))).toMatch(/^INVOICE_CORRECTED 64 .*CN-2026-000002 corrects it/);
    await made.run('2026-06-06');
    expect(await made.told("SELECT number, strftime(period_start, '%Y-%m-%d'), total_minor FROM ledger.invoices WHERE kind = 'invoice' ORDER BY seq")).toEqual([
      'INV-2026-000001 | 2026-04-01 | 43479', 'INV-2026-000002 | 2026-05-01 | 10710']);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('what is credited to be issued again', () => {
  const AGAIN = `SELECT l.kind, l.booking_id, l.late, l.amount_minor, n.number FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
    LEFT JOIN ledger.invoices AS n ON n.invoice_id = l.corrects_invoice_id WHERE i.number = 'INV-2026-000002' ORDER BY l.line_no`;

  it('stands on the next invoice, which names the one that was corrected; the rest stays billed', async () => {
    const made = await billed();
    const done = await give(made, '2026-05-20', { lines: ['1'], reissue: true });
    expect(done.credit_note.lines.map(({ correction }) => correction)).toEqual(['reissue', 'reissue']);
    await made.bookInto('000', [{ ...APRIL[0]!, quantity: '1.5' }, ...APRIL.slice(1)]);
    await made.run('2026-06-06');
    expect(await made.told(AGAIN)).toEqual([
      'booking | a | true | 14250 | INV-2026-000001', 'recurring | - | false | 10000 | -', 'discount | - | false | -2425 | -',
    ]);
    expect(await refusal(cancel(made.world, { as_of: '2026-06-06', number: 'CN-2026-000001', reason: 'No', dry_run: false }))).toMatch(/^INVOICE_SENT/);
    expect(await made.flaws()).toEqual([]);
  });

  it('is everything of it, charges too; the credit note cannot be cancelled any more then', async () => {
    const made = await billed({ ...SPEC, automation: { auto_send: false } });
    await give(made, '2026-05-20', { reissue: true });
    await made.run('2026-06-06');
    expect(await made.told(AGAIN)).toEqual([
      'booking | a | true | 19000 | INV-2026-000001', 'booking | b | true | 2331 | INV-2026-000001', 'booking | c | true | 9500 | INV-2026-000001',
      'recurring | - | false | 20000 | -', 'discount | - | false | -233 | -', 'discount | - | false | -4850 | -',
    ]);
    expect(await refusal(cancel(made.world, { as_of: '2026-06-06', number: 'CN-2026-000001', reason: 'No', dry_run: false })))
      .toBe('INVOICE_CORRECTED 64 credit note CN-2026-000001 cannot be cancelled: INV-2026-000002 bills again what it took back');
    expect(await made.flaws()).toEqual([]);
  });

  it('without it, a booking that is credited is left alone, whatever the export says', async () => {
    const made = await billed();
    await give(made, '2026-05-20', { lines: ['1'] });
    await made.book([[{ ...APRIL[0]!, quantity: '5' }, ...APRIL.slice(1)]].flat());
    await made.run('2026-06-06');
    expect(await made.told(AGAIN)).toEqual(['recurring | - | false | 10000 | -', 'discount | - | false | -1000 | -']);
    expect(await made.flaws()).toEqual([]);
  });
});

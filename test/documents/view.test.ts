import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressLines } from '../../src/documents/address.js';
import { batchInvoice, batchView } from '../../src/documents/batch.js';
import { clean, shorten } from '../../src/documents/clean.js';
import { SAMPLE_BATCH } from '../../src/documents/sample.js';
import { textBlocks, WIDTH } from '../../src/documents/text.js';
import { groupIban, invoiceView, MAIL_LINES } from '../../src/documents/view.js';
import type { InvoiceLineRecord, InvoiceRecord } from '../../src/documents/types.js';
import { LINE_KINDS } from '../../src/values/line-kinds.js';
import type { LineKind } from '../../src/values/line-kinds.js';
import { creditNote, dinar, dollars, english, german, line, longNumbers, manyLines, preview, reverseCharge, yen } from './records.js';

const space = (text: string): string => text.replaceAll('\u00a0', ' ');

describe('an invoice', () => {
  it('is told in the words of its locale', () => {
    const view = invoiceView(german);
    expect([view.title, view.period, view.due_on, space(view.total), view.brand]).toEqual(
      ['Rechnung INV-2026-000042', '01.04. – 30.04.2026', '31.05.2026', '561,09 €', 'Northwind Field Services GmbH']);
    expect(view.facts.map((f) => f.label)).toEqual(['Rechnungsnummer', 'Datum', 'Zeitraum', 'Kunde', 'Bestellnummer', 'Fällig am']);
    expect(space(view.payment.sentence)).toBe('Bitte überweisen Sie 561,09 € bis zum 31.05.2026 unter Angabe von INV-2026-000042.');
    expect(view.payment.rows.map((r) => r.value)).toEqual(
      ['Northwind Field Services GmbH', 'Hanse Bank', 'DE89 3704 0044 0532 0130 00', 'COBADEFFXXX', 'INV-2026-000042']);
  });

  it('shows each line with its day, quantity, unit, price, reference and what was late', () => {
    expect(invoiceView(english).lines.map((l) => [l.service, l.detail, l.reference, l.late])).toEqual([
      ['1 – 30 Apr 2026', '', '', ''],
      ['4 Apr 2026', '2 hours × €95.00', 'Ref. J-1002', ''],
      ['28 Mar 2026', '1 piece × €32.50', 'Ref. J-1003', 'from an earlier period'],
    ]);
  });

  it('shows of what was converted both amounts, and the rate as it was published with its day and source', () => {
    const eur = { currency: 'EUR', amount: '237.50', unit_price: '95', rate: '1.0870', on: '2026-04-01', source: 'ECB' };
    const told = (more: Partial<InvoiceLineRecord>, base: InvoiceRecord = english): string => (
      space(invoiceView({ ...base, currency: 'USD', lines: [line(1, { unit_price: null, quantity: '2.5', amount: '258.16', booking_id: null, original: eur, ...more })] }).lines[0]!.reference));
    expect(told({})).toBe('2.5 hours × €95.00 = €237.50 × 1.0870 (ECB, 1 Apr 2026)');
    expect(told({ gross: '258.16', amount: '216.94' })).toBe('2.5 hours × €95.00 = €237.50 incl. VAT × 1.0870 (ECB, 1 Apr 2026)');
    expect(told({}, german)).toBe('2,5 Std. × 95,00 € = 237,50 € × 1,0870 (ECB, 01.04.2026)');
    // An amount of its own besides a price, a correction of one unit, a currency without decimals, and nothing at all.
    expect(told({ original: { ...eur, amount: '237.52' } })).toBe('€237.52 × 1.0870 (ECB, 1 Apr 2026)');
    expect(told({ quantity: '-1', original: { ...eur, amount: '-95.00' } })).toBe('-€95.00 × 1.0870 (ECB, 1 Apr 2026)');
    expect(told({ quantity: '3', original: { ...eur, currency: 'JPY', unit_price: '4115', amount: '12345', rate: '0.0065', source: 'House <bank>' } })).toBe('3 hours × JPY 4,115 = JPY 12,345 × 0.0065 (House <bank>, 1 Apr 2026)');
    expect(told({ amount: '0.00', original: { ...eur, amount: '0.00' } })).toBe('');
  });

  it('tells the VAT in the currency of the seller in the words of each language, with the rate as it was published', () => {
    const told = (locale: string, more: Partial<InvoiceRecord> = {}): string => {
      const { label, rate, tax } = invoiceView({ ...dollars, ...more, locale }).accounted_tax!;
      return space(`${label} ${rate}: ${tax}`);
    };
    expect(['en-GB', 'en-US', 'de-DE', 'de-AT', 'de-CH', 'es-ES', 'fr-FR', 'it-IT', 'nl-NL'].map((locale) => told(locale))).toEqual([
      'VAT in EUR × 0.9200 (ECB, 30 Apr 2026): €82.42', 'Tax in EUR × 0.9200 (ECB, Apr 30, 2026): €82.42', 'USt in EUR × 0,9200 (ECB, 30.04.2026): 82,42 €',
      'USt in EUR × 0,9200 (ECB, 30.04.2026): € 82,42', 'MWST in EUR × 0.9200 (ECB, 30.04.2026): € 82.42', 'IVA en EUR × 0,9200 (ECB, 30/04/2026): 82,42 €',
      'TVA en EUR × 0,9200 (ECB, 30/04/2026): 82,42 €', 'IVA in EUR × 0,9200 (ECB, 30/04/2026): 82,42 €', 'Btw in EUR × 0,9200 (ECB, 30-04-2026): € 82,42',
    ]);
    expect(told('en-GB', { accounted_tax: { currency: 'JPY', tax: '-12345', rate: '137.8', on: '2026-04-30', source: 'Bank <of> Japan' } })).toBe('VAT in JPY × 137.8 (Bank <of> Japan, 30 Apr 2026): JPY -12,345');
    expect(invoiceView(english).accounted_tax).toBe(null);
  });

  it('tells tax notes once, and names no rate of nought', () => {
    const view = invoiceView({ ...reverseCharge, taxes: [...reverseCharge.taxes, ...reverseCharge.taxes] });
    expect(view.notes).toEqual(['Steuerschuldnerschaft des Leistungsempfängers']);
    expect(view.taxes[0]!.label).toBe('Reverse Charge');
    expect(invoiceView(english).taxes[0]!.label).toBe('VAT 19%');
    expect(invoiceView(german).taxes[0]!.label).toBe('USt 19 %');
  });

  it('names the country of a buyer abroad only', () => {
    expect(invoiceView(reverseCharge).buyer.address).toEqual(['Ring 5', '1010 Wien', 'AUSTRIA']);
    expect(invoiceView(german).buyer.address).toEqual(['Markt 1', 'Aufgang B', '10115 Berlin']);
  });

  it('has decimals as its currency has', () => {
    expect([space(invoiceView(yen).total), space(invoiceView(dinar).total)]).toEqual(['JPY 1,357,950', '12,962 KWD']);
  });

  it('shows the first lines in a mail where there are very many', () => {
    expect(invoiceView(manyLines(MAIL_LINES)).more_lines).toBe('');
    const view = invoiceView(manyLines(MAIL_LINES + 12));
    expect([view.lines.length, view.mail_lines.length, view.more_lines]).toEqual([72, 60, 'and 12 more lines, see Invoice INV-2026-000042']);
    const long = invoiceView({ ...english, lines: [line(1, { description: 'x'.repeat(5000) })] });
    expect([long.lines[0]!.description.length, long.mail_lines[0]!.description.length]).toEqual([5000, 160]);
  });

  it('is plain data without prototypes', () => {
    const visit = (value: unknown): void => {
      expect(typeof value).not.toBe('function');
      if (value === null || typeof value !== 'object') return;
      if (!Array.isArray(value)) expect(Object.getPrototypeOf(value)).toBeNull();
      for (const inner of Object.values(value)) visit(inner);
    };
    for (const record of [german, english, preview, creditNote]) visit(invoiceView(record));
    visit(batchView({ ...SAMPLE_BATCH, invoices: [batchInvoice(english, 'a.html')] }));
  });
});

describe('payment', () => {
  const sentence = (more: Partial<InvoiceRecord>): string => invoiceView({ ...english, ...more }).payment.sentence;

  it('is asked for only where there is something to pay', () => {
    expect(sentence({})).toBe('Please pay €561.09 by 31 May 2026, quoting INV-2026-000042.');
    expect(sentence({ total: '0.00' })).toBe('Nothing is left to pay.');
    expect(sentence({ total: '-12.00' })).toBe('€12.00 will be credited to you.');
    expect(sentence({ status: 'void' })).toBe('There is nothing to pay.');
    expect(sentence({ status: 'preview', number: null })).toBe('The invoice will be due on 31 May 2026.');
    expect(invoiceView(creditNote).payment).toMatchObject({ sentence: '€113.05 will be credited to you.', rows: [] });
    for (const more of [{ total: '0.00' }, { status: 'void' as const }, { status: 'preview' as const }]) {
      expect(invoiceView({ ...english, ...more }).payment.rows).toEqual([]);
    }
  });

  it('can do without a bank', () => {
    const { bank: _bank, ...seller } = english.seller;
    expect(invoiceView({ ...english, seller }).payment.rows).toEqual([]);
  });

  it('shows an IBAN in fours however it was written', () => {
    expect([groupIban('DE89370400440532013000'), groupIban('NO93 8601 1117 947'), groupIban('')]).toEqual(['DE89 3704 0044 0532 0130 00', 'NO93 8601 1117 947', '']);
  });
});

describe('previews and voids', () => {
  it('say so', () => {
    expect(invoiceView(preview)).toMatchObject({ watermark: 'Preview', title: 'Invoice (Preview)', number: 'Preview', is_preview: true });
    expect(invoiceView({ ...english, status: 'void' })).toMatchObject({ watermark: 'Cancelled', is_void: true, status_note: 'This invoice has been cancelled. It must not be paid.' });
    expect(invoiceView(english)).toMatchObject({ watermark: '', status_note: '' });
  });
});

it('makes room beside long numbers only', () => {
  expect([longNumbers, english, german, yen, dinar, dollars].map((record) => invoiceView(record).wide_lines)).toEqual([true, false, false, false, false, false]);
});

describe('addresses', () => {
  const paris = { line1: '1 Road', city: 'Paris', country: 'fr' };

  it.each([
    ['GB', ['1 Road', 'London', 'Kent', 'AB1', 'UNITED KINGDOM']], ['US', ['1 Road', 'London, Kent AB1', 'UNITED STATES']],
    ['IT', ['1 Road', 'AB1 London', 'Kent', 'ITALY']], ['QQ', ['1 Road', 'AB1 London', 'Kent', 'QQ']],
  ])('are written the way of %s', (country, lines) => {
    expect(addressLines({ line1: '1 Road', city: 'London', region: 'Kent', postal_code: 'AB1', country }, paris)).toEqual(lines);
  });

  it('have the country of both where they are in two', () => {
    const { seller, buyer } = invoiceView(english);
    expect([seller.address, buyer.address].map((lines) => lines.at(-1))).toEqual(['GERMANY', 'UNITED KINGDOM']);
  });

  it('may lack parts', () => {
    expect(addressLines(paris, { ...paris, country: 'FR' })).toEqual(['1 Road', 'Paris']);
    expect(addressLines(paris, null)).toEqual(['1 Road', 'Paris']);
    expect(addressLines(null, paris)).toEqual([]);
  });
});

describe('text from outside', () => {
  it.each([
    ['Evil\u202egnp.exe', 'Evilgnp.exe'], ['a\r\nBcc: x', 'a Bcc: x'], ['tab\tbell\u0007', 'tab bell'], ['\u2067x\u2069\u200f', 'x'], ['zero\u200bwidth\ufeff', 'zerowidth'],
    ['half \ud83d', 'half \ufffd'], ['\udc00', '\ufffd'], ['👩‍🔧 Ärger', '👩‍🔧 Ärger'], ['שלום', 'שלום'], ['a\u{e0041}b', 'ab'], ['  a  ', 'a'], ['', ''],
  ])('%j becomes %j', (dirty, tidy) => {
    expect(clean(dirty)).toBe(tidy);
  });

  it('is one line without direction characters, and cleaning twice changes nothing', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      const once = clean(text);
      expect(once).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\u200e\u200f]/);
      expect(clean(once)).toBe(once);
    }));
  });

  it('is cut between characters', () => {
    expect([shorten('abcdef', 4), shorten('abcd', 4), shorten('😀😀😀', 3), shorten('😀😀😀😀', 3)]).toEqual(['abc…', 'abcd', '😀😀😀', '😀😀…']);
  });
});

describe('the plain text', () => {
  it('stays within its width and ends every amount at the same column', () => {
    for (const record of [german, english, manyLines(70), reverseCharge, creditNote, yen]) {
      const blocks = textBlocks(invoiceView(record));
      for (const text of [...blocks.lines.split('\n'), ...blocks.totals.split('\n')]) expect([...text].length, text).toBeLessThanOrEqual(WIDTH);
      for (const text of blocks.totals.split('\n')) expect([...text].length).toBe(WIDTH);
    }
  });

  it('wraps what has no spaces and keeps every character', () => {
    const description = 'x'.repeat(300);
    const { lines } = textBlocks(invoiceView({ ...english, lines: [line(1, { description })] }, 60));
    expect(lines.replace(/[^x]/g, '')).toHaveLength(159);
    expect(lines.split('\n').every((text) => text.length <= WIDTH)).toBe(true);
  });
});

describe('the page of a batch', () => {
  it('links to nothing but files beside it', () => {
    const href = (value: string | null): string => batchView({ ...SAMPLE_BATCH, invoices: [batchInvoice(english, value)] }).invoices[0]!.href;
    expect([href('invoices/acme-1.html'), href(null), href('javascript:alert(1)'), href('//evil'), href('../x'), href('a/../../x'), href('https://e'), href('a"b')])
      .toEqual(['invoices/acme-1.html', '', '', '', '', '', '', '']);
  });

  it('says what happens only by hand', () => {
    const facts = batchView({ ...SAMPLE_BATCH, confirm_due_at: null, send_due_at: null }).facts.map((f) => `${f.label}: ${f.value}`);
    expect(facts).toContain('Confirms automatically: Only by hand');
    expect(facts).toContain('Sent from: Only by hand');
  });
});

/** Of each kind of line what a model writes on it in English; nothing where the words are those of the customer's configuration or bookings. */
const OURS: Readonly<Record<LineKind, readonly Partial<InvoiceLineRecord>[]>> = {
  booking: [], usage: [], recurring: [], fee: [], discount: [], minimum: [], deposit: [], manual: [],
  deposit_applied: [{ description: 'Deducted: Anzahlung 2026-02-01' }], deposit_refund: [{ description: 'Refunded: Anzahlung 2026-02-01' }],
  carry_over: [{ description: 'Credit from 2026-02-01' }, { description: 'Credit carried to the next invoice' }],
  adjustment: [
    { description: 'Amount credited', amount: '-9.00', corrects: { number: 'INV-1', line_no: null, kind: null, correction: 'credit' } },
    { description: 'Amount credited before', amount: '9.00', corrects: { number: 'INV-1', line_no: null, kind: null, correction: 'credit' } },
  ],
};

describe.each(LINE_KINDS)('a line of kind %s', (kind) => {
  const told = (locale: string, more: Partial<InvoiceLineRecord>): string => space(invoiceView({
    ...german, locale, lines: [line(1, { kind, booking_id: null, product: null, unit: null, unit_price: null, amount: '-9.00', ...more })],
  }).lines[0]!.description);
  const languages = ['de-DE', 'es-ES', 'fr-FR', 'it-IT', 'nl-NL'];

  it('has its words in every language', () => {
    for (const more of OURS[kind]) {
      const words = languages.map((locale) => told(locale, more));
      expect(new Set([told('en-GB', more), ...words]).size).toBe(6);
      expect(words.filter((each) => each.includes(more.description!) || /Deducted|Refunded|Credit |2026-/.test(each))).toEqual([]);
    }
    if (OURS[kind].length === 0) expect(languages.map((locale) => told(locale, { description: 'Deducted: what I wrote 2026-02-01' }))).toEqual(languages.map(() => 'Deducted: what I wrote 2026-02-01'));
  });

  it('has them on what corrects it, too', () => {
    for (const more of OURS[kind].filter(() => kind !== 'adjustment')) {
      const correcting = { ...more, kind: 'adjustment', corrects: { number: 'INV-1', line_no: 1, kind, correction: 'credit' } };
      for (const locale of ['en-GB', ...languages]) expect(told(locale, correcting)).toBe(told(locale, more));
    }
    // What others wrote stays as it is, even where it looks like ours.
    const booked = { description: 'Credit from 2026-02-01', kind: 'adjustment', corrects: { number: 'INV-1', line_no: 1, kind: 'booking', correction: 'reversal' } };
    expect(told('de-DE', booked)).toBe('Credit from 2026-02-01');
  });
});

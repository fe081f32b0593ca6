/** The plain-text mail: narrow enough for every reader, and nothing left out. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WIDTH, textBlocks } from '../../src/documents/text.js';
import { invoiceView } from '../../src/documents/view.js';
import { LOCALES } from '../../src/values/locales.js';
import { creditNote, dinar, english, german, line, manyLines, preview, reverseCharge, yen } from './records.js';
import type { InvoiceRecord } from '../../src/documents/types.js';

const blocks = (record: InvoiceRecord): string[] => Object.values(textBlocks(invoiceView(record))) as string[];
const rows = (record: InvoiceRecord): string[] => blocks(record).join('\n').split('\n');
const length = (text: string): number => Array.from(text).length;
const squeeze = (text: string): string => text.replace(/\s+/g, '');

/** Customer text: words, very long words, pictures. */
const words = fc.array(fc.oneof(fc.string({ maxLength: 12 }), fc.string({ minLength: 60, maxLength: 120 }), fc.constant('🔧'.repeat(50))), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.join(' '));

describe('the text mail', () => {
  it('is never wider than it should be', () => {
    for (const record of [english, german, creditNote, preview, reverseCharge, yen, dinar, manyLines(70)]) {
      for (const locale of LOCALES) expect(rows({ ...record, locale }).filter((row) => length(row) > WIDTH)).toEqual([]);
    }
  });

  it('is never wider and leaves nothing out, whatever the customer wrote', () => {
    fc.assert(fc.property(words, words, fc.constantFrom(...LOCALES), (description, name, locale) => {
      const record: InvoiceRecord = {
        ...german, locale, number: name.slice(0, 60), buyer: { ...german.buyer, customer_id: name, purchase_order: description },
        seller: { ...german.seller, name, registration: description, website: name },
        taxes: german.taxes.map((tax) => ({ ...tax, name })), lines: [line(1, { description, unit: name, booking_id: name, amount: '-1234567890.12' })],
      };
      const view = invoiceView(record);
      const amount = squeeze(view.lines[0]!.amount);
      const text = squeeze(rows(record).join(''));
      expect(rows(record).filter((row) => length(row) > WIDTH)).toEqual([]);
      expect(text).toContain(amount);
      // The amount stands beside the first row of a description of several rows.
      const all = text.replace(amount, '');
      for (const each of view.mail_lines) for (const part of [each.description, each.small]) expect(all).toContain(squeeze(part));
      for (const fact of [...view.facts, ...view.payment.rows]) expect(all).toContain(squeeze(fact.label + fact.value));
      for (const part of [view.seller.address_line, view.seller.registration, view.seller.website]) expect(all).toContain(squeeze(part));
    }), { numRuns: 100 });
  });

  it('has amounts in one column at the right edge', () => {
    const amounts = rows(german).filter((row) => /\d,\d\d\u00a0€$/.test(row));
    expect(amounts.length).toBeGreaterThanOrEqual(6);
    expect(new Set(amounts.map(length))).toEqual(new Set([WIDTH]));
  });

  it('marks the imprint as a signature', () => {
    expect(textBlocks(invoiceView(german)).imprint.split('\n')[0]).toBe('-- ');
  });
});

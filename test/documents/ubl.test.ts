/** E-invoices are read back with an XML parser, and the arithmetic of EN 16931 is done again on what was read. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SAMPLE_INVOICE } from '../../src/documents/sample.js';
import { claimAdvice } from '../../src/documents/ubl-claims.js';
import { ublProblems, ublXml } from '../../src/documents/ubl.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import { formatScaled } from '../../src/values/money.js';
import { checkArithmetic, reading } from '../support/ubl.js';
import { creditNote, dinar, dollars, dollarsBack, english, german, line, manyLines, preview, reverseCharge, yen } from './records.js';
import type { InvoiceLineRecord, InvoiceRecord } from '../../src/documents/types.js';

const XRECHNUNG = 'urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0';

/** A record of one tax whose sums are right; amounts in minor units. */
function recordOf(lines: readonly (Partial<InvoiceLineRecord> & { minor: bigint })[], more: Partial<InvoiceRecord> = {}, rate = 19n): InvoiceRecord {
  const exponent = more.exponent ?? 2;
  const text = (value: bigint): string => formatScaled(value, exponent);
  const net = lines.reduce((total, each) => total + each.minor, 0n);
  const half = net < 0n ? -50n : 50n;
  const tax = (net * rate + half) / 100n;
  return {
    ...german, ...more, net: text(net), tax: text(tax), total: text(net + tax),
    taxes: [{ ...german.taxes[0]!, rate: String(rate), net: text(net), tax: text(tax) }],
    lines: lines.map(({ minor, ...each }, i) => line(i + 1, { tax_rate: String(rate), ...each, amount: text(minor) })),
  };
}

/** All lines and taxes of one category without tax. */
function untaxed(category: string, note: string | null, base: InvoiceRecord = reverseCharge): InvoiceRecord {
  return { ...base, taxes: [{ ...base.taxes[0]!, category, note, rate: '0.00' }], lines: base.lines.map((each) => ({ ...each, tax_rate: '0.00' })) };
}

function without(seller: InvoiceRecord['seller'], key: 'bank' | 'phone'): InvoiceRecord['seller'] {
  const { [key]: _, ...rest } = seller;
  return rest;
}

/** Both parties have an address in the Peppol network. */
function inNetwork(record: InvoiceRecord): InvoiceRecord {
  return {
    ...record, seller: { ...record.seller, electronic_address: { scheme: '9930', id: 'DE811907980' } },
    buyer: { ...record.buyer, electronic_address: { scheme: '9914', id: 'ATU12345678' } },
  };
}

const RECORDS = { german, english, reverseCharge, creditNote, yen, dinar, dollars, dollarsBack, sample: SAMPLE_INVOICE, sixty: manyLines(60) };

describe('an e-invoice', () => {
  for (const [name, record] of Object.entries(RECORDS)) {
    it(`${name}: is well formed, its sums are right, and it is the same each time`, () => {
      const xml = ublXml(record);
      checkArithmetic(xml);
      expect(ublXml(record)).toBe(xml);
      expect(xml).not.toMatch(/\n\s*\n/);
      expect(xml).not.toMatch(/<([\w:]+)[^>]*><\/\1>/);
    });
  }

  it('of a cancelled invoice is the one that it was', () => {
    expect(ublXml({ ...german, status: 'void' })).toBe(ublXml(german));
  });

  it('names the invoices that it corrects, each with its date (BG-3), where the schema wants them', () => {
    const corrects = [{ number: 'INV-2026-000041', issued_on: '2026-04-01' }, { number: 'INV-2026-000042', issued_on: '2026-05-01' }];
    const xml = ublXml({ ...creditNote, corrects, buyer: { ...creditNote.buyer, purchase_order: 'PO-1' } });
    checkArithmetic(xml);
    expect(xml.replace(/\s*\n\s*/g, '')).toContain('</cac:OrderReference><cac:BillingReference><cac:InvoiceDocumentReference><cbc:ID>INV-2026-000041</cbc:ID>'
      + '<cbc:IssueDate>2026-04-01</cbc:IssueDate></cac:InvoiceDocumentReference></cac:BillingReference><cac:BillingReference>');
    expect(xml.indexOf('BillingReference>')).toBeLessThan(xml.indexOf('<cac:AccountingSupplierParty>'));
  });

  const reduced: InvoiceRecord['taxes'][number] = { ...german.taxes[0]!, tax_id: 'reduced', name: 'USt 7 %', rate: '7', net: '88.89', tax: '6.22' };
  /** 400.00 at 19 % and 100.00 at 7 %, less 55.55 in all, spread as 44.44 and 11.11. */
  const discounted: InvoiceRecord = {
    ...german, net: '444.45', tax: '73.78', total: '518.23',
    taxes: [{ ...german.taxes[0]!, net: '355.56', tax: '67.56' }, reduced],
    lines: [
      line(1, { unit_price: '400', amount: '400.00' }), line(2, { unit_price: '100', amount: '100.00', tax_id: 'reduced', tax_rate: '7' }),
      line(3, { kind: 'discount', description: 'Treue', booking_id: null, product: null, unit: null, unit_price: null, amount: '-44.44' }),
      line(4, { kind: 'discount', description: 'Treue', booking_id: null, product: null, unit: null, unit_price: null, amount: '-11.11', tax_id: 'reduced', tax_rate: '7' }),
    ],
  };

  it('has discounts above its lines, by tax, with their reason', () => {
    const xml = ublXml(discounted);
    checkArithmetic(xml);
    reading(xml, ({ all, one }) => {
      expect(all('/*/cac:AllowanceCharge/cbc:Amount')).toEqual(['44.44', '11.11']);
      expect(all('/*/cac:AllowanceCharge/cac:TaxCategory/cbc:Percent')).toEqual(['19', '7']);
      expect(one('/*/cac:AllowanceCharge[1]/cbc:AllowanceChargeReason')).toBe('Treue');
      expect(one('/*/cac:AllowanceCharge[1]/cbc:AllowanceChargeReasonCode')).toBe('95');
      expect(one('/*/cac:LegalMonetaryTotal/cbc:LineExtensionAmount')).toBe('500.00');
      expect(one('/*/cac:LegalMonetaryTotal/cbc:AllowanceTotalAmount')).toBe('55.55');
      expect(all('/*/cac:InvoiceLine')).toHaveLength(2);
    });
    // On a credit note what was taken off is added, and a discount alone is its line.
    const minus = (text: string): string => (text.startsWith('-') ? text.slice(1) : `-${text}`);
    const credited: InvoiceRecord = {
      ...discounted, kind: 'credit_note', net: minus(discounted.net), tax: minus(discounted.tax), total: minus(discounted.total),
      taxes: discounted.taxes.map((each) => ({ ...each, net: minus(each.net), tax: minus(each.tax) })),
      lines: discounted.lines.map((each) => ({ ...each, quantity: minus(each.quantity), amount: minus(each.amount) })),
    };
    checkArithmetic(ublXml(credited));
    const alone = recordOf([{ kind: 'discount', unit_price: null, minor: -500n }], { kind: 'credit_note' });
    reading(ublXml(alone), ({ all }) => { expect(all('/*/cac:CreditNoteLine')).toHaveLength(1); });
  });

  it('tells early payment to people, and to machines where the seller is German', () => {
    const early_payment = { percent: '2.5', within_days: 10, until: '2026-05-11', discount: '14.03', payable: '547.06' };
    const note = (record: InvoiceRecord): string => reading(ublXml(record), ({ one }) => one('/*/cac:PaymentTerms/cbc:Note'));
    const words = 'Bei Zahlung bis zum 11.05.2026 gewähren wir 2,5\u00a0% Skonto (14,03\u00a0€); zu zahlen sind dann 547,06\u00a0€.';
    expect(ublXml({ ...german, early_payment })).toContain('&#10;#SKONTO#TAGE=10#PROZENT=2.50#&#10;</cbc:Note>');
    expect(note({ ...german, early_payment })).toContain(words);
    const irish = { ...german, early_payment, seller: { ...german.seller, address: { ...german.seller.address, country: 'IE' } } };
    expect(note(irish)).toContain(words);
    expect(note(irish)).not.toContain('SKONTO');
    expect(note({ ...german, early_payment: { ...early_payment, percent: '2.125' } })).not.toContain('SKONTO');
    expect(note(german)).not.toContain('Skonto');
  });

  it('is written as expected, byte for byte', async () => {
    await expect(ublXml(german)).toMatchFileSnapshot('expected/german.ubl.xml');
    await expect(ublXml(creditNote)).toMatchFileSnapshot('expected/credit-note.ubl.xml');
  });

  it('says what it is, to whom, by when and where to pay', () => {
    reading(ublXml(german), ({ one }) => {
      expect(one('/*/cbc:CustomizationID')).toBe(XRECHNUNG);
      expect(one('/*/cbc:ProfileID')).toBe('urn:fdc:peppol.eu:2017:poacc:billing:01:1.0');
      expect(one('/*/cbc:InvoiceTypeCode')).toBe('380');
      expect(one('/*/cbc:DueDate')).toBe('2026-05-31');
      expect(one('/*/cac:OrderReference/cbc:ID')).toBe('PO-7781');
      expect(one('/*/cac:PaymentMeans/cbc:PaymentMeansCode')).toBe('58');
      expect(one('/*/cac:PaymentMeans/cac:PayeeFinancialAccount/cbc:ID')).toBe('DE89370400440532013000');
      expect(one('/*/cac:InvoiceLine[2]/cbc:InvoicedQuantity/@unitCode')).toBe('HUR');
      expect(one('/*/cac:InvoiceLine[3]/cbc:Note')).toBe('aus einem früheren Zeitraum');
    });
  });

  it('widens its period to a late line, so that no line lies outside', () => {
    reading(ublXml(german), ({ one }) => {
      expect(one('/*/cac:InvoicePeriod/cbc:StartDate')).toBe('2026-03-28');
      expect(one('/*/cac:InvoicePeriod/cbc:EndDate')).toBe('2026-04-30');
      expect(one('/*/cac:InvoiceLine[1]/cac:InvoicePeriod/cbc:EndDate')).toBe('2026-04-30');
    });
  });

  it('turns the signs of a credit note', () => {
    reading(ublXml(creditNote), ({ all, one }) => {
      expect(one('/*/cbc:CreditNoteTypeCode')).toBe('381');
      expect(one('//cbc:PayableAmount')).toBe('113.05');
      expect(one('//cbc:CreditedQuantity')).toBe('1');
      expect(one('//cac:PaymentTerms/cbc:Note')).toContain('will be credited');
      expect(one('//cbc:PaymentMeansCode')).toBe('1');
      expect([...all('//cbc:DueDate'), ...all('//cac:PayeeFinancialAccount')]).toEqual([]);
    });
  });

  it('says that it is an XRechnung where everything is there that German buyers ask for', () => {
    const claim = (record: InvoiceRecord): string => reading(ublXml(record), ({ all }) => {
      const told = all('/*/cbc:CustomizationID | /*/cbc:ProfileID');
      return told.length === 2 ? told[0]! : `${told[0]!} alone`;
    });
    const { seller, buyer } = german;
    const alone = 'urn:cen.eu:en16931:2017 alone';
    expect(claim(german)).toBe(XRECHNUNG);
    expect(claim(creditNote)).toBe(alone); // to Ireland
    expect(claim({ ...creditNote, buyer })).toBe(XRECHNUNG);
    for (const less of [
      { seller: { ...seller, phone: '' } }, { seller: { ...seller, email: '' } }, { seller: without(seller, 'bank') },
      { seller: { ...seller, address: { line1: 'Kai 1', country: 'DE', city: 'Hamburg' } } }, { buyer: { ...buyer, email: [] } },
      { buyer: { ...buyer, purchase_order: null } }, { buyer: { ...buyer, address: { line1: 'Markt 1', city: '', country: 'DE', postal_code: '20457' } } },
    ]) expect(claim({ ...german, ...less })).toBe(alone);
  });

  it('says what it lacks to be more, where its buyer asks for more', () => {
    expect([german, english, creditNote, inNetwork(reverseCharge)].map(claimAdvice)).toEqual([null, null, null, null]);
    expect(claimAdvice({ ...german, seller: { ...german.seller, phone: '' }, buyer: { ...german.buyer, purchase_order: null } })).toBe(
      'it says that it is EN 16931; for XRechnung it lacks phone and e-mail of the seller (BT-42, BT-43); a buyer reference (BT-10)');
    expect(claimAdvice(inNetwork({ ...reverseCharge, buyer: { ...reverseCharge.buyer, purchase_order: null } }))).toBe(
      'it says that it is EN 16931; for Peppol BIS Billing 3 it lacks a purchase order or buyer reference (BT-10, BT-13)');
  });

  it('bears the reference that the buyer asks for beside the order (BT-10, BT-13)', () => {
    const terms = (more: Partial<InvoiceRecord['buyer']>): string[] => reading(ublXml({ ...german, buyer: { ...german.buyer, ...more } }), ({ all, one }) => (
      [...all('/*/cbc:BuyerReference'), '|', ...all('/*/cac:OrderReference/cbc:ID'), '|', one('/*/cbc:CustomizationID') === XRECHNUNG ? 'XRechnung' : '']));
    expect(terms({ buyer_reference: '04011000-12345-34' })).toEqual(['04011000-12345-34', '|', 'PO-7781', '|', 'XRechnung']);
    expect(terms({ buyer_reference: '04011000-12345-34', purchase_order: null })).toEqual(['04011000-12345-34', '|', '|', 'XRechnung']);
    expect(terms({})).toEqual(['PO-7781', '|', 'PO-7781', '|', 'XRechnung']);
    // An address in the network is one for XRechnung, too.
    const sent = ublXml({ ...german, buyer: { ...german.buyer, email: [], electronic_address: { scheme: '0204', id: '04011000-12345-34' } } });
    expect(sent).toContain(XRECHNUNG);
  });

  it('is Peppol among Germans only with what the national rules want', () => {
    const claims = (record: InvoiceRecord): boolean => ublXml(inNetwork(record)).includes('poacc:billing:3.0');
    expect(claims(german)).toBe(true);
    expect(claims({ ...german, buyer: { ...german.buyer, address: { line1: 'Markt 1', city: 'Kiel', country: 'DE' } } })).toBe(false);
    expect(claims({ ...german, seller: without(german.seller, 'phone') })).toBe(false);
    expect(claims({ ...reverseCharge, seller: without(reverseCharge.seller, 'phone') })).toBe(true);
  });

  it('claims Peppol only with electronic addresses, and never for a country whose own rules it does not know', () => {
    const claims = (record: InvoiceRecord): boolean => ublXml(inNetwork(record)).includes('poacc:billing:3.0');
    expect(claims(reverseCharge)).toBe(true);
    expect(ublXml({ ...reverseCharge, seller: inNetwork(reverseCharge).seller })).not.toContain('peppol');
    reading(ublXml(inNetwork(reverseCharge)), ({ all }) => {
      expect(all('//cbc:EndpointID')).toEqual(['DE811907980', 'ATU12345678']);
      expect(all('//cbc:EndpointID/@schemeID')).toEqual(['9930', '9914']);
    });
    expect(claims({ ...reverseCharge, buyer: { ...reverseCharge.buyer, purchase_order: null } })).toBe(false);
    const italian = { ...reverseCharge.seller, address: { ...reverseCharge.seller.address, country: 'IT' } };
    expect(claims({ ...reverseCharge, seller: italian })).toBe(false);
    expect(ublXml(reverseCharge)).not.toContain('peppol');
  });
});

describe('taxes', () => {
  it('give the reason of an exemption as code and text', () => {
    for (const [category, code] of [['AE', 'VATEX-EU-AE'], ['K', 'VATEX-EU-IC'], ['G', 'VATEX-EU-G'], ['O', 'VATEX-EU-O']]) {
      reading(ublXml(untaxed(category!, null)), ({ one }) => {
        expect(one('//cbc:TaxExemptionReasonCode')).toBe(code);
        expect(one('//cbc:TaxExemptionReason')).not.toBe('');
        // XRechnung wants a rate in every breakdown (BR-DE-14), EN 16931 none on lines outside of VAT (BR-O-05).
        expect(one('//cac:TaxSubtotal//cbc:Percent')).toBe('0');
        expect(one('//cac:ClassifiedTaxCategory/cbc:Percent')).toBe(category === 'O' ? '' : '0');
      });
    }
    reading(ublXml(untaxed('E', '§ 4 Nr. 11 UStG')), ({ one }) => expect(one('//cbc:TaxExemptionReason')).toBe('§ 4 Nr. 11 UStG'));
  });

  it('tell no VAT identifiers outside of VAT (BR-O-02), and where an intra-Community supply goes (BR-IC-12)', () => {
    reading(ublXml(untaxed('O', null)), ({ all }) => {
      expect(all('//cac:PartyTaxScheme/cac:TaxScheme/cbc:ID')).toEqual(['TAX']);
    });
    reading(ublXml(untaxed('K', null)), ({ all, one }) => {
      expect(one('//cac:DeliveryLocation//cbc:IdentificationCode')).toBe('AT');
      // German rules want its town (BR-DE-10 and 11); in the order of the schema.
      expect(all('//cac:DeliveryLocation/cac:Address/*[self::cbc:CityName or self::cbc:PostalZone]')).toEqual(['Wien', '1010']);
    });
  });

  it('of the same category and rate become one (BR-S-08)', () => {
    const [tax, twin] = [german.taxes[0]!, { ...german.taxes[0]!, tax_id: 'twin', rate: '19.00' }];
    const record = {
      ...german, taxes: [{ ...tax, net: '249.00', tax: '47.31' }, { ...twin, net: '222.50', tax: '42.28' }],
      lines: german.lines.map((each, i) => (i === 0 ? each : { ...each, tax_id: 'twin', tax_rate: '19.00' })),
    };
    checkArithmetic(ublXml(record));
    reading(ublXml(record), ({ all }) => expect(all('//cac:TaxSubtotal/cbc:TaxAmount')).toEqual(['89.59']));
  });

  it('with a note but with tax put the note on the document', () => {
    const record = { ...german, taxes: [{ ...german.taxes[0]!, note: 'Leistung im Inland' }] };
    reading(ublXml(record), ({ one }) => {
      expect(one('/*/cbc:Note')).toBe('Leistung im Inland');
      expect(one('//cbc:TaxExemptionReason')).toBe('');
    });
  });
});

describe('lines', () => {
  const first = (record: InvoiceRecord): string[] => {
    const xml = ublXml(record);
    checkArithmetic(xml);
    const path = '//cac:InvoiceLine[1]/*[self::cbc:InvoicedQuantity or self::cac:Price]';
    return reading(xml, ({ all }) => all(`${path}/descendant-or-self::*[not(*)]`));
  };

  it.each([
    ['quantity × price', { quantity: '2.50', unit_price: '95.00', minor: 23750n }, ['2.5', '95']],
    ['a rounded amount', { quantity: '0.333', unit_price: '1.23', minor: 41n }, ['0.333', '1.23']],
    ['no unit price', { quantity: '12.5', unit_price: null, minor: 110000n }, ['12.5', '1100.00', '12.5']],
    ['a third', { quantity: '3', unit_price: null, minor: 10000n }, ['3', '100.00', '3']],
    ['tiers: the price is not that of the amount', { quantity: '20', unit_price: '95', minor: 180000n }, ['20', '1800.00', '20']],
    ['no quantity', { quantity: '0', unit_price: '95', minor: 1200n }, ['1', '12.00']],
    ['a discount', { quantity: '1', unit_price: '-5', minor: -500n }, ['-1', '5']],
    ['a discount without a price', { quantity: '1', unit_price: null, minor: -500n }, ['-1', '5.00']],
    ['nothing', { quantity: '3', unit_price: '0', minor: 0n }, ['3', '0']],
  ])('%s', (_, each, expected) => {
    expect(first(recordOf([each, { quantity: '1', unit_price: '900', minor: 90000n }]))).toEqual(expected);
  });

  it('keep their sums whatever the numbers', () => {
    const number = fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n });
    const each = fc.record({ quantity: number, price: fc.option(number), minor: fc.bigInt({ min: -(10n ** 9n), max: 10n ** 9n }) });
    fc.assert(fc.property(fc.array(each, { minLength: 1, maxLength: 6 }), fc.constantFrom(0, 2, 3), fc.boolean(), (lines, exponent, credit) => {
      const record = recordOf(lines.map(({ quantity, price, minor }) => ({
        quantity: formatScaled(quantity, 6), unit_price: price === null ? null : formatScaled(price, 6), minor,
      })), { exponent, currency: ['JPY', '', 'EUR', 'KWD'][exponent]!, kind: credit ? 'credit_note' : 'invoice' });
      expect(ublProblems(record)).toEqual([]);
      checkArithmetic(ublXml(record));
    }), { numRuns: 60 });
  });
});

describe('amounts', () => {
  it('have no decimals where the currency has none', () => {
    reading(ublXml(yen), ({ one }) => expect(one('//cbc:PayableAmount')).toBe('1357950'));
  });

  it('with three decimals do not claim EN 16931, which allows two; with a nought at the end they do', () => {
    expect(ublXml(dinar)).not.toContain('CustomizationID');
    reading(ublXml(dinar), ({ one }) => expect(one('//cbc:PayableAmount')).toBe('12.962'));
    const round = recordOf([{ quantity: '1', unit_price: '10', minor: 10000n }], { currency: 'KWD', exponent: 3 }, 5n);
    reading(ublXml(round), ({ one }) => {
      expect(one('/*/cbc:CustomizationID')).toContain('urn:cen.eu:en16931:2017');
      expect(one('//cbc:PayableAmount')).toBe('10.50');
    });
  });
});

describe('VAT in the currency of the seller', () => {
  it('stands beside that of the invoice, an amount alone (BT-6, BT-111; BR-53), without the minus of a credit note', () => {
    for (const [record, own, told] of [[dollars, '89.59', '82.42'], [dollarsBack, '18.05', '16.61']] as const) {
      reading(ublXml(record), ({ all, one }) => {
        expect([one('/*/cbc:DocumentCurrencyCode'), one('/*/cbc:DocumentCurrencyCode/following-sibling::*[1][self::cbc:TaxCurrencyCode]')]).toEqual(['USD', 'EUR']);
        expect(all('/*/cac:TaxTotal/cbc:TaxAmount')).toEqual([own, told]);
        expect(all('/*/cac:TaxTotal/cbc:TaxAmount/@currencyID')).toEqual(['USD', 'EUR']);
        expect(all('/*/cac:TaxTotal[2]/*')).toHaveLength(1);
      });
      checkArithmetic(ublXml(record));
    }
    expect(ublXml(english)).not.toContain('TaxCurrencyCode');
  });

  it('has two decimals where EN 16931 is claimed (BR-DEC-15), and no more than its currency has', () => {
    const told = (currency: string, tax: string): string => ublXml({ ...dollars, accounted_tax: { ...dollars.accounted_tax!, currency, tax } });
    expect(told('KWD', '25.340')).toContain('<cbc:TaxAmount currencyID="KWD">25.34</cbc:TaxAmount>');
    expect(told('KWD', '25.340')).toContain('CustomizationID');
    expect(told('KWD', '25.341')).not.toContain('CustomizationID');
    expect(told('JPY', '12345')).toContain('<cbc:TaxAmount currencyID="JPY">12345</cbc:TaxAmount>');
  });
});

describe('text from outside', () => {
  it('cannot leave its element', () => {
    const evil = `]]> & <b a="1" b='2'>\u0000\u0007\u000b\ufffe\uffff\ud800 \u202eRTL -->`;
    const record = {
      ...german, number: evil, buyer: { ...german.buyer, name: evil, contact: evil, purchase_order: evil, customer_id: evil },
      lines: german.lines.map((each) => ({ ...each, description: evil, product: evil, booking_id: evil, unit: evil })),
    };
    reading(ublXml(record), ({ one, all }) => {
      expect(one('/*/cac:AccountingCustomerParty//cbc:RegistrationName')).toBe(`]]> & <b a="1" b='2'> \ufffd RTL -->`);
      expect(all('//cac:Item/cbc:Name')).toHaveLength(3);
    });
  });

  it('may be any text at all', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (name) => {
      const record = { ...german, buyer: { ...german.buyer, name: `A${name}` } };
      reading(ublXml(record), ({ one }) => expect(one('/*/cac:AccountingCustomerParty//cbc:RegistrationName').startsWith('A')).toBe(true));
    }), { numRuns: 100 });
  });
});

describe('what is missing', () => {
  it.each([
    ['a preview', preview, /BT-1 invoice number/],
    ['no address', { ...german, buyer: { ...german.buyer, address: null } }, /BT-55 buyer country code.*customers\.acme\.address/],
    ['no line', { ...german, lines: [], taxes: [], net: '0.00', tax: '0.00', total: '0.00' }, /BG-25/],
    ['no buyer VAT id for reverse charge', { ...reverseCharge, buyer: { ...reverseCharge.buyer, tax_id: null } }, /AE: BT-48.*customers\.acme\.tax_id/],
    ['no reason of an exemption', untaxed('E', null), /E: BT-120/],
    ['an unknown category', untaxed('Q', null), /"Q" is not a tax category/],
    ['a standard rate of 0', untaxed('S', null), /S: the rate must be above 0/],
    ['a wrong sum', { ...german, net: '471.51' }, /BR-CO-10/],
    ['a wrong tax', { ...german, tax: '99.59', total: '571.09', taxes: [{ ...german.taxes[0]!, tax: '99.59' }] }, /BR-CO-17/],
    ['a line of an unknown tax', { ...german, lines: german.lines.map((each) => ({ ...each, tax_id: 'none' })) }, /no tax "none"/],
  ])('%s', (_, record, expected) => {
    expect(ublProblems(record).join('\n')).toMatch(expected);
    expect(() => ublXml(record)).toThrow(DuebookError);
  });

  it('is told all at once', () => {
    const bare = { ...preview, buyer: { ...german.buyer, name: '', address: null } };
    expect(ublProblems(bare)).toHaveLength(3);
    expect(ublProblems(german)).toEqual([]);
  });
});

/** The arithmetic of EN 16931, done again on e-invoices that are read back with an XML parser. */
import { XmlDocument } from 'libxml2-wasm';
import { expect } from 'vitest';
import { ublProblems, ublXml } from '../../src/documents/ubl.js';
import type { InvoiceRecord } from '../../src/documents/types.js';
import { exponentOf } from '../../src/values/money.js';

const NS = {
  cac: 'urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2',
  cbc: 'urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2',
};

export interface Reader {
  /** The texts of all nodes of a path. */
  all(path: string): string[];
  one(path: string): string;
}

export function reading<T>(xml: string, act: (reader: Reader) => T): T {
  const doc = XmlDocument.fromString(xml);
  try {
    const all = (path: string): string[] => doc.find(path, NS).map((node) => node.content);
    return act({ all, one: (path) => all(path)[0] ?? '' });
  } finally {
    doc.dispose();
  }
}

/** A decimal in millionths of a millionth, for exact comparison. */
function exact(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(text);
  if (match === null) throw new Error(`not a decimal: "${text}"`);
  const value = BigInt(match[2]! + (match[3] ?? '').padEnd(12, '0'));
  return match[1] === '-' ? -value : value;
}
const UNIT = 10n ** 12n;
const sum = (texts: readonly string[]): bigint => texts.reduce((total, text) => total + exact(text), 0n);
const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

/**
 * BR-CO-10, 13, 14, 15, 16, 17, the sums by category, and PEPPOL-EN16931-R120 with its tolerance of 0.02, or of half a minor unit of a
 * currency without cents, which no line can be nearer to than it is rounded.
 */
export function checkArithmetic(xml: string): void {
  reading(xml, ({ all, one }) => {
    const total = (name: string): bigint => exact(one(`/*/cac:LegalMonetaryTotal/cbc:${name}`));
    const half = UNIT / (2n * 10n ** BigInt(exponentOf(one('/*/cbc:DocumentCurrencyCode'))));
    const tolerance = half > UNIT / 50n ? half : UNIT / 50n;
    const lines = '/*/*[self::cac:InvoiceLine or self::cac:CreditNoteLine]';
    expect(sum(all(`${lines}/cbc:LineExtensionAmount`))).toBe(total('LineExtensionAmount'));
    const off = (charge: boolean): bigint => sum(all(`/*/cac:AllowanceCharge[cbc:ChargeIndicator='${charge}']/cbc:Amount`));
    const written = (name: string): bigint => sum(all(`/*/cac:LegalMonetaryTotal/cbc:${name}`));
    expect(written('AllowanceTotalAmount')).toBe(off(false));
    expect(written('ChargeTotalAmount')).toBe(off(true));
    expect(total('TaxExclusiveAmount')).toBe(total('LineExtensionAmount') - off(false) + off(true));
    expect(sum(all('/*/cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount'))).toBe(exact(one('/*/cac:TaxTotal/cbc:TaxAmount')));
    expect(total('TaxInclusiveAmount')).toBe(total('TaxExclusiveAmount') + exact(one('/*/cac:TaxTotal/cbc:TaxAmount')));
    expect(total('PayableAmount')).toBe(total('TaxInclusiveAmount'));
    // BR-53, and PEPPOL-EN16931-R005, R053 to R055.
    const accounted = one('/*/cbc:TaxCurrencyCode');
    expect(all('/*/cac:TaxTotal[not(cac:TaxSubtotal)]/cbc:TaxAmount/@currencyID')).toEqual(accounted === '' ? [] : [accounted]);
    expect(accounted).not.toBe(one('/*/cbc:DocumentCurrencyCode'));
    const signs = new Set(all('/*/cac:TaxTotal/cbc:TaxAmount').map((text) => exact(text)).filter((value) => value !== 0n).map((value) => value < 0n));
    expect(signs.size).toBeLessThanOrEqual(1);
    all('/*/cac:TaxTotal/cac:TaxSubtotal').forEach((_, i) => {
      const at = `/*/cac:TaxTotal/cac:TaxSubtotal[${i + 1}]`;
      const [category, rate] = [one(`${at}/cac:TaxCategory/cbc:ID`), one(`${at}/cac:TaxCategory/cbc:Percent`)];
      // Out of scope (O) the breakdown has the rate that BR-DE-14 asks for; lines and allowances must have none (BR-O-05, BR-O-06).
      const rated = `[cbc:ID='${category}' and ${rate === '' || category === 'O' ? 'not(cbc:Percent)' : `cbc:Percent='${rate}'`}]`;
      const own = `[cac:Item/cac:ClassifiedTaxCategory${rated}]`;
      const offOf = (charge: boolean): bigint => (
        sum(all(`/*/cac:AllowanceCharge[cbc:ChargeIndicator='${charge}'][cac:TaxCategory${rated}]/cbc:Amount`)));
      expect(sum(all(`${lines}${own}/cbc:LineExtensionAmount`)) - offOf(false) + offOf(true)).toBe(exact(one(`${at}/cbc:TaxableAmount`)));
      const should = exact(one(`${at}/cbc:TaxableAmount`)) * exact(rate === '' ? '0' : rate) / UNIT / 100n;
      expect(magnitude(exact(one(`${at}/cbc:TaxAmount`)) - should)).toBeLessThan(UNIT);
    });
    all(lines).forEach((_, i) => {
      const at = `${lines}[${i + 1}]`;
      const price = exact(one(`${at}/cac:Price/cbc:PriceAmount`));
      const base = exact(one(`${at}/cac:Price/cbc:BaseQuantity`) || '1');
      const quantity = exact(one(`${at}/cbc:InvoicedQuantity | ${at}/cbc:CreditedQuantity`));
      expect(price).toBeGreaterThanOrEqual(0n);
      expect(base).toBeGreaterThan(0n);
      expect(magnitude(quantity * price / base - exact(one(`${at}/cbc:LineExtensionAmount`)))).toBeLessThanOrEqual(tolerance);
    });
  });
}

/** What is no question of arithmetic: who the parties are, and why there is no tax. */
function complete(record: InvoiceRecord): InvoiceRecord {
  const address = { line1: 'Hafen 12', city: 'Hamburg', country: 'DE' };
  return {
    ...record, number: record.number ?? 'DRAFT', status: 'processed',
    seller: { ...record.seller, address, tax_id: 'DE811907980' }, buyer: { ...record.buyer, address: record.buyer.address ?? address, tax_id: 'ATU12345678' },
    taxes: record.taxes.map((tax) => ({ ...tax, note: tax.note ?? 'reason' })),
  };
}

/** Every invoice, whatever it lacks otherwise, is right by BR-CO-10 to BR-CO-17. */
export function checkInvoices(records: readonly InvoiceRecord[]): void {
  for (const written of records) {
    const record = complete(written);
    const problems = ublProblems(record);
    expect(problems.filter((each) => /BR-CO-1|taxable amount|no tax .* on the invoice/.test(each)), `${record.number}`).toEqual([]);
    if (problems.length === 0) checkArithmetic(ublXml(record));
  }
}

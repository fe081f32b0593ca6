/** Believable records for the tests of the documents. */
import type { InvoiceLineRecord, InvoiceRecord, InvoiceTaxRecord } from '../../src/documents/types.js';

const seller: InvoiceRecord['seller'] = {
  id: 'northwind', name: 'Northwind Field Services GmbH', tax_id: 'DE811907980', registration: 'HRB 104562, Amtsgericht Hamburg',
  address: { line1: 'Hafenstrasse 12', city: 'Hamburg', postal_code: '20457', country: 'DE' },
  email: 'billing@northwind.example', phone: '+49 40 555 0100', website: 'www.northwind.example',
  bank: { name: 'Hanse Bank', iban: 'DE89370400440532013000', bic: 'COBADEFFXXX' },
};

const buyer: InvoiceRecord['buyer'] = {
  customer_id: 'acme', name: 'Acme Property Management', email: ['ap@acme.example'], tax_id: 'DE298374651', contact: null, purchase_order: 'PO-7781',
  address: { line1: 'Markt 1', line2: 'Aufgang B', city: 'Berlin', postal_code: '10115', country: 'DE' },
};

export function line(line_no: number, more: Partial<InvoiceLineRecord>): InvoiceLineRecord {
  return {
    line_no, kind: 'booking', booking_id: `J-${1000 + line_no}`, product: 'inspection', description: 'Inspection', quantity: '1', unit: 'hour',
    unit_price: '95', amount: '95.00', tax_id: 'standard', tax_rate: '19', service_start: '2026-04-04T09:00:00+02:00',
    service_end: '2026-04-04T11:00:00+02:00', late: false, gross: null, original: null, corrects: null, ...more,
  };
}

const standard: InvoiceTaxRecord = { tax_id: 'standard', name: 'USt 19 %', category: 'S', rate: '19', note: null, net: '471.50', tax: '89.59' };

/** Three lines, one tax, de-DE. */
export const german: InvoiceRecord = {
  invoice_id: 'inv_7f3a', number: 'INV-2026-000042', kind: 'invoice', status: 'processed', batch_id: '2026-05-01', partner_id: null, partner: null,
  cycle_id: 'monthly', period_start: '2026-04-01T00:00:00+02:00', period_end: '2026-05-01T00:00:00+02:00', billing_date: '2026-05-01',
  issued_on: '2026-05-01', due_on: '2026-05-31', note: null, currency: 'EUR', exponent: 2, timezone: 'Europe/Berlin', locale: 'de-DE',
  net: '471.50', tax: '89.59', total: '561.09', accounted_tax: null, early_payment: null, corrects: [], taxes: [standard],
  lines: [
    line(1, { kind: 'recurring', booking_id: null, product: null, description: 'Wartungsvertrag', unit: null, unit_price: '249', amount: '249.00',
      service_start: '2026-04-01T00:00:00+02:00', service_end: '2026-05-01T00:00:00+02:00' }),
    line(2, { description: 'Prüfung der Heizungsanlage, Markt 1, Aufgang B, mit Abgasmessung und Protokoll', quantity: '2', unit: 'Stunde', amount: '190.00' }),
    line(3, { description: 'Gasflasche 11 kg', unit: 'Stück', unit_price: '32.50', amount: '32.50', late: true, service_start: '2026-03-28T10:00:00+01:00', service_end: '2026-03-28T10:30:00+01:00' }),
  ],
  seller, buyer,
};

/** Three lines, en-GB, with partner and contact. */
export const english: InvoiceRecord = {
  ...german, locale: 'en-GB', partner_id: 'south', partner: { partner_id: 'south', name: 'Northwind South', email: 'south@northwind.example' },
  taxes: [{ ...standard, name: 'VAT' }],
  buyer: { ...buyer, contact: 'Jane Doe', address: { line1: '12 Market Street', city: 'London', postal_code: 'EC1A 1BB', country: 'GB' } },
  lines: [
    line(1, { kind: 'recurring', booking_id: null, product: null, description: 'Service contract', unit: null, unit_price: '249', amount: '249.00',
      service_start: '2026-04-01T00:00:00+02:00', service_end: '2026-05-01T00:00:00+02:00' }),
    line(2, { description: 'Inspection of the heating system, 1 Market Square, staircase B, with flue gas measurement', quantity: '2', amount: '190.00' }),
    line(3, { description: 'Gas bottle 11 kg', unit: 'piece', unit_price: '32.50', amount: '32.50', late: true, service_start: '2026-03-28T10:00:00+01:00', service_end: '2026-03-28T10:30:00+01:00' }),
  ],
};

/** `count` lines of 95.00 and two tax rates. */
export function manyLines(count: number, base: InvoiceRecord = english): InvoiceRecord {
  const lines = Array.from({ length: count }, (_, i) => line(i + 1, {
    description: i % 5 === 3 ? 'Replacement of circulation pump including venting of the circuit and a new pressure gauge' : `Inspection of flat ${i + 1}, 1 Market Square`,
    service_start: `2026-04-${String(1 + (i % 28)).padStart(2, '0')}T08:00:00+02:00`, service_end: `2026-04-${String(1 + (i % 28)).padStart(2, '0')}T09:00:00+02:00`,
    ...(i % 4 === 1 ? { tax_id: 'reduced', tax_rate: '7' } : {}),
  }));
  const reduced = lines.filter((l) => l.tax_id === 'reduced').length;
  const cents = (n: number): string => `${Math.trunc(n / 100)}.${String(n % 100).padStart(2, '0')}`;
  const [a, b] = [(count - reduced) * 9500, reduced * 9500];
  const [ta, tb] = [Math.round(a * 19 / 100), Math.round(b * 7 / 100)];
  return {
    ...base, lines, net: cents(a + b), tax: cents(ta + tb), total: cents(a + b + ta + tb),
    taxes: [
      { ...standard, name: 'VAT', net: cents(a), tax: cents(ta) },
      { ...standard, tax_id: 'reduced', name: 'VAT', rate: '7', net: cents(b), tax: cents(tb) },
    ],
  };
}

/** No tax, with the note the law asks for; a buyer in Austria. */
export const reverseCharge: InvoiceRecord = {
  ...german, locale: 'de-AT', tax: '0.00', total: '471.50',
  taxes: [{ tax_id: 'reverse', name: 'Reverse Charge', category: 'AE', rate: '0', note: 'Steuerschuldnerschaft des Leistungsempfängers', net: '471.50', tax: '0.00' }],
  lines: german.lines.map((l) => ({ ...l, tax_id: 'reverse', tax_rate: '0' })),
  buyer: { ...buyer, name: 'Donau Immobilien GmbH', tax_id: 'ATU12345678', address: { line1: 'Ring 5', city: 'Wien', postal_code: '1010', country: 'AT' } },
};

/** A credit note over one line. */
export const creditNote: InvoiceRecord = {
  ...english, kind: 'credit_note', number: 'CN-2026-000003', net: '-95.00', tax: '-18.05', total: '-113.05',
  taxes: [{ ...standard, name: 'VAT', net: '-95.00', tax: '-18.05' }],
  lines: [line(1, { kind: 'adjustment', booking_id: 'J-1002', description: 'Inspection of the heating system: one hour billed too much (INV-2026-000042)', quantity: '-1', amount: '-95.00' })],
};

/** Not confirmed yet. */
export const preview: InvoiceRecord = { ...english, number: null, status: 'preview' };

/** Numbers that leave little room beside them. */
export const longNumbers: InvoiceRecord = {
  ...english, net: '1235287.66', tax: '234704.66', total: '1469992.32', taxes: [{ ...standard, name: 'VAT', net: '1235287.66', tax: '234704.66' }],
  lines: [
    line(1, { description: 'Data transfer out of the region Frankfurt, first tier (≤ 50 TB)', quantity: '12345678.123456', unit: 'GB', unit_price: '0.100061', amount: '1235321.83',
      service_start: '2026-03-30T00:00:00+02:00', service_end: '2026-04-29T00:00:00+02:00' }),
    line(2, { description: 'Inspection of the heating system', quantity: '0.333333', unit: 'hour', amount: '31.67' }),
    line(3, { kind: 'discount', booking_id: null, product: null, description: 'Loyalty', unit: null, unit_price: null, amount: '-65.84', service_start: null, service_end: null }),
  ],
};

/** Currencies with no and with three decimals. */
export const yen: InvoiceRecord = {
  ...english, currency: 'JPY', exponent: 0, net: '1234500', tax: '123450', total: '1357950', locale: 'en-US',
  taxes: [{ ...standard, name: 'Consumption tax', rate: '10', net: '1234500', tax: '123450' }],
  lines: [line(1, { quantity: '3', unit_price: '411500', amount: '1234500', tax_rate: '10' })],
  buyer: { ...buyer, address: { line1: '500 Main St', city: 'Springfield', region: 'IL', postal_code: '62701', country: 'US' } },
};
export const dinar: InvoiceRecord = {
  ...english, currency: 'KWD', exponent: 3, net: '12.345', tax: '0.617', total: '12.962', locale: 'fr-FR',
  taxes: [{ ...standard, name: 'TVA', rate: '5', net: '12.345', tax: '0.617' }],
  lines: [line(1, { quantity: '2.5', unit_price: '4.938', amount: '12.345', tax_rate: '5' })],
};

/** Two rates and a part without tax, with its note; one line late. */
export const mixed: InvoiceRecord = {
  ...german, net: '400.00', tax: '44.07', total: '444.07',
  taxes: [
    { ...standard, net: '190.00', tax: '36.10' },
    { ...standard, tax_id: 'reduced', name: 'USt 7 %', rate: '7', net: '113.85', tax: '7.97' },
    { tax_id: 'reverse', name: 'Reverse Charge', category: 'AE', rate: '0', note: 'Steuerschuldnerschaft des Leistungsempfängers', net: '96.15', tax: '0.00' },
  ],
  lines: [
    line(1, { description: 'Prüfung der Heizungsanlage', quantity: '2', unit: 'Stunde', amount: '190.00' }),
    line(2, { description: 'Fachbuch "Heizung & Lüftung" <3. Auflage>', quantity: '3', unit: 'Stück', unit_price: '37.95', amount: '113.85', tax_id: 'reduced', tax_rate: '7', late: true }),
    line(3, { description: 'Beratung', quantity: '0.769', unit: 'Stunde', unit_price: '125.032509', amount: '96.15', tax_id: 'reverse', tax_rate: '0' }),
  ],
};

/** What the expected files are made of, by the name of their folder. */
/** In dollars, with the VAT in euros, too. */
export const dollars: InvoiceRecord = {
  ...english, currency: 'USD', accounted_tax: { currency: 'EUR', tax: '82.42', rate: '0.9200', on: '2026-04-30', source: 'ECB' },
  buyer: { ...english.buyer, address: { line1: '500 Main St', city: 'Springfield', region: 'IL', postal_code: '62701', country: 'US' } },
};
export const dollarsInGerman: InvoiceRecord = { ...dollars, locale: 'de-DE', lines: german.lines, taxes: german.taxes };
/** Takes one line of it back. */
export const dollarsBack: InvoiceRecord = { ...creditNote, currency: 'USD', accounted_tax: { ...dollars.accounted_tax!, tax: '-16.61' } };

export const CASES: Readonly<Record<string, InvoiceRecord>> = {
  english, german, 'long-numbers': longNumbers, mixed, 'reverse-charge': reverseCharge, 'credit-note': creditNote, preview, yen, dinar, dollars, 'dollars-german': dollarsInGerman,
  many: manyLines(70), 'many-german': manyLines(70, german),
};

/** A made-up invoice that uses every field: templates are tried on it when they are loaded, so that a wrong name is found before a run. */
import type { BatchPage } from './batch.js';
import type { InvoiceLineRecord, InvoiceRecord } from './types.js';

const LINE: InvoiceLineRecord = {
  line_no: 1, kind: 'booking', booking_id: 'J-1', product: 'inspection', description: 'Boiler inspection', quantity: '2', unit: 'hour',
  unit_price: '95', amount: '190.00', gross: null, original: null, tax_id: 'standard', tax_rate: '19',
  service_start: '2026-04-04T09:00:00+02:00', service_end: '2026-04-04T11:00:00+02:00', late: true,
  corrects: { number: 'INV-2026-000000', line_no: 1, kind: 'booking', correction: 'credit' },
};

/** A processed invoice with two lines and two taxes; every optional field is there. */
export const SAMPLE_INVOICE: InvoiceRecord = {
  invoice_id: 'inv_sample', number: 'INV-2026-000001', kind: 'invoice', status: 'processed', batch_id: '2026-05-01', partner_id: 'south',
  cycle_id: 'monthly', period_start: '2026-04-01T00:00:00+02:00', period_end: '2026-05-01T00:00:00+02:00', billing_date: '2026-05-01',
  issued_on: '2026-05-01', due_on: '2026-05-15', note: null, currency: 'EUR', exponent: 2, timezone: 'Europe/Berlin', locale: 'en-GB',
  net: '290.00', tax: '36.10', total: '326.10',
  accounted_tax: { currency: 'GBP', tax: '30.68', rate: '0.8500', on: '2026-04-30', source: 'ECB' },
  early_payment: { percent: '2', within_days: 10, until: '2026-05-11', discount: '6.52', payable: '319.58' },
  corrects: [{ number: 'INV-2026-000000', issued_on: '2026-04-01' }],
  taxes: [
    { tax_id: 'standard', name: 'VAT', category: 'S', rate: '19', note: null, net: '190.00', tax: '36.10' },
    { tax_id: 'reverse', name: 'Reverse charge', category: 'AE', rate: '0', note: 'Reverse charge', net: '100.00', tax: '0.00' },
  ],
  lines: [LINE, { ...LINE, line_no: 2, kind: 'recurring', booking_id: null, description: 'Service contract', quantity: '1', unit: null,
    unit_price: '100', amount: '100.00', tax_id: 'reverse', tax_rate: '0', late: false, corrects: null }],
  seller: {
    id: 'seller', name: 'Sample Services Ltd', address: { line1: '1 High Street', city: 'Dublin', postal_code: 'D01 A1B2', country: 'IE' },
    tax_id: 'IE0000000A', registration: '000000', email: 'billing@example.com', phone: '+353 1 000 0000', website: 'example.com',
    bank: { name: 'Sample Bank', iban: 'IE29AIBK93115212345678', bic: 'AIBKIE2D' },
  },
  partner: { partner_id: 'south', name: 'Sample South', email: 'south@example.com' },
  buyer: {
    customer_id: 'acme', name: 'Acme GmbH', email: ['ap@example.com'], tax_id: 'DE000000000', contact: 'A. Person', purchase_order: 'PO-1',
    address: { line1: 'Markt 1', line2: 'Hof 2', city: 'Berlin', postal_code: '10115', country: 'DE' },
  },
};

/** The other extreme: a preview with nothing optional and nothing on it. */
export const SAMPLE_EMPTY: InvoiceRecord = {
  ...SAMPLE_INVOICE, number: null, status: 'preview', partner_id: null, partner: null, net: '0.00', tax: '0.00', total: '0.00',
  accounted_tax: null, early_payment: null, corrects: [],
  taxes: [], lines: [],
  seller: { id: 'seller', name: 'Sample Services Ltd', address: SAMPLE_INVOICE.seller.address },
  buyer: { customer_id: 'acme', name: 'Acme GmbH', email: [], address: null, tax_id: null, contact: null, purchase_order: null },
};

/** A batch with one of everything. */
export const SAMPLE_BATCH: BatchPage = {
  batch_id: '2026-05-01', billing_date: '2026-05-01', partner_name: 'Sample South', locale: 'en-GB', as_of: '2026-05-01T06:00:00+02:00',
  preview_at: '2026-05-01T00:00:00+02:00', confirm_due_at: '2026-05-04T22:00:00+02:00', send_due_at: '2026-05-05T08:00:00+02:00',
  digest: '0000000000000000', anchor: null,
  totals: [{ currency: 'EUR', exponent: 2, invoices: 1, net: '290.00', tax: '36.10', total: '326.10' }],
  consists: [{ currency: 'EUR', parts: [{ kind: 'booking', lines: 2, amount: '290.00' }] }],
  invoices: [{
    invoice_id: 'inv_sample', number: 'INV-2026-000001', status: 'processed',
    customer_id: 'acme', customer_name: 'Acme GmbH', cycle_id: 'monthly',
    period_start: '2026-04-01T00:00:00+02:00', period_end: '2026-05-01T00:00:00+02:00', due_on: '2026-05-15', currency: 'EUR', exponent: 2,
    net: '290.00', tax: '36.10', total: '326.10', lines: 2, late_lines: 1, href: 'invoices/acme.html',
  }],
  parked: [{ customer_id: 'globex', name: 'Globex', reason: 'over the limit' }],
  warnings: [{ code: 'BOOKING_PRICE', severity: 'warning', message: 'a warning', at: { file: 'data/bookings/a.csv', line: 3 } }],
};

/** The other extreme of a batch: nothing due. */
export const SAMPLE_BATCH_EMPTY: BatchPage = {
  ...SAMPLE_BATCH, partner_name: null, preview_at: null, confirm_due_at: null, send_due_at: null, digest: null,
  totals: [], consists: [], invoices: [], parked: [], warnings: [],
};

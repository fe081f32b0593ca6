/** Notices as a project could give rise to them. */
import type { NoticePayload } from '../../src/documents/notice.js';

const READY: NoticePayload = {
  event: 'batch_ready', issuer: { id: 'northwind', name: 'Northwind Facilities GmbH' }, batch_id: '2026-05-01', billing_date: '2026-05-01',
  partner: null, invoices: 3, totals: [{ currency: 'EUR', invoices: 3, net: '1234.50', tax: '234.56', total: '1469.06' }],
  confirm_due_at: '2026-05-04T22:00:00+02:00', auto_confirm: true, digest: '3f9c2a7b51d04e8836aa0c4e9b7f21d5c6e8f9a0b1c2d3e4f5061728394a5b6c',
  numbers: [], parked_count: 0, parked: [], problems: [],
};

const parked = (n: number): NoticePayload['parked'] => Array.from({ length: n }, (_, i) => ({
  customer_id: `c-${i}`, customer_name: i === 0 ? 'Globex <b>& Söhne</b> Instandhaltung und Gebäudereinigung GmbH' : `Customer ${i}`, currency: 'EUR',
  total: `${i + 1}0500.00`, reason: 'the total is above limits.max_invoice_total',
}));

/** By name: the notice and the locale of its reader. */
export const NOTICES: Readonly<Record<string, readonly [NoticePayload, string]>> = {
  ready: [READY, 'en-GB'],
  'ready-german': [{ ...READY, parked_count: 2, parked: parked(2) }, 'de-DE'],
  'ready-one-by-hand': [{ ...READY, invoices: 1, auto_confirm: false, confirm_due_at: null, totals: [{ ...READY.totals[0]!, invoices: 1 }] }, 'en-GB'],
  'deadline-partner': [{
    ...READY, event: 'deadline_near', batch_id: '2026-05-01.south', partner: { partner_id: 'south', name: 'South & Co' },
    totals: [...READY.totals, { currency: 'CHF', invoices: 1, net: '100.00', tax: '8.10', total: '108.10' }, { currency: 'JPY', invoices: 1, net: '1200', tax: '0', total: '1200' }],
  }, 'en-GB'],
  processed: [{
    ...READY, event: 'batch_processed', numbers: [{ series: 'credit_note-2026', first: 'CN-2026-000001', last: 'CN-2026-000001', invoices: 1 },
      { series: 'invoice-2026', first: 'INV-2026-000001', last: 'INV-2026-000002', invoices: 2 }],
  }, 'en-US'],
  parked: [{ ...READY, event: 'customers_parked', parked_count: 53, parked: parked(3), invoices: 53 }, 'en-GB'],
  failed: [{
    ...READY, event: 'run_failed', batch_id: null, billing_date: null, invoices: 0, totals: [], confirm_due_at: null, auto_confirm: false, digest: null,
    problems: [
      { code: 'BOOKING_PRICE', message: 'booking J-17 has no price: neither the row, the customer nor the product gives one', hint: 'add a price for the product "inspection"' },
      { code: 'BOOKING_CUSTOMER', message: 'there is no customer "acmee" <script>alert(1)</script>', hint: 'did you mean "acme"?' },
    ],
  }, 'en-GB'],
};

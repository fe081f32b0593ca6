/** What a document is made from: one invoice as committed or drafted, with both parties as they stood. Plain JSON values. */
import type { Address, ElectronicAddress, Issuer } from '../config/types.js';

export interface InvoiceLineRecord {
  readonly line_no: number;
  readonly kind: string;
  readonly booking_id: string | null;
  readonly product: string | null;
  readonly description: string;
  /** Decimal strings. */
  readonly quantity: string;
  readonly unit: string | null;
  readonly unit_price: string | null;
  readonly amount: string;
  /** The amount with tax where the price includes it, as then the unit price does; else null. */
  readonly gross: string | null;
  /** Null where nothing was converted. */
  readonly original: OriginalRecord | null;
  readonly tax_id: string;
  readonly tax_rate: string;
  /** Local ISO 8601 with offset. */
  readonly service_start: string | null;
  readonly service_end: string | null;
  /** The booking's own period had been processed before. */
  readonly late: boolean;
  /** What a line of kind adjustment corrects; `line_no` is null where an amount was credited of no line. Null for all other lines. */
  readonly corrects: LineCorrection | null;
}

/** The corrected line and its kind, and how: reversal, restatement, credit or reissue (see the columns of `invoice_lines`). */
export interface LineCorrection {
  readonly number: string;
  readonly line_no: number | null;
  readonly kind: string | null;
  readonly correction: string | null;
}

/** An invoice that is corrected, by number and date. */
export interface CorrectedInvoice {
  readonly number: string;
  readonly issued_on: string;
}

/** A line that was converted: what it was, and the rate with its day and source. */
export interface OriginalRecord {
  readonly currency: string;
  /** With the tax where the price includes it. */
  readonly amount: string;
  readonly unit_price: string | null;
  readonly rate: string;
  readonly on: string;
  readonly source: string;
}

/** The tax of an invoice in the currency in which its seller accounts for it (BT-6, BT-111), and the rate with its day and source. */
export interface AccountedTaxRecord {
  readonly currency: string;
  readonly tax: string;
  readonly rate: string;
  readonly on: string;
  readonly source: string;
}

export interface InvoiceTaxRecord {
  readonly tax_id: string;
  readonly name: string;
  readonly category: string;
  readonly rate: string;
  readonly note: string | null;
  readonly net: string;
  readonly tax: string;
}

/** `discount` is `percent` of the total if it is paid until `until`; `payable` is what is to be paid then. */
export interface EarlyPaymentRecord {
  readonly percent: string;
  readonly within_days: number;
  readonly until: string;
  readonly discount: string;
  readonly payable: string;
}

export interface Buyer {
  readonly customer_id: string;
  readonly name: string;
  readonly email: readonly string[];
  readonly address: Address | null;
  readonly tax_id: string | null;
  readonly contact: string | null;
  readonly purchase_order: string | null;
  /** Only on e-invoices; absent where the customer has none. */
  readonly buyer_reference?: string;
  readonly electronic_address?: ElectronicAddress;
}

export interface InvoiceRecord {
  readonly invoice_id: string;
  readonly number: string | null;
  readonly kind: 'invoice' | 'credit_note';
  readonly status: 'preview' | 'processed' | 'void';
  readonly batch_id: string;
  readonly partner_id: string | null;
  readonly cycle_id: string;
  /** Local ISO 8601 with offset, half-open. */
  readonly period_start: string;
  readonly period_end: string;
  readonly billing_date: string;
  readonly issued_on: string;
  readonly due_on: string;
  /** A sentence of the issuer's on this document. */
  readonly note: string | null;
  readonly currency: string;
  /** Decimals of the currency. */
  readonly exponent: number;
  /** IANA zone the dates are told in, and the locale of the document, "de-DE". */
  readonly timezone: string;
  readonly locale: string;
  readonly net: string;
  readonly tax: string;
  readonly total: string;
  /** Null where it is the currency of the invoice, or there is no tax. */
  readonly accounted_tax: AccountedTaxRecord | null;
  /** What may be taken off for paying early; a term, the total stays. Null where there is none, or nothing to pay. */
  readonly early_payment: EarlyPaymentRecord | null;
  /** The invoices that its lines correct, in the order of their numbers. */
  readonly corrects: readonly CorrectedInvoice[];
  readonly taxes: readonly InvoiceTaxRecord[];
  readonly lines: readonly InvoiceLineRecord[];
  readonly seller: Issuer;
  readonly partner: { readonly partner_id: string; readonly name: string; readonly email: string | null } | null;
  readonly buyer: Buyer;
}

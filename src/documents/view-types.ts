/**
 * What a template sees of an invoice: everything is text for the reader, cleaned and formatted; an absent thing is '' (or null for
 * a group, so that `{{#if}}` and `{{#with}}` work). These names are the interface of custom templates; see docs/templates.md.
 */
import type { Labels } from './labels.js';

/** A party as it is printed. */
export interface PartyView {
  readonly name: string;
  /** Lines below the name; the country only where it differs from the seller's. */
  readonly address: readonly string[];
  readonly tax_id: string;
}

/** The seller, with what stands in the foot of a letter. */
export interface SellerView extends PartyView {
  readonly address_line: string;
  readonly registration: string;
  readonly email: string;
  readonly phone: string;
  readonly website: string;
  readonly bank: { readonly name: string; readonly iban: string; readonly bic: string } | null;
}

/** The customer. */
export interface BuyerView extends PartyView {
  readonly customer_id: string;
  /** "Attn. …", or ''. */
  readonly attention: string;
}

/** One line. */
export interface LineView {
  readonly position: string;
  readonly kind: string;
  readonly description: string;
  readonly reference: string;
  /** Day or first and last day, '' where the line has none. */
  readonly service: string;
  readonly quantity: string;
  readonly unit: string;
  readonly unit_price: string;
  /** "2 hours × 95.00 €"; '' for a line of one without a unit price; of a discount its tax, where there are several. */
  readonly detail: string;
  readonly tax_rate: string;
  readonly amount: string;
  /** "from an earlier period", or ''. */
  readonly late: string;
  /** Date, detail, reference and late mark in one, for narrow layouts. */
  readonly small: string;
}

/** One tax. */
export interface TaxView {
  readonly name: string;
  readonly rate: string;
  /** "USt 19 %": the name, with the rate where the name does not tell it. */
  readonly label: string;
  readonly net: string;
  readonly on_net: string;
  readonly tax: string;
}

/** The tax in the currency in which the seller accounts for it. */
export interface AccountedTaxView {
  /** "VAT in EUR". */
  readonly label: string;
  /** "× 0.9200 (ECB, 30 Apr 2026)". */
  readonly rate: string;
  readonly tax: string;
}

/** A name and its value, for tables of facts. */
export interface FactView {
  readonly label: string;
  readonly value: string;
}

/** How to pay. */
export interface PaymentView {
  readonly sentence: string;
  /** What may be taken off for paying early, in a sentence, or ''. */
  readonly early: string;
  /** Account holder, bank, IBAN in groups of four, BIC, reference; empty where nothing is to be paid or no bank is known. */
  readonly rows: readonly FactView[];
}

/** The whole document. */
export interface InvoiceView {
  readonly locale: string;
  readonly language: string;
  readonly paper: string;
  readonly labels: Labels;
  readonly invoice_id: string;
  readonly batch_id: string;
  readonly kind: string;
  readonly is_credit_note: boolean;
  readonly is_preview: boolean;
  readonly is_void: boolean;
  /** Large text across the page, '' on a processed document. */
  readonly watermark: string;
  /** One sentence that says what the watermark means. */
  readonly status_note: string;
  /** "Invoice". */
  readonly heading: string;
  /** "Invoice INV-2026-000001". */
  readonly title: string;
  /** The number, or the word for preview. */
  readonly number: string;
  readonly issued_on: string;
  readonly due_on: string;
  readonly period: string;
  readonly currency: string;
  readonly purchase_order: string;
  /** The name customers know: the partner's, else the seller's. */
  readonly brand: string;
  readonly seller: SellerView;
  readonly buyer: BuyerView;
  /** Number, date, period, customer, purchase order, due date: what is known of them. */
  readonly facts: readonly FactView[];
  readonly lines: readonly LineView[];
  /** Whether their numbers are so long that a page has to make room for the descriptions. */
  readonly wide_lines: boolean;
  /** The first lines only, where there are very many: mail programs cut long mails. */
  readonly mail_lines: readonly LineView[];
  /** "and 12 more lines, see Invoice …", or ''. */
  readonly more_lines: string;
  readonly taxes: readonly TaxView[];
  /** Notes the tax law asks for (reverse charge, exemption), each once. */
  readonly notes: readonly string[];
  readonly net: string;
  readonly tax: string;
  readonly total: string;
  /** Only where the invoice is in another currency. */
  readonly accounted_tax: AccountedTaxView | null;
  readonly payment: PaymentView;
  readonly greeting: string;
  readonly intro: string;
  readonly questions: string;
}

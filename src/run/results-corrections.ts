/** What the commands that correct by hand give back, as plain JSON values; see `results.ts`. */
import type { AccountedTaxRecord } from '../documents/types.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { HeadResult } from './results.js';

/** An invoice as it is named to people. */
export interface InvoiceName {
  readonly invoice_id: string;
  readonly number: string;
  readonly kind: 'invoice' | 'credit_note';
  readonly customer_id: string;
  readonly customer_name: string;
  readonly batch_id: string;
  readonly issued_on: string;
  readonly currency: string;
  readonly total: string;
}

/** Result of `cancel`. With `dry_run` nothing was done: it is what would be. */
export interface CancelResult {
  readonly schema_version: number;
  readonly as_of: string;
  readonly head: HeadResult;
  readonly dry_run: boolean;
  readonly invoice: InvoiceName;
  readonly reason: string;
  readonly by: string | null;
  /** Bookings, and other lines (charges, usage, fees), that are free to be billed again. */
  readonly free_bookings: number;
  readonly free_lines: number;
  /** Messages that will not be sent. */
  readonly messages_cancelled: number;
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface CreditLine {
  readonly line_no: number;
  /** Line of the corrected invoice; null where an amount is credited of no line. */
  readonly corrects_line_no: number | null;
  readonly correction: string;
  readonly booking_id: string | null;
  readonly description: string;
  readonly quantity: string;
  readonly amount: string;
  readonly tax_id: string;
}

export interface AmountsResult {
  readonly net: string;
  readonly tax: string;
  readonly total: string;
}

/** Result of `credit`. With `dry_run` nothing was done: it is what would be, and `number` is null. */
export interface CreditResult {
  readonly schema_version: number;
  readonly as_of: string;
  readonly head: HeadResult;
  readonly dry_run: boolean;
  /** Of the credit note; `--expect` takes it. */
  readonly digest: string;
  readonly credit_note: AmountsResult & {
    readonly invoice_id: string;
    readonly number: string | null;
    readonly issued_on: string;
    /** The tax in the currency in which that of the invoice was stated, too; else null. */
    readonly accounted_tax: AccountedTaxRecord | null;
    readonly taxes: readonly { readonly tax_id: string; readonly rate: string; readonly net: string; readonly tax: string }[];
    readonly lines: readonly CreditLine[];
  };
  readonly corrects: InvoiceName;
  /** What is left of the corrected invoice after it. */
  readonly left: AmountsResult;
  readonly reason: string;
  readonly by: string | null;
  readonly reissue: boolean;
  /** When its mail is due; null: none, or sent by hand. */
  readonly send_due_at: string | null;
  readonly messages_queued: number;
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** What the commands that correct by hand give back, as plain JSON values; see `results.ts`. */
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

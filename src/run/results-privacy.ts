/** What `forget` and `retention` tell. */
import type { Diagnostic } from '../values/diagnostic.js';
import type { HeadResult } from './results.js';

export interface ForgetResult {
  readonly schema_version: number;
  readonly as_of: string;
  readonly head: HeadResult;
  readonly dry_run: boolean;
  readonly customer_id: string;
  readonly reason: string;
  /** Documents of the customer, which keep their numbers and amounts. */
  readonly invoices: number;
  readonly keep_until: string;
  /** False: an earlier command had told it already, this one finished its work. */
  readonly committed: boolean;
  readonly key_removed: boolean;
  readonly messages_cancelled: number;
  /** Files that were written again without the name. */
  readonly files: readonly string[];
  /** Files that were removed. */
  readonly removed: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Whose data may go, and whose not yet. */
export interface RetentionResult {
  readonly schema_version: number;
  readonly as_of: string;
  readonly years: { readonly invoices: number; readonly books: number };
  /** Whether customers can be forgotten at all. */
  readonly keys: boolean;
  /** The last day on which the ledger as a whole has to be kept; null while it is empty. */
  readonly books_until: string | null;
  readonly customers: readonly {
    readonly customer_id: string;
    readonly invoices: number;
    readonly last_issued_on: string;
    readonly keep_until: string;
    readonly state: 'may_be_forgotten' | 'kept' | 'configured' | 'in_the_open' | 'forgotten';
  }[];
}

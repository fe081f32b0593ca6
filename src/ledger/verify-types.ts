/** What proofs are made of. */
import type { Diagnostic } from '../values/diagnostic.js';
import type { LedgerTable } from './tables.js';

/** What one proof found: nothing is good. */
export interface Proof {
  readonly name: string;
  /** What was looked at, for people: "12 commits". */
  readonly detail: string;
  /** It could not be made. */
  readonly skipped?: boolean;
  readonly diagnostics: readonly Diagnostic[];
}

/** A commit that was written down outside the ledger. */
export interface Anchor {
  readonly serial: number;
  readonly sha256: string;
}

/** One query for offending rows (serial, message); `table` is where they stand. */
export interface RowCheck {
  readonly table: LedgerTable;
  readonly sql: string;
}

export interface RowProof {
  readonly name: string;
  /** What holds when no row offends. */
  readonly detail: string;
  readonly checks: readonly RowCheck[];
}

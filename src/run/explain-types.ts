/** How an invoice came about, as plain JSON values: what `show --explain` tells. */
import type { Place } from '../values/diagnostic.js';
import type { Rounding } from '../values/formula.js';

/** One piece of arithmetic. */
export interface Step {
  /** What is worked out, in words. */
  readonly text: string;
  /** Decimals with + - × / ( ), min(a, b) and max(a, b); its exact value, rounded as `rounding` says, is `value`. */
  readonly formula: string;
  /** The value before rounding; ends with "…" where it goes on. */
  readonly exact: string;
  readonly value: string;
  /** Ties away from zero or to the even neighbour, always down, always up; null: nothing was rounded. */
  readonly rounding: Rounding | null;
}

/** What decided, and where it is written. */
export interface Rule {
  readonly what: string;
  /** `agreements.acme-2026.prices.inspection`; null where it is no configuration. */
  readonly path: string | null;
  readonly at: Place | null;
}

/** A booking behind a line. */
export interface ExplainedBooking {
  readonly source: string;
  readonly booking_id: string;
  /** Null where it is not among today's bookings. */
  readonly at: Place | null;
  /** Line of this invoice that it stands on; null where it was billed before. */
  readonly line_no: number | null;
  /** What of it is counted, where a price counts. */
  readonly counted: string | null;
}

export interface ExplainedLine {
  readonly line_no: number;
  readonly kind: string;
  readonly description: string;
  readonly amount: string;
  readonly gross: string | null;
  readonly service_start: string | null;
  readonly service_end: string | null;
  readonly tax_id: string;
  readonly tax_rate: string;
  readonly bookings: readonly ExplainedBooking[];
  /** Those that made it what it is. */
  readonly rules: readonly Rule[];
  /** The last one's value is the amount; empty where there is nothing to work out. */
  readonly steps: readonly Step[];
  readonly notes: readonly string[];
  /** What today's configuration and bookings make of it; `unknown` where that cannot be said. */
  readonly today: 'same' | 'changed' | 'gone' | 'unknown';
  /** Where it has changed. */
  readonly today_amount: string | null;
  /** Where it has changed, what decides today; `rules` are then empty, as no one knows which decided when it was billed. */
  readonly today_rules: readonly Rule[];
}

/** The lines of one tax and rate. */
export interface ExplainedTax {
  readonly tax_id: string;
  readonly rate: string;
  readonly net: string;
  readonly tax: string;
  readonly lines: readonly number[];
  readonly steps: readonly Step[];
}

/** The tax of the invoice in the currency in which the issuer accounts for it. */
export interface ExplainedAccounting {
  readonly currency: string;
  readonly tax: string;
  readonly rules: readonly Rule[];
  /** Empty where it is not the product: a credit note takes what is left. */
  readonly steps: readonly Step[];
}

export interface Explanation {
  /** With what it was processed; null for a preview. */
  readonly processed: {
    readonly serial: number; readonly confirmed_at: string; readonly config_digest: string; readonly config_commit: string | null;
    readonly tool_version: string;
  } | null;
  /** What is compared with it: the digest of the configuration as it is now. */
  readonly config_digest: string;
  /** `same`: today's configuration and bookings give this invoice again. */
  readonly today: 'same' | 'changed' | 'unknown';
  readonly notes: readonly string[];
  readonly lines: readonly ExplainedLine[];
  readonly taxes: readonly ExplainedTax[];
  /** Null where the tax is stated in the currency of the invoice alone. */
  readonly accounted_tax: ExplainedAccounting | null;
}

/** A line as it is drafted today: what explains it, and what is to be compared. */
export interface DraftedLine {
  readonly amount_minor: bigint;
  readonly gross_minor: bigint | null;
  readonly compared: string;
  readonly bookings: readonly ExplainedBooking[];
  readonly rules: readonly Rule[];
  readonly steps: readonly Step[];
  readonly notes: readonly string[];
}

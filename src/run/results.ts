/**
 * What commands give back, as plain JSON values: these are the shapes of `--json`, each with a schema in `schemas/`. Amounts are
 * decimal strings, instants ISO 8601 with offset, dates `YYYY-MM-DD`.
 */
import type { BatchChanges } from '../documents/changes.js';
import type { CorrectedInvoice, InvoiceLineRecord } from '../documents/types.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { Check } from '../ledger/verify.js';

export const SCHEMA_VERSION = 1;

export interface HeadResult {
  readonly serial: number;
  /** Hash of the newest commit; print it where nobody can change it, and it anchors the whole ledger. */
  readonly sha256: string | null;
}

export interface CurrencyTotal {
  readonly currency: string;
  readonly invoices: number;
  readonly net: string;
  readonly tax: string;
  readonly total: string;
}

export interface PreviewInvoice {
  readonly invoice_id: string;
  readonly number: string | null;
  readonly status: 'preview' | 'processed' | 'void';
  readonly kind: 'invoice' | 'credit_note';
  readonly customer_id: string;
  readonly customer_name: string;
  readonly cycle_id: string;
  readonly period_start: string;
  readonly period_end: string;
  readonly issued_on: string;
  readonly due_on: string;
  readonly currency: string;
  readonly net: string;
  readonly tax: string;
  readonly total: string;
  readonly digest: string;
  /** Why it will not be confirmed by itself; null when it will. */
  readonly parked: string | null;
  /** The invoices that its lines correct. */
  readonly corrects: readonly CorrectedInvoice[];
  readonly taxes: readonly { readonly tax_id: string; readonly rate: string; readonly net: string; readonly tax: string }[];
  readonly lines: readonly InvoiceLineRecord[];
}

export interface PreviewBatch {
  readonly batch_id: string;
  readonly billing_date: string;
  readonly partner_id: string | null;
  readonly digest: string;
  readonly preview_at: string;
  /** Earliest of its invoices; null where nothing falls due. */
  readonly confirm_due_at: string | null;
  /** true: it is confirmed by itself at confirm_due_at. */
  readonly auto_confirm: boolean;
  /** true: the deadline is the one that was told when the preview was first open; the configuration now says `configured_due_at`. */
  readonly deadline_kept: boolean;
  readonly configured_due_at: string | null;
  readonly send_due_at: string | null;
  readonly invoices: readonly PreviewInvoice[];
  readonly totals: readonly CurrencyTotal[];
}

/** Every booking read, in exactly one bucket; they add up to bookings_read. */
export interface Completeness {
  readonly bookings_read: number;
  readonly billed: number;
  readonly already_billed: number;
  readonly waiting: number;
  readonly held: number;
  readonly cancelled: number;
  readonly ignored: number;
  readonly rejected: number;
  /** The same by reason and currency, with sums; amount null where none could be worked out. */
  readonly detail: readonly {
    readonly bucket: string; readonly reason: string | null; readonly currency: string | null;
    readonly bookings: number; readonly amount: string | null;
  }[];
}

/**
 * Where the money is, per currency. Proved in every run: `bookings` (those in no currency, as they could not be read, are left out) adds up
 * over its parts, and `invoices` too: the lines without tax are `net`, and `net` + `tax` is `total`.
 */
export interface Conservation {
  readonly bookings: readonly {
    readonly currency: string; readonly bookings: number;
    /** At their prices, tax included where those include it; what has no price counts as nothing. */
    readonly amount: string;
    readonly parts: readonly { readonly bucket: string; readonly bookings: number; readonly amount: string }[];
  }[];
  /** Those that this command processed, and those that are open. */
  readonly invoices: readonly InvoiceParts[];
}

/** What invoices of one currency consist of, by the kind of their lines. */
export interface InvoiceParts {
  readonly state: 'open' | 'processed';
  readonly currency: string;
  readonly invoices: number;
  readonly parts: readonly { readonly kind: string; readonly lines: number; readonly amount: string }[];
  readonly net: string;
  readonly tax: string;
  readonly total: string;
}

export interface PreviewResult {
  readonly schema_version: number;
  readonly as_of: string;
  readonly head: HeadResult;
  readonly batches: readonly PreviewBatch[];
  /** What changed since the version asked for with --changes-since; null where none was asked for. */
  readonly changes: BatchChanges | null;
  readonly completeness: Completeness;
  readonly conservation: Conservation;
  /** Files written, relative to the project, sorted. */
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface ParkedCustomer {
  readonly customer_id: string;
  readonly customer_name: string;
  readonly batch_id: string;
  readonly invoice_id: string;
  readonly currency: string;
  readonly total: string;
  readonly reason: string;
}

export interface ConfirmedBatch {
  readonly batch_id: string;
  readonly confirmed_at: string;
  readonly confirmed_by: 'auto' | 'manual' | 'approval' | 'on_demand';
  /** First and last number of each series, in order. */
  readonly numbers: readonly { readonly series: string; readonly first: string; readonly last: string; readonly invoices: number }[];
  readonly totals: readonly CurrencyTotal[];
}

export interface SendTally {
  readonly sent: number;
  readonly failed: number;
  readonly uncertain: number;
  readonly problems: readonly {
    readonly message_id: string;
    /** invoice, or the event that the team was to be told of; `invoice_id` is then null. */
    readonly kind: string;
    readonly invoice_id: string | null; readonly recipient: string; readonly status: string; readonly error: string;
  }[];
}

/** Result of `run`, `confirm` and `send`. */
export interface RunResult {
  readonly schema_version: number;
  readonly command: 'run' | 'confirm' | 'invoice' | 'send';
  readonly as_of: string;
  readonly head: HeadResult;
  readonly confirmed: readonly ConfirmedBatch[];
  readonly messages: SendTally;
  readonly parked: readonly ParkedCustomer[];
  /** Batches that stay open, with their deadlines and digests. */
  readonly open: readonly OpenBatch[];
  readonly completeness: Completeness | null;
  /** Null where no bookings were read. */
  readonly conservation: Conservation | null;
  readonly files: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface OpenBatch {
  readonly batch_id: string;
  readonly billing_date: string;
  readonly partner_id: string | null;
  readonly digest: string;
  readonly confirm_due_at: string | null;
  readonly auto_confirm: boolean;
  /** true: the deadline is the one that was told when the preview was first open; the configuration now says `configured_due_at`. */
  readonly deadline_kept: boolean;
  /** Null where the deadline is that of the configuration. */
  readonly configured_due_at: string | null;
  readonly totals: readonly CurrencyTotal[];
}

export interface StatusResult {
  readonly schema_version: number;
  readonly as_of: string;
  readonly head: HeadResult;
  readonly ledger: string;
  readonly last_run: { readonly run_id: string; readonly as_of: string; readonly action: string; readonly tool_version: string } | null;
  readonly open: readonly OpenBatch[];
  readonly parked: readonly ParkedCustomer[];
  /** Messages by status, sorted. */
  readonly outbox: readonly { readonly status: string; readonly messages: number; readonly next_due_at: string | null }[];
  readonly problems: SendTally['problems'];
  readonly completeness: Completeness;
  readonly history: { readonly file: string; readonly serial: number | null; readonly current: boolean };
  readonly diagnostics: readonly Diagnostic[];
}

export interface ValidateResult {
  readonly schema_version: number;
  readonly file: string;
  readonly customers: number;
  readonly cycles: number;
  readonly products: number;
  readonly sources: number;
  readonly diagnostics: readonly Diagnostic[];
}

export interface CalendarPeriod {
  readonly customer_id?: string;
  readonly cycle_id: string;
  readonly n: number;
  readonly period_start: string;
  readonly period_end: string;
  readonly billing_at: string;
  readonly billing_date: string;
  readonly preview_at: string | null;
  readonly confirm_due_at: string | null;
  readonly deadline_notice_at: string | null;
  readonly send_due_at: string | null;
  readonly stub: boolean;
  readonly moved: readonly MovedDate[];
}

/** A date that went to another day, and why: the name of a holiday, or the day of the week. */
export interface MovedDate {
  readonly what: 'billing' | 'sending';
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

export interface DayOffResult {
  readonly date: string;
  readonly reason: string;
}

/** An automation setting of a customer while it uses a cycle, and the line that says so; no line for a default. */
export interface CalendarSetting {
  readonly use_no: number;
  readonly cycle_id: string;
  readonly setting: string;
  readonly value: string;
  readonly level: 'default' | 'project' | 'partner' | 'cycle' | 'customer';
  readonly at: { readonly file: string; readonly line: number; readonly column: number } | null;
}

export interface CalendarResult {
  readonly schema_version: number;
  readonly from: string;
  readonly to: string;
  readonly periods: readonly CalendarPeriod[];
  /** In the months shown; empty without a business calendar. */
  readonly days_off: readonly DayOffResult[];
  /** Of the customer asked for; empty otherwise. */
  readonly settings: readonly CalendarSetting[];
}

export interface VerifyResult {
  readonly schema_version: number;
  readonly head: HeadResult;
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface DoctorResult {
  readonly schema_version: number;
  readonly ok: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string; readonly hint: string | null }[];
}

/** Result of `ledger compact`. */
export interface LedgerResult {
  readonly schema_version: number;
  readonly head: HeadResult;
  /** Packs made now. */
  readonly packs: readonly { readonly pack: string; readonly segments: number; readonly bytes: number }[];
  /** Files removed because their segments are in packs. */
  readonly removed: number;
}

/** Result of `history rebuild`. */
export interface HistoryResult {
  readonly schema_version: number;
  readonly file: string;
  readonly head: HeadResult;
  readonly bytes: number;
  /** Rows of each table that the views are made from. */
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
}

export interface ExportResult {
  readonly schema_version: number;
  readonly to: string;
  readonly files: readonly { readonly file: string; readonly rows: number }[];
  /** The commit of the ledger that the files go up to. */
  readonly serial: number;
}

export interface InitResult {
  readonly schema_version: number;
  readonly folder: string;
  readonly files: readonly string[];
}

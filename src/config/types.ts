/**
 * The resolved configuration: every default filled in, every reference checked, nothing half-known. Field names are those of
 * the YAML. What the user writes is `ConfigSpec` in `shape.ts`; this is what the rest of the program reads.
 */
import type { Place } from '../values/diagnostic.js';
import type { Texts } from '../values/locales.js';
import type { NoticeEventName, NoticePriority } from '../values/notices.js';
import type { LocalDate, LocalDateTime } from '../values/time.js';
import type { Accounting } from './types-accounting.js';
import type { Agreement, CustomerAgreements, EarlyPayment, ExchangeRate, Price, PriceIndex, TaxRate } from './types-agreements.js';

export type * from './types-accounting.js';
export type * from './types-agreements.js';

export interface Address {
  readonly line1: string;
  readonly line2?: string;
  readonly city: string;
  readonly postal_code?: string;
  readonly region?: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

/** An address in the Peppol network: a code of the EAS list ("0088", "9930") and an id under it. */
export interface ElectronicAddress {
  readonly scheme: string;
  readonly id: string;
}

/** The legal entity that invoices. */
export interface Issuer {
  readonly id: string;
  readonly name: string;
  readonly address: Address;
  readonly tax_id?: string;
  /** The currency in which its VAT is accounted for (BT-6). */
  readonly tax_currency?: string;
  readonly registration?: string;
  readonly email?: string;
  readonly phone?: string;
  readonly website?: string;
  readonly bank?: { readonly name?: string; readonly iban: string; readonly bic?: string };
  readonly electronic_address?: ElectronicAddress;
  /** Path of an image (PNG, JPEG or SVG), relative to the project. */
  readonly logo?: string;
}

/** What a word of theirs can mean, in this order. */
export const STATUSES = ['billable', 'scheduled', 'cancelled', 'ignored'] as const;
export type BookingStatus = (typeof STATUSES)[number];
export type BookingField =
  | 'booking_id' | 'customer_id' | 'product' | 'description' | 'starts_at' | 'ends_at'
  | 'quantity' | 'unit_price' | 'amount' | 'currency' | 'status';

/** Where bookings come from, and how their files are to be read. */
export interface BookingSource {
  readonly name: string;
  /** A glob relative to the project, forward slashes. */
  readonly path: string;
  readonly format: 'csv' | 'parquet';
  /**
   * Ours -> theirs. A list of columns for booking_id makes a composite id; the word `line` in it stands for the row's number among
   * the rows with the same other parts.
   */
  readonly columns: Readonly<Partial<Record<BookingField, readonly string[]>>>;
  /** Their status word -> ours. Empty: every row is billable. */
  readonly status: Readonly<Record<string, BookingStatus>>;
  /** IANA zone of times without an offset. */
  readonly timezone: string;
  /** strptime patterns for dates and times, tried in order; empty means ISO 8601. */
  readonly date_formats: readonly string[];
  readonly decimal: '.' | ',';
  readonly delimiter: string;
  readonly quote: string;
  readonly encoding: 'utf-8' | 'utf-16' | 'latin-1' | 'windows-1252';
  readonly on_reject: 'fail' | 'quarantine';
  readonly complete: boolean;
  /** A CSV with the columns file, rows, amount; relative to the project. */
  readonly control: string | null;
  /** Unit prices and amounts in the files include tax. */
  readonly prices_include_tax?: boolean;
  /** Product of rows without a product column. */
  readonly product: string | null;
  readonly tax: string | null;
}

/** A booking that comes again by a rule; each occurrence is a booking of the source `repeat:<repeat_id>`. */
export interface RepeatBooking {
  readonly repeat_id: string;
  /** `repeat:<repeat_id>` */
  readonly source: string;
  readonly customer_id: string;
  readonly product: string | null;
  readonly description: string | null;
  /** An RRULE of RFC 5545 as written, in local time; `parseRule` reads it. */
  readonly rule: string;
  readonly start: LocalDateTime;
  readonly duration_minutes: number;
  /** IANA zone of its local times. */
  readonly timezone: string;
  /** Inclusive; a date includes its whole day. */
  readonly until: LocalDateTime | null;
  /** Local dates, or dates with times, that are left out. */
  readonly except: readonly LocalDateTime[];
  /** Decimal strings. */
  readonly quantity: string;
  readonly unit_price: string | null;
  readonly amount: string | null;
  readonly currency: string;
  readonly tax: string | null;
  /** Those of a period that are still to come go on its invoice, too. */
  readonly invoice_all: boolean;
}

export interface Tax {
  readonly tax_id: string;
  /** In the language of the project, or the first that is declared; what documents in a language without its own have. */
  readonly name: string;
  /** Names by language, where they differ. */
  readonly names?: Texts;
  /** Percent as a decimal string, "19"; the newest one where rates change. */
  readonly rate: string;
  /** All rates by date, ascending; there is always one. */
  readonly rates?: readonly TaxRate[];
  /** EN 16931 category code (UNTDID 5305): S, Z, E, AE, K, G, O, L, M. */
  readonly category: string;
  /** As `name`. */
  readonly note: string | null;
  readonly notes?: Texts;
}

export interface Product {
  readonly product: string;
  readonly name: string;
  readonly unit: string | null;
  /**
   * Decimal string in the currency of the project, per unit; null: the booking or the customer must bring the price. Only plain ones:
   * all prices are in `Config.prices`.
   */
  readonly price: string | null;
  readonly tax: string | null;
}

export type CycleType = 'daily' | 'weekly' | 'bi-weekly' | 'monthly' | 'quarterly' | 'semi-annually' | 'annually' | 'custom';
export type Timing = 'in_arrears' | 'in_advance';

export interface Cycle {
  readonly cycle_id: string;
  readonly name: string;
  readonly type: CycleType;
  /** Only for custom: a step of n units. */
  readonly every: { readonly days?: number; readonly weeks?: number; readonly months?: number; readonly years?: number } | null;
  /** Only for custom: listed boundaries, ascending; the last one only ends the period before it. */
  readonly dates: readonly LocalDate[] | null;
  /** The anchor: the n-th boundary is computed from it. */
  readonly start: LocalDateTime;
  readonly end: LocalDateTime | null;
  readonly recurring_count: number | null;
  readonly timing: Timing;
  readonly timezone: string;
  readonly enabled: boolean;
  /** merge: a first period that is cut short at its start is billed with the one after it. */
  readonly first_period: 'stub' | 'merge';
  readonly pause: readonly { readonly from: LocalDate; readonly until: LocalDate | null }[];
  readonly assign_by: 'starts_at' | 'ends_at' | null;
  /** The project's automation with the cycle's own laid over it: what holds for a customer that says nothing itself. */
  readonly automation?: Automation;
}

export type Weekday = 'mon' | 'tue' | 'wed' | 'thu' | 'fri' | 'sat' | 'sun';

/** none: it stays. following, preceding: the business day after or before. modified_following: after, unless that is in another month. */
export type BusinessDayRule = 'none' | 'following' | 'preceding' | 'modified_following';

/** Which days are business days. Pure: the same answer for a date at all times. */
export interface BusinessDays {
  /** ISO 3166-1, and what follows the dash in ISO 3166-2. */
  readonly country: string | null;
  readonly region: string | null;
  readonly weekend: readonly Weekday[];
  readonly holidays: readonly LocalDate[];
  readonly working_days: readonly LocalDate[];
  readonly isBusinessDay: (date: LocalDate) => boolean;
  /** Why a date is no business day, in words ("Labour Day", "Saturday"); null if it is one. */
  readonly whyClosed: (date: LocalDate) => string | null;
}

export type SettingLevel = 'default' | 'project' | 'partner' | 'cycle' | 'customer';

/** One automation setting as it holds for a customer, and who said so. */
export interface Setting {
  /** `lead_days`, `limits.max_lines` */
  readonly setting: string;
  readonly value: string;
  readonly level: SettingLevel;
  /** Null for a default. */
  readonly at: Place | null;
}

/** Automation as it holds for one use of a cycle: global, then partner, cycle, customer, the later ones winning key by key. */
export interface Automation {
  readonly enabled: boolean;
  readonly lead_days: number;
  readonly confirmation_window_days: number | 'last_day_of_month';
  /** Local "HH:MM". */
  readonly confirm_at: string;
  readonly lock_before_period_end: boolean;
  readonly auto_send: boolean;
  readonly auto_send_delay_hours: number;
  readonly send_window: { readonly days: readonly Weekday[]; readonly from: string; readonly until: string } | null;
  readonly document_date: 'billing_date' | 'confirmed_date';
  readonly lock_invoices: boolean;
  readonly separate_preview_per_partner: boolean;
  readonly late_bookings: 'next_invoice' | 'own_invoice' | 'hold';
  /** Bookings that change, are cancelled or vanish after they were billed. */
  readonly changed_bookings: 'adjust' | 'credit_note' | 'hold';
  /** Which way a date goes that is not a business day of `Config.business_calendar`. */
  readonly business_days: { readonly billing: BusinessDayRule; readonly due: BusinessDayRule; readonly send: BusinessDayRule };
  /** How long before the automatic confirmation a notice of it is given; null: never. */
  readonly deadline_notice_hours: number | null;
  readonly limits: {
    /** Decimal string in the invoice's currency, or null for none. */
    readonly max_invoice_total: string | null;
    /** Against the customer's invoice before, in percent: 300 lets 100.00 become at most 400.00. */
    readonly max_change_percent: number | null;
    readonly max_lines: number | null;
  };
}

export interface PaymentTerms {
  readonly net_days: number;
  /** true: from the end of the month of issue, then plus net_days. */
  readonly end_of_month: boolean;
  /** What may be taken off for early payment. */
  readonly discount?: EarlyPayment | null;
}

export interface Partner {
  readonly partner_id: string;
  readonly name: string;
  readonly email: string | null;
  /** Folder of templates, relative to the project, or null for the common ones. */
  readonly templates: string | null;
}

/** A stretch of a customer's time line billed by one cycle. Bounds are local in the cycle's zone; null is open. */
export interface CycleUse {
  readonly cycle_id: string;
  readonly from: LocalDateTime | null;
  readonly until: LocalDateTime | null;
  /** What holds while this cycle bills: project, partner, this cycle, customer. Equal settings of many customers are one object. */
  readonly automation: Automation;
}

export interface Customer extends Partial<CustomerAgreements> {
  readonly customer_id: string;
  readonly name: string;
  readonly email: readonly string[];
  readonly address: Address | null;
  readonly tax_id: string | null;
  /** Who to write to by name, as free text. */
  readonly contact: string | null;
  readonly cycle: readonly CycleUse[];
  readonly partner_id: string | null;
  readonly payment_terms: PaymentTerms;
  readonly purchase_order: string | null;
  /** BT-10 of e-invoices; else the purchase order. */
  readonly buyer_reference?: string;
  readonly electronic_address?: ElectronicAddress;
  /** Overrides the product's tax (reverse charge, exempt). */
  readonly tax: string | null;
  /** Own prices by product, decimal strings. Only plain ones: all prices are in `Config.prices`. */
  readonly prices: Readonly<Record<string, string>>;
  readonly locale: string;
  /** That of the last use in `cycle`. */
  readonly automation: Automation;
}

export interface Mail {
  readonly transport: 'smtp' | 'file';
  readonly url: string | null;
  readonly from: { readonly name: string; readonly address: string };
  readonly reply_to: string | null;
  readonly bcc: readonly string[];
  /** Documents that go with an invoice's mail. */
  readonly attach: readonly ('pdf' | 'xml')[];
  /** SMTP connections at once. */
  readonly connections: number;
}

/** Somebody of the team who is told of events, in one of two ways: by e-mail (`webhook` is null) or by webhook (`email` is empty). */
export interface Notification {
  readonly name: string;
  readonly email: readonly string[];
  readonly webhook: string | null;
  /** Key of the webhook's signature. */
  readonly secret: string | null;
  readonly events: readonly NoticeEventName[];
  /** The least urgent that is told. */
  readonly priority: NoticePriority;
}

/** A line that finance adds to an invoice. */
export interface ManualLine {
  /** Told apart by customer, batch or period, and id: it is billed once. */
  readonly charge_id: string;
  readonly description: string | null;
  readonly product: string | null;
  readonly quantity: string;
  readonly unit_price: string;
  readonly currency: string;
  readonly tax: string | null;
}

/** What finance decides by hand, about a customer (always, for a batch, or for a period) or about a booking. */
export interface Override {
  readonly customer_id: string | null;
  readonly booking: { readonly source: string; readonly booking_id: string } | null;
  readonly batch: string | null;
  /** First day of the period. */
  readonly period: LocalDate | null;
  readonly hold: boolean;
  readonly skip: boolean;
  readonly release: boolean;
  readonly reason: string | null;
  readonly lines: readonly ManualLine[];
  readonly purchase_order: string | null;
  readonly note: string | null;
}

export interface Config {
  /** Path of the main file as the user named it, relative to `root` (`billing.config.yaml`). */
  readonly file: string;
  /** Absolute folder of the main file; every path in the config is relative to it. Never written to any output. */
  readonly root: string;
  /** SHA-256 of the written configuration after includes, before `${ENV}`. */
  readonly digest: string;
  readonly issuer: Issuer;
  readonly currency: string;
  readonly timezone: string;
  readonly locale: string;
  readonly ledger: string;
  readonly output: string;
  /** Folder of approvals relative to the project. */
  readonly approvals: string;
  /** Folder of the common templates relative to the project, or null for the built-in ones. */
  readonly templates: string | null;
  readonly rounding: 'half_away' | 'half_even';
  readonly tax_rounding: 'invoice' | 'line';
  readonly bookings: readonly BookingSource[];
  /** Sorted by repeat_id. */
  readonly repeat_bookings: readonly RepeatBooking[];
  readonly taxes: readonly Tax[];
  /** What holds for prices of which nobody says so themselves. */
  readonly prices_include_tax: boolean;
  readonly default_tax: string | null;
  readonly products: readonly Product[];
  readonly cycles: readonly Cycle[];
  readonly automation: Automation;
  readonly business_calendar: BusinessDays | null;
  readonly max_catch_up_days: number | null;
  readonly numbering: { readonly invoice: string; readonly credit_note: string; readonly reset: 'yearly' | 'never' };
  readonly partners: readonly Partner[];
  /** Sorted by customer_id. */
  readonly customers: readonly Customer[];
  readonly mail: Mail | null;
  /** Sorted by agreement_id. */
  readonly agreements: readonly Agreement[];
  /** All prices of usage, by scope (customer, agreement, product), owner, product and day. */
  readonly prices: readonly Price[];
  readonly indexes: readonly PriceIndex[];
  readonly exchange_rates: readonly ExchangeRate[];
  readonly overrides: readonly Override[];
  readonly accounting: Accounting;
  /** Folder of the keys of customers, relative to the project or absolute; null: nothing is encrypted. */
  readonly privacy: { readonly keys: string } | null;
  /** Years from the end of a document's calendar year. */
  readonly retention: { readonly invoices: number; readonly books: number };
  /** In the order written. */
  readonly notifications: readonly Notification[];
  /** Where a path of the written config stands, e.g. place(['customers', 'acme', 'cycle']); positions are computed on demand. */
  readonly place: (path: readonly (string | number)[]) => Place;
  /** Every automation setting of a customer's use of a cycle and where it comes from; computed when asked. */
  readonly settings_of: (customer_id: string, use_no: number) => Setting[];
}

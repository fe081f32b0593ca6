/** What holds where the configuration says nothing, and how settings of several levels become one. */
import type { AutomationSpec, ConfigSpec, NumberingSpec, PaymentTermsSpec } from './shape.js';
import type { Automation, Config, PaymentTerms, Weekday } from './types.js';

const WEEK: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

export const DEFAULT_AUTOMATION: Automation = {
  enabled: true,
  lead_days: 0,
  confirmation_window_days: 3,
  confirm_at: '22:00',
  lock_before_period_end: false,
  auto_send: true,
  auto_send_delay_hours: 0,
  send_window: null,
  document_date: 'billing_date',
  lock_invoices: false,
  separate_preview_per_partner: false,
  late_bookings: 'next_invoice',
  changed_bookings: 'adjust',
  business_days: { billing: 'none', due: 'none', send: 'none' },
  deadline_notice_hours: 24,
  limits: { max_invoice_total: null, max_change_percent: null, max_lines: null },
};

/** Due in 14 days. */
export const DEFAULT_TERMS: PaymentTerms = { net_days: 14, end_of_month: false, discount: null };

/** Lays a level over the one below it, key by key, the limits and the business days too; `null` takes a limit or a window back. */
export function layAutomation(below: Automation, level: AutomationSpec | undefined): Automation {
  if (level === undefined) return below;
  const { limits = {}, business_days: days = {}, send_window: window, ...rest } = level;
  return {
    ...below,
    ...defined(rest),
    send_window: window === undefined ? below.send_window : window === null ? null : windowOf(window),
    business_days: { ...below.business_days, ...defined(days) },
    limits: { ...below.limits, ...limitsOf(limits) },
  };
}

function limitsOf(limits: NonNullable<AutomationSpec['limits']>): Partial<Automation['limits']> {
  const { max_catch_up_days: _ofTheProject, ...ofCustomers } = limits;
  return defined(ofCustomers);
}

type Defined<T> = { [K in keyof T]-?: Exclude<T[K], undefined> };

function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Defined<T>;
}

/** Days in the order of the week; without hours the whole day, "00:00" to "24:00". `until` before `from` means over midnight. */
function windowOf(window: NonNullable<NonNullable<AutomationSpec['send_window']>>): NonNullable<Automation['send_window']> {
  const [from, until] = (window.hours ?? '00:00-24:00').split('-') as [string, string];
  return { days: WEEK.filter((day) => window.days?.includes(day) ?? true), from, until };
}

/** Terms as days from the document date or from the end of its month. */
export function termsOf(spec: PaymentTermsSpec | undefined, otherwise: PaymentTerms): PaymentTerms {
  if (spec === undefined) return otherwise;
  const discount = spec.discount ?? null;
  if (spec.end_of_month === true) return { net_days: spec.plus_days ?? 0, end_of_month: true, discount };
  return { net_days: spec.due === undefined ? (spec.net_days ?? 0) : 0, end_of_month: false, discount };
}

export function numberingOf(spec: NumberingSpec | undefined): Config['numbering'] {
  return {
    invoice: spec?.invoice ?? 'INV-{year}-{seq:6}',
    credit_note: spec?.credit_note ?? 'CN-{year}-{seq:6}',
    reset: spec?.reset ?? 'yearly',
  };
}

/** The scalars of the top level. */
export function projectOf(
  spec: ConfigSpec,
): Pick<Config, 'locale' | 'ledger' | 'output' | 'approvals' | 'templates' | 'rounding' | 'tax_rounding' | 'default_tax'> {
  return {
    locale: spec.locale ?? 'en-GB',
    ledger: spec.ledger ?? 'data/ledger',
    output: spec.output ?? 'out',
    approvals: spec.approvals ?? 'approvals',
    templates: spec.templates ?? null,
    rounding: spec.rounding ?? 'half_away',
    tax_rounding: spec.tax_rounding ?? 'invoice',
    default_tax: spec.tax ?? null,
  };
}

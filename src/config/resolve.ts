/** From what is written to what holds: defaults filled in, levels laid over each other, everything sorted by id. Expects checked input. */
import { NOTICE_EVENTS } from '../values/notices.js';
import { DEFAULT_AUTOMATION, DEFAULT_TERMS, layAutomation, numberingOf, projectOf, termsOf } from './defaults.js';
import { parseMailbox } from './formats.js';
import { accountingOf } from './resolve-accounting.js';
import { agreementsOf, customerAgreementsOf, exchangeRatesOf, indexesOf } from './resolve-agreements.js';
import { overridesOf } from './resolve-overrides.js';
import { pricesOf } from './resolve-prices.js';
import { repeatsOf } from './resolve-repeat.js';
import { taxOf } from './resolve-taxes.js';
import type { BookingsSpec, ConfigSpec, CustomerSpec, CycleSpec, NotificationSpec } from './shape.js';
import { STATUSES } from './types.js';
import type {
  Address, Automation, BookingField, BookingSource, BookingStatus, Config, Customer, Cycle, CycleUse, Issuer, Mail, Notification,
} from './types.js';

/** Enough to keep a server busy without being taken for a flood. */
const DEFAULT_CONNECTIONS = 4;

/** Everything of the configuration but where it came from. */
export function resolve(spec: ConfigSpec): Omit<Config, 'file' | 'root' | 'digest' | 'place' | 'business_calendar' | 'settings_of'> {
  const automation = layAutomation(DEFAULT_AUTOMATION, spec.automation);
  const project = projectOf(spec);
  return {
    ...project,
    issuer: issuerOf(spec),
    currency: spec.currency,
    timezone: spec.timezone,
    bookings: (spec.bookings ?? []).map((source) => bookingsOf(source, spec)),
    prices_include_tax: spec.prices_include_tax ?? false,
    taxes: sortedEntries(spec.taxes).map(([tax_id, tax]) => taxOf(tax_id, tax, project.locale)),
    products: sortedEntries(spec.products).map(([id, product]) => ({
      product: id, name: product.name, unit: product.unit ?? null, price: typeof product.price === 'string' ? product.price : null,
      tax: product.tax ?? null,
    })),
    cycles: sortedEntries(spec.cycles).map(([id, cycle]) => cycleOf(id, cycle, spec, automation)),
    automation,
    max_catch_up_days: spec.automation?.limits?.max_catch_up_days ?? null,
    numbering: numberingOf(spec.numbering),
    partners: sortedEntries(spec.partners).map(([partner_id, partner]) => ({
      partner_id, name: partner.name, email: partner.email ?? null, templates: partner.templates ?? null,
    })),
    customers: customersOf(spec, automation, project.locale),
    repeat_bookings: repeatsOf(spec),
    mail: mailOf(spec),
    agreements: agreementsOf(spec),
    prices: pricesOf(spec),
    indexes: indexesOf(spec),
    exchange_rates: exchangeRatesOf(spec),
    overrides: overridesOf(spec),
    accounting: accountingOf(spec),
    privacy: spec.privacy ?? null,
    retention: { invoices: spec.retention?.invoices ?? 8, books: spec.retention?.books ?? 10 },
    notifications: (spec.notifications ?? []).map(notificationOf),
  };
}

function sortedEntries<T>(map: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function issuerOf({ issuer }: ConfigSpec): Issuer {
  return issuer;
}

function listOf<T>(value: T | readonly T[] | undefined): readonly T[] {
  return value === undefined ? [] : Array.isArray(value) ? value as readonly T[] : [value as T];
}

/** A source of bookings with what the project says of all. */
export function bookingsOf(source: BookingsSpec, spec: ConfigSpec): BookingSource {
  const columns = Object.entries(source.columns).map(([ours, theirs]) => [ours as BookingField, listOf(theirs)] as const);
  return {
    name: source.name,
    path: source.path,
    format: source.format ?? (/\.parquet$/i.test(source.path) ? 'parquet' : 'csv'),
    columns: Object.fromEntries(columns),
    status: statusOf(source),
    timezone: source.timezone ?? spec.timezone,
    date_formats: source.date_formats ?? [],
    decimal: source.decimal ?? '.',
    delimiter: source.delimiter ?? ',',
    quote: source.quote ?? '"',
    encoding: source.encoding ?? 'utf-8',
    on_reject: source.on_reject ?? 'fail',
    complete: source.complete ?? false,
    control: source.control ?? null,
    prices_include_tax: source.prices_include_tax ?? spec.prices_include_tax ?? false,
    product: source.product ?? null,
    tax: source.tax ?? null,
  };
}

/** A status column without a list of words speaks our words; ignoring it could bill what was cancelled. */
function statusOf(source: BookingsSpec): Record<string, BookingStatus> {
  if (source.columns.status === undefined) return {};
  if (source.status === undefined) return Object.fromEntries(STATUSES.map((status) => [status, status]));
  const { status } = source;
  return Object.fromEntries(STATUSES.flatMap((ours) => listOf(status[ours]).map((theirs) => [theirs, ours])));
}

function cycleOf(cycle_id: string, cycle: CycleSpec, spec: ConfigSpec, automation: Automation): Cycle {
  return {
    cycle_id,
    name: cycle.name ?? cycle_id,
    type: cycle.type,
    every: cycle.every ?? null,
    dates: cycle.dates ?? null,
    start: (cycle.start ?? cycle.dates?.[0])!,
    end: cycle.end ?? null,
    recurring_count: cycle.recurring_count ?? null,
    timing: cycle.timing ?? 'in_arrears',
    timezone: cycle.timezone ?? spec.timezone,
    enabled: cycle.enabled ?? true,
    first_period: cycle.first_period ?? 'stub',
    pause: (cycle.pause ?? []).map(({ from, until }) => ({ from, until: until ?? null })),
    assign_by: cycle.assign_by ?? null,
    automation: layAutomation(automation, cycle.automation),
  };
}

function usesOf(customer: CustomerSpec, automationFor: (cycle_id: string, customer: CustomerSpec) => Automation): CycleUse[] {
  const written = typeof customer.cycle === 'string' ? [{ use: customer.cycle }] : customer.cycle;
  return written.map(({ use, ...bounds }: { use: string; from?: string; until?: string }) => (
    { cycle_id: use, from: bounds.from ?? null, until: bounds.until ?? null, automation: automationFor(use, customer) }));
}

/**
 * Automation is laid in the order project, partner, cycle, customer, for each cycle that a customer uses. Customers with the same
 * levels share one object.
 */
function automationsOf(spec: ConfigSpec, automation: Automation): (cycle_id: string, customer: CustomerSpec) => Automation {
  const inherited = new Map<string, Automation>();
  const shared = new Map<string, Automation>();
  return (cycle_id, customer) => {
    const key = `${customer.partner ?? ''}\0${cycle_id}`;
    const partner = customer.partner === undefined ? undefined : spec.partners?.[customer.partner];
    const below = inherited.get(key)
      ?? layAutomation(layAutomation(automation, partner?.automation), spec.cycles?.[cycle_id]?.automation);
    inherited.set(key, below);
    if (customer.automation === undefined) return below;
    const own = `${key}\0${JSON.stringify(customer.automation)}`;
    const laid = shared.get(own) ?? layAutomation(below, customer.automation);
    shared.set(own, laid);
    return laid;
  };
}

function customersOf(spec: ConfigSpec, automation: Automation, locale: string): Customer[] {
  const terms = termsOf(spec.payment_terms, DEFAULT_TERMS);
  const automationFor = automationsOf(spec, automation);
  return sortedEntries(spec.customers).map(([customer_id, customer]) => {
    const cycle = usesOf(customer, automationFor);
    return {
      customer_id,
      name: customer.name,
      email: listOf(customer.email),
      address: (customer.address as Address | undefined) ?? null,
      tax_id: customer.tax_id ?? null,
      contact: customer.contact ?? null,
      cycle,
      partner_id: customer.partner ?? null,
      payment_terms: termsOf(customer.payment_terms, terms),
      purchase_order: customer.purchase_order ?? null,
      ...(customer.buyer_reference === undefined ? {} : { buyer_reference: customer.buyer_reference }),
      ...(customer.electronic_address === undefined ? {} : { electronic_address: customer.electronic_address }),
      tax: customer.tax ?? null,
      prices: plainPrices(customer.prices),
      ...customerAgreementsOf(customer, spec),
      locale: customer.locale ?? locale,
      automation: cycle.at(-1)!.automation,
    };
  });
}

function notificationOf({ name, email, webhook, secret, events, priority }: NotificationSpec): Notification {
  return {
    name, email: listOf(email), webhook: webhook ?? null, secret: secret ?? null, events: events ?? NOTICE_EVENTS,
    priority: priority ?? 'low',
  };
}

function plainPrices(prices: CustomerSpec['prices']): Record<string, string> {
  return Object.fromEntries(Object.entries(prices ?? {}).filter((each): each is [string, string] => typeof each[1] === 'string'));
}

function mailOf({ mail, issuer }: ConfigSpec): Mail | null {
  if (mail === undefined) return null;
  const { name, address } = parseMailbox(mail.from)!;
  return {
    transport: mail.transport,
    url: mail.url ?? null,
    from: { name: name === '' ? issuer.name : name, address },
    reply_to: mail.reply_to ?? null,
    bcc: listOf(mail.bcc),
    attach: mail.attach ?? ['pdf'],
    connections: mail.connections ?? DEFAULT_CONNECTIONS,
  };
}

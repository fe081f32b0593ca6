/**
 * A world for the models: `input.*` filled by the real loading from small tables, a ledger as plain tables, the draft built on real
 * DuckDB. All times are UTC and written `2026-05-01` or `2026-05-01 10:00`.
 */
import { readFileSync } from 'node:fs';
import { localDate } from '../../src/calendar/calendar.js';
import type { Calendar } from '../../src/calendar/types.js';
import { DEFAULT_AUTOMATION } from '../../src/config/defaults.js';
import type { Agreement, Automation, BookingSource, BookingStatus, Config, Customer, ExchangeRate, Override, Price, PriceIndex, Product, Tax, Timing } from '../../src/config/types.js';
import { literal } from '../../src/engine/engine.js';
import type { Engine } from '../../src/engine/engine.js';
import { createTables } from '../../src/intake/tables.js';
import { voidingsSql } from '../../src/ledger/lifecycle.js';
import { LEDGER_TABLES } from '../../src/ledger/tables.js';
import { bucketTotals, buildDraft, checkDraft } from '../../src/models/build.js';
import { loadBilled, loadChanged, loadCustomers, loadInputs, prepareModels } from '../../src/models/load.js';
import type { RunPeriod } from '../../src/models/load.js';
import { MODELS } from '../../src/models/order.js';
import { exponentOf, parseDecimal } from '../../src/values/money.js';
import type { Instant } from '../../src/values/time.js';
import { isoUtc } from '../../src/values/time.js';
import { lines } from './table.js';

export interface BookingRow {
  readonly id: string;
  readonly customer: string;
  readonly product?: string | undefined;
  readonly description?: string | undefined;
  readonly start?: string | undefined;
  readonly end: string;
  readonly quantity?: string | undefined;
  readonly price?: string | undefined;
  /** Decimal in the currency of the booking. */
  readonly amount?: string | undefined;
  readonly currency?: string | undefined;
  readonly status?: string | undefined;
  readonly source?: string | undefined;
}

export interface CustomerRow {
  readonly id: string;
  readonly name?: string;
  readonly calendar?: number;
  readonly partner?: string;
  readonly tax?: string;
  readonly prices?: Readonly<Record<string, string>>;
  readonly agreements?: readonly string[];
  readonly invoice_currency?: string;
  readonly net_days?: number;
  readonly end_of_month?: boolean;
  readonly purchase_order?: string;
  readonly late?: Automation['late_bookings'];
  readonly separate?: boolean;
  readonly limits?: Partial<Automation['limits']>;
}

/** An invoice of the ledger, as far as the models look at it. */
export interface LedgerInvoice {
  readonly invoice_id: string;
  readonly customer: string;
  readonly cycle?: string;
  readonly period: readonly [start: string, end: string];
  readonly total?: string;
  readonly currency?: string;
  readonly kind?: string;
  readonly confirmed_at?: string;
  readonly billing_date?: string;
  readonly void?: boolean;
  /** Booking ids it billed, of the source `jobs`, as they are now, or as they were before a change. */
  readonly bookings?: readonly (readonly [id: string, content: 'same' | 'changed'])[];
}

export interface LedgerEvent {
  readonly at?: string;
  readonly subject: 'batch' | 'customer';
  readonly id: string;
  readonly event: 'closed' | 'closed_until' | 'parked';
  /** Of closed_until; start of the period of parked. */
  readonly time?: string;
}

export interface World {
  readonly as_of: string;
  readonly currency?: string;
  readonly rounding?: Config['rounding'];
  readonly tax_rounding?: Config['tax_rounding'];
  readonly default_tax?: string | null;
  readonly max_catch_up_days?: number | null;
  readonly sources?: readonly { readonly name: string; readonly tax?: string; readonly quarantine?: boolean; readonly with_tax?: boolean }[];
  readonly taxes?: Readonly<Record<string, Partial<Tax>>>;
  readonly products?: Readonly<Record<string, Partial<Product>>>;
  readonly assign_by?: readonly Calendar['assign_by'][];
  readonly customers: readonly CustomerRow[];
  readonly periods: readonly RunPeriod[];
  readonly bookings: readonly BookingRow[];
  readonly invoices?: readonly LedgerInvoice[];
  readonly events?: readonly LedgerEvent[];
  readonly overrides?: readonly Override[];
  /** Beside those of products and customers, which are per unit. */
  readonly prices?: readonly Price[];
  readonly agreements?: readonly Agreement[];
  readonly indexes?: readonly PriceIndex[];
  /** Sorted by pair, then day. */
  readonly exchange_rates?: readonly ExchangeRate[];
  /** Currency in which the issuer accounts for tax. */
  readonly tax_currency?: string;
  /** Further SQL over the schema `ledger`. */
  readonly ledger?: string;
}

/** `2026-05-01` or `2026-05-01 10:00` as an instant. */
export function at(text: string): Instant {
  return Date.parse(`${text.length === 10 ? `${text} 00:00` : text}Z`.replace(' ', 'T'));
}

export const date = (instant: Instant): string => isoUtc(instant).slice(0, 10);

const DAY = 86_400_000;

/** Consecutive periods of one calendar between the given dates; the preview is made at billing, the window has three days. */
export function periods(as_of: string, boundaries: readonly string[], more: Partial<RunPeriod> & { readonly timing?: Timing } = {}): RunPeriod[] {
  return boundaries.slice(1).map((end, n) => {
    const [period_start, period_end] = [at(boundaries[n]!), at(end)];
    const billing_at = more.timing === 'in_advance' ? period_start : period_end;
    const confirm = Math.floor(billing_at / DAY) * DAY + 3 * DAY + 22 * 3_600_000;
    return {
      calendar_key: 0, use_no: 0, cycle_id: 'monthly', n, timing: 'in_arrears', timezone: 'UTC', period_start, period_end, billing_at, billing_date: date(billing_at),
      preview_at: billing_at, confirm_due_at: confirm, auto_confirm_at: confirm, send_due_at: confirm, stub: false, late_bookings: 'next_invoice', changed_bookings: 'adjust', separate_preview_per_partner: false, previewed: billing_at <= at(as_of),
      issued_on: date(billing_at), issued_on_now: date(billing_at), period_date: date(period_start), on_demand: false, due_shift: 'none',
      deadline_notice_at: null, ...more,
    };
  });
}

/** A draft that was built; ask it with SQL. */
export interface Draft {
  readonly engine: Engine;
  /** Rows of a query as `a | b` lines. */
  told(sql: string): Promise<string[]>;
  /** `bucket reason` of each booking, by id. */
  buckets(): Promise<Record<string, string>>;
  /** Findings as `CODE severity message`. */
  findings(): Promise<string[]>;
}

/** Builds the draft of a world in an engine that may be used again for another. */
export async function draftOf(engine: Engine, world: World): Promise<Draft> {
  await engine.run('DROP SCHEMA IF EXISTS draft CASCADE');
  await writeLedger(engine, world);
  if (world.ledger !== undefined) await engine.run(world.ledger);
  await prepareModels(engine);
  await loadBilled(engine);
  await createTables(engine);
  await engine.run("INSERT INTO input.files VALUES (1, 'jobs', 'data/jobs.csv', 0, 0)");
  await writeBookings(engine, world);
  await engine.run(`UPDATE input.billed AS l SET content_hi = b.content_hi, content_lo = b.content_lo
    FROM input.bookings AS b WHERE b.source = l.source AND b.booking_id = l.booking_id AND l.content_hi = 1 AND l.content_lo = 1`);
  for (const [id] of (world.invoices ?? []).flatMap((i) => i.bookings ?? []).filter(([, content]) => content === 'same')) {
    await engine.run(`UPDATE input.billed AS l SET content_hi = b.content_hi, content_lo = b.content_lo
      FROM input.bookings AS b WHERE b.source = l.source AND b.booking_id = l.booking_id AND l.booking_id = ${literal(id)}`);
  }
  const config = configOf(world);
  await loadChanged(engine, config);
  const { calendars, keys, periods: shared } = sharedCalendars(world);
  const ordered = [...shared].sort((a, b) => a.billing_at - b.billing_at || a.calendar_key - b.calendar_key || a.period_start - b.period_start);
  await loadCustomers(engine, config, calendars, (i) => keys[i]!);
  await loadInputs(engine, { config, as_of: at(world.as_of), calendars, calendarKeyOf: (i) => keys[i]!, periods: ordered, days_off: [] });
  await buildDraft(engine);
  return {
    engine,
    told: async (sql) => lines(await engine.rows(sql)),
    buckets: async () => {
      const rows = await engine.rows<{ booking_id: string; bucket: string; reason: string | null }>('SELECT booking_id, bucket, reason FROM draft.bookings ORDER BY record');
      return Object.fromEntries(rows.map((row) => [row.booking_id, `${row.bucket}${row.reason === null ? '' : ` ${row.reason}`}`]));
    },
    findings: async () => (await checkDraft(engine, async (rows) => rows.map(() => ({ file: 'bookings' })))).map((d) => `${d.code} ${d.severity} ${d.message}`),
  };
}

/** Builds the same draft again as it is built where bookings are many. */
export async function buildAsMany(engine: Engine): Promise<void> {
  await engine.run('DROP SCHEMA draft CASCADE; CREATE SCHEMA draft');
  await buildDraft(engine, { many: true });
}

/** Customers of one calendar with the same automation share one, as the real calendar groups them. */
function sharedCalendars(world: World): { calendars: Calendar[]; keys: number[]; periods: RunPeriod[] } {
  const known = new Map<string, number>();
  const calendars: Calendar[] = [];
  const all: RunPeriod[] = [];
  const keys = sortedCustomers(world).map((c) => {
    const [late_bookings, separate_preview_per_partner] = [c.late ?? 'next_invoice', c.separate ?? false];
    const text = JSON.stringify([c.calendar ?? 0, late_bookings, separate_preview_per_partner]);
    if (!known.has(text)) {
      const calendar_key = known.size;
      known.set(text, calendar_key);
      const own = world.periods.filter((p) => p.calendar_key === (c.calendar ?? 0));
      const timezone = own[0]?.timezone ?? 'UTC';
      const start = localDate(Math.min(...own.map((p) => p.period_start)), timezone);
      // Of the cycle only its beginning and length count: the periods are given.
      const cycle = { cycle_id: 'monthly', type: 'monthly', start, timezone, timing: own[0]?.timing, end: null, recurring_count: null, every: null, dates: null, enabled: false };
      const uses = [{ cycle, use: { cycle_id: 'monthly', from: null, until: null }, automation: DEFAULT_AUTOMATION }] as unknown as Calendar['uses'];
      calendars.push({ calendar_key, uses, business_calendar: null, assign_by: (world.assign_by ?? ['ends_at'])[c.calendar ?? 0] } as Calendar);
      all.push(...world.periods.filter((p) => p.calendar_key === (c.calendar ?? 0)).map((p) => ({ ...p, calendar_key, late_bookings, separate_preview_per_partner })));
    }
    return known.get(text)!;
  });
  return { calendars, keys, periods: all };
}

/** What holds for every draft whatever: grains are keys, completeness adds up, sums agree, no check of ours finds anything. */
export async function provenDraft(draft: Draft): Promise<string[]> {
  const { engine } = draft;
  const wrong: string[] = [];
  for (const { name } of MODELS) {
    const grain = grainOf(name);
    const { twice } = await engine.row<{ twice: bigint }>(`SELECT count(*) AS twice FROM (SELECT ${grain} FROM draft.${name} GROUP BY ${grain} HAVING count(*) > 1)`);
    if (twice > 0n) wrong.push(`${name} has ${twice} keys twice (${grain})`);
  }
  const { read } = await engine.row<{ read: bigint }>('SELECT count(*) AS read FROM input.bookings');
  const buckets = (await bucketTotals(engine)).reduce((sum, row) => sum + row.bookings, 0n);
  if (read !== buckets) wrong.push(`${read} bookings read, ${buckets} in buckets`);
  const sums = await engine.rows<{ invoice_id: string }>(`
    SELECT i.invoice_id FROM draft.invoices AS i
    LEFT JOIN (SELECT invoice_id, count(*) AS lines, sum(amount_minor) AS net, count(*) FILTER (WHERE late) AS late FROM draft.invoice_lines GROUP BY invoice_id) AS l
      ON l.invoice_id = i.invoice_id
    LEFT JOIN (SELECT invoice_id, sum(net_minor) AS net, sum(tax_minor) AS tax FROM draft.invoice_taxes GROUP BY invoice_id) AS t ON t.invoice_id = i.invoice_id
    WHERE l.lines IS DISTINCT FROM i.lines OR l.net IS DISTINCT FROM i.net_minor OR t.net IS DISTINCT FROM i.net_minor OR t.tax IS DISTINCT FROM i.tax_minor
      OR i.total_minor <> i.net_minor + i.tax_minor OR l.late IS DISTINCT FROM i.late OR l.lines = 0`);
  wrong.push(...sums.map((row) => `sums of ${row.invoice_id} differ`));
  wrong.push(...(await draft.findings()).filter((finding) => finding.startsWith('BOOKINGS_UNACCOUNTED')));
  return wrong;
}

/** The columns that a model's second comment line names as its grain. */
function grainOf(name: string): string {
  const text = readFileSync(new URL(`../../src/models/sql/${name}.sql`, import.meta.url), 'utf8');
  const declared = /^-- grain: (.*)$/m.exec(text)![1]!;
  const words = declared.replace(/\(.*\)/, '').replace(/, numbered .*/, '').replace(', and for billed ones', ',');
  return words.split(',').map((word) => word.trim()).map((word) => (word === 'invoice_id' && name === 'totals' ? 'customer_key, period_key, apart' : word)).join(', ');
}

function sortedCustomers(world: World): CustomerRow[] {
  return [...world.customers].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function configOf(world: World): Config {
  const customers = sortedCustomers(world).map((c): Partial<Customer> => ({
    customer_id: c.id, name: c.name ?? c.id, partner_id: c.partner ?? null, tax: c.tax ?? null, prices: c.prices ?? {}, agreements: c.agreements ?? [], invoice_currency: c.invoice_currency ?? null,
    payment_terms: { net_days: c.net_days ?? 14, end_of_month: c.end_of_month ?? false }, purchase_order: c.purchase_order ?? null, locale: 'en-GB',
    automation: {
      ...DEFAULT_AUTOMATION, limits: { ...DEFAULT_AUTOMATION.limits, ...c.limits },
    },
  })).map((c) => ({ ...c, cycle: [{ cycle_id: 'monthly', from: null, until: null, automation: c.automation! }] }));
  const sources = (world.sources ?? [{ name: 'jobs' }]).map((s: { name: string; tax?: string; quarantine?: boolean; with_tax?: boolean }): Partial<BookingSource> => ({
    name: s.name, tax: s.tax ?? null, on_reject: s.quarantine === true ? 'quarantine' : 'fail', prices_include_tax: s.with_tax ?? false, complete: false,
  }));
  const taxes = Object.entries(world.taxes ?? { standard: {} })
    .map(([tax_id, tax]): Tax => ({ tax_id, name: tax_id, rate: '19', category: 'S', note: null, ...tax }));
  const products = Object.entries(world.products ?? {}).map(([product, p]): Product => ({ product, name: product, unit: null, price: null, tax: null, ...p }));
  const config: Partial<Config> = {
    currency: world.currency ?? 'EUR', rounding: world.rounding ?? 'half_away', tax_rounding: world.tax_rounding ?? 'invoice',
    overrides: world.overrides ?? [], repeat_bookings: [], default_tax: world.default_tax === undefined ? 'standard' : world.default_tax, max_catch_up_days: world.max_catch_up_days ?? null,
    prices_include_tax: false, prices: [...customers.flatMap((c) => ownPrices(c, world)), ...world.prices ?? []], agreements: world.agreements ?? [], indexes: world.indexes ?? [], exchange_rates: world.exchange_rates ?? [],
    issuer: { ...(world.tax_currency === undefined ? {} : { tax_currency: world.tax_currency }) } as Config['issuer'],
    bookings: sources as BookingSource[], taxes, products, partners: [], customers: customers as Customer[],
  };
  return config as Config;
}

/** Prices per unit of a customer, for all days. */
function ownPrices({ customer_id, prices = {} }: Partial<Customer>, { currency = 'EUR' }: World): Price[] {
  return Object.entries(prices).map(([product, unit_price]) => ({
    scope: 'customer', owner: customer_id!, product, from: null, until: null, currency, prices_include_tax: false, model: 'per_unit', mode: 'graduated',
    tiers: [{ up_to: null, unit_price, package_size: null, percent: '0', flat_fee: '0' }], metric: null, per: { unit: 'period' }, included: '0', minimum: null,
    maximum: null, per_booking: null, needs_usage: false, path: ['customers', customer_id!, 'prices', product],
  }));
}

const text = (value: string | undefined): string => (value === undefined ? 'NULL' : literal(value));
const time = (value: string): string => `TIMESTAMP ${literal(value)}`;

function micro(value: string | undefined): string {
  return value === undefined ? 'NULL' : String(parseDecimal(value)!);
}

async function writeBookings(engine: Engine, world: World): Promise<void> {
  const rows = world.bookings.map((b, record) => {
    const currency = b.currency ?? world.currency ?? 'EUR';
    const status: BookingStatus = (b.status ?? 'billable') as BookingStatus;
    return `(1, ${record}, ${literal(b.source ?? 'jobs')}, ${literal(b.id)}, ${literal(b.customer)}, ${text(b.product)}, ${text(b.description)}, ${time(b.start ?? b.end)},
      ${time(b.end)}, ${micro(b.quantity ?? '1')}, ${micro(b.price)}, ${b.amount === undefined ? 'NULL' : parseDecimal(b.amount, exponentOf(currency))!.toString()},
      ${literal(currency)}, ${literal(status)})`;
  });
  for (let i = 0; i < rows.length; i += 1000) await engine.run(`INSERT INTO input.staged VALUES ${rows.slice(i, i + 1000).join(', ')}`);
}

async function writeLedger(engine: Engine, world: World): Promise<void> {
  await engine.run('DROP SCHEMA IF EXISTS ledger CASCADE; CREATE SCHEMA ledger');
  for (const [name, columns] of Object.entries(LEDGER_TABLES)) {
    await engine.run(`CREATE TABLE ledger.${name} (${Object.entries(columns).map(([column, type]) => `"${column}" ${type}`).join(', ')}, serial BIGINT)`);
  }
  await engine.run(`CREATE TABLE ledger.invoice_status (invoice_id VARCHAR, status VARCHAR, voided_at TIMESTAMP);
    CREATE VIEW ledger.voidings AS ${voidingsSql('ledger.events')};
    CREATE TABLE ledger.billed (source VARCHAR, booking_id VARCHAR, state VARCHAR, content_hi UBIGINT, content_lo UBIGINT, invoice_id VARCHAR, line_no BIGINT)`);
  for (const [serial, i] of (world.invoices ?? []).entries()) {
    const currency = i.currency ?? world.currency ?? 'EUR';
    await engine.run(`INSERT INTO ledger.invoices (invoice_id, number, kind, customer_id, cycle_id, period_start, period_end, billing_date, currency, total_minor,
        confirmed_at, series, seq, serial)
      VALUES (${literal(i.invoice_id)}, ${literal(`INV-${serial + 1}`)}, ${literal(i.kind ?? 'invoice')}, ${literal(i.customer)}, ${literal(i.cycle ?? 'monthly')},
        ${time(i.period[0])}, ${time(i.period[1])}, DATE ${literal((i.billing_date ?? i.period[1]).slice(0, 10))}, ${literal(currency)},
        ${parseDecimal(i.total ?? '100', exponentOf(currency))!}, ${time(i.confirmed_at ?? i.period[1])}, 'invoice', ${serial + 1}, ${serial + 1});
      INSERT INTO ledger.invoice_status VALUES (${literal(i.invoice_id)}, '${i.void === true ? 'void' : 'processed'}', ${i.void === true ? time(world.as_of) : 'NULL'})`);
    if (i.void === true) {
      await engine.run(`INSERT INTO ledger.events VALUES (${time(world.as_of)}, 'invoice', ${literal(i.invoice_id)}, 'voided', '{}', ${serial + 1})`);
      continue;
    }
    for (const [id] of i.bookings ?? []) await engine.run(`INSERT INTO ledger.billed VALUES ('jobs', ${literal(id)}, 'billed', 0, 0, ${literal(i.invoice_id)}, 1)`);
  }
  for (const e of world.events ?? []) {
    const when = e.time === undefined ? '' : (e.time.length === 10 ? `${e.time} 00:00:00` : `${e.time}:00`);
    const ofCustomer = world.customers.find((c) => c.id === e.id)?.calendar ?? 0;
    const cycle_id = world.periods.find((p) => p.calendar_key === ofCustomer)?.cycle_id;
    const detail = e.event === 'parked' ? { cycle_id, period_start: when } : e.event === 'closed_until' ? { by: 'auto', until: when } : { by: 'manual' };
    await engine.run(`INSERT INTO ledger.events VALUES (${time(e.at ?? world.as_of)}, ${literal(e.subject)}, ${literal(e.id)}, ${literal(e.event)},
      ${literal(JSON.stringify(detail))}, 1)`);
  }
}

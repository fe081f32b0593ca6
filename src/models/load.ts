/**
 * Fills `input.*`: what a run is given. Customers, prices and taxes come from the configuration, periods from the calendar,
 * what was billed before from the ledger. Bookings are staged by `intake/` before.
 */
import type { DuckDBAppender } from '@duckdb/node-api';
import type { DayOff } from '../calendar/business.js';
import type { Calendar } from '../calendar/types.js';
import type { Automation, Config, Customer } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { billedOfSql } from '../ledger/billed.js';
import type { AskedBookings } from '../ledger/billed.js';
import { canonicalJson, sha256 } from '../values/digest.js';
import { currencies, microPerMinor } from '../values/money.js';
import { sqlTimestamp, timestampLiteral } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { derive } from './derive.js';
import { adjustingLists, loadAgreements } from './load-agreements.js';
import { loadCharges } from './load-charges.js';
import { loadExchange } from './load-exchange.js';
import { loadPrices } from './load-prices.js';
import { loadDiscounts } from './load-discounts.js';
import { loadCarriedTaxes, loadTaxes } from './load-taxes.js';
import { CHANGED_INPUTS, LEDGER_INPUTS } from './order.js';
import { insert, micro } from './rows.js';
import type { RunPeriod } from './run-period.js';
import { sqlFile } from './sql.js';

export type { RunPeriod } from './run-period.js';

const CUSTOMERS = `
  CREATE OR REPLACE TABLE input.customers (
    customer_key INTEGER, customer_id VARCHAR, name VARCHAR, calendar_key INTEGER, assign_by_start BOOLEAN, partner_id VARCHAR,
    tax_id VARCHAR, net_days INTEGER, end_of_month BOOLEAN, purchase_order VARCHAR, locale VARCHAR, shown VARCHAR,
    skip_zero BOOLEAN, carry_over BOOLEAN, early_percent_micro BIGINT, early_days INTEGER, list_key INTEGER);
  CREATE OR REPLACE TABLE input.customer_limits (
    customer_key INTEGER, use_no INTEGER, max_total_micro HUGEINT, max_change_percent BIGINT, max_lines BIGINT);`;

const TABLES = `
  CREATE OR REPLACE TABLE input.run (
    as_of TIMESTAMP, oldest_due TIMESTAMP, currency VARCHAR, default_tax_id VARCHAR, half_even BOOLEAN, tax_per_line BOOLEAN,
    prices_with_tax BOOLEAN, in_sums BOOLEAN, tax_currency VARCHAR);
  CREATE OR REPLACE TABLE input.sources (source VARCHAR, tax_id VARCHAR, quarantine BOOLEAN, with_tax BOOLEAN);
  CREATE OR REPLACE TABLE input.currencies (currency VARCHAR, exponent TINYINT, price_divisor BIGINT, micro_per_minor BIGINT);
  CREATE OR REPLACE TABLE input.products (
    product VARCHAR, name VARCHAR, unit VARCHAR, price_micro BIGINT, tax_id VARCHAR, with_tax BOOLEAN);
  CREATE OR REPLACE TABLE input.periods (
    period_key INTEGER, calendar_key INTEGER, use_no INTEGER, cycle_id VARCHAR, n INTEGER, timing VARCHAR, timezone VARCHAR,
    period_start TIMESTAMP, period_end TIMESTAMP, period_date DATE, billing_at TIMESTAMP, billing_date DATE,
    preview_at TIMESTAMP, confirm_due_at TIMESTAMP, auto_confirm_at TIMESTAMP, deadline_notice_at TIMESTAMP, send_due_at TIMESTAMP,
    issued_on DATE, issued_on_now DATE, previewed BOOLEAN, on_demand BOOLEAN, late_bookings VARCHAR, changed_bookings VARCHAR,
    separate_per_partner BOOLEAN,
    due_shift VARCHAR, zone_key INTEGER);
  CREATE OR REPLACE TABLE input.days_off (day DATE, following DATE, preceding DATE);
  CREATE OR REPLACE TABLE input.overrides (
    override_no INTEGER, customer_key INTEGER, batch_id VARCHAR, period_date DATE, hold BOOLEAN, skip BOOLEAN, release BOOLEAN,
    reason VARCHAR, purchase_order VARCHAR, note VARCHAR);
  CREATE OR REPLACE TABLE input.manual_lines (
    charge_id VARCHAR, override_no INTEGER, customer_key INTEGER, batch_id VARCHAR, period_date DATE, currency VARCHAR, product VARCHAR,
    description VARCHAR, quantity_micro BIGINT, unit_price_micro BIGINT, tax_id VARCHAR);`;

/** Makes the schemas and macros; done first. */
export async function prepareModels(engine: Engine): Promise<void> {
  await engine.run('CREATE SCHEMA IF NOT EXISTS input; CREATE SCHEMA IF NOT EXISTS draft;');
  await engine.run(sqlFile('prelude.duckdb.sql'));
}

/**
 * Keeps in `input.billed` what is billed of some bookings, or of all; needs `ledger.*` attached. What is staged has to be among them, and
 * all of a source of which it matters what is missing. The calendar's window depends on it. `any` false: nothing was ever billed.
 */
export async function loadBilled(engine: Engine, asked: AskedBookings | null = null, any = true): Promise<void> {
  const known = asked === null ? 'SELECT * FROM ledger.billed' : await billedOfSql(engine, asked);
  await engine.run(`CREATE OR REPLACE VIEW ledger.asked AS ${known}`);
  await derive(engine, 'input', [{ name: 'billed', ...(any ? {} : { unless_empty: [] }) }]);
}

/**
 * Finds the bookings that are not any more what was billed. Needs the staged bookings; comes before anything asks how far they reach.
 * Gives the complete sources whose files have no row although something of them is billed: nothing of them counts as missing.
 */
export async function loadChanged(engine: Engine, config: Pick<Config, 'bookings'>): Promise<string[]> {
  const complete = config.bookings.filter((source) => source.complete).map(({ name }) => name);
  await engine.run('CREATE OR REPLACE TABLE input.complete_sources (source VARCHAR)');
  await insert(engine, 'complete_sources', complete.map((name) => [name]));
  await derive(engine, 'input', CHANGED_INPUTS);
  if (complete.length === 0) return [];
  const empty = await engine.rows<{ source: string }>(`
    SELECT f.source FROM input.files AS f JOIN input.complete_sources AS s ON s.source = f.source
    WHERE f.source IN (SELECT b.source FROM input.billed AS b WHERE NOT b.credited AND b.invoice_id IS NOT NULL)
    GROUP BY f.source HAVING sum(f.rows) = 0 ORDER BY f.source`);
  return empty.map(({ source }) => source);
}

/**
 * First and last service instant among bookings that still may be billed, or corrected, or null if there are none. Needs input.bookings,
 * input.billed and input.changed.
 */
export async function unbilledSpan(engine: Engine): Promise<{ from: Instant; until: Instant } | null> {
  const { billed } = await engine.row<{ billed: bigint }>('SELECT count(*) AS billed FROM input.billed');
  // Asked of an empty ledger the anti-join would still hash every booking.
  const unbilled = billed === 0n
    ? '' : `AND NOT EXISTS (
      SELECT 1 FROM input.billed AS l WHERE l.source = b.source AND l.booking_id = b.booking_id AND l.invoice_id IS NOT NULL)`;
  const span = await engine.row<{ first: bigint | null; last: bigint | null }>(`
    SELECT epoch_ms(min(u.first)) AS first, epoch_ms(max(u.last)) AS last
    FROM (
      SELECT min(least(b.starts_at, b.ends_at)) AS first, max(greatest(b.starts_at, b.ends_at)) AS last
      FROM input.staged AS b WHERE b.status IN ('billable', 'scheduled') ${unbilled}
      UNION ALL
      SELECT min(least(b.starts_at, b.ends_at)), max(greatest(b.starts_at, b.ends_at))
      FROM input.changed AS c JOIN input.staged AS b ON b.file_key = c.file_key AND b.record = c.record WHERE NOT c.gone
      UNION ALL
      SELECT min(least(c.period_start, c.service_start, c.service_end)), max(c.period_start) FROM input.changed AS c) AS u`);
  return span.first === null || span.last === null ? null : { from: Number(span.first), until: Number(span.last) };
}

/** Loads configuration and periods, then derives what the ledger says about them. Customers are loaded before. */
export async function loadInputs(
  engine: Engine,
  given: {
    config: Config; as_of: Instant; calendars: readonly Calendar[]; calendarKeyOf: (index: number) => number;
    periods: readonly RunPeriod[]; days_off: readonly DayOff[];
  },
): Promise<void> {
  const { config } = given;
  const days = config.max_catch_up_days;
  const oldest = days === null ? 'NULL' : timestampLiteral(given.as_of - days * 86_400_000);
  await engine.run(TABLES);
  await engine.run(`INSERT INTO input.run VALUES (
    ${timestampLiteral(given.as_of)}, ${oldest}, ${literal(config.currency)}, ${textOrNull(config.default_tax)},
    ${config.rounding === 'half_even'}, ${config.tax_rounding === 'line'}, ${config.prices_include_tax}, FALSE,
    ${textOrNull(config.issuer.tax_currency ?? null)})`);
  await loadCatalogue(engine, config);
  const zones = [...new Set(given.periods.map((period) => period.timezone))].sort();
  const declared = await loadTaxes(engine, config, zones);
  await loadExchange(engine, config, zones);
  await loadPeriods(engine, given.periods, zones, given.days_off);
  await loadOverrides(engine, config);
  await loadAgreements(engine, config);
  await loadDiscounts(engine, { ...given, zones });
  await loadPrices(engine, { ...given, zones });
  const filled = await derive(engine, 'input', LEDGER_INPUTS);
  // What is taken up again has the rate it had, whether the configuration knows it any more or not.
  const takesUp = filled.has('input.carried') || filled.has('input.deposit_balances') || (await engine.filled(['input.changed'])).size > 0;
  if (takesUp) await loadCarriedTaxes(engine, declared);
  await loadCharges(engine, { ...given, zones });
}

async function loadCatalogue(engine: Engine, config: Config): Promise<void> {
  await engine.append('input', 'sources', config.bookings, (a, s) => {
    a.appendVarchar(s.name);
    orNull(a, s.tax, (v) => { a.appendVarchar(v); });
    a.appendBoolean(s.on_reject === 'quarantine');
    a.appendBoolean(s.prices_include_tax ?? false);
  });
  await engine.append('input', 'sources', config.repeat_bookings, (a, repeat) => {
    a.appendVarchar(repeat.source);
    orNull(a, repeat.tax, (v) => { a.appendVarchar(v); });
    a.appendBoolean(false);
    a.appendBoolean(config.prices_include_tax);
  });
  await engine.append('input', 'currencies', currencies(), (a, c) => {
    a.appendVarchar(c.currency);
    a.appendTinyInt(c.exponent);
    a.appendBigInt(10n ** BigInt(12 - c.exponent));
    a.appendBigInt(microPerMinor(c.exponent));
  });
  const withTax = pricesWithTax(config);
  await engine.append('input', 'products', config.products, (a, p) => {
    for (const text of [p.product, p.name]) a.appendVarchar(text);
    orNull(a, p.unit, (v) => { a.appendVarchar(v); });
    orNull(a, p.price, (v) => { a.appendBigInt(micro(v)); });
    orNull(a, p.tax, (v) => { a.appendVarchar(v); });
    a.appendBoolean(withTax.has(`product ${p.product}`));
  });
}

/** `<scope> <owner>` of those whose prices include tax. */
function pricesWithTax(config: Config): ReadonlySet<string> {
  return new Set(config.prices.filter((price) => price.prices_include_tax).map((price) => `${price.scope} ${price.owner}`));
}

/** What an invoice shows of both parties besides its own columns; part of the digest, so that nothing is confirmed unseen. */
function shownOf(config: Config, customer: Customer, issuer: string): string {
  const { address, tax_id, contact, email, partner_id } = customer;
  const partner = partner_id === null ? null : config.partners.find((each) => each.partner_id === partner_id);
  const { buyer_reference, electronic_address } = customer;
  // Only where there is something: what nobody changed keeps its digest.
  const electronic = buyer_reference === undefined && electronic_address === undefined ? [] : [[buyer_reference, electronic_address]];
  return canonicalJson([issuer, address, tax_id, contact, email, partner?.name, partner?.email, ...electronic]);
}

/** What `input.customers.shown` says of the customer and the partner, by the names that people read. */
export function buyerShown(
  shown: string,
): Readonly<Record<'address' | 'contact' | 'email' | 'partner' | 'tax_number' | 'electronic_address', unknown>> {
  const [, address, tax_number, contact, email, partner, , electronic_address] = JSON.parse(shown) as unknown[];
  return { address, contact, email, partner, tax_number, electronic_address: electronic_address ?? null };
}

/** Fills the tables of the customers; depends on nothing but the configuration. */
export async function loadCustomers(
  engine: Engine, config: Config, calendars: readonly Calendar[], calendarKeyOf: (index: number) => number,
): Promise<void> {
  await engine.run(CUSTOMERS);
  const issuer = sha256(canonicalJson([config.issuer]));
  const { listOf } = adjustingLists(config);
  const indexed = config.customers.map((customer, index) => ({ customer, index }));
  await engine.append('input', 'customers', indexed, (a, { customer: c, index }) => {
    const calendar = calendarKeyOf(index);
    a.appendInteger(index);
    for (const text of [c.customer_id, c.name]) a.appendVarchar(text);
    a.appendInteger(calendar);
    a.appendBoolean(calendars[calendar]?.assign_by === 'starts_at');
    orNull(a, c.partner_id, (v) => { a.appendVarchar(v); });
    orNull(a, c.tax, (v) => { a.appendVarchar(v); });
    a.appendInteger(c.payment_terms.net_days);
    a.appendBoolean(c.payment_terms.end_of_month);
    orNull(a, c.purchase_order, (v) => { a.appendVarchar(v); });
    a.appendVarchar(c.locale);
    a.appendVarchar(shownOf(config, c, issuer));
    a.appendBoolean(c.zero_invoices === 'skip');
    a.appendBoolean(c.negative_total === 'carry_over');
    const early = c.payment_terms.discount ?? null;
    orNull(a, early, (v) => { a.appendBigInt(micro(v.percent)); });
    orNull(a, early, (v) => { a.appendInteger(v.within_days); });
    orNull(a, listOf[index]!, (v) => { a.appendInteger(v); });
  });
  const uses = indexed.flatMap(({ customer, index }) => customer.cycle
    .map((use, use_no) => ({ index, use_no, limits: use.automation.limits })));
  await engine.append('input', 'customer_limits', uses, (a, use) => {
    a.appendInteger(use.index);
    a.appendInteger(use.use_no);
    appendLimits(a, use.limits);
  });
}

function appendLimits(a: DuckDBAppender, limits: Automation['limits']): void {
  orNull(a, limits.max_invoice_total, (v) => { a.appendHugeInt(micro(v)); });
  orNull(a, limits.max_change_percent, (v) => { a.appendBigInt(BigInt(v)); });
  orNull(a, limits.max_lines, (v) => { a.appendBigInt(BigInt(v)); });
}

async function loadPeriods(
  engine: Engine, periods: readonly RunPeriod[], zones: readonly string[], daysOff: readonly DayOff[],
): Promise<void> {
  const at = (instant: Instant | null): string | null => (instant === null ? null : sqlTimestamp(instant));
  await insert(engine, 'periods', periods.map((p, key) => [
    key, p.calendar_key, p.use_no, p.cycle_id, p.n, p.timing, p.timezone, at(p.period_start), at(p.period_end),
    p.period_date, at(p.billing_at), p.billing_date, at(p.preview_at), at(p.confirm_due_at), at(p.auto_confirm_at),
    at(p.deadline_notice_at), at(p.send_due_at), p.issued_on, p.issued_on_now, p.previewed, p.on_demand,
    p.late_bookings, p.changed_bookings, p.separate_preview_per_partner, p.due_shift,
    zones.indexOf(p.timezone),
  ]));
  await insert(engine, 'days_off', daysOff.map((d) => [d.day, d.following, d.preceding]));
}

async function loadOverrides(engine: Engine, config: Config): Promise<void> {
  const keys = new Map(config.customers.map((customer, index) => [customer.customer_id, index]));
  const overrides = config.overrides.map((override, no) => ({ ...override, no, customer_key: keys.get(override.customer_id ?? '') }))
    .filter(({ customer_key }) => customer_key !== undefined);
  await insert(engine, 'overrides', overrides.map((o) => [
    o.no, o.customer_key!, o.batch, o.period, o.hold, o.skip, o.release, o.reason,
    o.purchase_order, o.note,
  ]));
  await insert(engine, 'manual_lines', overrides.flatMap((o) => o.lines.map((line) => [
    line.charge_id, o.no, o.customer_key!, o.batch, o.period, line.currency,
    line.product, line.description, micro(line.quantity), micro(line.unit_price),
    line.tax,
  ])));
}

/** Marks the bookings that finance holds; needs the staged bookings, and comes before anything reads their status. */
export async function holdBookings(engine: Engine, config: Pick<Config, 'overrides'>): Promise<void> {
  const held = config.overrides.flatMap((o) => (o.booking !== null && o.hold ? [o.booking] : []));
  if (held.length === 0) return;
  const keys = held.map((b) => `(${literal(b.source)}, ${literal(b.booking_id)})`);
  await engine.run(`UPDATE input.staged SET status = 'held'
    WHERE (source, booking_id) IN (${keys.join(', ')}) AND status IN ('billable', 'scheduled')`);
}

function orNull<T>(appender: DuckDBAppender, value: T | null, append: (value: T) => void): void {
  if (value === null) appender.appendNull();
  else append(value);
}

function textOrNull(text: string | null): string {
  return text === null ? 'NULL' : literal(text);
}

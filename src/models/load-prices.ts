/**
 * Prices of usage as the models read them: who has which price from when to when, and what the measured ones measure. Dates become
 * instants here, once per price and zone or calendar; choosing and computing is for the models.
 */
import { DuckDBTimestampValue } from '@duckdb/node-api';
import type { DuckDBAppender } from '@duckdb/node-api';
import type { Calendar } from '../calendar/types.js';
import { localDate, toInstant } from '../calendar/zone.js';
import type { Config, Price, PriceTier } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { groupBy } from '../values/group.js';
import { formatMicro } from '../values/money.js';
import { addDays, dayNumber, sqlTimestamp } from '../values/time.js';
import type { Instant, LocalDate } from '../values/time.js';
import { EVER, micro } from './rows.js';
import type { RunPeriod } from './run-period.js';
import { spansOf, turnsOf, zoneOf } from './usage-spans.js';
import type { SpanReach, UsageSpan } from './usage-spans.js';

const PRICED = `currency VARCHAR, valid_from TIMESTAMP, valid_until TIMESTAMP, price_key INTEGER, measures TINYINT, price_micro BIGINT,
    with_tax BOOLEAN`;

/**
 * `customer_prices`, `agreement_prices`, `product_prices`: who has which price between which instants, the end excluded; `price_key` is
 * its place in the configuration, `measures` 0 for a price per booking, 1 for one that measures bookings, 2 for one that measures
 * amounts. A product's price per unit without dates stands in `products`. `usage_prices`: what a measured price measures; a unit of it
 * is `divisor` times a million parts; is_summable: sum and number of the bookings are all it needs. `usage_tiers`, `usage_filters`: its
 * tiers and conditions; the field other_product has the products that it counts without being their price. `usage_spans`: where units
 * are counted through, with the instants between which bookings of one begin and are assigned; `span_id` tells them from each other
 * for a customer, in all runs (customer_key: whose price it is, where it is
 * one's own). `shadowed_spans`: the days of a span that a price before it leaves over. `local_starts`: local days as instants, by the
 * UTC day of an instant.
 */
const TABLES = `
  CREATE OR REPLACE TABLE input.customer_prices (customer_key INTEGER, product VARCHAR, ${PRICED});
  CREATE OR REPLACE TABLE input.agreement_prices (customer_key INTEGER, product VARCHAR, ${PRICED}, agreement_key INTEGER);
  CREATE OR REPLACE TABLE input.product_prices (product VARCHAR, zone_key INTEGER, ${PRICED});
  CREATE OR REPLACE TABLE input.usage_prices (
    price_key INTEGER, scope VARCHAR, product VARCHAR, currency VARCHAR, with_tax BOOLEAN, metric VARCHAR, metric_column VARCHAR,
    multiplier BIGINT, divisor BIGINT, round_up BOOLEAN, included_micro BIGINT, minimum_micro BIGINT, maximum_micro BIGINT,
    volume BOOLEAN, per_booking BOOLEAN, fee_micro BIGINT, free_bookings BIGINT, least_micro BIGINT, most_micro BIGINT,
    needs_usage BOOLEAN, counts_own BOOLEAN, by_source BOOLEAN, by_description BOOLEAN, has_unit BOOLEAN,
    is_summable BOOLEAN);
  CREATE OR REPLACE TABLE input.usage_tiers (
    price_key INTEGER, tier_no INTEGER, lower_micro BIGINT, upper_micro BIGINT, price_micro BIGINT, package_micro BIGINT,
    percent_micro BIGINT, flat_micro BIGINT, words VARCHAR);
  CREATE OR REPLACE TABLE input.usage_filters (price_key INTEGER, field VARCHAR, value VARCHAR);
  CREATE OR REPLACE TABLE input.usage_spans (
    span_key INTEGER, price_key INTEGER, calendar_key INTEGER, span_id VARCHAR, starts_from TIMESTAMP, starts_until TIMESTAMP,
    assigned_from TIMESTAMP, assigned_until TIMESTAMP,
    starts_at TIMESTAMP, ends_at TIMESTAMP, days BIGINT, whole_days BIGINT, customer_key INTEGER);
  CREATE OR REPLACE TABLE input.shadowed_spans (customer_key INTEGER, span_key INTEGER, days BIGINT);
  CREATE OR REPLACE TABLE input.local_starts (
    calendar_key INTEGER, utc_day DATE, local_day VARCHAR, valid_from TIMESTAMP, valid_until TIMESTAMP);`;

const MILLION = 1_000_000n;

/** What prices are loaded from. */
export interface GivenPrices {
  readonly config: Pick<Config, 'prices' | 'products' | 'customers' | 'agreements'>;
  readonly calendars: readonly Calendar[];
  readonly calendarKeyOf: (index: number) => number;
  readonly periods: readonly RunPeriod[];
  /** The time zones of the periods in the order of their keys. */
  readonly zones: readonly string[];
}

interface Keyed { readonly price: Price; readonly price_key: number }
interface Owned extends Keyed { readonly customer_key: number; readonly agreement_key: number | null }

/** Fills them; needs the staged bookings. */
export async function loadPrices(engine: Engine, given: GivenPrices): Promise<void> {
  await engine.run(TABLES);
  const prices = given.config.prices.map((price, price_key): Keyed => ({ price, price_key }));
  const ofProducts = await loadProductPrices(engine, given, prices);
  const owned = ownedPrices(given, prices);
  await loadOwned(engine, given, owned);
  const measured = [...ofProducts, ...new Set(owned.map(({ price_key }) => prices[price_key]!))]
    .filter(({ price }) => price.metric !== null).sort((a, b) => a.price_key - b.price_key);
  if (measured.length === 0) return;
  await loadMeasured(engine, measured);
  await loadSpans(engine, given, measured, owned);
}

/** Those of products that are more than a price per unit for all days. */
async function loadProductPrices(engine: Engine, { config, zones }: GivenPrices, prices: readonly Keyed[]): Promise<Keyed[]> {
  const plain = new Set(config.products.flatMap(({ product, price }) => (price === null ? [] : [product])));
  const own = prices.filter(({ price }) => price.scope === 'product' && !plain.has(price.product));
  const rows = own.flatMap((each) => (zones.length === 0 ? ['UTC'] : zones).map((zone, zone_key) => ({ ...each, zone, zone_key })));
  await engine.append('input', 'product_prices', rows, (a, { price, price_key, zone, zone_key }) => {
    a.appendVarchar(price.product);
    a.appendInteger(zone_key);
    appendPriced(a, price, price_key, () => zone);
  });
  return own;
}

/** Prices of customers and of the agreements that they list. */
function ownedPrices({ config }: GivenPrices, prices: readonly Keyed[]): Owned[] {
  const byOwner = groupBy(prices, ({ price }) => `${price.scope} ${price.owner}`);
  const keys = new Map((config.agreements ?? []).map(({ agreement_id }, key) => [agreement_id, key]));
  return config.customers.flatMap(({ customer_id, agreements = [] }, customer_key) => [
    ...(byOwner.get(`customer ${customer_id}`) ?? []).map((each) => ({ ...each, customer_key, agreement_key: null })),
    ...agreements.flatMap((id) => (byOwner.get(`agreement ${id}`) ?? [])
      .map((each) => ({ ...each, customer_key, agreement_key: keys.get(id)! }))),
  ]);
}

async function loadOwned(engine: Engine, { calendars, calendarKeyOf, zones }: GivenPrices, owned: readonly Owned[]): Promise<void> {
  const zonesOf = calendars.map((calendar) => zoneOf(calendar, zones[0] ?? 'UTC'));
  const append = (a: DuckDBAppender, { price, price_key, customer_key }: Owned): void => {
    a.appendInteger(customer_key);
    a.appendVarchar(price.product);
    appendPriced(a, price, price_key, zonesOf[calendarKeyOf(customer_key)] ?? (() => zones[0] ?? 'UTC'));
  };
  await engine.append('input', 'customer_prices', owned.filter(({ agreement_key }) => agreement_key === null), append);
  await engine.append('input', 'agreement_prices', owned.filter(({ agreement_key }) => agreement_key !== null), (a, each) => {
    append(a, each);
    a.appendInteger(each.agreement_key!);
  });
}

function appendPriced(a: DuckDBAppender, price: Price, price_key: number, zoneAt: (day: LocalDate) => string): void {
  a.appendVarchar(price.currency);
  const next = price.until === null ? null : addDays(price.until, 1);
  appendInstant(a, price.from === null ? EVER[0] : toInstant(price.from, zoneAt(price.from)));
  appendInstant(a, next === null ? EVER[1] : toInstant(next, zoneAt(next)));
  a.appendInteger(price_key);
  a.appendTinyInt(price.metric === null ? 0 : price.metric.column === 'amount' ? 2 : 1);
  appendMicro(a, price.metric === null ? price.tiers[0]!.unit_price : null);
  a.appendBoolean(price.prices_include_tax);
}

function appendInstant(a: DuckDBAppender, instant: Instant): void {
  a.appendTimestamp(new DuckDBTimestampValue(BigInt(instant) * 1000n));
}

function appendMicro(a: DuckDBAppender, decimal: string | null): void {
  if (decimal === null) a.appendNull();
  else a.appendBigInt(micro(decimal));
}

async function loadMeasured(engine: Engine, measured: readonly Keyed[]): Promise<void> {
  const others = measured.some(({ price }) => price.metric!.where.product.some((product) => product !== price.product));
  await engine.append('input', 'usage_prices', measured, (a, { price, price_key }) => {
    appendUsagePrice(a, price, price_key);
    a.appendBoolean(!others && isSummable(price));
  });
  const tiers = measured.flatMap(({ price, price_key }) => price.tiers.map((tier, index) => ({
    price_key, tier, tier_no: index + 1, lower: price.tiers[index - 1]?.up_to ?? '0', words: wordsOf(price, tier, index),
  })));
  await engine.append('input', 'usage_tiers', tiers, (a, { price_key, tier, tier_no, lower, words }) => {
    a.appendInteger(price_key);
    a.appendInteger(tier_no);
    for (const value of [lower, tier.up_to, tier.unit_price, tier.package_size, tier.percent, tier.flat_fee]) appendMicro(a, value);
    a.appendVarchar(words);
  });
  const filters = measured.flatMap(({ price, price_key }) => {
    const { where } = price.metric!;
    const others = where.product.filter((product) => product !== price.product).map((value) => ['other_product', value] as const);
    const more = (['source', 'description'] as const).flatMap((field) => where[field].map((value) => [field, value] as const));
    return [...others, ...more].map(([field, value]) => ({ price_key, field, value }));
  });
  await engine.append('input', 'usage_filters', filters, (a, { price_key, field, value }) => {
    a.appendInteger(price_key);
    a.appendVarchar(field);
    a.appendVarchar(value);
  });
}

function appendUsagePrice(a: DuckDBAppender, price: Price, price_key: number): void {
  const metric = price.metric!;
  const by = micro(metric.divide_by);
  const common = gcd(by, MILLION);
  a.appendInteger(price_key);
  for (const text of [price.scope, price.product, price.currency]) a.appendVarchar(text);
  a.appendBoolean(price.prices_include_tax);
  a.appendVarchar(metric.of);
  a.appendVarchar(metric.column ?? 'quantity');
  a.appendBigInt(MILLION / common);
  a.appendBigInt(by / common);
  a.appendBoolean(metric.round_up);
  for (const value of [price.included, price.minimum, price.maximum]) appendMicro(a, value);
  a.appendBoolean(price.mode === 'volume');
  const single = price.per_booking;
  a.appendBoolean(single !== null);
  appendMicro(a, single?.fee ?? '0');
  if (single?.included == null) a.appendNull();
  else a.appendBigInt(BigInt(single.included));
  for (const value of [single?.minimum ?? null, single?.maximum ?? null]) appendMicro(a, value);
  // A price of the catalogue binds those who use it; what is agreed holds without usage, too.
  a.appendBoolean(price.needs_usage || price.scope === 'product');
  a.appendBoolean(metric.where.product.includes(price.product));
  a.appendBoolean(metric.where.source.length > 0);
  a.appendBoolean(metric.where.description.length > 0);
  a.appendBoolean(metric.column === 'quantity' && metric.divide_by === '1');
}

/** Whether the sum and the number of a span's bookings are all that the price needs. */
function isSummable({ metric, per_booking, product }: Price): boolean {
  const { of, where } = metric!;
  return (of === 'sum' || of === 'count') && per_booking === null && where.product.includes(product)
    && where.source.length === 0 && where.description.length === 0;
}

function gcd(a: bigint, b: bigint): bigint {
  return b === 0n ? a : gcd(b, a % b);
}

/** What tells a tier on the document, in signs that need no translation: `≤ 10`, `10 – 20`, `> 20`, `1.3 %`, `/ 1000`. */
function wordsOf({ tiers, model }: Price, tier: PriceTier, index: number): string {
  const lower = tiers[index - 1]?.up_to ?? null;
  const range = tier.up_to === null ? (lower === null ? '' : `> ${plain(lower)}`)
    : lower === null ? `≤ ${plain(tier.up_to)}` : `${plain(lower)} – ${plain(tier.up_to)}`;
  const percent = micro(tier.percent);
  const share = model === 'cost_plus' ? `+ ${formatMicro(percent - 100n * MILLION)} %` : `${formatMicro(percent)} %`;
  const parts = [range, percent === 0n ? '' : share, tier.package_size === null ? '' : `/ ${plain(tier.package_size)}`];
  const text = parts.filter((part) => part !== '').join(', ');
  return text === '' ? '' : ` (${text})`;
}

function plain(decimal: string): string {
  return formatMicro(micro(decimal));
}

async function loadSpans(engine: Engine, given: GivenPrices, measured: readonly Keyed[], owned: readonly Owned[]): Promise<void> {
  const reaches = await reachesOf(engine, given);
  const agreements = new Map((given.config.agreements ?? []).map((each) => [each.agreement_id, each]));
  const calendarsOf = new Map<number, Set<number>>();
  for (const { price_key, customer_key } of owned) {
    const known = calendarsOf.get(price_key) ?? new Set<number>();
    calendarsOf.set(price_key, known.add(given.calendarKeyOf(customer_key)));
  }
  const customers = new Map(given.config.customers.map(({ customer_id }, key) => [customer_id, key]));
  const spans: Spanned[] = [];
  for (const each of measured) {
    const { price, price_key } = each;
    const used = price.scope === 'product' ? [...reaches.keys()] : [...calendarsOf.get(price_key) ?? []].sort((a, b) => a - b);
    for (const calendar_key of used) {
      const reach = reaches.get(calendar_key);
      if (reach === undefined) continue;
      for (const span of spansOf(price, agreements.get(price.owner) ?? null, reach)) {
        spans.push({ ...each, calendar_key, span, span_key: spans.length });
      }
    }
  }
  await engine.append('input', 'usage_spans', spans, (a, { price, span, ...keys }) => {
    for (const key of [keys.span_key, keys.price_key, keys.calendar_key]) a.appendInteger(key);
    a.appendVarchar(spanId(price, span));
    for (const instant of [...span.starts, ...span.assigned, span.from, span.until ?? EVER[1]]) appendInstant(a, instant);
    a.appendBigInt(BigInt(span.days));
    if (span.whole_days === null) a.appendNull();
    else a.appendBigInt(BigInt(span.whole_days));
    const customer = price.scope === 'customer' ? customers.get(price.owner) : undefined;
    if (customer === undefined) a.appendNull();
    else a.appendInteger(customer);
  });
  await loadShadows(engine, given, spans, owned);
  await loadLocalStarts(engine, reaches, measured);
}

interface Spanned extends Keyed { readonly calendar_key: number; readonly span_key: number; readonly span: UsageSpan }

/** The same in every run. What is written of a price may change; who gives it for what, and from when the span runs, tells it. */
function spanId({ scope, owner, product, currency }: Price, { first_day, days }: UsageSpan): string {
  const whose = scope === 'agreement' ? `${scope}:${owner}` : scope;
  return `${whose}:${product}:${currency}:${first_day}${days === 0 ? ':after' : ''}`;
}

/** Of the calendars that have periods. */
async function reachesOf(engine: Engine, { calendars, periods, zones }: GivenPrices): Promise<Map<number, SpanReach>> {
  const { first, last } = await engine.row<{ first: bigint | null; last: bigint | null }>(`
    SELECT epoch_ms(min(starts_at)) AS first, epoch_ms(max(starts_at)) AS last
    FROM (
      SELECT starts_at FROM input.staged WHERE status IN ('billable', 'scheduled')
      UNION ALL SELECT service_start FROM input.changed) AS b`);
  const byCalendar = groupBy(periods, (period) => period.calendar_key);
  const reaches = [...byCalendar.entries()].sort(([a], [b]) => a - b).map(([calendar_key, own]): [number, SpanReach] => {
    const zone = zones[0] ?? 'UTC';
    const turns = turnsOf(own.map(({ period_start, period_end, ...rest }) => ({ ...rest, start: period_start, end: period_end })));
    const ends = Math.max(...turns.map((turn) => turn.end));
    const earliest = Math.min(...turns.map((turn) => turn.start), Number(first ?? ends));
    // A booking far ahead waits in any case.
    const latest = Math.max(ends, Math.min(Number(last ?? ends), ends + 400 * 86_400_000));
    return [calendar_key, {
      turns, zoneAt: zoneOf(calendars[calendar_key], zone),
      first: addDays(localDate(earliest, zone), -1), last: addDays(localDate(latest, zone), 1),
    }];
  });
  return new Map(reaches);
}

/** What is left of the days of a span where prices that come before it (the customer's, an agreement's) hold for a part of them. */
async function loadShadows(engine: Engine, given: GivenPrices, spans: readonly Spanned[], owned: readonly Owned[]): Promise<void> {
  const bySpan = groupBy(spans.filter(({ span }) => span.days > 0), (each) => `${each.price_key} ${each.calendar_key}`);
  const ofProducts = groupBy(spans.filter(({ price }) => price.scope === 'product'), ({ price }) => `${price.product} ${price.currency}`);
  const rows: string[] = [];
  for (const all of groupBy(owned, ({ customer_key, price }) => `${customer_key} ${price.product} ${price.currency}`).values()) {
    const [{ customer_key, price: { product, currency } }] = all as [Owned, ...Owned[]];
    const ofCustomer = all.flatMap(({ price }) => (price.scope === 'customer' ? [price] : []));
    const agreed = ofCustomer.length === 0 ? [] : all.filter(({ price }) => price.scope === 'agreement' && price.metric !== null);
    const products = new Set((ofProducts.get(`${product} ${currency}`) ?? []).map(({ price_key }) => price_key));
    const below = [
      ...agreed.map(({ price_key }) => ({ price_key, above: ofCustomer })),
      ...[...products].map((price_key) => ({ price_key, above: all.map(({ price }) => price) })),
    ];
    for (const { price_key, above } of below) {
      for (const { span, span_key } of bySpan.get(`${price_key} ${given.calendarKeyOf(customer_key)}`) ?? []) {
        const taken = takenDays(span, above);
        if (taken > 0) rows.push(`(${customer_key}, ${span_key}, ${span.days - taken})`);
      }
    }
  }
  for (let i = 0; i < rows.length; i += 5_000) {
    await engine.run(`INSERT INTO input.shadowed_spans VALUES ${rows.slice(i, i + 5_000).join(', ')}`);
  }
}

/** Days of a span on which one of the prices holds. */
function takenDays({ first_day, days }: UsageSpan, prices: readonly Price[]): number {
  const begin = dayNumber(first_day);
  const stretches = prices.map(({ from, until }): [number, number] => [
    from === null ? begin : Math.max(begin, dayNumber(from)), until === null ? begin + days : Math.min(begin + days, dayNumber(until) + 1),
  ]);
  let [taken, reached] = [0, begin];
  for (const [first, next] of stretches.sort(([a], [b]) => a - b)) {
    taken += Math.max(0, next - Math.max(first, reached));
    reached = Math.max(reached, next);
  }
  return taken;
}

/** Only where local days are counted. */
async function loadLocalStarts(
  engine: Engine, reaches: ReadonlyMap<number, SpanReach>, measured: readonly Keyed[],
): Promise<void> {
  if (!measured.some(({ price }) => price.metric!.column === 'starts_on')) return;
  const rows = [...reaches].flatMap(([calendar_key, { first, last, zoneAt }]) => {
    const found: string[] = [];
    for (let day = addDays(first, -1); day <= addDays(last, 1); day = addDays(day, 1)) {
      const [from, until] = [day, addDays(day, 1)].map((each) => toInstant(each, zoneAt(each))) as [Instant, Instant];
      const utc = [sqlTimestamp(from).slice(0, 10), sqlTimestamp(until - 1).slice(0, 10)];
      for (const each of new Set(utc)) {
        found.push(`(${calendar_key}, DATE ${literal(each)}, ${literal(day)}, '${sqlTimestamp(from)}', '${sqlTimestamp(until)}')`);
      }
    }
    return found;
  });
  for (let i = 0; i < rows.length; i += 5_000) {
    await engine.run(`INSERT INTO input.local_starts VALUES ${rows.slice(i, i + 5_000).join(', ')}`);
  }
}

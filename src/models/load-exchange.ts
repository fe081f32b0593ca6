/** Exchange rates as the models read them: who is billed in which currency, and which rate holds when, as fractions of minor units. */
import { toInstant } from '../calendar/zone.js';
import type { Config, ExchangeRate } from '../config/types.js';
import type { Engine } from '../engine/engine.js';
import { exponentOf, parseDecimal, RATE_PLACES } from '../values/money.js';
import { sqlTimestamp } from '../values/time.js';
import { EVER, insert } from './rows.js';

/**
 * `customer_currencies`: only customers with an `invoice_currency`. `exchange_rates`: what is declared, `rate_key` its place; an amount in
 * minor units of the one currency is `rate_over` / `rate_under` of it in those of the other, rounded as the project rounds; `shown` is
 * all that a reader sees of it. `exchange_days`: between which instants a rate holds in a zone, `valid_until` excluded.
 */
const TABLES = `
  CREATE OR REPLACE TABLE input.customer_currencies (customer_key INTEGER, currency VARCHAR);
  CREATE OR REPLACE TABLE input.exchange_rates (
    rate_key INTEGER, rate VARCHAR, valid_on DATE, source VARCHAR, rate_over HUGEINT, rate_under HUGEINT, half_even BOOLEAN, shown VARCHAR);
  CREATE OR REPLACE TABLE input.exchange_days (
    from_currency VARCHAR, to_currency VARCHAR, zone_key INTEGER, valid_from TIMESTAMP, valid_until TIMESTAMP, rate_key INTEGER,
    rate_over HUGEINT, rate_under HUGEINT, half_even BOOLEAN, shown VARCHAR);`;

/** Fills them. `zones` are the time zones of the periods in the order of their keys. */
export async function loadExchange(
  engine: Engine, config: Pick<Config, 'exchange_rates' | 'customers' | 'rounding' | 'issuer'>, zones: readonly string[],
): Promise<void> {
  await engine.run(TABLES);
  const own = config.customers.flatMap(({ invoice_currency = null }, key) => (invoice_currency === null ? [] : [[key, invoice_currency]]));
  if (own.length === 0 && config.issuer.tax_currency === undefined) return;
  const { exchange_rates: rates } = config;
  await insert(engine, 'customer_currencies', own);
  const half_even = config.rounding === 'half_even';
  const fractions = rates.map((rate) => [...fractionOf(rate), half_even, `${rate.rate}:${rate.on}:${rate.source}`] as const);
  await insert(engine, 'exchange_rates', rates.map((rate, key) => [key, rate.rate, rate.on, rate.source, ...fractions[key]!]));
  const isPair = (a: ExchangeRate, b: ExchangeRate | undefined): boolean => b !== undefined && a.from === b.from && a.to === b.to;
  // They are sorted by pair, then by day.
  await insert(engine, 'exchange_days', zones.flatMap((zone, zone_key) => rates.map((rate, key) => {
    const next = rates[key + 1];
    const until = isPair(rate, next) ? toInstant(next!.on, zone) : EVER[1];
    return [rate.from, rate.to, zone_key, sqlTimestamp(toInstant(rate.on, zone)), sqlTimestamp(until), key, ...fractions[key]!];
  })));
}

/** A rate between minor units: over, under. In lowest terms, so that products stay small. */
function fractionOf({ from, to, rate }: ExchangeRate): readonly [bigint, bigint] {
  const over = parseDecimal(rate, RATE_PLACES)! * 10n ** BigInt(exponentOf(to));
  const under = 10n ** BigInt(RATE_PLACES + exponentOf(from));
  const common = commonDivisor(over, under);
  return [over / common, under / common];
}

function commonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : commonDivisor(b, a % b);
}

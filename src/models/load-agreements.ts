/** Agreements and who has them, as the models read them. */
import { DuckDBDateValue } from '@duckdb/node-api';
import type { DuckDBAppender } from '@duckdb/node-api';
import type { Config } from '../config/types.js';
import type { Engine } from '../engine/engine.js';
import { dayNumber } from '../values/time.js';
import type { LocalDate } from '../values/time.js';

/**
 * `agreements`: agreement_key is the place in the configuration. `customer_agreements`: who has which, in the customer's order
 * (`place`).
 */
const TABLES = `
  CREATE OR REPLACE TABLE input.agreements (
    agreement_key INTEGER, agreement_id VARCHAR, name VARCHAR, currency VARCHAR, prices_with_tax BOOLEAN, first_day DATE, last_day DATE,
    pays_ahead BOOLEAN);
  CREATE OR REPLACE TABLE input.customer_agreements (customer_key INTEGER, agreement_key INTEGER, place INTEGER);`;

/** Fills them. */
export async function loadAgreements(engine: Engine, config: Pick<Config, 'agreements' | 'customers'>): Promise<void> {
  await engine.run(TABLES);
  const { agreements } = config;
  if (agreements.length === 0) return;
  await engine.append('input', 'agreements', [...agreements.entries()], (a, [key, agreement]) => {
    a.appendInteger(key);
    for (const text of [agreement.agreement_id, agreement.name, agreement.currency]) a.appendVarchar(text);
    a.appendBoolean(agreement.prices_include_tax);
    appendDay(a, agreement.from);
    appendDay(a, agreement.until);
    a.appendBoolean(agreement.deposits.length > 0);
  });
  const keys = new Map(agreements.map(({ agreement_id }, key) => [agreement_id, key]));
  const listed = config.customers.flatMap((customer, customer_key) => (customer.agreements ?? [])
    .map((id, place) => ({ customer_key, place, agreement_key: keys.get(id)! })));
  await engine.append('input', 'customer_agreements', listed, (a, row) => {
    for (const key of [row.customer_key, row.agreement_key, row.place]) a.appendInteger(key);
  });
}

/** Appends a day, or null for none. */
export function appendDay(a: DuckDBAppender, day: LocalDate | null): void {
  if (day === null) a.appendNull();
  else a.appendDate(new DuckDBDateValue(dayNumber(day)));
}

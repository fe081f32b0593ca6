/** Agreements and who has them, as the models read them. */
import { DuckDBDateValue } from '@duckdb/node-api';
import type { DuckDBAppender } from '@duckdb/node-api';
import type { Agreement, Config } from '../config/types.js';
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
  const keys = keysOf(agreements);
  const listed = config.customers.flatMap((customer, customer_key) => (customer.agreements ?? [])
    .map((id, place) => ({ customer_key, place, agreement_key: keys.get(id)! })));
  await engine.append('input', 'customer_agreements', listed, (a, row) => {
    for (const key of [row.customer_key, row.agreement_key, row.place]) a.appendInteger(key);
  });
}

function keysOf(agreements: Config['agreements']): ReadonlyMap<string, number> {
  return new Map(agreements.map(({ agreement_id }, key) => [agreement_id, key]));
}

/** The lists of agreements that customers have, each once; of a few lists most customers have one. */
export interface AgreementLists {
  /** Keys of agreements in the customers' order, by the key of the list. */
  readonly lists: readonly (readonly number[])[];
  /** The list of each customer, by the customer's key; null where none of the agreements adjusts anything. */
  readonly listOf: readonly (number | null)[];
}

/** Whether an agreement lowers or raises its lines: by discounts, or by a minimum or maximum. */
export function adjusts({ discounts, bounds }: Agreement): boolean {
  return discounts.length > 0 || bounds.length > 0;
}

/** Finds them. The same configuration always gets the same keys. */
export function adjustingLists({ agreements, customers }: Pick<Config, 'agreements' | 'customers'>): AgreementLists {
  if (!agreements.some(adjusts)) return { lists: [], listOf: customers.map(() => null) };
  const keyOf = keysOf(agreements);
  const known = new Map<string, number | null>();
  const lists: (readonly number[])[] = [];
  const listOf = customers.map(({ agreements: ids = [] }) => {
    const name = ids.join('\n');
    const found = known.get(name);
    if (found !== undefined) return found;
    const keys = ids.map((id) => keyOf.get(id)!);
    const list = keys.some((key) => adjusts(agreements[key]!)) ? lists.push(keys) - 1 : null;
    known.set(name, list);
    return list;
  });
  return { lists, listOf };
}

/** Appends a day, or null for none. */
export function appendDay(a: DuckDBAppender, day: LocalDate | null): void {
  if (day === null) a.appendNull();
  else a.appendDate(new DuckDBDateValue(dayNumber(day)));
}

/** Taxes as the models read them: a row a rate, the instants between which each holds, and what customers pay instead. */
import { toInstant } from '../calendar/zone.js';
import type { Config, Tax, TaxRate } from '../config/types.js';
import type { Engine } from '../engine/engine.js';
import { languageOf } from '../values/locales.js';
import type { Texts } from '../values/locales.js';
import { parseDecimal } from '../values/money.js';
import { sqlTimestamp } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { EVER, insert } from './rows.js';
import type { Cell } from './rows.js';

/**
 * `taxes`: one row per tax and rate. `tax_days`: when a rate holds, by zone, as instants, `valid_until` excluded; between them the
 * rows of a tax and zone leave no gap. `customer_taxes`: what a customer pays for a product whatever the product says. `tax_texts`: what
 * documents of a locale say where that is not what stands in `taxes`.
 */
export const TAX_TABLES = `
  CREATE OR REPLACE TABLE input.taxes (
    tax_key INTEGER, tax_id VARCHAR, name VARCHAR, category VARCHAR, rate_micro BIGINT, note VARCHAR);
  CREATE OR REPLACE TABLE input.tax_texts (tax_key INTEGER, locale VARCHAR, name VARCHAR, note VARCHAR);
  CREATE OR REPLACE TABLE input.tax_days (
    tax_id VARCHAR, zone_key INTEGER, valid_from TIMESTAMP, valid_until TIMESTAMP, tax_key INTEGER, rate_micro BIGINT);
  CREATE OR REPLACE TABLE input.customer_taxes (customer_key INTEGER, product VARCHAR, tax_id VARCHAR);`;

const CARRIED = `
  CREATE OR REPLACE VIEW input.carried_taxes AS
    SELECT customer_id, tax_id, tax_rate_micro, name, category, note FROM input.carried
    UNION ALL SELECT customer_id, tax_id, tax_rate_micro, name, category, note FROM input.deposit_balances
    UNION ALL SELECT customer_id, tax_id, tax_rate_micro, tax_name, tax_category, tax_note FROM input.changed
    UNION ALL SELECT c.customer_id, d.tax_id, d.tax_rate_micro, d.tax_name, d.tax_category, d.tax_note
      FROM input.changed_discounts AS d
      JOIN input.changed AS c ON c.source = d.source AND c.booking_id = d.booking_id`;

/** The tax of a line for which none is known. Its invoice is parked. */
const UNKNOWN = '?';

/** One rate of a tax; equal rates of a tax at different times are one. */
interface Rated extends Pick<Tax, 'tax_id' | 'category' | 'note' | 'name' | 'names' | 'notes'> {
  readonly rate_micro: bigint;
}

/** Fills them. `zones` are the time zones of the periods in the order of their keys. Returns how many rows `taxes` has. */
export async function loadTaxes(engine: Engine, config: Pick<Config, 'taxes' | 'customers'>, zones: readonly string[]): Promise<number> {
  await engine.run(TAX_TABLES);
  const rated = config.taxes.flatMap((tax) => ratesOf(tax).map((each) => ({ tax, each })));
  const keys = new Map<string, number>();
  const rows: Rated[] = [{ tax_id: UNKNOWN, name: 'Tax unknown', category: 'S', note: null, rate_micro: 0n }];
  for (const { tax, each } of rated) {
    const rate_micro = parseDecimal(each.rate)!;
    const key = keyOf(tax, each);
    const at = keys.get(key) ?? rows.length;
    keys.set(key, at);
    // The newest name of a rate tells it: that of the last row.
    const { tax_id, category, note, notes } = tax;
    rows[at] = { tax_id, category, note, ...given('notes', notes), name: each.name, ...given('names', each.names), rate_micro };
  }
  await engine.append('input', 'taxes', [...rows.entries()], (a, [key, row]) => {
    a.appendInteger(key);
    for (const text of [row.tax_id, row.name, row.category]) a.appendVarchar(text);
    a.appendBigInt(row.rate_micro);
    if (row.note === null) a.appendNull();
    else a.appendVarchar(row.note);
  });
  await insert(engine, 'tax_texts', textRows(rows, config.customers));
  const days = zones.flatMap((zone, zone_key) => config.taxes.flatMap((tax) => daysOf(tax, zone)
    .map((day) => ({ ...day, zone_key, tax_id: tax.tax_id, tax_key: keys.get(keyOf(tax, day.each))! }))));
  const ever = { from: EVER[0], until: EVER[1], each: { rate: '0' }, tax_id: UNKNOWN, tax_key: 0 };
  const unknown = zones.map((_, zone_key) => ({ ...ever, zone_key }));
  await insert(engine, 'tax_days', [...unknown, ...days].map((day) => [
    day.tax_id, day.zone_key, sqlTimestamp(day.from), sqlTimestamp(day.until), day.tax_key, parseDecimal(day.each.rate)!,
  ]));
  const own = config.customers.flatMap((customer, index) => Object.entries(customer.taxes ?? {})
    .map(([product, tax]) => ({ index, product, tax })));
  await engine.append('input', 'customer_taxes', own, (a, row) => {
    a.appendInteger(row.index);
    a.appendVarchar(row.product);
    a.appendVarchar(row.tax);
  });
  return rows.length;
}

function given<K extends string>(key: K, texts: Texts | undefined): { readonly [key in K]?: Texts } {
  return texts === undefined ? {} : { [key]: texts } as { readonly [key in K]: Texts };
}

/** For the locales of customers, where the language has a text of its own. */
function textRows(rows: readonly Rated[], customers: Config['customers']): Cell[][] {
  if (rows.every(({ names, notes }) => names === undefined && notes === undefined)) return [];
  const locales = [...new Set(customers.map(({ locale }) => locale))].sort();
  return rows.flatMap(({ name, names, note, notes }, key) => locales.flatMap((locale) => {
    const language = languageOf(locale);
    const own = [names?.[language] ?? name, notes?.[language] ?? note] as const;
    return own[0] === name && own[1] === note ? [] : [[key, locale, ...own]];
  }));
}

/**
 * Rates that only the ledger has: of carried credits, deposits and lines that are corrected. Needs their inputs. `declared` are the rows of
 * `taxes` that the configuration has. A document's language is that of what it takes up again, as long as the customer's stays.
 */
export async function loadCarriedTaxes(engine: Engine, declared: number): Promise<void> {
  await engine.run(CARRIED);
  await engine.run(`INSERT INTO input.taxes
    SELECT (SELECT max(tax_key) FROM input.taxes) + row_number() OVER (ORDER BY c.tax_id, c.tax_rate_micro), c.tax_id, c.name, c.category,
      c.tax_rate_micro, c.note
    FROM (
      SELECT tax_id, tax_rate_micro, min(name) AS name, min(category) AS category, min(note) AS note
      FROM input.carried_taxes
      GROUP BY tax_id, tax_rate_micro) AS c
    ANTI JOIN input.taxes AS t ON t.tax_id = c.tax_id AND t.rate_micro = c.tax_rate_micro`);
  await engine.run(`INSERT INTO input.tax_texts
    SELECT t.tax_key, u.locale, min(c.name), min(c.note)
    FROM input.carried_taxes AS c
    JOIN input.customers AS u ON u.customer_id = c.customer_id
    JOIN input.taxes AS t ON t.tax_id = c.tax_id AND t.rate_micro = c.tax_rate_micro AND t.tax_key >= ${declared}
    GROUP BY t.tax_key, u.locale`);
}

function ratesOf(tax: Tax): readonly Pick<TaxRate, 'from' | 'rate' | 'name' | 'names'>[] {
  return tax.rates ?? [{ from: null, rate: tax.rate, name: tax.name, ...given('names', tax.names) }];
}

function keyOf(tax: Tax, { rate }: Pick<TaxRate, 'rate'>): string {
  return `${tax.tax_id}|${parseDecimal(rate)!}`;
}

function daysOf(tax: Tax, zone: string): { from: Instant; until: Instant; each: Pick<TaxRate, 'rate'> }[] {
  const rates = ratesOf(tax);
  const starts = rates.map(({ from }) => (from === null ? EVER[0] : toInstant(from, zone)));
  return rates.map((each, i) => ({ from: starts[i]!, until: starts[i + 1] ?? EVER[1], each }));
}

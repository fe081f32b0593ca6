/** Worlds with prices of usage, written as in the configuration. */
import { agreementsOf } from '../../src/config/resolve-agreements.js';
import { pricesOf } from '../../src/config/resolve-prices.js';
import type { ConfigSpec } from '../../src/config/shape.js';
import type { Agreement, Price } from '../../src/config/types.js';
import type { Draft } from './models.js';

/** The part of a configuration that says what usage costs. */
export interface PricesWritten {
  readonly products?: ConfigSpec['products'];
  readonly agreements?: ConfigSpec['agreements'];
  readonly customers?: Readonly<Record<string, { readonly prices?: Readonly<Record<string, unknown>> }>>;
}

/** Prices and agreements of a world. */
export function written(spec: unknown, currency = 'EUR'): { prices: Price[]; agreements: Agreement[] } {
  const config = { currency, ...spec as PricesWritten } as unknown as ConfigSpec;
  return { prices: pricesOf(config), agreements: agreementsOf(config) };
}

/** The lines of usage in a draft: `customer month tier | description | quantity | price | amount`. */
export function usageLines(draft: Draft, where = 'TRUE'): Promise<string[]> {
  return draft.told(`
    SELECT i.customer_id || ' ' || CAST(CAST(i.period_start AS DATE) AS VARCHAR) AS place, l.description,
      l.quantity_micro, l.unit_price_micro, l.amount_minor
    FROM draft.invoice_lines AS l JOIN draft.invoices AS i ON i.invoice_key = l.invoice_key
    WHERE l.kind = 'usage' AND ${where}
    ORDER BY i.customer_id, i.period_start, l.product, l.line_no`);
}

/** What the configuration can say and this version does not compute yet. It is refused: nothing that is written may be without effect. */
import type { Facts } from './facts.js';
import type { Path } from './positions.js';

/** One finding, about the first key of that kind. */
export function notYetComputed(facts: Facts): void {
  const first = written(facts);
  if (first === undefined) return;
  const [path, what] = first;
  facts.error('CONFIG_VALUE', path, `this version does not compute ${what} yet`, 'remove the key; nothing of it would be billed');
}

function written(facts: Facts): [Path, string] | undefined {
  const found: [Path, string][] = [];
  const keep = (is: boolean, path: Path, what: string): void => void (is && found.push([path, what]));
  for (const id of facts.ids('agreements').slice(0, 1)) keep(true, ['agreements', id], 'agreements');
  const withTax = 'prices that include tax';
  const settled = 'settings for zero and negative totals';
  keep(facts.top('prices_include_tax') === true, ['prices_include_tax'], withTax);
  keep(facts.top('zero_invoices') !== undefined, ['zero_invoices'], settled);
  keep(facts.top('negative_total') !== undefined, ['negative_total'], settled);
  keep(facts.top('exchange_rates') !== undefined, ['exchange_rates'], 'exchange rates');
  keep(facts.top('payment_terms')?.discount !== undefined, ['payment_terms', 'discount'], 'discounts for early payment');
  for (const [index, { prices_include_tax }] of facts.bookings()) {
    keep(prices_include_tax === true, ['bookings', index, 'prices_include_tax'], withTax);
  }
  for (const [id, { rate }] of facts.entries('taxes')) keep(typeof rate !== 'string', ['taxes', id, 'rate'], 'rates by date');
  for (const [id, { price, prices_include_tax }] of facts.entries('products')) {
    keep(price !== undefined && typeof price !== 'string', ['products', id, 'price'], 'prices other than per unit');
    keep(prices_include_tax === true, ['products', id, 'prices_include_tax'], withTax);
  }
  for (const [id, customer] of facts.entries('customers')) {
    const path: Path = ['customers', id];
    for (const [product, price] of Object.entries(customer.prices ?? {})) {
      keep(typeof price !== 'string', [...path, 'prices', product], 'prices other than per unit');
    }
    keep(customer.prices_include_tax === true, [...path, 'prices_include_tax'], withTax);
    keep(customer.agreements !== undefined, [...path, 'agreements'], 'agreements');
    keep(customer.taxes !== undefined, [...path, 'taxes'], 'taxes by product');
    keep(customer.invoice_currency !== undefined, [...path, 'invoice_currency'], 'exchange rates');
    keep(customer.zero_invoices !== undefined, [...path, 'zero_invoices'], settled);
    keep(customer.negative_total !== undefined, [...path, 'negative_total'], settled);
    keep(customer.payment_terms?.discount !== undefined, [...path, 'payment_terms', 'discount'], 'discounts for early payment');
  }
  return found[0];
}

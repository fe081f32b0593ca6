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
  keep(facts.top('exchange_rates') !== undefined, ['exchange_rates'], 'exchange rates');
  for (const [id, customer] of facts.entries('customers')) {
    const path: Path = ['customers', id];
    keep(customer.invoice_currency !== undefined, [...path, 'invoice_currency'], 'exchange rates');
  }
  return found[0];
}

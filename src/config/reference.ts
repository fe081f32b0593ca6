/** References from one part of the configuration to another. */
import type { Facts } from './facts.js';
import type { Path } from './positions.js';
import { didYouMean } from './suggest.js';

const ONE_OF: Readonly<Record<string, string>> = {
  taxes: 'tax', partners: 'partner', products: 'product', cycles: 'cycle', customers: 'customer', agreements: 'agreement', indexes: 'index',
};

/** Complains unless the map has the id. */
export function reference(facts: Facts, map: Parameters<Facts['ids']>[0], id: string, path: Path): void {
  if (facts.has(map, id)) return;
  const known = facts.ids(map);
  facts.error('CONFIG_REFERENCE', path, `there is no ${ONE_OF[map]} "${id}"`, didYouMean(id, known) ?? `define it under ${map}`);
}

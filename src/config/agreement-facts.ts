/** What the rules about agreements go through: every list by date, and every price wherever it is written. */
import type { Facts } from './facts.js';
import type { Path } from './positions.js';
import type { AgreementSpec, BoundSpec, PriceSpec, PricesSpec } from './shape-agreements.js';

/** Prices of a product as they are written in one place. */
export interface WrittenPrices {
  readonly product: string;
  readonly prices: PricesSpec;
  readonly path: Path;
  /** Where it is, in words: "product inspection", "customer acme". */
  readonly owner: string;
  readonly currency: string | undefined;
  readonly agreement: AgreementSpec | null;
}

/** The prices of products, customers and agreements. */
export function writtenPrices(facts: Facts): WrittenPrices[] {
  const currency = facts.top('currency');
  const found: WrittenPrices[] = [];
  for (const [product, { price }] of facts.entries('products')) {
    if (price === undefined) continue;
    found.push({ product, prices: price, path: ['products', product, 'price'], owner: `product ${product}`, currency, agreement: null });
  }
  for (const [id, { prices }] of facts.entries('customers')) {
    for (const [product, each] of Object.entries(prices ?? {})) {
      const path = ['customers', id, 'prices', product];
      found.push({ product, prices: each, path, owner: `customer ${id}, ${product}`, currency, agreement: null });
    }
  }
  for (const [id, agreement] of facts.entries('agreements')) {
    for (const [product, each] of Object.entries(agreement.prices ?? {})) {
      const path = ['agreements', id, 'prices', product];
      const own = agreement.currency ?? currency;
      found.push({ product, prices: each, path, owner: `agreement ${id}, ${product}`, currency: own, agreement });
    }
  }
  return found;
}

/** The price models of a written price, each with its path; a plain price per unit is none. */
export function models({ prices, path }: WrittenPrices): [PriceSpec, Path][] {
  if (typeof prices === 'string') return [];
  if (!Array.isArray(prices)) return [[prices as PriceSpec, path]];
  return (prices as readonly PriceSpec[]).map((each, index) => [each, [...path, index]]);
}

/** Minimums or maximums with their paths. */
export function boundsIn(agreement: AgreementSpec, kind: 'minimum' | 'maximum', path: Path): [BoundSpec, Path][] {
  const written = agreement[kind] as BoundSpec | readonly BoundSpec[] | undefined;
  if (written === undefined) return [];
  if (!Array.isArray(written)) return [[written as BoundSpec, [...path, kind]]];
  return (written as readonly BoundSpec[]).map((each, index) => [each, [...path, kind, index]]);
}

/** Charges, fees, milestones and deposits: whatever has an id, with its path. */
export function partsIn(agreement: AgreementSpec, path: Path): [Part, Path][] {
  const lists = (['charges', 'fees', 'milestones', 'deposits'] as const).map((key) => [key, agreement[key] ?? []] as const);
  return lists.flatMap(([key, list]) => list.map((each, index): [Part, Path] => [each, [...path, key, index]]));
}

export interface Part {
  readonly id: string;
  readonly name: string;
  readonly product?: string;
  readonly tax?: string;
  readonly on?: string;
  readonly from?: string;
  readonly until?: string;
  readonly amount?: string;
  readonly percent?: string;
}

/** Complains unless a list by date ascends: every entry but the first says from when, and later than the one before. */
export function ascending(facts: Facts, what: string, list: readonly { readonly from?: string }[], path: Path): void {
  list.forEach(({ from }, index) => {
    const before = list[index - 1];
    if (before === undefined) return;
    if (from === undefined) {
      facts.error(
        'CONFIG_MISSING_KEY', [...path, index], `${what}: entry ${index + 1} does not say from when it holds`,
        'add from: with the first day, like from: 2026-07-01',
      );
    } else if (from === before.from) {
      facts.error(
        'CONFIG_VALUE', [...path, index, 'from'], `${what}: there are two entries for ${from}`,
        'keep one of them, or move one to another day', facts.place([...path, index - 1, 'from']),
      );
    } else if (before.from !== undefined && from < before.from) {
      facts.error(
        'CONFIG_VALUE', [...path, index, 'from'], `${what}: ${from} does not come after ${before.from}`,
        'list the entries ascending by date',
      );
    }
  });
}

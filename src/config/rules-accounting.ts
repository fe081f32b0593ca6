/** Rules about the accounts of the journal. */
import type { Facts } from './facts.js';
import type { Path } from './positions.js';
import { didYouMean } from './suggest.js';

/** What a posting of each kind knows. */
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  receivables: ['customer_id', 'currency'], receivables_by_customer: ['customer_id', 'currency'],
  revenue: ['customer_id', 'product', 'tax_id', 'currency'], revenue_by_product: ['customer_id', 'product', 'tax_id', 'currency'],
  revenue_by_tax: ['customer_id', 'product', 'tax_id', 'currency'],
  tax: ['tax_id', 'currency'], tax_by_id: ['tax_id', 'currency'],
  deposits: ['customer_id', 'tax_id', 'currency'], carried: ['customer_id', 'tax_id', 'currency'],
};

const MAPS = {
  receivables_by_customer: ['customers', 'customer'], revenue_by_product: ['products', 'product'], revenue_by_tax: ['taxes', 'tax'],
  tax_by_id: ['taxes', 'tax'],
} as const;

/** In an account stands only what its postings know. */
export function accountTemplates(facts: Facts): void {
  for (const [key, value] of Object.entries(facts.top('accounting') ?? {})) {
    const accounts: [Path, string][] = typeof value === 'string' ? [[['accounting', key], value]]
      : Object.entries(value).map(([id, account]) => [['accounting', key, id], account]);
    for (const [path, account] of accounts) {
      for (const [, word] of account.matchAll(/\{([^{}]*)\}/g)) {
        if (KNOWN[key]!.includes(word!)) continue;
        facts.error('CONFIG_VALUE', path, `accounting.${key}: {${word}} is not known of such a posting`,
          `use ${KNOWN[key]!.map((each) => `{${each}}`).join(', ')}, or none`);
      }
    }
  }
}

/** A warning only: what is no longer configured still stands in the books. */
export function accountReferences(facts: Facts): void {
  const accounting = facts.top('accounting') ?? {};
  for (const [key, [map, word]] of Object.entries(MAPS) as [keyof typeof MAPS, (typeof MAPS)[keyof typeof MAPS]][]) {
    for (const id of Object.keys(accounting[key] ?? {})) {
      if (facts.has(map, id)) continue;
      facts.warn('CONFIG_REFERENCE', ['accounting', key, id], `accounting.${key}: there is no ${word} "${id}"`,
        didYouMean(id, facts.ids(map)) ?? `leave it if there was one once, otherwise define it under ${map}`);
    }
  }
}

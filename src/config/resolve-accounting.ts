/** The accounts of the journal, with what holds where nothing is said. */
import type { ConfigSpec } from './shape.js';
import type { Accounting } from './types.js';

type Special = Accounting['special'][number];

export function accountingOf({ accounting = {} }: ConfigSpec): Accounting {
  const entries = (map: Readonly<Record<string, string>> | undefined, role: Special['role'], by: Special['by']): Special[] =>
    Object.entries(map ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, account]) => ({ role, by, id, account }));
  return {
    accounts: {
      receivables: accounting.receivables ?? 'Assets:Receivable:{customer_id}',
      revenue: accounting.revenue ?? 'Income:Sales:{product}',
      tax: accounting.tax ?? 'Liabilities:Tax:{tax_id}',
      deposits: accounting.deposits ?? 'Liabilities:Deposits',
      carried: accounting.carried ?? 'Liabilities:Carried',
    },
    special: [
      ...entries(accounting.receivables_by_customer, 'receivables', 'customer'),
      ...entries(accounting.revenue_by_product, 'revenue', 'product'),
      ...entries(accounting.revenue_by_tax, 'revenue', 'tax'),
      ...entries(accounting.tax_by_id, 'tax', 'tax'),
    ],
  };
}

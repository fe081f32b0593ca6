/** The written shape of the accounts of the journal. */
import { mapOf, maybe, record, text } from './shape-words.js';

const own = text('account', 'An account.');

export const accounting = record({
  receivables: maybe(text('account', 'What customers owe. Default "Assets:Receivable:{customer_id}".')),
  receivables_by_customer: maybe(mapOf('customer-id', own, 'Accounts of single customers, like acme: "10001".')),
  revenue: maybe(text('account', 'Sales; {product} of a line without a product is its kind, like fee. Default "Income:Sales:{product}".')),
  revenue_by_tax: maybe(mapOf('name-id', own, 'Sales of one tax, like standard: "8400", reduced: "8300".')),
  revenue_by_product: maybe(mapOf('product-id', own, 'Sales of one product; it comes before the account of the tax.')),
  tax: maybe(text('account', 'Tax that is owed to the tax office. Default "Liabilities:Tax:{tax_id}".')),
  tax_by_id: maybe(mapOf('name-id', own, 'Accounts of single taxes, like standard: "1776".')),
  deposits: maybe(text('account', 'Deposits of customers until they are set off. Default "Liabilities:Deposits".')),
  carried: maybe(text('account', 'Credits that wait for the next invoice (`negative_total: carry_over`). Default "Liabilities:Carried".')),
}, 'Accounts of the journal that `duebook export --journal` writes: names like Income:Sales, or numbers like "8400". In them stand '
  + '{customer_id}, {product}, {tax_id} and {currency} for those of the posting.');

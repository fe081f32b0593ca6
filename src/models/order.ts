/** A relation that is derived by a query of its own, `<name>.sql`. */
export interface Derived {
  readonly name: string;
  readonly unless_empty?: readonly string[];
  /** The query in its place while these are empty; else it is empty as well. */
  readonly otherwise?: string;
}

export interface Model extends Derived {
  readonly as: 'table' | 'view';
  /** What it is instead where there are few bookings. */
  readonly few?: 'table';
}

/** Every model in the one order in which they are built. A model reads `input.*` and the models above it, nothing else. */

/**
 * `table`: computed once and kept. `view`: read through by the models below; used where a row is a booking, so that ten million
 * of them are joined and rated on the way into a sum or a sorted file and never stored in between. `few`: few bookings are stored
 * all the same, as the engine would plan the whole chain of views again for each of its readers, which takes longer than all the rest.
 * `unless_empty`: while none of these relations has a row nothing is computed and the relation is empty.
 */
export const MODELS: readonly Model[] = [
  { name: 'period_overrides', as: 'table', unless_empty: ['input.overrides'] },
  { name: 'customer_periods', as: 'table' },
  { name: 'next_periods', as: 'table' },
  { name: 'placements', as: 'table' },
  { name: 'rated_bookings', as: 'view', few: 'table' },
  { name: 'bookings', as: 'view', few: 'table' },
  { name: 'agreed_bookings', as: 'view', unless_empty: ['input.adjusting'], otherwise: 'plain_bookings' },
  { name: 'totals', as: 'table' },
  { name: 'changed_bookings', as: 'table', unless_empty: ['input.changed'] },
  { name: 'adjustments', as: 'table', unless_empty: ['draft.changed_bookings'] },
  {
    name: 'usage_now', as: 'view', few: 'table',
    unless_empty: ['input.usage_prices AS u, input.run AS r WHERE NOT (u.is_summable AND r.in_sums)'],
  },
  { name: 'usage_own', as: 'view', few: 'table', unless_empty: ['input.usage_spans'] },
  { name: 'usage_others', as: 'view', few: 'table', unless_empty: ["input.usage_filters WHERE field = 'other_product'"] },
  { name: 'usage_bookings', as: 'view', few: 'table', unless_empty: ['input.usage_spans'] },
  { name: 'usage_parts', as: 'table', unless_empty: ['input.usage_spans'] },
  { name: 'usage_turns', as: 'table', unless_empty: ['input.usage_spans'] },
  { name: 'usage_units', as: 'table', unless_empty: ['draft.usage_turns'] },
  { name: 'usage_amounts', as: 'table', unless_empty: ['draft.usage_units'] },
  { name: 'usage_charges', as: 'table', unless_empty: ['draft.usage_amounts'] },
  { name: 'manual_charges', as: 'table', unless_empty: ['input.manual_lines'] },
  { name: 'recurring_parts', as: 'table', unless_empty: ['input.charge_parts'] },
  { name: 'recurring_charges', as: 'table', unless_empty: ['draft.recurring_parts'] },
  { name: 'missing_values', as: 'table', unless_empty: ['draft.recurring_parts'] },
  {
    name: 'fee_charges', as: 'table',
    unless_empty: ['draft.placements AS w JOIN input.fees AS u ON u.own_period_key = w.own_period_key WHERE w.previewed'],
  },
  {
    name: 'charges', as: 'table',
    unless_empty: ['draft.manual_charges', 'draft.recurring_charges', 'draft.fee_charges', 'draft.usage_charges'],
  },
  { name: 'taxed_charges', as: 'table', unless_empty: ['draft.charges'] },
  { name: 'agreed_charges', as: 'table', unless_empty: ['draft.taxed_charges WHERE agreement_key IS NOT NULL'] },
  { name: 'agreed_sums', as: 'table', unless_empty: ['input.adjusting'] },
  { name: 'agreed_lines', as: 'table', unless_empty: ['draft.agreed_sums WHERE NOT is_joined'] },
  { name: 'bound_amounts', as: 'table', unless_empty: ['input.bound_periods'] },
  { name: 'line_discounts', as: 'table', unless_empty: ['draft.agreed_lines'] },
  { name: 'discount_parts', as: 'table', unless_empty: ['draft.agreed_sums'] },
  { name: 'discount_shares', as: 'table', unless_empty: ['draft.discount_parts'] },
  { name: 'maximum_shares', as: 'table', unless_empty: ['input.long_maximums'] },
  { name: 'discount_lines', as: 'table', unless_empty: ['draft.discount_shares'] },
  { name: 'minimum_lines', as: 'table', unless_empty: ['draft.bound_amounts'] },
  { name: 'carried_credits', as: 'table', unless_empty: ['input.carried'] },
  { name: 'charged_lines', as: 'view' },
  { name: 'open_deposits', as: 'table', unless_empty: ['input.deposits'] },
  { name: 'deposit_bases', as: 'table', unless_empty: ['draft.open_deposits'] },
  { name: 'deposit_shares', as: 'table', unless_empty: ['draft.deposit_bases'] },
  { name: 'deposit_lines', as: 'table', unless_empty: ['draft.open_deposits'] },
  {
    name: 'added_lines', as: 'table',
    unless_empty: ['draft.taxed_charges', 'draft.discount_lines', 'draft.minimum_lines', 'draft.carried_credits', 'draft.deposit_lines',
      'draft.adjustments'],
  },
  { name: 'missing_rates', as: 'table', unless_empty: ['input.customer_currencies'] },
  { name: 'net_totals', as: 'table' },
  { name: 'open_taxes', as: 'table' },
  { name: 'closing_lines', as: 'table', unless_empty: ['input.customers WHERE carry_over'] },
  { name: 'net_shares', as: 'table', unless_empty: ['draft.net_totals WHERE with_tax'] },
  { name: 'billed_lines', as: 'view', few: 'table' },
  { name: 'invoice_taxes', as: 'table' },
  { name: 'invoice_sums', as: 'table' },
  { name: 'accounted_taxes', as: 'table', unless_empty: ['draft.invoice_sums AS s, input.run AS r WHERE s.currency <> r.tax_currency'] },
  { name: 'invoice_kinds', as: 'table' },
  { name: 'completeness', as: 'table' },
  { name: 'invoices', as: 'table' },
  { name: 'previous_totals', as: 'table' },
  { name: 'limit_checks', as: 'table' },
  { name: 'limits', as: 'table' },
  { name: 'invoice_lines', as: 'view' },
];

/** What is known of bookings that changed after they were billed; before the prices, whose spans have to reach back to them. */
export const CHANGED_INPUTS: readonly Derived[] = [
  { name: 'changed', unless_empty: ['input.billed'] },
  { name: 'changed_lines', unless_empty: ['input.changed'] },
  { name: 'corrected_invoices', unless_empty: ['input.changed_lines'] },
  { name: 'discount_spread', unless_empty: ['input.corrected_invoices'] },
  { name: 'changed_discounts', unless_empty: ['input.discount_spread'] },
];

/** Relations derived from the ledger, in order; each is `inputs/<name>.sql` and becomes `input.<name>`. */
export const LEDGER_INPUTS: readonly Derived[] = [
  { name: 'standing_invoices', unless_empty: ['ledger.invoices'] },
  { name: 'covered', unless_empty: ['input.standing_invoices'] },
  { name: 'closed_batches', unless_empty: ['ledger.events'] },
  { name: 'reopened', unless_empty: ['ledger.events'] },
  { name: 'invoice_counts', unless_empty: ['ledger.invoices'] },
  { name: 'openings', unless_empty: ['ledger.openings'] },
  { name: 'billed_charges', unless_empty: ['input.standing_invoices'] },
  { name: 'billed_days', unless_empty: ['input.billed_charges'] },
  { name: 'billed_usage', unless_empty: ['input.usage_spans'] },
  { name: 'charged_usage', unless_empty: ['input.usage_spans'] },
  { name: 'carried', unless_empty: ['input.standing_invoices'] },
  { name: 'billed_bounds', unless_empty: ['input.bound_spans'] },
  { name: 'deposit_balances', unless_empty: ['input.agreements WHERE pays_ahead'] },
  { name: 'last_totals', unless_empty: ['input.standing_invoices'] },
  { name: 'period_days' },
];

/**
 * What makes a credit note by hand, in order; each is `credits/<name>.sql`, reads the ledger and `input.discount_spread` of the
 * one invoice, and becomes `credit.<name>`.
 */
export const CREDITS = [
  'taken_back', 'lines_left', 'taxes_left', 'discount_parts', 'amount_parts', 'lines', 'taxes', 'accounted_tax',
] as const;

/** Queries for offending rows; empty is good. In the order in which their findings are told. */
export const CHECKS = ['unaccounted', 'unbalanced', 'rejected_bookings', 'changed_bookings'] as const;

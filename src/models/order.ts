/** Every model in the one order in which they are built. A model reads `input.*` and the models above it, nothing else. */

/**
 * `table`: computed once and kept. `view`: read through by the models below; used where a row is a booking, so that ten million
 * of them are joined and rated on the way into a sum or a sorted file and never stored in between.
 * `unless_empty`: while there is no such row nothing is computed and the relation is empty.
 */
export const MODELS = [
  { name: 'period_overrides', as: 'table' },
  { name: 'customer_periods', as: 'table' },
  { name: 'next_periods', as: 'table' },
  { name: 'placements', as: 'table' },
  { name: 'rated_bookings', as: 'view' },
  { name: 'bookings', as: 'view' },
  { name: 'totals', as: 'table' },
  { name: 'usage_bookings', as: 'view' },
  { name: 'usage_parts', as: 'table', unless_empty: 'input.usage_spans' },
  { name: 'usage_turns', as: 'table', unless_empty: 'input.usage_spans' },
  { name: 'usage_units', as: 'table', unless_empty: 'draft.usage_turns' },
  { name: 'usage_amounts', as: 'table', unless_empty: 'draft.usage_units' },
  { name: 'usage_charges', as: 'table', unless_empty: 'draft.usage_amounts' },
  { name: 'manual_charges', as: 'table' },
  { name: 'recurring_parts', as: 'table', unless_empty: 'input.charge_parts' },
  { name: 'recurring_charges', as: 'table', unless_empty: 'draft.recurring_parts' },
  { name: 'missing_values', as: 'table' },
  { name: 'fee_charges', as: 'table', unless_empty: 'input.fees' },
  { name: 'charges', as: 'table' },
  { name: 'taxed_charges', as: 'table' },
  { name: 'agreed_lines', as: 'table', unless_empty: 'input.adjusting' },
  { name: 'bound_amounts', as: 'table', unless_empty: 'input.bound_periods' },
  { name: 'discount_shares', as: 'table', unless_empty: 'draft.agreed_lines' },
  { name: 'discount_lines', as: 'table', unless_empty: 'draft.discount_shares' },
  { name: 'minimum_lines', as: 'table', unless_empty: 'draft.bound_amounts' },
  { name: 'carried_credits', as: 'table' },
  { name: 'added_lines', as: 'table' },
  { name: 'net_totals', as: 'table' },
  { name: 'open_taxes', as: 'table' },
  { name: 'closing_lines', as: 'table' },
  { name: 'net_shares', as: 'table', unless_empty: 'draft.net_totals WHERE with_tax' },
  { name: 'billed_lines', as: 'view' },
  { name: 'invoice_taxes', as: 'table' },
  { name: 'invoice_sums', as: 'table' },
  { name: 'completeness', as: 'table' },
  { name: 'invoices', as: 'table' },
  { name: 'previous_totals', as: 'table' },
  { name: 'limit_checks', as: 'table' },
  { name: 'limits', as: 'table' },
  { name: 'invoice_lines', as: 'view' },
] as const;

/** Relations derived from the ledger, in order; each is `inputs/<name>.sql` and becomes `input.<name>`. */
export const LEDGER_INPUTS = [
  'standing_invoices', 'covered', 'closed_batches', 'reopened', 'invoice_counts', 'openings', 'billed_charges', 'billed_days',
  'billed_usage', 'charged_usage',
  'carried', 'last_totals', 'period_days',
] as const;

/** Queries for offending rows; empty is good. In the order in which their findings are told. */
export const CHECKS = ['unaccounted', 'unbalanced', 'rejected_bookings', 'changed_bookings'] as const;

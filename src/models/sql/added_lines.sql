-- The lines that are no bookings, with the rate of their tax: what is charged, and what was paid ahead and comes off again.
-- grain: charge_id
SELECT
  charge_id, kind, customer_key, period_key, invoice_stem, currency, apart, product, description, unit, quantity_micro,
  unit_price_micro, amount_minor, with_tax, tax_id, tax_key, tax_rate_micro, service_start, service_end, agreement_key, sort_rank,
  original_currency, original_minor, original_price_micro, rate_key, kept_rate, kept_on, kept_source, kept_net_minor, exchange_shown
FROM draft.charged_lines
UNION ALL
SELECT
  charge_id, kind, customer_key, period_key, invoice_stem, currency, 0, NULL, description, NULL, 1000000,
  NULL, amount_minor, with_tax, tax_id, tax_key, tax_rate_micro, NULL, NULL, agreement_key, sort_rank,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM draft.deposit_lines

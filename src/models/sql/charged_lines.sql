-- The lines that are no bookings of this run, before deposits come off, with the rate of their tax: charges, discounts, what is missing to
-- a minimum, corrections of bookings that were billed before, and credits that were carried here with the rate they had.
-- grain: charge_id
SELECT
  charge_id, kind, customer_key, period_key, invoice_stem, currency, apart, product, description, unit, quantity_micro,
  unit_price_micro, amount_minor, with_tax, tax_id, tax_key, tax_rate_micro, service_start, service_end, agreement_key, sort_rank
FROM draft.taxed_charges
UNION ALL
SELECT
  charge_id, 'discount', customer_key, period_key, invoice_stem, currency, apart, NULL, description, NULL, 1000000,
  NULL, amount_minor, with_tax, tax_id, tax_key, tax_rate_micro, NULL, NULL, agreement_key, 35
FROM draft.discount_lines
UNION ALL
SELECT
  charge_id, 'minimum', customer_key, period_key, invoice_stem, currency, 0, NULL, description, NULL, 1000000,
  NULL, amount_minor, with_tax, tax_id, tax_key, tax_rate_micro, service_start, service_end, agreement_key, 40
FROM draft.minimum_lines
UNION ALL
SELECT
  k.charge_id, 'carry_over', k.customer_key, k.period_key, k.invoice_stem, k.currency, 0, NULL, k.description, NULL, 1000000,
  NULL, k.amount_minor, FALSE, k.tax_id, k.tax_key, k.tax_rate_micro, NULL, NULL, NULL, 95
FROM draft.carried_credits AS k
UNION ALL
SELECT
  charge_id, 'adjustment', customer_key, period_key, invoice_stem, currency, apart, product, description, unit, quantity_micro,
  unit_price_micro, amount_minor, with_tax, tax_id, tax_key, tax_rate_micro, service_start, service_end, NULL, 5
FROM draft.adjustments

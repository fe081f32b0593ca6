-- What becomes an invoice line without being a booking, behind the bookings by sort_rank: usage 10, recurring 20, fee 30, minimum 40,
-- manual 90, deposit 91. What an agreement makes bears its agreement_key.
-- grain: charge_id
SELECT
  charge_id, kind, customer_key, period_key, invoice_stem, currency, product, description, unit, quantity_micro, unit_price_micro,
  amount_minor, with_tax, tax_id, service_start, service_end, agreement_key, sort_rank
FROM draft.manual_charges
UNION ALL
SELECT
  charge_id, kind, customer_key, period_key, invoice_stem, currency, product, description, unit, quantity_micro, unit_price_micro,
  amount_minor, with_tax, tax_id, service_start, service_end, agreement_key, sort_rank
FROM draft.recurring_charges
UNION ALL
SELECT
  charge_id, kind, customer_key, period_key, invoice_stem, currency, product, description, unit, quantity_micro, unit_price_micro,
  amount_minor, with_tax, tax_id, service_start, service_end, agreement_key, sort_rank
FROM draft.fee_charges
UNION ALL
SELECT
  charge_id, kind, customer_key, period_key, invoice_stem, currency, product, description, unit, quantity_micro, unit_price_micro,
  amount_minor, with_tax, tax_id, service_start, service_end, agreement_key, sort_rank
FROM draft.usage_charges

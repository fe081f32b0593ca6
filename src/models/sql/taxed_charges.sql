-- Charges with the rate of their tax on the last day of their service (of their period, where they have none).
-- One without a known tax has the tax ?, which parks the customer.
-- grain: charge_id
SELECT
  c.charge_id, c.kind, c.customer_key, c.period_key, c.invoice_stem, c.currency, 0 AS apart, c.product, c.description, c.unit,
  c.quantity_micro, c.unit_price_micro, c.amount_minor, c.with_tax, t.tax_id, t.tax_key, t.rate_micro AS tax_rate_micro,
  c.service_start, c.service_end, c.agreement_key, c.sort_rank
FROM draft.charges AS c
JOIN input.periods AS p ON p.period_key = c.period_key
JOIN input.tax_days AS t
  ON t.tax_id = coalesce(c.tax_id, '?') AND t.zone_key = p.zone_key
  AND coalesce(last_moment(c.service_start, c.service_end), last_moment(p.period_start, p.period_end)) >= t.valid_from
  AND coalesce(last_moment(c.service_start, c.service_end), last_moment(p.period_start, p.period_end)) < t.valid_until

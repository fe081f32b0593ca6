-- The lines of agreements with discounts or bounds, one by one, where their sums do not do. base_minor is in the terms of the agreement,
-- with tax or without; group_key are the discounts that hold for the line, rest_key those of them that are not on lines.
-- grain: customer_key, period_key, apart, source, line_key
WITH lines AS (
  SELECT
    customer_key, period_key, currency, apart, source, booking_id AS line_key, tax_key, TRUE AS of_usage, rate_key, group_key, base_minor
  FROM draft.agreed_bookings
  WHERE group_key IS NOT NULL
  UNION ALL
  SELECT customer_key, period_key, currency, apart, NULL, line_key, tax_key, of_usage, rate_key, group_key, base_minor
  FROM draft.agreed_charges
)
SELECT
  l.customer_key, l.period_key, l.currency, l.apart, l.source, l.line_key, l.tax_key,
  g.agreement_key, l.of_usage, l.rate_key, l.base_minor, l.group_key, g.rest_key
FROM lines AS l
JOIN input.groups AS g ON g.group_key = l.group_key
WHERE NOT EXISTS (
  SELECT 1 FROM draft.agreed_sums AS s
  WHERE s.is_joined AND s.customer_key = l.customer_key AND s.period_key = l.period_key AND s.currency = l.currency
    AND s.apart = l.apart AND s.agreement_key = g.agreement_key)

-- Where a late booking of a customer goes: the earliest period that is not closed.
-- grain: customer_key
SELECT
  customer_key,
  min_by(period_key, period_start) AS period_key,
  min_by(previewed, period_start) AS previewed,
  min_by(invoice_stem, period_start) AS invoice_stem
FROM draft.customer_periods
WHERE NOT closed
GROUP BY customer_key

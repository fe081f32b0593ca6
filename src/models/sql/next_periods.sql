-- Where a late booking of a closed period goes: the customer's earliest later period that is not closed.
-- grain: customer_key, own_period_key
SELECT
  own.customer_key,
  own.period_key AS own_period_key,
  min_by(later.period_key, later.period_start) AS period_key,
  min_by(later.previewed, later.period_start) AS previewed,
  min_by(later.invoice_stem, later.period_start) AS invoice_stem
FROM draft.customer_periods AS own
JOIN draft.customer_periods AS later ON later.customer_key = own.customer_key AND later.period_start > own.period_start
WHERE own.closed AND NOT later.closed
GROUP BY own.customer_key, own.period_key

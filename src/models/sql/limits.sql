-- Draft invoices beyond a declared limit or held by hand, and those that wait with one: a customer is parked from the first such billing
-- on, in all currencies, so that a period is billed as a whole or not at all. What finance released goes; a hold is stronger.
-- grain: invoice_key
WITH judged AS (
  SELECT *, held OR too_large OR no_tax OR problem IS NOT NULL OR ((over_total OR over_lines OR over_change OR too_old) AND NOT released) AS stops
  FROM draft.limit_checks
)
SELECT
  invoice_key, customer_id, over_total, over_lines, over_change, before_minor,
  bool_or(stops) OVER (PARTITION BY customer_id ORDER BY billing_at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS parked,
  stops, held, released, hold_reason, too_large, no_tax, problem, too_old
FROM judged

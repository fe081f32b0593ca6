-- Draft invoices beyond a declared limit, and those that wait with one: a customer is parked from the first such billing on, in all
-- currencies, so that a period is billed as a whole or not at all.
-- grain: invoice_key
SELECT
  invoice_key, customer_id, over_total, over_lines, over_change, before_minor,
  bool_or(over_total OR over_lines OR over_change OR too_large OR too_old)
    OVER (PARTITION BY customer_id ORDER BY billing_at RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS parked,
  too_large, too_old
FROM draft.limit_checks

-- Where a booking of a customer goes, by the period it belongs to: into that period's invoice, or, where that period is closed, as a
-- late one into the customer's next invoice. What lies before covered_until is late in its own period, too.
-- grain: customer_key, own_period_key
SELECT
  cp.customer_key,
  cp.period_key AS own_period_key,
  cp.closed AS late,
  cp.covered_until,
  CASE WHEN cp.closed THEN n.period_key ELSE cp.period_key END AS period_key,
  CASE WHEN cp.closed THEN n.previewed ELSE cp.previewed END AS previewed,
  CASE WHEN cp.closed THEN n.invoice_stem ELSE cp.invoice_stem END AS invoice_stem
FROM draft.customer_periods AS cp
LEFT JOIN draft.next_periods AS n ON n.customer_key = cp.customer_key AND n.own_period_key = cp.period_key

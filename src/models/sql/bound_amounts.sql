-- What the minimums and maximums of a customer's agreements are in its open periods. A period that begins where an invoice on demand
-- ended has its part of the time. What is for longer than a period (span_key) is the amount of the whole time in each of them.
-- grain: customer_key, period_key, agreement_key, kind, place
SELECT
  k.customer_key, b.period_key, b.agreement_key, b.kind, b.place,
  CAST(CASE
    WHEN b.span_key IS NULL AND w.period_start > p.period_start THEN div_round(
      CAST(b.amount_minor AS HUGEINT) * seconds_between(w.period_start, p.period_end),
      seconds_between(p.period_start, p.period_end), r.half_even)
    ELSE b.amount_minor END AS BIGINT) AS amount_minor,
  CASE WHEN b.span_key IS NULL AND w.period_start > b.service_start THEN w.period_start ELSE b.service_start END AS service_start,
  b.service_end,
  b.span_key, b.is_due, b.is_after
FROM input.bound_periods AS b
CROSS JOIN input.run AS r
JOIN input.periods AS p ON p.period_key = b.period_key
JOIN input.customer_agreements AS k ON k.agreement_key = b.agreement_key
JOIN draft.customer_periods AS w ON w.customer_key = k.customer_key AND w.period_key = b.period_key
WHERE w.previewed AND NOT w.closed AND (b.span_key IS NOT NULL OR w.period_start < b.service_end)

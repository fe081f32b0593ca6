-- Periods that stay open for a customer although the batch was confirmed: the customer was parked then, or the invoice was cancelled
-- before it was sent (voided_at: when, the last time).
-- grain: customer_id, cycle_id, period_start
WITH told AS (
  SELECT
    subject_id AS customer_id,
    json_extract_string(detail, '$.cycle_id') AS cycle_id,
    CAST(json_extract_string(detail, '$.period_start') AS TIMESTAMP) AS period_start,
    TRUE AS parked,
    CAST(NULL AS TIMESTAMP) AS voided_at
  FROM ledger.events
  WHERE subject = 'customer' AND event = 'parked'
  UNION ALL
  SELECT i.customer_id, i.cycle_id, i.period_start, FALSE, v."at"
  FROM ledger.invoices AS i
  JOIN ledger.voidings AS v ON v.invoice_id = i.invoice_id
  WHERE i.confirmed_by IS DISTINCT FROM 'credit'
)
SELECT customer_id, cycle_id, period_start, bool_or(parked) AS parked, max(voided_at) AS voided_at
FROM told
GROUP BY customer_id, cycle_id, period_start

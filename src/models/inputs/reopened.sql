-- Periods that stay open for a customer although the batch was confirmed: the customer was parked then, or the invoice was cancelled
-- before it was sent (voided_at: when, the last time). after_deadline: what was cancelled had been confirmed by itself. lacking: nothing
-- stands in the currency of what was cancelled, whatever else of the period was billed. By the period's first instant, as openings are.
-- grain: customer_id, period_start
WITH told AS (
  SELECT
    subject_id AS customer_id,
    CAST(json_extract_string(detail, '$.period_start') AS TIMESTAMP) AS period_start,
    TRUE AS parked,
    CAST(NULL AS TIMESTAMP) AS voided_at,
    FALSE AS after_deadline,
    FALSE AS lacking
  FROM ledger.events
  WHERE subject = 'customer' AND event = 'parked'
  UNION ALL
  SELECT
    i.customer_id, i.period_start, FALSE, v."at", coalesce(i.confirmed_by = 'auto', FALSE),
    NOT EXISTS (
      SELECT 1 FROM input.standing_invoices AS n
      WHERE n.customer_id = i.customer_id AND n.currency = i.currency AND n.confirmed_by IS DISTINCT FROM 'credit'
        AND n.period_start < i.period_end AND n.period_end > i.period_start)
  FROM ledger.invoices AS i
  JOIN ledger.voidings AS v ON v.invoice_id = i.invoice_id
  WHERE i.confirmed_by IS DISTINCT FROM 'credit'
)
SELECT
  customer_id, period_start, bool_or(parked) AS parked, max(voided_at) AS voided_at, bool_or(after_deadline) AS after_deadline,
  bool_or(lacking) AS lacking
FROM told
GROUP BY customer_id, period_start

-- Periods that stay open for a customer although the batch was confirmed: the customer was parked then.
-- grain: customer_id, cycle_id, period_start
SELECT DISTINCT
  subject_id AS customer_id,
  json_extract_string(detail, '$.cycle_id') AS cycle_id,
  CAST(json_extract_string(detail, '$.period_start') AS TIMESTAMP) AS period_start
FROM ledger.events
WHERE subject = 'customer' AND event = 'parked'

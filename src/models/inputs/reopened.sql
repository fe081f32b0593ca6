-- Periods that stay open for a customer although the batch was confirmed: the customer was parked then.
-- grain: customer_key, period_key
SELECT DISTINCT c.customer_key, p.period_key
FROM ledger.events AS e
JOIN input.customers AS c ON c.customer_id = e.subject_id
JOIN input.periods AS p ON p.calendar_key = c.calendar_key
  AND p.period_start = CAST(json_extract_string(e.detail, '$.period_start') AS TIMESTAMP)
WHERE e.subject = 'customer' AND e.event = 'parked'

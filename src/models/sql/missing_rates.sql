-- Invoices that cannot be made yet, because there is no exchange rate for one of their lines, or its amount in the other currency is too
-- large: their customer is parked.
-- grain: customer_key, period_key
WITH converted AS (
  SELECT customer_key, period_key, currency, billed_currency, lacks_rate, too_large FROM draft.totals WHERE bucket = 'billed'
  UNION ALL
  SELECT
    customer_key, period_key, original_currency, currency, original_minor <> 0 AND rate_key IS NULL AND kept_rate IS NULL,
    abs(amount_minor) >= 1000000000000000
  FROM draft.added_lines
  WHERE original_currency IS NOT NULL
)
SELECT
  customer_key, period_key,
  min(CASE WHEN lacks_rate
    THEN 'there is no exchange rate from ' || currency || ' to ' || billed_currency || ' for the day of a service'
    ELSE 'an amount in ' || currency || ' is too large in ' || billed_currency END) AS problem
FROM converted
WHERE lacks_rate OR too_large
GROUP BY customer_key, period_key

-- Invoices that cannot be made yet, because a value that a price follows is not listed: their customer is parked.
-- grain: customer_key, period_key
SELECT customer_key, period_key, min(problem) AS problem
FROM draft.recurring_parts
WHERE problem IS NOT NULL
GROUP BY customer_key, period_key

-- The customer's last standing invoice in each currency, to compare the next one with.
-- grain: customer_id, currency
SELECT customer_id, currency, max_by(total_minor, (billing_date, serial, seq)) AS total_minor
FROM input.standing_invoices
WHERE kind = 'invoice'
GROUP BY customer_id, currency

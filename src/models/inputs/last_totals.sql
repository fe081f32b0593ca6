-- The customer's last standing invoice in each currency, to compare the next one with.
-- grain: customer_id, currency
SELECT
  customer_id, currency,
  max(billing_date) AS billing_date,
  max_by(period_start, (billing_date, period_start)) AS period_start,
  max_by(total_minor, (billing_date, period_start, serial, seq)) AS total_minor
FROM input.standing_invoices
WHERE kind = 'invoice'
GROUP BY customer_id, currency

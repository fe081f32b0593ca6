-- How far a customer's standing invoices reach into each period of today's calendars. Reaching to its end they close it; reaching into
-- it (the cycle was edited after it billed, or an invoice was made on demand) they cut it: the next period begins where they end.
-- A credit note by hand bills nothing and covers nothing; it bears the period of the invoice that it corrects.
-- grain: customer_key, period_key
SELECT c.customer_key, p.period_key, max(i.period_end) AS covered_until
FROM input.standing_invoices AS i
JOIN input.customers AS c ON c.customer_id = i.customer_id
JOIN input.periods AS p ON p.calendar_key = c.calendar_key AND p.period_start < i.period_end AND p.period_end > i.period_start
WHERE i.confirmed_by IS DISTINCT FROM 'credit'
GROUP BY c.customer_key, p.period_key

-- How many invoices a customer already has for a period, void ones too, so that a further one gets an id of its own.
-- grain: customer_key, period_key
SELECT c.customer_key, p.period_key, count(*) AS invoices
FROM ledger.invoices AS i
JOIN input.customers AS c ON c.customer_id = i.customer_id
JOIN input.periods AS p ON p.calendar_key = c.calendar_key AND p.period_start = i.period_start AND p.cycle_id = i.cycle_id
GROUP BY c.customer_key, p.period_key

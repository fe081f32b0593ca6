-- How many invoices a customer already has for a period, void ones too, so that a further one gets an id of its own. Credit notes
-- by hand have ids of another kind.
-- grain: customer_id, cycle_id, period_start
SELECT customer_id, cycle_id, period_start, count(*) AS invoices
FROM ledger.invoices
WHERE confirmed_by IS DISTINCT FROM 'credit'
GROUP BY customer_id, cycle_id, period_start

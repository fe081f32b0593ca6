-- How many invoices a customer already has for a period, void ones too, so that a further one gets an id of its own. Credit notes
-- by hand have ids of another kind. What begins before the periods of this run is not asked for.
-- grain: customer_id, cycle_id, period_start
SELECT a.customer_id, a.cycle_id, a.period_start, count(*) AS invoices
FROM (
  SELECT i.customer_id, i.cycle_id, i.period_start, i.confirmed_by
  FROM input.standing_invoices AS i
  UNION ALL
  SELECT i.customer_id, i.cycle_id, i.period_start, i.confirmed_by
  FROM ledger.invoices AS i
  JOIN (SELECT DISTINCT invoice_id FROM ledger.voidings) AS v ON v.invoice_id = i.invoice_id) AS a
WHERE a.confirmed_by IS DISTINCT FROM 'credit' AND a.period_start >= (SELECT min(p.period_start) FROM input.periods AS p)
GROUP BY a.customer_id, a.cycle_id, a.period_start

-- A customer's periods around this run: which are closed (billed or let pass), which are open for preview, which are still to come.
-- invoice_stem begins the id of the period's invoices; a further invoice of the same period (after a void one) gets another.
-- grain: customer_key, period_key
SELECT
  c.customer_key,
  p.period_key,
  p.period_start,
  (i.period_key IS NOT NULL OR (k.batch_id IS NOT NULL AND x.period_key IS NULL)) AS closed,
  p.previewed,
  'inv_' || substr(md5(concat_ws('|', c.customer_id, p.cycle_id, CAST(p.period_start AS VARCHAR), coalesce(n.invoices, 0))), 1, 16)
    AS invoice_stem
FROM input.customers AS c
JOIN input.periods AS p ON p.calendar_key = c.calendar_key
LEFT JOIN input.invoiced AS i ON i.customer_key = c.customer_key AND i.period_key = p.period_key
LEFT JOIN input.closed_batches AS k
  ON k.batch_id = CAST(p.billing_date AS VARCHAR) || coalesce('-' || c.batch_partner, '')
  AND (k.closed_until IS NULL OR p.auto_confirm_at <= k.closed_until)
LEFT JOIN input.reopened AS x ON x.customer_key = c.customer_key AND x.period_key = p.period_key
LEFT JOIN input.invoice_counts AS n ON n.customer_key = c.customer_key AND n.period_key = p.period_key

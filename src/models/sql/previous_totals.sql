-- Each draft invoice with the total of the customer's invoice before it in the same currency, drafted or processed. Credit notes are
-- no measure for what follows.
-- grain: invoice_key
SELECT
  i.invoice_key, i.invoice_id, i.customer_key, i.customer_id, i.period_key, i.use_no, i.billing_at, i.auto_confirm_at, i.currency, i.lines,
  i.net_minor, i.tax_minor, i.total_minor,
  coalesce(
    max_by(i.total_minor, CASE WHEN i.kind = 'invoice' THEN i.invoice_key END)
      OVER (PARTITION BY i.customer_key, i.currency ORDER BY i.invoice_key ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    b.total_minor) AS before_minor
FROM draft.invoices AS i
LEFT JOIN input.last_totals AS b ON b.customer_id = i.customer_id AND b.currency = i.currency

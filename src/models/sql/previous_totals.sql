-- Each draft invoice with the total of the customer's invoice before it in the same currency, drafted or processed.
-- grain: invoice_key
SELECT
  i.invoice_key, i.customer_key, i.customer_id, i.billing_at, i.auto_confirm_at, i.currency, i.lines, i.net_minor, i.tax_minor, i.total_minor,
  coalesce(lag(i.total_minor) OVER (PARTITION BY i.customer_key, i.currency ORDER BY i.billing_at, i.invoice_key), b.total_minor) AS before_minor
FROM draft.invoices AS i
LEFT JOIN input.last_totals AS b ON b.customer_id = i.customer_id AND b.currency = i.currency

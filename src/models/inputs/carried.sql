-- Credits that closed an invoice at zero and stand on no invoice yet: one row per tax, as the line that is to come.
-- grain: charge_id
SELECT
  l.invoice_id || ':credit:' || l.tax_id || ':' || CAST(l.tax_rate_micro AS VARCHAR) AS charge_id,
  i.customer_id, i.billing_date, i.currency, i.period_start,
  l.tax_id, l.tax_rate_micro, t.name, t.category, t.note,
  -l.amount_minor AS amount_minor
FROM ledger.invoice_lines AS l
JOIN input.standing_invoices AS i ON i.invoice_id = l.invoice_id
JOIN ledger.invoice_taxes AS t ON t.invoice_id = l.invoice_id AND t.tax_id = l.tax_id AND t.rate_micro = l.tax_rate_micro
LEFT JOIN input.billed_charges AS b
  ON b.charge_id = l.invoice_id || ':credit:' || l.tax_id || ':' || CAST(l.tax_rate_micro AS VARCHAR)
WHERE l.kind = 'carry_over'
  AND l.charge_id = l.invoice_id || ':carried:' || l.tax_id || ':' || CAST(l.tax_rate_micro AS VARCHAR)
  AND b.charge_id IS NULL

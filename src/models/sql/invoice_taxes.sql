-- One row per tax of an invoice, computed once on the sum of its lines (or per line, where the issuer rounds so).
-- grain: invoice_id, tax_id
SELECT
  t.invoice_id, t.customer_key, t.period_key, t.currency, t.own_invoice, t.tax_id,
  x.name, x.category, x.rate_micro, x.note,
  t.lines,
  t.late,
  t.net_minor,
  CASE WHEN r.tax_per_line THEN t.line_tax_minor ELSE div_round(t.net_minor * x.rate_micro, 100000000, r.half_even) END AS tax_minor,
  t.fingerprint
FROM draft.billed_totals AS t
CROSS JOIN input.run AS r
JOIN input.taxes AS x ON x.tax_id = t.tax_id

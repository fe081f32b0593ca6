-- One row per tax of an invoice, computed once on the sum of its lines (or per line, where the issuer rounds so).
-- grain: invoice_id, tax_id
SELECT
  w.invoice_stem || '_' || lower(t.currency) || CASE WHEN t.own_invoice THEN '_late' ELSE '' END AS invoice_id,
  t.customer_key, t.period_key, t.currency, t.own_invoice, t.tax_id,
  x.name, x.category, x.rate_micro, x.note,
  t.lines,
  t.late,
  t.amount_minor AS net_minor,
  CASE WHEN r.tax_per_line THEN t.line_tax_minor ELSE div_round(t.amount_minor * x.rate_micro, 100000000, r.half_even) END AS tax_minor,
  t.fingerprint
FROM draft.net_totals AS t
CROSS JOIN input.run AS r
JOIN draft.customer_periods AS w ON w.customer_key = t.customer_key AND w.period_key = t.period_key
JOIN input.taxes AS x ON x.tax_id = t.tax_id

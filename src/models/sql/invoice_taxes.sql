-- One row per tax and rate of an invoice as it is billed, in the words of the customer's language. Where a negative total is carried
-- over, nothing is left of it.
-- grain: invoice_id, tax_id, rate_micro
SELECT
  t.invoice_id, t.customer_key, t.period_key, t.currency, t.apart, t.tax_key,
  x.tax_id, coalesce(w.name, x.name) AS name, x.category, x.rate_micro,
  CASE WHEN w.tax_key IS NULL THEN x.note ELSE w.note END AS note,
  t.lines + CASE WHEN z.charge_id IS NULL THEN 0 ELSE 1 END AS lines,
  t.late,
  CASE WHEN z.charge_id IS NULL THEN t.net_minor ELSE 0 END AS net_minor,
  CASE WHEN z.charge_id IS NULL THEN t.tax_minor ELSE 0 END AS tax_minor,
  t.included_minor,
  z.charge_id IS NOT NULL AS carried,
  t.fingerprint
FROM draft.open_taxes AS t
JOIN input.taxes AS x ON x.tax_key = t.tax_key
JOIN input.customers AS c ON c.customer_key = t.customer_key
LEFT JOIN input.tax_texts AS w ON w.tax_key = t.tax_key AND w.locale = c.locale
LEFT JOIN draft.closing_lines AS z ON z.invoice_id = t.invoice_id AND z.tax_key = t.tax_key

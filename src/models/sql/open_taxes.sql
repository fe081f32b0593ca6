-- One row per tax and rate of an invoice, computed once on the sum of its lines (or per line, where the issuer rounds so). Of prices that
-- include the tax the net is rounded, the tax is the rest; what is taken back has the net it was billed with.
-- grain: invoice_id, tax_key
WITH split AS (
  SELECT
    invoice_name(w.invoice_stem, t.currency, t.apart) AS invoice_id,
    t.customer_key, t.period_key, t.currency, t.apart, t.tax_key, t.lines, t.late, t.fingerprint,
    t.plain_minor,
    t.gross_minor - CASE WHEN r.tax_per_line THEN t.line_net_minor ELSE net_of(t.gross_minor, x.rate_micro, r.half_even) END
      + t.kept_gross_minor - t.kept_net_minor AS included_minor,
    t.gross_minor + t.kept_gross_minor AS gross_minor,
    CASE WHEN r.tax_per_line THEN t.line_tax_minor ELSE tax_on(t.plain_minor, x.rate_micro, r.half_even) END AS added_minor
  FROM draft.net_totals AS t
  CROSS JOIN input.run AS r
  JOIN input.taxes AS x ON x.tax_key = t.tax_key
  JOIN draft.customer_periods AS w ON w.customer_key = t.customer_key AND w.period_key = t.period_key
)
SELECT
  invoice_id, customer_key, period_key, currency, apart, tax_key, lines, late, fingerprint, included_minor,
  plain_minor + gross_minor - included_minor AS net_minor,
  added_minor + included_minor AS tax_minor
FROM split

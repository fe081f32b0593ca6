-- What the invoices of customers who have paid ahead come to with tax, before deposits come off and without new ones; for each tax of a
-- deposit with its net amount, on which the tax is rounded.
-- grain: customer_key, period_key, currency, tax_key
WITH billed AS (
  SELECT t.customer_key, t.period_key, t.billed_currency AS currency, t.tax_key, t.with_tax, t.billed_minor AS amount_minor, t.line_tax_minor
  FROM draft.totals AS t
  WHERE t.bucket = 'billed' AND t.apart = 0
  UNION ALL
  SELECT
    c.customer_key, c.period_key, c.currency, c.tax_key, c.with_tax, c.amount_minor,
    CASE WHEN r.tax_per_line AND NOT c.with_tax THEN tax_on(c.amount_minor, c.tax_rate_micro, r.half_even) ELSE 0 END
  FROM draft.charged_lines AS c
  CROSS JOIN input.run AS r
  WHERE c.apart = 0 AND c.kind <> 'deposit'
), summed AS (
  SELECT
    b.customer_key, b.period_key, b.currency, b.tax_key, x.rate_micro,
    sum(CASE WHEN b.with_tax THEN 0 ELSE b.amount_minor END) AS plain_minor,
    sum(CASE WHEN b.with_tax THEN b.amount_minor ELSE 0 END) AS gross_minor,
    sum(b.line_tax_minor) AS line_tax_minor
  FROM billed AS b
  JOIN input.taxes AS x ON x.tax_key = b.tax_key
  JOIN (SELECT DISTINCT customer_key, currency FROM draft.open_deposits) AS o ON o.customer_key = b.customer_key AND o.currency = b.currency
  GROUP BY b.customer_key, b.period_key, b.currency, b.tax_key, x.rate_micro
), invoices AS (
  SELECT
    s.customer_key, s.period_key, s.currency,
    sum(s.plain_minor + s.gross_minor
      + CASE WHEN r.tax_per_line THEN s.line_tax_minor ELSE tax_on(s.plain_minor, s.rate_micro, r.half_even) END) AS total_minor
  FROM summed AS s
  CROSS JOIN input.run AS r
  GROUP BY s.customer_key, s.period_key, s.currency
)
SELECT
  i.customer_key, i.period_key, i.currency, w.period_start, o.tax_key,
  CAST(coalesce(s.plain_minor, 0) AS HUGEINT) AS plain_minor,
  CAST(i.total_minor AS HUGEINT) AS total_minor
FROM invoices AS i
JOIN draft.customer_periods AS w ON w.customer_key = i.customer_key AND w.period_key = i.period_key
JOIN (SELECT DISTINCT customer_key, currency, tax_key FROM draft.open_deposits) AS o
  ON o.customer_key = i.customer_key AND o.currency = i.currency
LEFT JOIN summed AS s
  ON s.customer_key = i.customer_key AND s.period_key = i.period_key AND s.currency = i.currency AND s.tax_key = o.tax_key

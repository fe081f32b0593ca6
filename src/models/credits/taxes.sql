-- The taxes of the credit note. Of single lines the tax is computed on their sum, or is the part that their prices include, but never more
-- than is left; whoever takes all the net that is left takes all the tax.
-- grain: tax_id, rate_micro
WITH sums AS (
  SELECT
    tax_id, tax_rate_micro,
    -sum(amount_minor) AS net_minor,
    -sum(CASE WHEN gross_minor IS NULL THEN amount_minor ELSE 0 END) AS plain_minor,
    -sum(CASE WHEN gross_minor IS NULL THEN 0 ELSE gross_minor - amount_minor END) AS included_minor
  FROM credit.lines
  GROUP BY tax_id, tax_rate_micro
)
SELECT
  t.tax_id, t.name, t.category, t.rate_micro, t.note,
  CAST(-s.net_minor AS BIGINT) AS net_minor,
  CAST(-CASE
    WHEN p.tax_id IS NOT NULL THEN p.tax_minor
    WHEN r.mode = 'whole' OR s.net_minor = t.left_net_minor THEN t.left_tax_minor
    ELSE clamp(s.included_minor + tax_on(s.plain_minor, t.rate_micro, r.half_even), 0, t.left_tax_minor)
    END AS BIGINT) AS tax_minor
FROM sums AS s
CROSS JOIN credit.request AS r
JOIN credit.taxes_left AS t ON t.tax_id = s.tax_id AND t.rate_micro = s.tax_rate_micro
LEFT JOIN credit.amount_parts AS p ON p.tax_id = s.tax_id AND p.rate_micro = s.tax_rate_micro

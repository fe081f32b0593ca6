-- The taxes of the invoice with what is left of each: less what credit notes by hand gave back, as they say, and less the tax on what
-- the models took back on later invoices. unattached_minor is what was credited of no line.
-- grain: tax_id, rate_micro
WITH taken AS (
  SELECT
    tax_id, tax_rate_micro,
    sum(amount_minor) AS net_minor,
    sum(CASE WHEN corrects_line_no IS NULL THEN amount_minor ELSE 0 END) AS unattached_minor,
    sum(CASE WHEN by_hand OR gross_minor IS NOT NULL THEN 0 ELSE amount_minor END) AS plain_minor,
    sum(CASE WHEN by_hand OR gross_minor IS NULL THEN 0 ELSE gross_minor - amount_minor END) AS included_minor,
    count(*) - sum(CASE WHEN by_hand THEN 1 ELSE 0 END) AS by_models
  FROM credit.taken_back
  GROUP BY tax_id, tax_rate_micro
), notes AS (
  SELECT t.tax_id, t.rate_micro, sum(t.tax_minor) AS tax_minor
  FROM ledger.invoice_taxes AS t
  WHERE t.invoice_id IN (SELECT b.invoice_id FROM credit.taken_back AS b WHERE b.by_hand)
  GROUP BY t.tax_id, t.rate_micro
), sums AS (
  SELECT
    x.tax_id, x.name, x.category, x.rate_micro, x.note, x.net_minor, x.tax_minor,
    CAST(coalesce(k.unattached_minor, 0) AS HUGEINT) AS unattached_minor,
    CAST(x.net_minor + coalesce(k.net_minor, 0) AS HUGEINT) AS left_net_minor,
    CAST(x.tax_minor + coalesce(n.tax_minor, 0) + coalesce(k.included_minor, 0)
      + coalesce(tax_on(k.plain_minor, x.rate_micro, r.half_even), 0) AS HUGEINT) AS left_tax_minor,
    coalesce(k.by_models, 0) AS by_models
  FROM ledger.invoice_taxes AS x
  JOIN credit.request AS r ON r.invoice_id = x.invoice_id
  LEFT JOIN taken AS k ON k.tax_id = x.tax_id AND k.tax_rate_micro = x.rate_micro
  LEFT JOIN notes AS n ON n.tax_id = x.tax_id AND n.rate_micro = x.rate_micro
)
SELECT
  tax_id, name, category, rate_micro, note, net_minor, tax_minor, unattached_minor, left_net_minor,
  CASE WHEN left_net_minor = 0 AND by_models > 0 THEN 0 ELSE left_tax_minor END AS left_tax_minor
FROM sums

-- The parts of recurring charges that are billed now, customer by customer: each day of a charge once. Of a part that was billed in
-- part (its agreement ended then, and goes on now) the rest is left. `whole`: a unit cut by nothing.
-- grain: customer_key, part_key
WITH due AS (
  SELECT
    k.customer_key, u.part_key, concat_ws(':', c.customer_id, a.agreement_id, u.charge_id) AS charge_key, u.agreement_key,
    w.period_key, w.invoice_stem, a.currency, a.prices_with_tax, u.product, u.name, u.tax_id, u.first_day, u.last_day, u.terms_no,
    u.mergeable, u.proration, u.quantity_micro, u.price_micro, u.share_over, u.share_under, u.problem
  FROM input.charge_parts AS u
  JOIN input.agreements AS a ON a.agreement_key = u.agreement_key
  JOIN input.customer_agreements AS k ON k.agreement_key = u.agreement_key
  JOIN input.customers AS c ON c.customer_key = k.customer_key AND c.calendar_key = u.calendar_key
  JOIN draft.placements AS w ON w.customer_key = k.customer_key AND w.own_period_key = u.own_period_key
  WHERE w.period_key IS NOT NULL AND w.previewed
), billed AS (
  SELECT d.customer_key, d.part_key, max(b.last_day) AS last_day
  FROM due AS d
  JOIN input.billed_days AS b ON b.charge_key = d.charge_key AND b.first_day <= d.last_day AND b.last_day >= d.first_day
  GROUP BY d.customer_key, d.part_key
)
SELECT
  d.customer_key, d.part_key, d.charge_key, d.agreement_key, d.period_key, d.invoice_stem, d.currency, d.prices_with_tax,
  d.product, d.name, d.tax_id,
  CASE WHEN b.last_day IS NULL THEN d.first_day ELSE next_day(b.last_day) END AS first_day,
  d.last_day, d.terms_no,
  d.mergeable AND b.last_day IS NULL AS whole,
  d.quantity_micro, d.price_micro,
  CASE
    WHEN b.last_day IS NULL THEN d.share_over
    WHEN d.proration = 'fixed_30' THEN month_days(next_day(b.last_day), next_day(d.last_day))
    ELSE days_between(b.last_day, d.last_day)
  END AS share_over,
  d.share_under, d.problem
FROM due AS d
LEFT JOIN billed AS b ON b.customer_key = d.customer_key AND b.part_key = d.part_key
WHERE b.last_day IS NULL OR (b.last_day < d.last_day AND d.proration <> 'none')

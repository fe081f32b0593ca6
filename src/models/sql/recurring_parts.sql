-- The parts of recurring charges that are billed now, customer by customer: each day of a charge once. Of a part that was billed in
-- part (its agreement ended then, and goes on now; a line of it was taken back) each stretch that is on no invoice is left. `whole`: a
-- unit cut by nothing.
-- grain: customer_key, part_key, first_day
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
  SELECT d.customer_key, d.part_key, b.first_day, b.last_day
  FROM due AS d
  JOIN input.billed_days AS b ON b.charge_key = d.charge_key AND b.first_day <= d.last_day AND b.last_day >= d.first_day
), ended AS (
  SELECT customer_key, part_key, first_day, last_day FROM billed
  UNION ALL
  SELECT customer_key, part_key, next_day(last_day), next_day(last_day) FROM due
), gaps AS (
  SELECT
    customer_key, part_key, first_day AS next_billed,
    max(last_day) OVER (
      PARTITION BY customer_key, part_key ORDER BY first_day, last_day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS billed_until
  FROM ended
), stretches AS (
  SELECT
    d.*, g.billed_until,
    CASE WHEN g.billed_until >= d.first_day THEN next_day(g.billed_until) ELSE d.first_day END AS begins,
    g.next_billed - 1 AS ends
  FROM due AS d
  JOIN gaps AS g ON g.customer_key = d.customer_key AND g.part_key = d.part_key
)
SELECT
  s.customer_key, s.part_key, s.charge_key, s.agreement_key, s.period_key, s.invoice_stem, s.currency, s.prices_with_tax,
  s.product, s.name, s.tax_id,
  s.begins AS first_day,
  s.ends AS last_day,
  s.terms_no,
  s.mergeable AND s.begins = s.first_day AND s.ends = s.last_day AS whole,
  s.quantity_micro, s.price_micro,
  CASE
    WHEN s.begins = s.first_day AND s.ends = s.last_day THEN s.share_over
    WHEN s.proration = 'fixed_30' THEN month_days(s.begins, next_day(s.ends))
    ELSE days_between(s.begins, next_day(s.ends))
  END AS share_over,
  s.share_under, s.problem
FROM stretches AS s
WHERE s.begins <= s.ends AND (s.proration <> 'none' OR (s.begins = s.first_day AND s.ends = s.last_day))

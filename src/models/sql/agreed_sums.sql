-- The lines of agreements with discounts or bounds, summed: what they come to before discounts, and what the discount on lines (place, 0
-- where none holds) takes off them. is_joined: where bookings are many, these sums are all that is needed. All lines of an invoice and
-- agreement then have the same tax, at most one discount on lines each and the same discounts after it, and none gives usage back: it does
-- not matter which of them bears what.
-- grain: customer_key, period_key, currency, apart, agreement_key, tax_key, rest_key, rate_key, of_usage, place
WITH lines AS (
  SELECT
    customer_key, period_key, currency, apart, tax_key, group_key, rate_key, TRUE AS of_usage, base_minor, off_minor, FALSE AS gives_back
  FROM draft.totals
  WHERE group_key IS NOT NULL
  UNION ALL
  SELECT customer_key, period_key, currency, apart, tax_key, group_key, rate_key, of_usage, base_minor, off_minor, of_usage AND base_minor < 0
  FROM draft.agreed_charges
), sums AS (
  SELECT
    l.customer_key, l.period_key, l.currency, l.apart, g.agreement_key, l.tax_key, g.rest_key, l.rate_key,
    l.of_usage OR NOT n.tells_usage AS of_usage, coalesce(g.first_place, 0) AS place, r.in_sums AND n.is_summable AS is_summable,
    sum(l.base_minor) AS base_minor, sum(l.off_minor) AS off_minor, bool_or(l.gives_back) AS gives_back
  FROM lines AS l
  CROSS JOIN input.run AS r
  JOIN input.groups AS g ON g.group_key = l.group_key
  JOIN input.terms AS n ON n.agreement_key = g.agreement_key
  GROUP BY ALL
), alike AS (
  SELECT
    *,
    count(*) OVER (PARTITION BY customer_key, period_key, currency, apart, agreement_key, tax_key, rest_key, rate_key, of_usage) AS own,
    count(*) OVER invoiced AS all_of_them,
    bool_or(gives_back) OVER invoiced AS gives_back_any
  FROM sums
  WINDOW invoiced AS (PARTITION BY customer_key, period_key, currency, apart, agreement_key)
)
SELECT
  customer_key, period_key, currency, apart, agreement_key, tax_key, rest_key, rate_key, of_usage, place,
  CAST(base_minor AS HUGEINT) AS base_minor, CAST(off_minor AS HUGEINT) AS off_minor,
  is_summable AND own = all_of_them AND NOT gives_back_any AS is_joined
FROM alike

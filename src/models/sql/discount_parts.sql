-- What the discounts on lines leave, and the discounts on the net are taken of: line by line, or the lines of an invoice and agreement in
-- one, where bookings are many and all its lines have the same tax and the same discounts still before them, and none gives usage back:
-- then it does not matter which of them bears what. Most of these come as sums already.
-- grain: customer_key, period_key, currency, apart, agreement_key, source, line_key
WITH lines AS (
  SELECT
    s.customer_key, s.period_key, s.currency, s.apart, s.source, s.line_key, s.agreement_key, s.tax_key, s.rest_key, s.of_usage, s.rate_key,
    s.place, s.left_minor, r.in_sums AND n.is_joinable AS is_joinable, n.tells_usage
  FROM draft.line_discounts AS s
  CROSS JOIN input.run AS r
  JOIN input.terms AS n ON n.agreement_key = s.agreement_key AND n.first_places = s.place
  UNION ALL
  SELECT
    s.customer_key, s.period_key, s.currency, s.apart, NULL, NULL, s.agreement_key, s.tax_key, s.rest_key, s.of_usage, s.rate_key,
    n.first_places, s.base_minor - s.off_minor, TRUE, n.tells_usage
  FROM draft.agreed_sums AS s
  JOIN input.terms AS n ON n.agreement_key = s.agreement_key
  WHERE s.is_joined
), sums AS (
  SELECT
    l.customer_key, l.period_key, l.currency, l.apart, l.agreement_key, l.tax_key, l.rest_key, l.rate_key, l.place,
    l.of_usage OR NOT l.tells_usage AS of_usage,
    sum(l.left_minor) AS left_minor,
    coalesce(bool_or(gives_usage_back(l.source, l.line_key, l.of_usage, l.left_minor)), FALSE) AS gives_back
  FROM lines AS l
  WHERE l.is_joinable
  GROUP BY ALL
), joined AS (
  SELECT
    customer_key, period_key, currency, apart, agreement_key, place,
    min(tax_key) AS tax_key, min(rest_key) AS rest_key, min(rate_key) AS rate_key, bool_or(of_usage) AS of_usage,
    sum(left_minor) AS left_minor
  FROM sums
  GROUP BY customer_key, period_key, currency, apart, agreement_key, place
  HAVING count(*) = 1 AND NOT bool_or(gives_back)
)
SELECT
  customer_key, period_key, currency, apart, CAST(NULL AS VARCHAR) AS source, CAST(NULL AS VARCHAR) AS line_key, agreement_key, tax_key,
  rest_key, of_usage, rate_key, place, CAST(left_minor AS HUGEINT) AS left_minor
FROM joined
UNION ALL
SELECT
  l.customer_key, l.period_key, l.currency, l.apart, l.source, l.line_key, l.agreement_key, l.tax_key, l.rest_key, l.of_usage, l.rate_key,
  l.place, CAST(l.left_minor AS HUGEINT)
FROM lines AS l
WHERE NOT EXISTS (
  SELECT 1 FROM joined AS j
  WHERE j.customer_key = l.customer_key AND j.period_key = l.period_key AND j.currency = l.currency AND j.apart = l.apart
    AND j.agreement_key = l.agreement_key)

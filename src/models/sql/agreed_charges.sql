-- The charges that are lines of an agreement with discounts or bounds, as agreed_bookings tells the bookings. of_usage: what a bound counts
-- as usage. rate_key is the exchange rate at which the line is converted, and what comes off it.
-- grain: line_key
WITH dated AS (
  SELECT
    c.customer_key, c.period_key, c.currency, c.apart, c.charge_id AS line_key, c.product, c.tax_key, c.tax_rate_micro, c.with_tax,
    c.amount_minor, c.agreement_key, c.kind = 'usage' AS of_usage, p.zone_key,
    coalesce(c.service_start, p.period_start) AS starts_at,
    coalesce(last_moment(c.service_start, c.service_end), last_moment(p.period_start, p.period_end)) AS converted_at
  FROM draft.taxed_charges AS c
  JOIN input.periods AS p ON p.period_key = c.period_key
  WHERE c.agreement_key IS NOT NULL AND c.kind <> 'deposit' AND c.amount_minor <> 0
), based AS (
  SELECT
    c.customer_key, c.period_key, c.currency, c.apart, c.line_key, c.tax_key, c.agreement_key, c.of_usage, c.converted_at, c.zone_key,
    g.group_key, g.first_place, g.percent_micro, g.amount_minor AS most_minor, r.half_even,
    in_terms(c.amount_minor, c.with_tax, g.prices_with_tax, c.tax_rate_micro, r.half_even) AS base_minor
  FROM dated AS c
  CROSS JOIN input.run AS r
  LEFT JOIN input.discount_groups AS n
    ON n.agreement_key = c.agreement_key AND n.zone_key = c.zone_key AND n.product = c.product
    AND c.starts_at >= n.valid_from AND c.starts_at < n.valid_until
  LEFT JOIN input.discount_groups AS o
    ON o.agreement_key = c.agreement_key AND o.zone_key = c.zone_key AND o.product = '*'
    AND c.starts_at >= o.valid_from AND c.starts_at < o.valid_until
  JOIN input.groups AS g ON g.group_key = coalesce(n.group_key, o.group_key) AND g.currency = c.currency
)
SELECT
  c.customer_key, c.period_key, c.currency, c.apart, c.line_key, c.tax_key, c.agreement_key, c.of_usage, x.rate_key, c.group_key,
  c.base_minor,
  CASE WHEN c.first_place IS NULL OR e.period_key IS NOT NULL THEN 0
    ELSE line_discount(c.base_minor, c.percent_micro, c.most_minor, c.of_usage, c.half_even) END AS off_minor
FROM based AS c
LEFT JOIN input.ended_discounts AS e
  ON e.agreement_key = c.agreement_key AND e.place = c.first_place AND e.period_key = c.period_key
LEFT JOIN input.customer_currencies AS k ON k.customer_key = c.customer_key
LEFT JOIN input.exchange_days AS x
  ON x.from_currency = c.currency AND x.to_currency = k.currency AND x.zone_key = c.zone_key
  AND c.converted_at >= x.valid_from AND c.converted_at < x.valid_until

-- The lines of agreements that have discounts or bounds: what they charge, the bookings they price, and as the first in force of the
-- customer's list those that none prices. base_minor is in the terms of the agreement, with tax or without; group_key are the discounts
-- that hold for the line, rest_key those of them that are not on lines, NULL where none does. A line of nothing has no part in them.
-- rate_key is the exchange rate at which the line is converted, and what comes off it.
-- grain: customer_key, period_key, apart, source, line_key
WITH lines AS (
  SELECT
    b.customer_key, b.period_key, b.currency, b.apart, b.source, b.booking_id AS line_key, b.product,
    b.starts_at AS service_start, b.zone_key, b.tax_key, b.tax_rate_micro, b.with_tax, b.amount_minor,
    coalesce(b.agreement_key, f.agreement_key) AS agreement_key,
    TRUE AS of_usage, b.rate_key
  FROM draft.bookings AS b
  LEFT JOIN input.first_agreements AS f
    ON f.customer_key = b.customer_key AND f.zone_key = b.zone_key AND f.currency = b.currency
    AND b.starts_at >= f.valid_from AND b.starts_at < f.valid_until
  WHERE b.bucket = 'billed' AND b.amount_minor <> 0
  UNION ALL
  SELECT
    c.customer_key, c.period_key, c.currency, c.apart, NULL, c.charge_id, c.product,
    coalesce(c.service_start, p.period_start), p.zone_key, c.tax_key, c.tax_rate_micro, c.with_tax, c.amount_minor,
    c.agreement_key,
    c.kind = 'usage', x.rate_key
  FROM draft.taxed_charges AS c
  JOIN input.periods AS p ON p.period_key = c.period_key
  LEFT JOIN input.customer_currencies AS k ON k.customer_key = c.customer_key
  LEFT JOIN input.exchange_days AS x
    ON x.from_currency = c.currency AND x.to_currency = k.currency AND x.zone_key = p.zone_key
    AND coalesce(last_moment(c.service_start, c.service_end), last_moment(p.period_start, p.period_end)) >= x.valid_from
    AND coalesce(last_moment(c.service_start, c.service_end), last_moment(p.period_start, p.period_end)) < x.valid_until
  WHERE c.agreement_key IS NOT NULL AND c.kind <> 'deposit' AND c.amount_minor <> 0
)
SELECT
  l.customer_key, l.period_key, l.currency, l.apart, l.source, l.line_key, l.tax_key,
  l.agreement_key, l.of_usage, l.rate_key,
  CAST(CASE
    WHEN l.with_tax = a.prices_with_tax THEN l.amount_minor
    WHEN a.prices_with_tax THEN l.amount_minor + tax_on(l.amount_minor, l.tax_rate_micro, r.half_even)
    ELSE net_of(l.amount_minor, l.tax_rate_micro, r.half_even) END AS HUGEINT) AS base_minor,
  CASE WHEN n.product IS NULL THEN o.group_key ELSE n.group_key END AS group_key,
  CASE WHEN n.product IS NULL THEN o.rest_key ELSE n.rest_key END AS rest_key
FROM lines AS l
CROSS JOIN input.run AS r
JOIN input.adjusting AS j ON j.customer_key = l.customer_key AND j.agreement_key = l.agreement_key
JOIN input.agreements AS a ON a.agreement_key = l.agreement_key AND a.currency = l.currency
LEFT JOIN input.discount_groups AS n
  ON n.agreement_key = l.agreement_key AND n.zone_key = l.zone_key AND n.product = l.product
  AND l.service_start >= n.valid_from AND l.service_start < n.valid_until
LEFT JOIN input.discount_groups AS o
  ON o.agreement_key = l.agreement_key AND o.zone_key = l.zone_key AND o.product = '*'
  AND l.service_start >= o.valid_from AND l.service_start < o.valid_until

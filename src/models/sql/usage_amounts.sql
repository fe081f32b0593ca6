-- What the units of a span cost by the time of an invoice, in all: by tier, what exceeds the maximum, and what is missing to the minimum
-- once the span is over. Each is rounded once; a price is a fraction of `divisor` times 10^14. 10^15 stands for what is too large.
-- What was credited by hand stays given, and is not given back a second time: as much of it as the units do not cost any more (back).
-- grain: customer_key, span_key, period_key, tier
WITH split AS (
  SELECT
    n.customer_key, n.span_key, n.period_key, n.is_final, n.days, n.whole_days, n.booked_price, n.units,
    u.price_key, u.divisor, u.minimum_micro, u.maximum_micro, f.price_divisor, f.micro_per_minor,
    n.bookings > 0 OR NOT u.needs_usage AS is_used,
    l.tier_no, l.price_micro, l.package_micro, l.percent_micro, l.flat_micro,
    CASE
      WHEN u.volume AND n.units > CAST(l.upper_micro AS HUGEINT) * u.divisor THEN FALSE
      ELSE l.tier_no = 1 OR n.units > CAST(l.lower_micro AS HUGEINT) * u.divisor
    END AS is_reached,
    CASE WHEN u.volume THEN n.units
      ELSE clamp(n.units, NULL, CAST(l.upper_micro AS HUGEINT) * u.divisor) - CAST(l.lower_micro AS HUGEINT) * u.divisor END AS part
  FROM draft.usage_units AS n
  JOIN input.usage_prices AS u ON u.price_key = n.price_key
  JOIN input.usage_tiers AS l ON l.price_key = n.price_key
  JOIN input.currencies AS f ON f.currency = u.currency
), counted AS (
  SELECT
    *,
    CASE WHEN is_used AND is_reached AND package_micro IS NOT NULL
      THEN div_up(part, CAST(package_micro AS HUGEINT) * divisor) END AS packages
  FROM split
), costed AS (
  SELECT
    customer_key, span_key, period_key, is_final, days, whole_days, minimum_micro, maximum_micro, micro_per_minor, is_used, tier_no,
    is_used AND is_reached AS counts, part, packages, divisor,
    CASE
      WHEN booked_price IS NOT NULL THEN booked_price
      ELSE CASE WHEN packages IS NOT NULL THEN times(times(packages, price_micro), CAST(divisor AS HUGEINT) * 100000000)
          ELSE times(times(part, price_micro), 100) END
        + times(part, percent_micro) + times(flat_micro, CAST(divisor AS HUGEINT) * 100000000)
    END AS cost,
    CAST(price_divisor AS HUGEINT) * 100 * CASE WHEN booked_price IS NULL THEN divisor ELSE 1 END AS cost_divisor
  FROM counted
), rounded AS (
  SELECT
    c.*,
    CASE WHEN c.packages IS NOT NULL THEN c.packages * 1000000 ELSE div_wide(c.part, c.divisor, FALSE) END AS whole_micro,
    div_wide(c.cost, c.cost_divisor, r.half_even) AS cost_minor
  FROM costed AS c
  CROSS JOIN input.run AS r
), priced AS (
  SELECT
    customer_key, span_key, period_key, is_final, days, whole_days, minimum_micro, maximum_micro, micro_per_minor, is_used, tier_no,
    CASE WHEN counts THEN whole_micro ELSE 0 END AS quantity_micro,
    CASE WHEN counts THEN too_large(cost_minor) ELSE 0 END AS amount_minor
  FROM rounded
), summed AS (
  SELECT
    customer_key, span_key, period_key, is_final AND is_used AND days > 0 AS is_due, sum(amount_minor) AS sum_minor,
    CASE WHEN whole_days IS NULL OR days >= whole_days THEN div_round(CAST(minimum_micro AS HUGEINT), micro_per_minor, r.half_even)
      ELSE div_round(CAST(minimum_micro AS HUGEINT) * days, CAST(micro_per_minor AS HUGEINT) * whole_days, r.half_even) END
      AS minimum_minor,
    CASE WHEN whole_days IS NULL OR days >= whole_days OR days = 0
      THEN div_round(CAST(maximum_micro AS HUGEINT), micro_per_minor, r.half_even)
      ELSE div_round(CAST(maximum_micro AS HUGEINT) * days, CAST(micro_per_minor AS HUGEINT) * whole_days, r.half_even) END
      AS maximum_minor
  FROM priced
  CROSS JOIN input.run AS r
  GROUP BY customer_key, span_key, period_key, is_final, is_used, days, whole_days, minimum_micro, maximum_micro, micro_per_minor, r.half_even
)
SELECT customer_key, span_key, period_key, CAST(tier_no AS VARCHAR) AS tier, tier_no AS rank, quantity_micro, amount_minor
FROM priced
UNION ALL
SELECT
  customer_key, span_key, period_key, 'max', 1000,
  CASE WHEN sum_minor > maximum_minor THEN -1000000 ELSE 0 END,
  CASE WHEN sum_minor > maximum_minor THEN maximum_minor - sum_minor ELSE 0 END
FROM summed
WHERE maximum_minor IS NOT NULL
UNION ALL
SELECT
  customer_key, span_key, period_key, 'min', 1001,
  CASE WHEN is_due AND sum_minor < minimum_minor THEN 1000000 ELSE 0 END,
  CASE WHEN is_due AND sum_minor < minimum_minor THEN minimum_minor - sum_minor ELSE 0 END
FROM summed
WHERE minimum_minor IS NOT NULL
UNION ALL
SELECT
  s.customer_key, s.span_key, s.period_key, 'back', 1002, 0,
  greatest(-g.amount_minor - CASE
    WHEN s.sum_minor > s.maximum_minor THEN s.maximum_minor
    WHEN s.is_due AND s.sum_minor < s.minimum_minor THEN s.minimum_minor
    ELSE s.sum_minor END, 0)
FROM summed AS s
JOIN input.charged_usage AS g ON g.customer_key = s.customer_key AND g.span_key = s.span_key AND g.tier = 'credited'

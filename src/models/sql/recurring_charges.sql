-- Recurring charges as lines. Whole units of one price and quantity that follow on each other stand on one line, which is rounded once,
-- where the rate of the tax on the last day of each is the same, as are the discounts of its first one, and the rate of exchange.
-- grain: charge_id
WITH taxed AS (
  SELECT
    u.customer_key, u.charge_key, u.agreement_key, u.period_key, u.invoice_stem, u.currency, u.prices_with_tax, u.product, u.name,
    u.price_micro, u.terms_no, u.part_key, u.whole, u.share_over, u.share_under, u.first_day, u.last_day, u.quantity_micro,
    coalesce(ct.tax_id, c.tax_id, u.tax_id) AS tax_id, p.zone_key, d.day_start AS starts_at, last_moment(d.day_start, e.day_start) AS last_at
  FROM draft.recurring_parts AS u
  JOIN input.customers AS c ON c.customer_key = u.customer_key
  JOIN input.periods AS p ON p.period_key = u.period_key
  JOIN input.local_days AS d ON d.zone_key = p.zone_key AND d.day = u.first_day
  JOIN input.local_days AS e ON e.zone_key = p.zone_key AND e.day = next_day(u.last_day)
  LEFT JOIN input.customer_taxes AS ct ON ct.customer_key = u.customer_key AND ct.product = u.product
), dated AS (
  SELECT
    u.*, concat_ws(':', t.tax_key, coalesce(n.group_key, o.group_key, -1), coalesce(x.rate_key, -1)) AS day_terms
  FROM taxed AS u
  LEFT JOIN input.tax_days AS t
    ON t.tax_id = u.tax_id AND t.zone_key = u.zone_key AND u.last_at >= t.valid_from AND u.last_at < t.valid_until
  LEFT JOIN input.discount_groups AS n
    ON n.agreement_key = u.agreement_key AND n.zone_key = u.zone_key AND n.product = u.product
    AND u.starts_at >= n.valid_from AND u.starts_at < n.valid_until
  LEFT JOIN input.discount_groups AS o
    ON o.agreement_key = u.agreement_key AND o.zone_key = u.zone_key AND o.product = '*'
    AND u.starts_at >= o.valid_from AND u.starts_at < o.valid_until
  LEFT JOIN input.customer_currencies AS k ON k.customer_key = u.customer_key
  LEFT JOIN input.exchange_days AS x
    ON x.from_currency = u.currency AND x.to_currency = k.currency AND x.zone_key = u.zone_key
    AND u.last_at >= x.valid_from AND u.last_at < x.valid_until
), follows AS (
  SELECT
    *,
    CASE WHEN whole AND first_day = next_day(lag(last_day) OVER (
      PARTITION BY customer_key, charge_key, period_key, terms_no, day_terms, whole ORDER BY first_day
    )) THEN 0 ELSE 1 END AS begins
  FROM dated
), counted AS (
  SELECT
    *,
    sum(begins) OVER (
      PARTITION BY customer_key, charge_key, period_key ORDER BY terms_no, day_terms, whole, first_day ROWS UNBOUNDED PRECEDING
    ) AS line_no
  FROM follows
), summed AS (
  SELECT
    customer_key, charge_key, agreement_key, period_key, invoice_stem, currency, prices_with_tax, product, name, tax_id, price_micro, line_no,
    CASE WHEN whole THEN 1 ELSE share_over END AS share_over,
    CASE WHEN whole THEN 1 ELSE share_under END AS share_under,
    min(first_day) AS first_day,
    max(last_day) AS last_day,
    CAST(sum(quantity_micro) AS BIGINT) AS quantity_micro
  FROM counted
  GROUP BY ALL
)
SELECT
  s.charge_key || ':' || CAST(s.first_day AS VARCHAR) || '..' || CAST(s.last_day AS VARCHAR) AS charge_id,
  'recurring' AS kind,
  s.customer_key, s.period_key, s.invoice_stem, s.currency, s.product,
  s.name AS description,
  pr.unit,
  s.quantity_micro,
  CAST(div_round(CAST(s.price_micro AS HUGEINT) * s.share_over, s.share_under, r.half_even) AS BIGINT) AS unit_price_micro,
  CASE WHEN s.price_micro IS NULL THEN 0
    ELSE part_amount(s.quantity_micro, s.price_micro, s.share_over, s.share_under, f.price_divisor, r.half_even) END AS amount_minor,
  s.prices_with_tax AS with_tax,
  s.tax_id,
  d.day_start AS service_start,
  e.day_start AS service_end,
  s.agreement_key,
  20 AS sort_rank
FROM summed AS s
CROSS JOIN input.run AS r
JOIN input.periods AS p ON p.period_key = s.period_key
JOIN input.local_days AS d ON d.zone_key = p.zone_key AND d.day = s.first_day
JOIN input.local_days AS e ON e.zone_key = p.zone_key AND e.day = next_day(s.last_day)
JOIN input.currencies AS f ON f.currency = s.currency
LEFT JOIN input.products AS pr ON pr.product = s.product

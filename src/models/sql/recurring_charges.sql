-- Recurring charges as lines. Whole units of one price and quantity stand on one line, which is rounded once.
-- grain: charge_id
WITH summed AS (
  SELECT
    customer_key, charge_key, agreement_key, period_key, invoice_stem, currency, prices_with_tax, product, name, tax_id, price_micro, terms_no,
    CASE WHEN whole THEN -1 ELSE part_key END AS line_no,
    CASE WHEN whole THEN 1 ELSE share_over END AS share_over,
    CASE WHEN whole THEN 1 ELSE share_under END AS share_under,
    min(first_day) AS first_day,
    max(last_day) AS last_day,
    CAST(sum(quantity_micro) AS BIGINT) AS quantity_micro
  FROM draft.recurring_parts
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
  coalesce(ct.tax_id, c.tax_id, s.tax_id) AS tax_id,
  d.day_start AS service_start,
  e.day_start AS service_end,
  s.agreement_key,
  20 AS sort_rank
FROM summed AS s
CROSS JOIN input.run AS r
JOIN input.customers AS c ON c.customer_key = s.customer_key
JOIN input.periods AS p ON p.period_key = s.period_key
JOIN input.local_days AS d ON d.zone_key = p.zone_key AND d.day = s.first_day
JOIN input.local_days AS e ON e.zone_key = p.zone_key AND e.day = next_day(s.last_day)
JOIN input.currencies AS f ON f.currency = s.currency
LEFT JOIN input.products AS pr ON pr.product = s.product
LEFT JOIN input.customer_taxes AS ct ON ct.customer_key = s.customer_key AND ct.product = s.product

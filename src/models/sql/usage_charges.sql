-- The lines of usage: of each tier, of the minimum and maximum, and of what was credited by hand, what has been added since the invoice
-- before, be it in this draft or in the ledger. A tier that was taken out of the price is given back. The unit price is shown where
-- quantity times price is the amount.
-- A line that no agreement prices belongs to the first one in force.
-- grain: charge_id
WITH so_far AS (
  SELECT customer_key, span_key, period_key, tier, rank, quantity_micro, amount_minor FROM draft.usage_amounts
  UNION ALL
  SELECT DISTINCT t.customer_key, t.span_key, t.period_key, g.tier, 1003, 0, 0
  FROM draft.usage_turns AS t
  JOIN input.charged_usage AS g ON g.customer_key = t.customer_key AND g.span_key = t.span_key
  LEFT JOIN draft.usage_amounts AS a
    ON a.customer_key = t.customer_key AND a.span_key = t.span_key AND a.period_key = t.period_key AND a.tier = g.tier
  WHERE a.tier IS NULL AND g.tier <> 'credited'
), added AS (
  SELECT
    a.customer_key, a.span_key, a.period_key, a.tier, a.rank,
    a.quantity_micro - coalesce(lag(a.quantity_micro) OVER w, g.quantity_micro, 0) AS quantity_micro,
    a.amount_minor - coalesce(lag(a.amount_minor) OVER w, g.amount_minor, 0) AS amount_minor
  FROM so_far AS a
  LEFT JOIN input.charged_usage AS g ON g.customer_key = a.customer_key AND g.span_key = a.span_key AND g.tier = a.tier
  WINDOW w AS (PARTITION BY a.customer_key, a.span_key, a.tier ORDER BY a.period_key)
), shown AS (
  SELECT
    a.customer_key, a.span_key, a.period_key, a.tier, a.amount_minor,
    CASE WHEN a.rank < 1000 THEN fitting(a.quantity_micro) WHEN a.amount_minor < 0 THEN -1000000 ELSE 1000000 END AS quantity_micro,
    CASE
      WHEN a.rank >= 1000 THEN fitting(abs(a.amount_minor) * f.micro_per_minor)
      WHEN l.package_micro IS NULL THEN l.price_micro + div_round(l.percent_micro, 100, FALSE)
      ELSE l.price_micro
    END AS price_micro,
    CASE WHEN u.has_unit AND l.package_micro IS NULL AND l.percent_micro = 0 THEN pr.unit END AS unit,
    coalesce(pr.name, u.product) || coalesce(
      l.words, CASE a.tier WHEN 'min' THEN ' (min.)' WHEN 'max' THEN ' (max.)' WHEN 'back' THEN ' (credited before)' END, '') AS description,
    u.product, u.currency, u.with_tax, u.price_key, pr.tax_id AS product_tax_id, f.price_divisor
  FROM added AS a
  JOIN input.usage_spans AS s ON s.span_key = a.span_key
  JOIN input.usage_prices AS u ON u.price_key = s.price_key
  JOIN input.currencies AS f ON f.currency = u.currency
  LEFT JOIN input.usage_tiers AS l ON l.price_key = u.price_key AND l.tier_no = a.rank
  LEFT JOIN input.products AS pr ON pr.product = u.product
  WHERE a.amount_minor <> 0 OR (a.quantity_micro <> 0 AND a.rank < 1000)
)
SELECT
  concat_ws('/', c.customer_id || ':' || s.span_id, w.invoice_stem, a.tier) AS charge_id,
  'usage' AS kind,
  a.customer_key,
  a.period_key,
  w.invoice_stem,
  a.currency,
  a.product,
  a.description,
  a.unit,
  a.quantity_micro,
  CASE WHEN line_amount(a.quantity_micro, a.price_micro, a.price_divisor, r.half_even) = a.amount_minor THEN a.price_micro END
    AS unit_price_micro,
  CAST(a.amount_minor AS BIGINT) AS amount_minor,
  a.with_tax,
  coalesce(ct.tax_id, c.tax_id, a.product_tax_id, r.default_tax_id) AS tax_id,
  CASE WHEN p.period_start > s.starts_at AND p.period_start < s.ends_at THEN p.period_start ELSE s.starts_at END AS service_start,
  CASE WHEN p.period_end < s.ends_at AND p.period_end > s.starts_at THEN p.period_end ELSE s.ends_at END AS service_end,
  coalesce(o.agreement_key, e.agreement_key) AS agreement_key,
  10 AS sort_rank
FROM shown AS a
CROSS JOIN input.run AS r
JOIN input.usage_spans AS s ON s.span_key = a.span_key
JOIN input.customers AS c ON c.customer_key = a.customer_key
JOIN input.periods AS p ON p.period_key = a.period_key
JOIN draft.customer_periods AS w ON w.customer_key = a.customer_key AND w.period_key = a.period_key
LEFT JOIN input.customer_taxes AS ct ON ct.customer_key = a.customer_key AND ct.product = a.product
LEFT JOIN (SELECT DISTINCT customer_key, price_key, agreement_key FROM input.agreement_prices) AS o
  ON o.customer_key = a.customer_key AND o.price_key = a.price_key
LEFT JOIN input.first_agreements AS e
  ON e.list_key = c.list_key AND e.zone_key = p.zone_key AND e.currency = a.currency
  AND CASE WHEN p.period_start > s.starts_at AND p.period_start < s.ends_at THEN p.period_start ELSE s.starts_at END >= e.valid_from
  AND CASE WHEN p.period_start > s.starts_at AND p.period_start < s.ends_at THEN p.period_start ELSE s.starts_at END < e.valid_until

-- What is missing to the minimum of an agreement: one line, also where nothing else is billed. The lines of the agreement count after
-- discounts and maximums. A minimum for longer than a period is charged once its time is over, by all that stands in the ledger and
-- here; what comes later can only lower it.
-- grain: charge_id
WITH settled AS (
  SELECT s.customer_key, s.period_key, s.agreement_key, s.apart, s.of_usage, s.left_minor
  FROM draft.discount_shares AS s
  JOIN input.adjusting AS j ON j.customer_key = s.customer_key AND j.agreement_key = s.agreement_key AND j.last_place = s.place
  WHERE j.last_long = 0
  UNION ALL
  SELECT s.customer_key, s.period_key, s.agreement_key, s.apart, s.of_usage, s.left_minor
  FROM draft.maximum_shares AS s
  JOIN input.adjusting AS j ON j.customer_key = s.customer_key AND j.agreement_key = s.agreement_key AND j.last_long = s.place
), counted AS (
  SELECT customer_key, period_key, agreement_key, apart, of_usage, sum(left_minor) AS left_minor
  FROM settled
  GROUP BY customer_key, period_key, agreement_key, apart, of_usage
), billed AS (
  SELECT
    b.customer_key, b.period_key, b.agreement_key, b.place, b.span_key, b.is_due, b.is_after, b.service_start, b.service_end,
    b.amount_minor, m.name, m.tax_id,
    CAST(coalesce(sum(CASE
      WHEN (c.apart = 0 OR b.span_key IS NOT NULL) AND (m.applies_to = 'all' OR c.of_usage = (m.applies_to = 'usage')) THEN c.left_minor
      ELSE 0 END), 0) AS HUGEINT) AS left_minor
  FROM draft.bound_amounts AS b
  JOIN input.minimums AS m ON m.agreement_key = b.agreement_key AND m.place = b.place
  LEFT JOIN counted AS c
    ON c.customer_key = b.customer_key AND c.period_key = b.period_key AND c.agreement_key = b.agreement_key
  WHERE b.kind = 'minimum'
  GROUP BY
    b.customer_key, b.period_key, b.agreement_key, b.place, b.span_key, b.is_due, b.is_after, b.service_start, b.service_end,
    b.amount_minor, m.name, m.tax_id
), so_far AS (
  SELECT
    b.customer_key, b.period_key, b.agreement_key, b.place, b.span_key, b.is_due, b.is_after, b.service_start, b.service_end,
    b.name, b.tax_id, p.period_start, coalesce(y.missing_minor, 0) AS charged_minor,
    greatest(b.amount_minor - coalesce(y.base_minor, 0) - sum(b.left_minor) OVER (
      PARTITION BY b.customer_key, b.agreement_key, b.place, b.span_key ORDER BY p.period_start, b.period_key), 0) AS missing_minor
  FROM billed AS b
  JOIN input.periods AS p ON p.period_key = b.period_key
  LEFT JOIN input.billed_bounds AS y ON y.customer_key = b.customer_key AND y.span_key = b.span_key
  WHERE b.span_key IS NOT NULL
), due AS (
  SELECT
    f.*,
    CASE WHEN bool_or(NOT f.is_after) OVER whole THEN min(f.missing_minor) OVER until_now
      ELSE least(f.charged_minor, min(f.missing_minor) OVER until_now) END AS due_minor
  FROM so_far AS f
  WHERE f.is_due
  WINDOW
    whole AS (PARTITION BY f.customer_key, f.agreement_key, f.place, f.span_key),
    until_now AS (PARTITION BY f.customer_key, f.agreement_key, f.place, f.span_key ORDER BY f.period_start, f.period_key)
), missing AS (
  SELECT
    customer_key, period_key, agreement_key, place, span_key, service_start, service_end, name, tax_id,
    amount_minor - left_minor AS amount_minor
  FROM billed
  WHERE span_key IS NULL AND amount_minor > left_minor
  UNION ALL
  SELECT
    customer_key, period_key, agreement_key, place, span_key, service_start, service_end, name, tax_id,
    due_minor - coalesce(lag(due_minor) OVER (
      PARTITION BY customer_key, agreement_key, place, span_key ORDER BY period_start, period_key), charged_minor)
  FROM due
)
SELECT
  concat_ws(':', u.customer_id, a.agreement_id, 'minimum', CAST(m.place AS VARCHAR), CAST(m.service_start AS VARCHAR),
    CASE WHEN m.span_key IS NOT NULL THEN w.invoice_stem END) AS charge_id,
  m.customer_key, m.period_key, w.invoice_stem, a.currency, m.agreement_key,
  t.tax_id, t.tax_key, t.rate_micro AS tax_rate_micro,
  a.prices_with_tax AS with_tax,
  m.name AS description,
  CAST(m.amount_minor AS BIGINT) AS amount_minor,
  m.service_start, m.service_end
FROM missing AS m
JOIN input.customers AS u ON u.customer_key = m.customer_key
JOIN input.agreements AS a ON a.agreement_key = m.agreement_key
JOIN input.periods AS p ON p.period_key = m.period_key
JOIN draft.customer_periods AS w ON w.customer_key = m.customer_key AND w.period_key = m.period_key
JOIN input.tax_days AS t
  ON t.tax_id = coalesce(u.tax_id, m.tax_id, '?') AND t.zone_key = p.zone_key
  AND last_moment(m.service_start, m.service_end) >= t.valid_from AND last_moment(m.service_start, m.service_end) < t.valid_until
WHERE m.amount_minor <> 0

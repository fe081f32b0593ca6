-- What is missing to the minimum of an agreement in a period: one line, also where nothing else is billed. The lines of the agreement
-- count after discounts and maximums.
-- grain: charge_id
WITH counted AS (
  SELECT s.customer_key, s.period_key, s.agreement_key, s.of_usage, sum(s.left_minor) AS left_minor
  FROM draft.discount_shares AS s
  JOIN input.adjusting AS j ON j.customer_key = s.customer_key AND j.agreement_key = s.agreement_key AND j.last_place = s.place
  WHERE s.apart = 0
  GROUP BY s.customer_key, s.period_key, s.agreement_key, s.of_usage
), missing AS (
  SELECT
    b.customer_key, b.period_key, b.agreement_key, b.place, b.service_start, b.service_end, m.name, m.tax_id,
    b.amount_minor - coalesce(sum(
      CASE WHEN m.applies_to = 'all' OR c.of_usage = (m.applies_to = 'usage') THEN c.left_minor ELSE 0 END), 0) AS amount_minor
  FROM draft.bound_amounts AS b
  JOIN input.minimums AS m ON m.agreement_key = b.agreement_key AND m.place = b.place
  LEFT JOIN counted AS c
    ON c.customer_key = b.customer_key AND c.period_key = b.period_key AND c.agreement_key = b.agreement_key
  WHERE b.kind = 'minimum'
  GROUP BY
    b.customer_key, b.period_key, b.agreement_key, b.place, b.service_start, b.service_end, b.amount_minor, m.name, m.tax_id
)
SELECT
  concat_ws(':', u.customer_id, a.agreement_id, 'minimum', CAST(m.place AS VARCHAR), CAST(m.service_start AS VARCHAR)) AS charge_id,
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
WHERE m.amount_minor > 0

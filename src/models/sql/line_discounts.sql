-- What the discounts on lines take off, line by line, one after the other. Place 0 is the line before all discounts.
-- grain: customer_key, period_key, apart, source, line_key, place
WITH RECURSIVE taken AS (
  SELECT
    customer_key, period_key, currency, apart, source, line_key, agreement_key, tax_key, group_key, rest_key, of_usage, rate_key,
    0 AS place, base_minor AS left_minor, CAST(0 AS BIGINT) AS off_minor
  FROM draft.agreed_lines
  UNION ALL
  SELECT
    w.customer_key, w.period_key, w.currency, w.apart, w.source, w.line_key, w.agreement_key, w.tax_key, w.group_key, w.rest_key,
    w.of_usage, w.rate_key, w.place, w.left_minor - w.share_minor, w.share_minor
  FROM (
    SELECT
      t.customer_key, t.period_key, t.currency, t.apart, t.source, t.line_key, t.agreement_key, t.tax_key, t.group_key, t.rest_key,
      t.of_usage, t.rate_key, d.place, t.left_minor,
      CAST(CASE
        WHEN q.place IS NULL OR e.period_key IS NOT NULL THEN 0
        ELSE line_discount(t.left_minor, d.percent_micro, d.amount_minor, t.source IS NULL AND t.of_usage, r.half_even) END AS BIGINT) AS share_minor
    FROM taken AS t
    CROSS JOIN input.run AS r
    JOIN input.terms AS n ON n.agreement_key = t.agreement_key AND n.first_places > t.place
    JOIN input.discounts AS d ON d.agreement_key = t.agreement_key AND d.place = t.place + 1
    LEFT JOIN input.group_discounts AS q ON q.group_key = t.group_key AND q.place = d.place
    LEFT JOIN input.ended_discounts AS e
      ON e.agreement_key = d.agreement_key AND e.place = d.place AND e.period_key = t.period_key
  ) AS w
)
SELECT
  customer_key, period_key, currency, apart, source, line_key, agreement_key, tax_key, group_key, rest_key, of_usage, rate_key, place,
  left_minor, off_minor
FROM taken

-- What each discount on the net takes off each line, one discount after the other, each of what the ones before left. What it takes is
-- worked out once per invoice and agreement and spread over its lines (a maximum is a discount of what is above it): all shares are
-- rounded down, and the minor units that are left go where the most was cut off, of equals to the line whose id comes first. Where more
-- usage is given back than there is else, a percentage of that goes back with it (other lines below 0 bear nothing), an amount does not.
-- The first place is the line after all discounts on lines.
-- grain: customer_key, period_key, apart, source, line_key, place
WITH RECURSIVE taken AS (
  SELECT
    customer_key, period_key, currency, apart, source, line_key, agreement_key, tax_key, rest_key, of_usage, rate_key, place, left_minor,
    CAST(0 AS HUGEINT) AS off_minor
  FROM draft.discount_parts
  UNION ALL
  SELECT
    s.customer_key, s.period_key, s.currency, s.apart, s.source, s.line_key, s.agreement_key, s.tax_key,
    s.rest_key, s.of_usage, s.rate_key, s.place, s.left_minor - s.share_minor, s.share_minor
  FROM (
    SELECT
      f.*,
      CAST(f.floor_minor + CASE
        WHEN row_number() OVER (
          PARTITION BY f.customer_key, f.period_key, f.currency, f.apart, f.agreement_key
          ORDER BY f.rest DESC, f.line_key, f.source NULLS FIRST)
          <= f.total_minor - sum(f.floor_minor) OVER (
            PARTITION BY f.customer_key, f.period_key, f.currency, f.apart, f.agreement_key)
        THEN 1 ELSE 0 END AS HUGEINT) AS share_minor
    FROM (
      SELECT
        v.*,
        CASE WHEN v.total_minor = 0 THEN 0 ELSE div_floor(v.total_minor * v.weight * v.direction, abs(v.weights)) END AS floor_minor,
        CASE WHEN v.total_minor = 0 THEN 0 ELSE div_rest(v.total_minor * v.weight * v.direction, abs(v.weights)) END AS rest
      FROM (
        SELECT
          u.*,
          CASE WHEN u.weights < 0 THEN -1 ELSE 1 END AS direction,
          CAST(CASE
            WHEN u.weights = 0 THEN 0
            WHEN u.most_minor IS NOT NULL THEN greatest(u.weights - u.most_minor, 0)
            WHEN u.percent_micro IS NULL AND NOT u.on_line THEN greatest(least(u.amount_minor, u.weights, coalesce(u.cap_minor, u.weights)), 0)
            ELSE clamp(
              CASE WHEN u.on_line THEN u.weights ELSE div_round(u.weights * u.percent_micro, 100000000, u.half_even) END,
              -u.cap_minor, u.cap_minor)
            END AS HUGEINT) AS total_minor
        FROM (
          SELECT
            w.* EXCLUDE (weight),
            CAST(CASE WHEN w.is_back OR sum(w.weight) FILTER (NOT w.is_back) OVER invoiced >= 0 THEN w.weight ELSE 0 END AS HUGEINT)
              AS weight,
            CAST(greatest(coalesce(sum(w.weight) FILTER (NOT w.is_back) OVER invoiced, 0), 0)
              + coalesce(sum(w.weight) FILTER (w.is_back) OVER invoiced, 0) AS HUGEINT) AS weights
          FROM (
            SELECT
              t.customer_key, t.period_key, t.currency, t.apart, t.source, t.line_key, t.agreement_key, t.tax_key,
              t.rest_key, t.of_usage, t.rate_key,
              d.place, d.on_line, d.percent_micro, d.amount_minor, d.cap_minor, b.amount_minor AS most_minor, r.half_even, t.left_minor,
              gives_usage_back(t.source, t.line_key, t.of_usage, t.left_minor) AS is_back,
              CAST(CASE
                WHEN d.applies_to IS NOT NULL THEN CASE
                  WHEN b.place IS NOT NULL AND (d.applies_to = 'all' OR t.of_usage = (d.applies_to = 'usage')) THEN t.left_minor
                  ELSE 0 END
                WHEN q.place IS NULL OR e.period_key IS NOT NULL THEN 0
                WHEN NOT d.on_line THEN t.left_minor
                ELSE line_discount(t.left_minor, d.percent_micro, d.amount_minor, t.source IS NULL AND t.of_usage, r.half_even)
                END AS HUGEINT) AS weight
            FROM taken AS t
            CROSS JOIN input.run AS r
            JOIN input.discounts AS d ON d.agreement_key = t.agreement_key AND d.place = t.place + 1
            LEFT JOIN input.group_discounts AS q ON q.group_key = t.rest_key AND q.place = d.place
            LEFT JOIN input.ended_discounts AS e
              ON e.agreement_key = d.agreement_key AND e.place = d.place AND e.period_key = t.period_key
            LEFT JOIN draft.bound_amounts AS b
              ON b.kind = 'maximum' AND b.customer_key = t.customer_key AND b.period_key = t.period_key
              AND b.agreement_key = d.agreement_key AND b.place = d.place
          ) AS w
          WINDOW invoiced AS (PARTITION BY w.customer_key, w.period_key, w.currency, w.apart, w.agreement_key)
        ) AS u
      ) AS v
    ) AS f
  ) AS s
)
SELECT
  customer_key, period_key, currency, apart, source, line_key, agreement_key, tax_key, of_usage, rate_key, place,
  left_minor, off_minor
FROM taken

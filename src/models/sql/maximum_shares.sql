-- What maximums for longer than a period take off each line, after all discounts, one maximum after the other. What an invoice has to
-- give is what all invoices of the time, in the ledger and here, are above the maximum, less what was taken off before; it may also
-- get back. It is spread like a discount: shares are rounded down, and the minor units that are left go where the most was cut off, of
-- equals to the line whose id comes first. Place 0 is the line before them.
-- grain: customer_key, period_key, apart, source, line_key, place
WITH RECURSIVE taken AS (
  SELECT
    s.customer_key, s.period_key, s.currency, s.apart, s.source, s.line_key, s.agreement_key, s.tax_key, s.of_usage,
    s.rate_key, 0 AS place, s.left_minor, CAST(0 AS HUGEINT) AS off_minor
  FROM draft.discount_shares AS s
  JOIN input.adjusting AS j ON j.customer_key = s.customer_key AND j.agreement_key = s.agreement_key AND j.last_place = s.place
  WHERE j.last_long > 0
  UNION ALL
  SELECT
    f.customer_key, f.period_key, f.currency, f.apart, f.source, f.line_key, f.agreement_key, f.tax_key, f.of_usage,
    f.rate_key, f.place, f.left_minor - f.share_minor, f.share_minor
  FROM (
    SELECT
      v.*,
      CAST(v.floor_minor + CASE
        WHEN row_number() OVER (
          PARTITION BY v.customer_key, v.period_key, v.currency, v.apart, v.agreement_key ORDER BY v.rest DESC, v.line_key, v.source NULLS FIRST)
          <= v.total_minor - sum(v.floor_minor) OVER (
            PARTITION BY v.customer_key, v.period_key, v.currency, v.apart, v.agreement_key)
        THEN 1 ELSE 0 END AS HUGEINT) AS share_minor
    FROM (
      SELECT
        u.*,
        CASE WHEN u.total_minor = 0 THEN 0 ELSE div_floor(u.total_minor * u.weight * u.direction, abs(u.weights)) END AS floor_minor,
        CASE WHEN u.total_minor = 0 THEN 0 ELSE div_rest(u.total_minor * u.weight * u.direction, abs(u.weights)) END AS rest
      FROM (
        SELECT
          i.*,
          CASE WHEN i.weights < 0 THEN -1 ELSE 1 END AS direction,
          CAST(CASE WHEN i.weights = 0 OR i.span_key IS NULL THEN 0 ELSE least(
            greatest(i.weights, 0),
            greatest(i.before_minor + i.weights_so_far - i.most_minor, 0) - CASE WHEN i.is_first THEN i.off_before_minor
              ELSE greatest(i.before_minor + i.weights_so_far - i.weights - i.most_minor, 0) END) END AS HUGEINT) AS total_minor
        FROM (
          SELECT
            g.*,
            sum(abs(g.weights)) OVER (
              PARTITION BY g.customer_key, g.currency, g.agreement_key, g.span_key ORDER BY g.period_start, g.period_key, g.apart)
              = sum(abs(g.weights)) OVER (PARTITION BY g.customer_key, g.period_key, g.currency, g.apart, g.agreement_key) AS is_first
          FROM (
            SELECT
              w.*,
              CAST(sum(w.weight) OVER (
                PARTITION BY w.customer_key, w.period_key, w.currency, w.apart, w.agreement_key) AS HUGEINT) AS weights,
              CAST(sum(w.weight) OVER (
                PARTITION BY w.customer_key, w.currency, w.agreement_key, w.span_key ORDER BY w.period_start, w.period_key, w.apart)
                AS HUGEINT) AS weights_so_far
            FROM (
              SELECT
                t.customer_key, t.period_key, t.currency, t.apart, t.source, t.line_key, t.agreement_key, t.tax_key,
                t.of_usage, t.rate_key, t.left_minor, m.place, p.period_start, b.span_key, b.amount_minor AS most_minor,
                coalesce(y.base_minor, 0) AS before_minor, coalesce(y.off_minor, 0) AS off_before_minor,
                CASE WHEN b.span_key IS NOT NULL AND (m.applies_to = 'all' OR t.of_usage = (m.applies_to = 'usage')) THEN t.left_minor
                  ELSE 0 END AS weight
              FROM taken AS t
              JOIN input.periods AS p ON p.period_key = t.period_key
              JOIN input.long_maximums AS m ON m.agreement_key = t.agreement_key AND m.place = t.place + 1
              LEFT JOIN draft.bound_amounts AS b
                ON b.kind = 'long_maximum' AND b.customer_key = t.customer_key AND b.period_key = t.period_key
                AND b.agreement_key = m.agreement_key AND b.place = m.place
              LEFT JOIN input.billed_bounds AS y ON y.customer_key = b.customer_key AND y.span_key = b.span_key
            ) AS w
          ) AS g
        ) AS i
      ) AS u
    ) AS v
  ) AS f
)
SELECT
  customer_key, period_key, currency, apart, source, line_key, agreement_key, tax_key, of_usage, rate_key, place,
  left_minor, off_minor
FROM taken

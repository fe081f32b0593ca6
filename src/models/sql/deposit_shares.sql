-- What of each deposit comes off each invoice, one deposit after the other: from the earliest invoice on as far as it reaches, and never
-- more than is left of the invoice with tax. off_minor is net, or with tax where the deposit was.
-- grain: customer_key, period_key, currency, tax_key, place
WITH RECURSIVE taken AS (
  SELECT
    customer_key, period_key, currency, period_start, tax_key, plain_minor, total_minor, 0 AS place, CAST(0 AS HUGEINT) AS off_minor
  FROM draft.deposit_bases
  UNION ALL
  SELECT
    g.customer_key, g.period_key, g.currency, g.period_start, g.tax_key,
    g.plain_minor - CASE WHEN g.with_tax THEN 0 ELSE g.off_minor END,
    CAST(g.total_minor - sum(g.off_minor + CASE WHEN g.with_tax THEN 0
      ELSE tax_less(g.plain_minor, g.off_minor, g.rate_micro, g.tax_per_line, g.half_even) END) OVER (
      PARTITION BY g.customer_key, g.period_key, g.currency) AS HUGEINT),
    g.place, g.off_minor
  FROM (
    SELECT
      f.*,
      CAST(clamp(f.amount_minor - coalesce(sum(f.most_minor) OVER (
        PARTITION BY f.customer_key, f.currency, f.tax_key ORDER BY f.period_start, f.period_key
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0), 0, f.most_minor) AS HUGEINT) AS off_minor
    FROM (
      SELECT
        e.*,
        CASE
          WHEN NOT e.comes_off OR e.total_minor <= 0 THEN 0
          WHEN e.with_tax THEN e.total_minor
          WHEN e.total_minor >= e.near_minor + 1
            + tax_less(e.plain_minor, e.near_minor + 1, e.rate_micro, e.tax_per_line, e.half_even) THEN e.near_minor + 1
          WHEN e.total_minor >= e.near_minor
            + tax_less(e.plain_minor, e.near_minor, e.rate_micro, e.tax_per_line, e.half_even) THEN e.near_minor
          ELSE e.near_minor - 1
        END AS most_minor
      FROM (
        SELECT
          t.customer_key, t.period_key, t.currency, t.period_start, t.tax_key, t.plain_minor, t.total_minor,
          o.place, o.amount_minor, o.with_tax, o.tax_rate_micro AS rate_micro, r.half_even, r.tax_per_line,
          o.tax_key = t.tax_key
            AND (o.paid_at IS NULL OR o.paid_at < t.period_start)
            AND (o.final_start IS NULL OR t.period_start <= o.final_start)
            AND (NOT o.at_end OR coalesce(t.period_key = o.final_period_key, FALSE)) AS comes_off,
          div_floor(t.total_minor * 100000000, 100000000 + o.tax_rate_micro) AS near_minor
        FROM taken AS t
        CROSS JOIN input.run AS r
        JOIN draft.open_deposits AS o ON o.customer_key = t.customer_key AND o.currency = t.currency AND o.place = t.place + 1
      ) AS e
    ) AS f
  ) AS g
)
SELECT customer_key, period_key, currency, tax_key, place, off_minor
FROM taken

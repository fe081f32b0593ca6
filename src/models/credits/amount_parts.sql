-- An amount with tax that is credited of no line, spread over the taxes of which something is left, in proportion; of each it is split
-- into net and tax. All that is left takes the tax that is left, to the cent.
-- grain: tax_id, rate_micro
WITH left_over AS (
  SELECT
    t.tax_id, t.rate_micro, t.left_net_minor, t.left_tax_minor, t.left_net_minor + t.left_tax_minor AS left_minor,
    r.amount_minor, r.half_even,
    r.amount_minor = sum(t.left_net_minor + t.left_tax_minor) OVER () AS is_all,
    sum(CASE WHEN t.left_net_minor + t.left_tax_minor > 0 THEN t.left_net_minor + t.left_tax_minor ELSE 0 END) OVER () AS above_minor
  FROM credit.taxes_left AS t
  CROSS JOIN credit.request AS r
  WHERE r.mode = 'amount'
), cut AS (
  SELECT
    *,
    div_floor(amount_minor * left_minor, above_minor) AS floor_minor,
    row_number() OVER (ORDER BY div_rest(amount_minor * left_minor, above_minor) DESC, tax_id, rate_micro) AS place
  FROM left_over
  WHERE left_minor > 0 AND NOT is_all
), parts AS (
  SELECT
    *,
    floor_minor + CASE WHEN place <= amount_minor - sum(floor_minor) OVER () THEN 1 ELSE 0 END AS part_minor
  FROM cut
), split AS (
  SELECT
    tax_id, rate_micro, part_minor,
    CASE WHEN part_minor = left_minor THEN left_tax_minor ELSE clamp(
      part_minor - net_of(part_minor, rate_micro, half_even), greatest(0, part_minor - left_net_minor), least(left_tax_minor, part_minor))
      END AS tax_minor
  FROM parts
)
SELECT tax_id, rate_micro, part_minor - tax_minor AS net_minor, tax_minor
FROM split
WHERE part_minor <> 0
UNION ALL
SELECT tax_id, rate_micro, left_net_minor, left_tax_minor
FROM left_over
WHERE is_all AND (left_net_minor <> 0 OR left_tax_minor <> 0)

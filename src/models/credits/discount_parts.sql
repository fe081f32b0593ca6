-- What of each discount line lies on each line with its tax and rate of exchange, in proportion to the amounts: all are rounded down, and the minor units that
-- are left go where the most was cut off, of equals to the line that comes first. So the parts of all lines are the discount.
-- grain: discount_line_no, line_no
WITH cut AS (
  SELECT
    d.line_no AS discount_line_no, l.line_no, d.amount_minor, d.gross_minor,
    div_floor(CAST(-d.amount_minor AS HUGEINT) * l.amount_minor, sum(l.amount_minor) OVER discount) AS floor_minor,
    div_rest(CAST(-d.amount_minor AS HUGEINT) * l.amount_minor, sum(l.amount_minor) OVER discount) AS rest,
    div_floor(CAST(-d.gross_minor AS HUGEINT) * l.amount_minor, sum(l.amount_minor) OVER discount) AS gross_floor_minor,
    div_rest(CAST(-d.gross_minor AS HUGEINT) * l.amount_minor, sum(l.amount_minor) OVER discount) AS gross_rest
  FROM credit.lines_left AS d
  JOIN credit.lines_left AS l ON l.bears AND l.tax_id = d.tax_id AND l.tax_rate_micro = d.tax_rate_micro
    AND l.original_currency IS NOT DISTINCT FROM d.original_currency AND l.exchange_on IS NOT DISTINCT FROM d.exchange_on
  WHERE d.kind = 'discount' AND d.amount_minor < 0
  WINDOW discount AS (PARTITION BY d.line_no)
), placed AS (
  SELECT
    discount_line_no, line_no, amount_minor, gross_minor, floor_minor, gross_floor_minor,
    row_number() OVER (PARTITION BY discount_line_no ORDER BY rest DESC, line_no) AS place,
    row_number() OVER (PARTITION BY discount_line_no ORDER BY gross_rest DESC, line_no) AS gross_place,
    -amount_minor - sum(floor_minor) OVER (PARTITION BY discount_line_no) AS over_minor,
    -gross_minor - sum(gross_floor_minor) OVER (PARTITION BY discount_line_no) AS gross_over_minor
  FROM cut
)
SELECT
  discount_line_no, line_no,
  floor_minor + CASE WHEN place <= over_minor THEN 1 ELSE 0 END AS part_minor,
  gross_floor_minor + CASE WHEN gross_place <= gross_over_minor THEN 1 ELSE 0 END AS gross_part_minor
FROM placed

-- What goes of each discount with the lines that are asked for: what lies on them, and never more than is left of it.
-- grain: line_no
WITH asked AS (
  SELECT s.discount_line_no, -sum(s.share_minor) AS part_minor, -sum(s.gross_share_minor) AS gross_part_minor
  FROM input.discount_spread AS s
  WHERE s.line_no IN (SELECT a.line_no FROM credit.asked AS a)
  GROUP BY s.discount_line_no
)
SELECT
  d.line_no,
  CAST(part_of(a.part_minor, d.left_minor) AS BIGINT) AS part_minor,
  CASE WHEN d.left_gross_minor IS NOT NULL THEN CAST(part_of(a.gross_part_minor, d.left_gross_minor) AS BIGINT) END AS gross_part_minor
FROM asked AS a
JOIN credit.lines_left AS d ON d.line_no = a.discount_line_no

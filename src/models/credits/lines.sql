-- The lines of the credit note: those of the invoice with the opposite sign, each naming the one that it corrects. What was carried here
-- from an earlier invoice is free again, however the rest is credited. What was credited of no line before counts against the whole. What was
-- converted is given back in both currencies, at the rate it had.
-- grain: line_no
WITH asked AS (
  SELECT
    l.*, l.left_minor AS off_minor, l.left_gross_minor AS off_gross_minor, l.left_original_minor AS off_original_minor,
    NOT l.corrected AS is_whole
  FROM credit.lines_left AS l
  CROSS JOIN credit.request AS r
  WHERE r.mode = 'whole' AND (NOT l.corrected OR l.left_minor <> 0)
  UNION ALL
  SELECT l.*, l.left_minor, l.left_gross_minor, l.left_original_minor, TRUE
  FROM credit.lines_left AS l
  CROSS JOIN credit.request AS r
  WHERE r.mode = 'lines' AND l.line_no IN (SELECT a.line_no FROM credit.asked AS a)
  UNION ALL
  SELECT
    d.*, p.part_minor, p.gross_part_minor,
    CASE WHEN p.part_minor = d.left_minor THEN d.left_original_minor
      ELSE CAST(part_of(in_proportion(d.original_minor, p.part_minor, d.amount_minor, r.half_even), d.left_original_minor) AS BIGINT) END,
    FALSE
  FROM credit.lines_left AS d
  CROSS JOIN credit.request AS r
  JOIN credit.discount_parts AS p ON p.line_no = d.line_no
  WHERE r.mode = 'lines' AND p.part_minor <> 0
), news AS (
  SELECT
    a.line_no AS corrects_line_no, a.booking_id, a.source, a.product, a.description, a.unit,
    CASE WHEN a.is_whole THEN -a.quantity_micro WHEN a.off_minor < 0 THEN 1000000 ELSE -1000000 END AS quantity_micro,
    CASE WHEN a.is_whole THEN a.unit_price_micro END AS unit_price_micro,
    -a.off_minor AS amount_minor, -a.off_gross_minor AS gross_minor, a.tax_id, a.tax_rate_micro, a.service_start, a.service_end,
    a.charge_id, -a.measured_minor AS measured_minor, a.agreement_id,
    a.original_currency, -a.off_original_minor AS original_minor, CASE WHEN a.is_whole THEN a.original_price_micro END AS original_price_micro,
    a.exchange_rate, a.exchange_on, a.exchange_source,
    CASE WHEN r.reissue OR a.kind = 'carry_over' THEN 'reissue' ELSE 'credit' END AS correction
  FROM asked AS a
  CROSS JOIN credit.request AS r
  UNION ALL
  SELECT
    NULL, NULL, NULL, NULL, 'Amount credited before', NULL, 1000000, NULL, CAST(-t.unattached_minor AS BIGINT), NULL, t.tax_id, t.rate_micro,
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'credit'
  FROM credit.taxes_left AS t
  CROSS JOIN credit.request AS r
  WHERE r.mode = 'whole' AND t.unattached_minor <> 0
  UNION ALL
  SELECT
    NULL, NULL, NULL, NULL, 'Amount credited', NULL, CASE WHEN p.net_minor < 0 THEN 1000000 ELSE -1000000 END, NULL,
    CAST(-p.net_minor AS BIGINT), NULL, p.tax_id, p.rate_micro, NULL, NULL, NULL, NULL, NULL,
    NULL, NULL, NULL, NULL, NULL, NULL, 'credit'
  FROM credit.amount_parts AS p
)
SELECT
  row_number() OVER (ORDER BY n.corrects_line_no NULLS LAST, n.tax_id, n.tax_rate_micro) AS line_no,
  'adjustment' AS kind, FALSE AS late, r.invoice_id AS corrects_invoice_id, n.*
FROM news AS n
CROSS JOIN credit.request AS r

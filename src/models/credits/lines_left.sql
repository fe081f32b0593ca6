-- The lines of the invoice with what is left of each. A line is taken back whole; only of a discount, parts go with the lines it lies on.
-- grain: line_no
WITH taken AS (
  SELECT corrects_line_no, sum(amount_minor) AS amount_minor, sum(gross_minor) AS gross_minor,
    sum(original_minor) AS original_minor
  FROM credit.taken_back
  WHERE corrects_line_no IS NOT NULL
  GROUP BY corrects_line_no
)
SELECT
  l.line_no, l.kind, l.correction, l.booking_id, l.source, l.product, l.description, l.unit, l.quantity_micro, l.unit_price_micro,
  l.amount_minor, l.gross_minor, l.tax_id, l.tax_rate_micro, l.service_start, l.service_end, l.charge_id, l.measured_minor,
  l.agreement_id,
  l.original_currency, l.original_minor, l.original_price_micro, l.exchange_rate, l.exchange_on, l.exchange_source,
  t.corrects_line_no IS NOT NULL AS corrected,
  CAST(l.amount_minor + coalesce(t.amount_minor, 0) AS BIGINT) AS left_minor,
  CAST(l.gross_minor + coalesce(t.gross_minor, 0) AS BIGINT) AS left_gross_minor,
  CAST(l.original_minor + coalesce(t.original_minor, 0) AS BIGINT) AS left_original_minor,
  l.amount_minor > 0 AND l.kind NOT IN ('discount', 'carry_over', 'deposit_applied') AS bears
FROM ledger.invoice_lines AS l
JOIN credit.request AS r ON r.invoice_id = l.invoice_id
LEFT JOIN taken AS t ON t.corrects_line_no = l.line_no

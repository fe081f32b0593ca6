-- The discounts that lie on the bookings that have changed, in the order in which they are taken (place, from 1), on the line that billed
-- each of them first. share_minor is what of the discount line lies on it: nothing once the booking was corrected, for then the line beside
-- the one on which it stands now (restated), if there is any, is what has to be taken back. What is right now bears percent_micro of what
-- the ones before leave of it, limit_minor at most, or all but kept_minor; off_minor / base_minor where nothing is told. on_line,
-- most_minor, limit_minor and kept_minor as in discount_spread. What may be taken back lies between what is left of the discount line and
-- what was taken back before with the opposite sign, for its share of a line below 0 (from_minor, until_minor). Where the line was converted
-- shown_minor of it was original_minor.
-- grain: source, booking_id, discount_id
WITH taken AS (
  SELECT l.corrects_invoice_id, l.corrects_line_no, sum(l.amount_minor) AS amount_minor
  FROM ledger.invoice_lines AS l
  JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id AND s.status = 'processed'
  WHERE l.correction IN ('reversal', 'credit', 'reissue') AND l.corrects_invoice_id IN (SELECT f.invoice_id FROM input.corrected_invoices AS f)
  GROUP BY l.corrects_invoice_id, l.corrects_line_no
), shares AS (
  SELECT
    c.source, c.booking_id, concat_ws(':', c.source, c.booking_id, l.invoice_id, l.line_no) AS discount_id,
    l.invoice_id, l.line_no, l.description, l.tax_id, l.tax_rate_micro, c.invoice_id AS stands_on,
    row_number() OVER (PARTITION BY c.source, c.booking_id ORDER BY s.step) AS place, s.on_line, s.most_minor,
    s.percent_micro, s.limit_minor, s.kept_minor,
    l.amount_minor AS off_minor, s.weights_minor AS base_minor,
    CASE WHEN c.invoice_id = f.invoice_id AND c.line_no = f.line_no THEN -s.share_minor ELSE 0 END AS share_minor,
    least(l.amount_minor + coalesce(k.amount_minor, 0), coalesce(k.amount_minor, 0)) AS from_minor,
    greatest(l.amount_minor + coalesce(k.amount_minor, 0), coalesce(k.amount_minor, 0)) AS until_minor,
    l.original_currency, l.original_minor, coalesce(l.gross_minor, l.amount_minor) AS shown_minor, l.exchange_rate, l.exchange_on,
    l.exchange_source
  FROM input.changed AS c
  JOIN input.changed_lines AS f ON f.source = c.source AND f.booking_id = c.booking_id
  JOIN input.discount_spread AS s ON s.invoice_id = f.invoice_id AND s.line_no = f.line_no
  JOIN ledger.invoice_lines AS l ON l.invoice_id = s.invoice_id AND l.line_no = s.discount_line_no
  LEFT JOIN taken AS k ON k.corrects_invoice_id = l.invoice_id AND k.corrects_line_no = l.line_no
  WHERE s.weights_minor <> 0
)
SELECT
  h.source, h.booking_id, h.discount_id, coalesce(r.invoice_id, h.invoice_id) AS invoice_id, coalesce(r.line_no, h.line_no) AS line_no,
  h.description, h.tax_id, h.tax_rate_micro, h.place, h.on_line, h.most_minor, h.percent_micro, h.limit_minor, h.kept_minor, h.off_minor,
  h.base_minor, r.amount_minor AS restated_minor, h.share_minor, h.from_minor, h.until_minor,
  CASE WHEN r.invoice_id IS NULL THEN h.original_currency ELSE r.original_currency END AS original_currency,
  CASE WHEN r.invoice_id IS NULL THEN h.original_minor ELSE r.original_minor END AS original_minor,
  CASE WHEN r.invoice_id IS NULL THEN h.shown_minor ELSE r.amount_minor END AS shown_minor,
  CASE WHEN r.invoice_id IS NULL THEN h.exchange_rate ELSE r.exchange_rate END AS exchange_rate,
  CASE WHEN r.invoice_id IS NULL THEN h.exchange_on ELSE r.exchange_on END AS exchange_on,
  CASE WHEN r.invoice_id IS NULL THEN h.exchange_source ELSE r.exchange_source END AS exchange_source,
  t.name AS tax_name, t.category AS tax_category, t.note AS tax_note
FROM shares AS h
LEFT JOIN ledger.invoice_taxes AS t ON t.invoice_id = h.invoice_id AND t.tax_id = h.tax_id AND t.rate_micro = h.tax_rate_micro
LEFT JOIN ledger.invoice_lines AS r
  ON r.invoice_id = h.stands_on AND r.charge_id = h.discount_id AND r.correction = 'restatement' AND r.booking_id IS NULL

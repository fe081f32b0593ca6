-- The discount lines that lie on the bookings that have changed: of the invoice that billed the booking, those with its tax and its rate of
-- exchange. base_minor is what they were given on: an amount's share of a discount is off_minor / base_minor. until_minor is what of it the
-- lines up to the booking's own (line_minor) were, so that all shares add up to the discount; left_minor is what is not taken back yet.
-- Where the share was corrected before, the line that did (restated) is what has to be taken back. Where the line was converted
-- shown_minor of it was original_minor.
-- grain: source, booking_id, discount_id
WITH first_lines AS (
  SELECT c.source, c.booking_id, max_by(l.invoice_id, l.serial) AS invoice_id
  FROM input.changed AS c
  JOIN ledger.invoice_lines AS l ON l.source = c.source AND l.booking_id = c.booking_id AND l.kind = 'booking'
  JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id AND s.status = 'processed'
  GROUP BY c.source, c.booking_id
), bases AS (
  SELECT
    l.invoice_id, l.line_no, l.source, l.booking_id, l.kind, l.tax_id, l.tax_rate_micro, l.original_currency, l.exchange_on, l.amount_minor,
    sum(l.amount_minor) OVER (
      PARTITION BY l.invoice_id, l.tax_id, l.tax_rate_micro, l.original_currency, l.exchange_on ORDER BY l.line_no
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS until_minor,
    sum(l.amount_minor) OVER (PARTITION BY l.invoice_id, l.tax_id, l.tax_rate_micro, l.original_currency, l.exchange_on) AS base_minor
  FROM ledger.invoice_lines AS l
  WHERE l.invoice_id IN (SELECT f.invoice_id FROM first_lines AS f) AND l.kind IN ('booking', 'usage', 'recurring', 'fee')
), taken AS (
  SELECT l.corrects_invoice_id, l.corrects_line_no, sum(l.amount_minor) AS amount_minor
  FROM ledger.invoice_lines AS l
  JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id AND s.status = 'processed'
  WHERE l.correction IN ('reversal', 'credit', 'reissue') AND l.corrects_invoice_id IN (SELECT f.invoice_id FROM first_lines AS f)
  GROUP BY l.corrects_invoice_id, l.corrects_line_no
), shares AS (
  SELECT
    c.source, c.booking_id, concat_ws(':', c.source, c.booking_id, l.invoice_id, l.line_no) AS discount_id,
    l.invoice_id, l.line_no, l.description, l.tax_id, l.tax_rate_micro, l.amount_minor AS off_minor, b.base_minor,
    b.until_minor, b.amount_minor AS line_minor, c.invoice_id = b.invoice_id AND c.line_no = b.line_no AS is_first,
    l.amount_minor + coalesce(k.amount_minor, 0) AS left_minor,
    l.original_currency, l.original_minor, coalesce(l.gross_minor, l.amount_minor) AS shown_minor, l.exchange_rate, l.exchange_on,
    l.exchange_source
  FROM input.changed AS c
  JOIN first_lines AS f ON f.source = c.source AND f.booking_id = c.booking_id
  JOIN ledger.invoice_lines AS l ON l.invoice_id = f.invoice_id AND l.kind = 'discount'
  JOIN bases AS b ON b.invoice_id = f.invoice_id AND b.source = c.source AND b.booking_id = c.booking_id
    AND b.kind = 'booking' AND b.tax_id = l.tax_id AND b.tax_rate_micro = l.tax_rate_micro
    AND b.original_currency IS NOT DISTINCT FROM l.original_currency AND b.exchange_on IS NOT DISTINCT FROM l.exchange_on
  LEFT JOIN taken AS k ON k.corrects_invoice_id = l.invoice_id AND k.corrects_line_no = l.line_no
  WHERE b.base_minor > 0
), restated AS (
  SELECT
    l.charge_id AS discount_id, max_by(l.invoice_id, l.serial) AS invoice_id, max_by(l.line_no, l.serial) AS line_no,
    max_by(l.amount_minor, l.serial) AS amount_minor
  FROM ledger.invoice_lines AS l
  JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id AND s.status = 'processed'
  WHERE l.correction = 'restatement' AND l.booking_id IS NULL AND l.charge_id IN (SELECT h.discount_id FROM shares AS h)
  GROUP BY l.charge_id
)
SELECT
  h.source, h.booking_id, h.discount_id, coalesce(r.invoice_id, h.invoice_id) AS invoice_id, coalesce(r.line_no, h.line_no) AS line_no,
  h.description, h.tax_id, h.tax_rate_micro, h.off_minor, h.base_minor, r.amount_minor AS restated_minor,
  h.until_minor, h.line_minor, h.is_first, h.left_minor,
  CASE WHEN r.invoice_id IS NULL THEN h.original_currency ELSE l.original_currency END AS original_currency,
  CASE WHEN r.invoice_id IS NULL THEN h.original_minor ELSE l.original_minor END AS original_minor,
  CASE WHEN r.invoice_id IS NULL THEN h.shown_minor ELSE l.amount_minor END AS shown_minor,
  CASE WHEN r.invoice_id IS NULL THEN h.exchange_rate ELSE l.exchange_rate END AS exchange_rate,
  CASE WHEN r.invoice_id IS NULL THEN h.exchange_on ELSE l.exchange_on END AS exchange_on,
  CASE WHEN r.invoice_id IS NULL THEN h.exchange_source ELSE l.exchange_source END AS exchange_source,
  t.name AS tax_name, t.category AS tax_category, t.note AS tax_note
FROM shares AS h
LEFT JOIN ledger.invoice_taxes AS t ON t.invoice_id = h.invoice_id AND t.tax_id = h.tax_id AND t.rate_micro = h.tax_rate_micro
LEFT JOIN restated AS r ON r.discount_id = h.discount_id
LEFT JOIN ledger.invoice_lines AS l ON l.invoice_id = r.invoice_id AND l.line_no = r.line_no

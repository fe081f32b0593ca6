-- The discount lines that lie on the bookings that have changed: of the invoice that billed the booking first, those with its tax.
-- base_minor is what they were given on: an amount's share of a discount is off_minor / base_minor.
-- grain: source, booking_id, line_no
WITH first_lines AS (
  SELECT c.source, c.booking_id, max_by(l.invoice_id, l.serial) AS invoice_id
  FROM input.changed AS c
  JOIN ledger.invoice_lines AS l ON l.source = c.source AND l.booking_id = c.booking_id AND l.kind = 'booking'
  JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id AND s.status = 'processed'
  GROUP BY c.source, c.booking_id
), sums AS (
  SELECT l.invoice_id, l.tax_id, l.tax_rate_micro, sum(l.amount_minor) AS base_minor
  FROM ledger.invoice_lines AS l
  WHERE l.invoice_id IN (SELECT f.invoice_id FROM first_lines AS f) AND l.kind IN ('booking', 'usage', 'recurring', 'fee')
  GROUP BY l.invoice_id, l.tax_id, l.tax_rate_micro
)
SELECT
  c.source, c.booking_id, l.invoice_id, l.line_no, l.description, l.amount_minor AS off_minor, s.base_minor
FROM input.changed AS c
JOIN first_lines AS f ON f.source = c.source AND f.booking_id = c.booking_id
JOIN ledger.invoice_lines AS l
  ON l.invoice_id = f.invoice_id AND l.kind = 'discount' AND l.tax_id = c.tax_id AND l.tax_rate_micro = c.tax_rate_micro
JOIN sums AS s ON s.invoice_id = f.invoice_id AND s.tax_id = c.tax_id AND s.tax_rate_micro = c.tax_rate_micro
WHERE s.base_minor > 0

-- Bookings on standing invoices that are not any more what was billed: the line on which they stand, and where they are now (file_key,
-- record), unless they are gone (cancelled, ignored, or missing from an export that is complete). One that finance holds, or that was
-- credited by hand, is left alone. Of a source of which rows could not be read, or none are there, nobody knows what is missing.
-- grain: source, booking_id
WITH complete AS (
  SELECT s.source
  FROM input.complete_sources AS s
  WHERE s.source IN (SELECT f.source FROM input.files AS f WHERE f.rows > 0)
    AND s.source NOT IN (SELECT r.source FROM input.rejects AS r)
), different AS (
  SELECT b.source, b.booking_id, b.file_key, b.record, b.status IN ('cancelled', 'ignored') AS gone, b.status AS now, l.invoice_id, l.line_no
  FROM input.bookings AS b
  JOIN input.billed AS l ON l.source = b.source AND l.booking_id = b.booking_id
  WHERE NOT l.credited AND b.status <> 'held' AND l.invoice_id IS NOT NULL
    AND (b.content_hi <> l.content_hi OR b.content_lo <> l.content_lo OR b.status IN ('cancelled', 'ignored'))
  UNION ALL
  SELECT l.source, l.booking_id, NULL, NULL, TRUE, 'missing', l.invoice_id, l.line_no
  FROM input.billed AS l
  JOIN complete AS s ON s.source = l.source
  WHERE NOT l.credited AND l.invoice_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM input.staged AS b WHERE b.source = l.source AND b.booking_id = l.booking_id)
)
SELECT
  d.source, d.booking_id, d.file_key, d.record, d.gone, d.now, d.invoice_id, d.line_no,
  i.number, i.customer_id, i.currency, i.period_start, i.tax_currency, i.tax_exchange_rate, i.tax_exchange_on, i.tax_exchange_source,
  l.charge_id, l.product, l.description, l.unit, l.quantity_micro, l.unit_price_micro, l.amount_minor, l.gross_minor, l.measured_minor,
  l.original_currency, l.original_minor, l.original_price_micro, l.exchange_rate, l.exchange_on, l.exchange_source,
  l.tax_id, l.tax_rate_micro, l.service_start, l.service_end, t.name AS tax_name, t.category AS tax_category, t.note AS tax_note
FROM different AS d
JOIN ledger.invoices AS i ON i.invoice_id = d.invoice_id
JOIN ledger.invoice_lines AS l ON l.invoice_id = d.invoice_id AND l.line_no = d.line_no
LEFT JOIN ledger.invoice_taxes AS t
  ON t.invoice_id = d.invoice_id AND t.tax_id = l.tax_id AND t.rate_micro = l.tax_rate_micro

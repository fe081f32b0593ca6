-- Bookings of standing invoices that a usage of this run counts: those measured in one of its spans (span_key), and those of products
-- that a price of another product counts (span_key is NULL). They count whether or not they are still in the export.
-- grain: source, booking_id
SELECT
  c.customer_key, s.span_key, l.source, l.booking_id, l.product, l.description, i.currency, l.quantity_micro, l.measured_minor,
  coalesce(l.measured_minor, l.gross_minor, l.amount_minor) AS amount_minor, l.service_start AS starts_at,
  CASE WHEN c.assign_by_start THEN l.service_start ELSE l.service_end END AS assigned_at
FROM ledger.invoice_lines AS l
JOIN input.standing_invoices AS i ON i.invoice_id = l.invoice_id
JOIN input.customers AS c ON c.customer_id = i.customer_id
LEFT JOIN input.usage_spans AS s
  ON l.charge_id IS NOT NULL AND s.calendar_key = c.calendar_key AND c.customer_id || ':' || s.span_id = l.charge_id
WHERE l.kind = 'booking' AND (s.span_key IS NOT NULL
  OR l.product IN (SELECT f.value FROM input.usage_filters AS f WHERE f.field = 'other_product'))

-- Bookings of standing invoices that a usage of this run counts: those measured in one of its spans (span_key), and those of products
-- that a price of another product counts (span_key is NULL), as they stand now. They count whether or not they are still in the export.
-- grain: source, booking_id
WITH lines AS (
  SELECT
    c.customer_key, c.calendar_key, l.source, l.booking_id, l.product, l.description,
    coalesce(l.original_currency, i.currency) AS currency, l.quantity_micro,
    l.measured_minor, coalesce(l.measured_minor, l.original_minor, l.gross_minor, l.amount_minor) AS amount_minor,
    l.service_start AS starts_at,
    CASE WHEN c.assign_by_start THEN l.service_start ELSE l.service_end END AS assigned_at,
    substr(l.charge_id, length(c.customer_id) + 2) AS span_id
  FROM ledger.invoice_lines AS l
  JOIN input.standing_invoices AS i ON i.invoice_id = l.invoice_id
  JOIN input.customers AS c ON c.customer_id = i.customer_id
  JOIN ledger.billed AS b
    ON b.source = l.source AND b.booking_id = l.booking_id AND b.invoice_id = l.invoice_id AND b.line_no = l.line_no
    AND b.state <> 'open'
  WHERE l.kind IN ('booking', 'adjustment')
), measured AS (
  SELECT l.*, s.span_key
  FROM lines AS l
  JOIN input.usage_spans AS s
    ON s.calendar_key = l.calendar_key AND s.span_id = l.span_id AND coalesce(s.customer_key, l.customer_key) = l.customer_key
)
SELECT
  m.customer_key, m.span_key, m.source, m.booking_id, m.product, m.description, m.currency, m.quantity_micro, m.measured_minor,
  m.amount_minor, m.starts_at, m.assigned_at
FROM measured AS m
UNION ALL
SELECT
  l.customer_key, NULL, l.source, l.booking_id, l.product, l.description, l.currency, l.quantity_micro, l.measured_minor,
  l.amount_minor, l.starts_at, l.assigned_at
FROM lines AS l
JOIN (SELECT DISTINCT value FROM input.usage_filters WHERE field = 'other_product') AS f ON f.value = l.product
LEFT JOIN measured AS m ON m.source = l.source AND m.booking_id = l.booking_id
WHERE m.span_key IS NULL

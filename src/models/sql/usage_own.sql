-- The bookings that count for a measured price of their own product, billed now (period_key is where) or before (-1). One that is taken
-- back in a period is there, too, as gone.
-- grain: customer_key, span_key, source, booking_id
SELECT
  b.customer_key, b.calendar_key, b.span_key, b.period_key, b.source, b.booking_id, b.product, b.description, b.currency,
  b.starts_at, b.assigned_at, b.zone_key, b.quantity_micro, b.amount_minor, FALSE AS gone
FROM draft.usage_now AS b
UNION ALL
SELECT
  b.customer_key, b.calendar_key, b.span_key, d.period_key, b.source, b.booking_id, b.product, b.description, b.currency,
  b.starts_at, b.assigned_at, b.zone_key, b.quantity_micro, coalesce(b.measured_minor, b.amount_minor), FALSE
FROM draft.changed_bookings AS d
JOIN draft.bookings AS b ON b.file_key = d.file_key AND b.record = d.record
WHERE d.step = 'reversed' AND d.restated
UNION ALL
SELECT
  l.customer_key, c.calendar_key, l.span_key, coalesce(x.period_key, -1), l.source, l.booking_id, l.product, l.description, l.currency,
  l.starts_at, l.assigned_at, d.zone_key, l.quantity_micro, l.amount_minor, x.period_key IS NOT NULL
FROM input.billed_usage AS l
JOIN input.customers AS c ON c.customer_key = l.customer_key
LEFT JOIN draft.changed_bookings AS x ON x.source = l.source AND x.booking_id = l.booking_id AND x.step = 'reversed'
LEFT JOIN input.period_days AS d
  ON d.calendar_key = c.calendar_key AND d.day = CAST(l.assigned_at AS DATE)
  AND l.assigned_at >= d.period_start AND l.assigned_at < d.period_end

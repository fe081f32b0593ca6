-- The bookings that are billed now and count for a measured price, one by one. Where the price needs no more than their sum and bookings
-- are many, they are left to their sums.
-- grain: source, booking_id
SELECT
  b.customer_key, b.calendar_key, b.span_key, b.period_key, b.source, b.booking_id, b.product, b.description, b.currency,
  b.starts_at, b.assigned_at, b.zone_key, b.quantity_micro, coalesce(b.measured_minor, b.amount_minor) AS amount_minor
FROM draft.bookings AS b
CROSS JOIN input.run AS r
LEFT JOIN input.usage_spans AS s ON s.span_key = b.span_key
LEFT JOIN input.usage_prices AS u ON u.price_key = s.price_key
WHERE b.bucket = 'billed' AND NOT (r.in_sums AND coalesce(u.is_summable, FALSE))

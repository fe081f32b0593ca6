-- The bookings that count for a measured price of another product, which names theirs: once more, in the span of that price.
-- grain: customer_key, usage_key, source, booking_id
SELECT b.*, s.span_key AS usage_key
FROM draft.usage_own AS b
JOIN input.usage_filters AS f ON f.field = 'other_product' AND f.value = b.product
JOIN input.usage_prices AS u ON u.price_key = f.price_key AND u.currency = b.currency
JOIN input.usage_spans AS s
  ON s.price_key = u.price_key AND s.calendar_key = b.calendar_key
  AND b.starts_at >= s.starts_from AND b.starts_at < s.starts_until
  AND b.assigned_at >= s.assigned_from AND b.assigned_at < s.assigned_until
LEFT JOIN input.customer_prices AS cp
  ON cp.customer_key = b.customer_key AND cp.product = u.product AND cp.currency = u.currency
  AND b.starts_at >= cp.valid_from AND b.starts_at < cp.valid_until
LEFT JOIN input.agreement_prices AS ap
  ON ap.customer_key = b.customer_key AND ap.product = u.product AND ap.currency = u.currency
  AND b.starts_at >= ap.valid_from AND b.starts_at < ap.valid_until
LEFT JOIN input.product_prices AS pp
  ON pp.product = u.product AND pp.zone_key = coalesce(b.zone_key, 0) AND pp.currency = u.currency
  AND b.starts_at >= pp.valid_from AND b.starts_at < pp.valid_until
WHERE u.price_key = coalesce(cp.price_key, ap.price_key, pp.price_key)

-- The counted bookings summed by span and by the period that bills them (or takes them back, then without them); one by one where each is priced, value by value where different
-- ones are counted.
-- grain: customer_key, span_key, period_key, item, starts_at, source, booking_id
SELECT
  customer_key, span_key, period_key,
  CASE WHEN metric = 'unique' AND NOT gone THEN item END AS item,
  CASE WHEN per_booking THEN starts_at END AS starts_at,
  CASE WHEN per_booking THEN source END AS source,
  CASE WHEN per_booking THEN booking_id END AS booking_id,
  count(*) FILTER (WHERE NOT gone) AS bookings,
  sum(value_micro) FILTER (WHERE NOT gone) AS sum_micro,
  max(value_micro) FILTER (WHERE NOT gone) AS max_micro,
  max_by(value_micro, booking_order(starts_at, source, booking_id)) FILTER (WHERE metric = 'latest' AND NOT gone) AS latest_micro,
  max(booking_order(starts_at, source, booking_id)) FILTER (WHERE metric = 'latest' AND NOT gone) AS latest_at
FROM draft.usage_bookings
GROUP BY ALL

-- The counted bookings summed by span and by the period that bills them (or takes them back, then without them); one by one where each
-- is priced, value by value where different ones are counted. Where sums are enough and bookings are many, those of the totals serve.
-- grain: customer_key, span_key, period_key, item, starts_at, source, booking_id
WITH parts AS (
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
  UNION ALL
  SELECT
    t.customer_key, t.span_key, t.period_key, NULL, NULL, NULL, NULL,
    t.bookings,
    CASE WHEN u.metric_column = 'amount' THEN CAST(coalesce(t.measured_minor, t.amount_minor) AS HUGEINT) * f.micro_per_minor
      ELSE t.quantity_micro END,
    NULL, NULL, NULL
  FROM draft.totals AS t
  CROSS JOIN input.run AS r
  JOIN input.usage_spans AS s ON s.span_key = t.span_key
  JOIN input.usage_prices AS u ON u.price_key = s.price_key AND u.is_summable
  JOIN input.currencies AS f ON f.currency = t.currency
  WHERE t.bucket = 'billed' AND r.in_sums
)
SELECT
  customer_key, span_key, period_key, item, starts_at, source, booking_id,
  CAST(sum(bookings) AS BIGINT) AS bookings,
  sum(sum_micro) AS sum_micro,
  max(max_micro) AS max_micro,
  max_by(latest_micro, latest_at) AS latest_micro,
  max(latest_at) AS latest_at
FROM parts
GROUP BY ALL

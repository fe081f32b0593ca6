-- The bookings that a measured price counts, billed now (period_key is where) or before (-1): its own, and those of other products that
-- it names. One that is taken back in a period is there, too, as gone. What it takes of them: a number (millionths of units, of amounts), a text where different ones are counted.
-- grain: customer_key, span_key, source, booking_id
WITH own AS (
  SELECT
    b.customer_key, b.calendar_key, b.span_key, b.period_key, b.source, b.booking_id, b.product, b.description, b.currency,
    b.starts_at, b.assigned_at, b.zone_key, b.quantity_micro, coalesce(b.measured_minor, b.amount_minor) AS amount_minor,
    FALSE AS gone
  FROM draft.bookings AS b
  WHERE b.bucket = 'billed'
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
), counted AS (
  SELECT b.*, b.span_key AS usage_key
  FROM own AS b
  JOIN input.usage_spans AS s ON s.span_key = b.span_key
  JOIN input.usage_prices AS u ON u.price_key = s.price_key
  WHERE u.counts_own
  UNION ALL
  SELECT b.*, s.span_key
  FROM own AS b
  JOIN input.usage_filters AS f ON f.field = 'other_product' AND f.value = b.product
  JOIN input.usage_prices AS u ON u.price_key = f.price_key AND u.currency = b.currency
  JOIN input.usage_spans AS s
    ON s.price_key = u.price_key AND s.calendar_key = b.calendar_key
    AND CASE WHEN s.by_period THEN b.assigned_at ELSE b.starts_at END >= s.match_from
    AND CASE WHEN s.by_period THEN b.assigned_at ELSE b.starts_at END < s.match_until
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
)
SELECT
  b.customer_key, b.usage_key AS span_key, b.period_key, b.source, b.booking_id, b.starts_at,
  CASE WHEN u.metric_column = 'amount' THEN CAST(b.amount_minor AS HUGEINT) * f.micro_per_minor ELSE b.quantity_micro END AS value_micro,
  CASE u.metric_column
    WHEN 'booking_id' THEN b.booking_id
    WHEN 'product' THEN b.product
    WHEN 'description' THEN b.description
    WHEN 'source' THEN b.source
    WHEN 'starts_on' THEN t.local_day
    WHEN 'amount' THEN CAST(b.amount_minor AS VARCHAR)
    ELSE CAST(b.quantity_micro AS VARCHAR)
  END AS item,
  u.metric, u.per_booking, b.gone
FROM counted AS b
JOIN input.usage_spans AS s ON s.span_key = b.usage_key
JOIN input.usage_prices AS u ON u.price_key = s.price_key
JOIN input.currencies AS f ON f.currency = b.currency
LEFT JOIN input.usage_filters AS ws
  ON u.by_source AND ws.price_key = u.price_key AND ws.field = 'source' AND ws.value = b.source
LEFT JOIN input.usage_filters AS wd
  ON u.by_description AND wd.price_key = u.price_key AND wd.field = 'description' AND wd.value = b.description
LEFT JOIN input.local_starts AS t
  ON u.metric_column = 'starts_on' AND t.calendar_key = b.calendar_key AND t.utc_day = CAST(b.starts_at AS DATE)
  AND b.starts_at >= t.valid_from AND b.starts_at < t.valid_until
WHERE (NOT u.by_source OR ws.value IS NOT NULL) AND (NOT u.by_description OR wd.value IS NOT NULL)

-- The bookings that a measured price counts, billed now (period_key is where) or before (-1): its own, and those of other products that
-- it names. One that is taken back in a period is there, too, as gone. What it takes of them: a number (millionths of units, of amounts), a text where different ones are counted.
-- grain: customer_key, span_key, source, booking_id
WITH counted AS (
  SELECT b.*, b.span_key AS usage_key
  FROM draft.usage_own AS b
  JOIN input.usage_spans AS s ON s.span_key = b.span_key
  JOIN input.usage_prices AS u ON u.price_key = s.price_key
  WHERE u.counts_own
  UNION ALL
  SELECT * FROM draft.usage_others
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
  ON ws.price_key = CASE WHEN u.by_source THEN u.price_key END AND ws.field = 'source' AND ws.value = b.source
LEFT JOIN input.usage_filters AS wd
  ON wd.price_key = CASE WHEN u.by_description THEN u.price_key END AND wd.field = 'description' AND wd.value = b.description
LEFT JOIN input.local_starts AS t
  ON t.calendar_key = CASE WHEN u.metric_column = 'starts_on' THEN b.calendar_key END AND t.utc_day = CAST(b.starts_at AS DATE)
  AND b.starts_at >= t.valid_from AND b.starts_at < t.valid_until
WHERE (NOT u.by_source OR ws.value IS NOT NULL) AND (NOT u.by_description OR wd.value IS NOT NULL)

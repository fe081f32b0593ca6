-- The units of a span by the time of an invoice, all bookings up to then together. units: as many as are priced, `divisor` parts a
-- millionth. Where bookings are priced one by one, booked_price is their price (see usage_amounts for its parts), units what of their
-- amounts is not included.
-- grain: customer_key, span_key, period_key
WITH so_far AS (
  SELECT
    t.customer_key, t.span_key, t.period_key, t.is_final,
    coalesce(sum(p.bookings), 0) AS bookings,
    coalesce(sum(p.sum_micro), 0) AS sum_micro,
    coalesce(max(p.max_micro), 0) AS max_micro,
    coalesce(max_by(p.latest_micro, p.latest_at), 0) AS latest_micro,
    count(DISTINCT p.item) AS items
  FROM draft.usage_turns AS t
  LEFT JOIN draft.usage_parts AS p
    ON p.customer_key = t.customer_key AND p.span_key = t.span_key AND p.period_key <= t.period_key
  GROUP BY t.customer_key, t.span_key, t.period_key, t.is_final
), listed AS (
  SELECT
    t.customer_key, t.span_key, t.period_key, p.sum_micro AS amount_micro, u.divisor, u.fee_micro, u.least_micro, u.most_micro,
    u.free_bookings, u.included_micro, l.percent_micro,
    row_number() OVER (PARTITION BY t.customer_key, t.span_key, t.period_key ORDER BY p.starts_at, p.source, p.booking_id) AS place,
    sum(p.sum_micro) OVER (PARTITION BY t.customer_key, t.span_key, t.period_key ORDER BY p.starts_at, p.source, p.booking_id) AS running
  FROM draft.usage_turns AS t
  JOIN input.usage_spans AS s ON s.span_key = t.span_key
  JOIN input.usage_prices AS u ON u.price_key = s.price_key AND u.per_booking
  JOIN input.usage_tiers AS l ON l.price_key = u.price_key
  JOIN draft.usage_parts AS p
    ON p.customer_key = t.customer_key AND p.span_key = t.span_key AND p.period_key <= t.period_key AND p.bookings > 0
), freed AS (
  SELECT
    *,
    CASE WHEN free_bookings IS NULL THEN included_micro > 0 ELSE place <= free_bookings END
      AND (included_micro = 0 OR running <= included_micro) AS is_free,
    CASE
      WHEN free_bookings IS NOT NULL AND place > free_bookings THEN 0
      WHEN free_bookings IS NOT NULL AND included_micro = 0 THEN amount_micro
      ELSE clamp(running, 0, included_micro) - clamp(running - amount_micro, 0, included_micro)
    END AS free_micro
  FROM listed
), single AS (
  SELECT
    customer_key, span_key, period_key,
    sum(amount_micro - free_micro) AS charged_micro,
    sum(CASE WHEN is_free THEN 0 ELSE times(fee_micro, 100000000)
      + clamp(times(amount_micro - free_micro, percent_micro), times(least_micro, 100000000), times(most_micro, 100000000)) END)
      AS booked_price
  FROM freed
  GROUP BY customer_key, span_key, period_key
), measured AS (
  SELECT
    f.customer_key, f.span_key, f.period_key, f.is_final, f.bookings, s.price_key, s.days, s.whole_days, u.divisor, u.included_micro,
    u.round_up, u.per_booking, b.charged_micro, b.booked_price,
    CASE u.metric
      WHEN 'count' THEN f.bookings * 1000000
      WHEN 'unique' THEN f.items * 1000000
      WHEN 'max' THEN f.max_micro
      WHEN 'latest' THEN f.latest_micro
      ELSE f.sum_micro
    END * u.multiplier AS parts
  FROM so_far AS f
  JOIN input.usage_spans AS s ON s.span_key = f.span_key
  JOIN input.usage_prices AS u ON u.price_key = s.price_key
  LEFT JOIN single AS b ON b.customer_key = f.customer_key AND b.span_key = f.span_key AND b.period_key = f.period_key
)
SELECT
  m.customer_key, m.span_key, m.period_key, m.price_key, m.is_final, m.bookings,
  coalesce(x.days, m.days) AS days, m.whole_days,
  CASE WHEN m.per_booking THEN coalesce(m.charged_micro, 0)
    ELSE clamp(CASE WHEN m.round_up THEN whole_up(m.parts, m.divisor) ELSE m.parts END
      - CAST(m.included_micro AS HUGEINT) * m.divisor, 0, NULL) END AS units,
  CASE WHEN m.per_booking THEN coalesce(m.booked_price, 0) END AS booked_price
FROM measured AS m
LEFT JOIN input.shadowed_spans AS x ON x.customer_key = m.customer_key AND x.span_key = m.span_key

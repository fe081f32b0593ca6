-- Every booking that was read, in exactly one bucket, with the reason, and the rate of its tax on the last day of its service. Where the
-- customer is billed in another currency billed_minor is the amount in it, at the rate of that day, 0 while there is none.
-- grain: file_key, record
WITH dated AS (
  SELECT *, last_moment(starts_at, ends_at) AS last_at
  FROM draft.rated_bookings
)
SELECT
  b.* EXCLUDE (last_at), t.tax_key, t.rate_micro AS tax_rate_micro,
  CASE WHEN k.currency IS NULL THEN b.currency ELSE k.currency END AS billed_currency,
  CASE
    WHEN k.currency IS NULL OR k.currency = b.currency THEN b.amount_minor
    WHEN x.rate_key IS NULL THEN 0
    ELSE exchanged(b.amount_minor, x.rate_over, x.rate_under, x.half_even)
  END AS billed_minor,
  x.rate_key,
  x.shown AS exchange_shown,
  CASE
    WHEN billed_invoice_id IS NOT NULL THEN 'already_billed'
    WHEN status = 'ignored' THEN 'ignored'
    WHEN status = 'cancelled' THEN 'cancelled'
    WHEN status = 'held' THEN 'held'
    WHEN b.customer_key IS NULL OR amount_minor IS NULL OR b.tax_id IS NULL OR abs(amount_minor) >= 1000000000000000 THEN 'rejected'
    WHEN late AND late_bookings = 'hold' THEN 'held'
    WHEN period_key IS NULL OR NOT previewed OR (status = 'scheduled' AND timing = 'in_arrears') THEN 'waiting'
    ELSE 'billed'
  END AS bucket,
  CASE
    WHEN billed_invoice_id IS NOT NULL OR status IN ('ignored', 'cancelled') THEN NULL
    WHEN status = 'held' THEN 'booking_held'
    WHEN b.customer_key IS NULL THEN 'unknown_customer'
    WHEN amount_minor IS NULL AND unit_price_micro IS NULL THEN 'no_price'
    WHEN amount_minor IS NULL OR abs(amount_minor) >= 1000000000000000 THEN 'amount_too_large'
    WHEN b.tax_id IS NULL THEN 'no_tax'
    WHEN late AND late_bookings = 'hold' THEN 'late'
    WHEN own_period_key IS NULL THEN 'outside_cycle'
    WHEN period_key IS NULL THEN 'no_open_period'
    WHEN status = 'scheduled' AND timing = 'in_arrears' THEN 'scheduled'
    WHEN NOT previewed THEN 'period_running'
    WHEN late THEN 'late'
    ELSE NULL
  END AS reason
FROM dated AS b
LEFT JOIN input.tax_days AS t
  ON t.tax_id = b.tax_id AND t.zone_key = b.zone_key
  AND b.last_at >= t.valid_from AND b.last_at < t.valid_until
LEFT JOIN input.customer_currencies AS k ON k.customer_key = b.customer_key
LEFT JOIN input.exchange_days AS x
  ON x.from_currency = b.currency AND x.to_currency = k.currency AND x.zone_key = b.zone_key
  AND b.last_at >= x.valid_from AND b.last_at < x.valid_until

-- Bookings that were billed and are different now, with where the correction goes: the first open period of the customer after that of the
-- invoice. They are taken back there (reversed); what is right now stands beside (restated) where it goes to the same customer and
-- invoice, else the booking is free once it is taken back and is billed like a late one. A booking whose amount is the same needs nothing;
-- one that was converted is compared in both currencies.
-- grain: source, booking_id
WITH targets AS (
  SELECT c.source, c.booking_id, u.customer_key, min_by(w.period_key, w.period_start) AS period_key
  FROM input.changed AS c
  JOIN input.customers AS u ON u.customer_id = c.customer_id
  JOIN draft.customer_periods AS w
    ON w.customer_key = u.customer_key AND NOT w.closed AND w.period_start > c.period_start
  GROUP BY c.source, c.booking_id, u.customer_key
), compared AS (
  SELECT
    c.source, c.booking_id, t.customer_key, t.period_key, coalesce(w.previewed, FALSE) AS previewed, p.changed_bookings,
    b.file_key, b.record,
    c.gone OR (b.status = 'scheduled' AND p.timing = 'in_arrears') AS gone,
    b.customer_key IS NULL OR b.amount_minor IS NULL OR b.tax_key IS NULL OR abs(b.amount_minor) >= 1000000000000000
      OR abs(b.billed_minor) >= 1000000000000000 AS unknown,
    b.customer_id = c.customer_id AND b.billed_currency = c.currency AS same_invoice,
    b.quantity_micro = c.quantity_micro AND b.billed_minor = coalesce(c.gross_minor, c.amount_minor)
      AND b.currency = coalesce(c.original_currency, c.currency)
      AND b.amount_minor = coalesce(c.original_minor, c.gross_minor, c.amount_minor)
      AND b.unit_price_micro IS NOT DISTINCT FROM coalesce(c.original_price_micro, c.unit_price_micro)
      AND b.with_tax = (c.gross_minor IS NOT NULL) AND b.tax_id = c.tax_id AND b.tax_rate_micro = c.tax_rate_micro
      AND coalesce(b.charge_id, '') = coalesce(c.charge_id, '') AND coalesce(b.measured_minor, 0) = coalesce(c.measured_minor, 0)
      AS same_amount
  FROM input.changed AS c
  LEFT JOIN draft.bookings AS b ON b.file_key = c.file_key AND b.record = c.record
  LEFT JOIN targets AS t ON t.source = c.source AND t.booking_id = c.booking_id
  LEFT JOIN input.periods AS p ON p.period_key = t.period_key
  LEFT JOIN draft.customer_periods AS w ON w.customer_key = t.customer_key AND w.period_key = t.period_key
)
SELECT
  source, booking_id, customer_key, period_key, file_key, record,
  CASE WHEN changed_bookings = 'credit_note' THEN 2 ELSE 0 END AS apart,
  NOT gone AND same_invoice AND changed_bookings = 'adjust' AS restated,
  CASE
    WHEN NOT gone AND same_invoice AND same_amount THEN 'same'
    WHEN NOT gone AND unknown THEN 'unknown'
    WHEN period_key IS NULL THEN 'no_period'
    WHEN changed_bookings = 'hold' THEN 'held'
    WHEN NOT previewed THEN 'waiting'
    ELSE 'reversed' END AS step
FROM compared

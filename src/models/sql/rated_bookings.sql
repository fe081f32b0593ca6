-- Every booking with its customer, the period and invoice it goes to, and its price, amount and tax.
-- grain: file_key, record
SELECT
  b.file_key, b.record, b.source, b.booking_id, b.customer_id, b.product, b.starts_at, b.ends_at, b.quantity_micro, b.currency, b.status,
  coalesce(b.description, pr.name, b.product, b.booking_id) AS description,
  b.content_hi, b.content_lo,
  bl.invoice_id AS billed_invoice_id,
  c.customer_key,
  d.late_bookings,
  d.period_key AS own_period_key,
  d.timing,
  coalesce(w.late OR CASE WHEN c.assign_by_start THEN b.starts_at ELSE b.ends_at END < w.covered_until, FALSE) AS late,
  w.period_key,
  w.previewed,
  w.invoice_stem,
  coalesce(w.late OR CASE WHEN c.assign_by_start THEN b.starts_at ELSE b.ends_at END < w.covered_until, FALSE)
    AND d.late_bookings = 'own_invoice' AS own_invoice,
  pr.unit,
  coalesce(ct.tax_id, c.tax_id, pr.tax_id, s.tax_id, r.default_tax_id) AS tax_id,
  d.zone_key,
  CASE
    WHEN b.unit_price_micro IS NOT NULL OR b.amount_minor IS NOT NULL THEN s.with_tax
    WHEN cp.price_micro IS NOT NULL THEN cp.with_tax
    ELSE coalesce(pr.with_tax, FALSE)
  END AS with_tax,
  CASE
    WHEN b.unit_price_micro IS NOT NULL OR b.amount_minor IS NOT NULL OR b.currency <> r.currency THEN b.unit_price_micro
    ELSE coalesce(cp.price_micro, pr.price_micro)
  END AS unit_price_micro,
  coalesce(b.amount_minor, line_amount(
    b.quantity_micro,
    coalesce(b.unit_price_micro, CASE WHEN b.currency = r.currency THEN coalesce(cp.price_micro, pr.price_micro) END),
    f.price_divisor, r.half_even)) AS amount_minor
FROM input.bookings AS b
CROSS JOIN input.run AS r
JOIN input.sources AS s ON s.source = b.source
LEFT JOIN input.currencies AS f ON f.currency = b.currency
LEFT JOIN input.customers AS c ON c.customer_id = b.customer_id
LEFT JOIN input.billed AS bl ON bl.source = b.source AND bl.booking_id = b.booking_id
LEFT JOIN input.products AS pr ON pr.product = b.product
LEFT JOIN input.customer_prices AS cp ON cp.customer_key = c.customer_key AND cp.product = b.product
LEFT JOIN input.customer_taxes AS ct ON ct.customer_key = c.customer_key AND ct.product = b.product
LEFT JOIN input.period_days AS d
  ON d.calendar_key = c.calendar_key
  AND d.day = CAST(CASE WHEN c.assign_by_start THEN b.starts_at ELSE b.ends_at END AS DATE)
  AND CASE WHEN c.assign_by_start THEN b.starts_at ELSE b.ends_at END >= d.period_start
  AND CASE WHEN c.assign_by_start THEN b.starts_at ELSE b.ends_at END < d.period_end
LEFT JOIN draft.placements AS w ON w.customer_key = c.customer_key AND w.own_period_key = d.period_key

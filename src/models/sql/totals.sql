-- All bookings summed once: by bucket and reason, and where they are billed by invoice and tax, with a fingerprint of what the lines show.
-- grain: bucket, reason, currency, and for billed ones invoice_id, tax_id (customer_key, period_key and own_invoice follow from invoice_id)
SELECT
  b.bucket,
  CASE WHEN b.bucket = 'billed' THEN NULL ELSE b.reason END AS reason,
  b.currency,
  CASE WHEN b.bucket = 'billed' THEN b.customer_key END AS customer_key,
  CASE WHEN b.bucket = 'billed' THEN b.period_key END AS period_key,
  CASE WHEN b.bucket = 'billed' THEN b.own_invoice END AS own_invoice,
  CASE WHEN b.bucket = 'billed' THEN b.tax_id END AS tax_id,
  count(*) AS bookings,
  count(*) FILTER (WHERE b.late) AS late,
  sum(b.amount_minor) AS amount_minor,
  sum(CASE
    WHEN r.tax_per_line THEN div_round(CAST(b.amount_minor AS HUGEINT) * t.rate_micro, 100000000, r.half_even)
    ELSE 0 END) AS line_tax_minor,
  bit_xor(CASE WHEN b.bucket = 'billed' THEN line_fingerprint(
    b.source, b.booking_id, b.product, b.description, b.unit, b.starts_at, b.ends_at, b.quantity_micro, b.unit_price_micro, b.amount_minor,
    b.late) END) AS fingerprint
FROM draft.bookings AS b
CROSS JOIN input.run AS r
LEFT JOIN input.taxes AS t ON t.tax_id = b.tax_id
GROUP BY ALL

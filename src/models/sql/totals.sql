-- All bookings summed once: by bucket and reason, and where they are billed by invoice and tax, with a fingerprint of what the lines show.
-- Amounts are as they are written, with tax in them or without. What is rounded line by line is only summed where the issuer rounds so;
-- quantity_micro and given_minor are held against the bookings as they were read.
-- base_minor and off_minor are of the lines of agreements with discounts or bounds alone, apart by the discounts that hold for them and the
-- rate at which they are converted.
-- grain: bucket, reason, currency, and for billed ones customer_key, period_key, apart, tax_key, with_tax, span_key, group_key, rate_key
SELECT
  b.bucket,
  CASE WHEN b.bucket = 'billed' THEN NULL ELSE b.reason END AS reason,
  b.currency,
  CASE WHEN b.bucket = 'billed' THEN b.billed_currency END AS billed_currency,
  CASE WHEN b.bucket = 'billed' THEN b.customer_key END AS customer_key,
  CASE WHEN b.bucket = 'billed' THEN b.period_key END AS period_key,
  CASE WHEN b.bucket = 'billed' THEN b.apart END AS apart,
  CASE WHEN b.bucket = 'billed' THEN b.tax_key END AS tax_key,
  CASE WHEN b.bucket = 'billed' THEN b.with_tax END AS with_tax,
  CASE WHEN b.bucket = 'billed' THEN b.span_key END AS span_key,
  b.group_key,
  CASE WHEN b.group_key IS NOT NULL THEN b.rate_key END AS rate_key,
  count(*) AS bookings,
  count(*) FILTER (WHERE b.late) AS late,
  sum(b.amount_minor) AS amount_minor,
  sum(b.billed_minor) AS billed_minor,
  bool_or(b.rate_key IS NULL AND b.billed_currency <> b.currency AND b.amount_minor <> 0) AS lacks_rate,
  bool_or(abs(b.billed_minor) >= 1000000000000000) AS too_large,
  sum(b.quantity_micro) AS quantity_micro,
  sum(b.given_minor) AS given_minor,
  sum(b.measured_minor) AS measured_minor,
  sum(b.base_minor) AS base_minor,
  sum(b.off_minor) AS off_minor,
  sum(CASE WHEN r.tax_per_line AND b.with_tax THEN net_of(b.billed_minor, b.tax_rate_micro, r.half_even) ELSE 0 END) AS line_net_minor,
  sum(CASE WHEN r.tax_per_line AND NOT b.with_tax THEN tax_on(b.billed_minor, b.tax_rate_micro, r.half_even) ELSE 0 END) AS line_tax_minor,
  bit_xor(CASE WHEN b.bucket = 'billed' THEN exchanged_fingerprint(line_fingerprint(
    b.source, b.booking_id, b.product, b.description, b.unit, b.starts_at, b.ends_at, b.quantity_micro, b.unit_price_micro, b.billed_minor,
    b.late), b.exchange_shown) END) AS fingerprint
FROM draft.agreed_bookings AS b
CROSS JOIN input.run AS r
GROUP BY ALL

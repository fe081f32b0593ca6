-- What is billed now, summed by invoice and tax: bookings and other lines alike, apart where their prices include the tax, and where a line
-- with the tax keeps the net amount that it brings.
-- grain: customer_key, period_key, currency, apart, tax_key
WITH billed AS (
  SELECT
    customer_key, period_key, billed_currency AS currency, apart, tax_key, with_tax, bookings AS lines, late,
    billed_minor AS amount_minor, CAST(NULL AS BIGINT) AS kept_net_minor, line_net_minor, line_tax_minor, fingerprint
  FROM draft.totals
  WHERE bucket = 'billed'
  UNION ALL
  SELECT
    c.customer_key, c.period_key, c.currency, c.apart, c.tax_key, c.with_tax, 1, 0, c.amount_minor, c.kept_net_minor,
    CASE WHEN r.tax_per_line AND c.with_tax AND c.kept_net_minor IS NULL
      THEN net_of(c.amount_minor, c.tax_rate_micro, r.half_even) ELSE 0 END,
    CASE WHEN r.tax_per_line AND NOT c.with_tax THEN tax_on(c.amount_minor, c.tax_rate_micro, r.half_even) ELSE 0 END,
    exchanged_fingerprint(line_fingerprint(
      c.kind, c.charge_id, c.product, c.description, c.unit, c.service_start, c.service_end, c.quantity_micro, c.unit_price_micro,
      c.amount_minor, FALSE), c.exchange_shown)
  FROM draft.added_lines AS c
  CROSS JOIN input.run AS r
)
SELECT
  customer_key, period_key, currency, apart, tax_key,
  sum(lines) AS lines, sum(late) AS late,
  sum(CASE WHEN with_tax THEN 0 ELSE amount_minor END) AS plain_minor,
  sum(CASE WHEN with_tax AND kept_net_minor IS NULL THEN amount_minor ELSE 0 END) AS gross_minor,
  sum(CASE WHEN kept_net_minor IS NULL THEN 0 ELSE amount_minor END) AS kept_gross_minor,
  sum(coalesce(kept_net_minor, 0)) AS kept_net_minor,
  sum(line_net_minor) AS line_net_minor, sum(line_tax_minor) AS line_tax_minor,
  bool_or(with_tax) AS with_tax,
  bit_xor(fingerprint) AS fingerprint
FROM billed
GROUP BY customer_key, period_key, currency, apart, tax_key

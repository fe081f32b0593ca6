-- What is billed now, summed by invoice and tax: bookings and charges alike.
-- grain: customer_key, period_key, currency, own_invoice, tax_id
WITH billed AS (
  SELECT customer_key, period_key, currency, own_invoice, tax_id, bookings AS lines, late, amount_minor, line_tax_minor, fingerprint
  FROM draft.totals
  WHERE bucket = 'billed'
  UNION ALL
  SELECT
    c.customer_key, c.period_key, c.currency, FALSE, c.tax_id, 1, 0, c.amount_minor,
    CASE WHEN r.tax_per_line THEN div_round(CAST(c.amount_minor AS HUGEINT) * t.rate_micro, 100000000, r.half_even) ELSE 0 END,
    line_fingerprint(
      c.kind, c.charge_id, c.product, c.description, c.unit, c.service_start, c.service_end, c.quantity_micro, c.unit_price_micro,
      c.amount_minor, FALSE)
  FROM draft.charges AS c
  CROSS JOIN input.run AS r
  JOIN input.taxes AS t ON t.tax_id = c.tax_id
)
SELECT
  customer_key, period_key, currency, own_invoice, tax_id,
  sum(lines) AS lines, sum(late) AS late, sum(amount_minor) AS amount_minor, sum(line_tax_minor) AS line_tax_minor,
  bit_xor(fingerprint) AS fingerprint
FROM billed
GROUP BY customer_key, period_key, currency, own_invoice, tax_id

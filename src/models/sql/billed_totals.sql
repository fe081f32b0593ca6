-- The billed lines summed by invoice and tax, with a fingerprint of what they show.
-- grain: invoice_id, tax_id
SELECT
  invoice_id, customer_key, period_key, currency, own_invoice, tax_id,
  count(*) AS lines,
  count(*) FILTER (WHERE late) AS late,
  sum(amount_minor) AS net_minor,
  sum(CASE WHEN r.tax_per_line THEN div_round(CAST(amount_minor AS HUGEINT) * tax_rate_micro, 100000000, r.half_even) ELSE 0 END) AS line_tax_minor,
  bit_xor(line_fingerprint(booking_id, product, description, service_start, service_end, quantity_micro, unit_price_micro, amount_minor, late)) AS fingerprint
FROM draft.billed_lines
CROSS JOIN (SELECT tax_per_line, half_even FROM input.run) AS r
GROUP BY invoice_id, customer_key, period_key, currency, own_invoice, tax_id

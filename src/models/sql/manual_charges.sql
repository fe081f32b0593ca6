-- The lines that finance adds by hand.
-- grain: charge_id
SELECT
  m.charge_id,
  'manual' AS kind,
  m.customer_key,
  p.period_key,
  cp.invoice_stem,
  m.currency,
  m.product,
  coalesce(m.description, pr.name, m.product) AS description,
  pr.unit,
  m.quantity_micro,
  m.unit_price_micro,
  line_amount(m.quantity_micro, m.unit_price_micro, f.price_divisor, r.half_even) AS amount_minor,
  r.prices_with_tax AS with_tax,
  coalesce(m.tax_id, ct.tax_id, c.tax_id, pr.tax_id, r.default_tax_id) AS tax_id,
  CAST(NULL AS TIMESTAMP) AS service_start,
  CAST(NULL AS TIMESTAMP) AS service_end,
  CAST(NULL AS INTEGER) AS agreement_key,
  90 AS sort_rank
FROM input.manual_lines AS m
CROSS JOIN input.run AS r
JOIN input.customers AS c ON c.customer_key = m.customer_key
JOIN input.periods AS p ON p.calendar_key = c.calendar_key
JOIN draft.customer_periods AS cp ON cp.customer_key = c.customer_key AND cp.period_key = p.period_key
JOIN input.currencies AS f ON f.currency = m.currency
LEFT JOIN input.customer_taxes AS ct ON ct.customer_key = c.customer_key AND ct.product = m.product
LEFT JOIN input.products AS pr ON pr.product = m.product
LEFT JOIN input.billed_charges AS b ON b.charge_id = m.charge_id
WHERE (m.batch_id IS NULL OR m.batch_id = cp.batch_id)
  AND (m.period_date IS NULL OR m.period_date = p.period_date)
  AND cp.previewed AND NOT cp.closed AND b.charge_id IS NULL

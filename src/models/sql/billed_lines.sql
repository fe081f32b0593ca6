-- What is billed now, as lines of the invoices it goes to: bookings first, charges after them (rank).
-- grain: source, line_key
SELECT
  b.invoice_stem || '_' || lower(b.currency) || CASE WHEN b.own_invoice THEN '_late' ELSE '' END AS invoice_id,
  b.customer_key, b.period_key, b.currency, b.own_invoice,
  0 AS rank,
  'booking' AS kind,
  b.booking_id AS line_key,
  b.booking_id, CAST(NULL AS VARCHAR) AS charge_id, b.source, b.product, b.description, b.unit,
  b.quantity_micro, b.unit_price_micro, b.amount_minor,
  b.tax_id, t.rate_micro AS tax_rate_micro,
  b.starts_at AS service_start, b.ends_at AS service_end,
  b.late,
  CAST(NULL AS VARCHAR) AS corrects_invoice_id,
  b.content_hi, b.content_lo
FROM draft.bookings AS b
JOIN input.taxes AS t ON t.tax_id = b.tax_id
WHERE b.bucket = 'billed'
UNION ALL
SELECT
  c.invoice_stem || '_' || lower(c.currency),
  c.customer_key, c.period_key, c.currency, FALSE,
  c.sort_rank,
  c.kind,
  c.charge_id,
  NULL, c.charge_id, NULL, c.product, c.description, c.unit,
  c.quantity_micro, c.unit_price_micro, c.amount_minor,
  c.tax_id, t.rate_micro,
  c.service_start, c.service_end,
  FALSE,
  NULL,
  NULL, NULL
FROM draft.charges AS c
JOIN input.taxes AS t ON t.tax_id = c.tax_id

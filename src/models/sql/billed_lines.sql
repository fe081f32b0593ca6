-- The bookings that are billed now, as lines of the invoices they go to.
-- grain: source, booking_id
SELECT
  b.invoice_stem || '_' || lower(b.currency) || CASE WHEN b.own_invoice THEN '_late' ELSE '' END AS invoice_id,
  b.customer_key, b.period_key, b.currency, b.own_invoice,
  'booking' AS kind,
  b.booking_id, b.source, b.product, b.description, b.unit,
  b.quantity_micro, b.unit_price_micro, b.amount_minor,
  b.tax_id, t.rate_micro AS tax_rate_micro,
  b.starts_at AS service_start, b.ends_at AS service_end,
  b.late,
  CAST(NULL AS VARCHAR) AS corrects_invoice_id,
  b.content_hi, b.content_lo
FROM draft.bookings AS b
JOIN input.taxes AS t ON t.tax_id = b.tax_id
WHERE b.bucket = 'billed'

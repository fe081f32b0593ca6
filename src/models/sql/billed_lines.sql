-- What is billed now, as lines of the invoices it goes to: bookings first, other lines after them (rank). Amounts are net; gross_minor
-- is the amount where the price includes the tax, and the unit price then is one with tax. What was converted has its amount and price
-- as they were (original_minor: as gross_minor, with the tax where the price includes it) and the key of its rate;
-- what takes back has the rate that was used then (kept_rate). agreement_key: the agreement with discounts or bounds it is a line of,
-- group_key: the discounts that hold for it.
-- grain: source, line_key
SELECT
  invoice_name(b.invoice_stem, b.billed_currency, b.apart) AS invoice_id,
  b.customer_key, b.period_key, b.billed_currency AS currency, b.apart,
  0 AS rank,
  'booking' AS kind,
  b.booking_id AS line_key,
  b.booking_id, b.charge_id, b.source, b.product, b.description, b.unit,
  b.quantity_micro, CASE WHEN b.billed_currency = b.currency THEN b.unit_price_micro END AS unit_price_micro,
  CASE WHEN b.with_tax THEN n.net_minor ELSE b.billed_minor END AS amount_minor,
  CASE WHEN b.with_tax THEN b.billed_minor END AS gross_minor,
  b.tax_id, b.tax_rate_micro,
  b.starts_at AS service_start, b.ends_at AS service_end,
  b.late,
  b.corrects_invoice_id,
  b.content_hi, b.content_lo,
  b.measured_minor, b.span_id,
  CAST(NULL AS BIGINT) AS corrects_line_no,
  CAST(NULL AS VARCHAR) AS correction,
  CASE WHEN b.billed_currency <> b.currency THEN b.currency END AS original_currency,
  CASE WHEN b.billed_currency <> b.currency THEN b.amount_minor END AS original_minor,
  CASE WHEN b.billed_currency <> b.currency THEN b.unit_price_micro END AS original_price_micro,
  b.rate_key, b.agreed_key AS agreement_key, b.group_key,
  CAST(NULL AS VARCHAR) AS kept_rate, CAST(NULL AS DATE) AS kept_on, CAST(NULL AS VARCHAR) AS kept_source
FROM draft.agreed_bookings AS b
LEFT JOIN draft.net_shares AS n ON n.file_key = b.file_key AND n.record = b.record
WHERE b.bucket = 'billed'
UNION ALL
SELECT
  invoice_name(c.invoice_stem, c.currency, c.apart),
  c.customer_key, c.period_key, c.currency, c.apart,
  c.sort_rank,
  c.kind,
  c.charge_id,
  j.booking_id, CASE WHEN j.charge_id IS NULL THEN c.charge_id ELSE j.kept_charge_id END, j.source, c.product, c.description, c.unit,
  c.quantity_micro, c.unit_price_micro, CASE WHEN c.with_tax THEN n.net_minor ELSE c.amount_minor END,
  CASE WHEN c.with_tax THEN c.amount_minor END,
  c.tax_id, c.tax_rate_micro,
  c.service_start, c.service_end,
  FALSE,
  j.corrects_invoice_id,
  j.content_hi, j.content_lo,
  j.measured_minor, NULL,
  j.corrects_line_no,
  j.correction,
  c.original_currency, c.original_minor, c.original_price_micro, c.rate_key, g.agreement_key, g.group_key,
  c.kept_rate, c.kept_on, c.kept_source
FROM draft.added_lines AS c
LEFT JOIN draft.adjustments AS j ON j.charge_id = c.charge_id
LEFT JOIN draft.net_shares AS n ON n.charge_id = c.charge_id
LEFT JOIN draft.agreed_charges AS g ON g.line_key = c.charge_id
UNION ALL
SELECT
  z.invoice_id, z.customer_key, z.period_key, z.currency, z.apart,
  99, 'carry_over', z.charge_id,
  NULL, z.charge_id, NULL, NULL, 'Credit carried to the next invoice', NULL,
  1000000, NULL, CAST(z.amount_minor AS BIGINT), NULL,
  z.tax_id, z.tax_rate_micro,
  NULL, NULL, FALSE, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
FROM draft.closing_lines AS z

-- The lines of the draft invoices, numbered by service time within each, charges behind the bookings.
-- grain: invoice_key, line_no
SELECT
  i.invoice_key,
  row_number() OVER (PARTITION BY l.customer_key, l.invoice_id ORDER BY l.rank, l.service_start, l.line_key, l.source) AS line_no,
  l.* EXCLUDE (rate_key, agreement_key, group_key, kept_rate, kept_on, kept_source),
  coalesce(l.kept_rate, e.rate) AS exchange_rate, coalesce(l.kept_on, e.valid_on) AS exchange_on,
  coalesce(l.kept_source, e.source) AS exchange_source
FROM draft.billed_lines AS l
JOIN draft.invoices AS i ON i.invoice_id = l.invoice_id
LEFT JOIN input.exchange_rates AS e ON e.rate_key = l.rate_key

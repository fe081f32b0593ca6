-- The lines of the draft invoices, numbered by service time within each, charges behind the bookings.
-- grain: invoice_key, line_no
SELECT
  i.invoice_key,
  row_number() OVER (PARTITION BY l.customer_key, l.invoice_id ORDER BY l.rank, l.service_start, l.line_key, l.source) AS line_no,
  l.*
FROM draft.billed_lines AS l
JOIN draft.invoices AS i ON i.invoice_id = l.invoice_id

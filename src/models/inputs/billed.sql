-- The bookings of this run that the ledger knows: on which line they stand (invoice_id, line_no), so that they are billed once;
-- credited: by hand, and not to be touched again. A booking that was taken back is free: it has no invoice_id, only the one that it last
-- stood on.
-- grain: source, booking_id
SELECT
  source, booking_id, invoice_id, line_no, content_hi, content_lo, state = 'credited' AS credited,
  CAST(NULL AS VARCHAR) AS corrects_invoice_id, CAST(NULL AS VARCHAR) AS corrected_customer_id
FROM ledger.asked
WHERE state <> 'open'
UNION ALL
SELECT b.source, b.booking_id, NULL, NULL, NULL, NULL, FALSE, b.invoice_id, i.customer_id
FROM ledger.asked AS b
JOIN ledger.invoices AS i ON i.invoice_id = b.invoice_id
WHERE b.state = 'open'

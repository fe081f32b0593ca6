-- What standing documents have taken back of the invoice that is to be credited: by hand or by the models, of a line or of the whole.
-- grain: invoice_id, line_no
SELECT
  l.invoice_id, l.line_no, l.corrects_line_no, l.amount_minor, l.gross_minor, l.original_minor, l.tax_id, l.tax_rate_micro,
  i.confirmed_by = 'credit' AS by_hand
FROM ledger.invoice_lines AS l
JOIN credit.request AS r ON r.invoice_id = l.corrects_invoice_id
JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id
WHERE s.status = 'processed' AND l.correction <> 'restatement'

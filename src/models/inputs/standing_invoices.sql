-- The ledger's invoices that stand (processed and not voided).
-- grain: invoice_id
SELECT i.*
FROM ledger.invoices AS i
JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id
WHERE s.status = 'processed'

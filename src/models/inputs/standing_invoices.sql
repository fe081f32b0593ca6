-- The ledger's invoices that stand (processed and not voided).
-- grain: invoice_id
SELECT i.*
FROM ledger.invoices AS i
WHERE i.invoice_id NOT IN (SELECT e.subject_id FROM ledger.events AS e WHERE e.subject = 'invoice' AND e.event = 'voided')

-- The ledger's invoices that stand (processed and not voided), with what a run asks of them.
-- grain: invoice_id
SELECT
  i.invoice_id, i.kind, i.customer_id, i.cycle_id, i.period_start, i.period_end, i.billing_date, i.currency, i.total_minor, i.confirmed_by,
  i.seq, i.serial
FROM ledger.invoices AS i
WHERE NOT EXISTS (SELECT 1 FROM ledger.voidings AS v WHERE v.invoice_id = i.invoice_id)

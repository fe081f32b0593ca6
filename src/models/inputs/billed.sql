-- What the ledger has billed already and not voided: the memory that makes a booking billed once.
-- grain: source, booking_id
SELECT l.source, l.booking_id, l.invoice_id, l.content_hi, l.content_lo
FROM ledger.invoice_lines AS l
WHERE l.booking_id IS NOT NULL
  AND l.invoice_id NOT IN (SELECT e.subject_id FROM ledger.events AS e WHERE e.subject = 'invoice' AND e.event = 'voided')

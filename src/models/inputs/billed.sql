-- What the ledger has billed already and not voided: the memory that makes a booking billed once.
-- grain: source, booking_id
SELECT source, booking_id, invoice_id, content_hi, content_lo
FROM ledger.billed

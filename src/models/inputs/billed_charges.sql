-- Charges that are no bookings and stand on an invoice that is not void: each is billed once.
-- grain: charge_id
SELECT DISTINCT l.charge_id
FROM ledger.invoice_lines AS l
JOIN input.standing_invoices AS i ON i.invoice_id = l.invoice_id
WHERE l.charge_id IS NOT NULL AND l.kind <> 'booking'

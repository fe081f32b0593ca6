-- Charges that are no bookings and stand on an invoice that is not void: each is billed once. One that was taken back to be issued again
-- is free.
-- grain: charge_id
SELECT l.charge_id
FROM ledger.invoice_lines AS l
JOIN input.standing_invoices AS i ON i.invoice_id = l.invoice_id
WHERE l.charge_id IS NOT NULL AND l.booking_id IS NULL AND (l.kind <> 'adjustment' OR l.correction = 'reissue')
GROUP BY l.charge_id
HAVING sum(CASE WHEN l.kind = 'adjustment' THEN -1 ELSE 1 END) > 0

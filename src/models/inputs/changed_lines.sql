-- The lines that billed the bookings that have changed first, on the standing invoice that did it last: discounts lie on these.
-- grain: source, booking_id
SELECT c.source, c.booking_id, max_by(l.invoice_id, l.serial) AS invoice_id, max_by(l.line_no, l.serial) AS line_no
FROM input.changed AS c
JOIN ledger.invoice_lines AS l ON l.source = c.source AND l.booking_id = c.booking_id AND l.kind = 'booking'
JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id AND s.status = 'processed'
GROUP BY c.source, c.booking_id

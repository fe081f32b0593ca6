-- Bookings that were billed and look different now. The invoice stands; somebody has to look.
SELECT 'BOOKING_CHANGED' AS code, 'warning' AS severity,
  'booking ' || b.booking_id || CASE WHEN b.status = 'cancelled' THEN ' was cancelled after' ELSE ' has changed since' END
    || ' it was billed on ' || i.number AS message,
  f.file, b.record, 'booking_id' AS field
FROM input.bookings AS b
JOIN input.billed AS l ON l.source = b.source AND l.booking_id = b.booking_id
JOIN input.files AS f ON f.file_key = b.file_key
JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
WHERE b.content_hi <> l.content_hi OR b.content_lo <> l.content_lo OR b.status = 'cancelled'
ORDER BY f.file, b.record
LIMIT 50

-- Bookings that are not any more what was billed, and that nothing corrects by itself. The invoice stands; somebody has to look.
SELECT 'BOOKING_CHANGED' AS code, 'warning' AS severity,
  'booking ' || c.booking_id || CASE c.now
      WHEN 'cancelled' THEN ' was cancelled after' WHEN 'missing' THEN ' is missing since' WHEN 'ignored' THEN ' does not count any more since'
      ELSE ' has changed since' END
    || ' it was billed on ' || c.number
    || CASE d.step
      WHEN 'held' THEN '; changed bookings are held'
      WHEN 'unknown' THEN ', and cannot be billed as it is now (its customer, price or tax is not known)'
      ELSE ', and its customer has no period to come that could correct it' END AS message,
  f.file, c.record, 'booking_id' AS field
FROM draft.changed_bookings AS d
JOIN input.changed AS c ON c.source = d.source AND c.booking_id = d.booking_id
LEFT JOIN input.files AS f ON f.file_key = c.file_key
WHERE d.step IN ('held', 'unknown', 'no_period')
ORDER BY f.file, c.record, c.booking_id
LIMIT 50

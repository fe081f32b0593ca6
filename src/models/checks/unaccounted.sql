-- Bookings that were read but are in no bucket, or in more than one: must never happen.
SELECT 'BOOKINGS_UNACCOUNTED' AS code, 'error' AS severity,
  (SELECT count(*) FROM input.bookings) || ' bookings were read, '
    || coalesce((SELECT sum(bookings) FROM draft.completeness), 0) || ' are accounted for' AS message,
  NULL AS file, NULL AS record, NULL AS field
WHERE (SELECT count(*) FROM input.bookings) <> coalesce((SELECT sum(bookings) FROM draft.completeness), 0)

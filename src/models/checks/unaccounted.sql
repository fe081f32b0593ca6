-- The bookings of each currency as they were read, against those in the buckets, and those of the summary: each in one bucket, and none
-- in two. Number, quantity and given amounts are summed apart from all pricing. Must never differ.
WITH as_read AS (
  SELECT currency, count(*) AS bookings, sum(quantity_micro) AS quantity_micro, coalesce(sum(amount_minor), 0) AS given_minor
  FROM input.bookings
  GROUP BY currency
), placed AS (
  SELECT
    currency, sum(bookings) AS bookings, sum(quantity_micro) AS quantity_micro, coalesce(sum(given_minor), 0) AS given_minor,
    coalesce(sum(amount_minor), 0) AS amount_minor
  FROM draft.totals
  GROUP BY currency
), told AS (
  SELECT currency, sum(bookings) AS bookings, coalesce(sum(amount_minor), 0) AS amount_minor
  FROM draft.completeness
  GROUP BY currency
)
SELECT 'BOOKINGS_UNACCOUNTED' AS code, 'error' AS severity,
  r.bookings || ' bookings in ' || r.currency || ' were read, ' || coalesce(t.bookings, 0) || ' are accounted for'
    || CASE WHEN r.bookings = t.bookings AND r.bookings = p.bookings THEN ', but not with the same quantities and amounts' ELSE '' END
    AS message,
  NULL AS file, NULL AS record, NULL AS field
FROM as_read AS r
LEFT JOIN placed AS p ON p.currency = r.currency
LEFT JOIN told AS t ON t.currency = r.currency
WHERE r.bookings <> coalesce(p.bookings, 0) OR r.bookings <> coalesce(t.bookings, 0) OR r.quantity_micro <> p.quantity_micro
  OR r.given_minor <> p.given_minor OR p.amount_minor <> t.amount_minor
ORDER BY r.currency

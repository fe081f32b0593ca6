-- The bookings that are not billed now, summed by bucket and reason.
-- grain: bucket, reason, currency
SELECT bucket, reason, currency, count(*) AS bookings, sum(amount_minor) AS amount_minor
FROM draft.bookings
WHERE bucket <> 'billed'
GROUP BY bucket, reason, currency

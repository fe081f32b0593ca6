-- Every booking that was read, by bucket, reason and currency.
-- grain: bucket, reason, currency
SELECT bucket, reason, currency, sum(bookings) AS bookings, sum(amount_minor) AS amount_minor
FROM draft.totals
GROUP BY bucket, reason, currency

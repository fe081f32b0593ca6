-- Every booking that was read, by bucket, reason and currency.
-- grain: bucket, reason, currency
SELECT 'billed' AS bucket, CAST(NULL AS VARCHAR) AS reason, currency, sum(lines) AS bookings, sum(net_minor) AS amount_minor
FROM draft.billed_totals
GROUP BY currency
UNION ALL
SELECT bucket, reason, currency, bookings, amount_minor
FROM draft.other_totals

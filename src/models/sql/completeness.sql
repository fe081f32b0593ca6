-- Every booking that was read, by bucket, reason and currency. What stands on a draft invoice that finance holds is held; what adds up to
-- an invoice of zero that nobody wants waits for the next one.
-- grain: bucket, reason, currency
WITH placed AS (
  SELECT
    CASE WHEN o.hold THEN 'held' WHEN s.skipped THEN 'waiting' ELSE t.bucket END AS bucket,
    CASE WHEN o.hold THEN 'customer_held' WHEN s.skipped THEN 'zero_invoice' ELSE t.reason END AS reason,
    t.currency, t.bookings, t.amount_minor
  FROM draft.totals AS t
  LEFT JOIN draft.period_overrides AS o
    ON o.hold AND o.customer_key = t.customer_key AND o.period_key = t.period_key
  LEFT JOIN draft.invoice_sums AS s
    ON s.skipped AND s.customer_key = t.customer_key AND s.period_key = t.period_key
    AND s.currency = t.billed_currency AND s.apart = t.apart
)
SELECT bucket, reason, currency, sum(bookings) AS bookings, sum(amount_minor) AS amount_minor
FROM placed
GROUP BY bucket, reason, currency

-- Billed bookings and charges must have the same sum in each currency as the draft invoices: must never differ.
WITH charged AS (
  SELECT currency, amount_minor FROM draft.totals WHERE bucket = 'billed'
  UNION ALL
  SELECT currency, amount_minor FROM draft.charges
), summed AS (
  SELECT currency, sum(amount_minor) AS minor FROM charged GROUP BY currency
)
SELECT 'BOOKINGS_UNACCOUNTED' AS code, 'error' AS severity,
  'what is billed in ' || t.currency || ' sums to ' || t.minor || ' minor units, the draft invoices to ' || coalesce(i.minor, 0) AS message,
  NULL AS file, NULL AS record, NULL AS field
FROM summed AS t
LEFT JOIN (SELECT currency, sum(net_minor) AS minor FROM draft.invoices GROUP BY currency) AS i ON i.currency = t.currency
WHERE t.minor <> coalesce(i.minor, 0)

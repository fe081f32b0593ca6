-- Billed bookings and the draft invoices must have the same sum in each currency: must never differ.
SELECT 'BOOKINGS_UNACCOUNTED' AS code, 'error' AS severity,
  'billed bookings in ' || t.currency || ' sum to ' || t.minor || ' minor units, the draft invoices to ' || coalesce(i.minor, 0) AS message,
  NULL AS file, NULL AS record, NULL AS field
FROM (SELECT currency, sum(amount_minor) AS minor FROM draft.completeness WHERE bucket = 'billed' GROUP BY currency) AS t
LEFT JOIN (SELECT currency, sum(net_minor) AS minor FROM draft.invoices GROUP BY currency) AS i ON i.currency = t.currency
WHERE t.minor <> coalesce(i.minor, 0)

-- Billed bookings and other lines must have the same sum in each currency as the draft invoices: must never differ. Where prices include
-- the tax, it counts; what is carried over stands as a line against it.
WITH charged AS (
  SELECT currency, amount_minor FROM draft.totals WHERE bucket = 'billed'
  UNION ALL
  SELECT currency, amount_minor FROM draft.added_lines
  UNION ALL
  SELECT currency, amount_minor FROM draft.closing_lines
), summed AS (
  SELECT currency, sum(amount_minor) AS minor FROM charged GROUP BY currency
)
SELECT 'BOOKINGS_UNACCOUNTED' AS code, 'error' AS severity,
  'what is billed in ' || t.currency || ' sums to ' || t.minor || ' minor units, the draft invoices to ' || coalesce(i.minor, 0) AS message,
  NULL AS file, NULL AS record, NULL AS field
FROM summed AS t
LEFT JOIN (SELECT currency, sum(net_minor) + sum(included_minor) AS minor FROM draft.invoice_taxes GROUP BY currency) AS i ON i.currency = t.currency
WHERE t.minor <> coalesce(i.minor, 0)

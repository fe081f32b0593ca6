-- Every invoice's lines, kind by kind, against its own sums: as many lines, and the same net amount. Must never differ.
WITH consists AS (
  SELECT customer_key, period_key, currency, apart, sum(lines) AS lines, sum(net_minor) AS net_minor
  FROM draft.invoice_kinds
  GROUP BY customer_key, period_key, currency, apart
)
SELECT 'BOOKINGS_UNACCOUNTED' AS code, 'error' AS severity,
  'an invoice in ' || coalesce(k.currency, s.currency) || ' has ' || coalesce(k.lines, 0) || ' lines of ' || coalesce(k.net_minor, 0)
    || ' minor units, and its sums say ' || coalesce(s.lines, 0) || ' lines of ' || coalesce(s.net_minor, 0) AS message,
  NULL AS file, NULL AS record, NULL AS field
FROM consists AS k
FULL JOIN draft.invoice_sums AS s
  ON s.customer_key = k.customer_key AND s.period_key = k.period_key AND s.currency = k.currency AND s.apart = k.apart
WHERE k.lines IS DISTINCT FROM s.lines OR k.net_minor IS DISTINCT FROM s.net_minor
ORDER BY message
LIMIT 20

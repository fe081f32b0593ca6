-- What each draft invoice consists of: its lines by kind, without tax, as they stand on it. The sums of the invoices are made in another
-- way, over their taxes; a check holds both against each other.
-- grain: customer_key, period_key, currency, apart, kind
WITH lines AS (
  SELECT
    customer_key, period_key, billed_currency AS currency, apart, 'booking' AS kind, bookings AS lines,
    CASE WHEN with_tax THEN 0 ELSE billed_minor END AS net_minor
  FROM draft.totals
  WHERE bucket = 'billed'
  UNION ALL
  SELECT customer_key, period_key, currency, apart, 'booking', 0, net_minor
  FROM draft.net_shares
  WHERE charge_id IS NULL
  UNION ALL
  SELECT
    a.customer_key, a.period_key, a.currency, a.apart, a.kind, 1,
    CASE WHEN a.with_tax THEN n.net_minor ELSE a.amount_minor END
  FROM draft.added_lines AS a
  LEFT JOIN draft.net_shares AS n ON n.charge_id = a.charge_id
  UNION ALL
  SELECT customer_key, period_key, currency, apart, 'carry_over', 1, amount_minor
  FROM draft.closing_lines
)
SELECT customer_key, period_key, currency, apart, kind, sum(lines) AS lines, sum(net_minor) AS net_minor
FROM lines
GROUP BY customer_key, period_key, currency, apart, kind

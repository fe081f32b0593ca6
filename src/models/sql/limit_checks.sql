-- Each draft invoice against the limits of its customer and against the customer's invoice before it.
-- grain: invoice_key
SELECT
  i.invoice_key, i.customer_id, i.billing_at,
  coalesce(abs(i.total_minor) * f.micro_per_minor > m.max_total_micro, FALSE) AS over_total,
  coalesce(i.lines > m.max_lines, FALSE) AS over_lines,
  coalesce(i.before_minor > 0 AND abs(i.total_minor - i.before_minor) * 100 > i.before_minor * m.max_change_percent, FALSE) AS over_change,
  i.before_minor,
  abs(i.net_minor) + abs(i.tax_minor) >= 1000000000000000 AS too_large,
  EXISTS (
    SELECT 1 FROM draft.added_lines AS a
    WHERE a.tax_id = '?' AND a.customer_key = i.customer_key AND a.period_key = i.period_key) AS no_tax,
  coalesce(g.problem, e.problem, a.problem) AS problem,
  coalesce(i.auto_confirm_at < r.oldest_due, FALSE) AS too_old,
  coalesce(o.hold, FALSE) AS held,
  coalesce(o.release, FALSE) AS released,
  o.hold_reason
FROM draft.previous_totals AS i
CROSS JOIN input.run AS r
JOIN input.customer_limits AS m ON m.customer_key = i.customer_key AND m.use_no = i.use_no
JOIN input.currencies AS f ON f.currency = i.currency
LEFT JOIN draft.missing_values AS g ON g.customer_key = i.customer_key AND g.period_key = i.period_key
LEFT JOIN draft.missing_rates AS e ON e.customer_key = i.customer_key AND e.period_key = i.period_key
LEFT JOIN draft.accounted_taxes AS a ON a.invoice_id = i.invoice_id
LEFT JOIN draft.period_overrides AS o ON o.customer_key = i.customer_key AND o.period_key = i.period_key

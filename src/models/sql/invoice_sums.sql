-- The sums of each draft invoice over its taxes. One that comes to nothing is left out where the customer wants none, unless it carries a
-- credit over, or was paid ahead.
-- grain: invoice_id
SELECT
  t.invoice_id, t.customer_key, t.period_key, t.currency, t.apart,
  CAST(sum(t.lines) AS BIGINT) AS lines,
  CAST(sum(t.late) AS BIGINT) AS late,
  sum(t.net_minor) AS net_minor,
  sum(t.tax_minor) AS tax_minor,
  c.skip_zero AND d.customer_key IS NULL AND NOT bool_or(t.carried OR t.net_minor <> 0 OR t.tax_minor <> 0) AS skipped,
  string_agg(
    concat_ws(':', t.tax_id, t.name, t.category, t.rate_micro, coalesce(t.note, ''), t.net_minor, t.tax_minor, t.included_minor,
      t.fingerprint), ',' ORDER BY t.tax_id, t.rate_micro
  ) AS shown
FROM draft.invoice_taxes AS t
JOIN input.customers AS c ON c.customer_key = t.customer_key
LEFT JOIN (SELECT DISTINCT customer_key, period_key, currency FROM draft.deposit_lines) AS d
  ON d.customer_key = CASE WHEN t.apart = 0 THEN t.customer_key END AND d.period_key = t.period_key AND d.currency = t.currency
GROUP BY t.invoice_id, t.customer_key, t.period_key, t.currency, t.apart, c.skip_zero, d.customer_key

-- The sums of each draft invoice over its taxes.
-- grain: invoice_id
SELECT
  invoice_id, customer_key, period_key, currency, own_invoice,
  CAST(sum(lines) AS BIGINT) AS lines,
  CAST(sum(late) AS BIGINT) AS late,
  sum(net_minor) AS net_minor,
  sum(tax_minor) AS tax_minor,
  string_agg(
    concat_ws(':', tax_id, name, category, rate_micro, coalesce(note, ''), net_minor, tax_minor, fingerprint), ',' ORDER BY tax_id
  ) AS shown
FROM draft.invoice_taxes
GROUP BY invoice_id, customer_key, period_key, currency, own_invoice

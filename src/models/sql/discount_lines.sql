-- Discounts and maximums as lines: one per discount and tax, its amount the sum of its shares of the lines with that tax; for usage and for
-- charges apart where a bound of one of them must know it later. Where lines are converted it comes off at their rate: one line per rate.
-- grain: charge_id
WITH taken AS (
  SELECT customer_key, period_key, currency, apart, agreement_key, tax_key, rate_key, of_usage, place, off_minor
  FROM draft.line_discounts
  UNION ALL
  SELECT customer_key, period_key, currency, apart, agreement_key, tax_key, rate_key, of_usage, place, off_minor
  FROM draft.agreed_sums
  WHERE is_joined
  UNION ALL
  SELECT customer_key, period_key, currency, apart, agreement_key, tax_key, rate_key, of_usage, place, off_minor
  FROM draft.discount_shares
), shares AS (
  SELECT
    s.customer_key, s.period_key, s.currency, s.apart, s.agreement_key, s.tax_key, s.rate_key, s.off_minor, d.name,
    ':discount:' || CAST(s.place AS VARCHAR) || ':' AS mark,
    CASE WHEN NOT d.by_scope THEN '' WHEN s.of_usage THEN ':usage' ELSE ':charges' END AS scope
  FROM taken AS s
  JOIN input.discounts AS d ON d.agreement_key = s.agreement_key AND d.place = s.place
  UNION ALL
  SELECT
    s.customer_key, s.period_key, s.currency, s.apart, s.agreement_key, s.tax_key, s.rate_key, s.off_minor, m.name,
    ':maximum:' || CAST(m.number AS VARCHAR) || ':',
    CASE WHEN NOT m.by_scope THEN '' WHEN s.of_usage THEN ':usage' ELSE ':charges' END
  FROM draft.maximum_shares AS s
  JOIN input.long_maximums AS m ON m.agreement_key = s.agreement_key AND m.place = s.place
)
SELECT
  invoice_name(w.invoice_stem, s.currency, s.apart) || ':' || a.agreement_id || s.mark || x.tax_id || ':' || CAST(x.rate_micro AS VARCHAR)
    || coalesce(':' || CAST(e.valid_on AS VARCHAR), '') || s.scope AS charge_id,
  s.customer_key, s.period_key, w.invoice_stem, s.currency, s.apart, s.agreement_key,
  x.tax_id, s.tax_key, x.rate_micro AS tax_rate_micro,
  a.prices_with_tax AS with_tax,
  s.name AS description, s.rate_key,
  CAST(-sum(s.off_minor) AS BIGINT) AS amount_minor
FROM shares AS s
JOIN draft.customer_periods AS w ON w.customer_key = s.customer_key AND w.period_key = s.period_key
JOIN input.agreements AS a ON a.agreement_key = s.agreement_key
JOIN input.taxes AS x ON x.tax_key = s.tax_key
LEFT JOIN input.exchange_rates AS e ON e.rate_key = s.rate_key
GROUP BY
  s.customer_key, s.period_key, w.invoice_stem, s.currency, s.apart, s.agreement_key, x.tax_id, s.tax_key, x.rate_micro,
  a.agreement_id, a.prices_with_tax, s.name, s.mark, s.scope, s.rate_key, e.valid_on
HAVING sum(s.off_minor) <> 0

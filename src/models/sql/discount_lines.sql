-- Discounts as lines: one per discount and tax, its amount the sum of its shares of the lines with that tax.
-- grain: charge_id
SELECT
  invoice_name(s.invoice_stem, s.currency, s.apart) || ':' || a.agreement_id
    || ':discount:' || CAST(s.place AS VARCHAR) || ':' || x.tax_id || ':' || CAST(x.rate_micro AS VARCHAR) AS charge_id,
  s.customer_key, s.period_key, s.invoice_stem, s.currency, s.apart, s.agreement_key,
  x.tax_id, s.tax_key, x.rate_micro AS tax_rate_micro,
  a.prices_with_tax AS with_tax,
  d.name AS description,
  CAST(-sum(s.off_minor) AS BIGINT) AS amount_minor
FROM draft.discount_shares AS s
JOIN input.agreements AS a ON a.agreement_key = s.agreement_key
JOIN input.discounts AS d ON d.agreement_key = s.agreement_key AND d.place = s.place
JOIN input.taxes AS x ON x.tax_key = s.tax_key
GROUP BY
  s.customer_key, s.period_key, s.invoice_stem, s.currency, s.apart, s.agreement_key, x.tax_id, s.tax_key, x.rate_micro,
  a.agreement_id, a.prices_with_tax, d.name, s.place
HAVING sum(s.off_minor) <> 0

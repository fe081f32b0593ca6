-- The tax of the credit note in the currency in which the tax of the invoice was stated, too, at the rate it had there. Whoever takes all
-- the tax that is left takes all that is left in the other currency; nobody takes more. No row where there is nothing to state.
-- grain: tax_currency
WITH sums AS (
  SELECT
    i.tax_currency, i.tax_exchange_rate, i.tax_exchange_on, i.tax_exchange_source,
    t.tax_minor,
    t.tax_minor = l.tax_minor AND m.by_models = 0 AS takes_all,
    i.tax_currency_minor + d.tax_currency_minor AS left_minor,
    exchanged_at(t.tax_minor, i.tax_exchange_rate, f.micro_per_minor, u.micro_per_minor, r.half_even) AS exchanged_minor
  FROM credit.request AS r
  JOIN ledger.invoices AS i ON i.invoice_id = r.invoice_id
  JOIN credit.currencies AS f ON f.currency = i.currency
  JOIN credit.currencies AS u ON u.currency = i.tax_currency
  CROSS JOIN (SELECT CAST(-sum(tax_minor) AS HUGEINT) AS tax_minor FROM credit.taxes) AS t
  CROSS JOIN (SELECT CAST(sum(left_tax_minor) AS HUGEINT) AS tax_minor FROM credit.taxes_left) AS l
  CROSS JOIN (SELECT count(*) AS by_models FROM credit.taken_back WHERE NOT by_hand) AS m
  CROSS JOIN (
    SELECT coalesce(sum(n.tax_currency_minor), 0) AS tax_currency_minor
    FROM ledger.invoices AS n
    WHERE n.invoice_id IN (SELECT b.invoice_id FROM credit.taken_back AS b WHERE b.by_hand)) AS d
)
SELECT
  tax_currency,
  CAST(-CASE WHEN takes_all THEN left_minor ELSE part_of(exchanged_minor, left_minor) END AS BIGINT)
    AS tax_currency_minor,
  tax_exchange_rate, tax_exchange_on, tax_exchange_source
FROM sums
WHERE tax_minor <> 0

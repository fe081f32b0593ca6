-- Where the customer does not want a credit note for a negative total: one line per tax that takes it off the invoice, which closes at
-- zero. The customer's next invoice begins with it.
-- grain: charge_id
WITH sums AS (
  SELECT invoice_id, sum(net_minor) + sum(tax_minor) AS total_minor
  FROM draft.open_taxes
  GROUP BY invoice_id
)
SELECT
  t.invoice_id || ':carried:' || x.tax_id || ':' || CAST(x.rate_micro AS VARCHAR) AS charge_id,
  t.invoice_id, t.customer_key, t.period_key, t.currency, t.apart, t.tax_key, x.tax_id, x.rate_micro AS tax_rate_micro,
  -t.net_minor AS amount_minor
FROM draft.open_taxes AS t
JOIN sums AS s ON s.invoice_id = t.invoice_id
JOIN input.customers AS c ON c.customer_key = t.customer_key
JOIN input.taxes AS x ON x.tax_key = t.tax_key
WHERE c.carry_over AND s.total_minor < 0

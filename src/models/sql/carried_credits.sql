-- Credits carried from an invoice that closed at zero, on the customer's next invoice that has something else to bill.
-- grain: charge_id
WITH billed AS (
  SELECT customer_key, period_key, billed_currency AS currency FROM draft.totals WHERE bucket = 'billed' AND apart = 0
  UNION
  SELECT c.customer_key, c.period_key, coalesce(k.currency, c.currency)
  FROM draft.charges AS c
  LEFT JOIN input.customer_currencies AS k ON k.customer_key = c.customer_key
  UNION
  SELECT m.customer_key, m.period_key, coalesce(k.currency, m.currency)
  FROM draft.minimum_lines AS m
  LEFT JOIN input.customer_currencies AS k ON k.customer_key = m.customer_key
  UNION
  SELECT customer_key, period_key, currency FROM draft.adjustments WHERE apart = 0
), targets AS (
  SELECT h.charge_id, min_by(w.period_key, w.period_start) AS period_key
  FROM input.carried AS h
  JOIN input.customers AS c ON c.customer_id = h.customer_id
  LEFT JOIN input.customer_currencies AS k ON k.customer_key = c.customer_key
  JOIN billed AS b ON b.customer_key = c.customer_key AND b.currency = coalesce(k.currency, h.currency)
  JOIN draft.customer_periods AS w
    ON w.customer_key = b.customer_key AND w.period_key = b.period_key AND w.period_start > h.period_start
  GROUP BY h.charge_id
)
SELECT
  h.charge_id, c.customer_key, w.period_key, w.invoice_stem, h.currency,
  'Credit from ' || CAST(h.billing_date AS VARCHAR) AS description,
  h.amount_minor, h.tax_id, x.tax_key, h.tax_rate_micro
FROM input.carried AS h
JOIN targets AS t ON t.charge_id = h.charge_id
JOIN input.customers AS c ON c.customer_id = h.customer_id
JOIN draft.customer_periods AS w ON w.customer_key = c.customer_key AND w.period_key = t.period_key
JOIN input.taxes AS x ON x.tax_id = h.tax_id AND x.rate_micro = h.tax_rate_micro

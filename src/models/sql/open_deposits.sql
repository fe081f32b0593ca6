-- What customers have paid ahead and is not used up, by the ledger or a draft invoice. It comes off those behind its own, which begins at
-- paid_at: an earlier one that is still open is none of them, whether the deposit is in the ledger yet or not. `place` is the order in
-- which deposits come off, final_period_key the last invoice of the agreement, which gives back what is left; where an agreement was ended
-- before what the ledger has of it, that one is not behind, and takes it all the same (paid_at is NULL).
-- grain: customer_key, currency, place
WITH paid AS (
  SELECT b.charge_id, b.tax_id, b.tax_rate_micro, b.with_tax, b.paid_on, b.paid_at, b.amount_minor
  FROM input.deposit_balances AS b
  UNION ALL
  SELECT c.charge_id, c.tax_id, c.tax_rate_micro, c.with_tax, p.billing_date, v.period_start, c.amount_minor
  FROM draft.taxed_charges AS c
  JOIN input.periods AS p ON p.period_key = c.period_key
  JOIN draft.customer_periods AS v ON v.customer_key = c.customer_key AND v.period_key = c.period_key
  WHERE c.kind = 'deposit'
), left_over AS (
  SELECT
    charge_id, tax_id, tax_rate_micro, with_tax, max(paid_on) AS paid_on, max(paid_at) AS paid_at,
    CAST(sum(amount_minor) AS HUGEINT) AS amount_minor
  FROM paid
  GROUP BY charge_id, tax_id, tax_rate_micro, with_tax
  HAVING sum(amount_minor) > 0
)
SELECT
  u.customer_key, a.currency,
  CAST(row_number() OVER (
    PARTITION BY u.customer_key, a.currency ORDER BY k.place, d.deposit_no, s.tax_id, s.tax_rate_micro, s.with_tax) AS INTEGER) AS place,
  a.agreement_key, s.charge_id, s.tax_id, x.tax_key, s.tax_rate_micro, s.with_tax, s.amount_minor,
  CASE WHEN q.period_start IS NULL OR s.paid_at < q.period_start THEN s.paid_at END AS paid_at,
  d.name || coalesce(' ' || CAST(s.paid_on AS VARCHAR), '') AS description,
  d.at_end, w.period_key AS final_period_key, q.period_start AS final_start
FROM input.deposits AS d
JOIN input.agreements AS a ON a.agreement_key = d.agreement_key
JOIN input.customer_agreements AS k ON k.agreement_key = d.agreement_key
JOIN input.customers AS u ON u.customer_key = k.customer_key AND u.calendar_key = d.calendar_key
JOIN left_over AS s ON s.charge_id = concat_ws(':', u.customer_id, a.agreement_id, d.deposit_id)
JOIN input.taxes AS x ON x.tax_id = s.tax_id AND x.rate_micro = s.tax_rate_micro
LEFT JOIN draft.placements AS w ON w.customer_key = u.customer_key AND w.own_period_key = d.final_period_key
LEFT JOIN draft.customer_periods AS q ON q.customer_key = w.customer_key AND q.period_key = w.period_key

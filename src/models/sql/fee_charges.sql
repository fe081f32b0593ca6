-- Fees, milestones that are done, and deposits, as lines of the invoice of their day's period, or else of the next. A deposit that is not
-- invoiced before the last invoice of its agreement is none any more.
-- grain: charge_id
SELECT
  concat_ws(':', c.customer_id, a.agreement_id, u.charge_id) AS charge_id,
  CASE WHEN z.deposit_id IS NULL THEN 'fee' ELSE 'deposit' END AS kind,
  k.customer_key, w.period_key, w.invoice_stem, a.currency, u.product,
  u.name AS description,
  pr.unit,
  1000000 AS quantity_micro,
  u.price_micro AS unit_price_micro,
  part_amount(1000000, u.price_micro, 1, 1, f.price_divisor, r.half_even) AS amount_minor,
  a.prices_with_tax AS with_tax,
  coalesce(ct.tax_id, c.tax_id, u.tax_id) AS tax_id,
  d.day_start AS service_start,
  e.day_start AS service_end,
  u.agreement_key,
  CASE WHEN z.deposit_id IS NULL THEN 30 ELSE 91 END AS sort_rank
FROM input.fees AS u
CROSS JOIN input.run AS r
JOIN input.agreements AS a ON a.agreement_key = u.agreement_key
JOIN input.customer_agreements AS k ON k.agreement_key = u.agreement_key
JOIN input.customers AS c ON c.customer_key = k.customer_key AND c.calendar_key = u.calendar_key
JOIN draft.placements AS w ON w.customer_key = k.customer_key AND w.own_period_key = u.own_period_key
JOIN input.periods AS p ON p.period_key = w.period_key
JOIN input.local_days AS d ON d.zone_key = p.zone_key AND d.day = u.fee_day
JOIN input.local_days AS e ON e.zone_key = p.zone_key AND e.day = next_day(u.fee_day)
JOIN input.currencies AS f ON f.currency = a.currency
LEFT JOIN input.products AS pr ON pr.product = u.product
LEFT JOIN input.customer_taxes AS ct ON ct.customer_key = k.customer_key AND ct.product = u.product
LEFT JOIN input.billed_charges AS b ON b.charge_id = concat_ws(':', c.customer_id, a.agreement_id, u.charge_id)
LEFT JOIN input.deposits AS z
  ON z.agreement_key = u.agreement_key AND z.calendar_key = u.calendar_key AND z.deposit_id = u.charge_id
LEFT JOIN draft.placements AS y ON y.customer_key = k.customer_key AND y.own_period_key = z.final_period_key
LEFT JOIN input.periods AS q ON q.period_key = y.period_key
WHERE w.previewed AND b.charge_id IS NULL AND (z.final_period_key IS NULL OR p.period_start < q.period_start)

-- What finance decided by hand for a customer's period: hold, skip, release, purchase order, note.
-- grain: customer_key, period_key
SELECT
  o.customer_key,
  p.period_key,
  bool_or(o.hold) AS hold,
  bool_or(o.skip) AS skip,
  bool_or(o.release) AS release,
  max_by(o.reason, o.override_no) FILTER (WHERE o.hold) AS hold_reason,
  max_by(o.purchase_order, o.override_no) FILTER (WHERE o.purchase_order IS NOT NULL) AS purchase_order,
  max_by(o.note, o.override_no) FILTER (WHERE o.note IS NOT NULL) AS note
FROM input.overrides AS o
JOIN input.customers AS c ON c.customer_key = o.customer_key
JOIN input.periods AS p ON p.calendar_key = c.calendar_key
WHERE (o.batch_id IS NULL OR o.batch_id = batch_name(p.billing_date, CASE WHEN p.separate_per_partner THEN c.partner_id END, p.on_demand))
  AND (o.period_date IS NULL OR o.period_date = p.period_date)
GROUP BY o.customer_key, p.period_key

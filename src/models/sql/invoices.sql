-- The draft invoices of the open periods: one per customer, period and currency (late bookings apart where the customer wants it so).
-- grain: invoice_key, numbered in the order in which invoices get their numbers
SELECT
  CAST(row_number() OVER (
    ORDER BY p.billing_at, w.batch_partner NULLS FIRST, c.customer_id, p.cycle_id, w.period_start, s.currency, s.apart
  ) AS INTEGER) AS invoice_key,
  s.invoice_id,
  CASE WHEN s.net_minor + s.tax_minor < 0 THEN 'credit_note' ELSE 'invoice' END AS kind,
  s.customer_key, s.period_key, s.currency, s.apart,
  c.customer_id, c.name AS customer_name, c.partner_id, coalesce(o.purchase_order, c.purchase_order) AS purchase_order, o.note, c.locale,
  w.batch_id, w.batch_partner,
  p.cycle_id, p.use_no, w.period_start, p.period_end, p.timezone, p.billing_at, p.billing_date,
  p.preview_at, w.confirm_due_at, w.auto_confirm_at, w.deadline_kept, p.deadline_notice_at, p.send_due_at, p.on_demand,
  p.issued_on, p.issued_on_now,
  shift_day(p.due_shift, due_date(p.issued_on, c.net_days, c.end_of_month), d.following, d.preceding, p.issued_on) AS due_on,
  shift_day(p.due_shift, due_date(p.issued_on_now, c.net_days, c.end_of_month), n.following, n.preceding, p.issued_on_now) AS due_on_now,
  f.exponent,
  s.lines, s.late,
  s.net_minor, s.tax_minor,
  s.net_minor + s.tax_minor AS total_minor,
  c.early_percent_micro, c.early_days,
  a.tax_currency, a.tax_currency_minor, a.tax_exchange_rate, a.tax_exchange_on, a.tax_exchange_source,
  w.parked_before,
  md5(concat_ws('|', c.customer_id, c.name, p.cycle_id, w.period_start, p.period_end, p.billing_date, s.currency, s.apart > 0, s.lines,
    s.net_minor, s.tax_minor, s.shown, c.net_days, c.end_of_month, coalesce(o.purchase_order, c.purchase_order, ''),
    coalesce(o.note, ''), c.locale, c.shown, c.early_percent_micro, c.early_days, a.shown)) AS digest
FROM draft.invoice_sums AS s
JOIN input.customers AS c ON c.customer_key = s.customer_key
JOIN input.periods AS p ON p.period_key = s.period_key
JOIN draft.customer_periods AS w ON w.customer_key = s.customer_key AND w.period_key = s.period_key
JOIN input.currencies AS f ON f.currency = s.currency
LEFT JOIN draft.accounted_taxes AS a ON a.invoice_id = s.invoice_id
LEFT JOIN draft.period_overrides AS o ON o.customer_key = s.customer_key AND o.period_key = s.period_key
LEFT JOIN input.days_off AS d ON d.day = due_date(p.issued_on, c.net_days, c.end_of_month)
LEFT JOIN input.days_off AS n ON n.day = due_date(p.issued_on_now, c.net_days, c.end_of_month)
WHERE NOT s.skipped

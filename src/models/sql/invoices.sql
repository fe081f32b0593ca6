-- The draft invoices of the open periods: one per customer, period and currency (late bookings apart where the customer wants it so).
-- grain: invoice_key, numbered in the order in which invoices get their numbers
SELECT
  CAST(row_number() OVER (
    ORDER BY p.billing_at, c.batch_partner NULLS FIRST, c.customer_id, p.cycle_id, p.period_start, s.currency, s.own_invoice
  ) AS INTEGER) AS invoice_key,
  s.invoice_id,
  CASE WHEN s.net_minor + s.tax_minor < 0 THEN 'credit_note' ELSE 'invoice' END AS kind,
  s.customer_key, s.period_key, s.currency, s.own_invoice,
  c.customer_id, c.name AS customer_name, c.partner_id, c.purchase_order, c.locale,
  CAST(p.billing_date AS VARCHAR) || coalesce('-' || c.batch_partner, '') AS batch_id,
  c.batch_partner,
  p.cycle_id, p.period_start, p.period_end, p.timezone, p.billing_at, p.billing_date,
  p.preview_at, p.confirm_due_at, p.auto_confirm_at, p.send_due_at,
  p.issued_on, p.issued_on_now,
  due_date(p.issued_on, c.net_days, c.end_of_month) AS due_on,
  due_date(p.issued_on_now, c.net_days, c.end_of_month) AS due_on_now,
  f.exponent,
  s.lines, s.late,
  s.net_minor, s.tax_minor,
  s.net_minor + s.tax_minor AS total_minor,
  x.period_key IS NOT NULL AS parked_before,
  md5(concat_ws('|', c.customer_id, c.name, p.cycle_id, p.period_start, p.period_end, p.billing_date, s.currency, s.own_invoice, s.lines,
    s.net_minor, s.tax_minor, s.shown, c.net_days, c.end_of_month, coalesce(c.purchase_order, ''))) AS digest
FROM draft.invoice_sums AS s
JOIN input.customers AS c ON c.customer_key = s.customer_key
JOIN input.periods AS p ON p.period_key = s.period_key
JOIN input.currencies AS f ON f.currency = s.currency
LEFT JOIN input.reopened AS x ON x.customer_key = s.customer_key AND x.period_key = s.period_key

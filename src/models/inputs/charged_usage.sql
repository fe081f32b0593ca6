-- What standing invoices charged in each span of a usage: by tier, its sum and its units.
-- grain: customer_key, span_key, tier
SELECT
  c.customer_key, s.span_key,
  regexp_extract(l.charge_id, '^(.*)/(inv_[0-9a-f]+)/([0-9a-z]+)$', 3) AS tier,
  CAST(sum(coalesce(l.gross_minor, l.amount_minor)) AS BIGINT) AS amount_minor,
  CAST(sum(l.quantity_micro) AS BIGINT) AS quantity_micro
FROM ledger.invoice_lines AS l
JOIN input.standing_invoices AS i ON i.invoice_id = l.invoice_id
JOIN input.customers AS c ON c.customer_id = i.customer_id
JOIN input.usage_spans AS s
  ON s.calendar_key = c.calendar_key
  AND c.customer_id || ':' || s.span_id = regexp_extract(l.charge_id, '^(.*)/(inv_[0-9a-f]+)/([0-9a-z]+)$', 1)
WHERE l.kind = 'usage'
GROUP BY c.customer_key, s.span_key, regexp_extract(l.charge_id, '^(.*)/(inv_[0-9a-f]+)/([0-9a-z]+)$', 3)

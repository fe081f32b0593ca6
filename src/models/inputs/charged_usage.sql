-- What standing invoices charged in each span of a usage, less what was taken back to be issued again: by tier, its sum and its units; and
-- of it what was credited by hand (the tier credited).
-- grain: customer_key, span_key, tier
WITH lines AS (
  SELECT
    c.customer_key, c.calendar_key, coalesce(l.original_minor, l.gross_minor, l.amount_minor) AS amount_minor, l.quantity_micro,
    substr(regexp_extract(l.charge_id, '^(.*)/(inv_[0-9a-f]+)/([0-9a-z]+)$', 1), length(c.customer_id) + 2) AS span_id,
    CASE WHEN l.correction = 'credit' THEN 'credited' ELSE regexp_extract(l.charge_id, '^(.*)/(inv_[0-9a-f]+)/([0-9a-z]+)$', 3) END AS tier
  FROM ledger.invoice_lines AS l
  JOIN input.standing_invoices AS i ON i.invoice_id = l.invoice_id
  JOIN input.customers AS c ON c.customer_id = i.customer_id
  WHERE l.kind = 'usage' OR l.correction IN ('reissue', 'credit')
)
SELECT
  l.customer_key, s.span_key, l.tier,
  CAST(sum(l.amount_minor) AS BIGINT) AS amount_minor,
  CAST(sum(l.quantity_micro) AS BIGINT) AS quantity_micro
FROM lines AS l
JOIN input.usage_spans AS s
  ON s.calendar_key = l.calendar_key AND s.span_id = l.span_id AND coalesce(s.customer_key, l.customer_key) = l.customer_key
GROUP BY l.customer_key, s.span_key, l.tier

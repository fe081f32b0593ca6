-- Deposits that come off, and on the last invoice of their agreement what is left and given back: as lines with the tax they were paid
-- with.
-- grain: charge_id
WITH applied AS (
  SELECT customer_key, currency, place, period_key, off_minor FROM draft.deposit_shares WHERE off_minor > 0
), used AS (
  SELECT customer_key, currency, place, sum(off_minor) AS off_minor FROM applied GROUP BY customer_key, currency, place
), lines AS (
  SELECT customer_key, currency, place, period_key, ':applied:' AS mark, 'deposit_applied' AS kind, off_minor, 92 AS sort_rank
  FROM applied
  UNION ALL
  SELECT
    o.customer_key, o.currency, o.place, o.final_period_key, ':refund:', 'deposit_refund', o.amount_minor - coalesce(u.off_minor, 0), 93
  FROM draft.open_deposits AS o
  LEFT JOIN used AS u ON u.customer_key = o.customer_key AND u.currency = o.currency AND u.place = o.place
  WHERE o.amount_minor > coalesce(u.off_minor, 0)
)
SELECT
  o.charge_id || l.mark || w.invoice_stem || ':' || o.tax_id || ':' || CAST(o.tax_rate_micro AS VARCHAR)
    || CASE WHEN o.with_tax THEN ':incl' ELSE '' END AS charge_id,
  l.kind, l.customer_key, l.period_key, w.invoice_stem, l.currency, o.agreement_key,
  CASE WHEN l.kind = 'deposit_applied' THEN 'Deducted: ' ELSE 'Refunded: ' END || o.description AS description,
  CAST(-l.off_minor AS BIGINT) AS amount_minor,
  o.with_tax, o.tax_id, o.tax_key, o.tax_rate_micro, l.sort_rank
FROM lines AS l
JOIN draft.open_deposits AS o ON o.customer_key = l.customer_key AND o.currency = l.currency AND o.place = l.place
JOIN draft.customer_periods AS w ON w.customer_key = l.customer_key AND w.period_key = l.period_key
WHERE w.previewed AND NOT w.closed

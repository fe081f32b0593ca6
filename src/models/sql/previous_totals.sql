-- Each draft invoice with the total of the customer's invoice before it in the same currency, drafted or processed: by billing date and
-- period, so that an open one is never compared with a later one that was billed before it. Credit notes are no measure for what follows.
-- grain: invoice_key
WITH billed AS (
  SELECT b.customer_id, b.currency, b.billing_date, b.period_start, b.total_minor
  FROM input.last_totals AS b
  JOIN (SELECT DISTINCT customer_id, currency FROM draft.invoices) AS o ON o.customer_id = b.customer_id AND o.currency = b.currency
), overtaken AS (
  SELECT DISTINCT i.customer_id, i.currency
  FROM draft.invoices AS i
  JOIN billed AS b ON b.customer_id = i.customer_id AND b.currency = i.currency
  WHERE i.billing_date < b.billing_date OR (i.billing_date = b.billing_date AND i.period_start < b.period_start)
), measures AS (
  SELECT
    i.invoice_key, i.customer_id, i.currency, i.billing_date, i.period_start, 0 AS serial, 0 AS seq,
    CASE WHEN i.kind = 'invoice' THEN i.total_minor END AS measure_minor
  FROM draft.invoices AS i
  UNION ALL
  SELECT NULL, customer_id, currency, billing_date, period_start, NULL, NULL, total_minor
  FROM billed
  UNION ALL
  -- Of a customer with one that is open before the last of the ledger, all others are needed, too.
  SELECT NULL, s.customer_id, s.currency, s.billing_date, s.period_start, s.serial, s.seq, s.total_minor
  FROM input.standing_invoices AS s
  JOIN overtaken AS o ON o.customer_id = s.customer_id AND o.currency = s.currency
  WHERE s.kind = 'invoice'
), placed AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY customer_id, currency ORDER BY billing_date, period_start, invoice_key NULLS FIRST, serial NULLS LAST, seq) AS place
  FROM measures
), compared AS (
  SELECT
    invoice_key,
    max_by(measure_minor, CASE WHEN measure_minor IS NOT NULL THEN place END) OVER (
      PARTITION BY customer_id, currency ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_minor
  FROM placed
)
SELECT
  i.invoice_key, i.invoice_id, i.customer_key, i.customer_id, i.period_key, i.use_no, i.billing_at, i.auto_confirm_at, i.currency, i.lines,
  i.net_minor, i.tax_minor, i.total_minor, c.before_minor
FROM draft.invoices AS i
JOIN compared AS c ON c.invoice_key = i.invoice_key

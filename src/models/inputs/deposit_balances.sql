-- What customers have paid ahead by their standing invoices: each deposit less what was taken off, given back and corrected, by the tax
-- it bears. What is made of a deposit has its id before `:applied:` or `:refund:`. paid_at: where the period of its own invoice begins.
-- grain: charge_id, tax_id, tax_rate_micro, with_tax
WITH lines AS (
  SELECT
    i.customer_id, i.billing_date, i.period_start, l.kind,
    CASE WHEN regexp_extract(l.charge_id, '^(.+):(applied|refund):inv_[^:]*:', 1) = '' THEN l.charge_id
      ELSE regexp_extract(l.charge_id, '^(.+):(applied|refund):inv_[^:]*:', 1) END AS charge_id,
    l.tax_id, l.tax_rate_micro, l.gross_minor IS NOT NULL AS with_tax, coalesce(l.gross_minor, l.amount_minor) AS amount_minor,
    t.name AS tax_name, t.category, t.note
  FROM ledger.invoice_lines AS l
  JOIN input.standing_invoices AS i ON i.invoice_id = l.invoice_id
  JOIN ledger.invoice_taxes AS t ON t.invoice_id = l.invoice_id AND t.tax_id = l.tax_id AND t.rate_micro = l.tax_rate_micro
  WHERE l.kind IN ('deposit', 'deposit_applied', 'deposit_refund', 'adjustment') AND l.charge_id IS NOT NULL
)
SELECT
  l.customer_id, l.charge_id, l.tax_id, l.tax_rate_micro, l.with_tax,
  max(l.billing_date) FILTER (WHERE l.kind = 'deposit') AS paid_on,
  max(l.period_start) FILTER (WHERE l.kind = 'deposit') AS paid_at,
  min(l.tax_name) AS name, min(l.category) AS category, min(l.note) AS note,
  CAST(sum(l.amount_minor) AS BIGINT) AS amount_minor
FROM lines AS l
JOIN (SELECT DISTINCT charge_id FROM lines WHERE kind <> 'adjustment') AS d ON d.charge_id = l.charge_id
GROUP BY l.customer_id, l.charge_id, l.tax_id, l.tax_rate_micro, l.with_tax

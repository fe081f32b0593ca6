-- What standing invoices have of each time that a minimum or maximum runs over several of them, in the terms and
-- the currency of the agreement: base_minor
-- is what counts (of a maximum after the discounts and the maximums before it), off_minor what it took off, missing_minor what a minimum
-- charged. What corrects a line counts where that line stands. Lines that do not say whose they are, are told by today's terms.
-- grain: customer_key, span_key
WITH lines AS (
  SELECT
    c.customer_key, c.calendar_key, c.list_key, coalesce(l.original_currency, i.currency) AS currency, z.zone_key,
    CASE WHEN l.kind = 'adjustment' AND l.booking_id IS NOT NULL THEN 'booking' ELSE coalesce(o.kind, l.kind) END AS kind,
    coalesce(ci.period_start, i.period_start) AS period_start, coalesce(ci.period_end, i.period_end) AS period_end,
    l.product, l.service_start, coalesce(l.original_minor, l.gross_minor, l.amount_minor) AS amount_minor,
    l.gross_minor IS NOT NULL AS with_tax, l.tax_rate_micro,
    coalesce(o.charge_id, l.charge_id) AS charge_id, c.customer_id,
    coalesce(l.agreement_id, o.agreement_id) AS agreement_id
  FROM ledger.invoice_lines AS l
  JOIN input.standing_invoices AS i ON i.invoice_id = l.invoice_id
  JOIN input.customers AS c ON c.customer_id = i.customer_id
  JOIN (SELECT DISTINCT customer_key FROM input.adjusting) AS j ON j.customer_key = c.customer_key
  JOIN (SELECT calendar_key, min(zone_key) AS zone_key FROM input.periods GROUP BY calendar_key) AS z ON z.calendar_key = c.calendar_key
  LEFT JOIN ledger.invoices AS ci ON ci.invoice_id = CASE WHEN l.kind = 'adjustment' THEN l.corrects_invoice_id END
  LEFT JOIN ledger.invoice_lines AS o
    ON o.invoice_id = CASE WHEN l.kind = 'adjustment' THEN l.corrects_invoice_id END AND o.line_no = l.corrects_line_no
), owned AS (
  SELECT
    l.*,
    CASE
      WHEN l.agreement_id IS NOT NULL THEN l.agreement_id
      WHEN l.kind IN ('recurring', 'fee', 'minimum') THEN regexp_extract(substr(l.charge_id, length(l.customer_id) + 2), '^([^:]+):', 1)
      WHEN l.kind = 'discount' THEN regexp_extract(l.charge_id, ':([^:]+):(discount|maximum):', 1)
      WHEN l.kind IN ('booking', 'usage') THEN coalesce(ap.agreement_id, fa.agreement_id)
    END AS of_agreement,
    CASE WHEN l.kind = 'discount' THEN l.charge_id LIKE '%:usage' ELSE l.kind IN ('booking', 'usage') END AS of_usage,
    CASE WHEN l.kind = 'discount' AND l.charge_id LIKE '%:maximum:%'
      THEN CAST(regexp_extract(l.charge_id, ':maximum:([0-9]+):', 1) AS INTEGER) END AS maximum_no,
    CASE WHEN l.kind = 'minimum' THEN CAST(regexp_extract(l.charge_id, ':minimum:([0-9]+):', 1) AS INTEGER) END AS minimum_no
  FROM lines AS l
  LEFT JOIN input.agreement_prices AS pr
    ON pr.customer_key = CASE WHEN l.agreement_id IS NULL THEN l.customer_key END AND pr.product = l.product AND pr.currency = l.currency
    AND l.service_start >= pr.valid_from AND l.service_start < pr.valid_until
  LEFT JOIN input.agreements AS ap ON ap.agreement_key = pr.agreement_key
  LEFT JOIN input.first_agreements AS f
    ON f.list_key = CASE WHEN l.agreement_id IS NULL THEN l.list_key END AND f.zone_key = l.zone_key AND f.currency = l.currency
    AND l.service_start >= f.valid_from AND l.service_start < f.valid_until
  LEFT JOIN input.agreements AS fa ON fa.agreement_key = f.agreement_key
), counted AS (
  SELECT
    l.customer_key, s.span_key, s.kind AS bound_kind, s.number, l.maximum_no, l.minimum_no,
    in_terms(l.amount_minor, l.with_tax, a.prices_with_tax, l.tax_rate_micro, r.half_even) AS minor
  FROM owned AS l
  CROSS JOIN input.run AS r
  JOIN input.agreements AS a ON a.agreement_id = l.of_agreement AND a.currency = l.currency
  JOIN input.bound_spans AS s
    ON s.agreement_key = a.agreement_key AND s.calendar_key = l.calendar_key
    AND l.period_end > s.begins_at AND l.period_start >= s.match_from AND l.period_start < s.match_until
  WHERE l.kind NOT IN ('deposit', 'deposit_applied', 'deposit_refund')
    AND (s.applies_to = 'all' OR l.minimum_no IS NOT NULL OR l.of_usage = (s.applies_to = 'usage'))
)
SELECT
  customer_key, span_key,
  CAST(sum(CASE WHEN minimum_no IS NOT NULL OR (bound_kind = 'maximum' AND maximum_no >= number) THEN 0 ELSE minor END)
    AS HUGEINT) AS base_minor,
  CAST(-sum(CASE WHEN bound_kind = 'maximum' AND maximum_no = number THEN minor ELSE 0 END) AS HUGEINT) AS off_minor,
  CAST(sum(CASE WHEN bound_kind = 'minimum' AND minimum_no = number THEN minor ELSE 0 END) AS HUGEINT) AS missing_minor
FROM counted
GROUP BY customer_key, span_key

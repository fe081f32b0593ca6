-- Every booking with its customer, the period and invoice it goes to, and its price, amount and tax. The price is its own, or that in
-- force when it begins: the customer's, that of an agreement, the product's. What a price measures has no amount of its own: it counts
-- into a span of the usage (span_key, charge_id), with measured_minor where amounts are measured.
-- grain: file_key, record
WITH known AS (
  SELECT
    b.*, c.customer_key, c.calendar_key, c.list_key, c.tax_id AS customer_tax_id,
    CASE WHEN c.assign_by_start THEN b.starts_at ELSE b.ends_at END AS assigned_at
  FROM input.bookings AS b
  LEFT JOIN input.customers AS c ON c.customer_id = b.customer_id
), placed AS (
  SELECT
    b.file_key, b.record, b.source, b.booking_id, b.customer_id, b.product, b.starts_at, b.ends_at, b.quantity_micro, b.currency, b.status,
    coalesce(b.description, pr.name, b.product, b.booking_id) AS description,
    b.content_hi, b.content_lo,
    bl.invoice_id AS billed_invoice_id,
    CASE WHEN bl.corrected_customer_id = b.customer_id THEN bl.corrects_invoice_id END AS corrects_invoice_id,
    b.customer_key,
    b.calendar_key,
    b.list_key,
    b.assigned_at,
    d.late_bookings,
    d.period_key AS own_period_key,
    d.timing,
    coalesce(w.late OR b.assigned_at < w.covered_until, FALSE) AS late,
    w.period_key,
    w.previewed,
    w.invoice_stem,
    pr.unit,
    coalesce(ct.tax_id, b.customer_tax_id, pr.tax_id, s.tax_id, r.default_tax_id) AS tax_id,
    d.zone_key,
    f.price_divisor,
    r.half_even,
    b.unit_price_micro AS own_price_micro,
    b.amount_minor AS own_amount_minor,
    b.unit_price_micro IS NOT NULL OR b.amount_minor IS NOT NULL AS own_price,
    s.with_tax AS own_with_tax,
    coalesce(cp.price_key, ap.price_key, pp.price_key) AS price_key,
    coalesce(cp.measures, ap.measures, pp.measures, 0) AS measures,
    CASE WHEN cp.price_key IS NULL THEN ap.agreement_key END AS agreement_key,
    CASE
      WHEN cp.price_key IS NOT NULL THEN cp.price_micro
      WHEN ap.price_key IS NOT NULL THEN ap.price_micro
      WHEN pp.price_key IS NOT NULL THEN pp.price_micro
      WHEN b.currency = r.currency THEN pr.price_micro
    END AS price_micro,
    coalesce(cp.with_tax, ap.with_tax, pp.with_tax, pr.with_tax, FALSE) AS price_with_tax
  FROM known AS b
  CROSS JOIN input.run AS r
  JOIN input.sources AS s ON s.source = b.source
  LEFT JOIN input.currencies AS f ON f.currency = b.currency
  LEFT JOIN input.billed AS bl ON bl.source = b.source AND bl.booking_id = b.booking_id
  LEFT JOIN input.products AS pr ON pr.product = b.product
  LEFT JOIN input.customer_taxes AS ct ON ct.customer_key = b.customer_key AND ct.product = b.product
  LEFT JOIN input.period_days AS d
    ON d.calendar_key = b.calendar_key
    AND d.day = CAST(b.assigned_at AS DATE)
    AND b.assigned_at >= d.period_start
    AND b.assigned_at < d.period_end
  LEFT JOIN draft.placements AS w ON w.customer_key = b.customer_key AND w.own_period_key = d.period_key
  LEFT JOIN input.customer_prices AS cp
    ON cp.customer_key = b.customer_key AND cp.product = b.product AND cp.currency = b.currency
    AND b.starts_at >= cp.valid_from AND b.starts_at < cp.valid_until
  LEFT JOIN input.agreement_prices AS ap
    ON ap.customer_key = b.customer_key AND ap.product = b.product AND ap.currency = b.currency
    AND b.starts_at >= ap.valid_from AND b.starts_at < ap.valid_until
  LEFT JOIN input.product_prices AS pp
    ON pp.product = b.product AND pp.zone_key = coalesce(d.zone_key, 0) AND pp.currency = b.currency
    AND b.starts_at >= pp.valid_from AND b.starts_at < pp.valid_until
), judged AS (
  SELECT
    *,
    measures = 2 OR (measures = 1 AND NOT own_price) AS measured,
    CASE WHEN measures = 2 OR (measures = 1 AND NOT own_price) THEN price_key END AS measured_key,
    CASE WHEN own_price THEN own_price_micro WHEN measures < 2 THEN price_micro END AS asked_micro
  FROM placed
), rated AS (
  SELECT *, coalesce(own_amount_minor, line_amount(quantity_micro, asked_micro, price_divisor, half_even)) AS worth_minor
  FROM judged
)
SELECT
  p.file_key, p.record, p.source, p.booking_id, p.customer_id, p.product, p.starts_at, p.ends_at, p.quantity_micro, p.currency, p.status,
  p.description, p.content_hi, p.content_lo, p.billed_invoice_id, p.corrects_invoice_id,
  p.customer_key, p.calendar_key, p.list_key, p.assigned_at, p.late_bookings,
  p.own_period_key, p.timing, p.late, p.period_key, p.previewed, p.invoice_stem,
  CASE WHEN p.late AND p.late_bookings = 'own_invoice' THEN 1 ELSE 0 END AS apart,
  p.unit, p.tax_id, p.zone_key,
  CASE WHEN p.measured THEN FALSE WHEN p.own_price THEN p.own_with_tax ELSE p.price_with_tax END AS with_tax,
  CASE WHEN NOT p.measured THEN p.asked_micro END AS unit_price_micro,
  CASE
    WHEN NOT p.measured THEN p.worth_minor
    WHEN p.measures = 2 AND NOT p.own_price THEN NULL
    WHEN s.span_key IS NOT NULL OR p.own_period_key IS NULL THEN 0
  END AS amount_minor,
  CASE WHEN p.measures = 2 THEN p.worth_minor END AS measured_minor,
  p.own_amount_minor AS given_minor,
  CASE WHEN p.measured OR NOT p.own_price THEN p.price_key END AS price_key,
  CASE WHEN p.measured OR NOT p.own_price THEN p.agreement_key END AS agreement_key,
  s.span_key,
  s.span_id,
  p.customer_id || ':' || s.span_id AS charge_id
FROM rated AS p
LEFT JOIN input.usage_spans AS s
  ON s.price_key = p.measured_key AND s.calendar_key = p.calendar_key
  AND p.starts_at >= s.starts_from AND p.starts_at < s.starts_until
  AND p.assigned_at >= s.assigned_from AND p.assigned_at < s.assigned_until

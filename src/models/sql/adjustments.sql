-- What corrects bookings that changed after they were billed: the old line taken back, the new one, and the same of the discount that lay
-- on it. A line by its key (charge_id); kept_charge_id is what the ledger keeps as its charge. What was converted is taken back in
-- both currencies with the rate it had (kept_rate), and where its price included the tax with the net amount it had (kept_net_minor); what
-- is right now has the rate of its day.
-- grain: charge_id
WITH RECURSIVE steps AS (
  SELECT d.*, c.* EXCLUDE (source, booking_id, file_key, record), c.source || ':' || c.booking_id AS line_key
  FROM draft.changed_bookings AS d
  JOIN input.changed AS c ON c.source = d.source AND c.booking_id = d.booking_id
  WHERE d.step = 'reversed'
), news AS (
  SELECT
    s.line_key, s.source, s.booking_id, s.customer_key, s.period_key, s.apart, s.invoice_id, s.line_no,
    b.product, b.description, b.unit, b.quantity_micro,
    CASE WHEN b.billed_currency = b.currency THEN b.unit_price_micro END AS unit_price_micro, b.billed_minor AS amount_minor, b.with_tax,
    b.measured_minor,
    b.tax_id, b.tax_key, b.tax_rate_micro, b.starts_at, b.ends_at, b.charge_id, b.content_hi, b.content_lo, b.billed_currency AS currency,
    b.rate_key,
    CASE WHEN b.billed_currency <> b.currency THEN b.currency END AS original_currency,
    CASE WHEN b.billed_currency <> b.currency THEN b.amount_minor END AS original_minor,
    CASE WHEN b.billed_currency <> b.currency THEN b.unit_price_micro END AS original_price_micro
  FROM steps AS s
  JOIN draft.bookings AS b ON b.file_key = s.file_key AND b.record = s.record
  WHERE s.restated
), news_left AS (
  SELECT
    n.source, n.booking_id, CAST(0 AS BIGINT) AS step, CAST(NULL AS VARCHAR) AS discount_id, n.net_minor, n.own_minor,
    CAST(n.net_minor AS HUGEINT) AS left_minor, CAST(0 AS HUGEINT) AS off_minor
  FROM (
    SELECT
      m.source, m.booking_id, coalesce(m.original_minor, m.amount_minor) AS own_minor,
      CASE WHEN m.with_tax THEN net_of(m.amount_minor, m.tax_rate_micro, r.half_even) ELSE m.amount_minor END AS net_minor
    FROM news AS m
    CROSS JOIN input.run AS r
  ) AS n
  UNION ALL
  SELECT w.source, w.booking_id, w.step, w.discount_id, w.net_minor, w.own_minor, w.left_minor + w.share_minor, w.share_minor
  FROM (
    SELECT
      t.source, t.booking_id, d.place AS step, d.discount_id, t.net_minor, t.own_minor, t.left_minor,
      CAST(-discount_again(
        CASE WHEN d.on_line THEN line_weight(t.left_minor, d.most_minor, t.net_minor, t.own_minor) ELSE t.left_minor END,
        d.percent_micro, d.limit_minor, d.kept_minor, -d.off_minor, d.base_minor, r.half_even) AS HUGEINT) AS share_minor
    FROM news_left AS t
    CROSS JOIN input.run AS r
    JOIN input.changed_discounts AS d ON d.source = t.source AND d.booking_id = t.booking_id AND d.place = t.step + 1
  ) AS w
), taken AS (
  SELECT
    d.source, d.booking_id, d.discount_id,
    sum(d.share_minor) OVER (PARTITION BY d.invoice_id, d.line_no ORDER BY s.line_key) AS shares_minor
  FROM steps AS s
  JOIN input.changed_discounts AS d ON d.source = s.source AND d.booking_id = s.booking_id
), discounts AS (
  SELECT
    s.line_key, s.customer_key, s.period_key, s.apart, s.currency, d.discount_id, d.tax_id, d.tax_rate_micro, d.invoice_id, d.line_no,
    d.description,
    coalesce(
      d.restated_minor,
      clamp(k.shares_minor, d.from_minor, d.until_minor) - clamp(k.shares_minor - d.share_minor, d.from_minor, d.until_minor)) AS old_minor,
    coalesce(f.off_minor, 0) AS new_minor,
    d.original_currency, d.exchange_rate, d.exchange_on, d.exchange_source, d.original_minor, d.shown_minor,
    n.original_currency AS new_currency, n.original_minor AS new_original_minor, n.amount_minor AS news_minor,
    n.rate_key, r.half_even
  FROM steps AS s
  CROSS JOIN input.run AS r
  JOIN input.changed_discounts AS d ON d.source = s.source AND d.booking_id = s.booking_id
  JOIN taken AS k ON k.source = d.source AND k.booking_id = d.booking_id AND k.discount_id = d.discount_id
  LEFT JOIN news AS n ON n.source = s.source AND n.booking_id = s.booking_id
  LEFT JOIN news_left AS f ON f.source = d.source AND f.booking_id = d.booking_id AND f.discount_id = d.discount_id
), lines AS (
  SELECT
    line_key || ':1' AS charge_id, 'reversal' AS correction, source, booking_id, customer_key, period_key, apart, currency, product,
    description, unit, -quantity_micro AS quantity_micro, unit_price_micro, -coalesce(gross_minor, amount_minor) AS amount_minor,
    gross_minor IS NOT NULL AS with_tax, CASE WHEN gross_minor IS NOT NULL THEN -amount_minor END AS kept_net_minor,
    tax_id, tax_rate_micro, service_start, service_end, charge_id AS kept_charge_id,
    -measured_minor AS measured_minor, invoice_id AS corrects_invoice_id, line_no AS corrects_line_no,
    CAST(NULL AS UBIGINT) AS content_hi, CAST(NULL AS UBIGINT) AS content_lo,
    original_currency, -original_minor AS original_minor, original_price_micro, CAST(NULL AS INTEGER) AS rate_key,
    exchange_rate AS kept_rate, exchange_on AS kept_on, exchange_source AS kept_source
  FROM steps
  UNION ALL
  SELECT
    line_key || ':2', 'restatement', source, booking_id, customer_key, period_key, apart, currency, product,
    description, unit, quantity_micro, unit_price_micro, amount_minor,
    with_tax, NULL, tax_id, tax_rate_micro, starts_at, ends_at, charge_id,
    measured_minor, invoice_id, line_no, content_hi, content_lo,
    original_currency, original_minor, original_price_micro, rate_key, NULL, NULL, NULL
  FROM news
  UNION ALL
  SELECT
    line_key || ':3:' || discount_id, 'reversal', NULL, NULL, customer_key, period_key, apart, currency, NULL,
    description, NULL, 1000000, NULL, CAST(-old_minor AS BIGINT),
    FALSE, NULL, tax_id, tax_rate_micro, NULL, NULL, discount_id,
    NULL, invoice_id, line_no, NULL, NULL,
    original_currency, CAST(-in_proportion(original_minor, old_minor, shown_minor, half_even) AS BIGINT), NULL,
    NULL, exchange_rate, exchange_on, exchange_source
  FROM discounts
  WHERE old_minor <> 0
  UNION ALL
  SELECT
    line_key || ':4:' || discount_id, 'restatement', NULL, NULL, customer_key, period_key, apart, currency, NULL,
    description, NULL, 1000000, NULL, CAST(new_minor AS BIGINT),
    FALSE, NULL, tax_id, tax_rate_micro, NULL, NULL, discount_id,
    NULL, invoice_id, line_no, NULL, NULL,
    new_currency, CAST(in_proportion(new_original_minor, new_minor, news_minor, half_even) AS BIGINT), NULL,
    rate_key, NULL, NULL, NULL
  FROM discounts
  WHERE new_minor <> 0
)
SELECT
  l.charge_id, l.correction, l.source, l.booking_id, l.customer_key, l.period_key, w.invoice_stem, l.apart, l.currency, l.product,
  l.description, l.unit, l.quantity_micro, l.unit_price_micro, l.amount_minor, l.with_tax,
  l.kept_net_minor, l.tax_id, t.tax_key, l.tax_rate_micro,
  l.service_start, l.service_end, l.kept_charge_id, l.measured_minor, l.corrects_invoice_id, l.corrects_line_no, l.content_hi, l.content_lo,
  l.original_currency, l.original_minor, l.original_price_micro, l.rate_key, l.kept_rate, l.kept_on, l.kept_source
FROM lines AS l
JOIN draft.customer_periods AS w ON w.customer_key = l.customer_key AND w.period_key = l.period_key
JOIN input.taxes AS t ON t.tax_id = l.tax_id AND t.rate_micro = l.tax_rate_micro

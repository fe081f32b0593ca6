-- The lines that are no bookings of this run, before deposits come off, with the rate of their tax: charges, discounts, what is missing to
-- a minimum, corrections of bookings that were billed before, and credits that were carried here with the rate they had. Where the
-- customer is billed in another currency each is converted and rounded once: a discount at the rate of the lines that it lies on, the
-- others at that of the last day of their service (of their period, where they have none); original_minor is what it was, and its unit
-- price is none in the new currency. Without a rate it is 0. Corrections have the rate that they bring, and the net amount (kept_net_minor).
-- grain: charge_id
WITH lines AS (
  SELECT
    charge_id, kind, customer_key, period_key, invoice_stem, currency, apart, product, description, unit, quantity_micro,
    unit_price_micro, amount_minor, with_tax, tax_id, tax_key, tax_rate_micro, service_start, service_end, agreement_key, sort_rank,
    CAST(NULL AS INTEGER) AS rate_key
  FROM draft.taxed_charges
  UNION ALL
  SELECT
    charge_id, 'discount', customer_key, period_key, invoice_stem, currency, apart, NULL, description, NULL, 1000000,
    NULL, amount_minor, with_tax, tax_id, tax_key, tax_rate_micro, NULL, NULL, agreement_key, 35,
    rate_key
  FROM draft.discount_lines
  UNION ALL
  SELECT
    charge_id, 'minimum', customer_key, period_key, invoice_stem, currency, 0, NULL, description, NULL, 1000000,
    NULL, amount_minor, with_tax, tax_id, tax_key, tax_rate_micro, service_start, service_end, agreement_key, 40,
    NULL
  FROM draft.minimum_lines
  UNION ALL
  SELECT
    k.charge_id, 'carry_over', k.customer_key, k.period_key, k.invoice_stem, k.currency, 0, NULL, k.description, NULL, 1000000,
    NULL, k.amount_minor, FALSE, k.tax_id, k.tax_key, k.tax_rate_micro, NULL, NULL, NULL, 95,
    NULL
  FROM draft.carried_credits AS k
), dated AS (
  SELECT l.*, k.currency AS billed_currency, coalesce(l.rate_key, x.rate_key) AS used_key
  FROM lines AS l
  JOIN input.periods AS p ON p.period_key = l.period_key
  LEFT JOIN input.customer_currencies AS k ON k.customer_key = l.customer_key AND k.currency <> l.currency
  LEFT JOIN input.exchange_days AS x
    ON x.from_currency = l.currency AND x.to_currency = k.currency AND x.zone_key = p.zone_key
    AND coalesce(last_moment(l.service_start, l.service_end), last_moment(p.period_start, p.period_end)) >= x.valid_from
    AND coalesce(last_moment(l.service_start, l.service_end), last_moment(p.period_start, p.period_end)) < x.valid_until
)
SELECT
  d.charge_id, d.kind, d.customer_key, d.period_key, d.invoice_stem, coalesce(d.billed_currency, d.currency) AS currency, d.apart, d.product,
  d.description, d.unit, d.quantity_micro,
  CASE WHEN d.billed_currency IS NULL THEN d.unit_price_micro END AS unit_price_micro,
  CASE
    WHEN d.billed_currency IS NULL THEN d.amount_minor
    WHEN e.rate_key IS NULL THEN 0
    ELSE exchanged(d.amount_minor, e.rate_over, e.rate_under, e.half_even)
  END AS amount_minor,
  d.with_tax, d.tax_id, d.tax_key, d.tax_rate_micro, d.service_start, d.service_end, d.agreement_key, d.sort_rank,
  CASE WHEN d.billed_currency IS NOT NULL THEN d.currency END AS original_currency,
  CASE WHEN d.billed_currency IS NOT NULL THEN d.amount_minor END AS original_minor,
  CASE WHEN d.billed_currency IS NOT NULL THEN d.unit_price_micro END AS original_price_micro,
  e.rate_key,
  CAST(NULL AS VARCHAR) AS kept_rate, CAST(NULL AS DATE) AS kept_on, CAST(NULL AS VARCHAR) AS kept_source,
  CAST(NULL AS BIGINT) AS kept_net_minor,
  e.shown AS exchange_shown
FROM dated AS d
LEFT JOIN input.exchange_rates AS e ON e.rate_key = d.used_key
UNION ALL
SELECT
  charge_id, 'adjustment', customer_key, period_key, invoice_stem, currency, apart, product, description, unit, quantity_micro,
  unit_price_micro, amount_minor, with_tax, tax_id, tax_key, tax_rate_micro, service_start, service_end, NULL, 5,
  original_currency, original_minor, original_price_micro, rate_key, kept_rate, kept_on, kept_source, kept_net_minor,
  concat_ws(':', original_minor, rate_key, kept_rate, CAST(kept_on AS VARCHAR), kept_source)
FROM draft.adjustments

-- The tax of each draft invoice in the currency in which the issuer accounts for it, where the invoice is in another one: converted once,
-- at the rate of the last day of its period, or of the day of billing where that comes first. A document that does nothing but take back
-- what was billed at one rate has that rate. Where there is no tax nothing is stated; where there is no rate a problem parks the customer.
-- grain: invoice_id
WITH stated AS (
  SELECT DISTINCT
    c.invoice_id, c.tax_exchange_rate AS rate, c.tax_exchange_on AS rate_on, c.tax_exchange_source AS source,
    concat_ws(':', c.tax_exchange_rate, CAST(c.tax_exchange_on AS VARCHAR), c.tax_exchange_source) AS shown
  FROM input.changed AS c
  JOIN input.run AS r ON r.tax_currency = c.tax_currency
), taken_back AS (
  SELECT
    a.customer_key, a.period_key, a.currency, a.apart, count(*) AS lines,
    min(o.rate) AS rate, min(o.rate_on) AS rate_on, min(o.source) AS source,
    min(o.shown) = max(o.shown) AND count(o.shown) = count(*) AS is_one
  FROM draft.adjustments AS a
  LEFT JOIN stated AS o ON o.invoice_id = a.corrects_invoice_id
  GROUP BY a.customer_key, a.period_key, a.currency, a.apart
), rated AS (
  SELECT
    s.invoice_id, s.customer_key, s.period_key, s.currency, s.tax_minor, r.tax_currency, r.half_even,
    coalesce(k.rate, e.rate) AS rate, coalesce(k.rate_on, e.valid_on) AS rate_on, coalesce(k.source, e.source) AS source
  FROM draft.invoice_sums AS s
  CROSS JOIN input.run AS r
  JOIN input.periods AS p ON p.period_key = s.period_key
  LEFT JOIN taken_back AS k
    ON k.is_one AND k.customer_key = s.customer_key AND k.period_key = s.period_key AND k.currency = s.currency AND k.apart = s.apart
    AND k.lines = s.lines
  LEFT JOIN input.exchange_days AS x
    ON x.from_currency = s.currency AND x.to_currency = r.tax_currency AND x.zone_key = p.zone_key
    AND least(last_moment(p.period_start, p.period_end), p.billing_at) >= x.valid_from
    AND least(last_moment(p.period_start, p.period_end), p.billing_at) < x.valid_until
  LEFT JOIN input.exchange_rates AS e ON e.rate_key = x.rate_key
  WHERE s.currency <> r.tax_currency AND s.tax_minor <> 0 AND NOT s.skipped
), converted AS (
  SELECT
    t.invoice_id, t.customer_key, t.period_key, t.currency, t.tax_currency, t.rate, t.rate_on, t.source,
    CASE WHEN t.rate IS NOT NULL
      THEN exchanged_at(t.tax_minor, t.rate, f.micro_per_minor, u.micro_per_minor, t.half_even) END AS tax_minor
  FROM rated AS t
  JOIN input.currencies AS f ON f.currency = t.currency
  JOIN input.currencies AS u ON u.currency = t.tax_currency
)
SELECT
  invoice_id, customer_key, period_key,
  tax_currency, tax_minor AS tax_currency_minor,
  rate AS tax_exchange_rate, rate_on AS tax_exchange_on, source AS tax_exchange_source,
  concat_ws(':', tax_currency, tax_minor, rate, CAST(rate_on AS VARCHAR), source) AS shown,
  CASE
    WHEN tax_minor IS NULL THEN 'there is no exchange rate from ' || currency || ' to ' || tax_currency || ' for the tax of the invoice'
    WHEN abs(tax_minor) >= 1000000000000000 THEN 'its tax is too large in ' || tax_currency
  END AS problem
FROM converted

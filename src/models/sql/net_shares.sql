-- What each line whose price includes the tax is without it: what brings its net amount keeps it, and so that the others add up to the net
-- of their tax all of these are rounded down, and the minor units that are left go where the most was cut off, of equals to the line whose
-- id comes first.
-- grain: file_key, record, charge_id
WITH gross AS (
  SELECT
    file_key, record, CAST(NULL AS VARCHAR) AS charge_id, booking_id AS line_key, source, customer_key, period_key,
    billed_currency AS currency, apart, tax_key, tax_rate_micro, billed_minor AS amount_minor
  FROM draft.bookings
  WHERE bucket = 'billed' AND with_tax
  UNION ALL
  SELECT
    NULL, NULL, charge_id, charge_id, NULL, customer_key, period_key, currency, apart, tax_key, tax_rate_micro, amount_minor
  FROM draft.added_lines
  WHERE with_tax AND kept_net_minor IS NULL
), cut AS (
  SELECT
    *,
    div_floor(CAST(amount_minor AS HUGEINT) * 100000000, 100000000 + tax_rate_micro) AS floor_minor,
    div_rest(CAST(amount_minor AS HUGEINT) * 100000000, 100000000 + tax_rate_micro) AS rest
  FROM gross
), placed AS (
  SELECT
    c.file_key, c.record, c.charge_id, c.customer_key, c.period_key, c.currency, c.apart, c.amount_minor, c.tax_rate_micro,
    c.floor_minor,
    sum(c.amount_minor) OVER invoice_tax AS gross_minor,
    sum(c.floor_minor) OVER invoice_tax AS floors_minor,
    row_number() OVER (
      PARTITION BY c.customer_key, c.period_key, c.currency, c.apart, c.tax_key
      ORDER BY c.rest DESC, c.line_key, c.source NULLS FIRST) AS place
  FROM cut AS c
  WINDOW invoice_tax AS (PARTITION BY c.customer_key, c.period_key, c.currency, c.apart, c.tax_key)
)
SELECT
  p.file_key, p.record, p.charge_id, p.customer_key, p.period_key, p.currency, p.apart,
  CAST(CASE
    WHEN r.tax_per_line THEN net_of(p.amount_minor, p.tax_rate_micro, r.half_even)
    ELSE p.floor_minor
      + CASE WHEN p.place <= net_of(p.gross_minor, p.tax_rate_micro, r.half_even) - p.floors_minor THEN 1 ELSE 0 END
    END AS BIGINT) AS net_minor
FROM placed AS p
CROSS JOIN input.run AS r
UNION ALL
SELECT NULL, NULL, charge_id, customer_key, period_key, currency, apart, kept_net_minor
FROM draft.added_lines
WHERE kept_net_minor IS NOT NULL

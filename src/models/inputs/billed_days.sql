-- The days of recurring charges that stand on an invoice, as their ids tell: charge_key, then `:2026-01-01..2026-01-31`, both included.
-- grain: charge_key, first_day
SELECT
  left(charge_id, length(charge_id) - 23) AS charge_key,
  TRY_CAST(substr(charge_id, length(charge_id) - 21, 10) AS DATE) AS first_day,
  TRY_CAST(right(charge_id, 10) AS DATE) AS last_day
FROM input.billed_charges
WHERE charge_id LIKE '%:____-__-__..____-__-__'

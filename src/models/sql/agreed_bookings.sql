-- The bookings, and of those that are lines of an agreement with discounts or bounds which one that is: whoever prices them, and of those
-- that none prices the first in force of the customer's list. group_key are the discounts that hold for the line. base_minor is its
-- amount in the terms of the agreement, with tax or without, off_minor what comes off by the discount on lines, where it has one only. A
-- line of nothing has no part in them.
-- grain: file_key, record
WITH asked AS (
  SELECT b.*, CASE WHEN b.bucket = 'billed' AND b.amount_minor <> 0 THEN b.list_key END AS asked_key
  FROM draft.bookings AS b
), found AS (
  SELECT a.*, CASE WHEN a.asked_key IS NOT NULL THEN coalesce(a.agreement_key, f.agreement_key) END AS found_key
  FROM asked AS a
  LEFT JOIN input.first_agreements AS f
    ON f.list_key = a.asked_key AND f.zone_key = a.zone_key AND f.currency = a.currency
    AND a.starts_at >= f.valid_from AND a.starts_at < f.valid_until
), grouped AS (
  SELECT u.*, coalesce(n.group_key, o.group_key) AS found_group
  FROM found AS u
  LEFT JOIN input.discount_groups AS n
    ON n.agreement_key = u.found_key AND n.zone_key = u.zone_key AND n.product = u.product
    AND u.starts_at >= n.valid_from AND u.starts_at < n.valid_until
  LEFT JOIN input.discount_groups AS o
    ON o.agreement_key = u.found_key AND o.zone_key = u.zone_key AND o.product = '*'
    AND u.starts_at >= o.valid_from AND u.starts_at < o.valid_until
), based AS (
  SELECT
    u.*, g.agreement_key AS agreed_key, g.group_key, g.first_place, g.percent_micro, g.amount_minor AS most_minor, r.half_even,
    CASE WHEN g.group_key IS NOT NULL
      THEN in_terms(u.amount_minor, u.with_tax, g.prices_with_tax, u.tax_rate_micro, r.half_even) END AS base_minor
  FROM grouped AS u
  CROSS JOIN input.run AS r
  LEFT JOIN input.groups AS g ON g.group_key = u.found_group AND g.currency = u.currency
)
SELECT
  u.* EXCLUDE (asked_key, found_key, found_group, first_place, percent_micro, most_minor, half_even),
  CASE
    WHEN u.group_key IS NULL THEN NULL
    WHEN u.first_place IS NULL OR e.period_key IS NOT NULL THEN 0
    ELSE line_discount(u.base_minor, u.percent_micro, u.most_minor, FALSE, u.half_even)
  END AS off_minor
FROM based AS u
LEFT JOIN input.ended_discounts AS e
  ON e.agreement_key = u.agreed_key AND e.place = u.first_place AND e.period_key = u.period_key

-- Periods spread over the UTC days they touch: a booking meets its period by equality of calendar and day, then by exact bounds.
-- A join on a range would take six times as long.
-- grain: calendar_key, day, period_key
SELECT p.calendar_key, CAST(u.day AS DATE) AS day, p.period_key, p.period_start, p.period_end, p.timing, p.late_bookings, p.zone_key
FROM input.periods AS p,
  unnest(generate_series(CAST(p.period_start AS DATE), CAST(p.period_end AS DATE), INTERVAL 1 DAY)) AS u(day)

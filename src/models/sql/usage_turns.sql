-- Which spans of usage each open period bills: those that it reaches into or that are over with it, those of its bookings, and those of
-- earlier periods that no invoice covers. is_final: the span is over by the time of the invoice, or of one that stands: an earlier period
-- may be billed after a later one, and what is missing to a minimum was charged then.
-- grain: customer_key, span_key, period_key
WITH turns AS (
  SELECT
    period_key, calendar_key, timing, period_start, period_end,
    CASE WHEN timing = 'in_advance' THEN period_start ELSE period_end END AS boundary,
    lag(period_start) OVER (PARTITION BY calendar_key ORDER BY period_start, period_end) AS start_before
  FROM input.periods
), agreed AS (
  SELECT p.customer_key, p.price_key FROM input.customer_prices AS p WHERE p.measures > 0
  UNION
  SELECT p.customer_key, p.price_key FROM input.agreement_prices AS p WHERE p.measures > 0
), running AS (
  SELECT a.customer_key, s.span_key
  FROM agreed AS a
  JOIN input.usage_prices AS u ON u.price_key = a.price_key AND NOT u.needs_usage
  JOIN input.customers AS c ON c.customer_key = a.customer_key
  JOIN input.usage_spans AS s ON s.price_key = a.price_key AND s.calendar_key = c.calendar_key AND s.days > 0
  LEFT JOIN input.shadowed_spans AS x ON x.customer_key = a.customer_key AND x.span_key = s.span_key
  WHERE coalesce(x.days, 1) > 0
  UNION
  SELECT customer_key, span_key FROM draft.usage_parts
), claimed AS (
  SELECT r.customer_key, r.span_key, w.period_key
  FROM running AS r
  JOIN input.usage_spans AS s ON s.span_key = r.span_key
  JOIN turns AS t
    ON t.calendar_key = s.calendar_key AND t.period_end > s.starts_at
    AND (t.period_start < s.ends_at OR (t.timing = 'in_advance' AND t.start_before < s.ends_at))
  JOIN draft.placements AS w ON w.customer_key = r.customer_key AND w.own_period_key = t.period_key
  WHERE w.previewed AND w.period_key IS NOT NULL AND NOT coalesce(w.covered_until >= t.period_end, FALSE)
  UNION
  SELECT customer_key, span_key, period_key FROM draft.usage_parts WHERE period_key >= 0
), reached AS (
  SELECT c.customer_key, max(i.period_start) AS period_start, max(i.period_end) AS period_end
  FROM input.standing_invoices AS i
  JOIN input.customers AS c ON c.customer_id = i.customer_id
  WHERE i.confirmed_by IS DISTINCT FROM 'credit'
  GROUP BY c.customer_key
)
SELECT
  c.customer_key, c.span_key, c.period_key,
  greatest(t.boundary, CASE WHEN t.timing = 'in_advance' THEN r.period_start ELSE r.period_end END) >= s.ends_at AS is_final
FROM claimed AS c
JOIN input.usage_spans AS s ON s.span_key = c.span_key
JOIN turns AS t ON t.period_key = c.period_key
LEFT JOIN reached AS r ON r.customer_key = c.customer_key

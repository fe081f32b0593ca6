-- Periods of today's calendars in which a customer has a standing invoice. Overlap counts, so that a cycle edited after it billed
-- can never bill the same time twice: its bookings go to the next period as late ones.
-- grain: customer_key, period_key
SELECT DISTINCT c.customer_key, p.period_key
FROM input.standing_invoices AS i
JOIN input.customers AS c ON c.customer_id = i.customer_id
JOIN input.periods AS p ON p.calendar_key = c.calendar_key AND p.period_start < i.period_end AND p.period_end > i.period_start

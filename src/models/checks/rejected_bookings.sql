-- Bookings that could be read but not billed: customer, price, tax or size is missing or wrong.
SELECT
  CASE b.reason
    WHEN 'unknown_customer' THEN 'BOOKING_CUSTOMER'
    WHEN 'no_price' THEN 'BOOKING_PRICE'
    WHEN 'no_tax' THEN 'BOOKING_TAX'
    ELSE 'BOOKING_VALUE' END AS code,
  CASE WHEN s.quarantine THEN 'warning' ELSE 'error' END AS severity,
  CASE b.reason
    WHEN 'unknown_customer' THEN 'booking ' || b.booking_id || ': customer ' || b.customer_id || ' is not in the configuration'
    WHEN 'no_price' THEN 'booking ' || b.booking_id || ': no price in ' || b.currency || ' for product ' || coalesce(b.product, '(none)')
    WHEN 'no_tax' THEN 'booking ' || b.booking_id || ': no tax is declared for product ' || coalesce(b.product, '(none)')
      || ' of customer ' || b.customer_id
    ELSE 'booking ' || b.booking_id || ': the amount is too large' END AS message,
  f.file, b.record,
  CASE b.reason
    WHEN 'unknown_customer' THEN 'customer_id'
    WHEN 'no_price' THEN 'unit_price'
    WHEN 'no_tax' THEN 'product'
    ELSE 'quantity' END AS field
FROM draft.bookings AS b
JOIN input.files AS f ON f.file_key = b.file_key
JOIN input.sources AS s ON s.source = b.source
WHERE b.bucket = 'rejected'
ORDER BY f.file, b.record
LIMIT 50

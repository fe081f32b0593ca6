-- The same bookings where nobody has an agreement that adjusts anything: none has a group.
-- grain: file_key, record
SELECT
  b.*,
  CAST(NULL AS INTEGER) AS agreed_key,
  CAST(NULL AS INTEGER) AS group_key,
  CAST(NULL AS BIGINT) AS base_minor,
  CAST(NULL AS BIGINT) AS off_minor
FROM draft.bookings AS b

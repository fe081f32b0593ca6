-- Batches that were confirmed: by a human as a whole, for everybody whose preview was open then (closed_at, the last time), or by
-- themselves, for everybody whose window had ended by then (closed_until).
-- grain: batch_id
SELECT
  e.subject_id AS batch_id,
  max(e."at") FILTER (WHERE e.event = 'closed') AS closed_at,
  max(CAST(json_extract_string(e.detail, '$.until') AS TIMESTAMP)) FILTER (WHERE e.event = 'closed_until') AS closed_until
FROM ledger.events AS e
WHERE e.subject = 'batch' AND e.event IN ('closed', 'closed_until')
GROUP BY e.subject_id

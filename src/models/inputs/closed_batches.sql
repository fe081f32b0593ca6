-- Batches that were confirmed: wholly (closed_until is NULL), or for everybody whose window had ended by then.
-- grain: batch_id
SELECT
  e.subject_id AS batch_id,
  CASE WHEN count(*) FILTER (WHERE e.event = 'closed') > 0 THEN NULL
    ELSE max(CAST(json_extract_string(e.detail, '$.until') AS TIMESTAMP)) END AS closed_until
FROM ledger.events AS e
WHERE e.subject = 'batch' AND e.event IN ('closed', 'closed_until')
GROUP BY e.subject_id

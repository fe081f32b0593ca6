-- What people were told of a period's deadline when its preview was first open, and in which batch that was. By the period's first
-- instant alone: whoever gives a cycle another name has promised the same.
-- grain: customer_id, period_start
SELECT
  customer_id, period_start,
  min_by(batch_id, serial) AS batch_id,
  min_by(confirm_due_at, serial) AS confirm_due_at,
  bool_or(auto_confirm_at IS NULL) AS by_hand,
  min_by(auto_confirm_at, serial) AS auto_confirm_at
FROM ledger.openings
GROUP BY customer_id, period_start

-- A customer's periods around this run: which are closed (billed, skipped or let pass), which are open for preview, which are still to
-- come. A period that a standing invoice reaches into begins where that one ends. An invoice on demand opens its period again, and so
-- does one that was cancelled while another currency of its period stands.
-- Who confirms a batch by hand lets pass what was open then; what opens later under the same name, or was open under another one (the
-- customer's partner changed), is not meant.
-- A customer that wants no invoice of zero may have been left out of a batch: such a period stays open until it is billed.
-- auto_confirm_at is the later of what people were told when the preview was first open, and of what the configuration says now. Where
-- an invoice was cancelled after that there is none: what somebody stopped does not go out again by itself.
-- invoice_stem begins the id of the period's invoices; a further invoice of the same period (after a void one) gets another.
-- grain: customer_key, period_key
WITH cut AS (
  SELECT
    c.customer_key, c.customer_id, c.skip_zero, p.period_key, p.cycle_id, p.previewed, p.on_demand, p.period_end,
    p.preview_at, p.confirm_due_at, p.auto_confirm_at,
    batch_name(p.billing_date, CASE WHEN p.separate_per_partner THEN c.partner_id END, p.on_demand) AS batch_id,
    CASE WHEN p.separate_per_partner THEN c.partner_id END AS batch_partner,
    v.covered_until,
    CASE WHEN v.covered_until > p.period_start AND v.covered_until < p.period_end THEN v.covered_until ELSE p.period_start END
      AS period_start
  FROM input.customers AS c
  JOIN input.periods AS p ON p.calendar_key = c.calendar_key
  LEFT JOIN input.covered AS v ON v.customer_key = c.customer_key AND v.period_key = p.period_key
), told AS (
  SELECT
    w.customer_key, w.customer_id, w.skip_zero, w.period_key, w.cycle_id, w.previewed, w.on_demand, w.period_start, w.period_end, w.batch_id,
    w.batch_partner, w.preview_at, CASE WHEN x.lacking AND w.covered_until >= w.period_end THEN NULL ELSE w.covered_until END
      AS covered_until,
    coalesce(x.parked, FALSE) AS parked_before, x.customer_id IS NOT NULL OR o.batch_id <> w.batch_id AS reopened,
    coalesce(x.after_deadline OR x.voided_at >= coalesce(o.auto_confirm_at, w.auto_confirm_at), FALSE) AS stopped,
    CASE WHEN o.confirm_due_at > w.confirm_due_at THEN o.confirm_due_at ELSE w.confirm_due_at END AS confirm_due_at,
    CASE WHEN o.by_hand THEN NULL WHEN o.auto_confirm_at > w.auto_confirm_at THEN o.auto_confirm_at ELSE w.auto_confirm_at END
      AS auto_confirm_at,
    coalesce((o.by_hand AND w.auto_confirm_at IS NOT NULL) OR o.auto_confirm_at > w.auto_confirm_at, FALSE) AS deadline_kept
  FROM cut AS w
  LEFT JOIN input.openings AS o ON o.customer_id = w.customer_id AND o.period_start = w.period_start
  LEFT JOIN input.reopened AS x ON x.customer_id = w.customer_id AND x.period_start = w.period_start
)
SELECT
  w.customer_key,
  w.period_key,
  w.period_start,
  w.batch_id,
  w.batch_partner,
  w.covered_until,
  w.confirm_due_at,
  CASE WHEN NOT w.stopped THEN w.auto_confirm_at END AS auto_confirm_at,
  w.deadline_kept AND NOT w.stopped AS deadline_kept,
  w.previewed,
  w.parked_before,
  NOT w.on_demand AND (
    coalesce(w.covered_until >= w.period_end, FALSE) OR (
      coalesce(w.preview_at <= k.closed_at OR w.auto_confirm_at <= k.closed_until, FALSE)
      AND NOT coalesce(w.reopened, FALSE) AND NOT w.skip_zero) OR coalesce(f.skip, FALSE)
  ) AS closed,
  'inv_' || substr(md5(concat_ws('|', w.customer_id, w.cycle_id, CAST(w.period_start AS VARCHAR), coalesce(n.invoices, 0))), 1, 16)
    AS invoice_stem
FROM told AS w
LEFT JOIN input.closed_batches AS k ON k.batch_id = w.batch_id
LEFT JOIN input.invoice_counts AS n ON n.customer_id = w.customer_id AND n.cycle_id = w.cycle_id AND n.period_start = w.period_start
LEFT JOIN draft.period_overrides AS f ON f.customer_key = w.customer_key AND f.period_key = w.period_key

/** The lines of the invoices that are committed, as a segment. */
import type { Engine } from '../engine/engine.js';
import { exportSegment } from '../ledger/attach.js';

/** A segment as it is handed to the commit. */
export type SegmentFile = Awaited<ReturnType<typeof exportSegment>>;

/**
 * One sort puts the lines in the order of the invoices' numbers and writes the segment. What comes before an invoice is known from
 * the invoices, so its lines can carry it, and their numbers follow from their places: a window would sort all of them a second time.
 */
export async function exportLines(engine: Engine): Promise<SegmentFile> {
  await engine.run(`
    CREATE OR REPLACE TABLE draft.places AS
    SELECT invoice_id, customer_key, period_key, currency, own_invoice,
      CAST(sum(lines) OVER (ORDER BY series, seq) - lines AS BIGINT) AS lines_before
    FROM draft.facts`);
  // Every key costs: ids are unique in their source, and bookings alone need no rank.
  const { sources, charges } = await engine.row<{ sources: bigint; charges: bigint }>(
    'SELECT (SELECT count(*) FROM input.sources) AS sources, (SELECT count(*) FROM draft.charges) AS charges');
  const order = ['lines_before', ...(charges === 0n ? [] : ['rank']), 'service_start', 'line_key', ...(sources === 1n ? [] : ['source'])];
  return exportSegment(engine, 'invoice_lines', `(
    SELECT f.lines_before, l.*
    FROM draft.billed_lines AS l
    JOIN draft.places AS f
      ON f.customer_key = l.customer_key AND f.period_key = l.period_key AND f.currency = l.currency AND f.own_invoice = l.own_invoice)`,
  order.map((name) => `r.${name}`).join(', '));
}

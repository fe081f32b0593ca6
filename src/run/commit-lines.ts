/** The lines of the invoices that are committed, as a segment. */
import { join } from 'node:path';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { exportSegment } from '../ledger/attach.js';

/** A segment as it is handed to the commit. */
export type SegmentFile = Awaited<ReturnType<typeof exportSegment>>;

/**
 * The lines, numbered within their invoice. One sort puts them in the order of the numbers, into a scratch file; a line's number is
 * then its distance from the invoice's first line. A window would sort every line a second time, texts and all, and columns that
 * follow from others are joined after the sort, not carried through it.
 */
export async function exportLines(engine: Engine): Promise<SegmentFile> {
  const sorted = literal(join(engine.scratch, 'sorted_lines.parquet'));
  // Ids are unique in their source; a third text in the sort key costs a quarter of the sort.
  const { sources } = await engine.row<{ sources: bigint }>('SELECT count(*) AS sources FROM input.sources');
  const tie = sources === 1n ? '' : ', l.source';
  await engine.run(`
    CREATE OR REPLACE TABLE draft.places AS
    SELECT invoice_id, customer_key, period_key, currency, own_invoice, CAST(row_number() OVER (ORDER BY series, seq) AS INTEGER) AS place,
      CAST(sum(lines) OVER (ORDER BY series, seq) - lines AS BIGINT) AS first_row
    FROM draft.facts;
    COPY (
      SELECT f.place, l.kind, l.booking_id, l.charge_id, l.source, l.product, l.description, l.unit, l.quantity_micro, l.unit_price_micro, l.amount_minor,
        l.tax_id, l.service_start, l.service_end, l.late, l.content_hi, l.content_lo
      FROM draft.billed_lines AS l
      JOIN draft.places AS f
        ON f.customer_key = l.customer_key AND f.period_key = l.period_key AND f.currency = l.currency AND f.own_invoice = l.own_invoice
      ORDER BY f.place, l.rank, l.service_start, l.line_key${tie}
    ) TO ${sorted} (FORMAT parquet, COMPRESSION uncompressed)`);
  return exportSegment(engine, 'invoice_lines', `(
    SELECT f.invoice_id, l.file_row_number - f.first_row + 1 AS line_no, t.rate_micro AS tax_rate_micro,
      CAST(NULL AS VARCHAR) AS corrects_invoice_id, l.* EXCLUDE (place, file_row_number)
    FROM read_parquet(${sorted}, file_row_number = true) AS l
    JOIN draft.places AS f ON f.place = l.place
    JOIN input.taxes AS t ON t.tax_id = l.tax_id)`, null);
}

/** What has become of each booking that was ever on an invoice: the fold over its lines. */
import type { Engine } from '../engine/engine.js';
import { voidedSql } from './lifecycle.js';

/** How a booking stands; see {@link billedSql}. */
export type BookingState = 'billed' | 'credited' | 'open';

/**
 * SQL: every booking of invoices that are not void, with the line on which it stands or last stood: source, booking_id, state, content_hi,
 * content_lo, invoice_id, line_no, the amount, serial. `state`: `billed`; `credited` (by hand, and never billed again); `open` (taken
 * back, and free to be billed again). Few bookings are ever corrected: only of those all lines are compared, the line of any other is its
 * only one.
 * @param lines  relation with the columns of the ledger's invoice_lines and `serial`
 * @param voidings relation of the events that made invoices void
 * @param amount name of the lines' amount
 */
export function billedSql(lines: string, voidings: string, amount: string): string {
  const standing = `SELECT l.* FROM ${lines} AS l ANTI JOIN (${voidedSql(voidings)}) AS v ON v.invoice_id = l.invoice_id
    WHERE l.booking_id IS NOT NULL`;
  const takesBack = "l.correction IN ('reversal', 'reissue', 'credit')";
  return `
    WITH corrected AS (SELECT DISTINCT source, booking_id FROM (${standing} AND l.kind = 'adjustment')),
    last_lines AS (
      SELECT l.source, l.booking_id, max_by(
        struct_pack(correction := l.correction, content_hi := l.content_hi, content_lo := l.content_lo, amount := l.${amount},
          serial := l.serial, invoice_id := CASE WHEN ${takesBack} THEN l.corrects_invoice_id ELSE l.invoice_id END,
          line_no := CASE WHEN ${takesBack} THEN l.corrects_line_no ELSE l.line_no END),
        struct_pack(s := l.serial, r := CASE WHEN l.correction = 'restatement' THEN 1 ELSE 0 END)) AS last
      FROM (${standing} AND l.kind IN ('booking', 'adjustment')) AS l
      SEMI JOIN corrected AS c ON c.source = l.source AND c.booking_id = l.booking_id
      GROUP BY l.source, l.booking_id
    )
    SELECT l.source, l.booking_id, 'billed' AS state, l.content_hi, l.content_lo, l.invoice_id, l.line_no, l.${amount}, l.serial
    FROM (${standing} AND l.kind = 'booking') AS l
    ANTI JOIN corrected AS c ON c.source = l.source AND c.booking_id = l.booking_id
    UNION ALL
    SELECT source, booking_id,
      CASE WHEN last.correction = 'credit' THEN 'credited' WHEN last.correction IN ('reversal', 'reissue') THEN 'open' ELSE 'billed' END,
      last.content_hi, last.content_lo, last.invoice_id, last.line_no, last.amount, last.serial
    FROM last_lines`;
}

/** Bookings that are asked about. */
export interface AskedBookings {
  /** A relation with `source` and `booking_id`. */
  readonly bookings: string;
  /** SQL conditions over `source`: all bookings of these are asked about. */
  readonly sources: readonly string[];
}

/**
 * SQL of the rows of `ledger.billed` that are of some bookings; it may give a few others. Of a long ledger two columns are read, and the
 * rest only of the commits that have lines of these bookings: most days there are none. Makes the schema `ledger_asked`.
 */
export async function billedOfSql(engine: Engine, { bookings, sources }: AskedBookings): Promise<string> {
  await engine.run(`CREATE SCHEMA IF NOT EXISTS ledger_asked;
    CREATE OR REPLACE TABLE ledger_asked.bookings AS SELECT DISTINCT hash(source, booking_id) AS h FROM ${bookings}`);
  const asked = ['hash(source, booking_id) IN (SELECT h FROM ledger_asked.bookings)', ...sources].join(' OR ');
  const serials = await engine.rows<{ serial: bigint }>(`
    SELECT DISTINCT serial FROM ledger.invoice_lines WHERE booking_id IS NOT NULL AND (${asked}) ORDER BY serial`);
  const some = serials.length === 0 ? 'FALSE' : `serial IN (${serials.map(({ serial }) => serial).join(', ')}) AND (${asked})`;
  return billedSql(`(SELECT * FROM ledger.invoice_lines WHERE ${some})`, 'ledger.voidings', 'amount_minor');
}

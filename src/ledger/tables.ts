/**
 * The fact tables of the ledger, as they stand in Parquet segments. Rows are never updated; what changes is told by events.
 * A segment's serial is not a column: it is the commit the segment belongs to, and is added on reading. Within a
 * segment invoices, lines and taxes stand in the order of the invoices' numbers (then line_no; tax_id, rate_micro), the rest by id.
 */

/**
 * Columns of each table with their DuckDB types, as they are read. Times are UTC. Columns are only ever added, at the end of a table:
 * a segment knows how many it has, and those that were added later are NULL.
 */
export const LEDGER_TABLES = {
  /**
   * `series` is the key of the commit's `next_number`, `seq` the number's place in it, from 1 without a gap. Where tax is accounted
   * for in another currency, `tax_currency`, `tax_currency_minor` is the tax in it, and `tax_exchange_*` the rate as a decimal with its day
   * and source.
   */
  invoices: {
    invoice_id: 'VARCHAR', number: 'VARCHAR', series: 'VARCHAR', seq: 'BIGINT', kind: 'VARCHAR',
    customer_id: 'VARCHAR', customer_name: 'VARCHAR', partner_id: 'VARCHAR', batch_id: 'VARCHAR', cycle_id: 'VARCHAR',
    period_start: 'TIMESTAMP', period_end: 'TIMESTAMP', timezone: 'VARCHAR', locale: 'VARCHAR',
    billing_date: 'DATE', issued_on: 'DATE', due_on: 'DATE', currency: 'VARCHAR', exponent: 'TINYINT',
    net_minor: 'BIGINT', tax_minor: 'BIGINT', total_minor: 'BIGINT', lines: 'BIGINT',
    confirmed_at: 'TIMESTAMP', confirmed_by: 'VARCHAR', seller_id: 'VARCHAR', buyer_id: 'VARCHAR', purchase_order: 'VARCHAR',
    note: 'VARCHAR', early_percent_micro: 'BIGINT', early_days: 'INTEGER',
    tax_currency: 'VARCHAR', tax_currency_minor: 'BIGINT', tax_exchange_rate: 'VARCHAR', tax_exchange_on: 'DATE',
    tax_exchange_source: 'VARCHAR',
  },
  /**
   * `gross_minor`: the amount with tax where the price, then in `unit_price_micro`, includes it. `charge_id`: what is billed once; of a
   * booking that is measured, the usage that counts it, with which the ids of that usage's lines begin. `measured_minor`: its amount
   * where amounts are measured. A line of kind adjustment names the line it corrects (`corrects_invoice_id`, `corrects_line_no`) and says
   * how (`correction`): `reversal` takes back what a booking billed, `restatement` bills it as it is now, `credit` takes back by hand
   * what is never billed again, `reissue` what is free to be billed again.
   * `agreement_id`: the agreement that a line belongs to, of customers whose agreements have discounts or bounds. `discounts`: which of its
   * discounts and maximums the line is one for, in the order in which they are taken, by their places: `3m` a maximum of each period, `m1`
   * the first one for longer, `2%5` one of 5 percent, `2c500` one of at most 500 minor units of the agreement's currency in all, `2l` one
   * that is given on each line by itself, `2l500` of at most 500 minor units each.
   * A line that was converted has `original_*`, its amount (with the tax where the price includes it) and price as they were, and
   * `exchange_*`, the rate as a decimal with its day and source; `unit_price_micro` is then null. A correction has them, too, with the
   * sign of its own amount. Null rates: an amount of 0 for whose day no rate was declared.
   */
  invoice_lines: {
    invoice_id: 'VARCHAR', line_no: 'BIGINT', kind: 'VARCHAR', booking_id: 'VARCHAR', source: 'VARCHAR',
    product: 'VARCHAR', description: 'VARCHAR', unit: 'VARCHAR',
    quantity_micro: 'BIGINT', unit_price_micro: 'BIGINT', amount_minor: 'BIGINT', tax_id: 'VARCHAR', tax_rate_micro: 'BIGINT',
    service_start: 'TIMESTAMP', service_end: 'TIMESTAMP', late: 'BOOLEAN', corrects_invoice_id: 'VARCHAR',
    content_hi: 'UBIGINT', content_lo: 'UBIGINT', charge_id: 'VARCHAR', gross_minor: 'BIGINT',
    measured_minor: 'BIGINT', corrects_line_no: 'BIGINT', correction: 'VARCHAR', agreement_id: 'VARCHAR',
    original_currency: 'VARCHAR', original_minor: 'BIGINT', original_price_micro: 'BIGINT', exchange_rate: 'VARCHAR',
    exchange_on: 'DATE', exchange_source: 'VARCHAR', discounts: 'VARCHAR',
  },
  invoice_taxes: {
    invoice_id: 'VARCHAR', tax_id: 'VARCHAR', name: 'VARCHAR', category: 'VARCHAR', rate_micro: 'BIGINT', note: 'VARCHAR',
    net_minor: 'BIGINT', tax_minor: 'BIGINT',
  },
  /** Seller or buyer as they stood, once per distinct content; `party` is canonical JSON, `party_id` derives from it. */
  parties: { party_id: 'VARCHAR', customer_id: 'VARCHAR', party: 'VARCHAR' },
  /**
   * A mail to a customer (`kind` invoice), or a notice to the team: `kind` is then the event, `invoice_id` null, `subject_id` the
   * batch, `payload` canonical JSON of what is told. `recipients` is a JSON list of addresses, or of the one name of a webhook.
   */
  messages: {
    message_id: 'VARCHAR', invoice_id: 'VARCHAR', kind: 'VARCHAR', recipients: 'VARCHAR', queued_at: 'TIMESTAMP', send_due_at: 'TIMESTAMP',
    subject_id: 'VARCHAR', payload: 'VARCHAR',
  },
  /**
   * Previews that were open for review, as they first fell due: one row a customer and period. What stands here of the deadline is what
   * people were told then; `auto_confirm_at` is null where nothing happens by itself.
   */
  openings: {
    customer_id: 'VARCHAR', cycle_id: 'VARCHAR', period_start: 'TIMESTAMP', batch_id: 'VARCHAR', preview_at: 'TIMESTAMP',
    confirm_due_at: 'TIMESTAMP', auto_confirm_at: 'TIMESTAMP',
  },
  events: { at: 'TIMESTAMP', subject: 'VARCHAR', subject_id: 'VARCHAR', event: 'VARCHAR', detail: 'VARCHAR' },
} as const satisfies Record<string, Record<string, string>>;

export type LedgerTable = keyof typeof LEDGER_TABLES;

/** `lines_before` of a segment of lines: how many rows of the file stand before the first line of the row's invoice. */
const LINES_BEFORE = 'lines_before';

/**
 * Columns of a table in its segments, in file order. They are those that are read, but for one: a line's number is not written, it
 * follows from the row's place. So the one sort that orders the lines can write the file, and a number cannot contradict the place.
 */
export function segmentColumns(table: LedgerTable): [name: string, type: string][] {
  return Object.entries(LEDGER_TABLES[table]).map(([name, type]) => [name === 'line_no' ? LINES_BEFORE : name, type]);
}

/** The SQL of a column of {@link LEDGER_TABLES} over a segment that is read with `file_row_number` (from 0). */
export function readColumn(name: string): string {
  return name === 'line_no' ? `file_row_number - ${LINES_BEFORE} + 1 AS line_no` : `"${name}"`;
}

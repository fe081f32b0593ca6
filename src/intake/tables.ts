/** What intake leaves behind: the tables of schema `input` that tell what the source files said. */
import type { Engine } from '../engine/engine.js';

/** Columns of `input.staged`, in order. Times are UTC; quantity and price in millionths, amount in the currency's minor units. */
export const BOOKING_COLUMNS = {
  file_key: 'INTEGER', record: 'BIGINT', source: 'VARCHAR', booking_id: 'VARCHAR', customer_id: 'VARCHAR', product: 'VARCHAR',
  description: 'VARCHAR', starts_at: 'TIMESTAMP', ends_at: 'TIMESTAMP', quantity_micro: 'BIGINT', unit_price_micro: 'BIGINT',
  amount_minor: 'BIGINT', currency: 'VARCHAR', status: 'VARCHAR',
} as const;

const TABLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  /** One row a file, `file_key` counting from 1 in the order of the sources, then of the file names; `rows` counts the rejected too. */
  files: { file_key: 'INTEGER', source: 'VARCHAR', file: 'VARCHAR', rows: 'BIGINT', bytes: 'BIGINT' },
  /** How a file can be read again, to say where a row stands. Paths of this machine: never shown, never kept. */
  file_access: { file_key: 'INTEGER', format: 'VARCHAR', path: 'VARCHAR', delimiter: 'VARCHAR', quote: 'VARCHAR' },
  staged: BOOKING_COLUMNS,
  /** One row per bad field; a row of the file that is here is not in `staged`. */
  rejects: {
    source: 'VARCHAR', file: 'VARCHAR', record: 'BIGINT', line: 'BIGINT', column_name: 'VARCHAR',
    code: 'VARCHAR', message: 'VARCHAR', value: 'VARCHAR',
  },
  /** Rows dropped because the same booking with the same content stands elsewhere too. */
  duplicates: { source: 'VARCHAR', booking_id: 'VARCHAR', file_key: 'INTEGER', record: 'BIGINT' },
};

/**
 * The text that is hashed: what an invoice shows of a booking. The status is left out, so that a visit billed ahead does not count as
 * changed when it has taken place. No field contains \x1f, NULL is written as nothing, and empty is NULL: it can be read in one way only.
 */
const CONTENT = [
  'booking_id', 'customer_id', 'product', 'description', 'currency',
  'epoch_us(starts_at)', 'epoch_us(ends_at)', 'quantity_micro', 'unit_price_micro', 'amount_minor',
].join(', chr(31), ');

/**
 * `input.bookings`: the staged rows with their content hash, the two halves of an MD5. A view, because the hash costs as much as
 * all the rest and only a commit, or a comparison with what was billed, needs it.
 */
const BOOKINGS = `SELECT * EXCLUDE (h), (h >> 64)::UBIGINT AS content_hi, (h & 18446744073709551615::UHUGEINT)::UBIGINT AS content_lo
  FROM (SELECT *, md5_number(concat(${CONTENT})) AS h FROM input.staged)`;

/** Creates the tables of intake, empty, and the view on them. */
export async function createTables(engine: Engine): Promise<void> {
  const tables = Object.entries(TABLES).map(([table, columns]) => `CREATE OR REPLACE TABLE input.${table} (${ddl(columns)});`);
  await engine.run(`CREATE SCHEMA IF NOT EXISTS input; ${tables.join(' ')} CREATE OR REPLACE VIEW input.bookings AS ${BOOKINGS}`);
}

/** `a INTEGER, b VARCHAR` of a table's columns. */
export function ddl(columns: Readonly<Record<string, string>>): string {
  return Object.entries(columns).map(([name, type]) => `${name} ${type}`).join(', ');
}

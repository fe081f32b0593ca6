/**
 * From what stands in the files to `input.staged`, set-wise: one SELECT of four layers (cells, values, booking, row).
 *
 * It comes in two strengths with the same result. The exact one trims, cleans and judges each field. The fast one
 * takes texts as they are and asks once a row whether they are clean; rows where they are not go through the exact one.
 */
import type { ShiftPiece } from '../calendar/zone.js';
import type { BookingField, BookingSource } from '../config/types.js';
import { literal } from '../engine/engine.js';
import { exponentOf } from '../values/money.js';
import {
  isClean, kindOf, number, oneLine, scaled, stepOf, time, timeProblem, toUtc, trimmed, wordProblem, years,
} from './cells.js';
import type { Kind } from './cells.js';
import { FIELDS, LINE_WORD } from './header.js';
import { BOOKING_COLUMNS } from './tables.js';

/** Files of one source with the same columns. */
export interface Batch {
  readonly source: BookingSource;
  /** SQL of a relation: `file_key`, `record`, and the columns below under their aliases. */
  readonly relation: string;
  /** Their column name -> alias and DuckDB type. */
  readonly columns: ReadonlyMap<string, { readonly alias: string; readonly type: string }>;
  /** Whether `line` in the booking id is the row's number. */
  readonly lines: boolean;
}

export interface Reading {
  /** Currency of rows that name none. */
  readonly currency: string;
  readonly pieces: readonly ShiftPiece[];
  readonly fast: boolean;
}

/** Parts of a numbered id wait here, parted by \x1f, for the number between them. */
const PART = 'chr(31)';
const MINOR_LIMIT = '1000000000000000';

interface Cell { readonly sql: string; readonly kind: Kind; readonly type: string }

function cellOf(batch: Batch, field: BookingField): Cell | null {
  const name = batch.source.columns[field]?.[0];
  const column = name === undefined ? undefined : batch.columns.get(name);
  return column === undefined ? null : { sql: column.alias, kind: kindOf(column.type), type: column.type };
}

/** Layer 1: texts made ready, other types untouched, as `t_<field>`. */
function cells(batch: Batch, fast: boolean): string {
  const text = (sql: string): string => (fast ? `nullif(${sql}::VARCHAR, '')` : trimmed(sql));
  const made = FIELDS.map((field): string => {
    if (field === 'booking_id') return `${bookingId(batch, text)} AS t_booking_id`;
    const cell = cellOf(batch, field);
    if (cell === null) return `NULL::VARCHAR AS t_${field}`;
    if (field === 'description') return `${fast ? text(cell.sql) : oneLine(cell.sql)} AS t_description`;
    if (field === 'currency') return `${fast ? `${cell.sql}::VARCHAR` : `upper(${trimmed(cell.sql)})`} AS t_currency`;
    if (!TYPED.includes(field) || cell.kind === 'text') return `${text(cell.sql)} AS t_${field}`;
    return `${cell.sql}${cell.kind === 'float' ? '::VARCHAR' : ''} AS t_${field}`;
  });
  return `SELECT file_key, record, ${made.join(', ')} FROM (${batch.relation}) AS r`;
}

/** Numbers and times may have a type of their own; the rest is text. */
const TYPED: readonly BookingField[] = ['starts_at', 'ends_at', 'quantity', 'unit_price', 'amount'];

function bookingId(batch: Batch, text: (sql: string) => string): string {
  const names = batch.source.columns.booking_id ?? [];
  const part = (name: string): string => text(batch.columns.get(name)!.alias);
  const joined = (parts: readonly string[]): string => (parts.length === 0 ? `''` : parts.map(part).join(` || '/' || `));
  if (!batch.lines) return joined(names);
  const at = names.indexOf(LINE_WORD);
  return `${joined(names.slice(0, at))} || ${PART} || ${joined(names.slice(at + 1))}`;
}

const TIMES = ['starts_at', 'ends_at'] as const;

/** A query for the years (`low`, `high`) of the local times of a batch; null if all its times bring their zone. */
export function yearsOf(batch: Batch): string | null {
  const local = TIMES.flatMap((field) => {
    const cell = cellOf(batch, field);
    return cell === null || cell.kind === 'instant' ? [] : [{ cell: `t_${field}`, wall: `w_${field}`, kind: cell.kind }];
  });
  if (local.length === 0) return null;
  return `SELECT ${years(local, batch.source.date_formats.length === 0)} FROM (${values(batch, false, '')}) AS v`;
}

/** Layer 2: numbers and times read, words looked up; `currency` is the one that most rows will have. */
function values(batch: Batch, fast: boolean, currency: string): string {
  const made: string[] = [];
  const walls: string[] = [];
  for (const field of TIMES) {
    const cell = cellOf(batch, field);
    const none = { wall: 'NULL::TIMESTAMP', utc: 'NULL::TIMESTAMP' };
    const read = cell === null ? none : time(`t_${field}`, cell.kind, batch.source.date_formats, `w_${field}`);
    walls.push(`${read.wall} AS w_${field}`);
    made.push(`${read.utc} AS z_${field}`);
  }
  for (const field of ['quantity', 'unit_price', 'amount'] as const) {
    const cell = cellOf(batch, field);
    made.push(`${cell === null ? 'NULL::DECIMAL(18,6)' : numberOf(batch, field, cell).value} AS n_${field}`);
  }
  const words = Object.entries(batch.source.status).map(([theirs, ours]) => `WHEN ${literal(theirs)} THEN ${literal(ours)}`);
  const byStatus = cellOf(batch, 'status') !== null && words.length > 0;
  made.push(`${byStatus ? `CASE t_status ${words.join(' ')} END` : `'billable'`} AS n_status`);
  made.push('CASE WHEN step IS NOT NULL THEN t_currency END AS n_currency');
  walls.push(`${cellOf(batch, 'currency') === null ? 'NULL::INTEGER' : stepOf('t_currency', currency)} AS step`);
  return `SELECT *, ${made.join(', ')} FROM (SELECT *, ${walls.join(', ')} FROM (${cells(batch, fast)}) AS t) AS a`;
}

function numberOf(batch: Batch, field: BookingField, cell: Cell): ReturnType<typeof number> {
  return number(`t_${field}`, cell.kind, cell.type, batch.source.decimal, field === 'amount' ? 3 : 6);
}

/** Layer 3: the booking as it will stand, and `p_<field>`: what is wrong with each field, or NULL. */
export function booking(batch: Batch, reading: Reading): string {
  const { source } = batch;
  const step = `coalesce(step, ${10 ** (3 - exponentOf(reading.currency))})`;
  const milli = scaled('n_amount', 3);
  const at = (field: string): string => `coalesce(z_${field}, ${toUtc(`w_${field}`, reading.pieces)})`;
  const columns = [
    't_booking_id AS booking_id', 't_customer_id AS customer_id',
    `${source.product === null ? 't_product' : `coalesce(t_product, ${literal(source.product)})`} AS product`,
    't_description AS description',
    `${at('starts_at')} AS own_start`, `${at('ends_at')} AS own_end`,
    `coalesce(${scaled('n_quantity', 6)}, 1000000) AS quantity_micro`, `${scaled('n_unit_price', 6)} AS unit_price_micro`,
    `(${milli}) // ${step} AS amount_minor`,
    `coalesce(n_currency, ${literal(reading.currency)}) AS currency`,
    'n_status AS status',
  ];
  const read = values(batch, reading.fast, reading.currency);
  return 'SELECT *, coalesce(own_start, own_end) AS starts_at, coalesce(own_end, own_start) AS ends_at, '
    + `${problems(batch, reading, step, milli)} FROM (SELECT *, ${columns.join(', ')} FROM (${read}) AS v) AS b`;
}

function problems(batch: Batch, reading: Reading, step: string, milli: string): string {
  const found: Partial<Record<BookingField, string>> = {};
  if (!reading.fast) {
    // The separator between the parts of a numbered id is ours.
    found.booking_id = wordProblem(batch.lines ? `replace(t_booking_id, ${PART}, '/')` : 't_booking_id', true);
    found.customer_id = wordProblem('t_customer_id', true);
    found.product = wordProblem('t_product', false);
  }
  for (const field of TIMES) {
    const cell = cellOf(batch, field);
    const own = field === 'starts_at' ? 'own_start' : 'own_end';
    if (cell !== null) found[field] = timeProblem(`t_${field}`, own, cell.kind, batch.source.date_formats);
  }
  const first = batch.source.columns.starts_at === undefined ? 'ends_at' : 'starts_at';
  const neither = [`t_starts_at IS NULL AND t_ends_at IS NULL`, `'is missing'`];
  found[first] = `CASE WHEN ${neither[0]} THEN ${neither[1]} ELSE ${found[first] ?? 'NULL'} END`;
  if (found.ends_at !== undefined && first === 'starts_at') {
    found.ends_at = `coalesce(${found.ends_at}, CASE WHEN own_end < own_start THEN 'lies before the start' END)`;
  }
  for (const field of ['quantity', 'unit_price', 'amount'] as const) {
    const cell = cellOf(batch, field);
    if (cell !== null) found[field] = numberOf(batch, field, cell).problem(`t_${field}`, `n_${field}`);
  }
  if (found.amount !== undefined) {
    found.amount = `CASE WHEN (${milli}) % (${step}) <> 0 THEN 'has more decimals than ' || currency || ' allows' `
      + `WHEN amount_minor >= ${MINOR_LIMIT} OR amount_minor <= -${MINOR_LIMIT} THEN 'must be less than 10^15 minor units in size' `
      + `ELSE ${found.amount} END`;
  }
  if (cellOf(batch, 'currency') !== null) {
    found.currency = `CASE WHEN t_currency IS NOT NULL AND n_currency IS NULL THEN 'is not a currency code of ISO 4217' END`;
  }
  const known = Object.keys(batch.source.status);
  if (cellOf(batch, 'status') !== null && known.length > 0) {
    const list = literal(`; known: ${[...known].sort().join(', ')}`);
    found.status = `CASE WHEN n_status IS NULL THEN if(t_status IS NULL, 'is missing', 'is not a known status') || ${list} END`;
  }
  return FIELDS.map((field) => `${found[field] ?? 'NULL::VARCHAR'} AS p_${field}`).join(', ');
}

const TEXTS = ['booking_id', 'customer_id', 'product', 'description'] as const;
const COLUMNS = Object.keys(BOOKING_COLUMNS);

/** Layer 4: rows of `input.staged`, where a NULL status marks a row that did not pass. */
export function bookings(batch: Batch, reading: Reading): string {
  const wrong = FIELDS.map((field) => `p_${field} IS NOT NULL`).join(' OR ');
  const passes = reading.fast ? `booking_id <> '' AND customer_id <> '' AND ${isClean(TEXTS)}` : 'true';
  const columns = COLUMNS.map((name) => (name === 'source' ? `${literal(batch.source.name)} AS source`
    : name === 'status' ? `CASE WHEN coalesce(${passes}, false) AND NOT (${wrong}) THEN status END AS status` : name));
  return `SELECT ${columns.join(', ')} FROM (${booking(batch, reading)}) AS b`;
}

/**
 * Gives numbered ids their numbers: within a source and the other parts of the id, rows count from 1 in the order of all their
 * fields. Rows alike in all fields may swap numbers; nobody can tell.
 */
export function numbered(table: string): string {
  const order = 'starts_at ends_at customer_id product description quantity_micro unit_price_micro amount_minor currency status'
    .split(' ').map((name) => `${name} NULLS FIRST`).join(', ');
  const part = (index: number): string => `nullif(split_part(booking_id, ${PART}, ${index}), '')`;
  const rank = `(row_number() OVER (PARTITION BY booking_id ORDER BY ${order}))::VARCHAR`;
  const ranked = `SELECT * REPLACE (concat_ws('/', ${part(1)}, ${rank}, ${part(2)}) AS booking_id) FROM ${table}`;
  return `SELECT ${COLUMNS.join(', ')} FROM (${ranked}) AS t`;
}

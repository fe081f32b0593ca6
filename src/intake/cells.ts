/**
 * One cell of a source file as SQL: from what stands there to the value, and what is wrong with it. Every function gives SQL text.
 * Numbers go from text to integers without ever being floating point; a double is taken by its shortest text.
 */
import { literal } from '../engine/engine.js';
import { groupBy } from '../values/group.js';
import { currencies } from '../values/money.js';
import type { ShiftPiece } from '../calendar/zone.js';

/** What a column holds, as far as intake cares. */
export type Kind = 'text' | 'integer' | 'decimal' | 'float' | 'date' | 'instant' | 'wall' | 'truth' | 'other';

/** The kind of a DuckDB type. `instant` has a zone, `wall` has none. */
export function kindOf(type: string): Kind {
  if (type === 'VARCHAR' || type === 'UUID') return 'text';
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/.test(type)) return 'integer';
  if (type.startsWith('DECIMAL(')) return 'decimal';
  if (type === 'DOUBLE' || type === 'FLOAT') return 'float';
  if (type === 'DATE') return 'date';
  if (type === 'TIMESTAMP WITH TIME ZONE') return 'instant';
  if (/^TIMESTAMP(_S|_MS|_NS)?$/.test(type)) return 'wall';
  return type === 'BOOLEAN' ? 'truth' : 'other';
}

const BLANKS = `' ' || chr(9)`;
const CONTROLS = String.raw`'[\x00-\x1f]'`;

/** Text without blanks around it; nothing left is NULL. */
export function trimmed(cell: string): string {
  return `nullif(trim((${cell})::VARCHAR, ${BLANKS}), '')`;
}

/** Free text: every run of control characters (line ends too) becomes one blank. */
export function oneLine(cell: string): string {
  return trimmed(`regexp_replace((${cell})::VARCHAR, ${String.raw`'[\x00-\x1f]+'`}, ' ', 'g')`);
}

/**
 * Whether texts need neither trimming nor cleaning. JSON allows no control character in a string and is checked three times faster
 * than a regular expression; a text with a quote or a backslash is no JSON either and gets the slow look.
 */
export function isClean(texts: readonly string[]): string {
  const all = texts.join(', ');
  const blank = texts.map((text) => `coalesce(${text} < '!' OR suffix(${text}, ' '), false)`).join(' OR ');
  return `CASE WHEN json_valid(concat('"', ${all}, '"')) THEN true `
    + `ELSE NOT regexp_matches(concat(${all}), ${CONTROLS}) END AND NOT (${blank})`;
}

/** What is wrong with a required or optional word; NULL if nothing. */
export function wordProblem(text: string, required: boolean): string {
  const missing = required ? `WHEN ${text} IS NULL THEN 'is missing'` : '';
  return `CASE ${missing} WHEN regexp_matches(${text}, ${CONTROLS}) THEN 'contains a control character' END`;
}

export interface NumberSql {
  /** Exact DECIMAL, or NULL. */
  readonly value: string;
  readonly problem: (cell: string, value: string) => string;
}

/** How a number is read: `places` decimals, `digits` before them. Zeros beyond the places are no harm. */
export function number(cell: string, kind: Kind, type: string, decimal: '.' | ',', places: number): NumberSql {
  const target = `DECIMAL(18,${places})`;
  const whole = 18 - places;
  const limit = `must be less than 10^${whole} in size`;
  const many = `has more than ${places} decimals`;
  if (kind === 'integer' || kind === 'decimal') {
    const cast = `TRY_CAST(${cell} AS ${target})`;
    const scale = kind === 'decimal' ? Number(/,(\d+)\)/.exec(type)![1]) : 0;
    const value = scale <= places ? cast : `CASE WHEN TRY_CAST(${cast} AS ${type}) = ${cell} THEN ${cast} END`;
    const problem = (raw: string, read: string): string => `CASE WHEN ${raw} IS NOT NULL AND ${read} IS NULL `
      + `THEN CASE WHEN TRY_CAST(${raw} AS ${target}) IS NULL THEN ${literal(limit)} ELSE ${literal(many)} END END`;
    return { value, problem };
  }
  const mark = kind === 'float' || decimal === '.' ? '\\.' : ',';
  const body = String.raw`[+-]?[0-9]{1,${whole}}(${mark}[0-9]{1,${places}}0*)?`;
  // The shortest text of a double below 0.0001 has an exponent.
  const tiny = kind === 'float' && places === 6 ? String.raw`|-?[0-9](\.[0-9])?e-05|-?[0-9]e-06` : '';
  const plain = decimal === ',' && kind !== 'float' ? `replace(${cell}, ',', '.')` : cell;
  const value = `CASE WHEN regexp_full_match(${cell}, ${literal(body + tiny)}) THEN TRY_CAST(${plain} AS ${target}) END`;
  const problem = (raw: string, read: string): string => `CASE WHEN ${raw} IS NOT NULL AND ${read} IS NULL THEN CASE `
    + `WHEN regexp_full_match(${raw}, ${literal(`[+-]?[0-9]{${whole + 1},}(${mark}[0-9]+)?`)}) THEN ${literal(limit)} `
    + `WHEN regexp_full_match(${raw}, ${literal(`[+-]?[0-9]+${mark}[0-9]+`)}) THEN ${literal(many)} `
    + `ELSE ${literal(`is not a number (digits with a decimal ${mark === ',' ? 'comma' : 'point'}, no thousands separators)`)} END END`;
  return { value, problem };
}

/** A DECIMAL(18, places) as the BIGINT of its smallest units; the narrow product serves nearly all, the wide one the rest. */
export function scaled(value: string, places: 3 | 6): string {
  const unit = 10 ** places;
  const narrow = 10 ** (18 - 2 * places);
  return `CASE WHEN ${value} > -${narrow} AND ${value} < ${narrow} THEN (${value} * ${unit})::BIGINT `
    + `ELSE (${value}::DECIMAL(38,${places}) * ${unit})::BIGINT END`;
}

/** Years a booking can lie in. */
const [FIRST, LAST] = ['1900-01-01', '2200-01-01'];

export interface TimeSql {
  /** Local wall time without a zone, or NULL. */
  readonly wall: string;
  /** UTC, where the cell says its own zone, or NULL. */
  readonly utc: string;
}

const CLOCK = String.raw`[T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?`;
const ISO_WALL = String.raw`[0-9]{4}-[0-9]{2}-[0-9]{2}(${CLOCK})?`;
/** No zone is further from UTC than 14 hours. */
const OFFSET = String.raw`Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?`;
const ISO_ZONED = String.raw`[0-9]{4}-[0-9]{2}-[0-9]{2}${CLOCK} ?(${OFFSET})`;
const within = (type: string, cell: string): string => (
  `CASE WHEN ${cell} >= ${type} '${FIRST}' AND ${cell} < ${type} '${LAST}' THEN ${cell} END`);
/** An ICU cast would be ten times slower. */
const utcOf = (zoned: string): string => `make_timestamp(epoch_us(${within('TIMESTAMPTZ', zoned)}))`;

/** What DuckDB casts has seconds, and no blank before its zone. */
function withSeconds(cell: string): string {
  const [minutes, zone] = [literal(String.raw`^(.{13}:[0-9]{2}) ?(${OFFSET})$`), literal(String.raw` (${OFFSET})$`)];
  return `regexp_replace(regexp_replace(${cell}, ${minutes}, '\\1:00\\2'), ${zone}, '\\1')`;
}

/** How a time is read: by its type, by ISO 8601, or by the declared formats in order. `utc` may use the column `wallName`. */
export function time(cell: string, kind: Kind, formats: readonly string[], wallName: string): TimeSql {
  const none = 'NULL::TIMESTAMP';
  if (kind === 'instant') return { wall: none, utc: utcOf(cell) };
  if (kind === 'wall' || kind === 'date') return { wall: within('TIMESTAMP', `(${cell})::TIMESTAMP`), utc: none };
  if (formats.length === 0) {
    return {
      wall: within('TIMESTAMP', `CASE WHEN regexp_full_match(${cell}, ${literal(ISO_WALL)}) THEN TRY_CAST(${cell} AS TIMESTAMP) END`),
      utc: utcOf(`CASE WHEN ${wallName} IS NULL AND regexp_full_match(${cell}, ${literal(ISO_ZONED)}) `
        + `THEN TRY_CAST(${withSeconds(cell)} AS TIMESTAMPTZ) END`),
    };
  }
  // strptime knows words, whatever the format: "epoch" and "infinity" are no dates that anybody means.
  const parse = (format: string): string => (
    `CASE WHEN NOT regexp_matches(${cell}, '(?i)^\\s*(epoch|-?\\+?inf)') THEN try_strptime(${cell}, ${literal(format)}) END`);
  const zoned = formats.filter((format) => isZoned(format)).map((format) => utcOf(parse(format)));
  const walls = formats.filter((format) => !isZoned(format)).map((format) => within('TIMESTAMP', parse(format)));
  const first = (each: readonly string[]): string => (each.length === 0 ? none : `coalesce(${each.join(', ')})`);
  return { wall: first(walls), utc: first(zoned) };
}

/** Whether a strptime format reads an offset. */
export function isZoned(format: string): boolean {
  return format.replaceAll('%%', '').includes('%z');
}

/** The first and the last year that local times may lie in, as columns `low` and `high`; cheap, and rather too wide than too narrow. */
export function years(cells: readonly { readonly cell: string; readonly wall: string; readonly kind: Kind }[], iso: boolean): string {
  const ends = cells.map(({ cell, wall, kind }) => {
    const year = kind === 'text' && iso ? `TRY_CAST(left(${cell}, 4) AS INTEGER)` : null;
    const first = year === null ? `year(min(${wall}))` : `min(${year}) FILTER (WHERE ${year} BETWEEN 1900 AND 2199)`;
    return { low: first, high: first.replace('min(', 'max(') };
  });
  return `least(${ends.map((end) => end.low).join(', ')}) AS low, greatest(${ends.map((end) => end.high).join(', ')}) AS high`;
}

/** What is wrong with a time. */
export function timeProblem(cell: string, value: string, kind: Kind, formats: readonly string[]): string {
  const iso = 'ISO 8601 (2026-05-01, 2026-05-01T08:30, 2026-05-01T08:30:00+02:00)';
  const form = formats.length === 0 ? iso : `the format ${formats.join(' or ')}`;
  const text = kind === 'text' ? `is not a date or time in ${form} from the years 1900 to 2199` : 'lies outside the years 1900 to 2199';
  return `CASE WHEN ${cell} IS NOT NULL AND ${value} IS NULL THEN ${literal(text)} END`;
}

/** Local wall time to UTC by the zone's pieces, as a search tree: a century of clock changes costs seven comparisons. */
export function toUtc(wall: string, pieces: readonly ShiftPiece[]): string {
  const tree = (from: number, until: number): string => {
    if (until - from === 1) return String(Math.round(pieces[from]!.shift_minutes * 60_000_000));
    const middle = Math.ceil((from + until) / 2);
    const cut = literal(pieces[middle - 1]!.until_local!.replace('T', ' '));
    return `CASE WHEN ${wall} < TIMESTAMP ${cut} THEN ${tree(from, middle)} ELSE ${tree(middle, until)} END`;
  };
  if (pieces.length === 1 && pieces[0]!.shift_minutes === 0) return wall;
  return `make_timestamp(epoch_us(${wall}) - ${tree(0, pieces.length)})`;
}

/**
 * The thousandths in one minor unit of a currency; NULL if it is none. A join would hold up all the row's texts; the codes of one
 * exponent stand in one text, the one that is probable first, where a code can only begin at every fourth place.
 */
export function stepOf(cell: string, probable: string): string {
  const known = currencies().sort((a, b) => Number(b.currency === probable) - Number(a.currency === probable));
  const steps = [...groupBy(known, ({ exponent }) => String(exponent))].map(([exponent, codes]) => (
    `WHEN instr('${codes.map(({ currency }) => currency).join(' ')}', ${cell}) % 4 = 1 THEN ${10 ** (3 - Number(exponent))}`));
  return `CASE WHEN strlen(${cell}) <> 3 THEN NULL ${steps.join(' ')} END`;
}

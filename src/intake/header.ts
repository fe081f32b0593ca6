/** Holding the columns a file has against the columns the mapping names. */
import { nearest } from '../config/suggest.js';
import type { BookingField, BookingSource } from '../config/types.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';

/** The word in `booking_id` that stands for the row's number among the rows with the same other parts. */
export const LINE_WORD = 'line';

/** Order in which fields are told. */
export const FIELDS: readonly BookingField[] = [
  'booking_id', 'customer_id', 'product', 'description', 'starts_at', 'ends_at', 'quantity', 'unit_price', 'amount', 'currency', 'status',
];

/** Whether `line` in the booking id means the row's number: it is mapped, and no column is called so. */
export function numbersLines(source: BookingSource, headers: readonly (readonly string[])[]): boolean {
  return (source.columns.booking_id ?? []).includes(LINE_WORD) && !headers.some((names) => names.includes(LINE_WORD));
}

/** Every column the mapping needs, each once, in the order of the fields. */
export function neededColumns(source: BookingSource, lines: boolean): string[] {
  const needed = FIELDS.flatMap((field) => source.columns[field] ?? []);
  const free = lines ? new Set(FIELDS.flatMap((field) => (field === 'booking_id' ? [] : source.columns[field] ?? []))) : null;
  return [...new Set(needed)].filter((name) => free === null || name !== LINE_WORD || free.has(name));
}

/** Findings about one file's columns: the missing ones with what was found, and the ones that stand twice. */
export function checkColumns(file: string, names: readonly string[], needed: readonly string[]): Diagnostic[] {
  const findings: Diagnostic[] = [];
  const missing = needed.filter((name) => !names.includes(name));
  const twice = [...new Set(names.filter((name, index) => name !== '' && names.indexOf(name) !== index))];
  if (missing.length > 0) {
    const spare = names.filter((name) => name !== '' && !needed.includes(name));
    const near = missing.flatMap((name) => nearest(name, spare) ?? []);
    const no = `has no column${missing.length > 1 ? 's' : ''} ${list(missing)}`;
    findings.push(problem('BOOKINGS_COLUMNS', `${file} ${no}; it has ${list(names)}`, {
      at: { file, line: 1 },
      hint: near.length > 0 ? `did you mean ${list(near)}?`
        : names.length === 1 ? 'is the delimiter of the source right?' : 'name the columns as the file does',
    }));
  }
  if (twice.length > 0) {
    findings.push(problem('BOOKINGS_COLUMNS', `${file} has more than one column ${list(twice)}`, {
      at: { file, line: 1 }, hint: 'rename or remove one of them; which one is meant cannot be known',
    }));
  }
  return findings;
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 30).map((name) => JSON.stringify(name)).join(', ');
  return names.length > 30 ? `${shown} and ${names.length - 30} more` : shown;
}

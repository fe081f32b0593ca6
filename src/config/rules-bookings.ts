/** Rules about the sources of bookings. */
import type { Facts } from './facts.js';
import { reference } from './reference.js';
import { STATUSES } from './types.js';

/** Names are part of what identifies a booking in the ledger. */
export function bookingNames(facts: Facts): void {
  const first = new Map<string, number>();
  for (const [index, { name }] of facts.bookings()) {
    const other = first.get(name);
    if (other === undefined) first.set(name, index);
    else {
      facts.error(
        'CONFIG_DUPLICATE_KEY', ['bookings', index, 'name'], `two sources of bookings are called "${name}"`,
        'give each a name of its own', facts.place(['bookings', other, 'name']),
      );
    }
  }
}

/** A booking needs a time, and one column for everything but its id. */
export function bookingColumns(facts: Facts): void {
  for (const [index, { name, columns }] of facts.bookings()) {
    const path = ['bookings', index, 'columns'];
    if (columns.starts_at === undefined && columns.ends_at === undefined) {
      facts.error(
        'CONFIG_MISSING_KEY', path, `bookings ${name}: there is neither starts_at nor ends_at`,
        'map at least one column of time: it decides the period',
      );
    }
    for (const [field, column] of Object.entries(columns)) {
      if (field !== 'booking_id' && typeof column !== 'string' && column.length > 1) {
        facts.error(
          'CONFIG_VALUE', [...path, field], `bookings ${name}: ${field} has ${column.length} columns`,
          'only booking_id can be made of several columns',
        );
      }
    }
  }
}

/** How a file is read must be known and free of contradictions. */
export function bookingFormats(facts: Facts): void {
  for (const [index, source] of facts.bookings()) {
    const path = ['bookings', index];
    if (source.format === undefined && !/\.(csv|parquet)$/i.test(source.path)) {
      facts.error(
        'CONFIG_MISSING_KEY', [...path, 'path'], `bookings ${source.name}: the path does not say the format`,
        'add format: csv or format: parquet',
      );
    }
    const delimiter = source.delimiter ?? ',';
    if (delimiter === (source.quote ?? '"') || /[\r\n]/.test(delimiter)) {
      facts.error(
        'CONFIG_VALUE', [...path, 'delimiter'], `bookings ${source.name}: the delimiter cannot be the quotation sign or a line break`,
        'use "," or ";" or "\\t"',
      );
    }
    if (/[\r\n]/.test(source.quote ?? '"')) {
      facts.error('CONFIG_VALUE', [...path, 'quote'], `bookings ${source.name}: the quotation sign cannot be a line break`, "use '\"'");
    }
  }
}

/** A word of theirs means one thing. */
export function bookingStatuses(facts: Facts): void {
  for (const [index, { name, status, columns }] of facts.bookings()) {
    if (status === undefined) continue;
    const path = ['bookings', index, 'status'];
    if (columns.status === undefined) {
      facts.error('CONFIG_MISSING_KEY', path, `bookings ${name}: there are status words, but no column for them`, 'add columns.status');
    }
    const meaning = new Map<string, string>();
    for (const ours of STATUSES) {
      const theirs = status[ours] ?? [];
      for (const word of typeof theirs === 'string' ? [theirs] : theirs) {
        const other = meaning.get(word);
        if (other !== undefined) {
          facts.error('CONFIG_VALUE', [...path, ours], `bookings ${name}: "${word}" is both ${other} and ${ours}`, 'keep one of them');
        }
        meaning.set(word, ours);
      }
    }
  }
}

export function bookingReferences(facts: Facts): void {
  for (const [index, { product, tax }] of facts.bookings()) {
    if (product !== undefined) reference(facts, 'products', product, ['bookings', index, 'product']);
    if (tax !== undefined) reference(facts, 'taxes', tax, ['bookings', index, 'tax']);
  }
}

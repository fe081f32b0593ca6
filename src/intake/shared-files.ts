/** Files that several sources read. A booking is known by its source and id, so that a row of such a file is a booking of each of them. */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';

import type { BookingField, BookingSource } from '../config/types.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { canonicalJson } from '../values/digest.js';
import { groupBy } from '../values/group.js';
import type { SourceFile } from './files.js';

/** What is billed of a row. */
const BILLED: readonly BookingField[] = ['customer_id', 'product', 'quantity', 'unit_price', 'amount'];

/** Whether a row that both read would be billed twice: the same of it, and some word of status is billable for both. */
function billTheSame(a: BookingSource, b: BookingSource): boolean {
  if (billedOf(a) !== billedOf(b)) return false;
  const [own, other] = [billableWords(a), billableWords(b)];
  return own === null || other === null || own.some((word) => other.includes(word));
}

function billedOf({ columns, product }: BookingSource): string {
  return canonicalJson([product, ...BILLED.map((field) => columns[field] ?? null)]);
}

/** null: all are. */
function billableWords({ columns, status }: BookingSource): string[] | null {
  if (columns.status === undefined || Object.keys(status).length === 0) return null;
  return Object.keys(status).filter((word) => status[word] === 'billable' || status[word] === 'scheduled');
}

/** Files, links resolved, of which two sources would bill the same. Two sources may well bill different things of a row. */
export async function filesBilledTwice(found: ReadonlyMap<BookingSource, readonly SourceFile[]>, root: string): Promise<Diagnostic[]> {
  if (found.size < 2) return [];
  const reads = await Promise.all([...found].flatMap(([source, files]) => (
    files.map(async ({ file }) => ({ source, file, real: await realpath(join(root, file)) })))));
  return [...groupBy(reads, ({ real }) => real).values()].flatMap((readers) => readers.flatMap((one, i) => (
    readers.slice(i + 1).map(({ source }) => source)
      .filter((source) => source !== one.source && billTheSame(source, one.source))
      .map((source) => told(one, source)))));
}

function told({ file, source }: { readonly file: string; readonly source: BookingSource }, other: BookingSource): Diagnostic {
  return problem('BOOKINGS_SHARED_FILE', `${file} is read by the sources "${source.name}" and "${other.name}", `
    + 'which bill the same of its rows: each row would be billed twice', {
    at: { file }, hint: 'let every file match the path of one source, or tell the sources apart by product, amount or status',
  });
}

/** Where the money is, as small tables: the bookings of a currency by what became of them, and its invoices by what they consist of. */
import type { Conservation, InvoiceParts } from '../run/results.js';
import { kindText } from '../documents/kinds.js';
import { markdownTable } from './escape.js';
import type { Style } from './style.js';
import { left, right, table } from './table.js';
import { count } from './words.js';

const BUCKETS: Readonly<Record<string, string>> = {
  billed: 'to be billed', already_billed: 'billed before', waiting: 'waiting for their period', held: 'held',
  cancelled: 'cancelled', ignored: 'ignored', rejected: 'rejected',
};

/** A title, its rows, and how many of the last ones are sums. */
interface Told { readonly title: string; readonly counted: string; readonly rows: readonly (readonly string[])[]; readonly sums: number }

function told(of: Conservation, ran: boolean): Told[] {
  const bookings = of.bookings.map((each): Told => ({
    title: `Bookings ${each.currency}`, counted: 'Bookings', sums: 1,
    rows: [
      ...each.parts.map((part) => [wordsOf(part.bucket, ran), String(part.bookings), part.amount]),
      ['all that were read', String(each.bookings), each.amount],
    ],
  }));
  return [...bookings, ...of.invoices.map(invoiceRows)];
}

function wordsOf(bucket: string, ran: boolean): string {
  return bucket === 'billed' && ran ? 'billed now or in open batches' : BUCKETS[bucket] ?? bucket;
}

function invoiceRows({ state, currency, invoices, parts, net, tax, total }: InvoiceParts): Told {
  const lines = parts.reduce((sum, part) => sum + part.lines, 0);
  return {
    title: `${count(invoices, 'invoice')} ${currency}, ${state === 'processed' ? 'processed now' : 'open'}`, counted: 'Lines', sums: 3,
    rows: [
      ...parts.map((part) => [kindText(part.kind), String(part.lines), part.amount]),
      ['without tax', String(lines), net], ['tax', '', tax], ['in all', '', total],
    ],
  };
}

/** For a terminal; nothing where nothing was read and nothing is billed. `ran`: some bookings may have been billed just now. */
export function conservationText(of: Conservation, style: Style, ran = false): string[] {
  return told(of, ran).flatMap(({ title, counted, rows, sums }) => [
    '', ...table([left(title, 20), right(counted), right('Amount')],
      [...rows.slice(0, -sums), null, ...rows.slice(-sums)], style, '  '),
  ]);
}

/** As Markdown sections. */
export function conservationMarkdown(of: Conservation, ran = false): string[] {
  return told(of, ran).map(({ title, counted, rows }) => markdownTable([title, counted, 'Amount'], rows, [1, 2]));
}

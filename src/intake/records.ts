/**
 * Reading a CSV record by record, with the physical line each one starts on. DuckDB reads the good files; this is for headers,
 * for telling the line of a bad field, and for files DuckDB refuses. It agrees with DuckDB on what a record is: blank lines do not
 * count, a quoted field may span lines, blanks may stand before an opening and after a closing quote.
 */
import { open } from 'node:fs/promises';
import { isUtf8 } from 'node:buffer';

export interface Dialect {
  readonly delimiter: string;
  readonly quote: string;
}

/** One record: 0 is the header. `fault` says why it could not be taken apart; its fields are then not to be trusted. */
export interface CsvRecord {
  readonly record: number;
  readonly line: number;
  readonly fault: string | null;
  fields(): string[];
  /** Positions of the fields that are not UTF-8. */
  badUtf8(): number[];
}

const CHUNK = 1 << 20;
/** A record longer than this is an unclosed quote. */
const MAX_RECORD = 4 << 20;
const [LF, CR, BLANK] = [10, 13, 32];

/** A record found in a buffer: where its fields lie, and where the next one starts; null where the buffer ends too early. */
interface Found {
  readonly next: number;
  readonly lines: number;
  readonly blank: boolean;
  readonly cuts: readonly { readonly from: number; readonly until: number; readonly quoted: boolean }[];
  readonly fault: string | null;
}

/** Calls `visit` for each record from the header on; stops early when it returns false. The file is UTF-8, a BOM is skipped. */
export async function readRecords(path: string, dialect: Dialect, visit: (record: CsvRecord) => boolean): Promise<void> {
  const codes = { delimiter: dialect.delimiter.charCodeAt(0), quote: dialect.quote === '' ? -1 : dialect.quote.charCodeAt(0) };
  const file = await open(path, 'r');
  try {
    let rest: Buffer = Buffer.alloc(0);
    let [line, record, first, ended] = [1, 0, true, false];
    while (!ended) {
      const chunk = Buffer.allocUnsafe(Math.max(CHUNK, rest.length));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, null);
      ended = bytesRead === 0;
      let buffer = ended ? rest : Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      if (first && buffer.length >= 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf) buffer = buffer.subarray(3);
      first = first && buffer.length < 3;
      let position = 0;
      while (position < buffer.length) {
        const found = nextRecord(buffer, position, codes, ended) ?? tooLong(buffer, position);
        if (found === null) break;
        if (!found.blank) {
          if (!visit(decoded(buffer, found, record, line, dialect.quote))) return;
          record += 1;
        }
        position = found.next;
        line += found.lines;
      }
      rest = buffer.subarray(position);
    }
  } finally {
    await file.close();
  }
}

function decoded(buffer: Buffer, found: Found, record: number, line: number, quote: string): CsvRecord {
  const bytes = (): Buffer[] => found.cuts.map((cut) => buffer.subarray(cut.from, cut.until));
  return {
    record,
    line,
    fault: found.fault,
    fields: () => bytes().map((each, index) => {
      const text = each.toString('utf8');
      return found.cuts[index]!.quoted ? text.replaceAll(quote + quote, quote) : text;
    }),
    badUtf8: () => bytes().flatMap((each, index) => (isUtf8(each) ? [] : [index])),
  };
}

function tooLong(buffer: Buffer, start: number): Found | null {
  return buffer.length - start > MAX_RECORD ? faulty(buffer, start, 'a quote is opened and never closed') : null;
}

/** What a broken record costs is its first line only: reading goes on with the next one. */
function faulty(buffer: Buffer, start: number, fault: string): Found {
  let end = start;
  while (end < buffer.length && buffer[end] !== LF && buffer[end] !== CR) end += 1;
  const next = end + (buffer[end] === CR && buffer[end + 1] === LF ? 2 : 1);
  return { next, lines: 1, blank: false, cuts: [{ from: start, until: end, quoted: false }], fault };
}

function nextRecord(buffer: Buffer, start: number, codes: { delimiter: number; quote: number }, ended: boolean): Found | null {
  const cuts: { from: number; until: number; quoted: boolean }[] = [];
  let [at, lines] = [start, 1];
  for (;;) {
    let from = at;
    while (buffer[from] === BLANK && codes.delimiter !== BLANK) from += 1;
    let cut;
    if (codes.quote >= 0 && buffer[from] === codes.quote) {
      let end = from + 1;
      for (; ; end += 1) {
        if (end >= buffer.length) return ended ? faulty(buffer, start, 'a quote is opened and never closed') : null;
        const code = buffer[end]!;
        if (code === codes.quote && buffer[end + 1] === codes.quote) end += 1;
        else if (code === codes.quote) break;
        else if (code === LF || (code === CR && buffer[end + 1] !== LF)) lines += 1;
      }
      cut = { from: from + 1, until: end, quoted: true };
      at = end + 1;
      while (buffer[at] === BLANK && codes.delimiter !== BLANK) at += 1;
      // The quote may be the first half of a doubled one, and a CR the first half of a line end, across two chunks.
      if (at + 1 >= buffer.length && !ended) return null;
      const after = buffer[at];
      if (after !== undefined && after !== codes.delimiter && after !== LF && after !== CR) {
        return faulty(buffer, start, 'something follows a closing quote');
      }
    } else {
      let end = at;
      while (end < buffer.length && buffer[end] !== codes.delimiter && buffer[end] !== LF && buffer[end] !== CR) end += 1;
      if (end + 1 >= buffer.length && !ended) return null;
      cut = { from: at, until: end, quoted: false };
      at = end;
    }
    cuts.push(cut);
    const code = buffer[at];
    if (code === codes.delimiter) {
      at += 1;
      if (at >= buffer.length && !ended) return null;
      continue;
    }
    const blank = cuts.length === 1 && cut.until === cut.from && !cut.quoted;
    return { next: at + (code === CR && buffer[at + 1] === LF ? 2 : 1), lines, blank, cuts, fault: null };
  }
}

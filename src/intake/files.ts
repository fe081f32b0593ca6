/** Finding a source's files and making them readable: by pattern, by their first bytes, and in UTF-8. */
import { createReadStream, createWriteStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { pipeline } from 'node:stream/promises';

import type { ConfigFiles } from '../config/files.js';
import type { BookingSource } from '../config/types.js';
import { problem, warning } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';

/** A file that was found, before anything in it is known. */
export interface SourceFile {
  readonly file_key: number;
  readonly source: string;
  /** Relative to the project, forward slashes. */
  readonly file: string;
  readonly bytes: number;
  /** What is read: the file itself, or its UTF-8 copy in the scratch folder. */
  readonly path: string;
}

export interface FindOptions {
  readonly root: string;
  readonly scratch: string;
  readonly files: Pick<ConfigFiles, 'glob'>;
}

/** The files of all sources by source, keys counting from 1; files that cannot be read are left out and told. */
export async function findFiles(
  sources: readonly BookingSource[], options: FindOptions, diagnostics: Diagnostic[],
): Promise<ReadonlyMap<BookingSource, readonly SourceFile[]>> {
  const found = new Map<BookingSource, SourceFile[]>();
  let key = 0;
  for (const source of sources) {
    const { files: matches, refused } = await options.files.glob(source.path);
    diagnostics.push(...refused.map(({ path, why }) => unreadable(path, why, OWN_FILE)));
    const listed = matches.map((file) => posix.normalize(file));
    // Control totals often lie beside the files they speak of.
    const control = source.control === null ? null : posix.normalize(source.control);
    const names = [...new Set(listed)].filter((file) => file !== control).sort();
    if (names.length + refused.length === 0) {
      diagnostics.push(warning('BOOKINGS_NO_FILES', `no file matches the path of source "${source.name}": ${source.path}`, {
        hint: 'nothing of this source is billed; check the path if files were expected',
      }));
    }
    const files: SourceFile[] = [];
    for (const file of names) {
      key += 1;
      const opened = await openFile(source, file, key, options);
      if ('path' in opened) files.push(opened);
      else diagnostics.push(opened);
    }
    found.set(source, files);
  }
  return found;
}

async function openFile(source: BookingSource, file: string, key: number, options: FindOptions): Promise<SourceFile | Diagnostic> {
  const path = join(options.root, file);
  try {
    const { size } = await stat(path);
    const trouble = source.format === 'csv' ? csvTrouble(await head(path), size, source) : null;
    if (trouble !== null) return unreadable(file, trouble.message, trouble.hint);
    const utf8 = source.format === 'csv' && source.encoding !== 'utf-8';
    const copy = join(options.scratch, `${key}.csv`);
    if (utf8) await transcode(path, copy, source.encoding);
    return { file_key: key, source: source.name, file, bytes: size, path: utf8 ? copy : path };
  } catch (error) {
    return unreadable(file, reason(error), error instanceof TypeError ? `is its encoding ${source.encoding}?` : undefined);
  }
}

const OWN_FILE = 'put the file itself into the project, readable for this user, or change the path of the source so that it does not match';

/** The finding that a file cannot be read. */
export function unreadable(file: string, message: string, hint?: string): Diagnostic {
  return problem('BOOKINGS_UNREADABLE', `${file} ${message}`, { at: { file }, ...(hint === undefined ? {} : { hint }) });
}

function reason(error: unknown): string {
  if (error instanceof TypeError) return 'cannot be decoded';
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EACCES' || code === 'EPERM' ? 'may not be read (permission denied)' : `cannot be read (${code ?? String(error)})`;
}

/** The first bytes of a file. */
export async function head(path: string, length = 4): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function csvTrouble(start: Buffer, size: number, source: BookingSource): { message: string; hint: string } | null {
  if (size === 0) return { message: 'is empty', hint: 'a CSV file has at least the line with the names of the columns; was it cut off?' };
  const begins = (...bytes: number[]): boolean => bytes.every((byte, index) => start[index] === byte);
  if (begins(0x50, 0x41, 0x52, 0x31)) return { message: 'is a Parquet file', hint: 'write `format: parquet` for this source' };
  if (begins(0x1f, 0x8b)) return { message: 'is compressed (gzip)', hint: 'unpack it first' };
  if (begins(0x50, 0x4b, 0x03, 0x04)) return { message: 'is a zip archive or a spreadsheet', hint: 'export it as CSV' };
  const utf16 = begins(0xff, 0xfe) || begins(0xfe, 0xff);
  if (!utf16 || source.encoding === 'utf-16') return null;
  return { message: `is UTF-16, not ${source.encoding}`, hint: 'write `encoding: utf-16` for this source' };
}

/** Copies a file to UTF-8. UTF-16 goes by its byte-order mark, without one it is little-endian. */
async function transcode(from: string, to: string, encoding: BookingSource['encoding']): Promise<void> {
  const decode = await decoder(from, encoding);
  await pipeline(
    createReadStream(from, { highWaterMark: 1 << 20 }),
    async function* decoded(chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) yield decode(chunk);
      yield decode(null);
    },
    createWriteStream(to),
  );
}

async function decoder(from: string, encoding: BookingSource['encoding']): Promise<(chunk: Buffer | null) => string> {
  // What the web calls latin1 is windows-1252; Node's own latin1 is the true one.
  if (encoding === 'latin-1') return (chunk) => (chunk === null ? '' : chunk.toString('latin1'));
  const start = await head(from, 2);
  const big = start[0] === 0xfe && start[1] === 0xff;
  const text = new TextDecoder(encoding === 'windows-1252' ? 'windows-1252' : big ? 'utf-16be' : 'utf-16le', { fatal: true });
  return (chunk) => (chunk === null ? text.decode() : text.decode(chunk, { stream: true }));
}

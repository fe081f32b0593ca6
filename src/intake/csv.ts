/** CSV files into raw tables of text: by DuckDB where it takes the file, record by record where it does not. */
import type { BookingSource } from '../config/types.js';
import { fileLiteral, literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { unreadable } from './files.js';
import type { SourceFile } from './files.js';
import { checkColumns, neededColumns, numbersLines } from './header.js';
import type { Batch } from './normalise.js';
import { readRecords } from './records.js';

/** A record that could not be taken apart into its fields. */
export interface Fault {
  readonly file: SourceFile;
  readonly record: number;
  readonly line: number;
  readonly column: string | null;
  readonly message: string;
}

/** The files of one source, ready to be normalised. `rows` by file key counts all records. */
export interface Loaded {
  readonly batches: Batch[];
  readonly rows: Map<number, number>;
  readonly faults: Fault[];
  /** Temporary tables to drop afterwards. */
  readonly tables: string[];
}

type Shape = Omit<Batch, 'relation'>;
/** `line`: the first one that is not blank, with the names. */
interface Header { readonly names: readonly string[]; readonly line: number }
interface Headed extends Header { readonly file: SourceFile }

/** Loads the CSV files of a source; findings about whole files go to `diagnostics`, and those files are left out. */
export async function loadCsv(
  engine: Engine, source: BookingSource, files: readonly SourceFile[], diagnostics: Diagnostic[],
): Promise<Loaded> {
  const loaded: Loaded = { batches: [], rows: new Map(), faults: [], tables: [] };
  if (!isSingle(source.delimiter) || (source.quote !== '' && !isSingle(source.quote))) {
    diagnostics.push(problem('CONFIG_VALUE', `source "${source.name}": delimiter and quote are one ASCII character each`));
    return loaded;
  }
  const headed: Headed[] = [];
  for (const file of files) {
    const header = await headerOf(file, source);
    if ('names' in header) headed.push({ file, ...header });
    else diagnostics.push(header);
  }
  const lines = numbersLines(source, headed.map((each) => each.names));
  const needed = neededColumns(source, lines);
  const groups = new Map<string, Headed[]>();
  for (const each of headed) {
    const findings = checkColumns(each.file.file, each.names, needed);
    diagnostics.push(...findings);
    const key = JSON.stringify([each.names, each.line]);
    if (findings.length === 0) groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  for (const group of groups.values()) {
    const names = group[0]!.names;
    const columns = new Map(needed.map((name) => [name, { alias: `c${names.indexOf(name)}`, type: 'VARCHAR' }]));
    const batch = { source, columns, lines };
    const whole = await readSet(engine, group, batch, loaded);
    if (whole) continue;
    for (const each of group) if (!(await readSet(engine, [each], batch, loaded))) await readSlowly(engine, each, batch, loaded);
  }
  return loaded;
}

function isSingle(text: string): boolean {
  return /^[\t\x20-\x7e]$/.test(text);
}

async function headerOf(file: SourceFile, source: BookingSource): Promise<Header | Diagnostic> {
  let header: Header | Diagnostic = unreadable(file.file, 'is empty', 'a CSV file has at least the line with the names of the columns');
  await readRecords(file.path, source, (record) => {
    if (record.fault !== null) {
      header = unreadable(file.file, `has a broken header: ${record.fault}`, 'the first line holds the names of the columns');
    } else if (record.badUtf8().length > 0) {
      header = unreadable(file.file, 'is not UTF-8', 'write the `encoding` of the source: windows-1252, latin-1 or utf-16');
    } else header = { names: record.fields().map((name) => name.trim()), line: record.line };
    return false;
  });
  return header;
}

/**
 * Reads files of one shape in one statement; false if DuckDB refuses any. The order of insertion gives the record numbers. It takes the
 * first line for the header, also a blank one, and where it skips lines it finds no rows behind line ends of two kinds.
 */
async function readSet(engine: Engine, group: readonly Headed[], batch: Shape, loaded: Loaded): Promise<boolean> {
  if (group[0]!.line > 1) return false;
  const table = nextTable(loaded);
  const { delimiter, quote } = batch.source;
  const types = group[0]!.names.map((_, index) => `c${index}: 'VARCHAR'`).join(', ');
  const aliases = [...batch.columns.values()].map((column) => column.alias);
  const files = group.map((each) => fileLiteral(each.file.path)).join(', ');
  const one = group.length === 1;
  let rows = 0;
  try {
    await engine.run('SET preserve_insertion_order = true');
    rows = await engine.count(`CREATE OR REPLACE TEMP TABLE ${table} AS SELECT file_index::INTEGER AS f, ${aliases.join(', ')} `
      + `FROM read_csv([${files}], auto_detect = false, header = true, delim = ${literal(delimiter)}, `
      + `quote = ${literal(quote)}, escape = ${literal(quote)}, columns = {${types}})`);
  } catch {
    return false;
  } finally {
    await engine.run('SET preserve_insertion_order = false');
  }
  loaded.tables.push(table);
  const sizes = one ? [{ f: 0, first: 0n, n: rows }] : await engine.rows<{ f: number; first: bigint; n: bigint }>(
    `SELECT f, min(rowid) AS first, count(*) AS n FROM ${table} GROUP BY f`);
  const firsts = group.map((_, index) => sizes.find((size) => size.f === index)?.first ?? 0n);
  group.forEach((each, index) => loaded.rows.set(each.file.file_key, Number(sizes.find((size) => size.f === index)?.n ?? 0)));
  const keys = group.map((each) => each.file.file_key);
  loaded.batches.push({
    ...batch,
    relation: `SELECT ${pick(keys, 'f')}::INTEGER AS file_key, rowid - ${pick(firsts, 'f')} + 1 AS record, ${aliases.join(', ')} `
      + `FROM ${table}`,
  });
  return true;
}

function nextTable(loaded: Loaded): string {
  return `raw_${loaded.tables.length}`;
}

/** The `index`-th of a list, as SQL. */
export function pick(list: readonly (number | bigint)[], index: string): string {
  return list.length === 1 ? String(list[0]) : `[${list.join(', ')}][(${index})::BIGINT + 1]`;
}

async function readSlowly(engine: Engine, each: Headed, batch: Shape, loaded: Loaded): Promise<void> {
  const table = nextTable(loaded);
  const columns = [...batch.columns].map(([name, column]) => ({ name, alias: column.alias, index: each.names.indexOf(name) }));
  const texts = columns.map((column) => `${column.alias} VARCHAR`).join(', ');
  await engine.run(`CREATE OR REPLACE TEMP TABLE ${table} (file_key INTEGER, record BIGINT, ${texts})`);
  loaded.tables.push(table);
  const appender = await engine.connection.createAppender(table, 'main', 'temp');
  let rows = 0;
  await readRecords(each.file.path, batch.source, (record) => {
    if (record.record === 0) return true;
    rows = record.record;
    const fields = record.fields();
    const trailing = fields.length === each.names.length + 1 && fields.at(-1) === '';
    const fault = record.fault ?? (fields.length === each.names.length || trailing ? null
      : `has ${fields.length} fields where the header has ${each.names.length}`);
    const bad = fault === null ? columns.find((column) => record.badUtf8().includes(column.index)) : undefined;
    if (fault !== null || bad !== undefined) {
      const message = fault ?? 'is not UTF-8 (is the source\'s `encoding` right?)';
      loaded.faults.push({ file: each.file, record: record.record, line: record.line, column: bad?.name ?? null, message });
      return true;
    }
    appender.appendInteger(each.file.file_key);
    appender.appendBigInt(BigInt(record.record));
    for (const column of columns) appender.appendVarchar(fields[column.index]!);
    appender.endRow();
    return true;
  });
  appender.closeSync();
  loaded.rows.set(each.file.file_key, rows);
  loaded.batches.push({ ...batch, relation: `SELECT * FROM ${table}` });
}

/** Parquet files: what they say about themselves, and the relation that reads those of one schema together. */
import type { BookingField, BookingSource } from '../config/types.js';
import { fileLiteral, identifier } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { kindOf } from './cells.js';
import type { Kind } from './cells.js';
import { pick } from './csv.js';
import type { Loaded } from './csv.js';
import { head, unreadable } from './files.js';
import type { SourceFile } from './files.js';
import { FIELDS, checkColumns, neededColumns, numbersLines } from './header.js';

interface Described { readonly file: SourceFile; readonly rows: number; readonly types: ReadonlyMap<string, string> }

const OPTIONS = 'file_row_number = true, hive_partitioning = false, union_by_name = false, binary_as_string = true';

/** Looks into the Parquet files of a source; nothing is read yet but the footers. */
export async function loadParquet(
  engine: Engine, source: BookingSource, files: readonly SourceFile[], diagnostics: Diagnostic[],
): Promise<Loaded> {
  const loaded: Loaded = { batches: [], rows: new Map(), faults: [], tables: [] };
  const described: Described[] = [];
  for (const file of files) {
    const found = await describe(engine, file);
    if ('types' in found) described.push(found);
    else diagnostics.push(found);
  }
  const lines = numbersLines(source, described.map((each) => [...each.types.keys()]));
  const needed = neededColumns(source, lines);
  const groups = new Map<string, Described[]>();
  for (const each of described) {
    const findings = checkColumns(each.file.file, [...each.types.keys()], needed).map(withoutLine);
    if (findings.length === 0) findings.push(...checkTypes(each, source));
    diagnostics.push(...findings);
    // A column of that name would hide DuckDB's own, which tells the files of a group apart.
    const alone = each.types.has('file_index') ? each.file.file_key : null;
    const key = JSON.stringify([alone, needed.map((name) => each.types.get(name))]);
    if (findings.length === 0) groups.set(key, [...(groups.get(key) ?? []), each]);
  }
  for (const group of groups.values()) {
    const columns = new Map(needed.map((name, index) => [name, { alias: `c${index}`, type: group[0]!.types.get(name)! }]));
    const paths = group.map((each) => fileLiteral(each.file.path)).join(', ');
    const key = pick(group.map((each) => each.file.file_key), 'file_index');
    const cells = [...columns].map(([name, column]) => `${identifier(name)} AS ${column.alias}`).join(', ');
    loaded.batches.push({
      source, columns, lines,
      relation: `SELECT ${key}::INTEGER AS file_key, file_row_number + 1 AS record, ${cells} FROM read_parquet([${paths}], ${OPTIONS})`,
    });
    for (const each of group) loaded.rows.set(each.file.file_key, each.rows);
  }
  return loaded;
}

function withoutLine(finding: Diagnostic): Diagnostic {
  return { ...finding, at: { file: finding.at!.file } };
}

async function describe(engine: Engine, file: SourceFile): Promise<Described | Diagnostic> {
  const path = fileLiteral(file.path);
  const start = (await head(file.path)).toString('latin1');
  if (start === 'PARE') return unreadable(file.file, 'is encrypted');
  if (start !== 'PAR1') return unreadable(file.file, 'is not a Parquet file', 'write `format: csv` if it is one, or make it again');
  try {
    const { rows } = await engine.row<{ rows: bigint }>(`SELECT num_rows AS rows FROM parquet_file_metadata(${path})`);
    const { brotli } = await engine.row<{ brotli: bigint }>(
      `SELECT count(*) AS brotli FROM parquet_metadata(${path}) WHERE compression = 'BROTLI'`);
    // CVE-2026-111497: the bundled Brotli decoder may write out of bounds.
    const remedy = 'write it with Snappy or Zstandard';
    if (brotli > 0n) return unreadable(file.file, 'is compressed with Brotli, which is not safe to read', remedy);
    const columns = await engine.rows<{ column_name: string; column_type: string }>(
      `DESCRIBE SELECT * EXCLUDE (file_row_number) FROM read_parquet(${path}, ${OPTIONS})`);
    return { file, rows: Number(rows), types: new Map(columns.map((column) => [column.column_name, column.column_type])) };
  } catch {
    return unreadable(file.file, 'is damaged or cut off: it has no readable Parquet footer', 'was the copy complete? make it again');
  }
}

const TEXT: readonly Kind[] = ['text', 'integer', 'truth'];
const NUMBER: readonly Kind[] = ['text', 'integer', 'decimal', 'float'];
const TIME: readonly Kind[] = ['text', 'instant', 'wall', 'date'];

const HINTS = new Map([[TEXT, 'text or a whole number'], [NUMBER, 'a decimal'], [TIME, 'a timestamp']]);

function allowed(field: BookingField): readonly Kind[] {
  if (field === 'starts_at' || field === 'ends_at') return TIME;
  return field === 'quantity' || field === 'unit_price' || field === 'amount' ? NUMBER : TEXT;
}

function checkTypes(each: Described, source: BookingSource): Diagnostic[] {
  return FIELDS.flatMap((field) => (source.columns[field] ?? []).flatMap((name): Diagnostic[] => {
    const type = each.types.get(name);
    if (type === undefined || allowed(field).includes(kindOf(type)) || /^DECIMAL\(\d+,0\)$/.test(type)) return [];
    return [problem('BOOKINGS_COLUMNS', `${each.file.file}: column ${JSON.stringify(name)} is ${type}, which cannot be a ${field}`, {
      at: { file: each.file.file }, hint: `write it as ${HINTS.get(allowed(field))}`,
    })];
  }));
}

/** Which files of a relation cannot be read to the end, after reading them together has failed. */
export async function findDamaged(engine: Engine, files: readonly SourceFile[]): Promise<Diagnostic[]> {
  const findings: Diagnostic[] = [];
  for (const file of files) {
    try {
      // Counts alone would be told by the footer.
      await engine.rows(`SELECT bit_xor(hash(COLUMNS(*))) FROM read_parquet(${fileLiteral(file.path)}, ${OPTIONS})`);
    } catch (error) {
      const text = /encod|utf/i.test(String(error)) ? 'holds text that is not UTF-8' : 'is damaged: its footer is whole, its data is not';
      findings.push(unreadable(file.file, text, 'make it again'));
    }
  }
  return findings;
}

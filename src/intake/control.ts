/** Control totals: what the sender says each file holds, against what was read. */
import { join, posix } from 'node:path';
import { stat } from 'node:fs/promises';

import type { BookingSource } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { problem, warning } from '../values/diagnostic.js';
import type { Diagnostic, Place } from '../values/diagnostic.js';
import { currencies, exponentOf, formatScaled, parseDecimal } from '../values/money.js';
import { checkColumns } from './header.js';
import { readRecords } from './records.js';

interface Total { readonly file: string; readonly rows: string; readonly amount: string; readonly at: Place }
interface Read { file: string; rows: bigint; rejected: bigint; milli: bigint }

/**
 * Compares the control file of a source, if it has one. `amount` is the plain sum of the rows' amounts, or of quantity times
 * unit price rounded per row (half away from zero), whatever their currencies and statuses; blank cells are not compared.
 */
export async function checkControl(engine: Engine, source: BookingSource, options: { readonly root: string }): Promise<Diagnostic[]> {
  if (source.control === null) return [];
  const control = source.control;
  const totals = await readControl(source, control, join(options.root, control));
  if (!Array.isArray(totals)) return totals.findings;
  const read = await sums(engine, source);
  const folder = posix.dirname(posix.normalize(control));
  const findings: Diagnostic[] = [];
  const listed = new Set<string>();
  for (const total of totals) {
    const names = [posix.normalize(total.file), posix.join(folder, total.file)];
    const found = read.find((file) => names.includes(file.file));
    if (found === undefined) {
      findings.push(problem('CONTROL_MISMATCH', `${total.file} is listed with ${total.rows} rows, but was not read`, {
        at: total.at, hint: `is the file missing, or outside ${source.path}?`,
      }));
      continue;
    }
    if (listed.has(found.file)) findings.push(problem('CONTROL_MISMATCH', `${total.file} is listed twice`, { at: total.at }));
    listed.add(found.file);
    findings.push(...compare(total, found, source));
  }
  for (const file of read) {
    if (listed.has(file.file)) continue;
    findings.push(warning('CONTROL_MISMATCH', `${file.file} was read, but ${control} does not list it`, { at: { file: file.file } }));
  }
  return findings;
}

function compare(total: Total, read: Read, source: BookingSource): Diagnostic[] {
  const findings: Diagnostic[] = [];
  const hint = `the files are not what the sender sent; ask for them again, or mend ${source.control}`;
  const bad = (message: string): void => {
    findings.push(problem('CONTROL_MISMATCH', `${read.file}: ${message}`, { at: total.at, also: { file: read.file }, hint }));
  };
  if (total.rows !== '') {
    const rows = /^\d{1,15}$/.test(total.rows) ? BigInt(total.rows) : null;
    if (rows === null) bad(`rows "${total.rows}" is not a whole number`);
    else if (rows !== read.rows) bad(`${rows} rows by the control file, ${read.rows} read`);
  }
  if (total.amount !== '') {
    const amount = parseDecimal(source.decimal === ',' ? total.amount.replace(',', '.') : total.amount, 3);
    const rejected = read.rejected > 0n ? ` (${read.rejected} rejected rows not counted)` : '';
    if (amount === null) bad(`amount "${total.amount}" is not a number with at most 3 decimals`);
    else if (amount !== read.milli) bad(`amount ${shown(amount)} by the control file, ${shown(read.milli)} read${rejected}`);
  }
  return findings;
}

/** Thousandths with at least two decimals. */
function shown(milli: bigint): string {
  return formatScaled(milli, 3).replace(/0$/, '');
}

async function readControl(source: BookingSource, file: string, path: string): Promise<Total[] | { findings: Diagnostic[] }> {
  const totals: Total[] = [];
  const findings: Diagnostic[] = [];
  let names: string[] = [];
  try {
    await stat(path);
    await readRecords(path, source, (record) => {
      const fields = record.fields().map((field) => field.trim());
      if (record.record === 0) {
        names = fields;
        findings.push(...checkColumns(file, names, ['file', 'rows', 'amount']));
        return findings.length === 0;
      }
      const cell = (name: string): string => fields[names.indexOf(name)] ?? '';
      const at = { file, line: record.line };
      totals.push({ file: cell('file').replaceAll('\\', '/'), rows: cell('rows'), amount: cell('amount'), at });
      return true;
    });
  } catch {
    return { findings: [problem('BOOKINGS_UNREADABLE', `the control file ${file} of source "${source.name}" cannot be read`, {
      at: { file }, hint: 'put it there, or take `control` out of the source',
    })] };
  }
  if (names.length === 0) findings.push(problem('BOOKINGS_UNREADABLE', `the control file ${file} is empty`, { at: { file } }));
  return findings.length > 0 ? { findings } : totals;
}

/** Rows and amount of each file of a source, amounts in thousandths. */
async function sums(engine: Engine, source: BookingSource): Promise<Read[]> {
  const parts = await engine.rows<{ file_key: number; currency: string; minor: bigint }>(
    'SELECT file_key, currency, '
    + 'sum(coalesce(amount_minor::HUGEINT, sign(product)::HUGEINT * ((abs(product) + half) // step), 0)) AS minor '
    + 'FROM (SELECT file_key, currency, amount_minor, quantity_micro::HUGEINT * unit_price_micro AS product, '
    + `${steps()} AS step, step // 2 AS half FROM input.bookings WHERE source = ${literal(source.name)}) AS b GROUP BY file_key, currency`);
  const files = await engine.rows<{ file_key: number; file: string; rows: bigint; rejected: bigint }>(
    'SELECT f.file_key, f.file, f.rows, '
    + '(SELECT count(DISTINCT r.record) FROM input.rejects AS r WHERE r.source = f.source AND r.file = f.file) AS rejected '
    + `FROM input.files AS f WHERE f.source = ${literal(source.name)} ORDER BY f.file_key`);
  return files.map(({ file_key, file, rows, rejected }) => ({
    file, rows, rejected,
    milli: parts.filter((part) => part.file_key === file_key)
      .reduce((sum, part) => sum + part.minor * 10n ** BigInt(3 - exponentOf(part.currency)), 0n),
  }));
}

/** Millionths times millionths in one minor unit, by currency. */
function steps(): string {
  const of = (exponent: number): string => `1${'0'.repeat(12 - exponent)}::HUGEINT`;
  const rest = [0, 3].map((exponent) => {
    const codes = currencies().filter((each) => each.exponent === exponent).map((each) => `'${each.currency}'`);
    return `WHEN currency IN (${codes.join(', ')}) THEN ${of(exponent)}`;
  });
  return `CASE ${rest.join(' ')} ELSE ${of(2)} END`;
}

/** Rows that cannot be billed: what is wrong with which field, where, in `input.rejects` and as findings. */
import type { BookingSource } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { problem, warning } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { Fault } from './csv.js';
import { FIELDS } from './header.js';
import { placesOf } from './places.js';

/** How many are told one by one. */
const TOLD = 50;
const CODE = 'BOOKING_VALUE';

/** Files records that could not be taken apart. */
export async function addFaults(engine: Engine, faults: readonly Fault[]): Promise<void> {
  await engine.append('input', 'rejects', faults, (appender, fault) => {
    appender.appendVarchar(fault.file.source);
    appender.appendVarchar(fault.file.file);
    appender.appendBigInt(BigInt(fault.record));
    appender.appendBigInt(BigInt(fault.line));
    if (fault.column === null) appender.appendNull();
    else appender.appendVarchar(fault.column);
    appender.appendVarchar(CODE);
    appender.appendVarchar(fault.message);
    appender.appendNull();
  });
}

/** Files the bad fields of the rows of `relation`, a SELECT with `t_<field>` and `p_<field>`; finds their lines. */
export async function addRejects(engine: Engine, source: BookingSource, relation: string): Promise<void> {
  const each = FIELDS.map((field) => {
    const name = literal((source.columns[field] ?? [field]).join(', '));
    const value = field === 'booking_id' ? `replace(t_booking_id, chr(31), '/')` : `t_${field}::VARCHAR`;
    return `{'name': ${name}, 'message': p_${field}, 'value': ${value}}`;
  });
  await engine.run('CREATE OR REPLACE TEMP TABLE found AS SELECT file_key, record, bad.name, bad.message, bad.value, NULL::BIGINT AS line '
    + `FROM (SELECT file_key, record, unnest([${each.join(', ')}]) AS bad FROM (${relation}) AS r) AS u WHERE bad.message IS NOT NULL`);
  if (source.format === 'csv') await findLines(engine);
  await engine.run(`INSERT INTO input.rejects SELECT f.source, f.file, r.record, r.line, r.name, '${CODE}', r.message, r.value `
    + 'FROM found AS r JOIN input.files AS f USING (file_key) ORDER BY r.file_key, r.record, r.name; DROP TABLE found');
}

async function findLines(engine: Engine): Promise<void> {
  const rows = (await engine.rows<{ file_key: number; record: bigint }>('SELECT DISTINCT file_key, record FROM found'))
    .map((row) => ({ file_key: row.file_key, record: Number(row.record) }));
  const places = await placesOf(engine, rows);
  await engine.run('CREATE OR REPLACE TEMP TABLE found_lines (file_key INTEGER, record BIGINT, line BIGINT)');
  const appender = await engine.connection.createAppender('found_lines', 'main', 'temp');
  rows.forEach((row, index) => {
    const line = places[index]!.line;
    if (line === undefined) return;
    appender.appendInteger(row.file_key);
    appender.appendBigInt(BigInt(row.record));
    appender.appendBigInt(BigInt(line));
    appender.endRow();
  });
  appender.closeSync();
  await engine.run('UPDATE found SET line = l.line FROM found_lines AS l WHERE l.file_key = found.file_key AND l.record = found.record');
  await engine.run('DROP TABLE found_lines');
}

interface Reject {
  readonly file: string;
  readonly record: bigint;
  readonly line: bigint | null;
  readonly column_name: string | null;
  readonly message: string;
  readonly value: string | null;
}

/** The rejects as findings, the first fifty of each severity one by one. */
export async function rejectDiagnostics(engine: Engine, sources: readonly BookingSource[]): Promise<Diagnostic[]> {
  const findings: Diagnostic[] = [];
  for (const policy of ['fail', 'quarantine'] as const) {
    const names = sources.filter((source) => source.on_reject === policy).map((source) => literal(source.name));
    if (names.length === 0) continue;
    const where = `FROM input.rejects WHERE source IN (${names.join(', ')})`;
    const { n } = await engine.row<{ n: bigint }>(`SELECT count(*) AS n ${where}`);
    if (n === 0n) continue;
    const rejects = await engine.rows<Reject>(`SELECT * ${where} ORDER BY file, record, column_name NULLS FIRST, message LIMIT ${TOLD}`);
    const make = policy === 'fail' ? problem : warning;
    findings.push(...rejects.map((reject) => make(CODE, told(reject), {
      at: { file: reject.file, ...(reject.line === null ? {} : { line: Number(reject.line) }) }, ...hintOf(reject),
    })));
    if (n > BigInt(TOLD)) {
      const rows = await engine.row<{ n: bigint }>(`SELECT count(DISTINCT (file, record)) AS n ${where}`);
      findings.push(make(CODE, `and ${n - BigInt(TOLD)} more; in all ${n} bad values in ${rows.n} rows`));
    }
  }
  return findings;
}

/** The remedy where one is likely. */
function hintOf({ message, value }: Reject): { hint?: string } {
  if (message.startsWith('is not a number')) {
    if (/^[+-]?[0-9.]*,[0-9]+$/.test(value ?? '')) return { hint: 'for decimal commas write `decimal: ","` in the source' };
    if (/^[+-]?[0-9,]*\.[0-9]+$/.test(value ?? '')) return { hint: 'for decimal points write `decimal: "."` in the source' };
  }
  if (message.startsWith('is not a date')) return { hint: 'other formats are declared in the source: `date_formats: ["%d.%m.%Y %H:%M"]`' };
  if (message.startsWith('is not a known status')) return { hint: 'say under `status` of the source what this word means' };
  if (message.includes('UTF-8')) return { hint: 'try `encoding: windows-1252`' };
  return {};
}

function told(reject: Reject): string {
  const where = reject.line === null ? `row ${reject.record}: ` : '';
  if (reject.column_name === null) return `${where}the row cannot be read: ${reject.message}`;
  const short = reject.value !== null && reject.value.length > 80 ? `${reject.value.slice(0, 80)}…` : reject.value;
  const value = short === null ? '' : ` ${JSON.stringify(short)}`;
  return `${where}${reject.column_name}${value} ${reject.message}`;
}

/** `duebook export`: the history as files, one a view; the same ledger gives the same bytes. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { VIEWS } from '../ledger/history-views.js';
import { fail } from '../values/diagnostic.js';
import { openContext } from './context.js';
import { currentHistory } from './query.js';
import { SCHEMA_VERSION } from './results.js';
import type { ExportResult } from './results.js';
import type { CommonOptions, World } from './world.js';
import { safeText } from './spreadsheet.js';

/** Total sort key of each view. */
const KEYS: Readonly<Record<string, string>> = {
  invoices: 'serial, number, invoice_id',
  invoice_lines: 'invoice_id, line_no',
  invoice_taxes: 'invoice_id, tax_id, rate',
  billed_bookings: 'source, booking_id, invoice_id, line_no',
  events: 'serial, "at", subject, subject_id, event, detail::VARCHAR',
  messages: 'queued_at, message_id',
  runs: 'serial',
};

export interface ExportOptions extends CommonOptions {
  /** Folder, relative to the current one; it is made. Files of an earlier export are replaced. */
  readonly to: string;
  readonly format: 'csv' | 'parquet';
}

/** Writes every view. Throws USAGE when the folder cannot be written. */
export async function exportHistory(world: World, options: ExportOptions): Promise<ExportResult> {
  const context = await openContext(world, options);
  const folder = resolve(world.cwd, options.to);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    const reason = (error as NodeJS.ErrnoException).code ?? 'no';
    fail('USAGE', `the folder ${options.to} cannot be made: the system says ${reason}`, { hint: 'name another folder after --to' });
  });
  const progress = world.log.progress('export', Object.keys(KEYS).length);
  const files: { file: string; rows: number }[] = [];
  try {
    for (const [i, view] of Object.keys(KEYS).entries()) {
      const file = `${view}.${options.format}`;
      // A history writes one file and shuts the rest of the disk off, so each view has one of its own.
      const history = await currentHistory(context);
      try {
        const columns = options.format === 'csv' ? safeColumns(view) : '*';
        const sql = `SELECT ${columns} FROM ${view} ORDER BY ${KEYS[view]}`;
        files.push({ file, ...(await history.copyTo(sql, join(folder, file), options.format)) });
      } finally {
        await history.close();
      }
      progress.tick(i + 1);
    }
  } finally {
    progress.end();
  }
  return { schema_version: SCHEMA_VERSION, to: options.to, files };
}

/** Columns that are numbers, dates or instants and so can never be read as a formula. */
const NOT_TEXT = new Set([
  'period_start', 'period_end', 'billing_date', 'issued_on', 'due_on', 'net', 'tax', 'total', 'paid', 'balance', 'confirmed_at', 'sent_at',
  'serial', 'line_no', 'quantity', 'unit_price', 'amount', 'tax_rate', 'service_start', 'service_end', 'rate', 'at', 'attempts',
  'queued_at', 'as_of', 'committed_at', 'invoices',
]);

/** The columns of a view, texts made safe; numbers stay numbers, the negative ones too. */
function safeColumns(view: string): string {
  return Object.keys(VIEWS[view]!.columns).map((column) => {
    const name = `"${column}"`;
    if (NOT_TEXT.has(column)) return name;
    return `${safeText(`${name}::VARCHAR`)} AS ${name}`;
  }).join(', ');
}

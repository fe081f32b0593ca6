/** `duebook export`: the history as files, one a view, or the journal of accounting; the same ledger gives the same bytes. */
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { readHistoryMeta } from '../ledger/history.js';
import { VIEWS } from '../ledger/history-views.js';
import { Engine } from '../engine/engine.js';
import { attachLedger } from '../ledger/attach.js';
import { fail } from '../values/diagnostic.js';
import { isLocalDate } from '../values/time.js';
import type { Context } from './context.js';
import { historyPath, ledgerOf, openContext } from './context.js';
import { engineOptions } from './draft.js';
import { makeJournal } from './journal.js';
import { JOURNAL_FILES, writeJournal } from './journal-files.js';
import type { JournalFormat } from './journal-files.js';
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
  const folder = await makeFolder(context, options.to);
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
  const meta = await readHistoryMeta(historyPath(context.config));
  return { schema_version: SCHEMA_VERSION, to: options.to, files, serial: meta?.serial ?? 0 };
}

async function makeFolder({ world }: Context, to: string): Promise<string> {
  const folder = resolve(world.cwd, to);
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    const reason = (error as NodeJS.ErrnoException).code ?? 'no';
    fail('USAGE', `the folder ${to} cannot be made: the system says ${reason}`, { hint: 'name another folder after --to' });
  });
  return folder;
}

export interface JournalOptions extends CommonOptions {
  /** As of {@link ExportOptions}. */
  readonly to: string;
  readonly format: JournalFormat;
  /** Only entries of later commits. */
  readonly since?: string;
  /** Only entries of this day and later, and of days before this one. */
  readonly from?: string;
  readonly before?: string;
}

/** Writes the journal. Throws USAGE for a span that is none, LEDGER_DAMAGED where it does not balance; nothing is written then. */
export async function exportJournal(world: World, options: JournalOptions): Promise<ExportResult> {
  const context = await openContext(world, options);
  const span = { since: serialOf(options.since), from: dateOf(options.from, '--from'), to: dateOf(options.before, '--before') };
  const ledger = await ledgerOf(context);
  const engine = await Engine.open(engineOptions(context));
  try {
    await attachLedger(engine, ledger);
    await makeJournal(engine, ledger, context.config.accounting, span);
    const file = JOURNAL_FILES[options.format];
    const path = join(await makeFolder(context, options.to), file);
    const rows = await writeJournal(engine, options.format, path, context.config.place(['accounting']));
    return { schema_version: SCHEMA_VERSION, to: options.to, files: [{ file, rows }], serial: ledger.serial };
  } finally {
    await engine.close();
  }
}

function serialOf(written: string | undefined): number | null {
  if (written === undefined) return null;
  if (/^\d{1,9}$/.test(written)) return Number(written);
  return fail('USAGE', `--since ${written} is not a commit of the ledger`, {
    hint: 'write the number that the last export ended with, like --since 42',
  });
}

function dateOf(written: string | undefined, option: string): string | null {
  if (written === undefined || isLocalDate(written)) return written ?? null;
  return fail('USAGE', `${option} ${written} is not a date`, { hint: `write it like ${option} 2026-05-01` });
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

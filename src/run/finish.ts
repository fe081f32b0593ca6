/** The end of every command that may have committed: the analysts' file, the files for people, the result. */
import type { Engine } from '../engine/engine.js';
import { publishHistory, readHistoryMeta } from '../ledger/history.js';
import { anchorAt } from '../ledger/ledger.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { completeness, currencyTotal, openBatches, parkedCustomers } from './batches.js';
import type { BatchHead } from './batches.js';
import { conservation } from './conservation.js';
import type { Context } from './context.js';
import { headResult, historyPath, tell } from './context.js';
import type { Draft } from './draft.js';
import { engineOptions } from './draft.js';
import { writePreviewFiles, writeProcessedFiles } from './outputs.js';
import type { ProcessedBatch } from './outputs.js';
import { SCHEMA_VERSION } from './results.js';
import type { ConfirmedBatch, CurrencyTotal, RunResult, SendTally } from './results.js';

/** Publishes `history.duckdb` if it is behind; a projection, so that a crash before it costs nothing. */
export async function publish(context: Context, ledger: Ledger): Promise<void> {
  if (ledger.serial > 0) {
    await publishHistory(ledger, historyPath(context.config), { ...engineOptions(context), crash: context.world.crash });
  }
}

/** What a command did; `since` is the ledger's serial before. */
export interface Done {
  readonly command: RunResult['command'];
  readonly ledger: Ledger;
  readonly since: number;
  readonly confirmed: readonly ConfirmedBatch[];
  readonly messages: SendTally;
}

/** What is written and told after invoices were confirmed and messages sent. */
export async function finish(context: Context, draft: Draft, done: Done): Promise<RunResult> {
  const { ledger } = done;
  const { engine } = draft;
  const files: string[] = [];
  files.push(...await writeProcessedSince(context, engine, ledger, done.since));
  const heads = await openBatches(engine, context);
  files.push(...await writePreviewFiles(context, draft, heads, {}, context.config.output));
  const result = await resultOf(context, draft, done, heads, files);
  // Publishing opens a database of its own: the bookings make room for it.
  await engine.run('DROP TABLE input.staged');
  await publish(context, ledger);
  return result;
}

/** The result of a command; writes nothing. */
export async function resultOf(
  context: Context, draft: Draft, done: Done, heads: readonly BatchHead[], files: readonly string[],
): Promise<RunResult> {
  const { engine } = draft;
  return {
    schema_version: SCHEMA_VERSION,
    command: done.command,
    as_of: tell(context.config, context.as_of),
    head: headResult(done.ledger),
    confirmed: done.confirmed,
    messages: done.messages,
    parked: await parkedCustomers(engine),
    open: heads.map(({ preview_at: _p, send_due_at: _s, ...head }) => head),
    completeness: await completeness(engine),
    conservation: await conservation(engine, { open: 'TRUE', processed: `i.serial > ${done.since}` }),
    files: [...files].sort(),
    diagnostics: [...context.warnings, ...draft.diagnostics, ...mailDiagnostics(done.messages)],
  };
}

/**
 * Writes the folders of the processed batches in which anything happened to an invoice after a serial: it was processed, cancelled or
 * credited. The history is written last: where it is behind, a command before this one ended early and its files are missing.
 */
export async function writeProcessedSince(context: Context, engine: Engine, ledger: Ledger, since: number): Promise<string[]> {
  const written = (await readHistoryMeta(historyPath(context.config)))?.serial ?? since;
  return writeProcessed(context, engine, ledger, `
    SELECT n.batch_id FROM last AS c JOIN ledger.invoices AS n ON n.invoice_id = c.subject_id
    WHERE c.serial > ${Math.min(written, since)}`);
}

/** Writes the folders of batches again; `which` is SQL for their ids. */
export async function writeProcessed(context: Context, engine: Engine, ledger: Ledger, which: string): Promise<string[]> {
  const files: string[] = [];
  for (const batch of await processedBatches(context, engine, ledger, which)) {
    files.push(...await writeProcessedFiles(context, engine, batch));
  }
  return files.sort();
}

/** The batches that `which` names, whole; what is void does not count for the totals. */
async function processedBatches(
  context: Context, engine: Engine, ledger: Ledger, which: string,
): Promise<ProcessedBatch[]> {
  type Row = { batch_id: string; billing_date: string; confirmed_at: bigint; newest: bigint } & Parameters<typeof currencyTotal>[0];
  const rows = await engine.rows<Row>(`
    WITH last AS (SELECT subject_id, max(serial) AS serial FROM ledger.events WHERE subject = 'invoice' GROUP BY subject_id)
    SELECT i.batch_id, CAST(min(i.billing_date) AS VARCHAR) AS billing_date,
      epoch_ms(max(max(i.confirmed_at)) OVER (PARTITION BY i.batch_id)) AS confirmed_at,
      max(max(e.serial)) OVER (PARTITION BY i.batch_id) AS newest,
      i.currency, i.exponent, count(*) FILTER (s.status = 'processed') AS invoices,
      CAST(coalesce(sum(i.net_minor) FILTER (s.status = 'processed'), 0) AS HUGEINT) AS net,
      CAST(coalesce(sum(i.tax_minor) FILTER (s.status = 'processed'), 0) AS HUGEINT) AS tax,
      CAST(coalesce(sum(i.total_minor) FILTER (s.status = 'processed'), 0) AS HUGEINT) AS total
    FROM ledger.invoices AS i
    JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id
    JOIN last AS e ON e.subject_id = i.invoice_id
    WHERE i.batch_id IN (${which})
    GROUP BY i.batch_id, i.currency, i.exponent ORDER BY i.batch_id, i.currency`);
  const batches = new Map<string, ProcessedBatch & { totals: CurrencyTotal[] }>();
  for (const { batch_id, billing_date, confirmed_at, newest, ...sums } of rows) {
    const batch = batches.get(batch_id) ?? {
      batch_id, billing_date, confirmed_at: tell(context.config, Number(confirmed_at)), totals: [],
      anchor: await anchorAt(ledger, Number(newest)),
    };
    if (sums.invoices > 0n) batch.totals.push(currencyTotal(sums));
    batches.set(batch_id, batch);
  }
  return [...batches.values()];
}

const NOTICE_HINT = 'check its address under notifications; `duebook send --retry-uncertain` sends again what is not tried by itself';

/** Undelivered messages as findings. */
export function mailDiagnostics(messages: SendTally): Diagnostic[] {
  return messages.problems.map((p): Diagnostic => ({
    code: p.status === 'uncertain' ? 'MAIL_UNCERTAIN' : 'MAIL_FAILED',
    severity: 'warning',
    message: `message ${p.message_id} to ${p.recipient}: ${p.error}`,
    hint: p.invoice_id === null ? NOTICE_HINT : p.status === 'uncertain'
      ? 'ask the customer or the mail log whether it arrived; `duebook send --retry-uncertain` sends it again'
      : 'a passing fault is tried again by the next run; correct a wrong address and use `duebook send --retry-uncertain`',
  }));
}

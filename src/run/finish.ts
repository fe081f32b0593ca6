/** The end of every command that may have committed: the analysts' file, the files for people, the result. */
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { beginHistory, publishHistory, readHistoryMeta } from '../ledger/history.js';
import type { BegunHistory } from '../ledger/history.js';
import { anchorAt } from '../ledger/ledger.js';
import type { Ledger } from '../ledger/ledger.js';
import { invoiceStatusSql } from '../ledger/lifecycle.js';
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
import type { ConfirmedBatch, RunResult, SendTally } from './results.js';

/** Publishes `history.duckdb` if it is behind; a projection, so that a crash before it costs nothing. */
export async function publish(context: Context, ledger: Ledger, begun?: BegunHistory): Promise<void> {
  if (ledger.serial > 0) {
    await publishHistory(ledger, historyPath(context.config), { ...engineOptions(context), crash: context.world.crash }, begun);
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
  const begun = ledger.serial === 0 ? undefined : await beginHistory(ledger, historyPath(context.config), { crash: context.world.crash });
  const files: string[] = [];
  files.push(...await writeProcessedSince(context, engine, ledger, done.since, begun));
  const heads = await openBatches(engine, context);
  files.push(...(await writePreviewFiles(context, draft, heads, {}, context.config.output)).files);
  const result = await resultOf(context, draft, done, heads, files);
  // Publishing opens a database of its own: the bookings make room for it.
  await engine.run('DROP TABLE input.staged');
  await publish(context, ledger, begun);
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
export async function writeProcessedSince(
  context: Context, engine: Engine, ledger: Ledger, since: number, begun?: BegunHistory,
): Promise<string[]> {
  const told = begun === undefined ? (await readHistoryMeta(historyPath(context.config)))?.serial : begun.told;
  const written = told ?? since;
  const fresh = `e.subject = 'invoice' AND e.serial > ${Math.min(written, since)}`;
  // An invoice is confirmed in its own commit, so that no other file has to be asked for it.
  return writeProcessed(context, engine, ledger, `
    SELECT n.batch_id FROM ledger.events AS e JOIN ledger.invoices AS n ON n.invoice_id = e.subject_id AND n.serial = e.serial
    WHERE ${fresh} AND e.event = 'confirmed'
    UNION
    SELECT n.batch_id FROM ledger.events AS e JOIN ledger.invoices AS n ON n.invoice_id = e.subject_id
    WHERE ${fresh} AND e.event <> 'confirmed'`);
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
  const batches: ProcessedBatch[] = [];
  const named = await engine.rows<{ batch_id: string }>(`SELECT DISTINCT batch_id FROM (${which})`);
  const ids = named.map(({ batch_id }) => literal(batch_id));
  const found = ids.length === 0 ? [] : await engine.rows<{ batch_id: string; first_serial: bigint; last_serial: bigint }>(`
    SELECT batch_id, min(serial) AS first_serial, max(serial) AS last_serial FROM ledger.invoices
    WHERE batch_id IN (${ids.join(', ')}) GROUP BY batch_id ORDER BY batch_id`);
  for (const { batch_id, first_serial, last_serial } of found) {
    const where = `i.batch_id = ${literal(batch_id)} AND i.serial BETWEEN ${first_serial} AND ${last_serial}`;
    const rows = await engine.rows<Parameters<typeof currencyTotal>[0]>(`
      SELECT i.currency, i.exponent, count(*) AS invoices, CAST(sum(i.net_minor) AS HUGEINT) AS net,
        CAST(sum(i.tax_minor) AS HUGEINT) AS tax, CAST(sum(i.total_minor) AS HUGEINT) AS total
      FROM ledger.invoices AS i WHERE ${where} AND ${invoiceStatusSql('i.invoice_id')} = 'processed'
      GROUP BY i.currency, i.exponent ORDER BY i.currency`);
    const { billing_date, confirmed_at, newest } = await engine.row<{ billing_date: string; confirmed_at: bigint; newest: bigint }>(`
      SELECT CAST(min(i.billing_date) AS VARCHAR) AS billing_date, epoch_ms(max(i.confirmed_at)) AS confirmed_at,
        (SELECT max(e.serial) FROM ledger.events AS e WHERE e.subject = 'invoice' AND e.serial >= ${first_serial}
          AND e.subject_id IN (SELECT i.invoice_id FROM ledger.invoices AS i WHERE ${where})) AS newest
      FROM ledger.invoices AS i WHERE ${where}`);
    batches.push({
      batch_id, where, billing_date, confirmed_at: tell(context.config, Number(confirmed_at)), totals: rows.map(currencyTotal),
      anchor: await anchorAt(ledger, Number(newest)),
    });
  }
  return batches;
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

/** The end of every command that may have committed: the analysts' file, the files for people, the result. */
import { literal } from '../engine/engine.js';
import { publishHistory } from '../ledger/history.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { completeness, openBatches, parkedCustomers } from './batches.js';
import type { Context } from './context.js';
import { headResult, historyPath, tell } from './context.js';
import type { Draft } from './draft.js';
import { engineOptions } from './draft.js';
import { pages, writePreviewFiles, writeProcessedFiles } from './outputs.js';
import { ledgerRecords } from './records.js';
import { SCHEMA_VERSION } from './results.js';
import type { ConfirmedBatch, RunResult, SendTally } from './results.js';

/** Publishes `history.duckdb` if it is behind; a projection, so that a crash before it costs nothing. */
export async function publish(context: Context, ledger: Ledger): Promise<void> {
  if (ledger.serial > 0) await publishHistory(ledger, historyPath(context.config), engineOptions(context));
}

/** What is written and told after invoices were confirmed and messages sent; `since` is the serial before. */
export async function finish(
  context: Context, draft: Draft, done: { command: RunResult['command']; ledger: Ledger; since: number; confirmed: readonly ConfirmedBatch[]; messages: SendTally },
): Promise<RunResult> {
  const { ledger, confirmed } = done;
  const { engine } = draft;
  const files: string[] = [];
  for (const batch of mergeBatches(confirmed)) {
    const where = `i.batch_id = ${literal(batch.batch_id)}`;
    const records = await ledgerRecords(engine, `${where} AND i.serial > ${done.since} AND i.invoice_id IN
      (SELECT i.invoice_id FROM ledger.invoices AS i WHERE ${where} AND i.serial > ${done.since} ORDER BY i.serial, i.series, i.seq LIMIT ${pages(batch.totals)})`);
    files.push(...await writeProcessedFiles(context, engine, batch, records, where));
  }
  const heads = await openBatches(engine, context);
  files.push(...await writePreviewFiles(context, draft, heads, {}, context.config.output));
  await publish(context, ledger);
  return {
    schema_version: SCHEMA_VERSION,
    command: done.command,
    as_of: tell(context.config, context.as_of),
    head: headResult(ledger),
    confirmed,
    messages: done.messages,
    parked: await parkedCustomers(engine),
    open: heads.map(({ preview_at: _p, send_due_at: _s, ...head }) => head),
    completeness: await completeness(engine),
    files: files.sort(),
    diagnostics: [...context.warnings, ...draft.diagnostics, ...mailDiagnostics(done.messages)],
  };
}

/** A batch confirmed in two steps has one folder. */
function mergeBatches(confirmed: readonly ConfirmedBatch[]): ConfirmedBatch[] {
  return [...new Map(confirmed.map((batch) => [batch.batch_id, batch])).values()];
}

/** Undelivered messages as findings. */
export function mailDiagnostics(messages: SendTally): Diagnostic[] {
  return messages.problems.map((p): Diagnostic => ({
    code: p.status === 'uncertain' ? 'MAIL_UNCERTAIN' : 'MAIL_FAILED',
    severity: 'warning',
    message: `message ${p.message_id} to ${p.recipient}: ${p.error}`,
    hint: p.status === 'uncertain'
      ? 'ask the customer or the mail log whether it arrived; `duebook send --retry-uncertain` sends it again'
      : 'a passing fault is tried again by the next run; correct a wrong address and use `duebook send --retry-uncertain`',
  }));
}

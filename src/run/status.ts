/** `duebook status`: open batches with deadlines and digests, parked customers, outbox, last run, HEAD. Reads only. */
import { readHistoryMeta } from '../ledger/history.js';
import { Approvals } from './approvals.js';
import { completeness, openBatches, parkedCustomers } from './batches.js';
import { headResult, historyPath, HISTORY_FILE, ledgerOf, tell } from './context.js';
import type { Context } from './context.js';
import { openDraft } from './draft.js';
import type { Draft } from './draft.js';
import { withHeadStart } from './head-start.js';
import { SCHEMA_VERSION } from './results.js';
import type { StatusResult } from './results.js';
import type { CommonOptions, World } from './world.js';

/** How things stand at the as-of. */
export function status(world: World, options: CommonOptions): Promise<StatusResult> {
  return withHeadStart(world, options, statusIn);
}

async function statusIn(context: Context): Promise<StatusResult> {
  const ledger = await ledgerOf(context);
  const draft = await openDraft(context, ledger);
  try {
    const { engine } = draft;
    const { head } = ledger;
    const meta = await readHistoryMeta(historyPath(context.config));
    const heads = await openBatches(engine, context);
    const approvals = await (await Approvals.open(context, draft)).problems();
    return {
      schema_version: SCHEMA_VERSION,
      as_of: tell(context.config, context.as_of),
      head: headResult(ledger),
      ledger: context.config.ledger,
      last_run: head === null ? null : {
        run_id: head.run_id, as_of: tell(context.config, Date.parse(head.as_of)), action: head.action, tool_version: head.tool_version,
      },
      open: heads.map(({ preview_at: _p, send_due_at: _s, ...each }) => each),
      parked: await parkedCustomers(engine),
      outbox: await outboxCounts(context, draft),
      problems: await undelivered(draft),
      completeness: await completeness(engine),
      history: { file: HISTORY_FILE, serial: meta?.serial ?? null, current: (meta?.serial ?? 0) === ledger.serial },
      diagnostics: [...context.warnings, ...draft.diagnostics, ...approvals.map((each) => ({ ...each, severity: 'warning' as const }))],
    };
  } finally {
    await draft.engine.close();
  }
}

async function outboxCounts(context: Context, { engine }: Draft): Promise<StatusResult['outbox']> {
  const rows = await engine.rows<{ status: string; messages: bigint; next_due: bigint | null }>(`
    SELECT status, count(*) AS messages, CASE WHEN status = 'queued' THEN epoch_ms(min(send_due_at)) END AS next_due
    FROM ledger.message_status GROUP BY status ORDER BY status`);
  return rows.map((row) => ({
    status: row.status, messages: Number(row.messages),
    next_due_at: row.next_due === null ? null : tell(context.config, Number(row.next_due)),
  }));
}

async function undelivered({ engine }: Draft): Promise<StatusResult['problems']> {
  return engine.rows<StatusResult['problems'][number]>(`
    SELECT message_id, kind, invoice_id, recipients AS recipient, status, coalesce(error, '') AS error
    FROM ledger.message_status WHERE status IN ('failed', 'uncertain') ORDER BY message_id`);
}

/**
 * `duebook cancel`: an invoice that nobody has got yet becomes void. It keeps its number; what it billed is free again, and its period
 * with it. Nothing is computed: the next draft sees an invoice less.
 */
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { attachLedger } from '../ledger/attach.js';
import type { Ledger } from '../ledger/ledger.js';
import { fail } from '../values/diagnostic.js';
import { append } from './append.js';
import { headResult, ledgerOf, openContext, tell } from './context.js';
import type { Context } from './context.js';
import { findProcessed, nameOf, reasonOf, restsOn, wordsOf } from './corrections.js';
import type { FoundInvoice } from './corrections.js';
import { openEngine } from './draft.js';
import { exportEvents, stageEvents } from './events.js';
import type { NewEvent } from './events.js';
import { withLedger } from './exclusive.js';
import { publish, writeProcessedSince } from './finish.js';
import { SCHEMA_VERSION } from './results.js';
import type { CancelResult } from './results-corrections.js';
import type { CommonOptions, World } from './world.js';

export interface CancelOptions extends CommonOptions {
  /** Number of the invoice or credit note, or its id. */
  readonly number: string;
  /** Kept for ever. */
  readonly reason?: string;
  /** Who decided it, as text. */
  readonly by?: string;
  /** Says what would happen, commits nothing. */
  readonly dry_run: boolean;
}

/**
 * Cancels an invoice before it is sent. Throws USAGE, UNKNOWN_INVOICE, INVOICE_VOID, INVOICE_SENT, INVOICE_CORRECTED, LEDGER_LOCKED,
 * LEDGER_MOVED, AS_OF.
 */
export async function cancel(world: World, options: CancelOptions): Promise<CancelResult> {
  const context = await openContext(world, options);
  const reason = reasonOf(options.reason, 'cancel');
  if (options.dry_run) return cancelWith(context, options, reason, await ledgerOf(context));
  return withLedger(context, 'cancel', (ledger) => cancelWith(context, options, reason, ledger));
}

async function cancelWith(context: Context, options: CancelOptions, reason: string, ledger: Ledger): Promise<CancelResult> {
  const engine = await openEngine(context, ledger);
  try {
    await attachLedger(engine, ledger);
    const found = await findProcessed(engine, options.number);
    const waiting = await refuse(engine, found);
    const { bookings, lines } = await engine.row<{ bookings: bigint; lines: bigint }>(`
      SELECT count(*) FILTER (kind = 'booking') AS bookings, count(*) FILTER (kind <> 'booking' AND correction IS NULL) AS lines
      FROM ledger.invoice_lines WHERE invoice_id = ${literal(found.invoice_id)}`);
    const by = options.by ?? null;
    const after = options.dry_run ? ledger : await commitVoid(context, engine, ledger, found, { reason, by, messages: waiting });
    const files = options.dry_run ? [] : await writeProcessedSince(context, engine, after, ledger.serial);
    if (!options.dry_run) await publish(context, after);
    return {
      schema_version: SCHEMA_VERSION, as_of: tell(context.config, context.as_of), head: headResult(after), dry_run: options.dry_run,
      invoice: nameOf(found), reason, by, free_bookings: Number(bookings), free_lines: Number(lines),
      messages_cancelled: waiting.length, files, diagnostics: context.warnings,
    };
  } finally {
    await engine.close();
  }
}

/** Refuses what cannot be undone; gives the messages that wait to be sent. */
async function refuse(engine: Engine, found: FoundInvoice): Promise<string[]> {
  const what = wordsOf(found);
  if (found.status === 'void') fail('INVOICE_VOID', `${what} is cancelled already`, { hint: 'nothing is to be done' });
  const messages = await engine.rows<{ message_id: string; status: string }>(`
    SELECT message_id, status FROM ledger.message_status WHERE invoice_id = ${literal(found.invoice_id)} ORDER BY message_id`);
  const out = messages.find(({ status }) => ['sent', 'sending', 'uncertain'].includes(status));
  if (out !== undefined) {
    const told = out.status === 'sent' ? 'was sent' : out.status === 'sending' ? 'is being sent' : 'may have arrived at the customer';
    fail('INVOICE_SENT', `${what} ${told}: it cannot be cancelled any more`, {
      hint: found.kind === 'credit_note' ? 'bill what was credited wrongly with a line by hand, see docs/overrides.md'
        : `correct it with a credit note: duebook credit ${found.number} --reason …`,
    });
  }
  const later = await restsOn(engine, found);
  if (later !== null) {
    fail('INVOICE_CORRECTED', `${what} cannot be cancelled: ${later.number} ${later.how}`, {
      hint: `cancel ${later.number} first, if it was not sent; otherwise correct with a credit note`,
    });
  }
  return messages.filter(({ status }) => status === 'queued' || status === 'failed').map(({ message_id }) => message_id);
}

async function commitVoid(
  context: Context, engine: Engine, ledger: Ledger, found: FoundInvoice,
  { messages, ...detail }: { reason: string; by: string | null; messages: readonly string[] },
): Promise<Ledger> {
  await stageEvents(engine, context.as_of, [
    { subject: 'invoice', subject_id: found.invoice_id, event: 'voided', detail },
    ...messages.map((subject_id): NewEvent => (
      { subject: 'message', subject_id, event: 'cancelled', detail: { reason: detail.reason } })),
  ]);
  return append(context, engine, ledger, {
    at: context.as_of, action: 'cancel', files: [await exportEvents(engine)],
  });
}

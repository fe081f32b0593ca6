/** `duebook confirm`: locks, numbers and commits exactly the preview that was looked at, or refuses and says what moved. */
import { automationOf, localDate } from '../calendar/calendar.js';
import { timestampLiteral } from '../values/time.js';
import { literal } from '../engine/engine.js';
import { fail } from '../values/diagnostic.js';
import { openBatches, selectionSql } from './batches.js';
import type { BatchHead } from './batches.js';
import { movedText } from './changes.js';
import { commitInvoices } from './commit.js';
import type { Context } from './context.js';
import { openDraft } from './draft.js';
import type { Draft } from './draft.js';
import { withLedger } from './exclusive.js';
import { finish } from './finish.js';
import { withHeadStart } from './head-start.js';
import { checkCustomers } from './preview.js';
import type { RunResult, SendTally } from './results.js';
import { isDigestOf } from './versions.js';
import type { CommonOptions, World } from './world.js';

export interface ConfirmOptions extends CommonOptions {
  readonly batch: string;
  /** Digest of the preview that was looked at, whole or its first 12 digits or more, as `status` shows it. */
  readonly expect?: string;
  /** Only these customers, those of a partner, or what a cycle bills; the batch stays open for the rest. Empty: all. */
  readonly customers: readonly string[];
  readonly partner?: string;
  readonly cycle?: string;
}

/** Confirming queues messages; `run` and `send` deliver them. */
const NOTHING_SENT: SendTally = { sent: 0, failed: 0, uncertain: 0, problems: [] };

/** Confirms a batch by hand, at the as-of. Throws UNKNOWN_BATCH, DIGEST_STALE, TOO_EARLY, LEDGER_LOCKED, LEDGER_MOVED. */
export function confirm(world: World, options: ConfirmOptions): Promise<RunResult> {
  return withHeadStart(world, options, (context) => confirmIn(context, options));
}

function confirmIn(context: Context, options: ConfirmOptions): Promise<RunResult> {
  checkSelection(context, options);
  return withLedger(context, 'confirm', async (ledger) => {
    const draft = await openDraft(context, ledger);
    try {
      const head = await findBatch(context, draft, options.batch);
      if (options.expect !== undefined && !isDigestOf(options.expect, head.digest)) await refuseStale(context, draft, head, options.expect);
      const { batch, customers, partner, cycle } = options;
      const where = selectionSql({ batch, customers, partner, cycle });
      await refuseEarly(context, draft, where);
      const closes = customers.length === 0 && partner === undefined && cycle === undefined ? 'closed' : null;
      const done = await commitInvoices(context, draft, ledger, { where, at: context.as_of, by: 'manual', closes });
      return await finish(context, draft, {
        command: 'confirm', ledger: done.ledger, since: ledger.serial, confirmed: done.confirmed, messages: NOTHING_SENT,
      });
    } finally {
      await draft.engine.close();
    }
  });
}

/** A name that nothing has would select nothing, and that would look like success. */
function checkSelection(context: Context, { customers, partner, cycle }: ConfirmOptions): void {
  checkCustomers(context, customers);
  const { partners, cycles } = context.config;
  if (partner !== undefined && !partners.some((each) => each.partner_id === partner)) {
    fail('USAGE', `there is no partner ${partner}`, { hint: 'use the key under `partners` in the configuration' });
  }
  if (cycle !== undefined && !cycles.some((each) => each.cycle_id === cycle)) {
    fail('USAGE', `there is no cycle ${cycle}`, { hint: 'use the key under `cycles` in the configuration' });
  }
}

async function findBatch(context: Context, draft: Draft, batch: string): Promise<BatchHead> {
  const open = await openBatches(draft.engine, context);
  const head = open.find((each) => each.batch_id === batch);
  if (head !== undefined) return head;
  const { processed } = await draft.engine.row<{ processed: bigint }>(
    `SELECT count(*) AS processed FROM ledger.invoices WHERE batch_id = ${literal(batch)}`);
  const known = open.length === 0 ? 'no batch is open' : `open batches: ${open.map((each) => each.batch_id).join(', ')}`;
  const message = processed > 0n ? `batch ${batch} was confirmed already (${processed} invoices)` : `there is no open batch ${batch}`;
  return fail('UNKNOWN_BATCH', message, { hint: known });
}

/** A digest that is not the batch's. */
async function refuseStale(context: Context, draft: Draft, head: BatchHead, expected: string): Promise<never> {
  const difference = await whatMoved(context, draft, head, expected);
  return fail('DIGEST_STALE', `batch ${head.batch_id} is not what was expected: its digest is now ${head.digest}.${difference ?? ''}`, {
    hint: difference === null
      ? 'the preview with the expected digest is not in the output folder any more; look at the batch again with `duebook preview`'
      : 'look at the batch again with `duebook preview`, then confirm with the new digest',
  });
}

/** Which invoices of a batch moved since the preview with a digest; null where that preview is no longer on disk. */
export async function whatMoved(context: Context, { engine }: Draft, head: BatchHead, expected: string): Promise<string | null> {
  const moved = await movedText(context, engine, head, expected);
  return moved === null ? null : ` What moved:\n${moved}`;
}

/** In arrears the period has to end first: what is booked until then belongs on the invoice. */
async function refuseEarly(context: Context, { engine, calendars }: Draft, where: string): Promise<void> {
  const early = await engine.rows<{ customer_id: string; calendar_key: number; use_no: number; ends: bigint; timezone: string }>(`
    SELECT i.customer_id, p.calendar_key, p.use_no, epoch_ms(i.period_end) AS ends, i.timezone
    FROM draft.invoices AS i JOIN input.periods AS p ON p.period_key = i.period_key
    WHERE ${where} AND p.timing = 'in_arrears' AND i.period_end > ${timestampLiteral(context.as_of)} ORDER BY i.invoice_key`);
  const first = early.find((row) => !automationOf(calendars[row.calendar_key]!, row.use_no).lock_before_period_end);
  if (first === undefined) return;
  const ends = localDate(Number(first.ends), first.timezone);
  fail('TOO_EARLY', `the period of ${first.customer_id} ends on ${ends}: in arrears it has to end before it is confirmed`, {
    hint: 'wait until then, or set automation.lock_before_period_end: true',
  });
}

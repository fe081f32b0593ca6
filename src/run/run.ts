/**
 * `duebook run`: everything that fell due up to the as-of, in the order of the events' own instants, however long ago the last run
 * was. Each event commits for itself with its own instant, so that hourly runs and one late run leave the same ledger, byte for byte.
 */
import { sqlTimestamp } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { commitInvoices } from './commit.js';
import { openContext } from './context.js';
import type { Context } from './context.js';
import { openDraft } from './draft.js';
import type { Draft } from './draft.js';
import { withLedger } from './exclusive.js';
import { finish } from './finish.js';
import { Outbox } from './outbox.js';
import type { ConfirmedBatch, RunResult } from './results.js';
import type { CommonOptions, World } from './world.js';

/** Does what fell due. Running it again for the same as-of changes nothing. */
export async function run(world: World, options: CommonOptions): Promise<RunResult> {
  const context = await openContext(world, options);
  return withLedger(context, 'run', async (ledger) => {
    const draft = await openDraft(context, ledger);
    const outbox = new Outbox(context, draft.engine, ledger);
    try {
      await outbox.recover();
      const confirmed = await workThrough(context, draft, outbox);
      await outbox.retryFailed(context.as_of);
      return await finish(context, draft, {
        command: 'run', ledger: outbox.ledger, since: ledger.serial, confirmed, messages: outbox.tally(),
      });
    } finally {
      await outbox.close();
      await draft.engine.close();
    }
  });
}

/** Confirmations and sendings in the order of their instants; a confirmation comes before a sending of the same instant. */
async function workThrough(context: Context, draft: Draft, outbox: Outbox): Promise<ConfirmedBatch[]> {
  const confirmed: ConfirmedBatch[] = [];
  for (;;) {
    const confirmAt = await nextConfirmation(draft, context.as_of);
    const sendAt = await outbox.nextDue(context.as_of);
    if (confirmAt === null && sendAt === null) break;
    if (confirmAt !== null && (sendAt === null || confirmAt <= sendAt)) {
      const fresh = `i.auto_confirm_at = TIMESTAMP '${sqlTimestamp(confirmAt)}' AND NOT i.parked_before`;
      confirmed.push(...await confirmAll(context, draft, outbox, fresh, confirmAt, 'closed_until'));
    } else if (sendAt !== null) await outbox.sendDue(sendAt);
  }
  const released = `i.parked_before AND i.auto_confirm_at <= TIMESTAMP '${sqlTimestamp(context.as_of)}'`;
  confirmed.push(...await confirmAll(context, draft, outbox, released, context.as_of, null));
  return confirmed;
}

/** When the next open invoice is confirmed by itself, up to `until`. Those that were handled are no longer in the draft. */
async function nextConfirmation({ engine }: Draft, until: Instant): Promise<Instant | null> {
  const { due } = await engine.row<{ due: bigint | null }>(`
    SELECT epoch_ms(min(auto_confirm_at)) AS due FROM draft.invoices
    WHERE NOT parked_before AND auto_confirm_at <= TIMESTAMP '${sqlTimestamp(until)}'`);
  return due === null ? null : Number(due);
}

async function confirmAll(
  context: Context, draft: Draft, outbox: Outbox, where: string, at: Instant, closes: 'closed_until' | null,
): Promise<ConfirmedBatch[]> {
  const done = await commitInvoices(context, draft, outbox.ledger, { where, at, by: 'auto', closes });
  outbox.ledger = done.ledger;
  return done.confirmed;
}

/**
 * `duebook run`: everything that fell due up to the as-of, in the order of the events' own instants, however long ago the last run
 * was. Each event commits for itself with its own instant, so that hourly runs and one late run leave the same ledger, byte for byte.
 */
import type { Ledger } from '../ledger/ledger.js';
import { timestampLiteral } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { Approvals } from './approvals.js';
import { commitInvoices } from './commit.js';
import type { Context } from './context.js';
import { restsOnOpen } from './deposits.js';
import { openDraft } from './draft.js';
import type { Draft } from './draft.js';
import { withLedger } from './exclusive.js';
import { finish } from './finish.js';
import { withHeadStart } from './head-start.js';
import { commitDeadlineNotices, commitOpenings, nextDeadlineNoticeSql, nextOpeningSql } from './openings.js';
import { Outbox } from './outbox.js';
import type { ConfirmedBatch, RunResult, SendTally } from './results.js';
import type { CommonOptions, World } from './world.js';

/** Does what fell due. Running it again for the same as-of changes nothing. */
export async function run(world: World, options: CommonOptions): Promise<RunResult> {
  return withHeadStart(world, options, (context) => withLedger(context, 'run', async (ledger) => {
    const confirmed: ConfirmedBatch[] = [];
    const tallies: SendTally[] = [];
    let begun = ledger;
    for (;;) {
      const done = await workWith(context, begun, { since: ledger.serial, confirmed, tallies });
      if (done.result !== null) return done.result;
      begun = done.ledger;
    }
  }));
}

/** What was done with the drafts before. */
interface Before { readonly since: number; readonly confirmed: ConfirmedBatch[]; readonly tallies: SendTally[] }

/** Works with one draft, to the end, or until an invoice leaves a credit to the next one: the ledger then, to make a new draft from. */
async function workWith(
  context: Context, ledger: Ledger, { since, confirmed, tallies }: Before,
): Promise<{ ledger: Ledger; result: RunResult | null }> {
  const draft = await openDraft(context, ledger);
  const outbox = new Outbox(context, draft.engine, ledger);
  try {
    await outbox.recover();
    const approvals = await Approvals.open(context, draft);
    if (!await workThrough(context, draft, outbox, approvals, confirmed)) {
      tallies.push(outbox.tally());
      return { ledger: outbox.ledger, result: null };
    }
    await outbox.retryFailed(context.as_of);
    // An approval that cannot be followed must not keep the others' invoices back.
    const unfollowed = (await approvals.problems()).map((each) => ({ ...each, severity: 'warning' as const }));
    const result = await finish(context, { ...draft, diagnostics: [...draft.diagnostics, ...unfollowed] }, {
      command: 'run', ledger: outbox.ledger, since, confirmed, messages: addTallies([...tallies, outbox.tally()]),
    });
    return { ledger: outbox.ledger, result };
  } finally {
    await outbox.close();
    await draft.engine.close();
  }
}

function addTallies(tallies: readonly SendTally[]): SendTally {
  const sum = (of: (tally: SendTally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  return {
    sent: sum((t) => t.sent), failed: sum((t) => t.failed), uncertain: sum((t) => t.uncertain),
    problems: tallies.flatMap((t) => t.problems),
  };
}

/** SQL over `d` (draft.changed_bookings): free once what was billed is taken back, and not gone. */
const LEAVES = "d.step = 'reversed' AND NOT d.restated AND d.record IS NOT NULL";

/** Whether a commit of this draft may leave something to a later invoice: a credit carried over, a booking that is taken back alone. */
async function mayLeave({ engine }: Draft): Promise<boolean> {
  return (await engine.filled(['draft.closing_lines', `draft.changed_bookings AS d WHERE ${LEAVES}`])).size > 0;
}

/** Whether one has: the draft then does not know where it goes. */
async function hasLeft({ engine }: Draft): Promise<boolean> {
  const left = await engine.filled(['draft.closing_lines WHERE invoice_id IN (SELECT invoice_id FROM ledger.invoices)',
    `draft.changed_bookings AS d JOIN ledger.billed AS b ON b.source = d.source AND b.booking_id = d.booking_id AND b.state = 'open'
      WHERE ${LEAVES}`]);
  return left.size > 0;
}

/** One kind of thing that falls due: when the next one does, or SQL that gives it as `due`, and doing all of that instant. */
interface Kind {
  readonly next: () => string | Instant | null;
  readonly work: (at: Instant) => Promise<void>;
}

/** What falls due first; of several at the same instant the first kind. All are asked at once. */
async function firstDue({ engine }: Draft, kinds: readonly Kind[]): Promise<{ at: Instant; kind: Kind } | null> {
  const next = kinds.map((kind) => kind.next());
  const asked = next.flatMap((due, i) => (typeof due === 'string' ? [`SELECT ${i} AS i, due FROM (${due})`] : []));
  const rows = await engine.rows<{ i: number; due: bigint | null }>(asked.join(' UNION ALL '));
  const found = new Map(rows.map(({ i, due }) => [i, due === null ? null : Number(due)]));
  let first: { at: Instant; kind: Kind } | null = null;
  for (const [i, kind] of kinds.entries()) {
    const due = next[i]!;
    const at = typeof due === 'string' ? found.get(i)! : due;
    if (at !== null && (first === null || at < first.at)) first = { at, kind };
  }
  return first;
}

/** Everything in the order of its instants; false where the draft does not hold any more before all is done. */
async function workThrough(
  context: Context, draft: Draft, outbox: Outbox, approvals: Approvals, confirmed: ConfirmedBatch[],
): Promise<boolean> {
  const leaves = await mayLeave(draft);
  const kinds = kindsOf(context, draft, outbox, approvals, confirmed);
  for (;;) {
    const first = await firstDue(draft, kinds);
    if (first === null) break;
    await first.kind.work(first.at);
    if (leaves && await hasLeft(draft)) return false;
  }
  // What was parked goes now, and with it what takes off a deposit that it asks for.
  const released = `(i.parked_before OR ${restsOnOpen(context.config)}) AND i.auto_confirm_at <= ${timestampLiteral(context.as_of)}`;
  confirmed.push(...await confirmAll(context, draft, outbox, released, context.as_of, null));
  if (leaves && await hasLeft(draft)) return false;
  // What was released just now may be due at once.
  for (let at = await outbox.nextDue(context.as_of); at !== null; at = await outbox.nextDue(context.as_of)) await outbox.sendDue(at);
  return true;
}

/** In the order in which they come at the same instant: a batch is first open, then told to be due, then approved, confirmed, sent. */
function kindsOf(context: Context, draft: Draft, outbox: Outbox, approvals: Approvals, confirmed: ConfirmedBatch[]): Kind[] {
  const until = context.as_of;
  return [
    {
      next: () => nextOpeningSql(until),
      work: async (at) => { outbox.ledger = await commitOpenings(context, draft, outbox.ledger, at); },
    },
    {
      next: () => nextDeadlineNoticeSql(context, until),
      work: async (at) => { outbox.ledger = await commitDeadlineNotices(context, draft, outbox.ledger, at); },
    },
    {
      next: () => approvals.nextDue(until),
      work: async (at) => {
        const done = await approvals.confirmAt(at, outbox.ledger);
        outbox.ledger = done.ledger;
        confirmed.push(...done.confirmed);
      },
    },
    {
      next: () => nextConfirmationSql(context, until),
      work: async (at) => {
        const fresh = `i.auto_confirm_at = ${timestampLiteral(at)} AND NOT i.parked_before`;
        confirmed.push(...await confirmAll(context, draft, outbox, fresh, at, 'closed_until'));
      },
    },
    { next: () => outbox.nextDueSql(until), work: (at) => outbox.sendDue(at) },
  ];
}

/** SQL: `due`, when the next open invoice is confirmed by itself, up to `until`. Those that were handled are no longer in the draft. */
function nextConfirmationSql({ config }: Context, until: Instant): string {
  return `SELECT epoch_ms(min(i.auto_confirm_at)) AS due FROM draft.invoices AS i
    WHERE NOT i.parked_before AND i.auto_confirm_at <= ${timestampLiteral(until)} AND NOT ${restsOnOpen(config)}`;
}

async function confirmAll(
  context: Context, draft: Draft, outbox: Outbox, where: string, at: Instant, closes: 'closed_until' | null,
): Promise<ConfirmedBatch[]> {
  const done = await commitInvoices(context, draft, outbox.ledger, { where, at, by: 'auto', closes });
  outbox.ledger = done.ledger;
  return done.confirmed;
}

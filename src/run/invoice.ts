/**
 * `duebook invoice`: on demand, everything unbilled of a customer's current period as one invoice, now. In arrears the period is cut
 * at the as-of: what follows is billed with the rest of it, at its usual time.
 */
import { didYouMean } from '../config/suggest.js';
import { literal } from '../engine/engine.js';
import type { Ledger } from '../ledger/ledger.js';
import { fail } from '../values/diagnostic.js';
import { openBatches, parkedCustomers } from './batches.js';
import type { BatchHead } from './batches.js';
import { commitInvoices } from './commit.js';
import { ledgerOf, openContext } from './context.js';
import type { Context } from './context.js';
import { openDraft } from './draft.js';
import type { Draft } from './draft.js';
import { withLedger } from './exclusive.js';
import { finish, publish, resultOf, writeProcessedSince } from './finish.js';
import type { Done } from './finish.js';
import { writePreviewFiles } from './outputs.js';
import type { RunResult } from './results.js';
import { isDigestOf } from './versions.js';
import type { CommonOptions, World } from './world.js';

export interface InvoiceOptions extends CommonOptions {
  /** Exactly one of the two; a booking stands for its customer. */
  readonly customer?: string;
  readonly booking?: string;
  /** Digest of the preview that was looked at, as --dry-run told it. */
  readonly expect?: string;
  /** Shows the invoice, commits nothing. */
  readonly dry_run: boolean;
}

const NOTHING_SENT = { sent: 0, failed: 0, uncertain: 0, problems: [] } as const;

/**
 * Bills one customer on demand. Without anything to bill nothing happens. Throws USAGE, UNKNOWN_CUSTOMER, DIGEST_STALE, PARKED_LIMIT,
 * LEDGER_LOCKED, LEDGER_MOVED and what the bookings bring.
 */
export async function invoice(world: World, options: InvoiceOptions): Promise<RunResult> {
  const context = await openContext(world, options);
  if ((options.customer === undefined) === (options.booking === undefined)) {
    return fail('USAGE', 'name a customer or a booking', { hint: 'duebook invoice --customer acme, or --booking J-17' });
  }
  if (options.dry_run) return billNow(context, options, await ledgerOf(context));
  return withLedger(context, 'invoice', (ledger) => billNow(context, options, ledger));
}

async function billNow(context: Context, options: InvoiceOptions, ledger: Ledger): Promise<RunResult> {
  const customer = options.customer ?? await customerOfBooking(context, ledger, options.booking!);
  const draft = await openDraft(context, ledger, { on_demand: customerIndex(context, customer) });
  try {
    const open = await openBatches(draft.engine, context);
    const head = await onDemandBatch(draft, open);
    if (head !== null && options.expect !== undefined && !isDigestOf(options.expect, head.digest)) {
      return fail('DIGEST_STALE', `the invoice of ${customer} is not what was expected: its digest is now ${head.digest}`, {
        hint: 'look at it again with --dry-run',
      });
    }
    if (head === null) return await nothingToBill(context, draft, ledger, options);
    if (options.dry_run) {
      const { files } = await writePreviewFiles(context, draft, [head], { batch: head.batch_id }, context.config.output);
      return await resultOf(context, draft, nothing(ledger), [head], files);
    }
    await refuseParked(draft, head);
    const where = 'i.on_demand';
    const done = await commitInvoices(context, draft, ledger, { where, at: context.as_of, by: 'on_demand', closes: null });
    return await finish(context, draft, {
      command: 'invoice', ledger: done.ledger, since: ledger.serial, confirmed: done.confirmed, messages: NOTHING_SENT,
    });
  } finally {
    await draft.engine.close();
  }
}

function nothing(ledger: Ledger): Done {
  return { command: 'invoice', ledger, since: ledger.serial, confirmed: [], messages: NOTHING_SENT };
}

/** Perhaps because this very command was given before and died when it had billed: what it did not come to write is written now. */
async function nothingToBill(context: Context, draft: Draft, ledger: Ledger, { dry_run }: InvoiceOptions): Promise<RunResult> {
  const files = dry_run ? [] : await writeProcessedSince(context, draft.engine, ledger, ledger.serial);
  const result = await resultOf(context, draft, nothing(ledger), [], files);
  if (!dry_run) await publish(context, ledger);
  return result;
}

function customerIndex({ config }: Context, customer: string): number {
  const ids = config.customers.map(({ customer_id }) => customer_id);
  const index = ids.indexOf(customer);
  if (index !== -1) return index;
  return fail('UNKNOWN_CUSTOMER', `there is no customer ${customer}`, {
    hint: didYouMean(customer, ids) ?? 'use the key under `customers` in the configuration',
  });
}

/** Whose booking it is; refuses one that is unknown or billed. */
async function customerOfBooking(context: Context, ledger: Ledger, booking: string): Promise<string> {
  const draft = await openDraft(context, ledger);
  try {
    const rows = await draft.engine.rows<{ customer_id: string; number: string | null }>(`
      SELECT DISTINCT b.customer_id, i.number
      FROM input.staged AS b
      LEFT JOIN input.billed AS l ON l.source = b.source AND l.booking_id = b.booking_id
      LEFT JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
      WHERE b.booking_id = ${literal(booking)} ORDER BY b.customer_id, i.number NULLS FIRST`);
    const free = rows.filter((row) => row.number === null);
    if (rows.length === 0) {
      return fail('USAGE', `there is no booking ${booking}`, { hint: 'use its id as it stands in the files of bookings' });
    }
    if (free.length === 0) {
      return fail('USAGE', `booking ${booking} is on invoice ${rows[0]!.number} already`, { hint: 'nothing is to be done' });
    }
    if (new Set(free.map((row) => row.customer_id)).size > 1) {
      return fail('USAGE', `several customers have a booking ${booking}`, { hint: 'name the customer with --customer' });
    }
    return free[0]!.customer_id;
  } finally {
    await draft.engine.close();
  }
}

async function onDemandBatch({ engine }: Draft, open: readonly BatchHead[]): Promise<BatchHead | null> {
  const rows = await engine.rows<{ batch_id: string }>(
    'SELECT DISTINCT i.batch_id FROM draft.invoices AS i WHERE i.on_demand ORDER BY i.batch_id');
  return open.find((head) => head.batch_id === rows[0]?.batch_id) ?? null;
}

/** What a limit stops by itself is not let through by hand either: a release is written down, with its reason. */
async function refuseParked({ engine }: Draft, head: BatchHead): Promise<void> {
  const [parked] = await parkedCustomers(engine, { batch: head.batch_id });
  if (parked === undefined) return;
  fail('PARKED_LIMIT', `the invoice of ${parked.customer_id} over ${parked.total} ${parked.currency} is parked: ${parked.reason}`, {
    hint: 'look at it with --dry-run; let it go with an override: '
      + `{ customer: ${parked.customer_id}, batch: "${head.batch_id}", release: true, reason: … }`,
  });
}

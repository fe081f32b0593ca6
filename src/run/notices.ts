/**
 * Notices to the team: which rows of the outbox an event gives, for whom. A row's id comes from the event, what it is about and who is
 * told, so that nobody is told of the same twice, however often a run is repeated.
 */
import { isTold } from '../values/notices.js';
import type { NoticeEventName } from '../values/notices.js';
import type { NoticePayload } from '../documents/notice.js';
import { PARKED_NAMED } from '../documents/notice.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { canonicalJson, sha256 } from '../values/digest.js';
import { timestampLiteral } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { openBatches, parkedCustomers } from './batches.js';
import type { Context } from './context.js';
import type { ConfirmedBatch, OpenBatch, ParkedCustomer } from './results.js';

/** Something that the team may want to know. */
export interface NoticeEvent {
  readonly event: NoticeEventName;
  /** What it is about: a batch. */
  readonly subject_id: string;
  /** Tells several such events of one subject apart, when customers are confirmed or parked one after the other. Usually left out. */
  readonly occasion?: string;
  readonly at: Instant;
  readonly payload: NoticePayload;
}

/** A row of `ledger.messages`; `invoice_id` is null. Instants in milliseconds. */
export interface NoticeRow {
  readonly message_id: string;
  readonly kind: NoticeEventName;
  /** JSON list of addresses, or of the one name of a webhook. Its address and key stay in the configuration. */
  readonly recipients: string;
  readonly subject_id: string;
  /** Canonical JSON. */
  readonly payload: string;
  readonly queued_at: Instant;
  /** At once: the window for mail is for customers. */
  readonly send_due_at: Instant;
}

/** The rows that events give: one for everybody who is told, each once, in the order of the events. */
export function noticeRows(
  context: { readonly config: Pick<Context['config'], 'notifications'> }, events: readonly NoticeEvent[],
): NoticeRow[] {
  const rows = new Map<string, NoticeRow>();
  for (const { event, subject_id, occasion, at, payload } of events) {
    for (const to of context.config.notifications.filter((each) => isTold(each, event))) {
      const message_id = noticeId(event, subject_id, to.name, occasion);
      if (rows.has(message_id)) continue;
      rows.set(message_id, {
        message_id, kind: event, recipients: canonicalJson(to.webhook === null ? to.email : [to.name]), subject_id,
        payload: canonicalJson(payload), queued_at: at, send_due_at: at,
      });
    }
  }
  return [...rows.values()];
}

/** `msg_` and 16 hex digits. */
export function noticeId(event: NoticeEventName, subject_id: string, recipient: string, occasion = ''): string {
  return `msg_${sha256(canonicalJson([event, subject_id, recipient, ...(occasion === '' ? [] : [occasion])])).slice(0, 16)}`;
}

/**
 * Fills `draft.new_notices`, which has the columns of `ledger.messages`, with what the events give and the ledger has not yet. The
 * next commit adds them to its messages. Called with no event it leaves the table there, empty. Gives the number of rows.
 */
export async function stageNotices(engine: Engine, context: Context, events: readonly NoticeEvent[]): Promise<number> {
  await engine.run(`CREATE SCHEMA IF NOT EXISTS draft;
    CREATE OR REPLACE TABLE draft.new_notices (
      message_id VARCHAR, invoice_id VARCHAR, kind VARCHAR, recipients VARCHAR, queued_at TIMESTAMP, send_due_at TIMESTAMP,
      subject_id VARCHAR, payload VARCHAR)`);
  const rows = noticeRows(context, events);
  if (rows.length === 0) return 0;
  const values = rows.map((row) => `(${literal(row.message_id)}, NULL, ${literal(row.kind)}, ${literal(row.recipients)},
    ${timestampLiteral(row.queued_at)}, ${timestampLiteral(row.send_due_at)}, ${literal(row.subject_id)},
    ${literal(row.payload)})`);
  await engine.run(`INSERT INTO draft.new_notices VALUES ${values.join(', ')};
    DELETE FROM draft.new_notices WHERE message_id IN (SELECT message_id FROM ledger.messages)`);
  const { staged } = await engine.row<{ staged: bigint }>('SELECT count(*) AS staged FROM draft.new_notices');
  return Number(staged);
}

/** An event about a batch that is open in the draft, as it stood at `at`: what is previewed later is not in it. null if it is not open. */
export async function batchEvent(
  engine: Engine, context: Context, event: 'batch_ready' | 'deadline_near' | 'customers_parked', batch_id: string, at: Instant,
): Promise<NoticeEvent | null> {
  const selection = { batch: batch_id, previewed_by: at };
  const [head] = await openBatches(engine, context, selection);
  if (head === undefined) return null;
  const parked = await parkedCustomers(engine, selection);
  // Whoever is parked later in the same batch is told of again.
  const occasion = event === 'customers_parked' ? [...new Set(parked.map((each) => each.customer_id))].sort().join('\n') : '';
  return { event, subject_id: batch_id, occasion, at, payload: openPayload(context, event, head, parked) };
}

/** What is told of an open batch. */
function openPayload(
  context: Context, event: NoticeEventName, head: OpenBatch, parked: readonly ParkedCustomer[],
): NoticePayload {
  return {
    ...payloadOf(context, event), batch_id: head.batch_id, billing_date: head.billing_date, partner: partnerOf(context, head.partner_id),
    invoices: head.totals.reduce((n, total) => n + total.invoices, 0), totals: head.totals, confirm_due_at: head.confirm_due_at,
    auto_confirm: head.auto_confirm, digest: head.digest, ...parkedPart(context, parked),
  };
}

/** An event that a batch, or a part of it, was confirmed. */
export function processedEvent(
  context: Context, batch: ConfirmedBatch, more: { readonly billing_date: string; readonly partner_id: string | null }, at: Instant,
): NoticeEvent {
  return {
    event: 'batch_processed', subject_id: batch.batch_id, at,
    // A batch may be confirmed in parts; each is another event, told apart by its numbers.
    occasion: batch.numbers.map(({ series, first }) => `${series} ${first}`).join(' '),
    payload: {
      ...payloadOf(context, 'batch_processed'), batch_id: batch.batch_id, billing_date: more.billing_date,
      partner: partnerOf(context, more.partner_id), invoices: batch.numbers.reduce((n, series) => n + series.invoices, 0),
      totals: batch.totals, numbers: batch.numbers,
    },
  };
}

/** What an event has in common with all others, and nothing of its own. */
export function payloadOf({ config }: Pick<Context, 'config'>, event: NoticeEventName): NoticePayload {
  return {
    event, issuer: { id: config.issuer.id, name: config.issuer.name }, batch_id: null, billing_date: null, partner: null, invoices: 0,
    totals: [], confirm_due_at: null, auto_confirm: false, digest: null, numbers: [], parked_count: 0, parked: [], problems: [],
  };
}

/**
 * Customers, not invoices: one with two currencies is told once a currency but counted once. A notice is kept for ever, so with keys it
 * names customers by their ids alone.
 */
function parkedPart({ config }: Context, parked: readonly ParkedCustomer[]): Pick<NoticePayload, 'parked' | 'parked_count'> {
  return {
    parked_count: new Set(parked.map((each) => each.customer_id)).size,
    parked: parked.slice(0, PARKED_NAMED).map(({ customer_id, customer_name, currency, total, reason }) => (
      { customer_id, customer_name: config.privacy === null ? customer_name : customer_id, currency, total, reason })),
  };
}

function partnerOf({ config }: Context, partner_id: string | null): NoticePayload['partner'] {
  const partner = config.partners.find((each) => each.partner_id === partner_id);
  return partner === undefined ? null : { partner_id: partner.partner_id, name: partner.name };
}

/**
 * What may become of an invoice and of a message, as one table. A status is not stored: it is folded from the events. The
 * order of events of one subject is (serial, at, attempt, rank), where `attempt` is the one an event belongs to, or opens.
 */

export type MessageStatus = 'queued' | 'sending' | 'sent' | 'failed' | 'uncertain' | 'cancelled';
export type InvoiceStatus = 'processed' | 'void';
export type LifecycleSubject = 'invoice' | 'message';

export interface Transition {
  readonly subject: LifecycleSubject;
  readonly from: string;
  readonly event: string;
  readonly to: string;
}

/** The status a row has before any event: it is in the ledger, nothing else has happened. */
export const INITIAL = { invoice: 'processed', message: 'queued' } as const satisfies Record<LifecycleSubject, string>;

/** Every step there is. What is not here cannot happen, and `duebook verify` says so if it did. */
export const TRANSITIONS: readonly Transition[] = [
  { subject: 'invoice', from: 'processed', event: 'voided', to: 'void' },
  { subject: 'message', from: 'queued', event: 'queued', to: 'queued' },
  { subject: 'message', from: 'queued', event: 'sending', to: 'sending' },
  { subject: 'message', from: 'queued', event: 'cancelled', to: 'cancelled' },
  { subject: 'message', from: 'sending', event: 'sent', to: 'sent' },
  { subject: 'message', from: 'sending', event: 'failed', to: 'failed' },
  { subject: 'message', from: 'sending', event: 'uncertain', to: 'uncertain' },
  { subject: 'message', from: 'failed', event: 'queued', to: 'queued' },
  { subject: 'message', from: 'failed', event: 'cancelled', to: 'cancelled' },
  { subject: 'message', from: 'uncertain', event: 'queued', to: 'queued' },
  { subject: 'message', from: 'uncertain', event: 'cancelled', to: 'cancelled' },
];

/** Order of events of the same attempt. */
const RANK: Readonly<Record<string, number>> = { queued: 1, sending: 2, sent: 3, failed: 3, uncertain: 3, cancelled: 4 };

/** The status after an event, or null if the event may not happen then. */
export function statusAfter(subject: LifecycleSubject, status: string, event: string): string | null {
  return TRANSITIONS.find((t) => t.subject === subject && t.from === status && t.event === event)?.to ?? null;
}

/** Events that change the status of a subject, sorted. */
export function eventsOf(subject: LifecycleSubject): string[] {
  return [...new Set(TRANSITIONS.filter((t) => t.subject === subject).map((t) => t.event))].sort();
}

/** Events of a subject as a list for SQL's IN. */
export function eventListSql(subject: LifecycleSubject): string {
  return `(${eventsOf(subject).map((event) => `'${event}'`).join(', ')})`;
}

/** SQL: the sort key of an event, of columns `serial`, `at`, `event`, `detail`. A cancellation without attempt comes last. */
export function eventOrderSql(): string {
  const ranks = Object.entries(RANK).map(([event, rank]) => `WHEN '${event}' THEN ${rank}`).join(' ');
  return `struct_pack(s := serial, a := "at", n := coalesce((detail->>'$.attempt')::BIGINT, 9223372036854775807), `
    + `r := CASE event ${ranks} ELSE 0 END)`;
}

/**
 * SQL: every message with its status, from two relations with the ledger's columns plus `serial`. Columns: message_id,
 * invoice_id, kind, recipients, queued_at, send_due_at, subject_id, payload, status, attempts, last_at, tried_as_of (the as-of of the
 * run that made the last attempt), sent_at, sha256, error, permanent.
 */
export function messageStatusSql(messages: string, events: string): string {
  return `
    WITH told AS (
      SELECT subject_id, "at", event, detail->>'$.sha256' AS sha256, detail->>'$.error' AS error,
        (detail->>'$.permanent')::BOOLEAN AS permanent, coalesce((detail->>'$.tried_as_of')::TIMESTAMP, "at") AS tried_as_of,
        ${eventOrderSql()} AS k
      FROM ${events} WHERE subject = 'message' AND event IN ${eventListSql('message')}
    ), folded AS (
      SELECT subject_id, arg_max(event, k) AS status, arg_max("at", k) AS last_at, arg_max(tried_as_of, k) AS tried_as_of,
        count(*) FILTER (event = 'sending') AS attempts,
        arg_max("at", k) FILTER (event = 'sent') AS sent_at, arg_max(sha256, k) FILTER (event = 'sent') AS sha256,
        arg_max(error, k) FILTER (event IN ('failed', 'uncertain')) AS error,
        arg_max(permanent, k) FILTER (event IN ('failed', 'uncertain')) AS permanent
      FROM told GROUP BY subject_id
    )
    SELECT m.message_id, m.invoice_id, m.kind, m.recipients, m.queued_at, m.send_due_at, m.subject_id, m.payload,
      coalesce(f.status, '${INITIAL.message}') AS status, coalesce(f.attempts, 0)::BIGINT AS attempts,
      coalesce(f.last_at, m.queued_at) AS last_at, f.tried_as_of, f.sent_at, f.sha256,
      CASE WHEN f.status IN ('sent', 'cancelled') THEN NULL ELSE f.error END AS error,
      CASE WHEN f.status IN ('sent', 'cancelled') THEN NULL ELSE f.permanent END AS permanent
    FROM ${messages} AS m LEFT JOIN folded AS f ON f.subject_id = m.message_id`;
}

/** SQL: the events that make an invoice void, from a relation of events: invoice_id, at, serial. */
export function voidingsSql(events: string): string {
  return `SELECT subject_id AS invoice_id, "at", serial FROM ${events} WHERE subject = 'invoice' AND event = 'voided'`;
}

/** SQL: invoice_id of every void invoice, with the instant and commit at which it became so, from a relation of {@link voidingsSql}. */
export function voidedSql(voidings: string): string {
  return `SELECT invoice_id, min("at") AS voided_at, min(serial) AS serial FROM ${voidings} GROUP BY invoice_id`;
}

/** SQL: the status of an invoice, from the schema `ledger`; `invoice` is the SQL of its id. */
export function invoiceStatusSql(invoice: string): string {
  return `CASE WHEN ${invoice} IN (SELECT invoice_id FROM ledger.voidings) THEN 'void' ELSE '${INITIAL.invoice}' END`;
}

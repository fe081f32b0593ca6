/**
 * Working through the outbox. A message is claimed in one commit, sent, and its outcome committed in another, a few hundred at a
 * time: a crash in between leaves at most those without a known outcome, and they are shown and never repeated by themselves.
 */
import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Mail } from '../config/types.js';
import { renderMail } from '../documents/templates.js';
import type { InvoiceRecord } from '../documents/types.js';
import { ublProblems, ublXml } from '../documents/ubl.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import type { Ledger } from '../ledger/ledger.js';
import { sha256 } from '../values/digest.js';
import { sqlTimestamp, timestampLiteral } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { noCrashPoints } from '../world/crash-points.js';
import { openMailer } from '../world/mailer.js';
import type { Mailer, OutgoingMessage, SendOutcome } from '../world/types.js';
import { append } from './append.js';
import type { Brands } from './brands.js';
import { brandsOf } from './brands.js';
import type { Context } from './context.js';
import { exportEvents, outcomeUnknown, RUN_ENDED, stageEvents } from './events.js';
import type { NewEvent } from './events.js';
import { noticeDelivery, TO_WEBHOOK } from './outbox-notices.js';
import { impersonal, requireRecipients } from './privacy.js';
import { openPrinters } from './printers.js';
import type { Printers } from './printers.js';
import { ledgerRecords } from './records.js';
import type { SendTally } from './results.js';

/** Messages between two commits: what a crash can leave without a known outcome, at most. */
const CHUNK = 250;
/**
 * Invoices that are read from the ledger at once: a query looks through whole segments, so one for each chunk would read all of them a
 * hundred times in a large run. Where invoices are long, fewer are held in memory.
 */
const AHEAD = { messages: 2_000, lines: 50_000 };
/** A run tries a message that failed for a passing reason again, so many times in all. */
const ATTEMPTS = 5;

interface Queued {
  message_id: string; kind: string; recipients: string; attempts: bigint; queued_ms: bigint; send_due_ms: bigint | null;
  /** Null for notices to the team, which have a payload instead. */
  invoice_id: string | null; payload: string | null;
  /** The commit of the invoice, and how many lines it has. */
  serial: bigint | null; lines: bigint | null;
}
/** A message that a run had claimed when it ended. `file`: it only has to be written again. */
interface Claimed extends Pick<Queued, 'message_id' | 'kind' | 'invoice_id' | 'recipients' | 'attempts'> { readonly file: boolean }
/** Invoices by id that were read for the messages before `until`. */
interface ReadAhead { readonly until: number; readonly records: ReadonlyMap<string, InvoiceRecord> }
/** Sends a message that is ready in every way. */
type Delivery = () => Promise<SendOutcome>;
type MessageEvent = Omit<NewEvent, 'subject'>;
type Problem = SendTally['problems'][number];

/** The outbox of one command: holds the mailer open and counts what became of the messages. */
export class Outbox {
  readonly #context: Context;
  readonly #engine: Engine;
  readonly #brands: Brands;
  #ledger: Ledger;
  #mailer: Mailer | null = null;
  readonly #printers: Printers;
  #sent = 0;
  readonly #problems: Problem[] = [];
  /** Messages this command has tried; none is tried twice in one. */
  readonly #tried = new Set<string>();

  constructor(context: Context, engine: Engine, ledger: Ledger) {
    this.#context = context;
    this.#engine = engine;
    this.#ledger = ledger;
    this.#brands = brandsOf(context, { mail: true });
    this.#printers = openPrinters(context);
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  /** After somebody else committed with the same engine. */
  set ledger(ledger: Ledger) {
    this.#ledger = ledger;
  }

  tally(): SendTally {
    return {
      sent: this.#sent,
      failed: this.#problems.filter((p) => p.status === 'failed').length,
      uncertain: this.#problems.filter((p) => p.status === 'uncertain').length,
      problems: this.#problems,
    };
  }

  /** The earliest instant at which a queued message falls due, up to `until`; null if there is none. */
  async nextDue(until: Instant): Promise<Instant | null> {
    const { due } = await this.#engine.row<{ due: bigint | null }>(this.nextDueSql(until));
    return due === null ? null : Number(due);
  }

  /** The same as SQL: `due`. */
  nextDueSql(until: Instant): string {
    return `SELECT epoch_ms(min(send_due_at)) AS due FROM ledger.message_status AS m
      WHERE ${this.#reachable()} AND status = 'queued' AND send_due_at <= ${timestampLiteral(until)}`;
  }

  /** SQL over `m`: what can be sent at all. Without `mail` only webhooks. */
  #reachable(): string {
    return this.#context.config.mail === null ? TO_WEBHOOK : 'TRUE';
  }

  /**
   * Settles messages that an earlier run had claimed when it ended: over a network their outcome is unknown; a file is simply written
   * again.
   */
  async recover(): Promise<void> {
    const left = await this.#engine.rows<Claimed>(`
      SELECT message_id, kind, invoice_id, coalesce(recipients, '[]') AS recipients, attempts,
        NOT ${TO_WEBHOOK} AND ${String(this.#context.config.mail?.transport === 'file')} AS file
      FROM ledger.message_status AS m WHERE status = 'sending' ORDER BY message_id`);
    if (left.length === 0) return;
    await this.#commit(this.#ledger.as_of ?? this.#context.as_of, left.flatMap(({ message_id, attempts, file }): MessageEvent[] => (file
      ? [{ subject_id: message_id, event: 'failed', detail: { attempt: Number(attempts), error: RUN_ENDED, permanent: false } },
        { subject_id: message_id, event: 'queued', detail: { attempt: Number(attempts) + 1 } }]
      : [outcomeUnknown(message_id, Number(attempts))])));
    // Nobody else will tell: these are not tried again by themselves.
    for (const each of left.filter(({ file }) => !file)) {
      this.#problem(each, (JSON.parse(each.recipients) as string[]).join(', '), 'uncertain', RUN_ENDED);
    }
  }

  /** Sends what is queued and due exactly at `at`. */
  async sendDue(at: Instant): Promise<void> {
    await this.#sendAll("status = 'queued'", `send_due_at = ${timestampLiteral(at)}`, at);
  }

  /** Sends everything queued that is due by then, or waits for a human (`auto_send: false`). */
  async sendQueued(at: Instant): Promise<void> {
    await this.#sendAll("status = 'queued'", `(send_due_at IS NULL OR send_due_at <= ${timestampLiteral(at)})`, at);
  }

  /** Tries again what failed for a passing reason in a run for an earlier instant; one for the same instant changes nothing. */
  async retryFailed(at: Instant): Promise<void> {
    const due = `attempts < ${ATTEMPTS} AND tried_as_of < ${timestampLiteral(at)}`;
    await this.#sendAll("status = 'failed' AND NOT coalesce(permanent, FALSE)", due, at);
  }

  /** Tries again what nobody knows the outcome of, and what failed for good: only because a human said so. */
  async retryAll(at: Instant): Promise<void> {
    await this.#sendAll("status IN ('failed', 'uncertain')", 'TRUE', at);
  }

  async close(): Promise<void> {
    await this.#mailer?.close();
    await this.#printers.close();
  }

  async #sendAll(status: string, due: string, at: Instant): Promise<void> {
    const queue = await this.#engine.rows<Queued>(`
      SELECT m.message_id, m.kind, m.invoice_id, m.payload, m.recipients, m.attempts, epoch_ms(m.queued_at) AS queued_ms,
        epoch_ms(m.send_due_at) AS send_due_ms, i.serial, i.lines
      FROM ledger.message_status AS m LEFT JOIN ledger.invoices AS i ON i.invoice_id = m.invoice_id
      LEFT JOIN ledger.invoice_status AS s ON s.invoice_id = m.invoice_id
      WHERE m.${status} AND ${due} AND ${this.#reachable()} AND (m.invoice_id IS NULL OR s.status = 'processed')
      ORDER BY m.send_due_at NULLS LAST, i.serial NULLS LAST, i.series, i.seq, m.message_id`);
    const waiting = queue.filter((message) => !this.#tried.has(message.message_id));
    if (waiting.length === 0) return;
    const progress = this.#context.world.log.progress('sending', waiting.length);
    let read: ReadAhead = { until: 0, records: new Map() };
    for (let i = 0; i < waiting.length; i += CHUNK) {
      const until = Math.min(i + CHUNK, waiting.length);
      if (until > read.until) read = await this.#readAhead(waiting, i);
      await this.#sendChunk(waiting.slice(i, until), read.records, at, status.includes("'queued'"));
      progress.tick(until);
    }
    progress.end();
  }

  /** Reads the invoices of the next chunk, and of those behind it as far as they are not many. */
  async #readAhead(waiting: readonly Queued[], from: number): Promise<ReadAhead> {
    let [until, lines] = [from, 0];
    for (const { lines: own } of waiting.slice(from, from + AHEAD.messages)) {
      if (until >= from + CHUNK && lines >= AHEAD.lines) break;
      [until, lines] = [until + 1, lines + Number(own ?? 0)];
    }
    const next = waiting.slice(from, until).filter((m) => m.invoice_id !== null);
    if (next.length === 0) return { until, records: new Map() };
    const serials = [...new Set(next.map(({ serial }) => serial))].join(', ');
    const ids = next.map((m) => literal(m.invoice_id!)).join(', ');
    const found = await ledgerRecords(this.#engine, `i.serial IN (${serials}) AND i.invoice_id IN (${ids})`);
    return { until, records: new Map(found.map((record) => [record.invoice_id, record])) };
  }

  async #sendChunk(
    chunk: readonly Queued[], records: ReadAhead['records'], at: Instant, fresh: boolean,
  ): Promise<void> {
    const deliveries = await this.#compose(chunk, records, at);
    const crash = this.#context.world.crash ?? noCrashPoints;
    crash.reached('send: composed');
    for (const { message_id } of chunk) this.#tried.add(message_id);
    const attempt = (m: Queued): number => Number(m.attempts) + 1;
    await this.#commit(at, chunk.flatMap((m): MessageEvent[] => [
      ...(fresh ? [] : [{ subject_id: m.message_id, event: 'queued', detail: { attempt: attempt(m) } }]),
      { subject_id: m.message_id, event: 'sending', detail: { attempt: attempt(m) } },
    ]));
    crash.reached('send: claimed');
    const { mail } = this.#context.config;
    const limit = pLimit(mail?.transport === 'smtp' ? mail.connections : 8);
    const outcomes = await Promise.all(deliveries.map((deliver, i) => limit(async () => {
      crash.reached('send: about to hand over', chunk[i]!.message_id);
      const outcome = await deliver();
      crash.reached('send: handed over', chunk[i]!.message_id);
      return outcome;
    })));
    crash.reached('send: all handed over');
    await this.#commit(at, chunk.map((m, i) => this.#outcomeEvent(m, attempt(m), outcomes[i]!, at)));
    crash.reached('send: outcomes committed');
  }

  #outcomeEvent(message: Queued, attempt: number, outcome: SendOutcome, at: Instant): MessageEvent {
    const { status, ...detail } = outcome;
    const recipients = JSON.parse(message.recipients) as string[];
    if (status === 'sent') {
      this.#sent += 1;
      for (const refused of outcome.refused) {
        this.#problem(message, refused, 'failed', 'the server refused this recipient; the others have the message');
      }
    } else this.#problem(message, recipients.join(', '), status, outcome.error);
    const kept = this.#context.config.privacy === null ? detail : impersonal(detail);
    // What fell due earlier was tried only now: whether it is tried again depends on this run's as-of.
    const { as_of } = this.#context;
    const passing = outcome.status === 'failed' && !outcome.permanent && as_of > at ? { tried_as_of: sqlTimestamp(as_of) } : {};
    return { subject_id: message.message_id, event: status, detail: { attempt, ...passing, ...kept } };
  }

  #problem(message: Pick<Queued, 'message_id' | 'kind' | 'invoice_id'>, recipient: string, status: string, error: string): void {
    const { message_id, kind, invoice_id } = message;
    this.#problems.push({ message_id, kind, invoice_id, recipient, status, error });
  }

  /** Everything that could fail in a template fails here, before the message is claimed. */
  async #compose(chunk: readonly Queued[], records: ReadAhead['records'], at: Instant): Promise<Delivery[]> {
    const { mail } = this.#context.config;
    requireRecipients(this.#context, chunk);
    const deliveries: Delivery[] = [];
    for (const m of chunk) {
      if (m.invoice_id === null) {
        const notice = { message_id: m.message_id, recipients: m.recipients, payload: m.payload ?? '', at: Number(m.queued_ms) };
        const byMail = mail === null ? null : { settings: mail, open: () => this.#open(mail) };
        deliveries.push(await noticeDelivery(this.#context, notice, byMail));
      } else deliveries.push(await this.#invoiceDelivery(mail!, m, records.get(m.invoice_id)!, at));
    }
    return deliveries;
  }

  async #invoiceDelivery(mail: Mail, queued: Queued, record: InvoiceRecord, at: Instant): Promise<Delivery> {
    const brand = await this.#brands(record.partner_id);
    const attachments = await this.#attachments(mail, record);
    const message = outgoing(mail, queued, record, renderMail(brand.templates, record), at, attachments);
    const documents = Object.fromEntries(attachments.map(({ filename, content }) => [filename, sha256(content)]));
    return async () => {
      const outcome = await this.#open(mail).send(message);
      return outcome.status === 'sent' && attachments.length > 0 ? { ...outcome, documents } : outcome;
    };
  }

  async #attachments(mail: Mail, record: InvoiceRecord): Promise<OutgoingMessage['attachments']> {
    const files: { filename: string; content_type: string; content: Buffer }[] = [];
    const name = record.number ?? record.invoice_id;
    if (mail.attach.includes('pdf')) {
      files.push({ filename: `${name}.pdf`, content_type: 'application/pdf', content: await this.#printers.print(record) });
    }
    // A customer without a country, say, gets no e-invoice; the mail goes all the same.
    if (mail.attach.includes('xml') && ublProblems(record).length === 0) {
      files.push({ filename: `${name}.xml`, content_type: 'application/xml', content: Buffer.from(ublXml(record)) });
    }
    return files;
  }

  #open(mail: Mail): Mailer {
    const { config, world } = this.#context;
    const open = world.doors?.mailer ?? openMailer;
    this.#mailer ??= mail.transport === 'smtp'
      ? open({ transport: 'smtp', url: mail.url ?? '', connections: mail.connections })
      : open({
        transport: 'file', dir: join(config.root, config.output, 'mail'), ...(world.crash === undefined ? {} : { crash: world.crash }),
      });
    return this.#mailer;
  }

  async #commit(at: Instant, events: readonly MessageEvent[]): Promise<void> {
    await stageEvents(this.#engine, at, events.map((each) => ({ subject: 'message', ...each })));
    this.#ledger = await append(this.#context, this.#engine, this.#ledger, {
      at, action: 'send', files: [await exportEvents(this.#engine)],
    });
  }
}

function outgoing(
  mail: Mail, queued: Queued, record: InvoiceRecord, body: ReturnType<typeof renderMail>, at: Instant,
  attachments: OutgoingMessage['attachments'],
): OutgoingMessage {
  const domain = mail.from.address.slice(mail.from.address.lastIndexOf('@') + 1);
  const replyTo = mail.reply_to ?? record.partner?.email ?? null;
  return {
    message_id: `${queued.message_id}@${domain}`, from: mail.from, to: JSON.parse(queued.recipients) as string[], bcc: mail.bcc,
    reply_to: replyTo, subject: body.subject, text: body.text, html: body.html,
    // The instant the message fell due, not the minute a runner woke up: the same run gives the same bytes.
    date: new Date(queued.send_due_ms === null ? at : Number(queued.send_due_ms)), attachments,
  };
}

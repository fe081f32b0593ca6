/**
 * Handing messages over: to an SMTP server, or into files. What became of each is told honestly: a connection that ends after the
 * whole message was handed to the server, and before its answer, leaves an outcome that nobody knows (RFC 1047).
 */
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { sha256 } from '../values/digest.js';
import { fail } from '../values/diagnostic.js';
import { composeMime, envelopeOf } from './mime.js';
import type { Mailer, OutgoingMessage, SendOutcome } from './types.js';

export type MailerSettings =
  | { readonly transport: 'smtp'; readonly url: string; readonly connections: number; readonly timeouts?: Partial<Timeouts> }
  | { readonly transport: 'file'; readonly dir: string };

interface Timeouts {
  readonly connection_ms: number;
  readonly greeting_ms: number;
  /** Without a byte in either direction. */
  readonly silence_ms: number;
}

/** RFC 5321 4.5.3.2: five minutes for a greeting, ten for the answer after the message. A server that does not answer a connection is gone sooner. */
const TIMEOUTS: Timeouts = { connection_ms: 30_000, greeting_ms: 300_000, silence_ms: 600_000 };

/** Opens a mailer; it connects when it first has something to send. Throws CONFIG_VALUE for a url that is not one. */
export function openMailer(settings: MailerSettings): Mailer {
  return settings.transport === 'file' ? new FileMailer(settings.dir) : new SmtpMailer(settings);
}

/** Writes `<message_id>.eml` files; the same message gives the same file, so that writing it twice is harmless. */
class FileMailer implements Mailer {
  readonly #dir: string;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async send(message: OutgoingMessage): Promise<SendOutcome> {
    const mime = await composeMime(message);
    const name = `${message.message_id.replace(/@.*$/, '').replace(/[^\w.-]/g, '_')}.eml`;
    try {
      await mkdir(this.#dir, { recursive: true });
      const aside = join(this.#dir, `.${name}.part`);
      const file = await open(aside, 'w');
      await file.writeFile(mime);
      await file.sync();
      await file.close();
      await rename(aside, join(this.#dir, name));
    } catch (error) {
      return { status: 'failed', error: `the file cannot be written: ${(error as NodeJS.ErrnoException).code ?? 'unknown fault'}`, permanent: false };
    }
    return { status: 'sent', sha256: sha256(mime), refused: [] };
  }

  async check(): Promise<string | null> {
    try {
      await mkdir(this.#dir, { recursive: true });
      return null;
    } catch (error) {
      return `the folder for messages cannot be made: ${(error as NodeJS.ErrnoException).code ?? 'unknown fault'}`;
    }
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }
}

/** What the server connection reports of a failure. */
interface SmtpError extends Error {
  code?: string;
  command?: string;
  responseCode?: number;
  rejected?: string[];
}

/** A few connections, each used for one message at a time and again for the next. */
class SmtpMailer implements Mailer {
  readonly #options: SMTPConnection.Options;
  readonly #auth: { user: string; pass: string } | null;
  readonly #idle: SMTPConnection[] = [];
  readonly #connections: number;
  #open = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(settings: Extract<MailerSettings, { transport: 'smtp' }>) {
    const { options, auth } = readUrl(settings.url, { ...TIMEOUTS, ...settings.timeouts });
    this.#options = options;
    this.#auth = auth;
    this.#connections = Math.max(1, settings.connections);
  }

  async send(message: OutgoingMessage): Promise<SendOutcome> {
    const mime = await composeMime(message);
    const envelope = envelopeOf(message);
    await this.#turn();
    try {
      return await this.#deliver(envelope, mime);
    } finally {
      this.#open -= 1;
      this.#waiting.shift()?.();
    }
  }

  async check(): Promise<string | null> {
    try {
      const connection = await this.#connect();
      connection.quit();
      return null;
    } catch (error) {
      return words(error as SmtpError);
    }
  }

  async close(): Promise<void> {
    for (const connection of this.#idle.splice(0)) connection.quit();
    await Promise.resolve();
  }

  async #turn(): Promise<void> {
    while (this.#open >= this.#connections) await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
    this.#open += 1;
  }

  async #deliver(envelope: { from: string; to: string[] }, mime: Buffer): Promise<SendOutcome> {
    const { connection, reused } = await this.#take().catch((error: unknown) => ({ connection: error as SmtpError, reused: false }));
    if (connection instanceof Error) return failed(connection);
    const outcome = await transfer(connection, envelope, mime);
    // A kept connection may have been closed by the server meanwhile; nothing was handed over, so a new one is tried.
    if (outcome.lost && reused && outcome.result.status === 'failed') return this.#deliver(envelope, mime);
    if (outcome.lost) connection.close();
    else this.#idle.push(connection);
    return outcome.result;
  }

  async #take(): Promise<{ connection: SMTPConnection; reused: boolean }> {
    const kept = this.#idle.pop();
    return kept === undefined ? { connection: await this.#connect(), reused: false } : { connection: kept, reused: true };
  }

  #connect(): Promise<SMTPConnection> {
    return new Promise((resolve, reject) => {
      const connection = new SMTPConnection(this.#options);
      const refuse = (error: Error): void => {
        connection.close();
        reject(error);
      };
      connection.once('error', refuse);
      connection.connect(() => {
        const ready = (error?: Error | null): void => {
          if (error !== null && error !== undefined) {
            refuse(error);
            return;
          }
          connection.removeListener('error', refuse);
          // An idle connection that breaks is noticed when it is used next.
          connection.on('error', () => undefined);
          resolve(connection);
        };
        if (this.#auth === null) ready();
        else connection.login({ credentials: this.#auth } as SMTPConnection.AuthenticationType, ready);
      });
    });
  }
}

/** Sends one message. `lost`: the connection is not to be used again. */
function transfer(connection: SMTPConnection, envelope: { from: string; to: string[] }, mime: Buffer): Promise<{ result: SendOutcome; lost: boolean }> {
  return new Promise((resolve) => {
    const source = Readable.from([mime]);
    // The library reads the message only after the server agreed to DATA; once it is read to the end, its final dot may be on the wire.
    let handedOver = false;
    source.once('end', () => { handedOver = true; });
    connection.send({ from: envelope.from, to: envelope.to, size: mime.length }, source, (error, info) => {
      if (error === null || error === undefined) {
        resolve({ result: { status: 'sent', sha256: sha256(mime), refused: (info.rejected).map(String) }, lost: false });
        return;
      }
      const problem = error as SmtpError;
      const answered = problem.responseCode !== undefined && problem.responseCode >= 400;
      if (handedOver && !answered) resolve({ result: { status: 'uncertain', error: `the connection ended after the message was handed over: ${words(problem)}` }, lost: true });
      else resolve({ result: failed(problem), lost: true });
    });
  });
}

/** 5xx is for good (RFC 5321 4.2.1); everything else may pass. */
function failed(error: SmtpError): SendOutcome {
  return { status: 'failed', error: words(error), permanent: error.responseCode !== undefined && error.responseCode >= 500 };
}

function words(error: SmtpError): string {
  return error.message.replace(/\s+/g, ' ').slice(0, 300);
}

/** `smtp://user:password@host:587` or `smtps://…:465`. STARTTLS is used where offered, and demanded before a password leaves this machine. */
function readUrl(text: string, timeouts: Timeouts): { options: SMTPConnection.Options; auth: { user: string; pass: string } | null } {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return fail('CONFIG_VALUE', 'mail.url is not a URL', { hint: 'write smtp://user:password@host:587, best from the environment: ${SMTP_URL}' });
  }
  if (!['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    return fail('CONFIG_VALUE', `mail.url begins with ${url.protocol}//, not with smtp:// or smtps://`, { hint: 'write smtp://user:password@host:587' });
  }
  const secure = url.protocol === 'smtps:';
  const auth = url.username === '' ? null : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  const loopback = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  return {
    options: {
      host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? (secure ? 465 : 587) : Number(url.port), secure,
      requireTLS: !secure && auth !== null && !loopback,
      connectionTimeout: timeouts.connection_ms, greetingTimeout: timeouts.greeting_ms, socketTimeout: timeouts.silence_ms,
      ...(loopback ? { tls: { rejectUnauthorized: false } } : {}),
    },
    auth,
  };
}

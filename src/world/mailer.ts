/**
 * Handing messages over: to an SMTP server, or into files. What became of each is told honestly: a connection that ends after the
 * whole message was handed to the server, and before its answer, leaves an outcome that nobody knows (RFC 1047).
 */
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { sha256 } from '../values/digest.js';
import { DuebookError, fail } from '../values/diagnostic.js';
import { noCrashPoints } from './crash-points.js';
import type { CrashPoints } from './crash-points.js';
import { composeMime, envelopeOf } from './mime.js';
import type { Mailer, OutgoingMessage, SendOutcome } from './types.js';

export type MailerSettings =
  | { readonly transport: 'smtp'; readonly url: string; readonly connections: number; readonly timeouts?: Partial<Timeouts> }
  | { readonly transport: 'file'; readonly dir: string; readonly crash?: CrashPoints };

interface Timeouts {
  readonly connection_ms: number;
  readonly greeting_ms: number;
  /** Without a byte in either direction. */
  readonly silence_ms: number;
}

/**
 * RFC 5321 4.5.3.2: five minutes for a greeting, ten for the answer after the message: who hangs up sooner makes duplicates.
 * A server that does not even take the connection is given up earlier.
 */
const TIMEOUTS: Timeouts = { connection_ms: 30_000, greeting_ms: 300_000, silence_ms: 600_000 };

/** Messages before a connection is changed: many servers end one after about a hundred. */
const PER_CONNECTION = 100;

/** Bytes of a message that are read at once. */
const PIECE = 65_536;

/** Opens a mailer; it connects when it first has something to send. Throws CONFIG_VALUE for a url that is not one. */
export function openMailer(settings: MailerSettings): Mailer {
  return settings.transport === 'file' ? new FileMailer(settings.dir, settings.crash ?? noCrashPoints) : new SmtpMailer(settings);
}

/** Writes `<message_id>.eml` files; the same message gives the same file, so that writing it twice is harmless. */
class FileMailer implements Mailer {
  readonly #dir: string;
  readonly #crash: CrashPoints;
  #made: Promise<unknown> | null = null;

  constructor(dir: string, crash: CrashPoints) {
    this.#dir = dir;
    this.#crash = crash;
  }

  async send(message: OutgoingMessage): Promise<SendOutcome> {
    const ready = await prepare(message);
    if ('status' in ready) return ready;
    const { mime } = ready;
    const name = `${message.message_id.replace(/@.*$/, '').replace(/[^\w.-]/g, '_')}.eml`;
    try {
      await (this.#made ??= mkdir(this.#dir, { recursive: true }));
      const aside = join(this.#dir, `.${name}.part`);
      const file = await open(aside, 'w');
      await file.writeFile(mime);
      await file.sync();
      await file.close();
      this.#crash.reached('mail: written aside', name);
      await rename(aside, join(this.#dir, name));
      this.#crash.reached('mail: written', name);
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? 'unknown fault';
      return { status: 'failed', error: `the file cannot be written: ${why}`, permanent: false };
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
}

interface Kept { readonly connection: SMTPConnection; used: number }

/** A few connections, each used for one message at a time and again for the next. */
class SmtpMailer implements Mailer {
  readonly #options: SMTPConnection.Options;
  readonly #auth: { user: string; pass: string } | null;
  readonly #idle: Kept[] = [];
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
    const ready = await prepare(message);
    if ('status' in ready) return ready;
    await this.#turn();
    try {
      return await this.#deliver(ready.envelope, ready.mime);
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
    for (const { connection } of this.#idle.splice(0)) connection.quit();
    await Promise.resolve();
  }

  async #turn(): Promise<void> {
    while (this.#open >= this.#connections) await new Promise<void>((resolve) => { this.#waiting.push(resolve); });
    this.#open += 1;
  }

  async #deliver(envelope: Envelope, mime: Buffer): Promise<SendOutcome> {
    const taken = await this.#take().catch((error: unknown) => error as SmtpError);
    if (taken instanceof Error) return failed(taken);
    const { result, broken } = await transfer(taken.connection, envelope, mime);
    taken.used += 1;
    // A kept connection may have been closed by the server meanwhile. Nothing was handed over, so a new one is tried.
    if (broken && taken.used > 1 && result.status === 'failed') {
      taken.connection.close();
      return this.#deliver(envelope, mime);
    }
    if (!broken && taken.used < PER_CONNECTION && (result.status === 'sent' || await reset(taken.connection))) this.#idle.push(taken);
    else taken.connection.quit();
    return result;
  }

  async #take(): Promise<Kept> {
    return this.#idle.pop() ?? { connection: await this.#connect(), used: 0 };
  }

  #connect(): Promise<SMTPConnection> {
    return new Promise((resolve, reject) => {
      const connection = new SMTPConnection(this.#options);
      const refuse = (error: Error): void => {
        connection.close();
        reject(error);
      };
      connection.once('error', refuse);
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
      // Some failures come as an event, some as an argument (a server that hangs up before its greeting).
      connection.connect((error?: Error) => {
        if (error !== undefined || this.#auth === null) ready(error);
        else connection.login({ credentials: this.#auth }, ready);
      });
    });
  }
}

/** `to` has everybody, `meant` those the message is for, without blind copies. */
interface Envelope { readonly from: string; readonly to: string[]; readonly meant: readonly string[] }

/** A message that cannot be composed fails for good; it must not take the others with it. */
async function prepare(message: OutgoingMessage): Promise<SendOutcome | { envelope: Envelope; mime: Buffer }> {
  try {
    return { envelope: { ...envelopeOf(message), meant: message.to }, mime: await composeMime(message) };
  } catch (error) {
    if (!(error instanceof DuebookError)) throw error;
    return { status: 'failed', error: error.diagnostics.map((d) => d.message).join('; '), permanent: true };
  }
}

/** Sends one message. `broken`: the connection ended, rather than the server saying no. */
function transfer(connection: SMTPConnection, envelope: Envelope, mime: Buffer): Promise<{ result: SendOutcome; broken: boolean }> {
  return new Promise((resolve) => {
    // The library reads the message only after the server agreed to DATA, and writes the final dot after it has read the end. In
    // pieces, because it reads ahead no further than the connection takes: a large message that broke off in the middle has failed,
    // and is not uncertain. Of a small one, all may be under way when the connection ends.
    const source = Readable.from(pieces(mime));
    let handedOver = false;
    source.once('end', () => { handedOver = true; });
    connection.send({ from: envelope.from, to: envelope.to, size: mime.length }, source, (error, info) => {
      if (error === null || error === undefined) {
        const refused = info.rejected.map(String);
        // An archive that took its copy is nobody who was to be reached.
        const reached = envelope.meant.some((address) => !refused.includes(address));
        const result: SendOutcome = reached ? { status: 'sent', sha256: sha256(mime), refused } : refusedByAll(info.rejectedErrors ?? []);
        resolve({ result, broken: false });
        return;
      }
      const problem = error as SmtpError;
      const code = problem.responseCode ?? 0;
      if (handedOver && code < 400) {
        resolve({ result: { status: 'uncertain', error: `no answer after the message was handed over: ${words(problem)}` }, broken: true });
      } else resolve({ result: failed(problem), broken: code < 400 ? problem.code !== 'EMESSAGE' : code === 421 });
    });
  });
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let i = 0; i < bytes.length; i += PIECE) yield bytes.subarray(i, i + PIECE);
}

/** Makes a connection ready for the next message after a refusal; false where that does not work. */
function reset(connection: SMTPConnection): Promise<boolean> {
  return new Promise((resolve) => {
    connection.once('end', () => { resolve(false); });
    connection.reset((error) => { resolve(error === null || error === undefined); });
  });
}

/** Replies that speak of the session or the password, not of this message (RFC 4954 section 6). */
const ABOUT_LOGIN = new Set([530, 534, 535, 538]);

/**
 * A 5xx about this message is for good (RFC 5321 4.2.1), as is a message larger than the server takes. Everything else may pass:
 * a wrong password is mended in the configuration, and then the message can go.
 */
/** Nobody whom the message is for may have it; a passing fault of one of them is worth another try. */
function refusedByAll(errors: readonly (Error & { responseCode?: number | undefined })[]): SendOutcome {
  const passing = errors.find(({ responseCode }) => (responseCode ?? 0) < 500);
  const told = passing ?? errors[0];
  const error = told === undefined ? 'the server refused every recipient' : words(told);
  return { status: 'failed', error, permanent: passing === undefined };
}

function failed(error: SmtpError): SendOutcome {
  const code = error.responseCode ?? 0;
  const aboutMessage = ['MAIL FROM', 'RCPT TO', 'DATA'].includes(error.command ?? '');
  const tooLarge = error.code === 'EMESSAGE' && code === 0;
  return { status: 'failed', error: words(error), permanent: tooLarge || (aboutMessage && code >= 500 && !ABOUT_LOGIN.has(code)) };
}

function words(error: Error): string {
  return error.message.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim().slice(0, 300);
}

const URL_HINT = 'write smtp://user:password@host:587, best from the environment: ${SMTP_URL}';

/**
 * Reads `smtp://user:password@host:587` or `smtps://…:465`. STARTTLS is used where offered, and demanded before a password leaves
 * this machine. Nothing of the URL but its scheme is ever told: it holds a secret.
 */
function readUrl(text: string, timeouts: Timeouts): { options: SMTPConnection.Options; auth: { user: string; pass: string } | null } {
  let url: URL;
  let auth: { user: string; pass: string } | null;
  try {
    url = new URL(text);
    auth = url.username === '' ? null : { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) };
  } catch {
    return fail('CONFIG_VALUE', 'mail.url is not a URL', { hint: `${URL_HINT}; special characters of the password as %40` });
  }
  if (!['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '') {
    return fail('CONFIG_VALUE', `mail.url begins with ${url.protocol}//, not with smtp:// or smtps://`, { hint: URL_HINT });
  }
  const secure = url.protocol === 'smtps:';
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

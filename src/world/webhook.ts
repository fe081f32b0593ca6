/**
 * Handing a notice to a webhook: one signed POST. As with mail, what became of it is told honestly: a connection that ends after the
 * body was handed over, and before an answer, leaves an outcome that nobody knows.
 */
import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { sha256 } from '../values/digest.js';
import type { SendOutcome } from './types.js';

export interface WebhookCall {
  /** https://…, or http://… to this machine. Never told: it may hold a secret. */
  readonly url: string;
  readonly secret: string;
  /** The same on every attempt, so that the receiver can tell a repetition. */
  readonly id: string;
  /** JSON as it goes over the wire; the signature is of these bytes. */
  readonly body: string;
  /** For connecting, and again for the answer. Default 20 seconds each. */
  readonly timeout_ms?: number;
}

const TIMEOUT_MS = 20_000;
/** A 4xx is for good, but for these: too slow, too early, too many (RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4). */
const PASSING = new Set([408, 425, 429]);

/** `sha256=` and the HMAC of the body in hex (RFC 2104), as the header Duebook-Signature bears it. */
export function webhookSignature(secret: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}

/**
 * Posts the body once, on a connection of its own. 2xx is sent; 4xx and 3xx (redirects are not followed) failed for good; 5xx and
 * what fails before the body was handed over failed for now; what fails after it is uncertain. Never throws.
 */
export function postWebhook(call: WebhookCall): Promise<SendOutcome> {
  return new Promise((resolve) => {
    let handedOver = false;
    let timer: NodeJS.Timeout | undefined;
    const done = (outcome: SendOutcome): void => {
      clearTimeout(timer);
      resolve(outcome);
      request?.destroy();
    };
    const broken = (why: string): void => done(handedOver
      ? { status: 'uncertain', error: `no answer after the message was handed over: ${why}` }
      : { status: 'failed', error: why, permanent: false });
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => broken('it took too long'), call.timeout_ms ?? TIMEOUT_MS);
    };
    let request: ClientRequest | undefined;
    try {
      request = open(call);
    } catch {
      done({ status: 'failed', error: 'the address of the webhook is not a URL', permanent: true });
      return;
    }
    wait();
    request.on('error', (error: NodeJS.ErrnoException) => broken(words(error, call)));
    // An answer may come before the body is through (a proxy that refuses): then it counts, whatever becomes of the rest.
    request.on('response', (response) => done(answered(response, call)));
    request.on('socket', (socket) => {
      socket.once('https:' === new URL(call.url).protocol ? 'secureConnect' : 'connect', () => {
        wait();
        handedOver = true;
        request?.end(call.body);
      });
    });
  });
}

function open(call: WebhookCall): ClientRequest {
  const url = new URL(call.url);
  const make = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return make(url, {
    // A connection of its own: on a kept one nobody knows whether the other side has hung up already.
    method: 'POST', agent: false,
    headers: {
      'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(call.body), 'User-Agent': 'duebook',
      'Duebook-Id': call.id, 'Duebook-Signature': webhookSignature(call.secret, call.body),
    },
  });
}

function answered({ statusCode = 0 }: IncomingMessage, { body }: WebhookCall): SendOutcome {
  if (statusCode >= 200 && statusCode < 300) return { status: 'sent', sha256: sha256(body), refused: [] };
  if (statusCode >= 300 && statusCode < 400) {
    return { status: 'failed', error: `the server answered ${statusCode}, a redirect; enter the address it leads to`, permanent: true };
  }
  const permanent = statusCode >= 400 && statusCode < 500 && !PASSING.has(statusCode);
  return { status: 'failed', error: `the server answered ${statusCode}`, permanent };
}

/** What went wrong, without the address. */
function words(error: NodeJS.ErrnoException, call: WebhookCall): string {
  const known = error.code === undefined ? undefined : WORDS[error.code];
  if (known !== undefined) return known;
  const plain = error.message.replaceAll(new URL(call.url).host, 'the server').replaceAll(new URL(call.url).hostname, 'the server');
  return plain.replace(/[\s\u0000-\u001f\u007f-\u009f]+/g, ' ').trim().slice(0, 200);
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the server refused the connection', ECONNRESET: 'the server hung up', ENOTFOUND: 'there is no such server',
  EAI_AGAIN: 'the name of the server could not be looked up', ETIMEDOUT: 'it took too long', EPIPE: 'the server hung up',
  EHOSTUNREACH: 'the server cannot be reached', ENETUNREACH: 'the server cannot be reached',
};

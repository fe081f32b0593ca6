/** A message as bytes. Date, Message-ID and boundaries come from the caller, so that the same message is the same bytes. */
import MailComposer from 'nodemailer/lib/mail-composer';
import type Mail from 'nodemailer/lib/mailer';
import { sha256 } from '../values/digest.js';
import { fail } from '../values/diagnostic.js';
import type { OutgoingMessage } from './types.js';

/**
 * One plain address and nothing that a mail parser could read as more: no list, no group, no quotes, no line ends. The local part
 * is the dot-atom of RFC 5322 3.2.3, the domain letters, digits and hyphens (an international one in its xn-- form).
 */
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const NAME = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?';
const ADDRESS = new RegExp(`^${ATOM}(?:\\.${ATOM})*@${NAME}(?:\\.${NAME})*$`);

/** Whether the text is exactly one address. */
export function isPlainAddress(text: string): boolean {
  return text.length <= 254 && ADDRESS.test(text);
}

/** The envelope of a message: exactly the configured addresses, each once. Throws CONFIG_VALUE for anything that is not one address. */
export function envelopeOf(message: OutgoingMessage): { from: string; to: string[] } {
  const all = [message.from.address, ...message.to, ...message.bcc, ...(message.reply_to === null ? [] : [message.reply_to])];
  for (const address of all) {
    if (isPlainAddress(address)) continue;
    fail('CONFIG_VALUE', `${JSON.stringify(address)} is not an e-mail address`, { hint: 'write one address, like ap@customer.example' });
  }
  if (message.to.length === 0) fail('CONFIG_VALUE', 'a message has no recipient', { hint: 'give the customer an e-mail address' });
  return { from: message.from.address, to: [...new Set([...message.to, ...message.bcc])] };
}

/** Composes the MIME bytes. Blind copies stand in the envelope only. */
export async function composeMime(message: OutgoingMessage): Promise<Buffer> {
  envelopeOf(message);
  const options: Mail.Options & { baseBoundary: string } = {
    from: { name: message.from.name, address: message.from.address },
    to: message.to.map((address) => ({ name: '', address })),
    ...(message.reply_to === null ? {} : { replyTo: { name: '', address: message.reply_to } }),
    subject: message.subject,
    // Encodings are named, not searched for: trying both costs more than the whole rest. Text stays readable in the source.
    text: { content: crlf(message.text), contentTransferEncoding: 'quoted-printable' },
    html: { content: crlf(message.html), contentTransferEncoding: 'base64' },
    messageId: `<${message.message_id}>`, date: message.date,
    attachments: message.attachments.map((a) => ({
      filename: fileName(a.filename), contentType: a.content_type, content: a.content, contentDisposition: 'attachment' as const,
    })),
    disableFileAccess: true, disableUrlAccess: true,
    headers: { 'Auto-Submitted': 'auto-generated' },
    // Unset, the boundary between the parts is random.
    baseBoundary: sha256(message.message_id).slice(0, 24),
  };
  const composer = new MailComposer(options);
  return composer.compile().build();
}

/** A name that is a name everywhere: an invoice number may hold a slash, which is a folder to some. */
function fileName(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]+/g, '').replace(/[/\\:*?"<>|]/g, '-');
}

/** Line ends as they go over the wire (RFC 2045 6.8): the bytes that are hashed are then the bytes that arrive. */
function crlf(text: string): string {
  return text.replace(/\r\n?|\n/g, '\r\n');
}

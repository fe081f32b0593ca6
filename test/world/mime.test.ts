/** Messages as bytes: what a mail program reads out of them, and nothing that one field could smuggle into another. */
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { composeMime, envelopeOf, isPlainAddress } from '../../src/world/mime.js';
import type { OutgoingMessage } from '../../src/world/types.js';

const message: OutgoingMessage = {
  message_id: 'msg_7f3a@northwind.example', from: { name: 'Nordwind Büro, Süd', address: 'billing@northwind.example' },
  to: ['ap@acme.example', 'cfo@acme.example'], bcc: ['archive@northwind.example'], reply_to: 'south@northwind.example',
  subject: 'Rechnung INV-2026-000042 über 1.234,56 € · Größe', text: 'Guten Tag,\n\n.\n.. zwei Punkte\nFrom hier\n=3D\n', html: '<p>Grüße &amp; 🔧</p>\n.\n',
  date: new Date('2026-05-04T22:00:00Z'),
  attachments: [
    { filename: 'Rechnung Ü.pdf', content_type: 'application/pdf', content: Buffer.from([0, 255, 13, 10, 46, 13, 10, 128]) },
    { filename: 'INV.xml', content_type: 'application/xml', content: Buffer.from('<a>ü</a>') },
  ],
};
const head = async (m: OutgoingMessage): Promise<string> => (await composeMime(m)).toString('latin1').split('\r\n\r\n')[0]!;
/** A text as a reader shows it: transport ends lines its own way and may add an empty one. */
const shown = (text: string | undefined): string | undefined => text?.replaceAll('\r\n', '\n').replace(/\n+$/, '\n');
/** Header names in order; folded rows belong to the one before. */
const names = async (m: OutgoingMessage): Promise<string[]> => (await head(m)).split('\r\n').filter((row) => !/^\s/.test(row)).map((row) => row.replace(/:.*$/s, ''));

describe('a message', () => {
  it('is read as it was written', async () => {
    const mail = await PostalMime.parse(await composeMime(message));
    expect(mail.subject).toBe(message.subject);
    expect(mail.from).toEqual({ name: 'Nordwind Büro, Süd', address: 'billing@northwind.example' });
    expect(mail.to).toEqual([{ name: '', address: 'ap@acme.example' }, { name: '', address: 'cfo@acme.example' }]);
    expect(mail.replyTo).toEqual([{ name: '', address: 'south@northwind.example' }]);
    expect([mail.messageId, mail.date]).toEqual(['<msg_7f3a@northwind.example>', '2026-05-04T22:00:00.000Z']);
    expect([shown(mail.text), shown(mail.html)]).toEqual([message.text, message.html]);
    expect(mail.attachments.map((a) => [a.filename, a.mimeType, a.disposition])).toEqual([
      ['Rechnung Ü.pdf', 'application/pdf', 'attachment'], ['INV.xml', 'application/xml', 'attachment'],
    ]);
    expect(mail.attachments.map((a) => Buffer.from(a.content as ArrayBuffer))).toEqual(message.attachments.map((a) => a.content));
  });

  it('has text and HTML as alternatives, the attachments beside them', async () => {
    const types = [...(await composeMime(message)).toString().matchAll(/^Content-Type: ([^;\r\n]+)/gm)].map((m) => m[1]);
    expect(types).toEqual(['multipart/mixed', 'multipart/alternative', 'text/plain', 'text/html', 'application/pdf', 'application/xml']);
    const plain = [...(await composeMime({ ...message, attachments: [] })).toString().matchAll(/^Content-Type: ([^;\r\n]+)/gm)].map((m) => m[1]);
    expect(plain).toEqual(['multipart/alternative', 'text/plain', 'text/html']);
  });

  it('does not tell the blind copies, nor the program', async () => {
    const bytes = (await composeMime(message)).toString();
    expect(bytes).not.toMatch(/^bcc:|archive@|x-mailer|nodemailer/im);
    expect(await names(message)).toEqual(['Auto-Submitted', 'From', 'To', 'Reply-To', 'Subject', 'Message-ID', 'Date', 'MIME-Version', 'Content-Type']);
    expect(envelopeOf(message)).toEqual({ from: 'billing@northwind.example', to: ['ap@acme.example', 'cfo@acme.example', 'archive@northwind.example'] });
  });

  it('is the same bytes each time; another one has other boundaries', async () => {
    const boundary = async (m: OutgoingMessage): Promise<string | undefined> => /boundary="([^"]+)"/.exec(await head(m))?.[1];
    expect((await composeMime(message)).equals(await composeMime({ ...message }))).toBe(true);
    expect(await boundary({ ...message, subject: 'x' })).toBe(await boundary(message));
    expect(await boundary({ ...message, message_id: 'other@x.example' })).not.toBe(await boundary(message));
  });

  it('names its attachments so that every system can save them', async () => {
    const saved = async (filename: string): Promise<unknown> => (await PostalMime.parse(await composeMime({
      ...message, attachments: [{ ...message.attachments[0]!, filename }],
    }))).attachments[0]!.filename;
    expect(await saved('INV/2026/000001.pdf')).toBe('INV-2026-000001.pdf');
    expect(await saved('..\\..\\evil\u202efdp.exe')).toBe('..-..-evilfdp.exe');
    expect(await saved('Größe & "x".pdf')).toBe('Größe & -x-.pdf');
  });

  it('is seven-bit, in lines of at most 998 characters, with CR LF at each end', async () => {
    const bytes = (await composeMime({ ...message, subject: 'ü'.repeat(300), text: 'ä'.repeat(5000), html: `<p>${'x'.repeat(5000)}</p>` })).toString('latin1');
    expect(bytes.replaceAll('\r\n', '')).not.toMatch(/[\r\n\u0080-\u00ff]/);
    expect(Math.max(...bytes.split('\r\n').map((row) => row.length))).toBeLessThanOrEqual(998);
  });
});

describe('line ends in a field', () => {
  const evil = 'x\r\nBcc: evil@x.example\r\n\r\n<b>body</b>';

  it.each<[string, Partial<OutgoingMessage>]>([
    ['the subject', { subject: evil }], ['the name of the sender', { from: { name: evil, address: 'a@x.example' } }],
    ['a lone LF', { subject: 'x\nBcc: evil@x.example' }], ['a lone CR', { subject: 'x\rBcc: evil@x.example' }], ['a NUL', { subject: 'x\0\nBcc: evil@x.example' }],
    ['a separator', { subject: 'x\u2028Bcc: evil@x.example\u0085Cc: evil@x.example' }],
    ['the Message-ID', { message_id: 'x@y.example>\r\nBcc: <evil@x.example' }],
    ['the name of an attachment', { attachments: [{ ...message.attachments[0]!, filename: 'a"\r\nBcc: evil@x.example.pdf' }] }],
    ['the type of an attachment', { attachments: [{ ...message.attachments[0]!, content_type: 'text/plain\r\nBcc: evil@x.example' }] }],
  ])('make no header: %s', async (_where, change) => {
    expect(await names({ ...message, ...change })).toEqual(await names(message));
    const mail = await PostalMime.parse(await composeMime({ ...message, ...change }));
    expect([mail.bcc, mail.cc]).toEqual([undefined, undefined]);
    expect(shown(mail.text)).toBe(message.text);
    expect(mail.attachments.flatMap((a) => [a.filename, a.mimeType]).join()).not.toMatch(/[\r\n]/);
  });

  it('nor anything else, in any field', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('\r\n', '\n', '\r', ''), async (text, end) => {
      const wild = `${text}${end}Bcc: evil@x.example${end}${end}${text}`;
      const changed = { ...message, subject: wild, from: { name: wild, address: 'a@x.example' }, attachments: [{ ...message.attachments[0]!, filename: wild }] };
      expect(await names(changed)).toEqual(await names(message));
      const mail = await PostalMime.parse(await composeMime(changed));
      expect([mail.bcc, shown(mail.text), shown(mail.html), mail.from?.address, mail.attachments.length]).toEqual([undefined, message.text, message.html, 'a@x.example', 1]);
    }), { numRuns: 60 });
  });
});

describe('an address', () => {
  it('is one plain address or nothing', () => {
    for (const good of ['a@b.example', "o'brien+tag@acme.example", 'a.b-c_d=e/f@sub.xn--mller-kva.example', 'x@localhost', `${'a'.repeat(64)}@b.example`]) expect(isPlainAddress(good), good).toBe(true);
    for (const bad of ['', 'a', '@b', 'a@', 'a b@c.example', 'a@b,c@d', 'a@b c', '"a"@b.example', 'a@[127.0.0.1]', 'a@b.example\n', '\na@b.example', 'a..b@c.example', 'a.@c.example', 'g: a@b;', 'ü@b.example', 'a@ü.example']) {
      expect(isPlainAddress(bad), bad).toBe(false);
    }
  });

  it('that passes stands in the envelope as it is, and alone', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (text) => {
      if (!isPlainAddress(text)) expect(() => envelopeOf({ ...message, to: [text] })).toThrowError('is not an e-mail address');
      else expect(envelopeOf({ ...message, to: [text], bcc: [] }).to).toEqual([text]);
      if (isPlainAddress(text)) expect(text).toMatch(/^[\x21-\x7e]+@[\x21-\x7e]+$/);
    }), { numRuns: 500 });
  });
});

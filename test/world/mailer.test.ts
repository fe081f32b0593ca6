import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { afterEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/values/digest.js';
import { openMailer } from '../../src/world/mailer.js';
import { composeMime } from '../../src/world/mime.js';
import type { MailerSettings } from '../../src/world/mailer.js';
import type { Mailer, OutgoingMessage } from '../../src/world/types.js';
import { accepting, goodServer, rawServer } from './smtp-servers.js';

const message: OutgoingMessage = {
  message_id: 'inv_7f3a.1@northwind.example', from: { name: 'Northwind Billing', address: 'billing@northwind.example' },
  to: ['ap@acme.example'], bcc: [], reply_to: null, subject: 'Rechnung INV-1 über 561,09 €', text: 'Guten Tag\n.\n..\nGrüße\n', html: '<p>Grüße</p>\n.\n',
  date: new Date('2026-05-01T06:00:00Z'), attachments: [],
};

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function mailer(url: string, more: Partial<Extract<MailerSettings, { transport: 'smtp' }>> = {}): Mailer {
  const opened = openMailer({ transport: 'smtp', url, connections: 2, ...more });
  cleanups.push(() => opened.close());
  return opened;
}

async function good(options: Parameters<typeof goodServer>[0] = {}): ReturnType<typeof goodServer> {
  const server = await goodServer(options);
  cleanups.push(server.close);
  return server;
}

async function raw(script: Parameters<typeof rawServer>[0]): ReturnType<typeof rawServer> {
  const server = await rawServer(script);
  cleanups.push(server.close);
  return server;
}

const refusing = (pattern: RegExp, code: number) => ({
  onRcptTo: (address: { address: string }, _session: unknown, done: (error?: Error) => void): void => {
    done(pattern.test(address.address) ? Object.assign(new Error('no such user'), { responseCode: code }) : undefined);
  },
});

describe('a message that arrives', () => {
  it('is the composed bytes, from and to exactly the configured addresses', async () => {
    const server = await good();
    const sent = { ...message, to: ['ap@acme.example', 'second@acme.example'], bcc: ['archive@northwind.example', 'ap@acme.example'] };
    const outcome = await mailer(server.url).send(sent);
    const mime = await composeMime(sent);
    expect(outcome).toEqual({ status: 'sent', sha256: sha256(mime), refused: [] });
    expect(server.mails).toEqual([{
      from: 'billing@northwind.example', to: ['ap@acme.example', 'second@acme.example', 'archive@northwind.example'], raw: mime,
    }]);
    const parsed = await PostalMime.parse(server.mails[0]!.raw);
    expect(parsed.subject).toBe(message.subject);
    expect(parsed.text?.trimEnd()).toBe(message.text.trimEnd());
    expect(parsed.html?.replaceAll('\r', '').trimEnd()).toBe(message.html.trimEnd());
    expect(mime.toString('latin1').replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(parsed.bcc).toBeUndefined();
    expect(mime.toString()).not.toContain('archive@');
  });

  it('goes over as many connections as allowed, each used again', async () => {
    const server = await good();
    const pool = mailer(server.url, { connections: 3 });
    const outcomes = await Promise.all(Array.from({ length: 40 }, (_, i) => pool.send({ ...message, message_id: `m${i}@x.example` })));
    expect(outcomes.every((o) => o.status === 'sent')).toBe(true);
    expect(server.mails).toHaveLength(40);
    expect(server.connections()).toBeLessThanOrEqual(3);
  });

  it('changes the connection after a hundred messages', async () => {
    const server = await good();
    const pool = mailer(server.url, { connections: 1 });
    for (let i = 0; i < 101; i += 1) expect((await pool.send({ ...message, message_id: `m${i}@x.example` })).status).toBe('sent');
    expect(server.connections()).toBe(2);
  });
});

describe('a message that is refused', () => {
  it('by one recipient is sent to the others', async () => {
    const server = await good(refusing(/gone/, 550));
    const outcome = await mailer(server.url).send({ ...message, to: ['ap@acme.example', 'gone@acme.example'] });
    expect(outcome).toMatchObject({ status: 'sent', refused: ['gone@acme.example'] });
    expect(server.mails[0]!.to).toEqual(['ap@acme.example']);
  });

  it.each([[550, true], [451, false]])('by all recipients with %i has failed, for good: %s', async (code, permanent) => {
    const server = await good(refusing(/./, code));
    const pool = mailer(server.url, { connections: 1 });
    const outcome = await pool.send({ ...message, to: ['a@acme.example', 'b@acme.example'] });
    expect(outcome).toMatchObject({ status: 'failed', permanent });
    expect((outcome as { error: string }).error).toContain('no such user');
    expect(server.mails).toEqual([]);
    await pool.send(message);
    expect(server.connections()).toBe(1);
  });

  it.each([[550, true], [450, false]])('by everybody it is for with %i has failed, for good: %s, also where the archive took its copy', async (code, permanent) => {
    const server = await good(refusing(/acme/, code));
    const outcome = await mailer(server.url).send({ ...message, to: ['a@acme.example', 'b@acme.example'], bcc: ['archive@northwind.example'] });
    expect(outcome).toMatchObject({ status: 'failed', permanent, error: expect.stringContaining('no such user') as string });
  });

  it('deferred by one and refused by the others may still pass', async () => {
    const server = await raw((() => {
      let n = 0;
      return (command: string) => (command === 'RCPT' ? ((n += 1) === 1 ? '451 later' : '550 never') : accepting({})(command, 1));
    })());
    expect(await mailer(server.url).send({ ...message, to: ['a@x.example', 'b@x.example'] })).toMatchObject({ status: 'failed', permanent: false });
  });

  it.each([
    ['MAIL', '550 go away', true], ['MAIL', '530 log in first', false], ['MAIL', '451 later', false], ['DATA', '554 no', true],
    ['.', '554 looks like spam', true], ['.', '452 disk full', false], ['.', '421 closing', false], ['EHLO', '550 no', false], ['CONNECT', '554 no', false],
  ])('at %s with "%s" has failed, for good: %s', async (command, reply, permanent) => {
    const server = await raw(accepting({ [command]: reply, ...(command === 'EHLO' ? { HELO: reply } : {}) }));
    expect(await mailer(server.url).send(message)).toMatchObject({ status: 'failed', permanent });
  });

  it('for a wrong password can be sent later, and nobody reads the password', async () => {
    const server = await good({ authOptional: false, allowInsecureAuth: true, onAuth: (_auth, _session, done) => { done(new Error('bad credentials')); } });
    const outcome = await mailer(server.url.replace('smtp://', 'smtp://me:s3cret%40@')).send(message);
    expect(outcome).toMatchObject({ status: 'failed', permanent: false });
    expect(JSON.stringify(outcome)).not.toContain('s3cret');
  });

  it('because it is too large has failed for good', async () => {
    const server = await good({ size: 100 });
    expect(await mailer(server.url).send(message)).toMatchObject({ status: 'failed', permanent: true });
  });
});

describe('a connection that ends', () => {
  it.each(['CONNECT', 'EHLO', 'MAIL', 'RCPT', 'DATA'])('at %s: the message has failed and can be sent again', async (command) => {
    const server = await raw(accepting({ [command]: null }));
    expect(await mailer(server.url).send(message)).toMatchObject({ status: 'failed', permanent: false });
    expect(server.bodies).toEqual([]);
  });

  it('after the message and before its answer: nobody knows, and nothing is sent a second time', async () => {
    const server = await raw(accepting({ '.': null }));
    const pool = mailer(server.url, { connections: 1 });
    expect(await pool.send(message)).toMatchObject({ status: 'uncertain' });
    expect(server.bodies).toHaveLength(1);
    expect(server.connections()).toBe(1);
  });

  it('after the message on a kept connection: not sent a second time either', async () => {
    let messages = 0;
    const server = await raw((command) => (command === '.' && (messages += 1) === 2 ? null : accepting({})(command, 1)));
    const pool = mailer(server.url, { connections: 1 });
    expect((await pool.send(message)).status).toBe('sent');
    expect(await pool.send({ ...message, message_id: 'two@x.example' })).toMatchObject({ status: 'uncertain' });
    expect(server.bodies).toHaveLength(2);
  });

  it('in silence after the message: nobody knows', async () => {
    const server = await raw(accepting({ '.': '' }));
    const pool = mailer(server.url, { timeouts: { silence_ms: 200 } });
    expect(await pool.send(message)).toMatchObject({ status: 'uncertain' });
  });

  it('in silence before the message: failed', async () => {
    const server = await raw(accepting({ RCPT: '' }));
    const pool = mailer(server.url, { timeouts: { silence_ms: 200 } });
    expect(await pool.send(message)).toMatchObject({ status: 'failed', permanent: false });
  });

  it.each([['hung up', null], ['said 421', '421 idle too long']])('between two messages (the server %s): a new one is opened', async (_how, reply) => {
    let mails = 0;
    const server = await raw((command) => (command === 'MAIL' && (mails += 1) === 2 ? reply : accepting({})(command, 1)));
    const pool = mailer(server.url, { connections: 1 });
    expect((await pool.send(message)).status).toBe('sent');
    expect((await pool.send({ ...message, message_id: 'two@x.example' })).status).toBe('sent');
    expect(server.connections()).toBe(2);
    expect(server.bodies).toHaveLength(2);
  });

  it('never opened: failed, with the reason', async () => {
    const server = await raw(accepting({}));
    await server.close();
    const outcome = await mailer(server.url).send(message);
    expect(outcome).toMatchObject({ status: 'failed', permanent: false });
    expect((outcome as { error: string }).error).toContain('ECONNREFUSED');
  });
});

describe('addresses', () => {
  const nasty = [
    'a@b.test\r\nRCPT TO:<evil@x.test>', 'a@b.test, evil@x.test', 'undisclosed: evil@x.test;', '"a b"@x.test', 'a@b.test (comment)', 'Name <a@b.test>',
    '<a@b.test>', 'a@b.test>', 'a@b..test', '.a@b.test', 'a@-b.test', 'ä@b.test', 'a@b.test\0', ' a@b.test', 'a', '', 'a@b@c.test', `${'a'.repeat(250)}@b.test`,
  ];

  it.each(nasty)('%j reaches no server', async (address) => {
    const server = await raw(accepting({}));
    for (const wrong of [{ to: [address] }, { bcc: [address] }, { reply_to: address }, { from: { name: 'x', address } }]) {
      expect(await mailer(server.url).send({ ...message, ...wrong })).toMatchObject({ status: 'failed', permanent: true });
    }
    expect(server.connections()).toBe(0);
  });

  it('with every allowed character arrive as they are', async () => {
    const server = await good();
    const to = ["o'brien+tag@acme.example", 'a.b-c_d=e@sub.xn--mller-kva.example', 'x@localhost'];
    expect((await mailer(server.url).send({ ...message, to })).status).toBe('sent');
    // The test server turns xn-- into letters.
    expect(server.mails[0]!.to.map((a) => a.replace('müller', 'xn--mller-kva'))).toEqual(to);
  });

  it('need at least one', async () => {
    expect(await mailer('smtp://127.0.0.1:9').send({ ...message, to: [] })).toMatchObject({ status: 'failed', permanent: true });
  });
});

describe('the url', () => {
  it.each(['', 'mail.example', 'http://mail.example', 'smtp://', 'smtp://u:%zz@h'])('%j is refused', (url) => {
    expect(() => openMailer({ transport: 'smtp', url, connections: 1 })).toThrowError(/CONFIG_VALUE/);
  });

  it('never shows in an error', () => {
    expect(() => openMailer({ transport: 'smtp', url: 'imap://me:s3cret@h', connections: 1 })).toThrowError(/^((?!s3cret)[\s\S])*$/);
  });
});

describe('check', () => {
  it('says hello', async () => {
    const server = await good();
    expect(await mailer(server.url).check()).toBeNull();
  });

  it('tells why not', async () => {
    const server = await raw(accepting({ CONNECT: null }));
    expect(await mailer(server.url).check()).toContain('closed');
  });
});

describe('files', () => {
  async function folder(): Promise<string> {
    const dir = await mkdtemp(join(tmpdir(), 'duebook-mail-'));
    cleanups.push(() => rm(dir, { recursive: true }));
    return dir;
  }

  it('hold the composed bytes under the name of the message, the same when repeated', async () => {
    const dir = join(await folder(), 'mails');
    const files = openMailer({ transport: 'file', dir });
    const first = await files.send(message);
    const second = await files.send(message);
    expect(second).toEqual(first);
    expect(await readdir(dir)).toEqual(['inv_7f3a.1.eml']);
    const bytes = await readFile(join(dir, 'inv_7f3a.1.eml'));
    expect(first).toEqual({ status: 'sent', sha256: sha256(bytes), refused: [] });
    expect(bytes).toEqual(await composeMime(message));
  });

  it('never leave the folder', async () => {
    const dir = await folder();
    await openMailer({ transport: 'file', dir: join(dir, 'mails') }).send({ ...message, message_id: '../../up@x.example' });
    expect(await readdir(dir)).toEqual(['mails']);
    expect(await readdir(join(dir, 'mails'))).toEqual(['.._.._up.eml']);
  });

  it('that cannot be written are told', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'taken'), '');
    const files = openMailer({ transport: 'file', dir: join(dir, 'taken') });
    expect(await files.send(message)).toMatchObject({ status: 'failed', permanent: false });
    expect(await files.check()).toContain('cannot be made');
    expect(await files.send({ ...message, to: ['x'] })).toMatchObject({ status: 'failed', permanent: true });
  });
});

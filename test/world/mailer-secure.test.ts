/** Encryption and passwords, how many connections there are at once, and a message that breaks off in the middle. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openMailer } from '../../src/world/mailer.js';
import type { Mailer, OutgoingMessage } from '../../src/world/types.js';
import { accepting, goodServer, rawServer } from './smtp-servers.js';

const message: OutgoingMessage = {
  message_id: 'm1@northwind.example', from: { name: 'Northwind', address: 'billing@northwind.example' }, to: ['ap@acme.example'], bcc: [], reply_to: null,
  subject: 'Invoice', text: 'Hello\n', html: '<p>Hello</p>\n', date: new Date('2026-05-01T06:00:00Z'), attachments: [],
};

// The server of the tests warns of its own certificate.
beforeEach(() => { vi.spyOn(console, 'error').mockImplementation(() => undefined); });

function mailer(url: string, connections = 1): Mailer {
  const opened = openMailer({ transport: 'smtp', url, connections });
  onTestFinished(() => opened.close());
  return opened;
}

interface Seen { auth: string[]; secure: boolean[] }

/** A server with a certificate that nobody signed; logs who logged in and whether it was encrypted. */
async function secured(options: Parameters<typeof goodServer>[0] = {}, host = '127.0.0.1'): Promise<{ seen: Seen; url: string; mails: unknown[] }> {
  const seen: Seen = { auth: [], secure: [] };
  const server = await goodServer({
    disabledCommands: [],
    onAuth: (auth, session, done) => {
      seen.auth.push(`${auth.username}:${auth.password} ${session.secure ? 'encrypted' : 'open'}`);
      if (auth.password === 'p@ss:wörd') done(null, { user: auth.username });
      else done(new Error('wrong'));
    },
    onMailFrom: (_address, session, done) => { seen.secure.push(session.secure); done(); },
    ...options,
  }, host);
  onTestFinished(server.close);
  return { seen, url: server.url, mails: server.mails };
}

const withUser = (url: string, password = 'p@ss:wörd'): string => url.replace('://', `://${encodeURIComponent('me@x')}:${encodeURIComponent(password)}@`);

describe('encryption', () => {
  it('is used where the server offers it (STARTTLS)', async () => {
    const server = await secured();
    expect((await mailer(server.url).send(message)).status).toBe('sent');
    expect(server.seen.secure).toEqual([true]);
  });

  it('from the first byte on with smtps://', async () => {
    const server = await secured({ secure: true });
    expect(server.url).toMatch(/^smtps:/);
    expect((await mailer(server.url).send(message)).status).toBe('sent');
    expect(server.seen.secure).toEqual([true]);
  });

  // 127.0.0.2 is here as well, on Linux, but not by the names that are known to be.
  it.runIf(process.platform === 'linux')('is demanded before a password leaves the machine', async () => {
    const open = await secured({ disabledCommands: ['STARTTLS'], allowInsecureAuth: true }, '127.0.0.2');
    expect(await mailer(withUser(open.url)).send(message)).toMatchObject({ status: 'failed', permanent: false });
    const selfSigned = await secured({}, '127.0.0.2');
    const outcome = await mailer(withUser(selfSigned.url)).send(message);
    expect(outcome).toMatchObject({ status: 'failed', permanent: false });
    expect((outcome as { error: string }).error).toMatch(/certificate/i);
    expect([open.seen.auth, selfSigned.seen.auth, open.mails, selfSigned.mails]).toEqual([[], [], [], []]);
  });
});

describe('a password', () => {
  it('is sent encrypted, with the characters that a URL writes differently', async () => {
    const server = await secured({ authOptional: false });
    expect((await mailer(withUser(server.url)).send(message)).status).toBe('sent');
    expect(server.seen.auth).toEqual(['me@x:p@ss:wörd encrypted']);
    expect(server.mails).toHaveLength(1);
  });

  it('that is wrong is told without being shown', async () => {
    const server = await secured({ authOptional: false });
    const outcome = await mailer(withUser(server.url, 's3cret')).send(message);
    expect(outcome).toMatchObject({ status: 'failed', permanent: false });
    expect(JSON.stringify(outcome)).not.toContain('s3cret');
    expect(await mailer(withUser(server.url, 's3cret')).check()).not.toMatch(/^$|s3cret/);
  });

  it('is asked for once for a connection', async () => {
    const server = await secured({ authOptional: false });
    const pool = mailer(withUser(server.url));
    for (let i = 0; i < 5; i += 1) expect((await pool.send({ ...message, message_id: `m${i}@x.example` })).status).toBe('sent');
    expect(server.seen.auth).toHaveLength(1);
  });
});

describe('connections at once', () => {
  it.each([1, 3])('are at most %i, and all of them are used', async (limit) => {
    let [now, most] = [0, 0];
    const server = await goodServer({
      onConnect: (_session, done) => { now += 1; most = Math.max(most, now); done(); },
      onClose: () => { now -= 1; },
      onMailFrom: (_address, _session, done) => { setTimeout(done, 5); },
    });
    onTestFinished(server.close);
    const pool = mailer(server.url, limit);
    const outcomes = await Promise.all(Array.from({ length: 20 }, (_, i) => pool.send({ ...message, message_id: `m${i}@x.example` })));
    expect(outcomes.filter((o) => o.status !== 'sent')).toEqual([]);
    expect(most).toBe(limit);
  });
});

describe('a message that breaks off', () => {
  const large = { ...message, attachments: [{ filename: 'large.bin', content_type: 'application/octet-stream', content: Buffer.alloc(12_000_000, 7) }] };

  it('in the middle, large: the server cannot have it, so it has failed and can be sent again', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.write('220 here\r\n');
      let data = false;
      socket.on('data', (chunk) => {
        const text = chunk.toString('latin1');
        if (data) socket.destroy();
        else if (text.startsWith('DATA')) { data = true; socket.write('354 go\r\n'); } else socket.write('250 ok\r\n');
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    onTestFinished(() => { server.close(); });
    const url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await mailer(url).send(large)).toMatchObject({ status: 'failed', permanent: false });
    // All of a small one is on its way at once: where it broke off cannot be told from here.
    expect(await mailer(url).send(message)).toMatchObject({ status: 'uncertain' });
  });

  it('after its end, large: nobody knows', async () => {
    const server = await rawServer(accepting({ '.': null }));
    onTestFinished(server.close);
    expect(await mailer(server.url).send({ ...large, attachments: [{ ...large.attachments[0]!, content: Buffer.alloc(600_000, 7) }] })).toMatchObject({ status: 'uncertain' });
    expect(server.bodies).toHaveLength(1);
  });

  it('never: large ones arrive whole', async () => {
    const server = await goodServer();
    onTestFinished(server.close);
    expect((await mailer(server.url).send(large)).status).toBe('sent');
    expect(server.mails[0]!.raw.length).toBeGreaterThan(16_000_000);
  });
});

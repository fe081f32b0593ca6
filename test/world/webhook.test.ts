/** Webhooks over real connections, with servers that take, refuse, hang and die. */
import { createHmac } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { sha256 } from '../../src/values/digest.js';
import type { SendOutcome } from '../../src/world/types.js';
import { postWebhook, webhookSignature } from '../../src/world/webhook.js';
import { answering, hookServer, tcpServer } from './webhook-servers.js';

const BODY = '{"event":"batch_ready","text":"3 invoices – ready"}';

function post(url: string, timeout_ms = 2000): Promise<SendOutcome> {
  return postWebhook({ url, secret: 'quiet', id: 'msg_1', body: BODY, timeout_ms });
}

async function closing<T extends { close: () => Promise<void> }>(server: Promise<T>): Promise<T> {
  const made = await server;
  onTestFinished(made.close);
  return made;
}

describe('a webhook', () => {
  it('gets the body, its id and a signature that the receiver can prove', async () => {
    const server = await closing(hookServer());
    expect(await post(`${server.url}?a=1`)).toEqual({ status: 'sent', sha256: sha256(BODY), refused: [] });
    const [{ method, path, headers, body }] = server.posted as [(typeof server.posted)[number]];
    expect([method, path, body, headers['content-type'], headers['duebook-id']]).toEqual(['POST', '/hook?a=1', BODY, 'application/json; charset=utf-8', 'msg_1']);
    expect(headers['duebook-signature']).toBe(`sha256=${createHmac('sha256', 'quiet').update(Buffer.from(body)).digest('hex')}`);
  });

  it('is signed as RFC 4231 says (test case 2)', () => {
    expect(webhookSignature('Jefe', 'what do ya want for nothing?')).toBe('sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
  });

  it.each([[200, 'sent', undefined], [202, 'sent', undefined], [400, 'failed', true], [401, 'failed', true], [404, 'failed', true], [410, 'failed', true],
    [408, 'failed', false], [429, 'failed', false], [500, 'failed', false], [503, 'failed', false]])('that answers %i: %s', async (code, status, permanent) => {
    const server = await closing(answering(code));
    expect(await post(server.url)).toMatchObject({ status, ...(permanent === undefined ? {} : { permanent }) });
  });

  it.each([301, 302, 307, 308])('that redirects with %i is not followed', async (code) => {
    const [target, server] = [await closing(hookServer()), await closing(answering(code, { location: 'http://127.0.0.1:1/else' }))];
    const outcome = await post(server.url);
    expect(outcome).toMatchObject({ status: 'failed', permanent: true });
    expect(JSON.stringify(outcome)).not.toContain('else');
    expect(target.posted).toEqual([]);
  });

  it('that nobody listens at may be tried again', async () => {
    const server = await hookServer();
    await server.close();
    expect(await post(server.url)).toEqual({ status: 'failed', error: 'the server refused the connection', permanent: false });
  });

  it('that hangs up after the body leaves an unknown outcome', async () => {
    const server = await closing(hookServer((request) => { request.socket.destroy(); }));
    expect(await post(server.url)).toMatchObject({ status: 'uncertain' });
    expect(server.posted).toHaveLength(1);
  });

  it('that never answers leaves an unknown outcome, in bounded time', async () => {
    const server = await closing(hookServer(() => undefined));
    const begun = performance.now();
    expect(await post(server.url, 300)).toEqual({ status: 'uncertain', error: 'no answer after the message was handed over: it took too long' });
    expect(performance.now() - begun).toBeLessThan(2000);
  });

  it('that answers with something else than HTTP leaves an unknown outcome', async () => {
    const server = await closing(tcpServer((socket) => { socket.on('data', () => socket.end('220 mail.example ESMTP\r\n')); }));
    expect(await post(server.url)).toMatchObject({ status: 'uncertain' });
  });

  it('over TLS, that hangs up in the handshake has not seen the body', async () => {
    let got = '';
    const server = await closing(tcpServer((socket) => { socket.once('data', (chunk) => { got += chunk.toString('latin1'); socket.destroy(); }); }));
    expect(await post(server.url.replace('http:', 'https:'))).toMatchObject({ status: 'failed', permanent: false });
    expect(got).not.toContain('batch_ready');
  });

  it('over TLS, that never ends the handshake fails for now', async () => {
    const server = await closing(tcpServer(() => undefined));
    expect(await post(server.url.replace('http:', 'https:'), 300)).toEqual({ status: 'failed', error: 'it took too long', permanent: false });
  });

  it('never tells its address', async () => {
    for (const url of ['http://nowhere.invalid/services/SECRET', 'no url SECRET']) {
      const outcome = await post(url);
      expect(outcome.status).toBe('failed');
      expect(JSON.stringify(outcome)).not.toMatch(/SECRET|nowhere/);
    }
  });
});

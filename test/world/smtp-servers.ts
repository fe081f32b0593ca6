/** Real mail servers on loopback for the tests: one that behaves, and one whose words are scripted. */
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerOptions } from 'smtp-server';

export interface Received { readonly from: string; readonly to: string[]; readonly raw: Buffer }

/** A server that keeps what it gets. `options` can refuse senders, recipients or messages. */
export async function goodServer(options: SMTPServerOptions = {}, host = '127.0.0.1'): Promise<{ url: string; mails: Received[]; connections: () => number; close: () => Promise<void> }> {
  const mails: Received[] = [];
  let connections = 0;
  const server = new SMTPServer({
    authOptional: true, disabledCommands: ['STARTTLS'],
    onConnect: (_session, done) => { connections += 1; done(); },
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({ from: mailFrom === false ? '' : mailFrom.address, to: rcptTo.map((r) => r.address), raw: Buffer.concat(chunks) });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => { server.listen(0, host, resolve); });
  const { port } = server.server.address() as AddressInfo;
  return { url: `${options.secure === true ? 'smtps' : 'smtp'}://${host}:${port}`, mails, connections: () => connections, close: () => new Promise((resolve) => { server.close(resolve); }) };
}

/** What a scripted server answers; null hangs up, '' stays silent. */
export type Script = (command: string, connection: number) => string | null;

/** A raw server: greets, answers each command by the script; the message itself is the command `.`, with its bytes kept. */
export async function rawServer(script: Script): Promise<{ url: string; bodies: string[]; commands: string[]; connections: () => number; close: () => Promise<void> }> {
  const bodies: string[] = [];
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    const me = connections;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let buffer = '';
    let data = false;
    const say = (command: string): void => {
      commands.push(command);
      const reply = script(command, me);
      if (reply === null) socket.destroy();
      else if (reply !== '') socket.write(`${reply}\r\n`);
      data = command === 'DATA' && reply?.startsWith('354') === true;
    };
    say('CONNECT');
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1');
      for (;;) {
        const end = data ? buffer.indexOf('\r\n.\r\n') : buffer.indexOf('\r\n');
        if (end < 0) return;
        const text = buffer.slice(0, end);
        buffer = buffer.slice(end + (data ? 5 : 2));
        if (data) bodies.push(text);
        say(data ? '.' : text.startsWith('DATA') ? 'DATA' : text.replace(/[ :].*$/, ''));
      }
    });
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> => new Promise((resolve) => {
    for (const socket of sockets) socket.destroy();
    server.close(() => { resolve(); });
  });
  return { url: `smtp://127.0.0.1:${port}`, bodies, commands, connections: () => connections, close };
}

/** A script that accepts everything, with exceptions by command. */
export function accepting(except: Readonly<Record<string, string | null>>): Script {
  const usual: Readonly<Record<string, string>> = { CONNECT: '220 here', EHLO: '250 here', MAIL: '250 ok', RCPT: '250 ok', DATA: '354 go', '.': '250 taken', RSET: '250 ok', QUIT: '221 bye' };
  return (command) => (command in except ? except[command]! : usual[command] ?? '502 what');
}

/** Real HTTP servers on loopback for the tests of webhooks. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface Posted { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string }

export interface HookServer { readonly url: string; readonly posted: Posted[]; readonly close: () => Promise<void> }

/** Keeps what it gets; `answer` says what becomes of it, 204 where it is left out. */
export async function hookServer(answer?: (request: IncomingMessage, response: ServerResponse, posted: Posted) => void): Promise<HookServer> {
  const posted: Posted[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const got: Posted = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() };
      posted.push(got);
      if (answer === undefined) response.writeHead(204).end();
      else answer(request, response, got);
    });
  });
  return { url: await listen(server), posted, close: () => stop(server, () => server.closeAllConnections()) };
}

/** Answers with a status code. */
export function answering(code: number, headers: Record<string, string> = {}): Promise<HookServer> {
  return hookServer((_request, response) => { response.writeHead(code, headers).end('x'.repeat(100_000)); });
}

/** Speaks TCP only: `on` gets each connection. */
export async function tcpServer(on: (socket: Socket) => void): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    on(socket);
  });
  return { url: await listen(server), close: () => stop(server, () => { for (const socket of sockets) socket.destroy(); }) };
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
}

function stop(server: Server, cut: () => void): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => { resolve(); });
    cut();
  });
}

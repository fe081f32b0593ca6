/** Servers in front of, or instead of, a real one: a bucket that lies, and a network that loses answers. */
import { createHash } from 'node:crypto';
import { createServer, request } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { onTestFinished } from 'vitest';

/** What a server does wrong. */
export type Lie = 'creates twice' | 'replaces stale' | 'reads old' | 'lists nothing' | 'knows no conditions';

async function listening(server: Server): Promise<string> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => new Promise<void>((done) => {
    server.closeAllConnections();
    server.close(() => done());
  }));
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A bucket in memory that keeps all rules of PutObject but one. Gives its endpoint. */
export function lyingBucket(lie: Lie | null): Promise<string> {
  const objects = new Map<string, Buffer[]>();
  const etagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;
  const put = (key: string, bytes: Buffer, headers: IncomingMessage['headers']): [number, Record<string, string>, string] => {
    const versions = objects.get(key) ?? [];
    const current = versions.at(-1);
    const [absent, match] = [headers['if-none-match'] !== undefined, headers['if-match']];
    if (lie === 'knows no conditions' && (absent || match !== undefined)) return [501, {}, xml('NotImplemented')];
    if (absent && current !== undefined && lie !== 'creates twice') return [412, {}, xml('PreconditionFailed')];
    if (match !== undefined && (current === undefined || etagOf(current) !== match) && lie !== 'replaces stale') return [412, {}, xml('PreconditionFailed')];
    objects.set(key, [...versions, bytes]);
    return [200, { etag: etagOf(bytes) }, ''];
  };
  return listening(createServer((message, response) => void (async () => {
    const bytes = await bodyOf(message);
    const url = new URL(message.url ?? '/', 'http://bucket');
    const key = decodeURIComponent(url.pathname);
    const answer = (status: number, headers: Record<string, string>, body: string | Buffer): void => {
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body), date: new Date().toUTCString() });
      response.end(message.method === 'HEAD' ? undefined : body);
    };
    const versions = objects.get(key);
    if (message.method === 'PUT') answer(...put(key, bytes, message.headers));
    else if (message.method === 'DELETE') {
      objects.delete(key);
      answer(204, {}, '');
    } else if (url.searchParams.has('list-type')) {
      const prefix = `${key.replace(/\/$/, '')}/${url.searchParams.get('prefix') ?? ''}`;
      const names = lie === 'lists nothing' ? [] : [...objects.keys()].filter((name) => name.startsWith(prefix)).sort();
      const bucket = key.replace(/\/$/, '').length + 1;
      const contents = names.map((name) => `<Contents><Key>${name.slice(bucket)}</Key></Contents>`).join('');
      answer(200, { 'content-type': 'application/xml' }, `<ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`);
    } else if (versions === undefined) answer(404, {}, xml('NoSuchKey'));
    else {
      const current = versions.at(lie === 'reads old' ? 0 : -1)!;
      answer(200, { etag: etagOf(current), 'last-modified': new Date().toUTCString() }, current);
    }
  })()));
}

function xml(code: string): string {
  return `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`;
}

/** What becomes of one request: lost on its way, its answer lost on the way back, made twice by somebody on the way, answered by hand, or nothing. */
export type Fault = 'request lost' | 'answer lost' | 'no answer' | 'made twice' | { readonly status: number; readonly code: string } | null;

/** A network in front of a server. `fault` is asked for each request, by method and path. Gives its endpoint. */
export function faultyNetwork(endpoint: () => string, fault: (method: string, path: string, headers: IncomingMessage['headers']) => Fault): Promise<string> {
  return listening(createServer((message, response) => void (async () => {
    const bytes = await bodyOf(message);
    const what = fault(message.method ?? '', message.url ?? '', message.headers);
    if (what === 'request lost') message.socket.destroy();
    else if (what !== null && typeof what === 'object') {
      response.writeHead(what.status, { 'content-type': 'application/xml' });
      response.end(xml(what.code));
    } else forward(endpoint(), message, bytes, response, what);
  })()));
}

/** The header Host stays as it was: the signature covers it. */
function forward(endpoint: string, message: IncomingMessage, bytes: Buffer, response: ServerResponse, what: Fault): void {
  const { hostname, port } = new URL(endpoint);
  const onward = request({ hostname, port, path: message.url, method: message.method, headers: message.headers }, (answer) => {
    if (what === 'answer lost') {
      answer.resume();
      answer.on('end', () => message.socket.destroy());
    } else if (what === 'made twice') {
      answer.resume();
      answer.on('end', () => { forward(endpoint, message, bytes, response, null); });
    } else if (what === 'no answer') answer.resume();
    else {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    }
  });
  onward.on('error', () => message.socket.destroy());
  onward.end(bytes);
}

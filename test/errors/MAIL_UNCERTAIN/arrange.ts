import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';

/** A mail server that takes the whole message and hangs up before it says whether it kept it. */
export async function arrange(dir: string): Promise<() => Promise<void>> {
  const server = createServer((socket) => talk(socket));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const file = join(dir, 'billing.config.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('PORT', String((server.address() as AddressInfo).port)));
  return () => new Promise<void>((done) => void server.close(() => done()));
}

function talk(socket: Socket): void {
  let isBody = false;
  let text = '';
  socket.on('error', () => undefined);
  socket.write('220 mail.example ESMTP\r\n');
  socket.on('data', (data) => {
    text += data.toString('latin1');
    if (isBody) {
      if (text.includes('\r\n.\r\n')) socket.destroy();
      return;
    }
    for (let end = text.indexOf('\r\n'); end !== -1 && !isBody; end = text.indexOf('\r\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      isBody = /^DATA$/i.test(line);
      socket.write(isBody ? '354 go on\r\n' : '250 mail.example\r\n');
    }
  });
}

// How fast mails reach a server on loopback, after a build: node bench/deliver.mjs [mails]. Prints one JSON line.
// The server takes everything and runs in a process of its own. `per_cpu_s` counts processor time of this process only, which others
// on the machine do not change; `composed` is the making of the MIME bytes alone, which is part of each delivery.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SAMPLE_INVOICE } from '../dist/documents/sample.js';
import { compileTemplates, renderMail } from '../dist/documents/templates.js';
import { openMailer } from '../dist/world/mailer.js';
import { composeMime } from '../dist/world/mime.js';
import { loadTemplateSources } from '../dist/world/template-files.js';
import { median } from './measure.mjs';

const ROUNDS = 5;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

function serve() {
  const server = createServer({ noDelay: true }, (socket) => {
    let buffer = '';
    let data = false;
    socket.write('220 here\r\n');
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      buffer += chunk.toString('latin1');
      for (;;) {
        const end = buffer.indexOf(data ? '\r\n.\r\n' : '\r\n');
        if (end < 0) return;
        const word = data ? '.' : buffer.slice(0, 4).toUpperCase();
        buffer = buffer.slice(end + (data ? 5 : 2));
        data = word === 'DATA';
        if (word === 'QUIT') socket.end('221 bye\r\n');
        else socket.write(data ? '354 go\r\n' : '250 ok\r\n');
      }
    });
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
}

/** Medians of the rounds. */
async function rate(count, act) {
  const wall = [];
  const cpu = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [begun, used] = [performance.now(), process.cpuUsage()];
    await act();
    wall.push(count / ((performance.now() - begun) / 1000));
    const { user, system } = process.cpuUsage(used);
    cpu.push(count / ((user + system) / 1e6));
  }
  return { per_s: Math.round(median(wall)), per_cpu_s: Math.round(median(cpu)) };
}

async function main(count) {
  const templates = await compileTemplates(await loadTemplateSources(root, join(root, 'templates'), null));
  const lines = Array.from({ length: 5 }, (_, i) => ({ ...SAMPLE_INVOICE.lines[0], line_no: i + 1, booking_id: `J-${i}` }));
  const messages = Array.from({ length: count }, (_, i) => ({
    message_id: `msg_${i}@northwind.example`, from: { name: 'Northwind Billing', address: 'billing@northwind.example' }, to: [`ap@c${i}.example`],
    bcc: [], reply_to: null, date: new Date(0), attachments: [], ...renderMail(templates, { ...SAMPLE_INVOICE, number: `INV-${i}`, lines }),
  }));
  const result = { mail_bytes: (await composeMime(messages[0])).length };
  result.composed = await rate(count, async () => { for (const message of messages) await composeMime(message); });
  const server = fork(fileURLToPath(import.meta.url), ['--serve']);
  const [port] = await once(server, 'message');
  for (const connections of [1, 4]) {
    const mailer = openMailer({ transport: 'smtp', url: `smtp://127.0.0.1:${port}`, connections });
    result[`delivered_over_${connections}`] = await rate(count, async () => {
      const outcomes = await Promise.all(messages.map((message) => mailer.send(message)));
      const lost = outcomes.find((outcome) => outcome.status !== 'sent');
      if (lost !== undefined) throw new Error(`a message was not sent: ${JSON.stringify(lost)}`);
    });
    await mailer.close();
  }
  server.kill();
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

if (process.argv[2] === '--serve') serve();
else await main(Number(process.argv[2] ?? '1000'));

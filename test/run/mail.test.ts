/** Mails of a whole project over a real connection: sent once, tried again where that is safe, never where it is not. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { project } from '../support/project.js';
import type { Project, Spec } from '../support/project.js';
import { accepting, goodServer, rawServer } from '../world/smtp-servers.js';

const JANUARY = [{ id: 'J-1', customer: 'acme', product: 'visit', start: '2026-01-10T09:00:00Z', quantity: '2' }] as const;
/** Billed 1 February, confirmed on the 4th at 22:00, due to be sent three hours later. */
const [DUE, LATER, LATEST] = ['2026-02-05T06:00:00Z', '2026-02-06T06:00:00Z', '2026-02-07T06:00:00Z'];

function mailing(url: string, more: Spec = {}): Promise<Project> {
  const { mail, ...rest } = more;
  return project({ mail: { transport: 'smtp', url, attach: [], ...(mail as Spec | undefined) }, automation: { auto_send_delay_hours: 3 }, ...rest }, JANUARY);
}

async function good(...options: Parameters<typeof goodServer>): ReturnType<typeof goodServer> {
  const server = await goodServer(...options);
  onTestFinished(server.close);
  return server;
}

async function raw(...script: Parameters<typeof rawServer>): ReturnType<typeof rawServer> {
  const server = await rawServer(...script);
  onTestFinished(server.close);
  return server;
}

const told = (made: Project): Promise<string[]> => made.told("SELECT event, detail->>'attempt' AS attempt, detail->>'permanent' AS permanent FROM ledger.events WHERE subject = 'message' AND event <> 'queued' ORDER BY serial, event DESC");
const status = async (made: Project): Promise<string[]> => made.told('SELECT status, attempts FROM ledger.message_status ORDER BY message_id');
const codes = (result: { diagnostics: readonly { code: string; severity: string }[] }): string[] => result.diagnostics.map((d) => `${d.severity} ${d.code}`);

describe('a server that takes the mail', () => {
  it('gets it once, from and to the configured addresses', async () => {
    const server = await good();
    const made = await mailing(server.url, {
      mail: { bcc: ['archive@northwind.example'], reply_to: 'ask@northwind.example' }, customers: { acme: { name: 'Acme', email: ['ap@acme.example', 'cfo@acme.example'] } },
    });
    expect((await made.run('2026-02-04T23:00:00Z')).messages).toMatchObject({ sent: 0, failed: 0 });
    const first = await made.run(DUE);
    expect([first.messages, codes(first)]).toEqual([{ sent: 1, failed: 0, uncertain: 0, problems: [] }, []]);
    for (const again of [await made.run(DUE), await made.run(LATER), await made.send(LATER), await made.send(LATER, true)]) expect(again.messages.sent).toBe(0);
    expect(server.mails.map(({ from, to }) => ({ from, to }))).toEqual([
      { from: 'billing@northwind.example', to: ['ap@acme.example', 'cfo@acme.example', 'archive@northwind.example'] },
    ]);
    const mail = await PostalMime.parse(server.mails[0]!.raw);
    const [id, number] = (await made.told('SELECT message_id, number FROM ledger.message_status JOIN ledger.invoices USING (invoice_id)'))[0]!.split(' | ');
    expect(mail.to?.map((each) => each.address)).toEqual(['ap@acme.example', 'cfo@acme.example']);
    expect(mail.replyTo?.map((each) => each.address)).toEqual(['ask@northwind.example']);
    expect(mail.bcc).toBeUndefined();
    expect(mail.date).toBe('2026-02-05T01:00:00.000Z');
    expect(mail.messageId).toBe(`<${id}@northwind.example>`);
    expect(mail.subject).toBe(`Invoice ${number} · Northwind`);
    expect(await status(made)).toEqual(['sent | 1']);
    expect(await made.flaws()).toEqual([]);
  });

  it('gets the same bytes from another project with the same data, however late', async () => {
    const server = await good();
    await (await mailing(server.url)).run(DUE);
    await (await mailing(server.url)).run(LATEST);
    expect(server.mails).toHaveLength(2);
    expect(server.mails[1]).toEqual(server.mails[0]);
  });

  it('but refuses one of two recipients: sent, and the one is told', async () => {
    const server = await good({
      onRcptTo: (address, _session, done) => { done(address.address.startsWith('gone') ? Object.assign(new Error('no such user'), { responseCode: 550 }) : undefined); },
    });
    const made = await mailing(server.url, { customers: { acme: { name: 'Acme', email: ['ap@acme.example', 'gone@acme.example'] } } });
    const result = await made.run(DUE);
    expect(result.messages).toMatchObject({ sent: 1, failed: 1, problems: [{ recipient: 'gone@acme.example', status: 'failed' }] });
    expect(codes(result)).toEqual(['warning MAIL_FAILED']);
    expect(server.mails.map((mail) => mail.to)).toEqual([['ap@acme.example']]);
    expect((await made.run(LATER)).messages).toMatchObject({ sent: 0, failed: 0 });
    expect(await status(made)).toEqual(['sent | 1']);
  });

  it('waits for a human where nothing is sent by itself', async () => {
    const server = await good();
    const made = await mailing(server.url, { automation: { auto_send: false } });
    await made.run(LATER);
    expect(server.mails).toEqual([]);
    expect((await made.send(LATER)).messages.sent).toBe(1);
    expect(server.mails).toHaveLength(1);
  });

  it('is not asked twice for a mail that was tried in the same run', async () => {
    const server = await raw(accepting({ '.': '451 later' }));
    const made = await mailing(server.url);
    expect((await made.run(LATER)).messages).toMatchObject({ sent: 0, failed: 1 });
    expect(server.bodies).toHaveLength(1);
  });
});

describe('a server that cannot be reached', () => {
  it('costs nothing: the invoice stands, the next run delivers', async () => {
    const down = await raw(accepting({}));
    await down.close();
    const made = await mailing(down.url);
    const first = await made.run(DUE);
    expect(first.messages).toMatchObject({ sent: 0, failed: 1, uncertain: 0 });
    expect([first.confirmed.length, codes(first)]).toEqual([1, ['warning MAIL_FAILED']]);
    expect(first.diagnostics[0]!.message).toContain('ECONNREFUSED');
    const up = await good();
    await made.configure({ mail: { transport: 'smtp', url: up.url, attach: [] } });
    expect((await made.run(LATER)).messages).toEqual({ sent: 1, failed: 0, uncertain: 0, problems: [] });
    expect(up.mails).toHaveLength(1);
    expect(await told(made)).toEqual(['sending | 1 | -', 'failed | 1 | false', 'sending | 2 | -', 'sent | 2 | -']);
    expect(await made.flaws()).toEqual([]);
  });

  it('is given up by itself after five attempts, not by a human', async () => {
    const down = await raw(accepting({}));
    await down.close();
    const made = await mailing(down.url);
    for (let day = 5; day < 12; day += 1) await made.run(`2026-02-${String(day).padStart(2, '0')}T06:00:00Z`);
    expect(await status(made)).toEqual(['failed | 5']);
    const up = await good();
    await made.configure({ mail: { transport: 'smtp', url: up.url, attach: [] } });
    expect((await made.run('2026-02-12T06:00:00Z')).messages.sent).toBe(0);
    expect((await made.send('2026-02-12T06:00:00Z', true)).messages.sent).toBe(1);
  });
});

describe('a server that says no', () => {
  it('for now: tried again by the next run, under the same Message-ID', async () => {
    let first = true;
    const server = await raw((command) => {
      const refuse = command === '.' && first;
      if (refuse) first = false;
      return refuse ? '451 later' : accepting({})(command, 1);
    });
    const made = await mailing(server.url);
    expect((await made.run(DUE)).messages).toMatchObject({ failed: 1 });
    expect((await made.run(LATER)).messages).toMatchObject({ sent: 1 });
    expect(server.bodies).toHaveLength(2);
    expect(server.bodies[1]).toBe(server.bodies[0]);
    expect(server.bodies[0]).toMatch(/^Message-ID: <msg_\w+@northwind\.example>\r$/m);
  });

  it('for now, long after the mail fell due: a second run for the same instant changes nothing, one for a later instant tries again', async () => {
    let refusals = 0;
    const server = await raw((command) => (command === '.' && (refusals += 1) <= 2 ? '451 later' : accepting({})(command, 1)));
    const made = await mailing(server.url);
    const late = '2026-02-25T06:00:00Z';
    const first = await made.run(late);
    expect(first.messages).toMatchObject({ sent: 0, failed: 1 });
    expect(await made.told("SELECT event, detail->>'$.tried_as_of' FROM ledger.events WHERE event = 'failed'")).toEqual(['failed | 2026-02-25 06:00:00']);
    const again = await made.run(late);
    expect([again.messages, again.head]).toEqual([{ sent: 0, failed: 0, uncertain: 0, problems: [] }, first.head]);
    expect((await made.send(late)).head).toEqual(first.head);
    // An hour later it is tried, and refused again; then that instant is done with, too.
    const later = await made.run('2026-02-25T07:00:00Z');
    expect(later.messages).toMatchObject({ sent: 0, failed: 1 });
    expect((await made.run('2026-02-25T07:00:00Z')).head).toEqual(later.head);
    expect((await made.run('2026-02-25T08:00:00Z')).messages).toMatchObject({ sent: 1, failed: 0 });
    expect(await made.flaws()).toEqual([]);
  });

  it('for good: not tried again, unless a human says so', async () => {
    let refusals = 0;
    const server = await raw((command) => (command === 'RCPT' && (refusals += 1) === 1 ? '550 no such user' : accepting({})(command, 1)));
    const made = await mailing(server.url);
    expect((await made.run(DUE)).messages).toMatchObject({ failed: 1 });
    expect((await made.run(LATER)).messages).toMatchObject({ sent: 0, failed: 0 });
    expect((await made.send(LATER)).messages).toMatchObject({ sent: 0, failed: 0 });
    expect(await status(made)).toEqual(['failed | 1']);
    expect((await made.send(LATEST, true)).messages).toMatchObject({ sent: 1 });
    expect(server.bodies).toHaveLength(1);
  });
});

describe('a server that dies after it took the mail', () => {
  it('leaves an outcome that nobody knows: shown, never repeated by itself', async () => {
    let deaths = 0;
    const server = await raw((command) => (command === '.' && (deaths += 1) === 1 ? null : accepting({})(command, 1)));
    const made = await mailing(server.url);
    const first = await made.run(DUE);
    expect(first.messages).toMatchObject({ sent: 0, failed: 0, uncertain: 1 });
    expect(codes(first)).toEqual(['warning MAIL_UNCERTAIN']);
    for (const result of [await made.run(LATER), await made.send(LATER)]) expect(result.messages).toMatchObject({ sent: 0, uncertain: 0 });
    expect(server.bodies).toHaveLength(1);
    expect((await made.status(LATER)).outbox).toEqual([{ status: 'uncertain', messages: 1, next_due_at: null }]);
    expect((await made.send(LATEST, true)).messages).toMatchObject({ sent: 1 });
    expect(server.bodies).toHaveLength(2);
    expect(server.bodies[1]).toBe(server.bodies[0]);
    expect(await told(made)).toEqual(['sending | 1 | -', 'uncertain | 1 | -', 'sending | 2 | -', 'sent | 2 | -']);
    expect(await made.flaws()).toEqual([]);
  });
});

it('gets each customer’s own invoice where they are many, and one of them long', { timeout: 300_000 }, async () => {
  const ids = Array.from({ length: 300 }, (_, n) => `c${n + 100}`);
  const made = await project({
    mail: { transport: 'file', attach: [] }, customers: Object.fromEntries(ids.map((id) => [id, { name: id, email: `${id}@post.example`, cycle: 'monthly' }])),
  });
  // Invoices are read ahead for the chunks of messages up to so many lines.
  const long = Array.from({ length: 50_001 }, (_, n) => ({ id: `L-${n}`, customer: 'c150', product: 'food', start: '2026-01-05' }));
  await made.book([...ids.map((id, n) => ({ id: `J-${id}`, customer: id, start: '2026-01-10', amount: `${n + 1}.00` })), ...long]);
  expect((await made.run('2026-02-04T23:00:00Z')).messages).toMatchObject({ sent: 300, failed: 0 });
  const folder = join(made.root, 'out', 'mail');
  const parsed = await Promise.all(readdirSync(folder).map((file) => PostalMime.parse(readFileSync(join(folder, file)))));
  const told = parsed.map((mail) => `${mail.to![0]!.address} ${/INV-2026-\d+/.exec(mail.subject!)![0]}`).sort();
  expect(told).toEqual((await made.told(`SELECT customer_id || '@post.example ' || number FROM ledger.invoices ORDER BY customer_id`)));
  for (const mail of parsed) expect(mail.text).toContain(mail.to![0]!.address!.split('@')[0]);
  expect(await made.flaws()).toEqual([]);
});

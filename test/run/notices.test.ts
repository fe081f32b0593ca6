/** Notices to the team: who is told of what, once, by mail and by webhook, and what becomes of it. */
import { createHmac } from 'node:crypto';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { NoticeEventName } from '../../src/values/notices.js';
import { NOTICE_EVENTS } from '../../src/values/notices.js';
import { Engine } from '../../src/engine/engine.js';
import { attachLedger, exportSegment } from '../../src/ledger/attach.js';
import { commit } from '../../src/ledger/ledger.js';
import { SCHEMAS } from '../../src/report/schemas.js';
import type { Context } from '../../src/run/context.js';
import { openContext } from '../../src/run/context.js';
import { withLedger } from '../../src/run/exclusive.js';
import { noticeRows, payloadOf } from '../../src/run/notices.js';
import type { NoticeEvent } from '../../src/run/notices.js';
import { tellRunFailed } from '../../src/run/notify-failure.js';
import { DuebookError, problem } from '../../src/values/diagnostic.js';
import { cli } from '../cli/support.js';
import { project } from '../support/project.js';
import type { Project, Spec } from '../support/project.js';
import { answering, hookServer, tcpServer } from '../world/webhook-servers.js';
import type { HookServer } from '../world/webhook-servers.js';

const JANUARY = [{ id: 'J-1', customer: 'acme', product: 'visit', start: '2026-01-10T09:00:00Z', quantity: '2' }] as const;
/** The preview opens on 1 February, the batch is confirmed on the 4th at 22:00. */
const [OPEN, LATER, LATEST] = ['2026-02-01T06:00:00Z', '2026-02-02T06:00:00Z', '2026-02-03T06:00:00Z'];
const EVENT: NoticeEvent = {
  event: 'batch_ready', subject_id: '2026-02-01', at: Date.parse(OPEN),
  payload: payloadOf({ config: { issuer: { id: 'north', name: 'Northwind' } } } as Context, 'batch_ready'),
};

async function closing<T extends { close: () => Promise<void> }>(server: Promise<T>): Promise<T> {
  const made = await server;
  onTestFinished(made.close);
  return made;
}

const telling = (...notifications: Spec[]): Promise<Project> => project({ notifications }, JANUARY);
const hook = (url: string, more: Spec = {}): Spec => ({ name: 'chat', webhook: url, secret: 'quiet', ...more });

const status = (made: Project): Promise<string[]> => made.told('SELECT kind, recipients, status, attempts, error FROM ledger.message_status ORDER BY message_id');
const failed = (code: 'BOOKING_PRICE' | 'LEDGER_LOCKED' | 'USAGE' | 'AS_OF'): DuebookError => new DuebookError([problem(code, `because of ${code}`, { hint: 'mend it' })]);

describe('who is told', () => {
  const told = (event: NoticeEventName, to: Spec): boolean => noticeRows({
    config: { notifications: [{ name: 'a', email: ['a@x.example'], webhook: null, secret: null, events: NOTICE_EVENTS, priority: 'low', ...to }] },
  }, [{ ...EVENT, event }]).length === 1;

  it('is who asked for the event, and for what is as urgent', () => {
    expect(NOTICE_EVENTS.filter((event) => told(event, {}))).toEqual(NOTICE_EVENTS);
    expect(NOTICE_EVENTS.filter((event) => told(event, { priority: 'normal' }))).toEqual(['batch_ready', 'deadline_near', 'customers_parked', 'run_failed']);
    expect(NOTICE_EVENTS.filter((event) => told(event, { priority: 'high' }))).toEqual(['deadline_near', 'customers_parked', 'run_failed']);
    expect(NOTICE_EVENTS.filter((event) => told(event, { events: ['batch_processed', 'batch_ready'], priority: 'normal' }))).toEqual(['batch_ready']);
  });

  it('is told of the same once, and of another batch, event or occasion again', () => {
    const to = { config: { notifications: [{ name: 'a', email: ['a@x.example'], webhook: null, secret: null, events: NOTICE_EVENTS, priority: 'low' as const }] } };
    const rows = noticeRows(to, [
      EVENT, EVENT, { ...EVENT, at: EVENT.at + 1 }, { ...EVENT, subject_id: '2026-03-01' }, { ...EVENT, event: 'deadline_near' }, { ...EVENT, occasion: 'x' },
    ]);
    expect(rows.map((row) => [row.kind, row.subject_id])).toEqual([
      ['batch_ready', '2026-02-01'], ['batch_ready', '2026-03-01'], ['deadline_near', '2026-02-01'], ['batch_ready', '2026-02-01'],
    ]);
    expect(rows.every((row) => /^msg_[0-9a-f]{16}$/.test(row.message_id))).toBe(true);
  });

  it('keeps the address and the key of a webhook out of the ledger', () => {
    const to = { config: { notifications: [{ name: 'chat', email: [], webhook: 'https://x.example/SECRET', secret: 'SECRET', events: NOTICE_EVENTS, priority: 'low' as const }] } };
    const rows = noticeRows(to, [EVENT]);
    expect(rows.map((row) => row.recipients)).toEqual(['["chat"]']);
    expect(JSON.stringify(rows)).not.toContain('SECRET');
  });
});

describe('a batch that opens', () => {
  it('is told by webhook and by mail, once, with what finance wants to know', async () => {
    const server = await closing(hookServer());
    const made = await telling(hook(server.url), { name: 'finance', email: ['finance@northwind.example', 'cfo@northwind.example'] });
    expect((await made.run(OPEN)).messages).toEqual({ sent: 2, failed: 0, uncertain: 0, problems: [] });
    for (const again of [OPEN, LATER]) expect((await made.run(again)).messages.sent).toBe(0);
    expect(server.posted).toHaveLength(1);
    const [{ body, headers }] = server.posted as [HookServer['posted'][number]];
    expect(headers['duebook-signature']).toBe(`sha256=${createHmac('sha256', 'quiet').update(body).digest('hex')}`);
    const value = JSON.parse(body) as { id: string; data: { digest: string } };
    expect(headers['duebook-id']).toBe(value.id);
    expect(value).toMatchObject({
      schema_version: 1, event: 'batch_ready', priority: 'normal', at: '2026-02-01T00:00:00+00:00', text: '1 invoice of 1 February 2026 waits for review until 4 February 2026, 22:00',
      data: {
        batch_id: '2026-02-01', billing_date: '2026-02-01', partner: null, invoices: 1, auto_confirm: true, confirm_due_at: '2026-02-04T22:00:00+00:00',
        totals: [{ currency: 'EUR', invoices: 1, net: '190.00', tax: '36.10', total: '226.10' }], parked: [], parked_count: 0,
      },
    });
    const check = new Ajv2020({ strict: true }).compile(SCHEMAS['notice']!);
    expect(check(value), JSON.stringify(check.errors)).toBe(true);
    expect((await made.status(OPEN)).open[0]?.digest).toBe(value.data.digest);
    const [mail] = Object.keys(await made.files('out/mail'));
    expect(mail).toMatch(/^msg_[0-9a-f]{16}\.eml$/);
    expect((await status(made)).sort()).toEqual(['batch_ready | ["chat"] | sent | 1 | -', 'batch_ready | ["finance@northwind.example","cfo@northwind.example"] | sent | 1 | -']);
    expect(await made.told('SELECT DISTINCT subject_id, invoice_id FROM ledger.messages')).toEqual(['2026-02-01 | -']);
    await made.run(LATER);
    expect(await made.flaws()).toEqual([]);
  });

  it('gives the same bytes in another project, however late', async () => {
    const server = await closing(hookServer());
    const spec: Spec[] = [hook(server.url), { name: 'finance', email: ['finance@northwind.example'] }];
    const [first, second] = [await telling(...spec), await telling(...spec)];
    await first.run(OPEN);
    await second.run(LATEST);
    expect(server.posted.map((each) => each.body)).toEqual([server.posted[0]!.body, server.posted[0]!.body]);
    expect(await second.files('out/mail')).toEqual(await first.files('out/mail'));
  });

  it('leaves the same ledger whether every event had a run of its own or all had one', async () => {
    const server = await closing(hookServer());
    const spec: Spec[] = [hook(server.url), { name: 'finance', email: ['finance@northwind.example'], priority: 'normal' }];
    const [often, once] = [await telling(...spec), await telling(...spec)];
    const LAST = '2026-02-06T06:00:00Z';
    for (const as_of of ['2026-01-31T23:00:00Z', OPEN, LATER, LATEST, '2026-02-04T06:00:00Z', '2026-02-04T22:00:00Z', '2026-02-05T06:00:00Z', LAST]) await often.run(as_of);
    await once.run(LAST);
    expect(await once.outcome()).toEqual(await often.outcome());
    const bodies = server.posted.map((each) => each.body);
    expect(bodies.slice(3)).toEqual(bodies.slice(0, 3));
  });

  it('is told by webhook where there is no mail at all', async () => {
    const server = await closing(hookServer());
    const made = await telling(hook(server.url));
    await made.write('billing.config.yaml', (await import('node:fs')).readFileSync(`${made.root}/billing.config.yaml`, 'utf8').replace(/,\s*"mail": \{[^}]*\}/, ''));
    expect((await made.run(OPEN)).messages.sent).toBe(1);
  });

  it('is told again when its deadline is near and when it is confirmed, in the order of things', async () => {
    const server = await closing(hookServer());
    const made = await telling(hook(server.url));
    const result = await made.run('2026-02-05T06:00:00Z');
    expect([result.confirmed.length, result.messages.sent]).toEqual([1, 4]);
    expect(server.posted.map((each) => { const { at, priority, text } = JSON.parse(each.body) as Record<string, string>; return [at, priority, text]; })).toEqual([
      ['2026-02-01T00:00:00+00:00', 'normal', '1 invoice of 1 February 2026 waits for review until 4 February 2026, 22:00'],
      ['2026-02-03T22:00:00+00:00', 'high', '1 invoice of 1 February 2026 is confirmed automatically on 4 February 2026, 22:00'],
      ['2026-02-04T22:00:00+00:00', 'low', '1 invoice of 1 February 2026 is confirmed'],
    ]);
    expect(JSON.parse(server.posted[2]!.body)).toMatchObject({ data: { numbers: [{ first: 'INV-2026-000001', last: 'INV-2026-000001', invoices: 1 }] } });
    expect(await made.told('SELECT kind, status FROM ledger.message_status ORDER BY kind')).toEqual([
      'batch_processed | sent', 'batch_ready | sent', 'deadline_near | sent', 'invoice | sent',
    ]);
    expect(await made.flaws()).toEqual([]);
  });
});

describe('customers that are parked', () => {
  it('are told by name and reason', async () => {
    const server = await closing(hookServer());
    const made = await project({ notifications: [hook(server.url, { events: ['customers_parked'] })], automation: { limits: { max_invoice_total: '100.00' } } }, JANUARY);
    for (const as_of of [OPEN, '2026-02-05T06:00:00Z', '2026-02-06T06:00:00Z']) await made.run(as_of);
    expect(server.posted.map((each) => JSON.parse(each.body) as unknown)).toMatchObject([{
      event: 'customers_parked', priority: 'high', text: '1 customer of 1 February 2026 is parked and needs a decision',
      data: { parked_count: 1, parked: [{ customer_id: 'acme', customer_name: 'Acme', total: '226.10', currency: 'EUR' }] },
    }]);
  });
});

describe('a webhook that fails', () => {
  it('for now is tried again by later runs, five times in all', async () => {
    let answers = 0;
    const server = await closing(hookServer((_request, response) => { answers += 1; response.writeHead(answers < 3 ? 503 : 200).end(); }));
    const made = await telling(hook(server.url));
    const first = (await made.run(OPEN)).messages;
    expect(first).toMatchObject({ sent: 0, failed: 1, problems: [{ kind: 'batch_ready', invoice_id: null, recipient: 'chat', status: 'failed', error: 'the server answered 503' }] });
    expect((await made.status(OPEN)).problems).toMatchObject([{ kind: 'batch_ready', invoice_id: null }]);
    await made.run(LATER);
    expect((await made.run(LATEST)).messages.sent).toBe(1);
    expect(new Set(server.posted.map((each) => `${String(each.headers['duebook-id'])} ${each.body}`)).size).toBe(1);
    expect(await status(made)).toEqual(['batch_ready | ["chat"] | sent | 3 | -']);
  });

  it('for good waits for a human, who may send it again', async () => {
    const server = await closing(answering(404));
    const made = await telling(hook(server.url));
    expect((await made.run(OPEN)).messages.failed).toBe(1);
    expect((await made.run(LATER)).messages.failed).toBe(0);
    expect(server.posted).toHaveLength(1);
    const result = await made.send(LATER, true);
    expect([server.posted.length, result.messages.failed, result.diagnostics.map((d) => d.hint?.includes('notifications'))]).toEqual([2, 1, [true]]);
  });

  it('after it has the body is never repeated by itself', async () => {
    const server = await closing(hookServer((request) => { request.socket.destroy(); }));
    const made = await telling(hook(server.url));
    expect((await made.run(OPEN)).messages.uncertain).toBe(1);
    for (const again of [LATER, LATEST]) await made.run(again);
    expect(server.posted).toHaveLength(1);
    await made.run(LATEST);
    expect(await made.flaws()).toEqual([]);
  });

  it('and a run that was killed while it was sending leave an unknown outcome', async () => {
    const server = await closing(answering(503));
    const made = await telling(hook(server.url), { name: 'finance', email: ['finance@northwind.example'] });
    await made.run(OPEN);
    const context = await openContext(made.world, { as_of: LATER });
    await withLedger(context, 'run', async (ledger) => {
      const engine = await Engine.open({ threads: 1 });
      onTestFinished(() => engine.close());
      await attachLedger(engine, ledger);
      await engine.run(`CREATE TABLE claimed AS SELECT TIMESTAMP '2026-02-02 06:00:00' AS "at", 'message' AS subject, message_id AS subject_id, e.event,
        '{"attempt":2}' AS detail FROM ledger.message_status, (VALUES ('queued'), ('sending')) AS e(event) WHERE status = 'failed'`);
      await commit(ledger, {
        issuer_id: 'north', as_of: context.as_of, action: 'send', config_digest: context.config.digest, config_commit: null, tool_version: '0.1.0',
        next_number: {}, invoices: 0, totals: {}, files: [await exportSegment(engine, 'events', 'claimed', 'r.subject_id, r.event')],
      });
    });
    await made.run(LATEST);
    expect(server.posted).toHaveLength(1);
    expect((await status(made)).filter((each) => each.includes('chat'))).toEqual(['batch_ready | ["chat"] | uncertain | 2 | the run ended before the outcome was known']);
    expect(await made.flaws()).toEqual([]);
  });

  it('does not keep the mail of others', async () => {
    const server = await closing(answering(500));
    const made = await telling(hook(server.url), { name: 'finance', email: ['finance@northwind.example'] });
    expect((await made.run(OPEN)).messages).toMatchObject({ sent: 1, failed: 1 });
  });

  it('is told apart when it has left the configuration', async () => {
    const server = await closing(answering(503));
    const made = await telling(hook(server.url));
    await made.run(OPEN);
    await made.configure({});
    expect((await made.run(LATER)).messages).toMatchObject({ failed: 1, problems: [{ error: 'there is no webhook "chat" under notifications any more' }] });
    expect((await made.run(LATEST)).messages.failed).toBe(0);
  });
});

describe('a run that failed', () => {
  it('is told at once, and the ledger stays as it was', async () => {
    const server = await closing(hookServer());
    const made = await telling(hook(server.url), { name: 'finance', email: ['finance@northwind.example'], priority: 'high' }, { name: 'quiet', email: ['q@x.example'], events: ['batch_ready'] });
    await tellRunFailed(made.world, { as_of: OPEN }, failed('BOOKING_PRICE'));
    await tellRunFailed(made.world, { as_of: OPEN }, failed('BOOKING_PRICE'));
    expect(server.posted.map((each) => JSON.parse(each.body) as unknown)).toMatchObject([{
      event: 'run_failed', priority: 'high', text: 'The billing run failed: BOOKING_PRICE',
      data: { batch_id: null, problems: [{ code: 'BOOKING_PRICE', message: 'because of BOOKING_PRICE', hint: 'mend it' }] },
    }]);
    const check = new Ajv2020({ strict: true }).compile(SCHEMAS['notice']!);
    expect(check(JSON.parse(server.posted[0]!.body)), JSON.stringify(check.errors)).toBe(true);
    expect(Object.keys(await made.files('out/mail'))).toHaveLength(1);
    expect(await made.files('data/ledger')).toEqual({});
  });

  it.each(['LEDGER_LOCKED', 'USAGE', 'AS_OF'] as const)('is not told for %s', async (code) => {
    const server = await closing(hookServer());
    const made = await telling(hook(server.url));
    await tellRunFailed(made.world, { as_of: OPEN }, failed(code));
    expect(server.posted).toEqual([]);
  });

  it('keeps its own words and exit code, whether or not anybody could be told', async () => {
    const dead = await closing(tcpServer((socket) => socket.destroy()));
    const made = await telling(hook(dead.url));
    await made.book([{ id: 'J-1', customer: 'acme', product: 'nothing', start: '2026-01-10T09:00:00Z', quantity: '2' }]);
    const { code, stderr } = await cli(['run', '--as-of', OPEN], { cwd: made.root });
    expect(code).toBe(5);
    expect(stderr).toContain('BOOKING_PRICE');
    expect(stderr).toContain('notification chat could not be told of the failure');
    expect(stderr).not.toContain(dead.url);
  });

  it('whose configuration cannot be read tells nobody, and does not throw', async () => {
    const made = await telling({ name: 'finance', email: ['finance@northwind.example'] });
    await made.write('billing.config.yaml', 'version: 2');
    await tellRunFailed(made.world, { as_of: OPEN }, failed('BOOKING_PRICE'));
  });
});

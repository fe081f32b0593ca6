/**
 * A run is killed at every step of I/O there is: while it commits, while it sends, while it writes files, while it publishes. What is
 * left is a state that the undisturbed run went through, and the next run brings it to the same end; no mail goes out twice.
 */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { Engine } from '../../src/engine/engine.js';
import { attachLedger } from '../../src/ledger/attach.js';
import { openLedger } from '../../src/ledger/ledger.js';
import { verifyLedger } from '../../src/ledger/verify.js';
import { sha256 } from '../../src/values/digest.js';
import { CRASH_POINTS } from '../../src/world/crash-points.js';
import type { CrashPoint } from '../../src/world/crash-points.js';
import { openLocalStore } from '../../src/world/local-store.js';
import { openBucketStore } from '../../src/world/s3-store.js';
import type { ObjectStore } from '../../src/world/types.js';
import { Project, REPOSITORY } from '../support/project.js';
import type { Spec } from '../support/project.js';
import { describeWithS3, S3_ENV } from '../support/s3-server.js';
import { goodServer } from '../world/smtp-servers.js';
import type { Received } from '../world/smtp-servers.js';

const SPEC: Spec = {
  automation: { auto_send_delay_hours: 3 },
  customers: { acme: { name: 'Acme', email: 'ap@acme.example' }, bolt: { name: 'Bolt', email: 'b@bolt.example', cycle: 'monthly' } },
};
const BOOKINGS = ['2026-01-10', '2026-02-10', '2026-03-10'].flatMap((start) => ['acme', 'bolt'].map((customer) => ({
  id: `J-${start}-${customer}`, customer, product: 'visit', start, quantity: '2',
})));
/** January was billed and sent; the run that is killed bills and sends February, and shows what March will be. */
const [FIRST, SECOND] = ['2026-02-06', '2026-04-02T06:00'];
const LEFT = /^LEDGER_DAMAGED .*belongs to a run that did not finish; no commit refers to it\.$/;

type Counts = Partial<Record<CrashPoint, number>>;

/** Runs to the nth time a point is reached, and dies there; with no point to its end. */
function runTo(made: Project, at: CrashPoint | null, nth: number): Promise<{ killed: boolean; counts: Counts; stderr: string }> {
  const given = JSON.stringify({ root: made.root, as_of: SECOND, env: made.world.env, at, nth, package_root: REPOSITORY });
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(REPOSITORY, 'test/run/crash-child.mjs'), given], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const text = Buffer.concat(out).toString();
      resolve({ killed: signal === 'SIGKILL', counts: code === 0 ? JSON.parse(text) as Counts : {}, stderr: Buffer.concat(err).toString() });
    });
  });
}

async function folder(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'duebook-crash-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

async function objects(store: ObjectStore): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const key of await store.list('')) found.set(key, (await store.get(key))!.toString('latin1'));
  return found;
}

function messageIds(mails: readonly Received[]): string[] {
  return mails.map(({ raw }) => /^Message-ID: <(msg_[^@]+)@/im.exec(raw.toString())![1]!).sort();
}

interface Undisturbed {
  readonly commits: readonly string[];
  readonly ledger: ReadonlyMap<string, string>;
  readonly out: Readonly<Record<string, string>>;
  readonly mails: readonly string[];
  readonly invoices: readonly string[];
  readonly uncertain: readonly string[];
}
const INVOICES = 'SELECT number, invoice_id, customer_id, total_minor, CAST(confirmed_at AS VARCHAR) FROM ledger.invoices ORDER BY number';

async function commitsIn(store: ObjectStore): Promise<string[]> {
  return [...await objects(store)].filter(([key]) => key.startsWith('commits/')).map(([, bytes]) => bytes);
}

async function outcomeOf(made: Project, store: ObjectStore, mails: readonly Received[]): Promise<Undisturbed> {
  const [invoices, uncertain] = await made.answers([INVOICES, "SELECT count(*) FROM ledger.message_status WHERE status = 'uncertain'"]);
  const ledger = new Map([...await objects(store)].map(([key, bytes]) => [key, sha256(bytes)]));
  return { commits: await commitsIn(store), ledger, out: await made.files('out'), mails: messageIds(mails), invoices: invoices!, uncertain: uncertain! };
}

/** Looks at what a killed run left, lets the next one go on, and looks again. Gives whether the outcome of a message was unknown. */
async function proveRecovery(made: Project, store: ObjectStore, mails: Received[], whole: Undisturbed, label: string): Promise<boolean> {
  const ledger = await openLedger(store, { tool_version: '0.1.0' });
  const engine = await Engine.open({ threads: 1 });
  let unknown = 0;
  try {
    const { diagnostics } = await verifyLedger(engine, ledger, null);
    expect(diagnostics.map((d) => `${d.code} ${d.message}`).filter((flaw) => !LEFT.test(flaw)), label).toEqual([]);
    await attachLedger(engine, ledger);
    const known = await engine.rows<{ message_id: string; status: string }>('SELECT message_id, status FROM ledger.message_status');
    for (const id of messageIds(mails)) expect(known.map((each) => each.message_id), label).toContain(id);
    unknown = known.filter(({ status }) => status === 'sending').length;
  } finally {
    await engine.close();
  }
  const commits = await commitsIn(store);
  expect(commits, label).toEqual(whole.commits.slice(0, commits.length));

  const { messages } = await made.run(SECOND);
  expect([messages.uncertain, messages.problems.filter(({ status }) => status === 'uncertain').length], label).toEqual([unknown, unknown]);
  const sent = messageIds(mails);
  expect([...new Set(sent)], label).toEqual(sent);
  const after = await outcomeOf(made, store, mails);
  expect(after.invoices, label).toEqual(whole.invoices);
  expect(after.uncertain, label).toEqual([String(unknown)]);
  if (unknown === 0) expect(after, label).toEqual(whole);
  else for (const id of sent) expect(whole.mails, label).toContain(id);
  expect((await made.flaws()).filter((flaw) => !LEFT.test(flaw)), label).toEqual([]);
  const left = Object.keys(await made.files('.')).filter((path) => /\.tmp\/|LOCK|\.part$|\.wal$|\.history\.duckdb\./.test(path));
  expect(left, label).toEqual([]);
  return unknown > 0;
}

/** Points that many steps share are taken at the first and the last time, the others once. */
const TWICE: readonly CrashPoint[] = ['store: created', 'commit: document created', 'send: claimed', 'send: handed over'];

function timesOf(counts: Counts, points: readonly CrashPoint[]): [CrashPoint, number][] {
  return points.flatMap((point) => {
    const last = counts[point] ?? 0;
    const times = TWICE.includes(point) ? [1, last] : [Math.ceil(last / 2)];
    return [...new Set(times)].filter((nth) => nth >= 1 && nth <= last).map((nth): [CrashPoint, number] => [point, nth]);
  });
}

const reached = new Set<CrashPoint>();

it.each(['smtp', 'file'] as const)('a run killed at any step is made up for by the next one (mail by %s)', { timeout: 1_200_000 }, async (transport) => {
  const server = await goodServer();
  onTestFinished(server.close);
  const base = await folder();
  const begun = new Project(join(base, 'begun'));
  await begun.configure({ ...SPEC, mail: { transport, ...(transport === 'smtp' ? { url: server.url } : {}), attach: [] } });
  await begun.book(BOOKINGS);
  await begun.run(FIRST);
  const at = (name: string): { made: Project; store: ObjectStore } => ({
    made: new Project(join(base, name)), store: openLocalStore(join(base, name, 'data/ledger'), 'data/ledger'),
  });
  const alone = at('alone');
  await cp(begun.root, alone.made.root, { recursive: true });
  server.mails.length = 0;
  const { counts, stderr } = await runTo(alone.made, null, 0);
  expect(stderr).toBe('');
  const whole = await outcomeOf(alone.made, alone.store, server.mails);
  expect(whole.mails).toHaveLength(transport === 'smtp' ? 2 : 0);
  for (const point of CRASH_POINTS) if (counts[point] !== undefined) reached.add(point);
  // With files for mails only what differs.
  const points = transport === 'smtp' ? CRASH_POINTS : CRASH_POINTS.filter((point) => /^(send|mail):/.test(point));
  let uncertain = 0;
  for (const [point, nth] of timesOf(counts, points)) {
    const { made, store } = at(`${point.replaceAll(/\W+/g, '-')}-${nth}`);
    await cp(begun.root, made.root, { recursive: true });
    server.mails.length = 0;
    const label = `${point} (${nth})`;
    expect((await runTo(made, point, nth)).killed, label).toBe(true);
    if (transport === 'smtp') {
      if (await proveRecovery(made, store, server.mails, whole, label)) uncertain += 1;
    } else await proveFiles(made, whole, label);
    await rm(made.root, { recursive: true, force: true });
  }
  if (transport === 'smtp') expect(uncertain).toBeGreaterThan(3);
});

/** Of mails in files nothing is uncertain: they are written again, the same. */
async function proveFiles(made: Project, whole: Undisturbed, label: string): Promise<void> {
  await made.run(SECOND);
  expect(await made.told(INVOICES), label).toEqual(whole.invoices);
  expect(await made.files('out'), label).toEqual(whole.out);
  expect((await made.flaws()).filter((flaw) => !LEFT.test(flaw)), label).toEqual([]);
}

it('every point of the list is reached by a run that commits, sends and publishes', () => {
  expect([...reached].sort()).toEqual([...CRASH_POINTS].sort());
});

describeWithS3('with the ledger in a bucket', (server) => {
  it('a run killed at any step is made up for by the next one', { timeout: 1_200_000 }, async () => {
    const smtp = await goodServer();
    onTestFinished(smtp.close);
    const base = await folder();
    const project = (name: string): { made: Project; store: ObjectStore } => {
      const store = openBucketStore(server.address('crash'), { env: S3_ENV, cache: join(base, `cache-${name}`) });
      return { made: new Project(join(base, name), store, S3_ENV), store };
    };
    const begun = project('begun');
    await begun.made.configure({ ...SPEC, ledger: server.url('crash'), mail: { transport: 'smtp', url: smtp.url, attach: [] } });
    await begun.made.book(BOOKINGS);
    await begun.made.run(FIRST);
    const before = await objects(begun.store);
    const { counts, stderr } = await (async () => {
      const { made } = project('alone');
      await cp(begun.made.root, made.root, { recursive: true });
      smtp.mails.length = 0;
      return runTo(made, null, 0);
    })();
    expect(stderr).toBe('');
    const alone = project('alone');
    const whole = await outcomeOf(alone.made, alone.store, smtp.mails);
    const points = CRASH_POINTS.filter((point) => /^(lock|store|commit):/.test(point));
    for (const [point, nth] of timesOf(counts, points)) {
      const { made, store } = project(`${point.replaceAll(/\W+/g, '-')}-${nth}`);
      await cp(begun.made.root, made.root, { recursive: true });
      for (const key of await store.list('')) if (!before.has(key)) await store.remove(key);
      for (const [key, bytes] of before) await store.replace(key, Buffer.from(bytes, 'latin1'));
      smtp.mails.length = 0;
      const label = `${point} (${nth})`;
      expect((await runTo(made, point, nth)).killed, label).toBe(true);
      await proveRecovery(made, store, smtp.mails, whole, label);
    }
    expect((await readdir(join(server.folder, 'ledgers/crash'))).sort()).toEqual(['HEAD.json', 'LOCK', 'commits', 'segments']);
    expect(await readFile(join(server.folder, 'ledgers/crash/LOCK'), 'utf8')).toContain('"owner":null');
  });
});

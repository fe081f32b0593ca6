/** Whole projects with their ledger in a bucket of a real S3 server. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { doctor } from '../../src/run/doctor.js';
import { query } from '../../src/run/query.js';
import { show } from '../../src/run/show.js';
import { verify } from '../../src/run/verify.js';
import { openBucketStore } from '../../src/world/s3-store.js';
import { Project, project, refusal } from '../support/project.js';
import type { Booking, Spec } from '../support/project.js';
import { lyingBucket } from '../support/s3-liar.js';
import { describeWithS3, S3_ENV } from '../support/s3-server.js';
import type { S3Server } from '../support/s3-server.js';
import { duebook } from './processes.js';

const SPEC: Spec = { customers: { acme: { name: 'Acme', email: 'ap@acme.example' }, bolt: { name: 'Bolt', cycle: 'weekly', email: 'b@bolt.example' } } };
const BOOKINGS: readonly Booking[] = Array.from({ length: 12 }, (_, i) => ({
  id: `J-${i}`, customer: i % 2 === 0 ? 'acme' : 'bolt', product: 'visit', quantity: '1.5', start: new Date(Date.UTC(2026, 1, 2 + i * 3)).toISOString(),
}));

const NOW = { as_of: '2026-04-20' };

async function inBucket(server: S3Server, prefix: string, spec: Spec = {}): Promise<Project> {
  const root = await mkdtemp(join(tmpdir(), 'duebook-run-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const store = openBucketStore(server.address(prefix), { env: S3_ENV, cache: join(root, '.cache') });
  const made = new Project(root, store, S3_ENV);
  await made.configure({ ...SPEC, ledger: server.url(prefix), ...spec });
  await made.book(BOOKINGS);
  return made;
}

describeWithS3('a project with its ledger in a bucket', (server) => {
  const objects = async (prefix: string): Promise<Record<string, string>> => {
    const found: Record<string, string> = {};
    for (const name of (await readdir(join(server.folder, 'ledgers', prefix), { recursive: true })).sort()) {
      const bytes = await readFile(join(server.folder, 'ledgers', prefix, name)).catch(() => null);
      if (bytes !== null) found[name] = bytes.toString('base64');
    }
    return found;
  };

  it('does all that one in a folder does, with the same bytes', async () => {
    const [made, local] = [await inBucket(server, 'same'), await project(SPEC, BOOKINGS)];
    for (const each of [made, local]) {
      expect((await each.preview('2026-03-01T06:00')).batches.length).toBeGreaterThan(0);
      await each.run('2026-03-03');
      await each.confirm('2026-03-03', '2026-03-01');
      await each.run('2026-03-20');
    }
    const { LOCK, ...bucket } = await objects('same');
    expect(Buffer.from(LOCK!, 'base64').toString()).toContain('"owner":null');
    const folder = join(local.root, 'data/ledger');
    for (const [key, bytes] of Object.entries(bucket)) {
      // The configuration's digest covers the address of the ledger.
      if (key.endsWith('.json')) continue;
      expect((await readFile(join(folder, key.replace(/run_[0-9a-f]{20}/, (await readdir(join(folder, 'segments'))).find((name) => name.startsWith(key.slice(9, 17)))!.slice(9)))).catch(() => Buffer.alloc(0))).toString('base64'), key).toBe(bytes);
    }
    expect(await made.flaws()).toEqual([]);
    expect((await verify(made.world, NOW)).ok).toBe(true);
    const sql = 'SELECT number, customer_id, total FROM invoices ORDER BY number';
    expect((await query(made.world, { ...NOW, sql })).rows).toEqual((await query(local.world, { ...NOW, sql })).rows);
    expect((await show(made.world, { ...NOW, id: 'INV-2026-000001', format: 'json' })).record.number).toBe('INV-2026-000001');
    const checks = (await doctor(made.world, NOW)).checks.filter(({ name }) => ['ledger', 'create-only', 'lock'].includes(name));
    expect(checks.map(({ ok, detail }) => `${ok} ${detail}`)).toEqual([
      expect.stringMatching(/^true s3:\/\/ledgers\/same: serial \d+$/), 'true the bucket honours If-None-Match and If-Match', 'true free',
    ]);
    // Another machine has neither history nor cache.
    await rm(join(made.root, 'history.duckdb'));
    await rm(join(made.root, '.duebook'), { recursive: true });
    const before = await objects('same');
    await made.run('2026-03-20');
    expect(Object.keys(await objects('same'))).toEqual(Object.keys(before));
    expect((await query(made.world, { ...NOW, sql })).rows.length).toBeGreaterThan(3);
  });

  it('finds damage behind what it keeps', async () => {
    const made = await inBucket(server, 'damaged');
    await made.run('2026-03-10');
    const segments = Object.keys(await objects('damaged')).filter((key) => key.endsWith('.parquet'));
    const file = join(server.folder, 'ledgers/damaged', segments[0]!);
    const bytes = await readFile(file);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(file, bytes);
    const { ok, diagnostics } = await verify(made.world, NOW);
    expect([ok, diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n')]).toEqual([
      false, expect.stringContaining(`LEDGER_DAMAGED s3://ledgers/damaged/${segments[0]} does not have the hash`),
    ]);
  });

  it('refuses a second writer while one works, and one that lost', async () => {
    const made = await inBucket(server, 'two');
    const alone = await inBucket(server, 'one', { ledger: server.url('one') });
    await alone.run('2026-03-10');
    const run = ['run', '--as-of', '2026-03-10', '--json'];
    for (let round = 0; round < 3; round += 1) {
      const ended = await Promise.all([duebook(run, { cwd: made.root, env: S3_ENV }), duebook(run, { cwd: made.root, env: S3_ENV })]);
      for (const { code, stdout, stderr } of ended) if (code !== 0) expect(`${code} ${stdout}${stderr}`).toMatch(/^6 .*"LEDGER_(LOCKED|MOVED)"/s);
      expect(ended.map(({ code }) => code)).toContain(0);
    }
    expect(await made.flaws()).toEqual([]);
    const numbers = 'SELECT number, customer_id, total_minor FROM ledger.invoices ORDER BY number';
    expect(await made.told(numbers)).toEqual(await alone.told(numbers));
    expect(Object.keys(await objects('two')).filter((key) => key.startsWith('commits/')).length)
      .toBe(Object.keys(await objects('one')).filter((key) => key.startsWith('commits/')).length);
  });

  it('keeps the ledgers of two issuers apart: they commit at the same time', async () => {
    const made = await Promise.all(['north', 'south'].map((id) => inBucket(server, `issuer-${id}`, {
      issuer: { id, name: id, address: { line1: 'Hafen 12', city: 'Hamburg', country: 'DE' } },
    })));
    const ended = await Promise.all(made.map((each) => duebook(['run', '--as-of', '2026-03-10', '--json'], { cwd: each.root, env: S3_ENV })));
    expect(ended.map(({ code, stderr }) => `${code} ${stderr}`)).toEqual([expect.stringMatching(/^0 /), expect.stringMatching(/^0 /)]);
    for (const each of made) expect([await each.flaws(), await each.told('SELECT min(number) FROM ledger.invoices')]).toEqual([[], ['INV-2026-000001']]);
    // One issuer's run in the other's prefix is refused.
    await made[0]!.configure({ ...SPEC, ledger: server.url('issuer-south') });
    expect(await refusal(made[0]!.run('2026-04-10'))).toContain('LEDGER_FOREIGN 7');
  });

  it('says what is wrong with the bucket', async () => {
    const made = await inBucket(server, 'wrong', { ledger: `s3://no-such-bucket?endpoint=${server.endpoint}` });
    expect(await refusal(made.run('2026-03-10'))).toBe('LEDGER_UNREACHABLE 6 Cannot read s3://no-such-bucket/LOCK: there is no such bucket.');
    await made.configure({ ...SPEC, ledger: `s3://liar/x?endpoint=${await lyingBucket('replaces stale')}` });
    expect(await refusal(made.run('2026-03-10'))).toContain('LEDGER_STORE_UNSAFE 7 s3://liar/x is not safe for a ledger');
    const { ok, checks } = await doctor(made.world, NOW);
    expect([ok, checks.find(({ name }) => name === 'create-only')?.detail]).toEqual([false, expect.stringContaining('LEDGER_STORE_UNSAFE: ')]);
    await made.configure({ ...SPEC, ledger: 's3://key:secret@bucket/x' });
    expect(await refusal(made.run('2026-03-10'))).toBe('CONFIG_VALUE 4 ledger: keys do not belong into the address');
  });
});

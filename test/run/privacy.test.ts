/** Personal data under keys, end to end: nothing of it stands in the ledger, and nothing anywhere once its key is gone. */
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Engine, literal } from '../../src/engine/engine.js';
import { credit } from '../../src/run/credit.js';
import { forget, retention } from '../../src/run/forget.js';
import { query } from '../../src/run/query.js';
import { run } from '../../src/run/run.js';
import { show } from '../../src/run/show.js';
import { verify } from '../../src/run/verify.js';
import type { ForgetResult } from '../../src/run/results-privacy.js';
import { project, refusal } from '../support/project.js';
import type { Project, Spec } from '../support/project.js';

const ACME = {
  name: 'Clara Nachtigall', email: 'clara@nachtigall.example', contact: 'Frau Nachtigall', tax_id: 'DE999999999', cycle: 'monthly',
  address: { line1: 'Geheimweg 7', city: 'Verstecklingen', country: 'DE' }, locale: 'de-DE',
};
/** Nothing of these may be found. */
const PERSONAL = ['Nachtigall', 'nachtigall.example', 'Geheimweg', 'Verstecklingen', 'DE999999999'];
const OTHER = { name: 'Other Ltd', email: 'ap@other.example', cycle: 'monthly', address: { line1: 'High Street 1', city: 'Leeds', country: 'GB' } };
const SPEC: Spec = { privacy: { keys: 'keys' }, customers: { acme: ACME, other: OTHER } };
const BOOKINGS = ['acme', 'other'].flatMap((customer) => [1, 2].map((n) => ({ id: `${customer}-${n}`, customer, product: 'visit', start: `2026-0${n}-10`, quantity: '1' })));
const LATER = '2035-01-01';

async function billed(spec: Spec = SPEC): Promise<Project> {
  const made = await project(spec, BOOKINGS);
  made.keys = 'keys';
  await made.run('2026-03-10');
  return made;
}

it('is asked for where the configuration names no keys any more', async () => {
  const made = await billed();
  await made.configure({ customers: SPEC['customers'] });
  await made.book([...BOOKINGS, { id: 'more', customer: 'acme', product: 'visit', start: '2026-03-10' }]);
  expect(await refusal(made.run('2026-04-10'))).toMatch(/^PRIVACY_KEY 7 the ledger keeps its customers encrypted/);
  expect(await leaks(made.root, ['data/ledger'])).toEqual([]);
});

/** Both customers gone from the configuration: BASE has acme, so it is written over. */
async function unconfigure(made: Project): Promise<void> {
  const path = join(made.root, 'billing.config.yaml');
  const config = JSON.parse(readFileSync(path, 'utf8')) as { customers: Record<string, unknown> };
  config.customers = { other: OTHER };
  writeFileSync(path, JSON.stringify(config));
}

/** Which of the personal words stand in any value of any Parquet file or history below a folder, or in any other file as text. */
async function leaks(root: string, folders: readonly string[]): Promise<string[]> {
  const engine = await Engine.open({ threads: 1 });
  try {
    const found = new Set<string>();
    const look = (text: string, where: string): void => {
      for (const word of PERSONAL) if (text.includes(word)) found.add(`${where}: ${word}`);
    };
    for (const folder of folders) {
      const names = statSync(join(root, folder)).isDirectory() ? readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name)) : [join(root, folder)];
      for (const path of names.sort()) {
        const shown = path.slice(root.length + 1);
        look(readFileSync(path, 'latin1'), shown);
        look(readFileSync(path, 'utf8'), shown);
        if (path.endsWith('.parquet')) look((await engine.row<{ text: string }>(`SELECT string_agg(to_json(t)::VARCHAR, ' ') AS text FROM read_parquet(${literal(path)}) AS t`)).text, shown);
        if (path.endsWith('.duckdb')) {
          await engine.run(`ATTACH ${literal(path)} AS h (READ_ONLY)`);
          for (const table of ['invoices', 'invoice_lines', 'messages', 'events', 'runs']) {
            look((await engine.row<{ text: string | null }>(`SELECT string_agg(to_json(t)::VARCHAR, ' ') AS text FROM h.${table} AS t`)).text ?? '', `${shown} ${table}`);
          }
          await engine.run('DETACH h');
        }
      }
    }
    return [...found].sort();
  } finally {
    await engine.close();
  }
}

const forgetAcme = (made: Project, more: { as_of?: string; dry_run?: boolean; reason?: string } = {}): Promise<ForgetResult> =>
  forget(made.world, { customer: 'acme', reason: 'Request 17', dry_run: false, as_of: LATER, ...more });
const names = async (made: Project): Promise<unknown[]> =>
  (await query(made.world, { as_of: LATER, sql: 'SELECT DISTINCT customer_id, customer_name, m.recipient FROM invoices JOIN messages AS m USING (invoice_id) ORDER BY ALL' })).rows.map((row) => row.join(' '));

describe('with keys', () => {
  it('the ledger says nothing of who the customers are, and everything reads as without', async () => {
    const [made, plain] = [await billed(), await project({ customers: SPEC['customers'] as Spec }, BOOKINGS)];
    await plain.run('2026-03-10');
    expect(await leaks(made.root, ['data/ledger'])).toEqual([]);
    expect(readdirSync(join(made.root, 'keys')).sort()).toEqual(['acme.key', 'other.key']);
    expect(await made.flaws()).toEqual([]);
    // The summaries tell the ledger's hash.
    const pages = (one: Project): Promise<Record<string, string>> => one.files('out', (path) => !path.endsWith('summary.md'));
    expect(await pages(made)).toEqual(await pages(plain));
    expect(await made.historyDigest()).toMatchObject({ invoices: (await plain.historyDigest())['invoices'], messages: (await plain.historyDigest())['messages'] });
    const shown = async (one: Project): Promise<unknown> => (await show(one.world, { as_of: '2026-03-10', id: 'INV-2026-000001', format: 'json' })).record;
    expect(await shown(made)).toEqual(await shown(plain));
    expect((await leaks(plain.root, ['data/ledger'])).length).toBeGreaterThan(4);
  });

  it('the same keys give the same bytes, other keys other ones', async () => {
    const first = await billed();
    const twin = await project(SPEC, BOOKINGS);
    cpSync(join(first.root, 'keys'), join(twin.root, 'keys'), { recursive: true });
    await twin.run('2026-02-10');
    await twin.run('2026-03-10');
    expect(await twin.files('data/ledger')).toEqual(await first.files('data/ledger'));
    const other = await billed();
    expect(await other.files('data/ledger')).not.toEqual(await first.files('data/ledger'));
  });

  it('a missing or a wrong key stops what would write, and nothing else', async () => {
    const made = await billed();
    const billing = (): Promise<Record<string, string>> => made.files('data/ledger', (path) => /(invoices|parties|messages)\.parquet$/.test(path));
    const before = await billing();
    await made.book([...BOOKINGS, { id: 'acme-3', customer: 'acme', product: 'visit', start: '2026-03-11', quantity: '1' }]);
    for (const spoil of [() => rmSync(join(made.root, 'keys/acme.key')), () => writeFileSync(join(made.root, 'keys/acme.key'), `${'ab'.repeat(32)}\n`)]) {
      spoil();
      expect(await refusal(made.run('2026-04-10'))).toMatch(/^PRIVACY_KEY 7 the key of customer acme is missing in keys, or is not the one it was/);
      expect(await names(made)).toEqual(['acme (gelöscht) []', 'other Other Ltd ["ap@other.example"]']);
      const proof = await verify(made.world, { as_of: LATER });
      expect([proof.ok, ...proof.diagnostics.map(({ code, severity }) => `${severity} ${code}`)]).toEqual([true, 'warning PRIVACY_KEY']);
    }
    expect(await billing()).toEqual(before);
    writeFileSync(join(made.root, 'keys/acme.key'), 'short');
    expect(await refusal(made.status('2026-04-10'))).toContain('PRIVACY_KEY 7 keys/acme.key is not a key');
  });

  it('a credit note is as quiet as its invoice', async () => {
    const made = await billed();
    await credit(made.world, { number: 'INV-2026-000001', lines: [], reissue: false, reason: 'Twice', dry_run: false, as_of: '2026-03-11' });
    expect(await leaks(made.root, ['data/ledger'])).toEqual([]);
    expect(await made.told("SELECT customer_name, m.recipients FROM ledger.invoices JOIN ledger.messages AS m USING (invoice_id) WHERE invoices.kind = 'credit_note'"))
      .toEqual(['Clara Nachtigall | ["clara@nachtigall.example"]']);
  });

  it('a message whose customer cannot be read is not sent to nobody', async () => {
    const made = await billed({ ...SPEC, automation: { auto_send: false } });
    rmSync(join(made.root, 'keys/acme.key'));
    expect(await refusal(made.send('2026-03-11'))).toContain('PRIVACY_KEY 7 2 messages cannot be sent');
  });
});

describe('forgetting', () => {
  it('removes the key and every trace, and the ledger is proved as before', async () => {
    const made = await billed();
    const segments = await made.files('data/ledger/segments');
    await unconfigure(made);
    const dry = await forgetAcme(made, { dry_run: true });
    expect([dry.committed, dry.key_removed, dry.invoices, dry.keep_until, existsSync(join(made.root, 'keys/acme.key'))]).toEqual([true, true, 2, '2034-12-31', true]);
    const done = await forgetAcme(made);
    expect(done).toMatchObject({ committed: true, key_removed: true, invoices: 2 });
    expect(done.removed).toHaveLength(2);
    expect(await leaks(made.root, ['data/ledger', 'out', 'history.duckdb', 'keys'])).toEqual([]);
    expect(await made.files('data/ledger/segments')).toMatchObject(segments);
    expect(await made.flaws()).toEqual([]);
    const proof = await verify(made.world, { as_of: LATER });
    expect(proof.checks.find(({ name }) => name === 'privacy')!.detail).toBe('personal data of 2 customers is encrypted; 1 of them were forgotten');
    expect(await names(made)).toEqual(['acme (gelöscht) []', 'other Other Ltd ["ap@other.example"]']);
    expect(await made.told("SELECT count(*), sum(total_minor) FROM ledger.invoices WHERE customer_id = 'acme'")).toEqual(['2 | 22610']);
    const { record } = await show(made.world, { as_of: LATER, id: 'INV-2026-000001', format: 'html' });
    expect(record.buyer).toMatchObject({ customer_id: 'acme', name: '(gelöscht)', email: [], address: null });
    expect((await forgetAcme(made))).toMatchObject({ committed: false, key_removed: false });
    expect((await retention(made.world, { as_of: LATER })).customers.map(({ customer_id, state }) => `${customer_id} ${state}`)).toEqual(['acme forgotten', 'other configured']);
  });

  it('that ended after the event is finished by the same command', async () => {
    const made = await billed();
    await unconfigure(made);
    const key = readFileSync(join(made.root, 'keys/acme.key'));
    await forgetAcme(made);
    writeFileSync(join(made.root, 'keys/acme.key'), key);
    const ledger = await made.files('data/ledger');
    expect(await forgetAcme(made)).toMatchObject({ committed: false, key_removed: true });
    expect(await made.files('data/ledger')).toEqual(ledger);
    expect(await leaks(made.root, ['data/ledger', 'out', 'history.duckdb', 'keys'])).toEqual([]);
  });

  it('is refused while anything stands against it', async () => {
    const made = await billed();
    const told = await refusal(forgetAcme(made, { as_of: '2034-12-31' }));
    expect(told).toContain('FORGET_REFUSED 64 customer acme is still in the configuration');
    expect(told).toContain('FORGET_REFUSED 64 the invoices of customer acme have to be kept until 2034-12-31');
    expect(await refusal(forget(made.world, { customer: 'nobody', reason: 'x', dry_run: false, as_of: LATER }))).toContain('UNKNOWN_CUSTOMER 64');
    expect(await refusal(forgetAcme(made, { reason: ' ' }))).toContain('USAGE 64 forget needs --reason');
    const plain = await project({ customers: { acme: ACME } }, BOOKINGS.slice(0, 2));
    expect(await refusal(forgetAcme(plain))).toContain('FORGET_REFUSED 64 nothing is encrypted');
    await plain.run('2026-03-10');
    await plain.configure({ customers: { acme: ACME, other: OTHER }, privacy: { keys: 'keys' } });
    await unconfigure(plain);
    expect(await refusal(forgetAcme(plain))).toContain('FORGET_REFUSED 64 the ledger has data of customer acme in the open');
  });

  it('of somebody whose mail was on its way when a run ended leaves nothing to be sent, and the others get theirs', async () => {
    const mail = { transport: 'smtp', url: 'smtp://127.0.0.1:9', attach: [] };
    const made = await project({ ...SPEC, mail }, BOOKINGS);
    made.keys = 'keys';
    const reached = (name: string): void => { if (name === 'send: claimed') throw new Error('died'); };
    await expect(run({ ...made.world, crash: { reached } }, { as_of: '2026-03-10' })).rejects.toThrow('died');
    const statuses = 'SELECT i.customer_id, m.status, m.attempts FROM ledger.message_status AS m JOIN ledger.invoices AS i ON i.invoice_id = m.invoice_id ORDER BY ALL';
    expect(new Set(await made.told(statuses))).toContain('acme | sending | 1');
    await unconfigure(made);
    expect((await forgetAcme(made)).messages_cancelled).toBe(1);
    await made.book(BOOKINGS.filter(({ customer }) => customer === 'other'));
    await made.run('2035-01-02');
    expect((await made.told(statuses)).filter((row) => row.startsWith('acme'))).toEqual(['acme | cancelled | 1']);
    expect((await made.told("SELECT count(*) FROM ledger.events WHERE event = 'uncertain'"))).not.toEqual(['0']);
    expect(await made.flaws()).toEqual([]);
  });

  it('does not let the id be billed again', async () => {
    const made = await billed();
    await unconfigure(made);
    await forgetAcme(made);
    await made.configure(SPEC);
    await made.book([...BOOKINGS, { id: 'acme-3', customer: 'acme', product: 'visit', start: '2035-01-02', quantity: '1' }]);
    expect(await refusal(made.run('2035-02-10'))).toContain('PRIVACY_KEY 7 customer acme was forgotten and cannot be billed under that id again');
  });
});

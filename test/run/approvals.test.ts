/** Approving by file: a batch is confirmed as it was approved, and never otherwise. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validate } from '../../src/run/validate.js';
import { project, refusal } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';
import { duebook } from './processes.js';

const APRIL: readonly Booking[] = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02', quantity: '2' },
  { id: 'd', customer: 'bolt', product: 'visit', start: '2026-04-04' },
  { id: 'e', customer: 'cord', product: 'visit', start: '2026-04-05', quantity: '40' },
];
const SPEC: Spec = {
  partners: { south: { name: 'South' } },
  customers: {
    bolt: { name: 'Bolt', cycle: 'monthly', partner: 'south' },
    cord: { name: 'Cord', cycle: 'monthly', automation: { limits: { max_invoice_total: '1000.00' } } },
  },
};
const INVOICES = "SELECT customer_id, confirmed_by, CAST(confirmed_at AS VARCHAR), CAST(issued_on AS VARCHAR) FROM ledger.invoices ORDER BY seq";

async function digestOf(made: Project, as_of: string): Promise<string> {
  return (await made.preview(as_of)).batches[0]!.digest;
}

async function approve(made: Project, digest: string, more = ''): Promise<void> {
  await made.write('approvals/2026-05-01.yaml', `batch: 2026-05-01\ndigest: ${digest.slice(0, 12)}\n${more}`);
}

describe('an approval', () => {
  it('confirms the batch at its instant; who is parked stays out and open; it is followed once', async () => {
    const made = await project({ ...SPEC, automation: { document_date: 'confirmed_date' } }, APRIL);
    await made.run('2026-05-01T06:00');
    await approve(made, await digestOf(made, '2026-05-02'), 'approved_at: 2026-05-02T10:30\napproved_by: Dana Weber\n');
    const done = await made.run('2026-05-03');
    expect(done.confirmed.map(({ batch_id, confirmed_by, confirmed_at }) => `${batch_id} ${confirmed_by} ${confirmed_at}`)).toEqual([
      '2026-05-01 approval 2026-05-02T10:30:00+00:00',
    ]);
    expect(done.open.map(({ batch_id }) => batch_id)).toEqual(['2026-05-01']);
    const invoices = ['acme | approval | 2026-05-02 10:30:00 | 2026-05-02', 'bolt | approval | 2026-05-02 10:30:00 | 2026-05-02'];
    expect(await made.told(INVOICES)).toEqual(invoices);
    expect(await made.told("SELECT json_extract_string(detail, '$.approved_by') FROM ledger.events WHERE event = 'approved'")).toEqual(['Dana Weber']);
    const again = await made.run('2026-05-03');
    expect([again.confirmed, again.head.serial, again.diagnostics]).toEqual([[], done.head.serial, []]);
    await made.run('2026-05-05');
    expect(await made.told(INVOICES)).toEqual(invoices);
    expect(await made.told("SELECT subject_id FROM ledger.events WHERE event = 'parked'")).toEqual(['cord']);
    expect(await made.flaws()).toEqual([]);
  });

  it('tells the team who was left out, once', async () => {
    const made = await project({ ...SPEC, mail: { transport: 'file', attach: [] }, notifications: [{ name: 'team', email: 'team@firm.example', events: ['customers_parked'] }] }, APRIL);
    await made.run('2026-05-01T06:00');
    await approve(made, await digestOf(made, '2026-05-02'));
    await made.run('2026-05-02T07:00');
    const notices = "SELECT kind, subject_id, CAST(queued_at AS VARCHAR), json_extract_string(payload, '$.parked[0].customer_id') FROM ledger.messages WHERE kind = 'customers_parked'";
    expect(await made.told(notices)).toEqual(['customers_parked | 2026-05-01 | 2026-05-02 07:00:00 | cord']);
    await made.run('2026-05-05');
    expect(await made.told(notices)).toHaveLength(1);
    expect(await made.flaws()).toEqual([]);
  });

  it('may name a customer who has left since, once it was followed', async () => {
    const made = await project(SPEC, APRIL);
    await approve(made, await digestOf(made, '2026-05-02'), 'customers: [bolt]\n');
    await made.run('2026-05-02');
    await made.write('approvals/later.yaml', 'batch: 2026-06-01\ndigest: 3f9c2a17b0de\ncustomers: [bolt]\n');
    const left = { ...SPEC, customers: { cord: (SPEC['customers'] as Spec)['cord'] } };
    await made.configure(left);
    await made.book(APRIL.filter(({ customer }) => customer !== 'bolt'));
    expect((await made.run('2026-06-02')).diagnostics.map(({ code, message, at }) => `${code} ${at?.file} ${message}`)).toEqual(['APPROVAL_VALUE approvals/later.yaml there is no customer "bolt"']);
    await rm(join(made.root, 'approvals/later.yaml'));
    expect((await made.run('2026-06-03')).diagnostics).toEqual([]);
    // A job without the ledger cannot know that it was followed.
    const other = await project(left, APRIL.filter(({ customer }) => customer !== 'bolt'));
    await approve(other, '3f9c2a17b0de', 'customers: [bolt]\n');
    expect((await validate(other.world, { as_of: '2026-06-03' })).diagnostics.map(({ code, severity }) => `${severity} ${code}`)).toEqual(['warning APPROVAL_VALUE']);
  });

  it('of some customers leaves the batch open for the others; without an instant it is followed when a run meets it', async () => {
    const made = await project(SPEC, APRIL);
    await approve(made, await digestOf(made, '2026-05-02'), 'customers: [bolt]\n');
    await made.run('2026-05-02T07:00');
    expect((await made.run('2026-05-05')).diagnostics).toEqual([]);
    expect((await made.told(INVOICES)).map((row) => row.split(' | ').slice(0, 3).join(' '))).toEqual([
      'bolt approval 2026-05-02 07:00:00', 'acme auto 2026-05-04 22:00:00',
    ]);
  });

  it('waits for the period to end, and for a batch that lies ahead', async () => {
    const made = await project({ ...SPEC, automation: { lead_days: 5 } }, APRIL);
    await approve(made, await digestOf(made, '2026-04-28'), 'approved_at: 2026-04-28\n');
    expect((await made.run('2026-04-20')).diagnostics).toEqual([]);
    const early = await made.run('2026-04-29');
    expect([early.confirmed, early.diagnostics]).toEqual([[], []]);
    await made.run('2026-05-01T00:00');
    expect((await made.told(INVOICES)).map((row) => row.split(' | ').slice(0, 3).join(' '))).toEqual([
      'acme approval 2026-05-01 00:00:00', 'bolt approval 2026-05-01 00:00:00',
    ]);
  });

  it('that does not fit is told, the rest is done, and the deadline holds', async () => {
    const made = await project(SPEC, APRIL);
    await made.run('2026-05-01T06:00');
    await approve(made, await digestOf(made, '2026-05-02'));
    await made.book([...APRIL, { id: 'f', customer: 'bolt', product: 'food', start: '2026-04-20' }]);
    const stale = await made.run('2026-05-03');
    const told = stale.diagnostics.map(({ code, severity, message, hint, at }) => ({ code, severity, message, hint, at }));
    const { digest } = stale.open[0]!;
    expect(told).toMatchObject([{ code: 'APPROVAL_STALE', severity: 'warning', at: { file: 'approvals/2026-05-01.yaml', line: 2, column: 9 } }]);
    expect(told[0]!.message).toContain(`its digest is now ${digest}. What moved:\n  ~ bolt: 113.05 EUR is now`);
    expect(told[0]!.hint).toContain(`digest: ${digest.slice(0, 12)}`);
    expect(await refusal(validate(made.world, { as_of: '2026-05-03' }))).toMatch(/^APPROVAL_STALE 4/);
    expect((await made.run('2026-05-05')).confirmed.map(({ confirmed_by }) => confirmed_by)).toEqual(['auto']);
  });

  it('of a batch that was confirmed otherwise is done', async () => {
    const made = await project({ ...SPEC, customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } }, APRIL.slice(0, 2));
    await approve(made, '0123456789ab', 'approved_at: 2026-05-20\n');
    await made.run('2026-05-10');
    expect((await made.run('2026-05-21')).diagnostics).toEqual([]);
  });

  it('of an unknown batch, or written wrongly, is told with its place', async () => {
    const made = await project(SPEC, APRIL);
    await made.write('approvals/a.yaml', 'batch: 2026-05-02\ndigest: 0123456789ab\n');
    await made.write('approvals/b.yaml', 'batch: 2026-05-01\ndigest: 12\ncustomers: [acmee]\napproved_at: soon\nby: me\n');
    await made.write('approvals/c.yaml', 'batch: [\n');
    const done = await made.run('2026-05-05');
    expect(done.confirmed.length).toBe(1);
    expect(done.diagnostics.map(({ code, at, severity }) => `${at!.file}:${at!.line}:${at!.column} ${severity} ${code}`).sort()).toEqual([
      'approvals/a.yaml:1:8 warning APPROVAL_UNKNOWN', 'approvals/b.yaml:2:9 warning APPROVAL_VALUE', 'approvals/b.yaml:3:13 warning APPROVAL_VALUE',
      'approvals/b.yaml:4:14 warning APPROVAL_VALUE', 'approvals/b.yaml:5:1 warning APPROVAL_VALUE', expect.stringMatching(/^approvals\/c\.yaml:\d+:\d+ warning CONFIG_SYNTAX$/),
    ]);
  });

  it('with an instant gives the same however often one runs', { timeout: 600_000 }, async () => {
    const lead: Spec = { ...SPEC, customers: { ...SPEC['customers'] as Spec, bolt: { name: 'Bolt', cycle: 'monthly', automation: { lead_days: 3, confirmation_window_days: 1 } } } };
    const seen = await project(lead, APRIL);
    // Bolt is confirmed by itself before the others open: what is approved then is the rest.
    await seen.run('2026-05-02');
    const digest = await digestOf(seen, '2026-05-02');
    const outcomes: unknown[] = [];
    for (const times of [['2026-05-09'], ['2026-04-29', '2026-05-01', '2026-05-02T11:00', '2026-05-02T13:00', '2026-05-09']]) {
      const made = await project(lead, APRIL);
      await approve(made, digest, 'approved_at: 2026-05-02T12:00\n');
      for (const time of times) await made.run(time);
      expect((await made.told(INVOICES)).map((row) => row.split(' | ').slice(0, 2).join(' '))).toEqual(['bolt auto', 'acme approval']);
      outcomes.push(await made.outcome());
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  it('is followed by the program itself, which ends with 3 where one does not fit', { timeout: 600_000 }, async () => {
    const made = await project(SPEC, APRIL.slice(0, 2));
    await approve(made, await digestOf(made, '2026-05-02'));
    expect((await duebook(['run', '--as-of', '2026-05-02'], { cwd: made.root })).stdout).toContain('by approval');
    await made.write('approvals/x.yaml', 'batch: 2026-05-03\ndigest: 0123456789ab\n');
    const ended = await duebook(['run', '--as-of', '2026-05-02'], { cwd: made.root });
    expect([ended.code, ended.stderr]).toEqual([3, expect.stringContaining('approvals/x.yaml:1:8: warning APPROVAL_UNKNOWN')]);
  });
});

describe('a confirmation of a part', () => {
  it('by partner or by cycle leaves the batch open for the rest', async () => {
    const made = await project({ ...SPEC, cycles: { also: { type: 'monthly', start: '2026-01-01' } }, customers: { ...SPEC['customers'] as Spec, dune: { name: 'Dune', cycle: 'also' } } },
      [...APRIL.slice(0, 2), { id: 'g', customer: 'dune', product: 'visit', start: '2026-04-09' }]);
    const { confirm } = await import('../../src/run/confirm.js');
    const part = { as_of: '2026-05-02', batch: '2026-05-01', customers: [] };
    await confirm(made.world, { ...part, partner: 'south' });
    await confirm(made.world, { ...part, cycle: 'also' });
    expect((await made.told(INVOICES)).map((row) => row.split(' | ')[0])).toEqual(['bolt', 'dune']);
    expect((await made.status('2026-05-02')).open.map(({ totals }) => totals.map(({ invoices }) => invoices))).toEqual([[1]]);
    expect(await refusal(confirm(made.world, { ...part, partner: 'north' }))).toMatch(/^USAGE 64/);
    expect(await refusal(confirm(made.world, { ...part, cycle: 'weakly' }))).toMatch(/^USAGE 64/);
  });
});

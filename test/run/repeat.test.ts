/** Repeat bookings from the configuration to the invoice: billed once, at local times, whatever is changed afterwards. */
import { expect, it } from 'vitest';
import { project, refusal } from '../support/project.js';
import type { Project, Spec } from '../support/project.js';

const WEEKLY = { customer: 'acme', product: 'visit', rule: 'FREQ=WEEKLY;BYDAY=MO', start: '2026-01-05T09:00', duration_minutes: 120, quantity: '2', unit_price: '45.00' };
const spec = (more: Spec = {}): Spec => ({ repeat_bookings: { cleaning: { ...WEEKLY, ...more } } });
const LINES = 'SELECT i.number, l.booking_id, l.source, l.kind, l.description, l.amount_minor, l.late FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i USING (invoice_id) ORDER BY 1, l.line_no';
const ids = (made: Project): Promise<string[]> => made.told('SELECT i.number, l.booking_id FROM ledger.invoice_lines AS l JOIN ledger.invoices AS i USING (invoice_id) ORDER BY 1, 2');
const january = ['05', '12', '19', '26'].map((day) => `INV-2026-000001 | cleaning@2026-01-${day}T09:00`);

it('become lines of the invoice of their period, once', async () => {
  const made = await project(spec());
  const shown = await made.preview('2026-02-01');
  expect(shown.diagnostics).toEqual([]);
  await made.run('2026-02-10');
  expect(await made.told(LINES)).toEqual([5, 12, 19, 26].map((day) => (
    `INV-2026-000001 | cleaning@2026-01-${String(day).padStart(2, '0')}T09:00 | repeat:cleaning | booking | Visit | 9000 | false`)));
  await made.run('2026-02-20');
  expect(await ids(made)).toEqual(january);
  await made.run('2026-03-10');
  expect((await ids(made)).length).toBe(8);
  expect(await made.flaws()).toEqual([]);
});

it('keep their local time over the change of clocks, in a gap and in an overlap', async () => {
  const made = await project({ ...spec({ timezone: 'Europe/Berlin', rule: 'FREQ=WEEKLY;BYDAY=SU', start: '2026-03-22T02:30', duration_minutes: 60, until: '2026-04-05' }) });
  await made.configure({
    repeat_bookings: {
      spring: { ...WEEKLY, timezone: 'Europe/Berlin', rule: 'FREQ=WEEKLY', start: '2026-03-22T02:30', duration_minutes: 60, until: '2026-04-05' },
      autumn: { ...WEEKLY, timezone: 'Europe/Berlin', rule: 'FREQ=WEEKLY', start: '2026-10-18T02:30', duration_minutes: 60, until: '2026-11-01' },
    },
  });
  await made.run('2026-12-10');
  expect(await made.told("SELECT booking_id, strftime(service_start, '%m-%dT%H:%M'), strftime(service_end, '%H:%M') FROM ledger.invoice_lines ORDER BY service_start")).toEqual([
    'spring@2026-03-22T02:30 | 03-22T01:30 | 02:30',
    'spring@2026-03-29T02:30 | 03-29T01:30 | 02:30', // the clocks show 03:30
    'spring@2026-04-05T02:30 | 04-05T00:30 | 01:30',
    'autumn@2026-10-18T02:30 | 10-18T00:30 | 01:30',
    'autumn@2026-10-25T02:30 | 10-25T00:30 | 01:30', // the first of two
    'autumn@2026-11-01T02:30 | 11-01T01:30 | 02:30',
  ]);
});

it('leave exceptions out, and know an exception added after billing', async () => {
  const made = await project(spec({ except: ['2026-01-12'] }));
  await made.run('2026-02-10');
  expect(await ids(made)).toEqual(january.filter((each) => !each.includes('01-12')));
  // One more left out, one taken back: nothing is billed twice, what is new comes late.
  await made.configure(spec({ except: ['2026-01-19'] }));
  await made.run('2026-03-10');
  expect((await ids(made)).filter((each) => each.includes('2026-01'))).toEqual([
    ...january.filter((each) => !each.includes('01-12')), 'INV-2026-000002 | cleaning@2026-01-12T09:00',
  ]);
  expect(await made.flaws()).toEqual([]);
});

it('are corrected when they change after billing', async () => {
  const made = await project(spec());
  await made.run('2026-02-10');
  await made.configure(spec({ unit_price: '50.00' }));
  const { diagnostics } = await made.run('2026-03-10');
  expect(diagnostics.filter((d) => d.code === 'BOOKING_CHANGED')).toEqual([]);
  expect((await made.told(LINES)).filter((each) => each.includes('| 10000 |') || each.includes('| -10000 |'))).toHaveLength(8);
  expect(await made.flaws()).toEqual([]);
});

it('tell a change after billing at the place of the declaration, where changed bookings are held', async () => {
  const held = { automation: { changed_bookings: 'hold' } };
  const made = await project({ ...spec(), ...held });
  await made.run('2026-02-10');
  await made.configure({ ...spec({ unit_price: '50.00' }), ...held });
  const { diagnostics } = await made.run('2026-03-10');
  const changed = diagnostics.filter((d) => d.code === 'BOOKING_CHANGED');
  expect(changed.map((d) => d.message)).toHaveLength(4);
  expect(changed[0]?.at?.file).toBe('billing.config.yaml');
  expect(changed[0]?.at?.line).toBeGreaterThan(1);
  expect((await made.told(LINES)).filter((each) => each.includes('| 10000 |'))).toHaveLength(4);
});

it('refuse another time of day that would bill days twice', async () => {
  const made = await project(spec());
  await made.run('2026-02-10');
  await made.configure(spec({ start: '2026-01-05T10:00' }));
  expect(await refusal(made.run('2026-03-10'))).toMatch(
    /^BOOKING_DUPLICATE \d cleaning@2026-01-05T09:00 was billed, and would be billed again as cleaning@2026-01-05T10:00 \(so would 3 more\)$/);
  await made.configure({ repeat_bookings: { cleaning: { ...WEEKLY, until: '2026-01-31' }, later: { ...WEEKLY, start: '2026-02-02T10:00' } } });
  await made.run('2026-03-10');
  expect((await ids(made)).length).toBe(8);
});

it('take price, tax and description where other bookings take them, and say where one is missing', async () => {
  const made = await project({ repeat_bookings: {
    cleaning: { customer: 'acme', description: 'Cleaning of the hall', rule: 'FREQ=MONTHLY;BYMONTHDAY=-1', start: '2026-01-01', amount: '12.50', tax: 'reduced' },
    food: { customer: 'acme', product: 'food', rule: 'FREQ=MONTHLY;BYDAY=-1FR', start: '2026-01-01' },
  } });
  await made.run('2026-02-10');
  expect(await made.told('SELECT booking_id, description, amount_minor, tax_id FROM ledger.invoice_lines ORDER BY 1')).toEqual([
    'cleaning@2026-01-31T00:00 | Cleaning of the hall | 1250 | reduced', 'food@2026-01-30T00:00 | Food | 333 | reduced',
  ]);
  await made.configure({ repeat_bookings: { cleaning: { customer: 'acme', description: 'Cleaning', rule: 'FREQ=DAILY', start: '2026-02-01', until: '2026-02-01' } } });
  await expect(made.run('2026-03-10')).rejects.toMatchObject({ diagnostics: [{ code: 'BOOKING_PRICE', at: { file: 'billing.config.yaml' } }] });
});

/** January is confirmed on the 20th: the 26th is still to come. */
const EARLY: Spec = { automation: { lead_days: 12, confirmation_window_days: 0, lock_before_period_end: true } };

it('with invoice_all bill what is still to come in the period; without it that waits', async () => {
  const all = await project({ ...EARLY, ...spec({ invoice_all: true }) });
  await all.run('2026-01-20T01:00:00Z');
  expect(await ids(all)).toEqual(january);
  const past = await project({ ...EARLY, ...spec() });
  await past.run('2026-01-20T01:00:00Z');
  expect(await ids(past)).toEqual(january.slice(0, 3));
  await past.run('2026-03-10');
  expect((await ids(past)).filter((each) => each.includes('2026-01'))).toEqual([...january.slice(0, 3), 'INV-2026-000002 | cleaning@2026-01-26T09:00']);
});

it('are billed ahead where the cycle is', async () => {
  const made = await project({ customers: { acme: { name: 'Acme', email: 'ap@acme.example', cycle: 'ahead' } }, ...spec({ start: '2026-02-02T09:00' }) });
  await made.run('2026-01-28');
  expect(await ids(made)).toEqual(['02', '09', '16', '23'].map((day) => `INV-2026-000001 | cleaning@2026-02-${day}T09:00`));
});

it('give the same ledger and documents whenever one runs', { timeout: 600_000 }, async () => {
  const world: Spec = {
    customers: {
      acme: { name: 'Acme', email: 'ap@acme.example', cycle: 'monthly' }, bolt: { name: 'Bolt', email: 'b@bolt.example', cycle: 'weekly', automation: { lead_days: 2 } },
      core: { name: 'Core', email: 'c@core.example', cycle: 'ahead' },
    },
    repeat_bookings: {
      cleaning: WEEKLY, daily: { ...WEEKLY, customer: 'bolt', rule: 'FREQ=DAILY;BYHOUR=9,23', duration_minutes: 90, except: ['2026-01-07'], timezone: 'America/New_York' },
      all: { ...WEEKLY, customer: 'bolt', rule: 'FREQ=WEEKLY;BYDAY=SU', invoice_all: true }, ahead: { ...WEEKLY, customer: 'core', rule: 'FREQ=MONTHLY;BYDAY=-1FR' },
    },
  };
  const end = '2026-03-05T12:00:00Z';
  const once = await project(world);
  await once.run(end);
  const often = await project(world);
  for (let day = 3; day < 63; day += 4) await often.run(new Date(Date.UTC(2026, 0, day, day % 24)).toISOString().replace('.000', ''));
  await often.run(end);
  expect(await often.outcome()).toEqual(await once.outcome());
  expect(await often.flaws()).toEqual([]);
});

/** What a run remembers of a preview that is open for the first time: nobody's deadline comes earlier than it was told. */
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import type { Booking, Project } from '../support/project.js';

const APRIL: readonly Booking[] = [
  { id: 'a', customer: 'acme', product: 'visit', start: '2026-04-02', quantity: '2' },
  { id: 'c', customer: 'acme', start: '2026-04-04', quantity: '3', price: '150', currency: 'JPY' },
  { id: 'd', customer: 'bolt', product: 'visit', start: '2026-04-04' },
];
const SPEC = { customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } };
const OPENINGS = `SELECT customer_id, cycle_id, CAST(CAST(period_start AS DATE) AS VARCHAR) AS period, batch_id, CAST(preview_at AS VARCHAR) AS opened,
  CAST(auto_confirm_at AS VARCHAR) AS auto FROM ledger.openings ORDER BY ALL`;

async function windowOf(made: Project, days: number, more: object = {}): Promise<void> {
  await made.configure({ ...SPEC, automation: { confirmation_window_days: days, ...more } });
}

async function deadline(made: Project, as_of: string): Promise<string[]> {
  return (await made.status(as_of)).open.map(({ batch_id, confirm_due_at, auto_confirm, deadline_kept, configured_due_at }) => (
    `${batch_id} ${confirm_due_at} ${auto_confirm} ${deadline_kept} ${configured_due_at}`));
}

describe('an opening', () => {
  it('is committed by the first run, once, at the instant of the preview; nothing else writes one', async () => {
    const made = await project(SPEC, APRIL);
    await made.preview('2026-05-02');
    await made.status('2026-05-02');
    expect(await made.files('data/ledger')).toEqual({});
    for (const time of ['2026-05-02', '2026-05-02', '2026-05-03']) await made.run(time);
    expect(await made.told(OPENINGS)).toEqual([
      'acme | monthly | 2026-04-01 | 2026-05-01 | 2026-05-01 00:00:00 | 2026-05-04 22:00:00',
      'bolt | monthly | 2026-04-01 | 2026-05-01 | 2026-05-01 00:00:00 | 2026-05-04 22:00:00',
    ]);
    expect(await made.told('SELECT CAST("at" AS VARCHAR), subject, subject_id, event, detail FROM ledger.events')).toEqual([
      '2026-05-01 00:00:00 | batch | 2026-05-01 | opened | '
      + '{"customers":2,"preview_at":"2026-05-01 00:00:00","confirm_due_at":"2026-05-04 22:00:00","auto_confirm":true}',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('is not needed where a batch is confirmed at once', async () => {
    const made = await project({ ...SPEC, automation: { confirmation_window_days: 0 } }, APRIL);
    await made.run('2026-05-02');
    expect(await made.told(OPENINGS)).toEqual([]);
    expect(await made.told('SELECT count(*) FROM ledger.invoices')).toEqual(['3']);
  });

  it('is remembered for bookings that come later than the preview', async () => {
    const made = await project(SPEC, APRIL.slice(0, 2));
    await made.run('2026-05-02');
    await made.book(APRIL);
    await made.run('2026-05-03');
    expect((await made.told(OPENINGS)).map((row) => row.split(' | ')[0])).toEqual(['acme', 'bolt']);
    expect(await made.told("SELECT json_extract_string(detail, '$.customers') FROM ledger.events WHERE event = 'opened' ORDER BY serial")).toEqual(['1', '1']);
    await made.run('2026-05-05');
    expect(await made.told('SELECT DISTINCT CAST(confirmed_at AS VARCHAR) FROM ledger.invoices')).toEqual(['2026-05-04 22:00:00']);
    expect(await made.flaws()).toEqual([]);
  });

  it('that is found late is told at the same instant whatever became of messages meanwhile', async () => {
    const told = async (mail: object): Promise<string[][]> => {
      const made = await project({ ...SPEC, mail, customers: { bolt: { name: 'Bolt', cycle: 'weekly' } }, notifications: [{ name: 'finance', email: ['finance@x.example'] }] }, APRIL.slice(0, 1));
      // One that could not be sent is tried again on the 20th; on the 21st there is a booking of the week before.
      for (const time of ['2026-05-05', '2026-05-20']) await made.run(time);
      await made.book([...APRIL.slice(0, 1), { id: 'late', customer: 'bolt', product: 'visit', start: '2026-05-06' }]);
      await made.run('2026-05-21');
      expect(await made.flaws()).toEqual([]);
      return made.answers([
        `SELECT event, subject_id, CAST("at" AS VARCHAR) FROM ledger.events WHERE subject = 'batch' AND event IN ('opened', 'deadline_near') ORDER BY "at"`,
        'SELECT kind, subject_id, CAST(queued_at AS VARCHAR) FROM ledger.messages WHERE invoice_id IS NULL ORDER BY ALL',
      ]);
    };
    const [events, notices] = await told({});
    expect(events).toContain('opened | 2026-05-11 | 2026-05-11 00:00:00');
    expect(notices).toContain('batch_ready | 2026-05-11 | 2026-05-11 00:00:00');
    expect(await told({ transport: 'smtp', url: 'smtp://127.0.0.1:1' })).toEqual([events, notices]);
  });
});

describe('a deadline that was told', () => {
  it('is kept when the window gets shorter, and the status says so', async () => {
    const made = await project(SPEC, APRIL);
    await made.run('2026-05-01T06:00');
    await windowOf(made, 1);
    expect(await deadline(made, '2026-05-02T23:00')).toEqual(['2026-05-01 2026-05-04T22:00:00+00:00 true true 2026-05-02T22:00:00+00:00']);
    expect((await made.run('2026-05-03')).confirmed).toEqual([]);
    await made.run('2026-05-05');
    expect(await made.told('SELECT DISTINCT CAST(confirmed_at AS VARCHAR), confirmed_by FROM ledger.invoices')).toEqual(['2026-05-04 22:00:00 | auto']);
    expect(await made.flaws()).toEqual([]);
  });

  it('moves when the window gets longer', async () => {
    const made = await project(SPEC, APRIL);
    await made.run('2026-05-01T06:00');
    await windowOf(made, 6);
    expect(await deadline(made, '2026-05-02')).toEqual(['2026-05-01 2026-05-07T22:00:00+00:00 true false null']);
    expect((await made.run('2026-05-06')).confirmed).toEqual([]);
    expect((await made.run('2026-05-08')).confirmed.map(({ confirmed_at }) => confirmed_at)).toEqual(['2026-05-07T22:00:00+00:00']);
  });

  it('decides the date of the invoice where that is the day of confirmation', async () => {
    const made = await project(SPEC, APRIL);
    await made.run('2026-05-01T06:00');
    await windowOf(made, 1, { document_date: 'confirmed_date' });
    await made.run('2026-05-09');
    expect(await made.told('SELECT DISTINCT CAST(issued_on AS VARCHAR), CAST(confirmed_at AS VARCHAR) FROM ledger.invoices')).toEqual([
      '2026-05-04 | 2026-05-04 22:00:00',
    ]);
  });

  it('stays by hand when it was by hand', async () => {
    const made = await project({ ...SPEC, automation: { enabled: false } }, APRIL);
    await made.run('2026-05-01T06:00');
    await made.configure(SPEC);
    expect((await made.status('2026-05-02')).open.map(({ auto_confirm, deadline_kept }) => `${auto_confirm} ${deadline_kept}`)).toEqual(['false true']);
    expect((await made.run('2026-05-09')).confirmed).toEqual([]);
  });
});

describe('notices of a batch', () => {
  it('tell that it is open, that its deadline comes near, and what became of it, each once', async () => {
    const made = await project({
      ...SPEC, automation: { deadline_notice_hours: 24, limits: { max_invoice_total: '200.00' } },
      notifications: [{ name: 'finance', email: ['finance@north.example'] }],
    }, APRIL);
    for (const time of ['2026-05-01T01:00', '2026-05-03T23:00', '2026-05-04T01:00', '2026-05-05', '2026-05-05']) await made.run(time);
    expect(await made.told("SELECT kind, subject_id, CAST(queued_at AS VARCHAR) FROM ledger.messages WHERE kind <> 'invoice' ORDER BY serial, kind")).toEqual([
      'batch_ready | 2026-05-01 | 2026-05-01 00:00:00', 'deadline_near | 2026-05-01 | 2026-05-03 22:00:00',
      'batch_processed | 2026-05-01 | 2026-05-04 22:00:00', 'customers_parked | 2026-05-01 | 2026-05-04 22:00:00',
    ]);
    expect(await made.flaws()).toEqual([]);
  });
});

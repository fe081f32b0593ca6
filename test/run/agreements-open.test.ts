/** What is agreed stays with a period that is still open when later ones are billed: its fee does not wander to another invoice. */
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import type { Project, Spec } from '../support/project.js';

const AGREED: Spec = {
  agreements: {
    rent: {
      from: '2026-01-01', charges: [{ id: 'fee', name: 'Rent', price: '249.00', per: 'month' }], fees: [{ id: 'setup', name: 'Set-up', amount: '90.00', on: '2026-01-15' }],
    },
  },
  customers: { acme: { agreements: ['rent'] } },
};
/** Batch, instant, charges. */
const INVOICES = `SELECT i.batch_id, CAST(i.confirmed_at AS VARCHAR), string_agg(l.charge_id, ' ' ORDER BY l.line_no)
  FROM ledger.invoices AS i JOIN ledger.invoice_lines AS l ON l.invoice_id = i.invoice_id GROUP BY ALL ORDER BY ALL`;
const JANUARY = 'acme:rent:fee:2026-01-01..2026-01-31 acme:rent:setup';

async function open(made: Project, as_of: string): Promise<string[]> {
  return (await made.status(as_of)).open.map(({ batch_id, totals }) => `${batch_id} ${totals.map(({ net }) => net).join(' ')}`);
}

/** January's preview opens with a deadline in April; then the window is made shorter, and February is billed before it. */
async function withOpenJanuary(automation: Spec): Promise<Project> {
  const made = await project({ ...AGREED, automation });
  await made.run('2026-02-02');
  await made.configure({ ...AGREED, automation: { confirmation_window_days: 0 } });
  await made.run('2026-03-05');
  expect(await made.told(INVOICES)).toEqual(['2026-03-01 | 2026-03-01 00:00:00 | acme:rent:fee:2026-02-01..2026-02-28']);
  return made;
}

describe('an open period whose successor is billed', () => {
  it('keeps what is agreed until the deadline that was told', async () => {
    const made = await withOpenJanuary({ confirmation_window_days: 60 });
    for (const day of ['2026-03-05', '2026-03-06']) {
      await made.run(day);
      expect(await open(made, day)).toEqual(['2026-02-01 339.00']);
    }
    await made.run('2026-04-05');
    expect(await made.told(INVOICES)).toEqual([
      `2026-02-01 | 2026-04-02 22:00:00 | ${JANUARY}`, '2026-03-01 | 2026-03-01 00:00:00 | acme:rent:fee:2026-02-01..2026-02-28',
      '2026-04-01 | 2026-04-01 00:00:00 | acme:rent:fee:2026-03-01..2026-03-31',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('keeps it for the human who is to confirm', async () => {
    const made = await withOpenJanuary({ enabled: false });
    expect(await open(made, '2026-03-06')).toEqual(['2026-02-01 339.00']);
    await made.confirm('2026-03-07', '2026-02-01');
    await made.run('2026-05-05');
    expect((await made.told(INVOICES)).map((row) => row.split(' | ').slice(0, 3).join(' | '))).toEqual([
      `2026-02-01 | 2026-03-07 00:00:00 | ${JANUARY}`, '2026-03-01 | 2026-03-01 00:00:00 | acme:rent:fee:2026-02-01..2026-02-28',
      '2026-04-01 | 2026-04-01 00:00:00 | acme:rent:fee:2026-03-01..2026-03-31', '2026-05-01 | 2026-05-01 00:00:00 | acme:rent:fee:2026-04-01..2026-04-30',
    ]);
    expect(await made.flaws()).toEqual([]);
  });

  it('keeps it where the customer was parked', async () => {
    const settings = { ...AGREED, automation: { confirmation_window_days: 0 } };
    const made = await project({ ...settings, overrides: [{ customer: 'acme', batch: '2026-02-01', hold: true, reason: 'Waiting for the order' }] });
    await made.run('2026-02-02');
    await made.configure(settings);
    await made.confirm('2026-03-02', '2026-03-01');
    expect(await open(made, '2026-03-03')).toEqual(['2026-02-01 339.00']);
    await made.run('2026-03-03');
    expect(await made.told(INVOICES)).toEqual([
      `2026-02-01 | 2026-03-03 00:00:00 | ${JANUARY}`, '2026-03-01 | 2026-03-02 00:00:00 | acme:rent:fee:2026-02-01..2026-02-28',
    ]);
    expect(await made.flaws()).toEqual([]);
  });
});

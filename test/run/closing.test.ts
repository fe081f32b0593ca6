/** Which periods a confirmation lets pass, and which stay open: what was promised, what nobody has seen yet, what was left out. */
import { describe, expect, it } from 'vitest';
import { cancel } from '../../src/run/cancel.js';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

/** Every standing invoice: customer, first day of its period, currency, net. */
const STANDING = `SELECT i.customer_id, CAST(CAST(i.period_start AS DATE) AS VARCHAR) AS d, i.currency, i.net_minor FROM ledger.invoices AS i
  JOIN ledger.invoice_status AS s ON s.invoice_id = i.invoice_id WHERE s.status = 'processed' ORDER BY i.customer_id, i.period_start, i.currency, i.seq`;

const visit = (customer: string, start: string, amount = '20.00'): Booking => ({ id: `${customer}-${start}`, customer, product: 'visit', amount, start });
const least = { agreements: { least: { from: '2026-01-01', minimum: { amount: '100.00', per: 'period' } } } };
const agreed = (more: Spec): Spec => ({ name: 'Agreed', agreements: ['least'], ...more });

async function cancelled(made: Project, number: string, as_of: string): Promise<void> {
  await cancel(made.world, { number, reason: 'Wrong', as_of, dry_run: false });
}

describe('a batch that is confirmed by hand', () => {
  it('leaves open whose preview opens later under the same name', async () => {
    const made = await project({
      ...least, customers: { bolt: agreed({ cycle: 'monthly' }), acme: { cycle: 'ahead' } },
      cycles: { monthly: { start: '2026-04-01' }, ahead: { start: '2026-05-01', automation: { confirmation_window_days: 20 } } },
    }, [visit('acme', '2026-05-10'), visit('bolt', '2026-04-10')]);
    await made.run('2026-04-27');
    await made.confirm('2026-04-27T10:00', '2026-05-01');
    await made.run('2026-05-20');
    expect(await made.told(STANDING)).toEqual(['acme | 2026-05-01 | EUR | 2000', 'bolt | 2026-04-01 | EUR | 10000']);
    expect(await made.flaws()).toEqual([]);
  });

  it('leaves open who was in the batch of another partner then', async () => {
    const spec = (partner: string): Spec => ({
      ...least, partners: { north: { name: 'North' }, south: { name: 'South' } },
      automation: { separate_preview_per_partner: true, confirmation_window_days: 10 },
      customers: { acme: { partner: 'south' }, bolt: agreed({ cycle: 'monthly', partner }) },
    });
    const made = await project(spec('north'), [visit('acme', '2026-01-10'), visit('bolt', '2026-01-10')]);
    await made.run('2026-02-02');
    await made.confirm('2026-02-03', '2026-02-01-south');
    await made.configure(spec('south'));
    await made.run('2026-02-20');
    expect(await made.told(STANDING)).toEqual(['acme | 2026-01-01 | EUR | 2000', 'bolt | 2026-01-01 | EUR | 10000']);
  });

  it('lets pass what was open and empty', async () => {
    const made = await project({ automation: { confirmation_window_days: 10 }, customers: { bolt: { name: 'Bolt', cycle: 'monthly' } } }, [visit('acme', '2026-01-10')]);
    await made.run('2026-02-02');
    await made.confirm('2026-02-03', '2026-02-01');
    await made.book([visit('acme', '2026-01-10'), visit('bolt', '2026-01-10')]);
    await made.run('2026-03-20');
    expect(await made.told(STANDING)).toEqual(['acme | 2026-01-01 | EUR | 2000', 'bolt | 2026-02-01 | EUR | 2000']);
  });
});

describe('periods behind the last invoice', () => {
  const charge = { id: 'w', name: 'Contract', price: '31.00', per: 'month' };

  it('are open to who only previews and confirms, in any order', async () => {
    const made = await project({
      automation: { enabled: false }, customers: { acme: { agreements: ['a'] } },
      agreements: { a: { from: '2026-01-01', charges: [charge], minimum: { amount: '100.00', per: 'period' } } },
    }, []);
    await made.confirm('2026-04-02', '2026-04-01');
    for (const batch of ['2026-02-01', '2026-03-01']) await made.confirm('2026-04-03', batch);
    expect(await made.told(STANDING)).toEqual(['01', '02', '03'].map((month) => `acme | 2026-${month}-01 | EUR | 10000`));
    expect(await made.flaws()).toEqual([]);
  });

  it.each([['periods', { periods: 2 }], ['until', { until: '2026-02-28' }]])('that were free and got no invoice stay free, by %s', async (_, when) => {
    const spec: Spec = {
      zero_invoices: 'skip', customers: { acme: { agreements: ['a'] } },
      agreements: { a: { from: '2026-01-01', charges: [charge], discounts: [{ name: 'Free', percent: '100', ...when }] } },
    };
    const [made, whole] = [await project(spec, []), await project(spec, [])];
    for (const as_of of ['2026-02-05', '2026-03-05', '2026-04-05', '2026-05-05', '2026-06-05']) await made.run(as_of);
    await whole.run('2026-06-05');
    expect(await made.told(STANDING)).toEqual(['03', '04', '05'].map((month) => `acme | 2026-${month}-01 | EUR | 3100`));
    expect(await whole.told(STANDING)).toEqual(await made.told(STANDING));
  });
});

describe('an invoice that was cancelled', () => {
  it('opens its period again where one in another currency stands', async () => {
    const made = await project({
      automation: { auto_send: false }, customers: { acme: { agreements: ['least', 'dollars'] } },
      agreements: { ...least.agreements, dollars: { from: '2026-01-01', currency: 'USD', charges: [{ id: 's', name: 'Licence', price: '31.00', per: 'month' }] } },
      overrides: [{ customer: 'acme', batch: '2026-02-01', lines: [{ description: 'Extra', unit_price: '90.00', tax: 'standard' }] }],
    }, [visit('acme', '2026-01-10')]);
    await made.run('2026-02-10');
    const before = ['acme | 2026-01-01 | EUR | 19000', 'acme | 2026-01-01 | USD | 3100'];
    expect(await made.told(STANDING)).toEqual(before);
    await cancelled(made, 'INV-2026-000001', '2026-02-11');
    await made.run('2026-02-12');
    await made.confirm('2026-02-12', '2026-02-01');
    expect(await made.told(STANDING)).toEqual(before);
    expect(await made.flaws()).toEqual([]);
  });

  it('waits for a human, also where the window is made longer then', async () => {
    const made = await project({ automation: { confirmation_window_days: 3, auto_send: false } }, [visit('acme', '2026-01-10')]);
    await made.run('2026-02-05');
    await cancelled(made, 'INV-2026-000001', '2026-02-06');
    await made.configure({ automation: { confirmation_window_days: 10, auto_send: false } });
    await made.run('2026-02-07');
    const { open } = await made.run('2026-02-15');
    expect(open.map(({ batch_id, auto_confirm }) => ({ batch_id, auto_confirm }))).toEqual([{ batch_id: '2026-02-01', auto_confirm: false }]);
    expect(await made.told(STANDING)).toEqual([]);
  });
});

describe('a cycle that gets another name', () => {
  const named = (cycle: string, most: string): Spec => ({
    ...least, cycles: { [cycle]: { type: 'monthly', start: '2026-01-01' } }, automation: { limits: { max_invoice_total: most } },
    customers: { acme: { cycle, agreements: ['least'] }, bolt: { name: 'Bolt', cycle: 'monthly' } },
  });

  it('keeps open who was parked under the old one', async () => {
    const made = await project(named('old', '50.00'), [visit('acme', '2026-01-10'), visit('bolt', '2026-01-10')]);
    await made.run('2026-02-10');
    expect(await made.told(STANDING)).toEqual(['bolt | 2026-01-01 | EUR | 2000']);
    await made.configure(named('new', '500.00'));
    await made.run('2026-02-11');
    expect(await made.told(STANDING)).toEqual(['acme | 2026-01-01 | EUR | 10000', 'bolt | 2026-01-01 | EUR | 2000']);
  });
});

/** Limits in whole runs: what a total is compared with is the invoice before it, wherever that stands. */
import { describe, expect, it } from 'vitest';
import { run } from '../../src/run/run.js';
import type { CrashPoint } from '../../src/world/crash-points.js';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const NUMBERS = `SELECT i.number, CAST(i.billing_date AS VARCHAR) AS d, i.net_minor FROM ledger.invoices AS i ORDER BY i.seq`;

const visit = (id: string, amount: string, start: string): Booking => ({ id, customer: 'acme', product: 'export', amount, start });
const bookings = [visit('A', '190.00', '2026-01-10'), visit('B', '100.00', '2026-02-10')];
const automation = (enabled: boolean): Spec => ({ automation: { enabled, limits: { max_change_percent: 50 } } });

/** January was opened to be confirmed by hand; February and March are confirmed by themselves. */
async function openJanuary(march: string): Promise<Project> {
  const made = await project(automation(false), [...bookings, visit('C', march, '2026-03-10')]);
  await made.run('2026-02-10');
  await made.configure(automation(true));
  return made;
}

describe('a total that changes too much', () => {
  // 100 are within half of the 190 before, but 190 are beyond half of 100: an open January is not compared with the February behind it.
  it.each([['120.00', 'is within half of February'], ['60.00', 'is within half of February, and not of January, which is open']])(
    'is told by the invoice before it, drafted or in the ledger: March of %s %s', async (march) => {
      const [made, whole] = [await openJanuary(march), await openJanuary(march)];
      let commits = 0;
      const reached = (name: CrashPoint): void => {
        if (name === 'commit: head replaced' && (commits += 1) === 2) throw new Error('died');
      };
      await expect(run({ ...made.world, crash: { reached } }, { as_of: '2026-04-10' })).rejects.toThrow('died');
      expect(await made.told(NUMBERS)).toEqual(['INV-2026-000001 | 2026-03-01 | 10000']);
      for (const each of [made, whole]) {
        expect((await each.run('2026-04-10')).parked).toEqual([]);
        await each.confirm('2026-04-11', '2026-02-01');
      }
      expect(await made.told(NUMBERS)).toEqual(await whole.told(NUMBERS));
      expect(await made.told(NUMBERS)).toEqual([
        'INV-2026-000001 | 2026-03-01 | 10000', `INV-2026-000002 | 2026-04-01 | ${Number(march) * 100}`, 'INV-2026-000003 | 2026-02-01 | 19000',
      ]);
      expect(await made.flaws()).toEqual([]);
    });
});

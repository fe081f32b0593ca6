/** Charges that cannot be billed as they are: their customer is parked, with the reason, and the others go on. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Agreement, Charge } from '../../src/config/types.js';
import { Engine } from '../../src/engine/engine.js';
import { PARKED_REASON } from '../../src/run/batches.js';
import { draftOf, periods, provenDraft } from '../support/models.js';
import type { Draft, World } from '../support/models.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const path = [] as const;
const AS_OF = '2026-03-02';

function agreement(agreement_id: string, charge: Partial<Charge>, price = '10.00'): Agreement {
  const only: Charge = {
    charge_id: 'fee', name: 'Fee', span: { unit: 'month', count: 1 }, anchor: null, from: '2026-01-01', until: null, timing: 'in_arrears', proration: 'calendar_days',
    prices: [{ from: null, value: price, path }], quantities: [{ from: null, value: '1', path }], uplift: null, product: null, tax: 'standard', path, ...charge,
  };
  return {
    agreement_id, name: agreement_id, from: '2026-01-01', until: null, term: { until: null, months: null }, charged_from: '2026-01-01', currency: 'EUR', prices_include_tax: false,
    charges: [only], fees: [], bounds: [], discounts: [], deposits: [], path,
  };
}

const large = [{ from: null, value: '999999999999.999999', path }];
const world: World = {
  as_of: AS_OF, taxes: { standard: {} }, bookings: [], periods: periods(AS_OF, ['2026-01-01', '2026-02-01', '2026-03-01', '2026-04-01']), indexes: [],
  agreements: [
    agreement('good', {}), agreement('large', { quantities: large, until: '2026-02-10' }, large[0]!.value), agreement('untaxed', { tax: null }),
    agreement('unlisted', { uplift: { percent: null, index: { id: 'cpi', base: '2025-01', lag_months: 1 }, anchor: '2025-02-01', after: '2026-01-15', path } }),
  ],
  customers: ['good', 'large', 'unlisted', 'untaxed'].map((id) => ({ id, agreements: [id] })),
};

const TOLD = `SELECT i.customer_id, CAST(i.billing_date AS VARCHAR) AS on_day, i.net_minor, ${PARKED_REASON} AS reason
  FROM draft.invoices AS i JOIN draft.limits AS l ON l.invoice_key = i.invoice_key ORDER BY i.customer_id, i.billing_date`;

it('parks a customer whose charge is too large, has no tax, or no price yet', async () => {
  const draft: Draft = await draftOf(engine, world);
  expect(await provenDraft(draft)).toEqual([]);
  expect(await draft.told(TOLD)).toEqual([
    'good | 2026-02-01 | 1000 | -', 'good | 2026-03-01 | 1000 | -',
    'large | 2026-02-01 | 1000000000000000 | the total is too large to be true', 'large | 2026-03-01 | 1000000000000000 | the total is too large to be true',
    'unlisted | 2026-02-01 | 1000 | -', 'unlisted | 2026-03-01 | 0 | index cpi has no value for 2026-01',
    'untaxed | 2026-02-01 | 1000 | no tax is known for one of its lines', 'untaxed | 2026-03-01 | 1000 | no tax is known for one of its lines',
  ]);
});

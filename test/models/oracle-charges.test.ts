/** Recurring charges and fees of random agreements against an independent account of them, to the cent and line. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Agreement } from '../../src/config/types.js';
import { Engine } from '../../src/engine/engine.js';
import { addDays } from '../../src/values/time.js';
import { draftOf, periods, provenDraft } from '../support/models.js';
import type { World } from '../support/models.js';
import { expectedCharges } from './oracle-charges.js';
import { charge, day, FIRST, INDEX, money, path } from './worlds.js';

let engine: Engine;
beforeAll(async () => { engine = await Engine.open(); });
afterAll(async () => { await engine.close(); });

const AS_OF = '2026-09-15';

const agreement = fc.record({ charges: fc.array(charge, { minLength: 1, maxLength: 2 }), fees: fc.array(fc.tuple(money.map((each) => each.slice(0, each.indexOf('.') + 3)), day), { maxLength: 2 }), currency: fc.constantFrom('EUR', 'EUR', 'KWD') });

const world = fc.record({
  agreements: fc.array(agreement, { minLength: 50, maxLength: 50 }), cuts: fc.uniqueArray(fc.integer({ min: 1, max: 470 }), { minLength: 3, maxLength: 12 }),
  timing: fc.constantFrom('in_advance' as const, 'in_arrears' as const), rounding: fc.constantFrom('half_away' as const, 'half_even' as const),
}).map(({ agreements, cuts, timing, rounding }): World => {
  const boundaries = [FIRST, ...cuts.sort((a, b) => a - b).map((n) => addDays(FIRST, n)), '2026-12-01', '2027-03-01'];
  const months = Array.from({ length: 20 }, (_, n) => `${2025 + Math.floor((n + 5) / 12)}-${String(((n + 5) % 12) + 1).padStart(2, '0')}-01`);
  return {
    as_of: AS_OF, rounding, taxes: { standard: {} }, bookings: [], indexes: [INDEX],
    periods: [...periods(AS_OF, months), ...periods(AS_OF, boundaries, { calendar_key: 1, timing })],
    agreements: agreements.map(({ charges, fees, currency }, n): Agreement => ({
      agreement_id: `a${n}`, name: `a${n}`, from: '2025-01-01', until: null, term: { until: null, months: null }, charged_from: '2025-01-01', currency, prices_include_tax: false,
      charges: charges.map((each, i) => ({ ...each, charge_id: `c${i}`, name: `c${i}` })),
      fees: fees.map(([amount, on], i) => ({ charge_id: `f${i}`, kind: 'fee', name: `f${i}`, amount, on, product: null, tax: 'standard', path })),
      bounds: [], discounts: [], deposits: [], path,
    })),
    customers: Array.from({ length: 20 }, (_, n) => ({ id: `c${n}`, calendar: n % 2, agreements: agreements.map((_each, i) => `a${i}`).filter((_id, i) => i % 20 === n || (n === 7 && i === 3)) })),
  };
});

it('agrees on two thousand agreements', { timeout: 600_000 }, async () => {
  await fc.assert(fc.asyncProperty(world, async (given) => {
    const draft = await draftOf(engine, given);
    const told = await draft.engine.rows<{ line: string }>(`
      SELECT concat_ws(' ', c.customer_id, CAST(p.period_start AS DATE), h.charge_id, h.quantity_micro, h.amount_minor) AS line
      FROM draft.charges AS h JOIN input.customers AS c ON c.customer_key = h.customer_key JOIN input.periods AS p ON p.period_key = h.period_key`);
    const expected = expectedCharges(given);
    expect(told.map(({ line }) => line).sort()).toEqual(expected);
    expect(expected.length).toBeGreaterThan(50);
    expect(await provenDraft(draft)).toEqual([]);
  }), { numRuns: 40, endOnFailure: true });
});

/** What the simulator says of discounts: that it would notice. */
import { expect, it } from 'vitest';
import { flawsOfDiscounts } from './discounted.js';
import type { Line } from './witness-rows.js';

const line = (invoice: string, no: number, kind: string, amount: bigint, more: Partial<Line> = {}): Line => ({
  invoice, no, kind, amount, correction: null, booking: null, source: null, charge: null, corrects: null, corrects_no: null, tax: 't', rate: 19n, original: null, exchanged: null, own: amount,
  discounts: null, ...more,
});
const booking = (id: string): Partial<Line> => ({ booking: id, source: 'jobs' });
/** A visit of 100.00, food of 50.00 and a month of 20.00: 20.00 off the visit, then 8.00 + 5.00 + 2.00. */
const INVOICE = [
  line('inv_1', 1, 'booking', 10_000n, { ...booking('a'), discounts: '1%20l 2%10' }), line('inv_1', 2, 'booking', 5_000n, { ...booking('b'), discounts: '2%10' }),
  line('inv_1', 3, 'recurring', 2_000n, { discounts: '2%10' }), line('inv_1', 4, 'discount', -2_000n, { charge: 'inv_1:fee:discount:1:t:19' }),
  line('inv_1', 5, 'discount', -1_500n, { charge: 'inv_1:fee:discount:2:t:19' }),
];
const corrects = (no: number, correction: string): Partial<Line> => ({ corrects: 'inv_1', corrects_no: no, correction });
const credited = (off: bigint): Line[] => [
  line('crn_1', 1, 'adjustment', -5_000n, { ...booking('b'), ...corrects(2, 'credit') }), line('crn_1', 2, 'adjustment', off, { ...corrects(5, 'credit'), charge: 'inv_1:fee:discount:2:t:19' }),
];
const changed = (off: bigint): Line[] => [
  line('inv_2', 1, 'adjustment', -10_000n, { ...booking('a'), ...corrects(1, 'reversal') }), line('inv_2', 2, 'adjustment', 20_000n, { ...booking('a'), ...corrects(1, 'restatement') }),
  line('inv_2', 3, 'adjustment', 2_000n, { ...corrects(4, 'reversal'), charge: 'jobs:a:inv_1:4' }), line('inv_2', 4, 'adjustment', -4_000n, { ...corrects(4, 'restatement'), charge: 'jobs:a:inv_1:4' }),
  line('inv_2', 5, 'adjustment', 800n, { ...corrects(5, 'reversal'), charge: 'jobs:a:inv_1:5' }), line('inv_2', 6, 'adjustment', -off, { ...corrects(5, 'restatement'), charge: 'jobs:a:inv_1:5' }),
];

it.each([
  ['as billed', INVOICE, 0], ['one too many', [...INVOICE, INVOICE[4]!], 1], ['credited with its share', [...INVOICE, ...credited(500n)], 0],
  ['credited with the share of all', [...INVOICE, ...credited(1_088n)], 1], ['changed', [...INVOICE, ...changed(1_600n)], 0], ['changed, and the discount not', [...INVOICE, ...changed(800n)], 1],
  ['credited, the month, too', [...INVOICE, ...credited(700n), line('crn_2', 1, 'adjustment', -2_000n, corrects(3, 'credit'))], 0],
])('of an invoice %s', (_, lines, flaws) => {
  expect(flawsOfDiscounts(lines)).toHaveLength(flaws);
});

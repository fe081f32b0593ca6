import { expect, test } from 'vitest';

import { FULL, load, problems } from './projects.js';

/** About 3 MB of customers. */
function customers(count: number, cycle: string): string {
  const lines = ['customers:'];
  for (let n = 0; n < count; n += 1) {
    lines.push(`  customer-${n}:`, `    name: Customer ${n} & Söhne GmbH`, `    email: [accounts@customer-${n}.example]`,
      `    address: { line1: Street ${n}, city: Berlin, postal_code: "10115", country: DE }`, `    cycle: ${cycle}`, '    partner: south',
      '    payment_terms: { net_days: 30 }', `    purchase_order: PO-${n}`, '    prices: { inspection: "90.00" }', '');
  }
  return lines.join('\n');
}

// The bounds are loose: they are to catch what became ten times slower, on any machine.
test('10 000 customers are loaded in seconds', async () => {
  const start = performance.now();
  const { config } = await load(FULL + customers(10_000, 'monthly'));
  expect(config.customers).toHaveLength(10_000);
  expect(performance.now() - start).toBeLessThan(8000);
});

test('10 000 problems are told in seconds', async () => {
  const start = performance.now();
  const told = await problems(FULL + customers(10_000, 'montly'));
  expect(told).toHaveLength(10_000);
  expect(told[9_999]).toBe('main:100006:12 CONFIG_REFERENCE there is no cycle "montly" -> did you mean "monthly"?');
  expect(performance.now() - start).toBeLessThan(15_000);
});

/** Ledgers of made-up firms whose runs die, collide and come late; seeds 1 to 100. The long form is `npm run simulate -- --seeds N`. */
import { describe, expect, it } from 'vitest';
import { liveAll } from './ledgers.js';

describe('a ledger', () => {
  it('is whole after every step, whatever happens', { timeout: 900_000 }, async () => {
    const report = await liveAll(1, 100);
    expect(report.flaws).toEqual([]);
    // There was enough to survive.
    expect(report.faults).toBeGreaterThan(100);
    expect(report.invoices).toBeGreaterThan(200);
    expect(report.checks).toBeGreaterThan(10_000);
    expect(report.counts.get('converted')).toBeGreaterThan(30);
    expect(report.counts.get('discounted')).toBeGreaterThan(30);
    expect(report.counts.get('parked without a rate')).toBeGreaterThan(1);
    // A quarter of them in a bucket that was at fault, too, or whose answers were lost.
    expect(report.counts.get('ledgers in a bucket')).toBeGreaterThan(20);
    expect(report.inBucket).toBeGreaterThan(20);
    expect(Math.min(report.counts.get('forgotten') ?? 0, report.counts.get('compacted') ?? 0)).toBeGreaterThan(3);
  });
});

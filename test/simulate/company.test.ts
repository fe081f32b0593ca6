/** Some months of a made-up company, run every few days. The long form is `npm run simulate`. */
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import { simulateCompany } from './company.js';

describe('a company', () => {
  it('after months of runs has billed every booking once, and one invoice a period', { timeout: 600_000 }, async () => {
    const made = await project();
    const report = await simulateCompany(made, { seed: 11, from: '2026-01-01', days: 100, customers: 16, days_between_runs: 25, bookings_a_week: 0.15 });
    expect(report.flaws).toEqual([]);
    expect(report.bookings).toBeGreaterThan(30);
    expect(report.invoices).toBeGreaterThan(20);
  });
});

/** Openings and approvals do not depend on when the job runs: leads, windows, cycles and approvals of any kind, and the same ledger. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { project } from '../support/project.js';
import type { Booking, Project, Spec } from '../support/project.js';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 1);
const END = 40 * 24;
const instant = (hours: number): string => new Date(START + hours * HOUR).toISOString().replace('.000', '');

interface World { readonly spec: Spec; readonly bookings: readonly Booking[] }

const WORLD: fc.Arbitrary<World> = fc.record({
  customers: fc.tuple(...Array.from({ length: 4 }, () => fc.record({
    cycle: fc.constantFrom('monthly', 'monthly', 'weekly', 'ahead'), partner: fc.constantFrom(undefined, 'south'),
    automation: fc.record({
      lead_days: fc.constantFrom(0, 0, 2, 5), confirmation_window_days: fc.constantFrom(0, 1, 4, 9), enabled: fc.constantFrom(true, true, true, false),
      lock_before_period_end: fc.boolean(), document_date: fc.constantFrom('billing_date', 'confirmed_date'), deadline_notice_hours: fc.constantFrom(null, 30),
      separate_preview_per_partner: fc.boolean(), limits: fc.record({ max_invoice_total: fc.constantFrom(null, '400.00') }),
    }),
  }))),
  bookings: fc.array(fc.record({
    customer: fc.constantFrom('a', 'b', 'c', 'd'), start: fc.integer({ min: 0, max: END }).map(instant), quantity: fc.integer({ min: 1, max: 4 }).map(String),
  }), { minLength: 8, maxLength: 30 }),
}).map(({ customers, bookings }) => ({
  spec: {
    notifications: [{ name: 'finance', email: ['finance@north.example'] }],
    partners: { south: { name: 'South' } },
    customers: { acme: { name: 'Acme', cycle: 'weekly' }, ...Object.fromEntries(['a', 'b', 'c', 'd'].map((id, i) => [id, { name: id, email: `${id}@x.example`, ...customers[i] }])) },
  },
  bookings: bookings.map((row, i) => ({ id: `J-${i}`, product: 'visit', ...row })),
}));

/** What somebody saw who looked at an hour, of every batch that was open then, approved an hour later. */
async function approvalsAt({ spec, bookings }: World, hour: number): Promise<[file: string, text: string][]> {
  const made = await project(spec, bookings);
  const { open } = await made.run(instant(hour));
  return open.map(({ batch_id, digest }) => [
    `approvals/${batch_id}.yaml`, `batch: ${batch_id}\ndigest: ${digest.slice(0, 16)}\napproved_at: ${instant(hour + 1)}\n`,
  ]);
}

async function live({ spec, bookings }: World, approvals: readonly [string, string][], hours: readonly number[]): Promise<Project> {
  const made = await project(spec, bookings);
  for (const [file, text] of approvals) await made.write(file, text);
  for (const hour of hours) await made.run(instant(hour));
  return made;
}

describe('openings and approvals', () => {
  it('give the same ledger however often one runs', { timeout: 600_000 }, async () => {
    await fc.assert(fc.asyncProperty(
      WORLD, fc.integer({ min: 5 * 24, max: 33 * 24 }), fc.uniqueArray(fc.integer({ min: 1, max: END - 1 }), { minLength: 2, maxLength: 4 }),
      async (world, seen, hours) => {
        const approvals = await approvalsAt(world, seen);
        const once = await live(world, approvals, [END]);
        const often = await live(world, approvals, [...hours.sort((a, b) => a - b), END]);
        expect(await often.flaws()).toEqual([]);
        expect(await often.files('data/ledger')).toEqual(await once.files('data/ledger'));
      },
    ), { numRuns: Number(process.env['DUEBOOK_APPROVED_RUNS'] ?? 3), endOnFailure: true });
  });
});

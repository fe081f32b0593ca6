/** A ledger that is too long for memory: what was billed is known all the same, and read from where it lies. */
import { expect, it } from 'vitest';
import { BASE, csv, project, refusal } from '../support/project.js';
import type { Booking, Spec } from '../support/project.js';

const [JOBS] = BASE['bookings'] as readonly Spec[];
const SPEC: Spec = {
  bookings: [JOBS, { ...JOBS, name: 'visits', path: 'data/visits/*.csv', complete: true }],
  customers: { acme: { name: 'Acme', cycle: 'monthly' }, beta: { name: 'Beta', cycle: 'monthly' } },
};
const repeat = (start: string): Spec => ({
  repeat_bookings: { round: { customer: 'beta', product: 'visit', rule: 'FREQ=WEEKLY;BYDAY=MO', start, timezone: 'UTC', until: '2026-06-30' } },
});
const job = (n: number, more: Partial<Booking> = {}): Booking => ({ id: `j${n}`, customer: 'acme', product: 'food', start: '2026-04-02', ...more });
const visit = (id: string, start: string): Booking => ({ id, customer: 'beta', product: 'visit', start });

it('bills nothing twice, corrects what changed and takes back what is gone', { timeout: 300_000 }, async () => {
  const made = await project({ ...SPEC, ...repeat('2026-04-06T09:00') });
  await made.book(Array.from({ length: 25_000 }, (_, n) => job(n)));
  await made.write('data/visits/april.csv', csv([visit('v1', '2026-04-07'), visit('v2', '2026-04-08')]));
  await made.run('2026-05-05');
  expect(await made.told('SELECT customer_id, lines, net_minor FROM ledger.invoices ORDER BY 1')).toEqual(['acme | 25000 | 8325000', 'beta | 6 | 57000']);

  await made.book([job(7), job(8, { quantity: '2' }), job(30_000, { start: '2026-04-09' })]);
  await made.write('data/visits/april.csv', csv([visit('v2', '2026-04-08'), visit('v3', '2026-05-08')]));
  const { completeness } = await made.run('2026-06-05');
  expect(completeness).toMatchObject({ already_billed: 7, billed: 6 });
  expect(await made.told(`SELECT i.customer_id, l.kind, l.correction, l.booking_id, l.amount_minor, c.number, l.corrects_line_no
    FROM ledger.invoices AS i JOIN ledger.invoice_lines AS l ON l.invoice_id = i.invoice_id
    LEFT JOIN ledger.invoices AS c ON c.invoice_id = l.corrects_invoice_id
    WHERE i.billing_date = '2026-06-01' AND l.source NOT LIKE 'repeat:%' ORDER BY i.seq, l.line_no`)).toEqual([
    'acme | booking | - | j30000 | 333 | - | -',
    'acme | adjustment | reversal | j8 | -333 | INV-2026-000001 | 22779',
    'acme | adjustment | restatement | j8 | 666 | INV-2026-000001 | 22779',
    'beta | booking | - | v3 | 9500 | - | -',
    'beta | adjustment | reversal | v1 | -9500 | INV-2026-000002 | 2',
  ]);
  // What the configuration declares counts as gone where its time of day is another.
  await made.configure({ ...SPEC, ...repeat('2026-04-06T10:00') });
  expect(await refusal(made.run('2026-06-06'))).toContain('BOOKING_DUPLICATE');
  await made.configure({ ...SPEC, ...repeat('2026-04-06T09:00') });
  await made.run('2026-06-06');
  expect(await made.told('SELECT count(*) FROM ledger.invoices')).toEqual(['4']);
  expect(await made.flaws()).toEqual([]);
});

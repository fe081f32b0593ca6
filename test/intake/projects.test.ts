/** The projects of the error gallery that break in this room, and the real data. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { loadConfig } from '../../src/config/load.js';
import { Engine } from '../../src/engine/engine.js';
import { findDuplicates, stageBookings } from '../../src/intake/intake.js';
import type { Diagnostic } from '../../src/values/diagnostic.js';
import { projectFiles } from '../../src/world/config-files.js';
import { told } from './support.js';

async function project<T>(folder: string, use: (engine: Engine, diagnostics: Diagnostic[]) => Promise<T> | T): Promise<T> {
  const files = projectFiles(fileURLToPath(new URL(`../${folder}`, import.meta.url)));
  const { config } = await loadConfig(files, 'billing.config.yaml', {});
  const engine = await Engine.open();
  try {
    const { diagnostics } = await stageBookings(engine, config.bookings, { root: config.root, currency: config.currency, files });
    return await use(engine, [...diagnostics, ...await findDuplicates(engine)]);
  } finally {
    await engine.close();
  }
}

describe('the error gallery', () => {
  it.each([
    ['BOOKINGS_UNREADABLE', ['data/may.csv data/may.csv is empty']],
    ['BOOKINGS_COLUMNS', ['data/april.csv:1 data/april.csv has no column "Customer"; it has "Job No", "Custommer", "Service", "Start", "Finish", "Hours", "Status"']],
    ['BOOKING_DUPLICATE', ['data/april.csv:3 booking "J-2" of source "jobs" stands in data/april-corrected.csv:3 with other content']],
    ['CONTROL_MISMATCH', ['data/control.csv:2 data/april.csv: 2 rows by the control file, 1 read', 'data/control.csv:3 may.csv is listed with 1 rows, but was not read']],
    ['BOOKING_VALUE', [
      'data/april.csv:3 Hours "1,5" is not a number (digits with a decimal point, no thousands separators)',
      'data/april.csv:3 Start "02.04.2026" is not a date or time in ISO 8601 (2026-05-01, 2026-05-01T08:30, 2026-05-01T08:30:00+02:00) from the years 1900 to 2199',
      'data/april.csv:4 Finish "2026-04-03T08:00" lies before the start',
      'data/april.csv:4 Job No is missing',
      'data/april.csv:5 Status "done" is not a known status; known: cancelled, completed, confirmed, draft',
      'data/april.csv:6 the row cannot be read: has 4 fields where the header has 7',
      'data/april.csv:7 the row cannot be read: a quote is opened and never closed',
    ]],
  ])('provokes %s', (code, messages) => project(`errors/${code}/project`, (_engine, diagnostics) => {
    expect(told(diagnostics)).toEqual(messages.map((message) => `error ${code} ${message}`));
  }));
});

describe('the online retail sample', () => {
  it('is read whole', () => project('projects/online-retail', async (engine, diagnostics) => {
    expect(diagnostics).toEqual([]);
    expect(await engine.row(`SELECT count(*) AS n, count(DISTINCT customer_id) AS customers, count(DISTINCT booking_id) AS ids, min(strftime(starts_at, '%Y-%m-%d %H:%M')) AS first,
      sum(quantity_micro * unit_price_micro)::VARCHAR AS total FROM input.bookings`)).toEqual({ n: 149n, customers: 11n, ids: 149n, first: '2010-12-01 08:26', total: '3949990000000000' });
    expect(await engine.rows(`SELECT booking_id, record, description, quantity_micro FROM input.bookings WHERE booking_id LIKE '536381/71270%' OR quantity_micro < 0 ORDER BY ALL`)).toMatchObject([
      { booking_id: '536381/71270/1' }, { booking_id: '536381/71270/2' }, { booking_id: 'C536379/D/1', description: 'Discount', quantity_micro: -1_000_000n },
    ]);
  }));
});

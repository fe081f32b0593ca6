/**
 * What only the ledger and the bookings can tell of the configuration: overrides that name nothing, lines that come too late, a change
 * of cycle inside a period that is processed. Errors stop a run before anything is committed.
 */
import { localDate, periodsOf, toInstant } from '../calendar/calendar.js';
import type { Calendar } from '../calendar/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { problem, warning } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { timestampLiteral } from '../values/time.js';
import type { Context } from './context.js';
import { SHIFTED } from './periods.js';


/** What a built draft gives to ask. */
export interface Built {
  readonly engine: Engine;
  readonly calendars: readonly Calendar[];
  readonly calendarKeyOf: (customer_index: number) => number;
  /** Whether the bookings were read. */
  readonly bookings: boolean;
}

/** Every finding, errors and warnings, in the order of the configuration. */
export async function ledgerFindings(context: Context, built: Built): Promise<Diagnostic[]> {
  return [
    ...await unknownTargets(context, built), ...(built.bookings ? await unknownBookings(context, built.engine) : []),
    ...await lateLines(context, built.engine), ...await cyclesInside(context, built.engine),
  ];
}

/** Batches and periods that no calendar of the customer knows: what they were to hold would go out. */
async function unknownTargets({ config }: Context, { engine, calendars, calendarKeyOf }: Built): Promise<Diagnostic[]> {
  const found: Diagnostic[] = [];
  const indexes = new Map(config.customers.map(({ customer_id }, index) => [customer_id, index]));
  for (const [place, { customer_id, batch, period }] of config.overrides.entries()) {
    const named = batch ?? period;
    if (customer_id === null || named === null || named.endsWith('-on-demand')) continue;
    const index = indexes.get(customer_id)!;
    const calendar = calendars[calendarKeyOf(index)]!;
    const partner = config.customers[index]!.partner_id;
    const known = namesAround(calendar, partner, Date.parse(`${named.slice(0, 10)}T00:00:00Z`), batch === null ? 'period' : 'batch');
    if (known.includes(named) || await isProcessed(engine, customer_id, batch, period)) continue;
    const word = batch === null ? 'period that begins on' : 'batch';
    found.push(problem('OVERRIDE_UNKNOWN', `customer ${customer_id} has no ${word} ${named}`, {
      at: config.place(['overrides', place, batch === null ? 'period' : 'batch']),
      hint: known.length === 0 ? 'see `duebook calendar` for its dates' : `near it: ${known.join(', ')}`,
    }));
  }
  return found;
}

/** Names of the batches, or first days of the periods, near an instant. */
function namesAround(calendar: Calendar, partner: string | null, at: number, kind: 'batch' | 'period'): string[] {
  if (Number.isNaN(at)) return [];
  const names = periodsOf(calendar, at - SHIFTED, at + SHIFTED).map((period) => {
    if (kind === 'period') return localDate(period.period_start, period.timezone);
    return `${period.billing_date}${period.separate_preview_per_partner && partner !== null ? `-${partner}` : ''}`;
  });
  return [...new Set(names)].sort();
}

/** What is in the ledger was known once, however the calendar was changed since. */
async function isProcessed(engine: Engine, customer: string, batch: string | null, period: string | null): Promise<boolean> {
  const rows = await engine.rows<{ batch_id: string; start: bigint; timezone: string }>(`
    SELECT DISTINCT batch_id, epoch_ms(period_start) AS start, timezone FROM ledger.invoices WHERE customer_id = ${literal(customer)}`);
  return rows.some((row) => (batch === null ? localDate(Number(row.start), row.timezone) === period : row.batch_id === batch));
}

/** A hold on a booking that is in no file holds nothing; it may still come, so that this is a warning. */
async function unknownBookings({ config }: Context, engine: Engine): Promise<Diagnostic[]> {
  const held = config.overrides.flatMap(({ booking }, place) => (booking === null ? [] : [{ ...booking, place }]));
  if (held.length === 0) return [];
  const named = held.map((b) => `(${b.place}, ${literal(b.source)}, ${literal(b.booking_id)})`).join(', ');
  const known = await engine.rows<{ place: number }>(`
    SELECT h.place FROM (VALUES ${named}) AS h(place, source, booking_id)
    WHERE EXISTS (SELECT 1 FROM input.staged AS b WHERE b.source = h.source AND b.booking_id = h.booking_id)`);
  const places = new Set(known.map((row) => row.place));
  return held.filter(({ place }) => !places.has(place)).map(({ place, booking_id, source }) => warning('OVERRIDE_UNKNOWN',
    `there is no booking ${booking_id} in source ${source} to hold`, {
      at: config.place(['overrides', place, 'booking']), hint: 'correct the id, or remove the override if the booking is gone',
    }));
}

/** A line for a batch that is processed would never be billed, and nobody would know. */
async function lateLines({ config }: Context, engine: Engine): Promise<Diagnostic[]> {
  if (config.overrides.every(({ lines }) => lines.length === 0)) return [];
  const late = await engine.rows<{ charge_id: string; batch_id: string }>(`
    SELECT m.charge_id, min(cp.batch_id) AS batch_id
    FROM input.manual_lines AS m
    JOIN input.periods AS p ON m.period_date IS NULL OR p.period_date = m.period_date
    JOIN draft.customer_periods AS cp ON cp.customer_key = m.customer_key AND cp.period_key = p.period_key
    WHERE cp.closed AND (m.batch_id IS NULL OR m.batch_id = cp.batch_id)
      AND NOT EXISTS (SELECT 1 FROM input.billed_charges AS b WHERE b.charge_id = m.charge_id)
    GROUP BY m.charge_id`);
  const batches = new Map(late.map((row) => [row.charge_id, row.batch_id]));
  return config.overrides.flatMap(({ customer_id, lines }, place) => lines.flatMap((line, index) => {
    const batch = batches.get(line.charge_id);
    return batch === undefined ? [] : [warning('OVERRIDE_LATE', `batch ${batch} of ${customer_id!} is done: this line will not be billed`, {
      at: config.place(['overrides', place, 'lines', index]), hint: 'name a batch that is open or still to come',
    })];
  }));
}

/** Inside a period that is processed no other cycle can begin: it would bill that time twice, or leave it out. */
async function cyclesInside({ config }: Context, engine: Engine): Promise<Diagnostic[]> {
  const cycles = new Map(config.cycles.map((cycle) => [cycle.cycle_id, cycle]));
  const changes = config.customers.flatMap(({ customer_id, cycle: uses }) => uses.flatMap(({ cycle_id, from }, use_no) => (
    from === null ? [] : [{ customer_id, cycle_id, use_no, from, at: toInstant(from, cycles.get(cycle_id)!.timezone) }])));
  const found: Diagnostic[] = [];
  for (let i = 0; i < changes.length; i += 5_000) {
    const some = changes.slice(i, i + 5_000);
    const begins = some.map((c, n) => `(${n}, ${literal(c.customer_id)}, ${literal(c.cycle_id)}, ${timestampLiteral(c.at)})`);
    const rows = await engine.rows<{ place: number; number: string; until: bigint; timezone: string }>(`
      SELECT c.place, min(n.number) AS number, epoch_ms(max(i.period_end)) AS until, max_by(n.timezone, i.period_end) AS timezone
      FROM (VALUES ${begins.join(', ')}) AS c(place, customer_id, cycle_id, begins)
      JOIN input.standing_invoices AS i ON i.customer_id = c.customer_id AND i.cycle_id <> c.cycle_id
        AND i.period_start < c.begins AND i.period_end > c.begins AND i.confirmed_by IS DISTINCT FROM 'credit'
      JOIN ledger.invoices AS n ON n.invoice_id = i.invoice_id
      GROUP BY c.place ORDER BY c.place`);
    found.push(...rows.map((row) => {
      const change = some[row.place]!;
      const until = localDate(Number(row.until), row.timezone);
      const what = `customer ${change.customer_id}: cycle ${change.cycle_id} begins at ${change.from}, inside a period`;
      return problem('CONFIG_CYCLE', `${what} that is processed until ${until} (${row.number})`, {
        at: config.place(['customers', change.customer_id, 'cycle', change.use_no, 'from']), hint: `write from: ${until}, or later`,
      });
    }));
  }
  return found;
}

/** Periods that begin later than their cycle says, because it was edited after it had billed. Warnings, one a cycle. */
export async function cutPeriods({ config }: Context, engine: Engine): Promise<Diagnostic[]> {
  const rows = await engine.rows<{ cycle_id: string; customers: bigint; customer_id: string; begins: bigint; timezone: string }>(`
    SELECT p.cycle_id, count(DISTINCT c.customer_id) AS customers, min(c.customer_id) AS customer_id,
      epoch_ms(min_by(w.period_start, c.customer_id)) AS begins, min_by(p.timezone, c.customer_id) AS timezone
    FROM draft.customer_periods AS w
    JOIN input.periods AS p ON p.period_key = w.period_key
    JOIN input.customers AS c ON c.customer_key = w.customer_key
    WHERE w.period_start > p.period_start AND NOT EXISTS (
      SELECT 1 FROM input.standing_invoices AS i
      WHERE i.customer_id = c.customer_id AND i.period_end = w.period_start AND i.confirmed_by = 'on_demand')
    GROUP BY p.cycle_id ORDER BY p.cycle_id`);
  return rows.map((row) => {
    const others = row.customers === 1n ? '' : ` (and ${row.customers - 1n} more customers)`;
    const begins = localDate(Number(row.begins), row.timezone);
    return warning('CONFIG_CYCLE',
      `cycle ${row.cycle_id} is not as it was when it billed last: the next period of ${row.customer_id} begins on ${begins}${others}`,
      { at: config.place(['cycles', row.cycle_id]), hint: 'what is processed stays; nothing is billed twice or left out' });
  });
}

/** Repeat bookings: what the configuration declares once becomes a booking for every time that it happens. */
import { DAY_MS, localToUtcPieces, wallOf } from '../calendar/zone.js';
import type { RepeatBooking } from '../config/types.js';
import type { Engine } from '../engine/engine.js';
import { exponentOf, parseDecimal } from '../values/money.js';
import { lastSecond, localOfSeconds, occurrences, wallSeconds } from '../values/recurrence.js';
import { parseRule } from '../values/recurrence-rule.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { Instant } from '../values/time.js';
import type { RepeatPlace } from './places.js';

export interface RepeatOptions {
  /** What ends later is still to come. */
  readonly as_of: Instant;
  /** Occurrences that start later are left for a later run. */
  readonly until: Instant;
}

/** One occurrence of all repeat bookings that happen at the same times. */
interface Time {
  readonly group: number;
  readonly nth: number;
  /** Local time as seconds since 1970-01-01T00:00 on the wall. */
  readonly wall: number;
  readonly starts_at: Instant;
  readonly ends_at: Instant;
}

const MINUTE_MS = 60_000;

/**
 * Adds the occurrences up to `until` to `input.staged`, each as a booking of the source `repeat:<id>` with the id
 * `<id>@<local start>`. The id comes from the occurrence, not from its number, so that an exception added later does not make other
 * bookings of those that follow. Each repeat booking is a file of its own in `input.files`. Needs
 * `stageBookings` before, and a configuration that its rules have passed. Returns how many bookings were added.
 *
 * Local time is kept: 09:00 stays 09:00 over the change of clocks. A time that a change leaves out moves forward by the gap, of one
 * that comes twice the first counts; the duration is elapsed time.
 *
 * What ends after the as-of is `scheduled`, unless `invoice_all`: it waits in arrears and is billed in advance, as a planned visit of a
 * file would be. So the status changes with the as-of alone. That does not make invoices depend on when a run happened: a period that
 * has ended when it is confirmed has nothing to come, and in advance the status does not matter. Only an invoice that is confirmed
 * before its period ends (`lock_before_period_end`, or by hand) holds what had taken place by the as-of of the run that confirmed it;
 * the rest of that period then comes late, as bookings of files would. Each is billed once, whatever happens.
 */
export async function stageRepeats(engine: Engine, repeats: readonly RepeatBooking[], options: RepeatOptions): Promise<number> {
  if (repeats.length === 0) return 0;
  const groups = groupsOf(repeats);
  await engine.run(TABLES);
  await appendRepeats(engine, repeats, groups);
  await engine.append('input', 'repeat_times', timesOf(groups, options.until), (a, time) => {
    a.appendInteger(time.group);
    a.appendInteger(time.nth);
    a.appendBigInt(BigInt(time.wall));
    a.appendBigInt(BigInt(time.starts_at));
    a.appendBigInt(BigInt(time.ends_at));
  });
  const added = await stage(engine, options.as_of);
  await engine.run('DROP TABLE input.repeats; DROP TABLE input.repeat_times');
  return added;
}

/**
 * Occurrences on a day that was billed under another time of day, which is no more declared: somebody changed the time, and the past
 * would be billed a second time. One error a repeat booking, at its place. Needs `input.billed`.
 */
export async function movedRepeats(engine: Engine, place: RepeatPlace): Promise<Diagnostic[]> {
  const moved = await engine.rows<{ repeat_id: string; billed: string; again: string; n: bigint }>(`
    WITH ours AS (
      SELECT s.source, s.booking_id FROM input.staged AS s JOIN input.file_access AS a USING (file_key) WHERE a.format = 'repeat'
    ), gone AS (
      SELECT source, booking_id FROM input.billed WHERE starts_with(source, 'repeat:') AND booking_id IS NOT NULL
      EXCEPT SELECT source, booking_id FROM ours
    ), fresh AS (
      SELECT o.source, o.booking_id FROM ours AS o WHERE o.source IN (SELECT source FROM gone)
      EXCEPT SELECT source, booking_id FROM input.billed
    )
    SELECT substr(g.source, 8) AS repeat_id, min(g.booking_id) AS billed, min_by(f.booking_id, g.booking_id) AS again,
      count(DISTINCT g.booking_id) AS n
    FROM gone AS g JOIN fresh AS f
      ON f.source = g.source AND regexp_replace(f.booking_id, 'T[0-9:]+$', '') = regexp_replace(g.booking_id, 'T[0-9:]+$', '')
    GROUP BY g.source ORDER BY g.source`);
  return moved.map(({ repeat_id, billed, again, n }) => problem(
    'BOOKING_DUPLICATE', `${billed} was billed, and would be billed again as ${again}${n === 1n ? '' : ` (so would ${n - 1n} more)`}`, {
      at: place(repeat_id), hint: 'to change the time of day, end this repeat booking with `until` and declare a new one from then on',
    }));
}

/** Times are expanded once for all that happen at the same times, and joined to them; instants as milliseconds. */
const TABLES = `
  CREATE OR REPLACE TABLE input.repeats (
    file_key INTEGER, time_group INTEGER, repeat_id VARCHAR, source VARCHAR, customer_id VARCHAR, product VARCHAR, description VARCHAR,
    quantity_micro BIGINT, unit_price_micro BIGINT, amount_minor BIGINT, currency VARCHAR, invoice_all BOOLEAN);
  CREATE OR REPLACE TABLE input.repeat_times (time_group INTEGER, nth INTEGER, wall BIGINT, starts_at BIGINT, ends_at BIGINT);`;

/** By the times at which they happen: the key of a group -> its number and one of its repeat bookings. */
type Groups = ReadonlyMap<string, { readonly group: number; readonly repeat: RepeatBooking }>;

function keyOf({ rule, start, timezone, duration_minutes, until, except }: RepeatBooking): string {
  return JSON.stringify([rule, start, timezone, duration_minutes, until, except]);
}

function groupsOf(repeats: readonly RepeatBooking[]): Groups {
  const groups = new Map<string, { group: number; repeat: RepeatBooking }>();
  for (const repeat of repeats) {
    const key = keyOf(repeat);
    if (!groups.has(key)) groups.set(key, { group: groups.size, repeat });
  }
  return groups;
}

function* timesOf(groups: Groups, until: Instant): Generator<Time> {
  const known = new Map<string, readonly Piece[]>();
  for (const { group, repeat } of groups.values()) yield* timesOfGroup(group, repeat, until, known);
}

function* timesOfGroup(group: number, repeat: RepeatBooking, until: Instant, known: Map<string, readonly Piece[]>): Generator<Time> {
  const rule = parseRule(repeat.rule);
  if ('problem' in rule) throw new Error(`${repeat.source}: ${rule.problem}`);
  // No zone is a day or more from UTC; what is beyond is sorted out by its instant.
  const bound = Math.floor((until + DAY_MS) / 1000);
  const last = repeat.until === null ? bound : Math.min(bound, lastSecond(repeat.until));
  const without = repeat.except.map((each) => ({ from: wallSeconds(each), until: lastSecond(each) }));
  const toUtc = converter(repeat.timezone, wallSeconds(repeat.start), last, known);
  let nth = 0;
  for (const wall of occurrences(rule, repeat.start, last)) {
    if (without.some((gap) => wall >= gap.from && wall <= gap.until)) continue;
    const starts_at = toUtc(wall);
    if (starts_at > until) continue;
    nth += 1;
    yield { group, nth, wall, starts_at, ends_at: starts_at + repeat.duration_minutes * MINUTE_MS };
  }
}

/** A piece of the local time line on one offset: until which wall, exclusive, and what to subtract, both in milliseconds. */
interface Piece { readonly until: number; readonly shift: number }

/** From ascending walls to instants, by the pieces of the zone over whole years: the rule for gaps and overlaps is theirs. */
function converter(zone: string, first: number, last: number, known: Map<string, readonly Piece[]>): (wall: number) => Instant {
  const [from, until] = [first, Math.max(first, last)].map((wall) => Number(localOfSeconds(wall).slice(0, 4))) as [number, number];
  const key = `${zone} ${from} ${until}`;
  const pieces = known.get(key) ?? localToUtcPieces(zone, `${from}-01-01`, `${until + 1}-01-01`).map((piece) => ({
    until: piece.until_local === null ? Infinity : wallOf(piece.until_local), shift: piece.shift_minutes * MINUTE_MS,
  }));
  known.set(key, pieces);
  let at = 0;
  return (wall) => {
    while (wall * 1000 >= pieces[at]!.until) at += 1;
    return wall * 1000 - pieces[at]!.shift;
  };
}

async function appendRepeats(engine: Engine, repeats: readonly RepeatBooking[], groups: Groups): Promise<void> {
  const { last } = await engine.row<{ last: number }>('SELECT coalesce(max(file_key), 0)::INTEGER AS last FROM input.files');
  await engine.append('input', 'repeats', repeats.entries(), (a, [index, repeat]) => {
    const text = (value: string | null): void => { if (value === null) a.appendNull(); else a.appendVarchar(value); };
    const scaled = (value: string | null, places: number): void => {
      if (value === null) a.appendNull(); else a.appendBigInt(parseDecimal(value, places)!);
    };
    a.appendInteger(last + 1 + index);
    a.appendInteger(groups.get(keyOf(repeat))!.group);
    for (const each of [repeat.repeat_id, repeat.source, repeat.customer_id, repeat.product, repeat.description]) text(each);
    scaled(repeat.quantity, 6);
    scaled(repeat.unit_price, 6);
    scaled(repeat.amount, exponentOf(repeat.currency));
    a.appendVarchar(repeat.currency);
    a.appendBoolean(repeat.invoice_all);
  });
}

async function stage(engine: Engine, as_of: Instant): Promise<number> {
  await engine.run(`
    INSERT INTO input.staged
    SELECT r.file_key, t.nth, r.source, r.repeat_id || '@' || t.local_start, r.customer_id, r.product, r.description,
      make_timestamp(t.starts_at * 1000), make_timestamp(t.ends_at * 1000),
      r.quantity_micro, r.unit_price_micro, r.amount_minor, r.currency,
      CASE WHEN r.invoice_all OR t.ends_at <= ${as_of} THEN 'billable' ELSE 'scheduled' END
    FROM input.repeats AS r JOIN (
      SELECT *, left(strftime(make_timestamp(wall * 1000000), '%Y-%m-%dT%H:%M:%S'), if(wall % 60 = 0, 16, 19)) AS local_start
      FROM input.repeat_times) AS t USING (time_group);
    INSERT INTO input.files
    SELECT r.file_key, r.source, 'repeat_bookings.' || r.repeat_id, coalesce(n.times, 0), 0
    FROM input.repeats AS r
    LEFT JOIN (SELECT time_group, count(*) AS times FROM input.repeat_times GROUP BY time_group) AS n USING (time_group);
    INSERT INTO input.file_access SELECT file_key, 'repeat', repeat_id, NULL, NULL FROM input.repeats`);
  const { added } = await engine.row<{ added: bigint }>(
    'SELECT count(*) AS added FROM input.repeats JOIN input.repeat_times USING (time_group)');
  return Number(added);
}

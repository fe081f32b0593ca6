/**
 * Local wall time and instants. luxon is asked only for the offset of a zone at an instant; what it answers is kept as a table
 * of shifts per zone, so that a million conversions cost a few thousand questions.
 *
 * One rule everywhere: a wall time in a gap moves forward by the length of the gap (it keeps the offset from before the gap);
 * in an overlap the first occurrence counts.
 */
import { IANAZone } from 'luxon';
import type { Instant, LocalDate, LocalDateTime } from '../values/time.js';

/** A wall-clock time as milliseconds, as if the clock on the wall showed UTC. For integer arithmetic inside this room. */
export type Wall = number;

/** A piece of the local time line that lies on one offset; see {@link localToUtcPieces}. */
export interface ShiftPiece {
  /** Exclusive end of the piece in local time; null in the last piece. */
  readonly until_local: LocalDateTime | null;
  /** Minutes to subtract from the local time to get UTC. Whole for every zone since 1972. */
  readonly shift_minutes: number;
}

interface Shift { readonly at: Instant; readonly before: number; readonly after: number }
interface Chunk { readonly first: number; readonly last: number; readonly shifts: readonly Shift[] }

export const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const CHUNK_MS = 64 * DAY_MS;
/** The shortest stretch between two shifts in tzdb is 3.98 days (Freetown 1939), so two days see every one. */
const PROBE_MS = 2 * DAY_MS;
/** Outside these years zones follow plain yearly rules (the tables of Ramadan end in 2087), and a coarser look is enough. */
const FINE_FROM = Date.UTC(1900, 0, 1);
const FINE_UNTIL = Date.UTC(2090, 0, 1);
const COARSE_PROBE_MS = CHUNK_MS;

class ZoneTable {
  private readonly chunks = new Map<number, Chunk>();
  private readonly zone: IANAZone;

  constructor(name: string) {
    this.zone = IANAZone.create(name);
    if (!this.zone.isValid) throw new Error(`unknown time zone ${name}`);
  }

  offsetAt(instant: Instant): number {
    const chunk = this.chunk(Math.floor(instant / CHUNK_MS));
    let offset = chunk.first;
    for (const shift of chunk.shifts) if (instant >= shift.at) offset = shift.after;
    return offset;
  }

  /** The shifts after `from` up to and including `until`, ascending. */
  shifts(from: Instant, until: Instant): Shift[] {
    const found: Shift[] = [];
    for (let index = Math.floor(from / CHUNK_MS); index * CHUNK_MS <= until; index += 1) {
      for (const shift of this.chunk(index).shifts) if (shift.at > from && shift.at <= until) found.push(shift);
    }
    return found;
  }

  private chunk(index: number): Chunk {
    let chunk = this.chunks.get(index);
    if (chunk === undefined) {
      chunk = this.probe(index * CHUNK_MS, this.chunks.get(index - 1)?.last);
      this.chunks.set(index, chunk);
    }
    return chunk;
  }

  private probe(start: Instant, known: number | undefined): Chunk {
    const step = start >= FINE_FROM && start < FINE_UNTIL ? PROBE_MS : COARSE_PROBE_MS;
    const first = known ?? this.ask(start);
    const shifts: Shift[] = [];
    let before = first;
    for (let at = start + step; at <= start + CHUNK_MS; at += step) {
      const after = this.ask(at);
      if (after !== before) shifts.push({ at: this.bisect(at - step, at, before), before, after });
      before = after;
    }
    return { first, last: before, shifts };
  }

  /** The first whole second in (low, high] whose offset differs from `before`. */
  private bisect(low: Instant, high: Instant, before: number): Instant {
    let [from, until] = [low / 1000, high / 1000];
    while (until - from > 1) {
      const middle = Math.floor((from + until) / 2);
      if (this.ask(middle * 1000) === before) from = middle;
      else until = middle;
    }
    return until * 1000;
  }

  private ask(instant: Instant): number {
    return Math.round(this.zone.offset(instant) * MINUTE_MS);
  }
}

const tables = new Map<string, ZoneTable>();

function tableOf(zone: string): ZoneTable {
  let table = tables.get(zone);
  if (table === undefined) {
    table = new ZoneTable(zone);
    tables.set(zone, table);
  }
  return table;
}

/** Reads a local date or date-time as a wall time. */
export function wallOf(local: LocalDateTime): Wall {
  const wall = Date.parse(local.length === 10 ? `${local}T00:00:00Z` : `${local}Z`);
  if (Number.isNaN(wall)) throw new Error(`not a local date or time: ${local}`);
  return wall;
}

/** Writes a wall time as `YYYY-MM-DDTHH:MM:SS`. */
export function localOf(wall: Wall): LocalDateTime {
  return new Date(wall).toISOString().slice(0, 19);
}

/** The instant at which the clocks of `zone` show `wall`: in a gap moved forward, in an overlap the first one. */
export function instantOfWall(wall: Wall, zone: string): Instant {
  const table = tableOf(zone);
  // No zone was ever a day or more from UTC: the answer lies within a day of the wall time read as UTC.
  const low = wall - DAY_MS;
  const high = wall + DAY_MS;
  for (const shift of table.shifts(low, high)) {
    const early = wall - shift.before;
    if (early < shift.at || wall - shift.after < shift.at) return early;
  }
  return wall - table.offsetAt(high);
}

/** What the clocks of `zone` show at an instant. */
export function wallAt(instant: Instant, zone: string): Wall {
  return instant + tableOf(zone).offsetAt(instant);
}

/** The instant of a local time (a date alone means midnight); see the rule for gaps and overlaps above. */
export function toInstant(local: LocalDateTime, zone: string): Instant {
  return instantOfWall(wallOf(local), zone);
}

/** Local date and time of day (`HH:MM:SS`) of an instant. */
export function toLocal(instant: Instant, zone: string): { date: LocalDate; time: string } {
  const text = localOf(wallAt(instant, zone));
  return { date: text.slice(0, 10), time: text.slice(11) };
}

/** Local date of an instant. */
export function localDate(instant: Instant, zone: string): LocalDate {
  return localOf(wallAt(instant, zone)).slice(0, 10);
}

/** ISO 8601 with the zone's offset: `2026-05-01T00:00:00+02:00`. UTC is written `+00:00`. */
export function isoLocal(instant: Instant, zone: string): string {
  const wall = wallAt(instant, zone);
  const seconds = Math.round((wall - instant) / 1000);
  const size = Math.abs(seconds);
  const two = (value: number): string => String(value).padStart(2, '0');
  const tail = size % 60 === 0 ? '' : `:${two(size % 60)}`;
  return `${localOf(wall)}${seconds < 0 ? '-' : '+'}${two(Math.floor(size / 3600))}:${two(Math.floor(size / 60) % 60)}${tail}`;
}

/**
 * The pieces on which local times from `from` (inclusive) to `until` (both inclusive) turn into UTC by one subtraction each,
 * ascending: the first piece with `local < until_local` (or a null) holds. The same rule as {@link toInstant}, for set-wise use.
 */
export function localToUtcPieces(zone: string, from: LocalDateTime, until: LocalDateTime): ShiftPiece[] {
  const table = tableOf(zone);
  const [low, high] = [wallOf(from), wallOf(until)];
  const pieces: ShiftPiece[] = [];
  let offset = table.offsetAt(low - DAY_MS);
  let last = -Infinity;
  for (const shift of table.shifts(low - DAY_MS, high + DAY_MS)) {
    // In a gap and in an overlap alike the old offset serves until the later of the two clock readings.
    const cut = shift.at + Math.max(shift.before, shift.after);
    if (cut > low && cut <= high && cut > last) pieces.push({ until_local: localOf(cut), shift_minutes: shift.before / MINUTE_MS });
    if (cut <= high) offset = shift.after;
    last = Math.max(last, cut);
  }
  pieces.push({ until_local: null, shift_minutes: offset / MINUTE_MS });
  return pieces;
}

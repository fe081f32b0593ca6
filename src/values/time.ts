/**
 * Instants and local dates as plain values. An instant is whole milliseconds since 1970-01-01T00:00Z; a local date is
 * `YYYY-MM-DD`; neither knows a clock or a zone. Zones live in `calendar/`.
 */

/** Whole milliseconds since the epoch, UTC. */
export type Instant = number;
/** A calendar date without a zone, `YYYY-MM-DD`. */
export type LocalDate = string;
/** A wall-clock time without a zone, `YYYY-MM-DDTHH:MM` or `YYYY-MM-DDTHH:MM:SS`, or a date alone for midnight. */
export type LocalDateTime = string;

/** Writes an instant as ISO 8601 in UTC without milliseconds: `2026-05-01T00:00:00Z`. */
export function isoUtc(instant: Instant): string {
  return new Date(instant).toISOString().replace('.000Z', 'Z');
}

/** Writes an instant as the text of a DuckDB TIMESTAMP in UTC: `2026-05-01 00:00:00`. */
export function sqlTimestamp(instant: Instant): string {
  return new Date(instant).toISOString().slice(0, 23).replace('T', ' ').replace('.000', '');
}

/** Writes an instant as an SQL literal: `TIMESTAMP '2026-05-01 00:00:00'`. */
export function timestampLiteral(instant: Instant): string {
  return `TIMESTAMP '${sqlTimestamp(instant)}'`;
}

const DAY_MS = 86_400_000;

/** Days since 1970-01-01 of a local date (proleptic Gregorian). */
export function dayNumber(date: LocalDate): number {
  return Date.UTC(Number(date.slice(0, 4)), Number(date.slice(5, 7)) - 1, Number(date.slice(8, 10))) / DAY_MS;
}

/** The local date of a day number; inverse of {@link dayNumber}. */
export function dateOfDay(day: number): LocalDate {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** `date` plus a number of calendar days. */
export function addDays(date: LocalDate, days: number): LocalDate {
  return dateOfDay(dayNumber(date) + days);
}

/** Whether the text is a date that exists. */
export function isLocalDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(dayNumber(text)) && dateOfDay(dayNumber(text)) === text;
}

/** The calendar as months to look at, each with its events below. */
import type { CalendarPeriod, CalendarResult } from '../run/results.js';
import { dateOfDay, dayNumber } from '../values/time.js';
import { clean, paint } from './style.js';
import type { Style } from './style.js';
import { left, table } from './table.js';
import { periodText } from './words.js';

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
/** In the order in which they happen to an invoice; of two on a day the mark of the later one is lost, the lines below have both. */
const EVENTS = [
  { mark: 'P', key: 'preview_at', words: 'preview' }, { mark: 'B', key: 'billing_at', words: 'billing' },
  { mark: 'C', key: 'confirm_due_at', words: 'confirmation' }, { mark: 'S', key: 'send_due_at', words: 'sending' },
] as const;

interface Event {
  readonly date: string;
  readonly at: string;
  readonly mark: string;
  readonly words: string;
  readonly period: CalendarPeriod;
}

/** Grid of every month with an event, and its events in order. */
export function calendarText(result: CalendarResult, style: Style): string[] {
  if (result.periods.length === 0) return [`Nothing is billed from ${result.from} until ${result.to}.`];
  const events = eventsOf(result.periods);
  const months = [...new Set(events.map(({ date }) => date.slice(0, 7)))].sort();
  const lines = months.flatMap((month) => {
    const own = events.filter(({ date }) => date.startsWith(month));
    return [...grid(month, own, style), '', ...list(own, style), ''];
  });
  return [...lines, paint(style, 'dim', EVENTS.map(({ mark, words }) => `${mark} ${words}`).join(' · '))];
}

function eventsOf(periods: readonly CalendarPeriod[]): Event[] {
  const events = periods.flatMap((period) => EVENTS.flatMap(({ mark, key, words }) => {
    const at = period[key];
    return at === null ? [] : [{ date: at.slice(0, 10), at, mark, words, period }];
  }));
  return events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

function grid(month: string, events: readonly Event[], style: Style): string[] {
  const first = dayNumber(`${month}-01`);
  const marks = new Map<string, string>();
  for (const { mark } of EVENTS) {
    for (const date of new Set(events.filter((event) => event.mark === mark).map((event) => event.date))) {
      marks.set(date, `${marks.get(date) ?? ''}${mark}`);
    }
  }
  // 1970-01-01 was a Thursday; weeks begin on Monday.
  const monday = first - ((((first + 3) % 7) + 7) % 7);
  const title = `${MONTHS[Number(month.slice(5)) - 1]} ${month.slice(0, 4)}`;
  const lines = [paint(style, 'bold', title), paint(style, 'dim', 'Mon    Tue    Wed    Thu    Fri    Sat    Sun')];
  for (let week = monday; dateOfDay(week).slice(0, 7) <= month; week += 7) {
    const days = Array.from({ length: 7 }, (_, i) => dateOfDay(week + i));
    const cells = days.map((date) => {
      if (!date.startsWith(month)) return ' '.repeat(7);
      const marked = marks.get(date) ?? '';
      return `${String(Number(date.slice(8))).padStart(2)} ${paint(style, 'green', marked)}${' '.repeat(4 - marked.length)}`;
    });
    lines.push(cells.join('').trimEnd());
  }
  return lines;
}

function list(events: readonly Event[], style: Style): string[] {
  const rows = events.map(({ at, mark, words, period }) => [
    at.slice(0, 10), at.slice(11, 16), mark, words,
    clean(period.customer_id === undefined ? period.cycle_id : `${period.customer_id} (${period.cycle_id})`),
    `${periodText(period.period_start, period.period_end)}${period.stub ? ' (cut short)' : ''}`,
  ]);
  const who = events[0]?.period.customer_id === undefined ? 'Cycle' : 'Customer';
  return table([left('Date'), left('Time'), left(''), left('Event'), left(who, 10), left('Period')], rows, style, '  ');
}

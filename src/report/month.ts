/** The calendar as months to look at, each with its events below. */
import type { CalendarPeriod, CalendarResult, DayOffResult, MovedDate } from '../run/results.js';
import { dateOfDay, dayNumber } from '../values/time.js';
import { settingsText } from './settings.js';
import { clean, paint, widthOf } from './style.js';
import type { Style } from './style.js';
import { left, table } from './table.js';
import { periodText } from './words.js';

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
/** A reason that the date itself shows. */
const WEEKEND = /^(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day$/;
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
/** In the order in which they happen to an invoice; of two on a day the mark of the later one is lost, the lines below have both. */
const EVENTS = [
  { mark: 'P', key: 'preview_at', words: 'preview', look: 'cyan' }, { mark: 'B', key: 'billing_at', words: 'billing', look: 'bold' },
  { mark: 'C', key: 'confirm_due_at', words: 'confirmation', look: 'yellow' },
  { mark: 'S', key: 'send_due_at', words: 'sending', look: 'green' },
] as const;

interface Event {
  readonly date: string;
  readonly at: string;
  readonly mark: string;
  readonly words: string;
  readonly moved: MovedDate | undefined;
  readonly period: CalendarPeriod;
}

/** Grid of every month with an event, its events in order, and below where the settings of the customer come from. */
export function calendarText(result: CalendarResult, style: Style): string[] {
  const customer = result.periods[0]?.customer_id;
  const settings = customer === undefined ? [] : settingsText(customer, result.settings, style);
  if (result.periods.length === 0) return [`Nothing is billed from ${result.from} until ${result.to}.`, ...settings];
  const events = eventsOf(result.periods);
  const months = [...new Set(events.map(({ date }) => date.slice(0, 7)))].sort();
  const lines = months.flatMap((month) => {
    const own = events.filter(({ date }) => date.startsWith(month));
    const closed = result.days_off.filter(({ date }) => date.startsWith(month));
    return ['', ...grid(month, own, closed, style), '', ...list(own, style)];
  });
  const legend = EVENTS.map(({ mark, words, look }) => `${paint(style, look, mark)} ${words}`).join('   ');
  return [...lines.slice(1), '', `${legend}${result.days_off.length === 0 ? '' : '   * no business day'}`, ...settings];
}

function eventsOf(periods: readonly CalendarPeriod[]): Event[] {
  const events = periods.flatMap((period) => EVENTS.flatMap(({ mark, key, words }) => {
    const at = period[key];
    const moved = period.moved.find(({ what }) => what === words);
    return at === null ? [] : [{ date: at.slice(0, 10), at, mark, words, moved, period }];
  }));
  return events.sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

/** A day takes eight columns: its number, a star where it is no business day, its marks, a space. */
const CELL = 8;

function grid(month: string, events: readonly Event[], closed: readonly DayOffResult[], style: Style): string[] {
  const first = dayNumber(`${month}-01`);
  // 1970-01-01 was a Thursday; weeks begin on Monday.
  const monday = first - ((((first + 3) % 7) + 7) % 7);
  const title = `${MONTHS[Number(month.slice(5)) - 1]} ${month.slice(0, 4)}`;
  const names = WEEKDAYS.map((name) => name.padEnd(CELL)).join('').trimEnd();
  const lines = [paint(style, 'bold', title), paint(style, 'dim', names)];
  for (let week = monday; dateOfDay(week).slice(0, 7) <= month; week += 7) {
    const days = Array.from({ length: 7 }, (_, i) => dateOfDay(week + i));
    lines.push(days.map((date) => (date.startsWith(month) ? cell(date, events, closed, style) : ' '.repeat(CELL))).join('').trimEnd());
  }
  // Weekends are seen in the grid; a name is told of the others.
  const holidays = closed.filter(({ reason }) => !WEEKEND.test(reason));
  return [...lines, ...holidays.map(({ date, reason }) => paint(style, 'dim', `* ${dayText(date)}  ${clean(reason)}`))];
}

function cell(date: string, events: readonly Event[], closed: readonly DayOffResult[], style: Style): string {
  const isClosed = closed.some((each) => each.date === date);
  const marks = EVENTS.filter(({ mark }) => events.some((event) => event.date === date && event.mark === mark));
  const number = `${String(Number(date.slice(8))).padStart(2)}${isClosed ? '*' : ' '}`;
  const text = `${isClosed ? paint(style, 'dim', number) : number}${marks.map(({ mark, look }) => paint(style, look, mark)).join('')}`;
  return `${text}${' '.repeat(Math.max(0, CELL - widthOf(text)))}`;
}

/** "Fri 2026-05-01" */
function dayText(date: string): string {
  return `${WEEKDAYS[(((dayNumber(date) + 3) % 7) + 7) % 7]} ${date}`;
}

function list(events: readonly Event[], style: Style): string[] {
  const why = ({ moved }: Event): string => (
    moved === undefined ? '' : `moved from ${dayText(moved.from)}${WEEKEND.test(moved.reason) ? '' : `, ${clean(moved.reason)}`}`);
  const rows = events.map((event) => {
    const { at, mark, words, period } = event;
    return [
      dayText(at.slice(0, 10)), at.slice(11, 16), mark, words,
      clean(period.customer_id === undefined ? period.cycle_id : `${period.customer_id} (${period.cycle_id})`),
      `${periodText(period.period_start, period.period_end)}${period.stub ? ' (stub)' : ''}`, why(event),
    ];
  });
  const who = events[0]?.period.customer_id === undefined ? 'Cycle' : 'Customer';
  const columns = [left('Date'), left('Time'), left(''), left('Event'), left(who, 10), left('Period')];
  return rows.some((row) => row[6] !== '')
    ? table([...columns, left('', 20)], rows, style, '  ') : table(columns, rows.map((row) => row.slice(0, 6)), style, '  ');
}

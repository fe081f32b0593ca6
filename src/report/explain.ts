/** How an invoice came about, as text: what an accountant would write beside each line. */
import { formatMicro, parseDecimal } from '../values/money.js';
import type { Place } from '../values/diagnostic.js';
import type { InvoiceRecord } from '../documents/types.js';
import type { ExplainedBooking, ExplainedLine, Explanation, Step } from '../run/explain-types.js';
import { clean, paint } from './style.js';
import type { Style } from './style.js';
import { count, instantText, periodText } from './words.js';

/** Bookings of a line that are listed; `--json` has all. */
const SHOWN = 20;

const ROUNDING = { half_away: 'rounded', half_even: 'rounded, half to even', down: 'rounded down', up: 'rounded up' } as const;

/** Follows the text of the invoice. Ends with a line feed. */
export function explanationText(record: InvoiceRecord, explanation: Explanation, style: Style): string {
  const { processed, notes, lines, taxes } = explanation;
  const head = processed === null ? ['Drafted with the configuration as it is now.'] : [
    `Confirmed at ${instantText(processed.confirmed_at)}, commit ${processed.serial} of the ledger, `
    + `version ${clean(processed.tool_version)}`,
    `  configuration then ${short(processed.config_digest)}${gitText(processed.config_commit)}`
    + `; now ${explanation.config_digest === processed.config_digest ? 'the same' : short(explanation.config_digest)}`,
    TODAY[explanation.today],
  ];
  return [
    '', paint(style, 'bold', 'How it came about'), ...head.map((each) => `  ${each}`), ...notes.map((each) => `  ${clean(each)}`),
    ...lines.flatMap((line) => ['', ...lineText(record, line, style)]),
    ...taxes.flatMap((tax) => {
      const name = record.taxes.find((each) => each.tax_id === tax.tax_id && each.rate === tax.rate)?.name ?? tax.tax_id;
      return ['', paint(style, 'bold', `Tax ${clean(name)}, ${tax.rate} %: ${tax.tax} ${record.currency}`),
        `  on ${tax.net} (${linesText(tax.lines)})`, ...tax.steps.map(stepText)];
    }), ...accountedText(explanation, style), '',
  ].join('\n');
}

function accountedText({ accounted_tax: told }: Explanation, style: Style): string[] {
  if (told === null) return [];
  return ['', paint(style, 'bold', `Tax in ${told.currency}: ${told.tax} ${told.currency}`),
    ...told.rules.map(({ what, path, at }) => `  ${clean(what)}: ${placeText(at, path)}`),
    ...told.steps.map(stepText), ...(told.steps.length > 0 ? [] : ['  what is left of it on the invoice that is credited'])];
}

const TODAY = {
  same: 'Today\'s configuration and bookings give the same; the rules are shown where they stand now.',
  changed: 'The configuration or the bookings have changed since: where today it would be something else, it is said. '
    + 'The invoice stays as it is.',
  unknown: 'Today\'s configuration and bookings cannot tell how it came about; what was billed is shown from the ledger.',
} as const;

function gitText(commit: string | null): string {
  return commit === null ? '' : `, git commit ${clean(commit)}`;
}

function short(digest: string): string {
  return digest.slice(0, 12);
}

/** "lines 1 to 3, 5" */
function linesText(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const n of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === n - 1) last[1] = n;
    else ranges.push([n, n]);
  }
  const parts = ranges.map(([from, to]) => (from === to ? String(from) : `${from} to ${to}`));
  return `${numbers.length === 1 ? 'line' : 'lines'} ${parts.join(', ')}`;
}

function lineText(record: InvoiceRecord, line: ExplainedLine, style: Style): string[] {
  const amount = line.gross === null ? line.amount : `${line.amount} (${line.gross} with tax)`;
  const { service_start: from, service_end: until } = line;
  const service = from === null || until === null ? '' : ` · ${serviceText(from, until)}`;
  return [
    paint(style, 'bold', `${line.line_no}  ${clean(line.description)}: ${amount} ${record.currency}`) + service,
    ...bookingsText(line), ...line.rules.map(({ what, path, at }) => `  ${clean(what)}: ${placeText(at, path)}`),
    ...line.steps.map(stepText), ...line.notes.map((each) => `  ${clean(each)}`), ...todayText(line, record.currency, style),
  ];
}

function serviceText(start: string, end: string): string {
  return start === end ? instantText(start) : periodText(start, end);
}

function placeText(at: Place | null, path: string | null): string {
  const place = at === null ? '' : at.line === undefined ? at.file : `${at.file}:${at.line}`;
  return clean([place, path ?? ''].filter((part) => part !== '').join(' ')) || 'not among today\'s bookings';
}

function bookingsText({ kind, line_no, bookings }: ExplainedLine): string[] {
  const own = bookings.length === 1 && bookings[0]!.line_no === line_no;
  if (own || kind === 'adjustment') return bookings.map((each) => `  booking ${bookingText(each)}`);
  if (bookings.length === 0) return [];
  const on = bookings.flatMap((each) => (each.line_no === null ? [] : [each.line_no]));
  const before = bookings.length - on.length;
  const where = [...(on.length === 0 ? [] : [linesText(on)]), ...(before === 0 ? [] : [`${before} billed before`])].join(', ');
  const counted = (each: ExplainedBooking): string => (each.counted === null ? '' : ` (${clean(each.counted)})`);
  const listed = bookings.slice(0, SHOWN).map((each) => `${clean(each.booking_id)}${counted(each)}`);
  const more = bookings.length > SHOWN ? `, and ${bookings.length - SHOWN} more` : '';
  return [`  counts ${count(bookings.length, 'booking')} (${where}): ${listed.join(', ')}${more}`];
}

function bookingText({ source, booking_id, at }: ExplainedBooking): string {
  return `${clean(booking_id)} of ${clean(source)}, ${placeText(at, null)}`;
}

/** `2.5 × 95.00 = 237.50`; with the value before rounding where there was some. */
function stepText({ text, formula, exact, value, rounding }: Step): string {
  if (/^-?\d+(\.\d+)?$/.test(formula) && sameDecimal(formula, value)) return `  ${clean(text)}: ${value}`;
  return `  ${clean(text)}: ${formula} = ${rounding === null ? value : `${exact}, ${ROUNDING[rounding]}: ${value}`}`;
}

function sameDecimal(a: string, b: string): boolean {
  const [x, y] = [parseDecimal(a), parseDecimal(b)];
  return x !== null && y !== null && formatMicro(x) === formatMicro(y);
}

function todayText({ today, today_amount, today_rules }: ExplainedLine, currency: string, style: Style): string[] {
  if (today === 'changed') {
    const words = `the configuration or the booking has changed since: today it would be ${today_amount} ${currency}`;
    const rules = today_rules.map(({ what, path, at }) => `    today: ${clean(what)}: ${placeText(at, path)}`);
    return [paint(style, 'yellow', `  ${words}${rules.length === 0 ? '' : ', by'}`), ...rules];
  }
  return today === 'gone' ? [paint(style, 'yellow', '  today it would not be on this invoice')] : [];
}

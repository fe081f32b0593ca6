/**
 * How numbers, money and dates are written for a reader. Own small tables instead of `Intl`: the bytes of a document must not
 * depend on the ICU data of the machine. Input is always a decimal string or a `YYYY-MM-DD` date; no float is involved.
 */
import { LOCALES } from '../values/locales.js';
import { addDays } from '../values/time.js';
import type { Language, Locale } from '../values/locales.js';

type DateStyle = 'd MMM y' | 'MMM d, y' | 'dd.MM.y' | 'dd/MM/y' | 'dd-MM-y';
type MoneyStyle = 'prefix' | 'prefix-space' | 'suffix';

/** The formats of one locale. */
export interface LocaleFormat {
  readonly locale: Locale;
  readonly language: Language;
  readonly decimal: '.' | ',';
  readonly group: string;
  readonly money: MoneyStyle;
  /** Where the minus of an amount stands: before all, or between currency and number (Dutch and Swiss habit). */
  readonly minus: 'front' | 'number';
  /** Between a number and its percent sign. */
  readonly percent: '' | '\u00a0';
  readonly date: DateStyle;
  /** CSS paper size. */
  readonly paper: 'A4' | 'letter';
}

const NBSP = '\u00a0';
const EN = {
  language: 'en', decimal: '.', group: ',', money: 'prefix', minus: 'front', percent: '', date: 'd MMM y', paper: 'A4',
} as const;
const DE = {
  language: 'de', decimal: ',', group: '.', money: 'suffix', minus: 'front', percent: NBSP, date: 'dd.MM.y', paper: 'A4',
} as const;

const FORMATS: Readonly<Record<Locale, LocaleFormat>> = {
  'en-GB': { ...EN, locale: 'en-GB' },
  'en-US': { ...EN, locale: 'en-US', date: 'MMM d, y', paper: 'letter' },
  'en-IE': { ...EN, locale: 'en-IE' },
  'de-DE': { ...DE, locale: 'de-DE' },
  'de-AT': { ...DE, locale: 'de-AT', money: 'prefix-space' },
  'de-CH': { ...DE, locale: 'de-CH', decimal: '.', group: '\u2019', money: 'prefix-space', minus: 'number', percent: '' },
  'fr-FR': { ...DE, locale: 'fr-FR', language: 'fr', group: NBSP, date: 'dd/MM/y' },
  'es-ES': { ...DE, locale: 'es-ES', language: 'es', date: 'dd/MM/y' },
  'it-IT': { ...DE, locale: 'it-IT', language: 'it', percent: '', date: 'dd/MM/y' },
  'nl-NL': { ...DE, locale: 'nl-NL', language: 'nl', money: 'prefix-space', minus: 'number', percent: '', date: 'dd-MM-y' },
};

/** The formats of a locale. One we do not know falls back to its language, then to British English: an old document stays readable. */
export function localeFormat(locale: string): LocaleFormat {
  const exact = LOCALES.find((l) => l === locale);
  const language = locale.slice(0, 2).toLowerCase();
  const home = LOCALES.find((l) => l === `${language}-${language.toUpperCase()}`);
  const near = exact ?? home ?? 'en-GB';
  return FORMATS[near];
}

/** Signs that everybody reads the same way; every other currency is written with its ISO code (a "$" has many owners). */
function currencySign(f: LocaleFormat, currency: string): string {
  if (currency === 'EUR') return '€';
  if (currency === 'GBP') return '£';
  if (currency === 'USD' && f.locale === 'en-US') return '$';
  return currency;
}

interface Digits {
  readonly negative: boolean;
  readonly text: string;
}

function digits(f: LocaleFormat, decimal: string, places: number): Digits {
  const match = /^(-?)0*(\d+)(?:\.(\d+))?$/.exec(decimal);
  if (match === null) throw new Error(`not a decimal: ${JSON.stringify(decimal)}`);
  const whole = match[2]!;
  const fraction = (match[3] ?? '').replace(/0+$/, '').padEnd(places, '0');
  const grouped = whole.length > 3 ? whole.replace(/\B(?=(\d{3})+$)/g, f.group) : whole;
  const zero = /^0*$/.test(whole) && /^0*$/.test(fraction);
  return { negative: match[1] === '-' && !zero, text: fraction === '' ? grouped : grouped + f.decimal + fraction };
}

/** Writes a decimal string with at least `places` decimals; more are kept if they are there ("0.0825"), needless zeros are not. */
export function formatNumber(f: LocaleFormat, decimal: string, places = 0): string {
  const d = digits(f, decimal, places);
  return d.negative ? `-${d.text}` : d.text;
}

/** Writes an amount with its currency, never broken over two lines: `€1,234.50`, `1.234,50 €`, `CHF -12.00`, `JPY 1,200`. */
export function formatMoney(f: LocaleFormat, decimal: string, currency: string, exponent: number): string {
  const d = digits(f, decimal, exponent);
  const sign = currencySign(f, currency);
  if (f.money === 'suffix') return `${d.negative ? '-' : ''}${d.text}${NBSP}${sign}`;
  const gap = f.money === 'prefix-space' || sign.length > 1 ? NBSP : '';
  if (!d.negative) return sign + gap + d.text;
  return f.minus === 'number' || sign.length > 1 ? `${sign}${NBSP}-${d.text}` : `-${sign}${gap}${d.text}`;
}

/** Writes a percentage: `19 %`, `8.1%`. */
export function formatPercent(f: LocaleFormat, decimal: string): string {
  return `${formatNumber(f, decimal)}${f.percent}%`;
}

const MONTHS = 'January February March April May June July August September October November December'.split(' ');

/** Writes a local date (`YYYY-MM-DD`): `4 May 2026`, `May 4, 2026`, `04.05.2026`. Three-letter months where `short`. */
export function formatDate(f: LocaleFormat, date: string, short = false): string {
  const [y, m, d] = [date.slice(0, 4), date.slice(5, 7), date.slice(8, 10)];
  const name = MONTHS[Number(m) - 1] ?? m;
  const month = short ? name.slice(0, 3) : name;
  switch (f.date) {
    case 'd MMM y': return `${Number(d)} ${month} ${y}`;
    case 'MMM d, y': return `${month} ${Number(d)}, ${y}`;
    case 'dd.MM.y': return `${d}.${m}.${y}`;
    case 'dd/MM/y': return `${d}/${m}/${y}`;
    case 'dd-MM-y': return `${d}-${m}-${y}`;
  }
}

/** Writes a local instant (`2026-05-04T22:00:00+02:00`) as date and wall-clock time: `4 May 2026, 22:00`. */
export function formatDateTime(f: LocaleFormat, iso: string): string {
  return `${formatDate(f, iso)}, ${iso.slice(11, 16)}`;
}

/**
 * Writes a half-open stretch of local instants for people, who read the last day as included: `1 – 30 April 2026`,
 * `01.04. – 30.04.2026`. Where a bound is not midnight the times are told and the end stands as it is.
 */
export function formatPeriod(f: LocaleFormat, start: string, end: string, short = false): string {
  const [from, until] = [start.slice(0, 10), end.slice(0, 10)];
  if (!isMidnight(start) || !isMidnight(end)) return `${formatDateTime(f, start)} – ${formatDateTime(f, end)}`;
  return formatRange(f, from, until > from ? addDays(until, -1) : from, short);
}

/**
 * Writes when a service happened: its day, or first and last day. An end at midnight belongs to the day before
 * (a recurring charge ends where the next one starts); the hours of a visit are left out.
 */
export function formatService(f: LocaleFormat, start: string | null, end: string | null): string {
  const first = (start ?? end)?.slice(0, 10);
  if (first === undefined) return '';
  let last = (end ?? start)!.slice(0, 10);
  if (end !== null && isMidnight(end) && last > first) last = addDays(last, -1);
  return formatRange(f, first, last < first ? first : last, true);
}

function formatRange(f: LocaleFormat, from: string, last: string, short: boolean): string {
  if (from === last) return formatDate(f, from, short);
  const [a, b] = [formatDate(f, from, short), formatDate(f, last, short)];
  const sameYear = from.slice(0, 4) === last.slice(0, 4);
  const sameMonth = from.slice(0, 7) === last.slice(0, 7);
  if (f.date === 'd MMM y' && sameYear) return `${sameMonth ? Number(from.slice(8)) : a.slice(0, -5)} – ${b}`;
  if (f.date === 'MMM d, y' && sameYear) return `${a.slice(0, -6)} – ${sameMonth ? `${Number(last.slice(8))}, ${last.slice(0, 4)}` : b}`;
  if (f.date === 'dd.MM.y' && sameYear) return `${a.slice(0, 6)} – ${b}`;
  return `${a} – ${b}`;
}

/** First and last day of a half-open period; its local times, `2026-05-01 06:00`, where it begins or ends within a day. */
export function periodEnds(start: string, end: string): readonly [first: string, last: string] {
  if (!isMidnight(start) || !isMidnight(end)) return [start.slice(0, 16).replace('T', ' '), end.slice(0, 16).replace('T', ' ')];
  const [first, last] = [start.slice(0, 10), addDays(end.slice(0, 10), -1)];
  return [first, last < first ? first : last];
}

function isMidnight(iso: string): boolean {
  return iso.length === 10 || /^00:00(:00(\.0+)?)?$/.test(iso.slice(11).replace(/(Z|[+-]\d\d:?\d\d)$/, ''));
}

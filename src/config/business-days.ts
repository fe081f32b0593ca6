/** The business calendar: what is written of it, checked against the known countries, as a question that can be asked of a date. */
import type { LocalDate } from '../values/time.js';
import type { Facts } from './facts.js';
import { loadHolidayLibrary } from './holidays.js';
import type { HolidayLibrary, PublicHolidays } from './holidays.js';
import { businessDayRules } from './rules-calendar.js';
import type { BusinessCalendarSpec } from './shape.js';
import { nearest } from './suggest.js';
import type { BusinessDays, Weekday } from './types.js';
import { DEFAULT_WEEKEND, WEEKDAYS, weekdayOf } from './weekdays.js';

const DAY_NAMES: Readonly<Record<Weekday, string>> = {
  mon: 'Monday', tue: 'Tuesday', wed: 'Wednesday', thu: 'Thursday', fri: 'Friday', sat: 'Saturday', sun: 'Sunday',
};
/** Codes that people use and ISO 3166-1 does not. */
const OTHER_CODES: Readonly<Record<string, string>> = { UK: 'GB', EL: 'GR' };

/**
 * The project's business calendar, or null if it has none. Complains of a country or region whose holidays nobody knows; the
 * library of holidays is loaded only when a country is named. `isWritten`: there is one, of whatever shape.
 */
export async function businessDays(facts: Facts, isWritten: boolean): Promise<BusinessDays | null> {
  businessDayRules(facts, isWritten);
  const spec = facts.top('business_calendar');
  if (spec === undefined) return null;
  if (spec.country === undefined) return businessDaysOf(spec, null);
  const library = await loadHolidayLibrary();
  return isKnown(facts, spec, library)
    ? businessDaysOf(spec, library.holidaysOf(spec.country, spec.region ?? null)) : businessDaysOf(spec, null);
}

/** A declared working day is one whatever else it is; then come declared holidays, public holidays and the weekend. */
export function businessDaysOf(spec: BusinessCalendarSpec, holidays: PublicHolidays | null): BusinessDays {
  const weekend = spec.weekend ?? DEFAULT_WEEKEND;
  const [added, worked] = [new Set(spec.holidays), new Set(spec.working_days)];
  const whyClosed = (date: LocalDate): string | null => {
    if (worked.has(date)) return null;
    const name = holidays?.nameOf(date) ?? null;
    if (name !== null) return name;
    if (added.has(date)) return 'listed as a holiday';
    const weekday = weekdayOf(date);
    return weekend.includes(weekday) ? DAY_NAMES[weekday] : null;
  };
  return {
    country: spec.country ?? null,
    region: spec.region ?? null,
    weekend: WEEKDAYS.filter((day) => weekend.includes(day)),
    holidays: [...added].sort(),
    working_days: [...worked].sort(),
    whyClosed,
    isBusinessDay: (date) => whyClosed(date) === null,
  };
}

function isKnown(facts: Facts, { country, region }: BusinessCalendarSpec, library: HolidayLibrary): boolean {
  const code = country!;
  if (library.countries[code] === undefined) {
    const near = nearCode(OTHER_CODES[code.toUpperCase()] ?? code, library.countries);
    facts.error('CONFIG_VALUE', ['business_calendar', 'country'], `the public holidays of the country "${code}" are not known`,
      near ?? 'write the two letters of ISO 3166-1, like DE; or leave "country" out and list "holidays"');
    return false;
  }
  if (region === undefined) return true;
  const regions = library.regionsOf(code);
  if (Object.hasOwn(regions, region)) return true;
  const codes = Object.keys(regions).sort();
  const known = codes.length === 0
    ? `${library.countries[code]} has no regions with holidays of their own: remove the key`
    : `known: ${codes.join(', ')}; without "region" the holidays of the whole country count`;
  facts.error('CONFIG_VALUE', ['business_calendar', 'region'],
    `the region "${region}" of ${library.countries[code]} is not known`, nearCode(region.replace(/^[A-Z]{2}-/, ''), regions) ?? known);
  return false;
}

/** By the code in other letters, or by the name. */
function nearCode(word: string, names: Readonly<Record<string, string>>): string | null {
  const entries = Object.entries(names).sort(([a], [b]) => (a < b ? -1 : 1));
  const plain = word.toLowerCase();
  const name = nearest(word, entries.map(([, each]) => each));
  const found = entries.find(([code]) => code.toLowerCase() === plain)
    ?? entries.find(([, each]) => each === name)
    ?? entries.find(([, each]) => plain.length > 3 && each.toLowerCase().includes(plain));
  return found === undefined ? null : `did you mean ${found[0]} (${found[1]})?`;
}

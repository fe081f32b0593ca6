/**
 * Public holidays of countries, from date-holidays (data: CC-BY 3.0). It is loaded only when a country is named: it brings the
 * calendars of the world along. Asked for a year it needs neither clock nor ambient zone or locale.
 */
import type Holidays from 'date-holidays';
import type { LocalDate } from '../values/time.js';
import { addDays } from '../values/time.js';

/** The holidays of one country or region. */
export interface PublicHolidays {
  /** English name of the public holiday on a day, or null. */
  readonly nameOf: (date: LocalDate) => string | null;
}

/** What is known of countries: codes of ISO 3166 and their English names. */
export interface HolidayLibrary {
  readonly countries: Readonly<Record<string, string>>;
  /** Regions of a country that have holidays of their own; empty if there are none. */
  readonly regionsOf: (country: string) => Readonly<Record<string, string>>;
  readonly holidaysOf: (country: string, region: string | null) => PublicHolidays;
}

const HOUR_MS = 3_600_000;
const LANGUAGE = 'en';

/** Loads the library. */
export async function loadHolidayLibrary(): Promise<HolidayLibrary> {
  const { default: Library } = await import('date-holidays');
  const all = new Library();
  return {
    countries: all.getCountries(LANGUAGE),
    regionsOf: (country) => statesOf(all, country),
    holidaysOf: (country, region) => {
      const known = new Library();
      if (region === null) known.init(country, { types: ['public'] });
      else known.init(country, region, { types: ['public'] });
      return { nameOf: byYear(known) };
    },
  };
}

/** The library gives nothing for a country without regions, whatever its types say. */
function statesOf(library: Holidays, country: string): Readonly<Record<string, string>> {
  const states: Readonly<Record<string, string>> | undefined = library.getStates(country, LANGUAGE);
  return states ?? {};
}

/** A year is computed once, when first asked for. */
function byYear(library: Holidays): (date: LocalDate) => string | null {
  const starting = new Map<number, ReadonlyMap<LocalDate, string>>();
  const daysFrom = (year: number): ReadonlyMap<LocalDate, string> => {
    const known = starting.get(year) ?? wholeDays(library, year);
    starting.set(year, known);
    return known;
  };
  return (date) => {
    const year = Number(date.slice(0, 4));
    // Several days from the end of December on reach into January.
    return daysFrom(year).get(date) ?? daysFrom(year - 1).get(date) ?? null;
  };
}

/**
 * Holidays that take whole days. One that begins at noon leaves the day a working day. Days that begin at sunset (Islamic and
 * Hebrew calendars) are told by the library under the date of the day that follows; the length is the same.
 */
function wholeDays(library: Holidays, year: number): ReadonlyMap<LocalDate, string> {
  const days = new Map<LocalDate, string>();
  for (const { date, start, end, name, type } of library.getHolidays(year, LANGUAGE)) {
    const length = Math.round((end.getTime() - start.getTime()) / (24 * HOUR_MS));
    if (type !== 'public' || date.slice(11, 19) !== '00:00:00' || length < 1) continue;
    for (let day = 0; day < length; day += 1) {
      const each = addDays(date.slice(0, 10), day);
      if (!days.has(each)) days.set(each, name);
    }
  }
  return days;
}

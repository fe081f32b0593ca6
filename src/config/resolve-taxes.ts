/** Taxes with all their rates, and with their texts in every language in which they are written. */
import { languageOf } from '../values/locales.js';
import type { TaxSpec } from './shape.js';
import type { Wording } from './shape-words.js';
import type { ConfigPath, Tax, TaxRate } from './types.js';

/** `locale` is that of the project. */
export function taxOf(tax_id: string, written: TaxSpec, locale: string): Tax {
  const rates = ratesOf(tax_id, written, locale);
  const { note } = written;
  return {
    tax_id, ...namesOf(written.name, locale), rate: rates.at(-1)!.rate, rates, category: written.category,
    note: note === undefined ? null : fallbackOf(note, locale),
    ...(note === undefined || typeof note === 'string' ? {} : { notes: note }),
  };
}

/** The rates of a tax, ascending. */
function ratesOf(tax_id: string, { rate, name }: TaxSpec, locale: string): TaxRate[] {
  const path: ConfigPath = ['taxes', tax_id, 'rate'];
  if (typeof rate === 'string') return [{ from: null, rate, ...namesOf(name, locale), path }];
  return rate.map((each, index) => ({
    from: index === 0 ? null : each.from!, rate: each.rate, ...namesOf(each.name ?? name, locale), path: [...path, index],
  }));
}

function namesOf(written: Wording, locale: string): Pick<Tax, 'name' | 'names'> {
  return typeof written === 'string' ? { name: written } : { name: fallbackOf(written, locale), names: written };
}

/** What documents have whose language has no text of its own: the text in the project's language, else the first. */
function fallbackOf(written: Wording, locale: string): string {
  return typeof written === 'string' ? written : written[languageOf(locale)] ?? Object.values(written)[0]!;
}

/**
 * The words of a document in each language. `{name}` marks a place that is filled with text; see {@link fill}.
 * Terms follow what the tax law of the country calls the thing: a German credit note by the seller is a "Rechnungskorrektur"
 * ("Gutschrift" means self-billing since 2013, § 14 UStG), a Spanish one a "factura rectificativa".
 */
import { DE, ES } from './labels-de-es.js';
import { EN } from './labels-en.js';
import { FR, IT, NL } from './labels-fr-it-nl.js';
import type { Labels } from './labels-en.js';
import type { LocaleFormat } from './locale.js';

export type { Labels } from './labels-en.js';

const LANGUAGES: Readonly<Record<LocaleFormat['language'], Labels>> = { en: EN, de: DE, es: ES, fr: FR, it: IT, nl: NL };

const LOCAL: Readonly<Partial<Record<string, Partial<Labels>>>> = {
  'en-US': { tax: 'Tax', tax_in: 'Tax in {currency}', tax_id: 'Tax ID', with_tax: 'incl. tax' },
  'de-AT': { tax_id: 'UID-Nr.' },
  'de-CH': {
    tax: 'MWST', tax_in: 'MWST in {currency}', with_tax: 'inkl. MWST', tax_id: 'MWST-Nr.', total: 'Total', batch: 'Rechnungslauf',
  },
};

const MEMO = new Map<string, Labels>();

/** The words of a locale. */
export function labelsOf(f: LocaleFormat): Labels {
  let labels = MEMO.get(f.locale);
  if (labels === undefined) {
    labels = Object.freeze(Object.assign(Object.create(null) as Labels, LANGUAGES[f.language], LOCAL[f.locale]));
    MEMO.set(f.locale, labels);
  }
  return labels;
}

/** Puts values into the `{name}` places of a label; the values are not looked at again. */
export function fill(label: string, values: Readonly<Record<string, string>>): string {
  return label.replace(/\{(\w+)\}/g, (whole, name: string) => (Object.hasOwn(values, name) ? values[name]! : whole));
}

/** Units of measure as a document prints them: common ones in its language, any other as it is declared. */
import type { LocaleFormat } from './locale.js';

/** One and many, by the English word that a product declares. */
type Words = Readonly<Record<string, readonly [one: string, many: string]>>;

const same = (word: string): readonly [string, string] => [word, word];

const WORDS: Readonly<Record<LocaleFormat['language'], Words>> = {
  en: {
    minute: ['minute', 'minutes'], hour: ['hour', 'hours'], day: ['day', 'days'], week: ['week', 'weeks'], month: ['month', 'months'],
    year: ['year', 'years'], piece: ['piece', 'pieces'], litre: ['litre', 'litres'],
  },
  de: {
    minute: same('Min.'), hour: same('Std.'), day: ['Tag', 'Tage'], week: ['Woche', 'Wochen'], month: ['Monat', 'Monate'],
    year: ['Jahr', 'Jahre'], piece: same('Stück'), litre: same('Liter'),
  },
  fr: {
    minute: ['minute', 'minutes'], hour: ['heure', 'heures'], day: ['jour', 'jours'], week: ['semaine', 'semaines'], month: same('mois'),
    year: ['an', 'ans'], piece: ['pièce', 'pièces'], litre: ['litre', 'litres'],
  },
  es: {
    minute: ['minuto', 'minutos'], hour: ['hora', 'horas'], day: ['día', 'días'], week: ['semana', 'semanas'], month: ['mes', 'meses'],
    year: ['año', 'años'], piece: ['unidad', 'unidades'], litre: ['litro', 'litros'],
  },
  it: {
    minute: ['minuto', 'minuti'], hour: ['ora', 'ore'], day: ['giorno', 'giorni'], week: ['settimana', 'settimane'],
    month: ['mese', 'mesi'], year: ['anno', 'anni'], piece: ['pezzo', 'pezzi'], litre: ['litro', 'litri'],
  },
  nl: {
    minute: ['minuut', 'minuten'], hour: same('uur'), day: ['dag', 'dagen'], week: ['week', 'weken'], month: ['maand', 'maanden'],
    year: same('jaar'), piece: ['stuk', 'stuks'], litre: same('liter'),
  },
};

/** The words that are printed in the language of the document. */
export const UNIT_WORDS: readonly string[] = Object.keys(WORDS.en);

/** A unit behind a quantity, a plain decimal. French has the plural from 2 on, the others for all but 1 (CLDR plural rules). */
export function unitText({ language }: Pick<LocaleFormat, 'language'>, unit: string, quantity: string): string {
  const words = WORDS[language];
  if (!Object.hasOwn(words, unit)) return unit;
  const whole = quantity.replace(/^-/, '');
  const [one, many] = words[unit]!;
  return whole === '1' || (language === 'fr' && /^[01](\.|$)/.test(whole)) ? one : many;
}

/** The languages and regions that documents, messages and amounts can be written in (BCP 47 tags). */
export const LOCALES = ['de-AT', 'de-CH', 'de-DE', 'en-GB', 'en-IE', 'en-US', 'es-ES', 'fr-FR', 'it-IT', 'nl-NL'] as const;

/** The languages of {@link LOCALES}. */
export const LANGUAGES = ['de', 'en', 'es', 'fr', 'it', 'nl'] as const;

/** The language of a supported locale. */
export type Language = typeof LANGUAGES[number];

/** A text by language. */
export type Texts = Readonly<Partial<Record<Language, string>>>;

/** A supported locale tag. */
export type Locale = (typeof LOCALES)[number];

const KNOWN: ReadonlySet<string> = new Set(LOCALES);

/** The language of a locale: "de" of "de-AT". */
export function languageOf(locale: string): Language {
  return locale.slice(0, 2) as Language;
}

/** Whether `tag` is one of {@link LOCALES}, spelled exactly so. */
export function isLocale(tag: string): tag is Locale {
  return KNOWN.has(tag);
}

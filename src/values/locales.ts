/** The languages and regions that documents, messages and amounts can be written in (BCP 47 tags). */
export const LOCALES = ['de-AT', 'de-CH', 'de-DE', 'en-GB', 'en-IE', 'en-US', 'es-ES', 'fr-FR', 'it-IT', 'nl-NL'] as const;

/** A supported locale tag. */
export type Locale = (typeof LOCALES)[number];

const KNOWN: ReadonlySet<string> = new Set(LOCALES);

/** Whether `tag` is one of {@link LOCALES}, spelled exactly so. */
export function isLocale(tag: string): tag is Locale {
  return KNOWN.has(tag);
}

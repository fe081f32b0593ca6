/** The words that the shape is written in: small makers of TypeBox types, each with a description for editors. */
import { Type } from '@sinclair/typebox';
import type { Static, TObject, TProperties, TSchema, TUnsafe } from '@sinclair/typebox';

import { LANGUAGES } from '../values/locales.js';
import type { Language, Texts } from '../values/locales.js';
import { FORMATS } from './formats.js';

/** A text of one of the named formats. */
export function text(format: string, description: string): TUnsafe<string> {
  const known = FORMATS[format];
  if (known === undefined) throw new Error(`no format ${format}`);
  const pattern = known.pattern === undefined ? {} : { pattern: known.pattern };
  return Type.Unsafe<string>({ type: 'string', format, ...pattern, description });
}

/** One of a few words. */
export function choice<const T extends readonly string[]>(words: T, description: string): TUnsafe<T[number]> {
  return Type.Unsafe<T[number]>({ type: 'string', enum: [...words], description });
}

/** A text as it is written: one for all languages, or one by language. */
export type Wording = string | Texts;

/** A text for documents, or texts by their languages. */
export function wording(description: string): TUnsafe<Wording> {
  const line = text('line', description);
  const of = (language: Language): TUnsafe<string> => text('line', `In documents in ${NAMES[language]}.`);
  const languages = Object.fromEntries(LANGUAGES.map((language) => [language, Type.Optional(of(language))]));
  const byLanguage = { ...record(languages, 'A text by language.'), minProperties: 1 };
  return Type.Unsafe<Wording>({ anyOf: [line, named('texts', byLanguage)], description });
}

const NAMES: Readonly<Record<Language, string>> = {
  de: 'German', en: 'English', es: 'Spanish', fr: 'French', it: 'Italian', nl: 'Dutch',
};

/** An object with exactly these keys. */
export function record<T extends TProperties>(properties: T, description: string): TObject<T> {
  return Type.Object(properties, { additionalProperties: false, description });
}

/** Under which name a shape that is used in several places stands in `$defs`; without it the schema would repeat it. */
export const NAME: unique symbol = Symbol('name in $defs');

/** Gives a shape a name in `$defs`. */
export function named<T extends TSchema>(name: string, shape: T): T {
  return { ...shape, [NAME]: name };
}

/** A map from ids of a format to values of one shape. */
export function mapOf<T extends TSchema>(idFormat: string, value: T, description: string): TUnsafe<Readonly<Record<string, Static<T>>>> {
  const id = FORMATS[idFormat]!;
  const pattern = id.pattern === undefined ? {} : { pattern: id.pattern };
  const propertyNames = { type: 'string', format: idFormat, ...pattern };
  return Type.Unsafe<Record<string, Static<T>>>({ type: 'object', propertyNames, additionalProperties: value, description });
}

/** One or a list of them. */
export function oneOrMany<T extends TSchema>(item: T, description: string): TUnsafe<Static<T> | readonly Static<T>[]> {
  return Type.Unsafe<Static<T> | Static<T>[]>({ anyOf: [item, { type: 'array', items: item, minItems: 1 }], description });
}

/** A list of at least one. */
export function many<T extends TSchema>(item: T, description: string): TUnsafe<readonly Static<T>[]> {
  return Type.Unsafe<Static<T>[]>({ type: 'array', items: item, minItems: 1, description });
}

/** A value or null, where null takes an inherited setting back. */
export function orNull<T extends TSchema>(value: T, description: string): TUnsafe<Static<T> | null> {
  return Type.Unsafe<Static<T> | null>({ anyOf: [value, { type: 'null' }], description });
}

export function yesNo(description: string): TUnsafe<boolean> {
  return Type.Unsafe<boolean>({ type: 'boolean', description });
}

/** A whole number within bounds. */
export function whole(minimum: number, maximum: number, description: string): TUnsafe<number> {
  return Type.Unsafe<number>({ type: 'integer', minimum, maximum, description });
}

export const maybe = Type.Optional;

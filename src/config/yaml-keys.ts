/** What is asked of the keys of a YAML text, by both readers. */

/** Keys that mean something to JavaScript; no config needs them. */
export const RESERVED_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Deeper nesting is an attack or a mistake; the config needs seven. */
export const MAX_DEPTH = 40;

const CONSTANT = /^(?:~|null|true|false|)$/i;
const NUMBER = /^(?:0[ox][\da-f]+|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d+)?|[-+]?\.(?:inf|nan))$/i;
const PLAIN_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;

/** Whether a plain (unquoted) key becomes the very text it is written as: `4711` does, `00123` becomes 123. */
export function isWrittenAsRead(key: string): boolean {
  if (/^[A-Za-z]/.test(key)) return !CONSTANT.test(key);
  return !CONSTANT.test(key) && (!NUMBER.test(key) || PLAIN_INTEGER.test(key));
}

/** Text from outside, made safe to show: one line, no control characters, nothing that turns the reading direction around. */

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;
/** Direction overrides, embeddings, isolates and marks; zero-width space and byte order mark; the invisible "tag" characters. */
const INVISIBLE = /[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const LONE_SURROGATES = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const PLAIN = /^[\u0020-\u007e\u00a1-\u00ac\u00ae-\u05ff]*$/;

/** Customer text on one line, without control and direction characters. Joiners stay: scripts and emoji need them. */
export function clean(text: string): string {
  if (PLAIN.test(text)) return text.trim();
  return text.replace(LONE_SURROGATES, '\ufffd').replace(INVISIBLE, '').replace(CONTROLS, ' ').replace(/ {2,}/g, ' ').trim();
}

/** Cleaned text, or '' for null and undefined. */
export function cleanOr(text: string | null | undefined): string {
  return text === null || text === undefined ? '' : clean(text);
}

/** At most `length` characters, the last one an ellipsis where something was cut; never half a character. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const characters = Array.from(text);
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('').trimEnd()}…`;
}

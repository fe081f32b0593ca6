/** How text looks on a terminal: colours where wanted, widths of characters, nothing that could move the cursor. */

/** Where a text is going to be read. */
export interface Style {
  readonly color: boolean;
  /** Characters in a line; null off a terminal, where nothing is cut. */
  readonly columns: number | null;
}

export const PLAIN: Style = { color: false, columns: null };

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Look = keyof typeof CODES;

/** The text in a colour, or as it is. */
export function paint(style: Style, look: Look, text: string): string {
  return style.color && text !== '' ? `\u001b[${CODES[look]}m${text}\u001b[0m` : text;
}

/**
 * Text of others (names, descriptions, messages) in one line without control characters or direction overrides: a customer
 * called ESC [2J must not clear a screen, and nothing may read right to left what is written left to right.
 */
export function clean(text: string): string {
  return text
    .replace(/[\n\r\t\u2028\u2029]+/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, '\ufffd');
}

/** The same for text of several lines: line feeds stay. */
export function cleanLines(text: string): string {
  return text.split('\n').map(clean).join('\n');
}

/** Columns a text takes: wide East Asian signs take two, combining marks none, colours none. */
export function widthOf(text: string): number {
  const bare = text.includes('\u001b') ? text.replace(/\u001b\[\d+m/g, '') : text;
  if (/^[\u0020-\u007e]*$/.test(bare)) return bare.length;
  let width = 0;
  for (const sign of bare) width += /\p{M}|\u200b|\u200d/u.test(sign) ? 0 : WIDE.test(sign) ? 2 : 1;
  return width;
}

/** The wide blocks of UAX #11, as far as names of people and firms use them. */
const WIDE = new RegExp(
  String.raw`[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff`
  + String.raw`\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}`, 'u');

/** Cut to a width, with an ellipsis where something was lost. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let kept = '';
  let used = 0;
  for (const sign of text) {
    const next = widthOf(sign);
    if (used + next > width - 1) break;
    kept += sign;
    used += next;
  }
  return `${kept}…`;
}

/**
 * A tagged template for XML that escapes by default: text becomes character data, only another {@link Xml} is markup.
 * Made for documents written line by line: a line whose values are all absent is left out, nested markup is indented to its place.
 */

/** Markup that is ready; made only by {@link xml}. */
export class Xml {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  toString(): string {
    return this.#text;
  }
}

type Value = Xml | string | null | undefined | false | readonly (Xml | null | false)[];

/** What XML 1.0 (fifth edition, production 2) does not allow, plus lone surrogates; tab and line ends are made spaces before. */
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as character data or as the value of a quoted attribute. */
export function escapeXml(text: string): string {
  return text.replace(/[\t\n\r]+/g, ' ').replace(FORBIDDEN, '').replace(/[&<>"']/g, (c) => ESCAPES[c]!);
}

/** Builds markup. Strings are escaped; null, undefined, false, '' and empty lists take their line with them if nothing else is on it. */
export function xml(parts: TemplateStringsArray, ...values: readonly Value[]): Xml {
  let text = parts[0]!.replace(/^\n/, '');
  values.forEach((value, i) => {
    const next = parts[i + 1]!;
    const lineStart = text.lastIndexOf('\n') + 1;
    const before = text.slice(lineStart);
    const alone = /^\s*$/.test(before) && /^\s*(\n|$)/.test(next);
    const written = write(value, before);
    if (written === '' && alone) text = text.slice(0, Math.max(0, lineStart - 1)) + (lineStart === 0 ? next.replace(/^\s*\n/, '') : next);
    else text += written + next;
  });
  return new Xml(text.replace(/\s+$/, ''));
}

function write(value: Value, before: string): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'string') return escapeXml(value);
  const indent = /^\s*/.exec(before)![0];
  const list = Array.isArray(value) ? (value as readonly (Xml | null | false)[]) : [value as Xml];
  return list.map((each) => (each === null || each === false ? '' : each.toString())).filter((each) => each !== '')
    .map((each) => each.replaceAll('\n', `\n${indent}`)).join(`\n${indent}`);
}

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

/** What a text must have for {@link escapeXml} to change it. */
const TOUCHED = /[&<>"'\u0000-\u001f\u007f-\u009f\ud800-\udfff\ufffe\uffff]/;

/** Text as character data or as the value of a quoted attribute. */
export function escapeXml(text: string): string {
  if (!TOUCHED.test(text)) return text;
  return text.replace(/[\t\n\r]+/g, ' ').replace(FORBIDDEN, '').replace(/[&<>"']/g, (c) => ESCAPES[c]!);
}

/** A place for a value. `lead` is the line end and indent before one that has its line to itself, null for any other. */
interface Place {
  readonly lead: string | null;
  readonly indent: string;
}

interface Plan {
  readonly texts: readonly string[];
  readonly places: readonly Place[];
}

/** Templates are looked at once: a document has thousands of elements made from a dozen of them. */
const PLANS = new WeakMap<TemplateStringsArray, Plan>();

function planOf(parts: TemplateStringsArray): Plan {
  let plan = PLANS.get(parts);
  if (plan === undefined) {
    const texts = parts.map((part, i) => (i === 0 ? part.replace(/^\n/, '') : part));
    const places = texts.slice(0, -1).map((text, i): Place => {
      const before = /(?:^|\n)([ ]*)$/.exec(text);
      const alone = before !== null && (i === 0 || text.includes('\n')) && /^[ ]*(\n|$)/.test(texts[i + 1]!);
      if (alone) texts[i] = text.slice(0, before.index);
      return { lead: alone ? before[0] : null, indent: before?.[1] ?? '' };
    });
    texts[texts.length - 1] = texts.at(-1)!.trimEnd();
    plan = { texts, places };
    PLANS.set(parts, plan);
  }
  return plan;
}

/** Builds markup. Strings are escaped; null, undefined, false, '' and empty lists take their line with them if nothing else is on it. */
export function xml(parts: TemplateStringsArray, ...values: readonly Value[]): Xml {
  const { texts, places } = planOf(parts);
  let text = texts[0]!;
  places.forEach(({ lead, indent }, i) => {
    const written = write(values[i], indent);
    if (written !== '') text += lead === null ? written : lead + written;
    text += texts[i + 1]!;
  });
  return new Xml(text.startsWith('\n') ? text.slice(1) : text);
}

function write(value: Value, indent: string): string {
  if (value === null || value === undefined || value === false) return '';
  if (typeof value === 'string') return escapeXml(value);
  if (value instanceof Xml) return indented(value.toString(), indent);
  return value.map((each) => (each === null || each === false ? '' : indented(each.toString(), indent)))
    .filter((each) => each !== '').join(`\n${indent}`);
}

function indented(text: string, indent: string): string {
  return indent === '' ? text : text.replaceAll('\n', `\n${indent}`);
}

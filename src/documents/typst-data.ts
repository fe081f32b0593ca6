/** What `invoice.typ` is given: the view of an invoice as plain JSON. These names are the interface of custom PDF templates. */
import { invoiceView } from './view.js';
import type { InvoiceRecord } from './types.js';
import type { InvoiceView } from './view-types.js';

/** Names of the view that the PDF does not use. */
const LEFT_OUT = new Set(['mail_lines', 'more_lines', 'greeting', 'intro', 'questions', 'paper', 'labels']);
/** Pictures and their joiners: text fonts have none, and an invoice loses nothing without them. */
const PICTURES = /[\u{1f000}-\u{1faff}][\ufe0f\u200d]*|\ufe0f\u20e3?/gu;
/** A run without a place to break, too long for the column of descriptions. */
const LONG_RUN = /[^\s\u00a0\u200b-]{32,}/g;

/** The data of one PDF. All text is ready to show; `date` is the date of issue, as the date of the file. */
export interface PdfData extends Omit<InvoiceView, 'mail_lines' | 'more_lines' | 'greeting' | 'intro' | 'questions' | 'paper'> {
  readonly paper: 'a4' | 'us-letter';
  readonly region: string;
  readonly date: { readonly year: number; readonly month: number; readonly day: number };
  /** `data:` URI of an image, or ''. The template gets the path of a file instead. */
  readonly logo: string;
  /** Colours by name, `#rrggbb`; see `theme.json`. The template has its own for those that are missing. */
  readonly theme: Readonly<Record<string, string>>;
}

/** The data of a PDF. `logo` is the `data:` URI of an image, or null; `theme` as read from `theme.json`. */
export function pdfData(record: InvoiceRecord, logo: string | null = null, theme: Readonly<Record<string, string>> = {}): PdfData {
  const view = invoiceView(record);
  const members = Object.entries(view).filter(([name]) => !LEFT_OUT.has(name));
  const shown = Object.fromEntries(members.map(([name, value]) => [name, printable(value)]));
  const [year, month, day] = [record.issued_on.slice(0, 4), record.issued_on.slice(5, 7), record.issued_on.slice(8, 10)].map(Number);
  return {
    ...shown as unknown as Omit<PdfData, 'paper' | 'region' | 'date' | 'logo' | 'theme' | 'labels'>,
    labels: { ...view.labels },
    paper: view.paper === 'letter' ? 'us-letter' : 'a4', region: view.locale.slice(3), date: { year: year!, month: month!, day: day! },
    logo: logo ?? '', theme: { ...theme },
  };
}

function printable(value: unknown): unknown {
  if (typeof value === 'string') return printableText(value);
  if (Array.isArray(value)) return value.map(printable);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, printable(member)]));
}

/** Text without pictures; a very long word may break, at its punctuation if it has some. */
function printableText(text: string): string {
  const words = text.replace(PICTURES, '').replace(/ {2,}/g, ' ').trim();
  return words.replace(LONG_RUN, (run) => (
    run.replace(/([/_.,;:@=&?+])(?=.)/g, '$1\u200b').replace(/[^\u200b]{14}(?=[^\u200b])/gu, '$&\u200b')));
}

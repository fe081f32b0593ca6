/** The aligned blocks of the plain-text mail. Columns are counted in characters; no line is wider than {@link WIDTH}. */
import { bare } from './view.js';
import type { FactView, InvoiceView, LineView } from './view-types.js';

/** Columns of a plain-text mail: RFC 5322 2.1.1 asks for at most 78; with room for two levels of quoting. */
export const WIDTH = 72;
const INDENT = '  ';

/** What `mail.text.hbs` can put in; each a block of lines without a line end at its end. */
export interface TextBlocks {
  readonly facts: string;
  readonly lines: string;
  readonly totals: string;
  /** '' where there is no bank to pay to. */
  readonly payment: string;
  /** The seller's imprint under the signature mark. */
  readonly imprint: string;
}

/** Lays out a view as text. */
export function textBlocks(view: InvoiceView): TextBlocks {
  const labels = view.labels;
  const lines = view.mail_lines.map(lineText);
  if (view.more_lines !== '') lines.push(...wrap(view.more_lines, WIDTH));
  const rule = '-'.repeat(WIDTH);
  const totals = [
    row(labels.net, view.net),
    ...view.taxes.map((tax) => row(`${tax.label} ${tax.on_net}`, tax.tax)),
    row(labels.total, view.total),
    ...(view.accounted_tax === null ? [] : [row(`${view.accounted_tax.label} ${view.accounted_tax.rate}`, view.accounted_tax.tax)]),
  ];
  return bare({
    facts: table(view.facts), lines: `${row(labels.description, labels.amount)}\n${rule}\n${lines.join('\n')}\n${rule}`,
    totals: totals.join('\n'), payment: table(view.payment.rows), imprint: `-- \n${imprint(view)}`,
  });
}

function imprint({ seller, labels }: InvoiceView): string {
  const ids = [['', seller.tax_id, labels.tax_id], ['', seller.registration, labels.registration]] as const;
  const parts = ids.filter(([, value]) => value !== '').map(([, value, label]) => `${label}: ${value}`);
  const contact = [seller.email, seller.phone, seller.website].filter((part) => part !== '');
  const rows = [seller.address_line, parts.join(' · '), contact.join(' · ')];
  return rows.flatMap((line) => wrap(line, WIDTH)).filter((line) => line !== '').join('\n');
}

function lineText(line: LineView): string {
  const room = WIDTH - width(line.amount) - 2;
  const words = wrap(line.description, Math.max(room, 20));
  const head = row(words[0] ?? '', line.amount);
  const rest = words.slice(1);
  const small = line.small === '' ? [] : wrap(line.small, WIDTH - INDENT.length).map((text) => INDENT + text);
  return [head, ...rest, ...small].join('\n');
}

/** `left` and `right` at the two edges; a left side that is too long keeps its text and pushes the right one down. */
function row(left: string, right: string): string {
  const gap = WIDTH - width(left) - width(right);
  if (gap >= 2) return left + ' '.repeat(gap) + right;
  return `${wrap(left, WIDTH).join('\n')}\n${' '.repeat(Math.max(0, WIDTH - width(right)))}${right}`;
}

/** Two columns; a long value goes on below itself. */
export function table(rows: readonly FactView[]): string {
  const column = Math.max(0, ...rows.map((r) => width(r.label))) + 2;
  const next = `\n${' '.repeat(column)}`;
  return rows.map((r) => r.label + ' '.repeat(column - width(r.label)) + wrap(r.value, WIDTH - column).join(next)).join('\n');
}

/** Words in lines of at most `room` characters. */
export function wrap(text: string, room: number): string[] {
  if (width(text) <= room) return [text];
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((w) => chunks(w, room))) {
    if (line === '') line = word;
    else if (width(line) + 1 + width(word) <= room) line += ` ${word}`;
    else {
      lines.push(line);
      line = word;
    }
  }
  return line === '' ? lines : [...lines, line];
}

function chunks(word: string, room: number): string[] {
  if (width(word) <= room) return [word];
  const characters = Array.from(word);
  const parts: string[] = [];
  for (let i = 0; i < characters.length; i += room) parts.push(characters.slice(i, i + room).join(''));
  return parts;
}

/** Characters, not UTF-16 units. */
function width(text: string): number {
  let n = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff) n -= 1;
  }
  return n;
}

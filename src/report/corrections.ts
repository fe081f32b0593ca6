/** Corrections by hand as text for a terminal. */
import type { CancelResult, CreditResult, InvoiceName } from '../run/results-corrections.js';
import { accountedText } from './invoice.js';
import { clean, paint } from './style.js';
import type { Style } from './style.js';
import { left, right, table } from './table.js';
import { count, headText, instantText } from './words.js';

/** "Invoice INV-1 of Acme over 119.00 EUR, dated 2026-05-01". */
function nameText({ kind, number, customer_name, total, currency, issued_on }: InvoiceName): string {
  const what = kind === 'credit_note' ? 'Credit note' : 'Invoice';
  return `${what} ${number} of ${clean(customer_name)} over ${total} ${currency}, dated ${issued_on}`;
}

function factsText(facts: readonly (readonly [name: string, value: string | null])[]): string[] {
  return facts.filter(([, value]) => value !== null).map(([name, value]) => `  ${name.padEnd(10)} ${value!}`);
}

/** What was cancelled, and what happens next. */
export function cancelText(result: CancelResult, style: Style): string[] {
  const { invoice, dry_run, messages_cancelled: messages, free_bookings, free_lines } = result;
  const free = [
    ...(free_bookings > 0 ? [count(free_bookings, 'booking')] : []), ...(free_lines > 0 ? [count(free_lines, 'other line')] : []),
  ].join(' and ');
  const next = invoice.kind === 'credit_note' ? 'What it credited counts again as it was invoiced.'
    : free === '' ? 'Nothing was on it that could be billed again.'
      : `${free} ${dry_run ? 'would be' : 'are'} free to be billed again; see \`duebook preview\`.`;
  return [
    `${paint(style, 'bold', `${nameText(invoice)}, ${dry_run ? 'would be cancelled' : 'is cancelled'}`)} · ledger ${headText(result.head)}`,
    ...factsText([
      ['reason', clean(result.reason)], ['by', result.by === null ? null : clean(result.by)], ['batch', invoice.batch_id],
      ['mail', messages === 0 ? 'none was waiting' : `${count(messages, 'message')} will not be sent`],
    ]),
    '', next, ...(dry_run ? ['', 'Nothing was changed.'] : []),
  ];
}

/** The credit note as a table, and what is left of the invoice. */
export function creditText(result: CreditResult, style: Style): string[] {
  const { credit_note: note, corrects, dry_run } = result;
  const title = note.number === null ? 'Credit note (not committed)' : `Credit note ${note.number}`;
  const rows = note.lines.map((line) => [
    line.corrects_line_no === null ? '' : String(line.corrects_line_no), clean(line.description), line.quantity, line.tax_id, line.amount,
  ]);
  const sums = [
    ['', 'Net', '', '', note.net], ...note.taxes.map((tax) => ['', `Tax on ${tax.net}`, '', tax.tax_id, tax.tax]),
    ['', `Total ${corrects.currency}`, '', '', note.total],
    ...(note.accounted_tax === null ? [] : [['', accountedText(note.accounted_tax), '', '', note.accounted_tax.tax]]),
  ];
  const mail = result.messages_queued === 0 ? 'none' : result.send_due_at === null ? 'waits for `duebook send`'
    : `due at ${instantText(result.send_due_at)}`;
  const again = result.reissue ? ['What it credits is free to be billed again; see `duebook preview`.'] : [];
  return [
    `${paint(style, 'bold', title)} · ledger ${headText(result.head)}`,
    ...factsText([
      ['for', nameText(corrects)], ['reason', clean(result.reason)], ['by', result.by === null ? null : clean(result.by)],
      ['issued on', note.issued_on], ['mail', mail],
    ]),
    '', ...table([right('Line'), left('Description', 20), right('Quantity'), left('Tax'), right(`Amount ${corrects.currency}`)],
      [...rows, null, ...sums], style, '  '),
    '', `Left of ${corrects.number}: ${result.left.total} ${corrects.currency} (net ${result.left.net}, tax ${result.left.tax})`, ...again,
    ...(dry_run ? ['', `Nothing was changed. To do exactly this: without --dry-run, with --expect ${result.digest.slice(0, 12)}`] : []),
  ];
}

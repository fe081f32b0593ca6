/** Corrections by hand as text for a terminal. */
import type { CancelResult, InvoiceName } from '../run/results-corrections.js';
import { clean, paint } from './style.js';
import type { Style } from './style.js';
import { count, headText } from './words.js';

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

/** What is kept of people, and what was forgotten, as text for a terminal. */
import type { ForgetResult, RetentionResult } from '../run/results-privacy.js';
import { clean, paint } from './style.js';
import type { Style } from './style.js';
import { left, right, table } from './table.js';
import { count, headText } from './words.js';

const OUT_OF_REACH = 'Not reached: mails that were sent, exports, backups of ledger and keys, the bookings, and the configuration in git.';

export function forgetText(result: ForgetResult, style: Style): string[] {
  const { customer_id, dry_run, committed, key_removed, invoices, messages_cancelled, files, removed } = result;
  const what = dry_run ? (committed ? 'would be forgotten' : 'is forgotten; what is left would be done') : 'is forgotten';
  return [
    `${paint(style, 'bold', `Customer ${clean(customer_id)} ${what}`)} · ledger ${headText(result.head)}`,
    `  reason     ${clean(result.reason)}`,
    `  key        ${key_removed ? (dry_run ? 'would be removed' : 'removed') : 'was removed before'}`,
    `  documents  ${count(invoices, 'document')} keep numbers and amounts`,
    ...(messages_cancelled === 0 ? [] : [`  mail       ${count(messages_cancelled, 'message')} will not be sent`]),
    ...(files.length === 0 ? [] : [`  pages      ${count(files.length, 'file')} made again without the name`]),
    ...(removed.length === 0 ? [] : [`  removed    ${count(removed.length, 'mail file')}`]),
    '', OUT_OF_REACH, ...(dry_run ? ['', 'Nothing was changed.'] : []),
  ];
}

const STATES: Readonly<Record<RetentionResult['customers'][number]['state'], string>> = {
  may_be_forgotten: 'may be forgotten', kept: 'has to be kept', configured: 'may be forgotten once it is out of the configuration',
  in_the_open: 'cannot be forgotten: data from before privacy.keys', forgotten: 'forgotten',
};

export function retentionText(result: RetentionResult, style: Style): string[] {
  const { years, keys, books_until, customers } = result;
  const rows = customers.map((each) => [
    clean(each.customer_id), String(each.invoices), each.last_issued_on, each.keep_until, STATES[each.state],
  ]);
  const columns = [left('Customer'), right('Documents'), left('Newest'), left('Keep until'), left('State')];
  return [
    `Invoices are kept ${years.invoices} years, books ${years.books} years, from the end of their year.`,
    ...(books_until === null ? [] : [`The ledger as a whole has to be kept until ${books_until}.`]),
    ...(keys ? [] : ['Nothing is encrypted (`privacy.keys`), so nobody can be forgotten.']),
    ...(rows.length === 0 ? ['No customer has documents yet.'] : ['', ...table(columns, rows, style)]),
  ];
}

/** What changed since an earlier preview, as text for a terminal: invoices with their difference, and below each what moved it. */
import {
  amounts, changeCounts, changeRows, fieldText, isUnchanged, LINES_SHOWN, LINES_UNKNOWN, markOf, whyText,
} from '../documents/changes.js';
import type { BatchChanges, InvoiceChange, Mark } from '../documents/changes.js';
import { clean, paint } from './style.js';
import type { Look, Style } from './style.js';
import { left, right, table } from './table.js';
import { instantText } from './words.js';

/** Invoices shown before the rest is only counted. */
const SHOWN = 50;

const LOOKS: Readonly<Record<Mark, Look>> = { '+': 'green', '-': 'red', '~': 'yellow' };

/** Lines of text; amounts of invoices are with tax, those of lines without, and the tax has a row of its own. */
export function changesText(changes: BatchChanges, style: Style): string[] {
  const title = paint(style, 'bold', `Changes of batch ${changes.batch_id}`);
  const since = `since ${changes.since.digest.slice(0, 12)}, as of ${instantText(changes.since.as_of)}`;
  if (isUnchanged(changes)) return [`${title} ${since}`, '  Nothing has changed: it is the same version.'];
  const totals = changes.totals.map(({ currency, invoices_before, invoices_after, total }) => [
    currency, invoices_before === invoices_after ? String(invoices_after) : `${invoices_before} → ${invoices_after}`,
    ...Object.values(amounts(total)),
  ]);
  const rest = changes.invoices.length - SHOWN;
  const columns = [
    left(''), left('Customer, lines without tax', 24), right('Before'), right('Now'), right('Difference'), left(''), left('Why', 20),
  ];
  return [
    `${title} ${since}`, `  invoices: ${changeCounts(changes)}`, '',
    ...table([left('Total'), right('Invoices'), right('Before'), right('Now'), right('Difference')], totals, style, '  '),
    ...(changes.lines_known ? [] : [`  ${LINES_UNKNOWN}`]),
    ...changes.issuer.map((field) => `  on all invoices: ${clean(fieldText(field))}`), '',
    ...table(columns, changes.invoices.slice(0, SHOWN).flatMap((invoice) => invoiceRows(invoice, style)), style, '  '),
    ...(rest > 0 ? [`  … and ${rest} more; --json has all of them`] : []),
  ];
}

function invoiceRows(invoice: InvoiceChange, style: Style): string[][] {
  const { before, after, difference } = amounts(invoice.total);
  const why = invoice.change === 'changed' ? '' : [invoice.change, whyText(invoice)].filter((each) => each !== '').join(', ');
  // Marks have a column of their own: a cell that may be cut on a narrow terminal has no colours.
  const mark = (of: Mark | ''): string => (of === '' ? '' : paint(style, LOOKS[of], of));
  return [
    [mark(markOf(invoice.change)), `${clean(invoice.customer_name)} (${clean(invoice.customer_id)})`, before, after,
      paint(style, 'bold', difference), invoice.currency, clean(why)],
    ...changeRows(invoice, LINES_SHOWN).map((row) => [
      `  ${mark(row.mark)}`, clean(row.what), row.before, row.after, row.difference, '', clean(row.why),
    ]),
  ];
}

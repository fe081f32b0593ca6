/** One invoice as text. */
import type { AccountedTaxRecord, InvoiceRecord, OriginalRecord } from '../documents/types.js';
import { unitText } from '../documents/units.js';
import { clean, paint } from './style.js';
import type { Style } from './style.js';
import { left, right, table } from './table.js';
import { periodText } from './words.js';

/** The invoice as it would be read aloud: parties, dates, lines, taxes, total. */
export function invoiceText(record: InvoiceRecord, style: Style): string {
  const { buyer, seller, currency } = record;
  const title = record.kind === 'credit_note' ? 'Credit note' : 'Invoice';
  const lines = record.lines.flatMap((line) => [[
    String(line.line_no), clean(line.description),
    `${line.quantity} ${unitText({ language: 'en' }, clean(line.unit ?? ''), line.quantity)}`.trimEnd(),
    line.unit_price ?? '', line.tax_id, line.amount,
  ], ...(line.original === null ? [] : [['', `  ${originalText(line.original)}`, '', '', '', '']])]);
  const sums = [
    ['', 'Net', '', '', '', record.net],
    ...record.taxes.map((tax) => ['', `${clean(tax.name)} on ${tax.net}`, '', '', '', tax.tax]),
    ['', `Total ${currency}`, '', '', '', record.total],
    ...(record.accounted_tax === null ? [] : [['', accountedText(record.accounted_tax), '', '', '', record.accounted_tax.tax]]),
  ];
  const facts: [string, string | null][] = [
    ['from', clean(seller.name)], ['to', `${clean(buyer.name)} (${clean(buyer.customer_id)})`], ['issued on', record.issued_on],
    ['due on', record.due_on], ['period', periodText(record.period_start, record.period_end)], ['batch', record.batch_id],
    ['order', buyer.purchase_order === null ? null : clean(buyer.purchase_order)], ['id', record.invoice_id],
  ];
  return [
    `${paint(style, 'bold', `${title} ${record.number ?? '(draft)'}`)} · ${record.status}`,
    ...facts.filter(([, value]) => value !== null).map(([name, value]) => `  ${name.padEnd(10)} ${value}`), '',
    ...table([
      right('#'), left('Description', 20), right('Quantity'), right('Price'), left('Tax'), right(`Amount ${currency}`),
    ], [...lines, null, ...sums], style, '  '),
  ].join('\n').concat('\n');
}

/** "Tax in EUR × 0.9200 (ECB, 2026-04-30)". */
export function accountedText(told: AccountedTaxRecord): string {
  return `Tax in ${told.currency} ${rateText(told)}`;
}

/** "237.50 EUR × 1.0870 (ECB, 2026-04-01)". */
function originalText(original: OriginalRecord): string {
  return `${original.amount} ${original.currency} ${rateText(original)}`;
}

function rateText({ rate, source, on }: Pick<OriginalRecord, 'rate' | 'source' | 'on'>): string {
  return `× ${rate} (${clean(source)}, ${on})`;
}

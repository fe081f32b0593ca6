/** A batch as Markdown, for pull requests and job summaries: totals first, then what needs a look, then the invoices. */
import { clean } from './clean.js';
import { kindText } from './kinds.js';
import { periodEnds } from './locale.js';
import type { BatchPage } from './batch.js';

/** Invoices listed before the rest is only counted: a summary is read, the files are searched. */
const LISTED = 200;

/** Text as it may stand in a table cell: no markup, no links (GitHub also makes some of bare addresses), no mentions. */
export function markdownText(text: string): string {
  return clean(text).replace(/[\\`*_{}[\]()#+!|<>~]/g, '\\$&').replace(/@/g, '&#64;')
    .replace(/:\/\//g, ':/\\/').replace(/\bwww\./gi, (w) => `${w.slice(0, 3)}\\.`);
}

/** Markdown of a batch. Amounts stay plain decimals with the currency code, so that they can be compared and pasted. */
export function batchMarkdown(page: BatchPage): string {
  const lines: string[] = [`# Batch ${markdownText(page.batch_id)}`, ''];
  const partner = page.partner_name === null ? '' : `, ${markdownText(page.partner_name)}`;
  lines.push(`Billing date ${page.billing_date}${partner}.${page.digest === null ? '' : ` As of ${page.as_of}.`}`);
  if (page.digest === null) lines.push(`Confirmed at ${page.as_of}.`);
  else lines.push(page.confirm_due_at === null ? 'Nothing is confirmed by itself.' : `Confirmed by itself at ${page.confirm_due_at}.`);
  if (page.digest !== null) lines.push('', `Digest \`${page.digest}\``);
  if (page.anchor !== null) lines.push('', `Committed by serial ${page.anchor.split(':')[0]!}, anchor \`${page.anchor}\``);
  lines.push('', '| Currency | Invoices | Net | Tax | Total |', '|---|---:|---:|---:|---:|');
  for (const t of page.totals) lines.push(`| ${t.currency} | ${t.invoices} | ${t.net} | ${t.tax} | ${t.total} |`);
  for (const { currency, parts } of page.consists) {
    lines.push('', `| ${currency} | Lines | Net |`, '|---|---:|---:|');
    for (const part of parts) lines.push(`| ${kindText(part.kind)} | ${part.lines} | ${part.amount} |`);
  }
  if (page.parked.length > 0) {
    lines.push('', '## Parked customers', '', '| Customer | Why |', '|---|---|');
    for (const p of page.parked) lines.push(`| ${markdownText(p.name)} | ${markdownText(p.reason)} |`);
  }
  if (page.warnings.length > 0) {
    lines.push('', '## Warnings', '');
    for (const w of page.warnings) {
      const place = w.at === undefined ? '' : ` (${markdownText(w.at.file)})`;
      lines.push(`- ${w.code}: ${markdownText(w.message)}${place}`);
    }
  }
  lines.push('', '## Invoices', '', '| Number | Customer | Period | Lines | Net | Tax | Total |', '|---|---|---|---:|---:|---:|---:|');
  for (const i of page.invoices.slice(0, LISTED)) {
    const [first, last] = periodEnds(i.period_start, i.period_end);
    const period = first === last ? first : `${first} to ${last}`;
    const number = i.number === null ? 'preview' : i.status === 'void' ? `${i.number} (cancelled)` : i.number;
    const cells = [
      number, markdownText(i.customer_name), period, String(i.lines), i.net, i.tax, `${i.total} ${i.currency}`,
    ];
    lines.push(`| ${cells.join(' | ')} |`);
  }
  if (page.invoices.length > LISTED) lines.push('', `and ${page.invoices.length - LISTED} more in invoices.csv.`);
  return `${lines.join('\n')}\n`;
}

/** Results as Markdown: job summaries and the files in the output folder. Totals first, so that cutting loses the least. */
import { changesMarkdown } from '../documents/changes.js';
import type {
  HeadResult, OpenBatch, ParkedCustomer, PreviewBatch, PreviewResult, RunResult, SendTally, StatusResult, VerifyResult,
} from '../run/results.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { conservationMarkdown } from './conservation.js';
import { countText, diagnosticsMarkdown } from './diagnostics.js';
import { markdownTable, markdownText } from './escape.js';
import {
  anchorOf, completenessText, confirmText, count, headText, instantText, invoicesOf, numbersText, periodText, totalsText,
} from './words.js';

/** Parts in order of importance; each ends with a line feed. */
export type Sections = readonly string[];

/** A preview or a run as one Markdown text. */
export function summaryMarkdown(result: PreviewResult | RunResult): string {
  const sections = 'batches' in result ? previewSections(result) : runSections(result);
  return [...sections, ...findings(result.diagnostics)].join('\n');
}

/** What a job summary shows of any result; only findings where the result is none that is summarised, or was not reached (null). */
export function resultSections(name: string, result: object | null, found: readonly Diagnostic[]): Sections {
  if (result === null) return [`## duebook ${name} failed\n`, ...findings(found)];
  if (name === 'preview') return [...previewSections(result as PreviewResult), ...findings(found)];
  if (['run', 'confirm', 'invoice', 'send'].includes(name)) return [...runSections(result as RunResult), ...findings(found)];
  if (name === 'status') {
    const { open, parked, head } = result as StatusResult;
    return [...openSections(open), ...parkedSections(parked), `${ledgerText(head)}.\n`, ...findings(found)];
  }
  if (name === 'verify') {
    const { ok, head } = result as VerifyResult;
    return [`## The ledger is ${ok ? 'proved' : 'NOT whole'}\n\n${ledgerText(head)}.\n`, ...findings(found)];
  }
  return found.length === 0 ? [] : [`## duebook ${name}\n`, ...findings(found)];
}

/** Where the ledger stands, with what proves it later. */
function ledgerText(head: HeadResult): string {
  const anchor = anchorOf(head);
  return `Ledger: ${headText(head)}${anchor === null ? '' : `, anchor \`${anchor}\``}`;
}

/** The sections that fit into a number of bytes, with a word where some do not. */
export function fit(sections: Sections, bytes: number): string {
  const note = '\n_More did not fit; the log and the files have all of it._\n';
  const room = bytes - Buffer.byteLength(note);
  let text = '';
  let used = 0;
  for (const [i, section] of sections.entries()) {
    const next = `${i === 0 ? '' : '\n'}${section}`;
    const size = Buffer.byteLength(next);
    if (used + size > (i === sections.length - 1 ? bytes : room)) return room < 0 ? '' : text + note;
    text += next;
    used += size;
  }
  return text;
}

function previewSections(result: PreviewResult): Sections {
  const { batches } = result;
  const parked = batches.flatMap((batch) => batch.invoices.filter((invoice) => invoice.parked !== null).map((invoice): ParkedCustomer => ({
    customer_id: invoice.customer_id, customer_name: invoice.customer_name, batch_id: batch.batch_id, invoice_id: invoice.invoice_id,
    currency: invoice.currency, total: invoice.total, reason: invoice.parked ?? '',
  })));
  return [
    `## Preview as of ${instantText(result.as_of)}\n`,
    ...openSections(batches), ...parkedSections(parked), ...(result.changes === null ? [] : changesMarkdown(result.changes, '###')),
    `${completenessText(result.completeness)}. ${ledgerText(result.head)}.\n`, ...conservationMarkdown(result.conservation),
    ...batches.flatMap((batch) => invoiceSections(batch)),
  ];
}

/** Invoices of a batch in tables of a few hundred, so that a summary can be cut between them. */
function invoiceSections(batch: PreviewBatch): Sections {
  const size = 200;
  const sections: string[] = [];
  for (let i = 0; i < batch.invoices.length; i += size) {
    const some = batch.invoices.slice(i, i + size);
    const rows = some.map((invoice) => [
      `${markdownText(invoice.customer_name)} (${markdownText(invoice.customer_id)})`, periodText(invoice.period_start, invoice.period_end),
      String(invoice.lines.length), invoice.net, invoice.tax, `${invoice.total} ${invoice.currency}`,
      invoice.parked === null ? '' : 'parked',
    ]);
    const title = `### Batch ${markdownText(batch.batch_id)}${i === 0 ? '' : `, from invoice ${i + 1}`}\n\n`;
    sections.push(title + markdownTable(['Customer', 'Period', 'Lines', 'Net', 'Tax', 'Total', ''], rows, [2, 3, 4, 5]));
  }
  return sections;
}

function runSections(result: RunResult): Sections {
  const name = { run: 'Run', confirm: 'Confirmation', invoice: 'Invoice on demand', send: 'Sending' }[result.command];
  const confirmed = result.confirmed.map((batch) => [
    markdownText(batch.batch_id), markdownText(numbersText(batch.numbers)),
    String(invoicesOf(batch.totals)), totalsText(batch.totals), `${instantText(batch.confirmed_at)} ${batch.confirmed_by}`,
  ]);
  const { sent, failed, uncertain, problems } = result.messages;
  return [
    `## ${name} as of ${instantText(result.as_of)}\n\n${confirmed.length === 0 ? 'Nothing was confirmed.\n'
      : markdownTable(['Confirmed', 'Numbers', 'Invoices', 'Total', 'At'], confirmed, [2, 3])}`,
    ...(sent + failed + uncertain === 0 ? [] : [`Mail: ${sent} sent, ${failed} failed, ${uncertain} uncertain.\n`]),
    ...problemSections(problems), ...parkedSections(result.parked), ...openSections(result.open),
    `${result.completeness === null ? '' : `${completenessText(result.completeness, true)}. `}${ledgerText(result.head)}.\n`,
    ...(result.conservation === null ? [] : conservationMarkdown(result.conservation, true)),
  ];
}

function problemSections(problems: SendTally['problems']): Sections {
  if (problems.length === 0) return [];
  const rows = problems.slice(0, 100).map((each) => [markdownText(each.invoice_id ?? each.kind), each.status, markdownText(each.error)]);
  const more = problems.length > 100 ? `\nand ${problems.length - 100} more\n` : '';
  return [`### Mail that did not arrive\n\n${markdownTable(['Invoice', 'Outcome', 'Why'], rows)}${more}`];
}

function parkedSections(parked: readonly ParkedCustomer[]): Sections {
  if (parked.length === 0) return [];
  const rows = parked.slice(0, 100).map((each) => [
    `${markdownText(each.customer_name)} (${markdownText(each.customer_id)})`, markdownText(each.batch_id),
    `${each.total} ${each.currency}`, markdownText(each.reason),
  ]);
  const more = parked.length > 100 ? `\nand ${parked.length - 100} more\n` : '';
  return [`### ${count(parked.length, 'customer')} parked\n\n${markdownTable(['Customer', 'Batch', 'Total', 'Why'], rows, [2])}${more}`];
}

function openSections(open: readonly OpenBatch[]): Sections {
  if (open.length === 0) return ['No batch is open.\n'];
  const rows = open.map((batch) => [
    markdownText(batch.batch_id), batch.partner_id === null ? '' : markdownText(batch.partner_id), String(invoicesOf(batch.totals)),
    totalsText(batch.totals), confirmText(batch), `\`${batch.digest}\``,
  ]);
  return [`### Open batches\n\n${markdownTable(['Batch', 'Partner', 'Invoices', 'Total', 'Confirmed', 'Digest'], rows, [2, 3])}`];
}

function findings(found: readonly Diagnostic[]): Sections {
  if (found.length === 0) return [];
  const size = 100;
  const sections = [`### ${countText(found)}\n\n${diagnosticsMarkdown(found.slice(0, size))}`];
  for (let i = size; i < found.length; i += size) sections.push(diagnosticsMarkdown(found.slice(i, i + size)));
  return sections;
}

/** Results as text for a terminal, in plain words for people in finance. */
import type {
  ConfirmedBatch, DoctorResult, ExportResult, HeadResult, HistoryResult, InitResult, LedgerResult, OpenBatch, ParkedCustomer,
  PreviewBatch, PreviewResult, RunResult, SendTally, StatusResult, ValidateResult, VerifyResult, CalendarResult,
} from '../run/results.js';
import { changesText } from './changes.js';
import { conservationText } from './conservation.js';
import { cancelText, creditText } from './corrections.js';
import { forgetText, retentionText } from './privacy.js';
import { calendarText } from './month.js';
import { queryTable } from './query.js';
import type { QueryTable } from './query.js';
import { clean, paint } from './style.js';
import type { Style } from './style.js';
import { left, right, table } from './table.js';
import {
  anchorOf, completenessText, confirmText, count, headText, instantText, invoicesOf, numbersText, periodText, reasonText, totalsText,
} from './words.js';

/** Rows of a list shown before the rest is only counted; `--json` and the files in the output folder have all. */
const SHOWN = 50;

/** How a batch came to be confirmed. */
const CONFIRMED_BY = { auto: 'by itself', manual: 'by hand', approval: 'by approval', on_demand: 'on demand' } as const;

const TEXTS: Readonly<Record<string, (result: never, style: Style) => string[]>> = {
  preview: previewText, run: runText, confirm: runText, invoice: runText, send: runText, status: statusText, validate: validateText,
  verify: verifyText, doctor: doctorText, export: exportText, history: historyText, ledger: ledgerText, init: initText,
  calendar: (result: CalendarResult, style: Style) => calendarText(result, style),
  cancel: cancelText, credit: creditText, forget: forgetText, retention: retentionText,
  query: (result: QueryTable, style: Style) => queryTable(result, style),
};

/** The text of a result, by the name of its schema. Ends with a line feed. */
export function resultText(name: string, result: object, style: Style): string {
  const tell = TEXTS[name];
  if (tell === undefined) throw new Error(`no text for ${name}`);
  return `${tell(result as never, style).join('\n')}\n`;
}

function previewText(result: PreviewResult, style: Style): string[] {
  const head = `${paint(style, 'bold', `Preview as of ${instantText(result.as_of)}`)} · ledger ${headText(result.head)}`;
  const changed = result.changes === null ? [] : [...changesText(result.changes, style), ''];
  if (result.batches.length === 0) {
    const nothing = 'Nothing is open: no billing date is due yet.';
    const told = [
      completenessText(result.completeness), ...unbilledText(result, style), ...conservationText(result.conservation, style),
      ...filesText(result.files),
    ];
    return [head, '', nothing, '', ...changed, ...told];
  }
  return [
    head, '', ...result.batches.flatMap((batch) => [...batchText(batch, style), '']), ...changed,
    completenessText(result.completeness), ...unbilledText(result, style), ...conservationText(result.conservation, style),
    ...filesText(result.files), '',
    ...result.batches.slice(0, 3).map((batch) => `To confirm: duebook confirm ${batch.batch_id} --expect ${batch.digest}`),
  ];
}

function batchText(batch: PreviewBatch, style: Style): string[] {
  const partner = batch.partner_id === null ? '' : ` · partner ${clean(batch.partner_id)}`;
  const sent = batch.send_due_at === null ? 'not sent by itself' : `sent from ${instantText(batch.send_due_at)}`;
  const rows = batch.invoices.slice(0, SHOWN).map((invoice) => [
    clean(invoice.customer_name), periodText(invoice.period_start, invoice.period_end), String(invoice.lines.length),
    invoice.net, invoice.tax, invoice.total, invoice.currency, invoice.parked === null ? '' : `parked: ${clean(invoice.parked)}`,
  ]);
  const totals = batch.totals.map((each) => [count(each.invoices, 'invoice'), '', '', each.net, each.tax, each.total, each.currency, '']);
  const unlisted = invoicesOf(batch.totals) - rows.length;
  const more = unlisted > 0 ? [`  … and ${unlisted} more; the files and --json have all of them`] : [];
  return [
    `${paint(style, 'bold', `Batch ${batch.batch_id}`)} · billing date ${batch.billing_date}${partner}`,
    `  confirmed ${confirmText(batch)} · ${sent}`, '',
    ...table([left('Customer', 16), left('Period'), right('Lines'), right('Net'), right('Tax'), right('Total'), left(''), left('', 10)],
      [...rows, null, ...totals], style, '  '),
    ...more,
  ];
}

/** Bookings that are on no invoice, and why. */
function unbilledText(result: { readonly completeness: PreviewResult['completeness'] }, style: Style): string[] {
  const rows = result.completeness.detail.filter(({ bucket }) => bucket !== 'billed' && bucket !== 'already_billed').map((each) => [
    each.bucket.replaceAll('_', ' '), clean(reasonText(each.reason)), String(each.bookings), each.amount ?? '', each.currency ?? '',
  ]);
  if (rows.length === 0) return [];
  return ['', ...table([left('Not billed'), left('Why', 20), right('Bookings'), right('Amount'), left('')], rows, style, '  ')];
}

function runText(result: RunResult, style: Style): string[] {
  const name = { run: 'Run', confirm: 'Confirmation', invoice: 'Invoice on demand', send: 'Sending' }[result.command];
  const lines = [`${paint(style, 'bold', `${name} as of ${instantText(result.as_of)}`)} · ledger ${headText(result.head)}`, ''];
  if (result.confirmed.length > 0) lines.push(...confirmedText(result.confirmed, style), '');
  else if (result.command !== 'send') lines.push('Nothing was confirmed.', '');
  const { sent, failed, uncertain, problems } = result.messages;
  if (sent + failed + uncertain > 0) {
    lines.push(`Mail: ${sent} sent, ${failed} failed, ${uncertain} uncertain`, ...problemsText(problems, style), '');
  } else if (result.command === 'send') lines.push('Nothing was due to be sent.', '');
  lines.push(...parkedText(result.parked, style), ...openText(result.open, style));
  const { completeness, conservation } = result;
  if (completeness !== null) lines.push(completenessText(completeness, true), ...unbilledText({ completeness }, style));
  if (conservation !== null) lines.push(...conservationText(conservation, style, true));
  lines.push(...filesText(result.files));
  while (lines.at(-1) === '') lines.pop();
  return [...lines, ...anchorText(result.head)];
}

/** What to keep outside, so that nobody can change the past unseen. */
function anchorText(head: HeadResult): string[] {
  const anchor = anchorOf(head);
  return anchor === null ? [] : ['', `Anchor ${anchor}`];
}

function confirmedText(batches: readonly ConfirmedBatch[], style: Style): string[] {
  const rows = batches.flatMap((batch) => {
    const numbers = numbersText(batch.numbers);
    return batch.totals.map((total, i) => [
      i === 0 ? batch.batch_id : '', i === 0 ? clean(numbers) : '', String(total.invoices), total.total, total.currency,
      i === 0 ? `${instantText(batch.confirmed_at)}, ${CONFIRMED_BY[batch.confirmed_by]}` : '',
    ]);
  });
  const columns = [left('Confirmed'), left('Numbers', 14), right('Invoices'), right('Total'), left(''), left('Confirmed at')];
  return table(columns, rows, style);
}

function problemsText(problems: SendTally['problems'], style: Style): string[] {
  if (problems.length === 0) return [];
  const rows = problems.slice(0, SHOWN).map((each) => [
    clean(each.invoice_id ?? each.kind), clean(each.recipient), each.status, clean(each.error),
  ]);
  const more = problems.length > SHOWN ? [`  … and ${problems.length - SHOWN} more`] : [];
  return [...table([left('About'), left('To', 12), left('Outcome'), left('Why', 20)], rows, style, '  '), ...more];
}

function parkedText(parked: readonly ParkedCustomer[], style: Style): string[] {
  if (parked.length === 0) return [];
  const rows = parked.slice(0, SHOWN).map((each) => [
    clean(each.customer_name), clean(each.customer_id), each.batch_id, each.total, each.currency, clean(each.reason),
  ]);
  const more = parked.length > SHOWN ? [`  … and ${parked.length - SHOWN} more`] : [];
  return [
    `${paint(style, 'yellow', `${count(parked.length, 'customer')} parked`)}: look at the invoice; if it is right, an override releases it`,
    ...table([left('Customer', 14), left('Id'), left('Batch'), right('Total'), left(''), left('Why', 20)], rows, style, '  '),
    ...more, '',
  ];
}

function openText(open: readonly OpenBatch[], style: Style): string[] {
  if (open.length === 0) return ['No batch is open.', ''];
  const rows = open.map((batch) => [
    batch.batch_id, clean(batch.partner_id ?? ''), String(invoicesOf(batch.totals)), totalsText(batch.totals), confirmText(batch),
    batch.digest.slice(0, 12),
  ]);
  const partners = open.some(({ partner_id }) => partner_id !== null);
  const columns = [left('Open batch'), left('Partner'), right('Invoices'), right('Total'), left('Confirmed', 20), left('Digest')];
  const kept = (cells: readonly string[]): string[] => cells.filter((_, i) => partners || i !== 1);
  return [...table(columns.filter((_, i) => partners || i !== 1), rows.map(kept), style), ...open.flatMap(keptText), ''];
}

/** Why a deadline is not what the configuration would give. */
function keptText(batch: OpenBatch): string[] {
  if (!batch.deadline_kept) return [];
  const told = batch.confirm_due_at === null || !batch.auto_confirm ? 'only by hand' : `deadline of ${instantText(batch.confirm_due_at)}`;
  const now = batch.configured_due_at === null ? 'something else' : instantText(batch.configured_due_at);
  return [`  ${batch.batch_id}: ${told} kept, as it was told when the preview was first open; the configuration now says ${now}`];
}

function statusText(result: StatusResult, style: Style): string[] {
  const { last_run: last, history } = result;
  const run = last === null ? 'never' : `${last.action} as of ${instantText(last.as_of)} (${last.run_id}, version ${last.tool_version})`;
  const state = history.serial === null ? 'not made yet' : `serial ${history.serial}${history.current ? '' : ', behind the ledger'}`;
  const lines = [
    `${paint(style, 'bold', `Status as of ${instantText(result.as_of)}`)}`,
    `  ledger    ${clean(result.ledger)}, ${headText(result.head)}`,
    `  last run  ${run}`,
    `  history   ${history.file}, ${state}`, '',
    ...openText(result.open, style), ...parkedText(result.parked, style),
  ];
  if (result.outbox.length > 0) {
    const due = (at: string | null): string => (at === null ? '' : instantText(at));
    const rows = result.outbox.map((each) => [each.status, String(each.messages), due(each.next_due_at)]);
    lines.push(...table([left('Mail'), right('Messages'), left('Next due')], rows, style), '');
  }
  return [
    ...lines, ...problemsText(result.problems, style), completenessText(result.completeness), ...unbilledText(result, style),
    ...anchorText(result.head),
  ];
}

function validateText(result: ValidateResult, style: Style): string[] {
  const { customers, cycles, products, sources } = result;
  const parts = [
    count(customers, 'customer'), count(cycles, 'cycle'), count(products, 'product'),
    count(sources, 'source of bookings', 'sources of bookings'),
  ];
  return [`${clean(result.file)} ${paint(style, 'green', 'is good')}: ${parts.join(', ')}`];
}

function verifyText(result: VerifyResult, style: Style): string[] {
  const rows = result.checks.map(({ name, ok, detail }) => [mark(ok, style), name, clean(detail)]);
  const words = result.ok ? paint(style, 'green', 'The ledger is proved') : paint(style, 'red', 'The ledger is NOT whole');
  return [...table([left(''), left(''), left('')], rows, style), '', `${words}: ${headText(result.head)}`, ...anchorText(result.head)];
}

function doctorText(result: DoctorResult, style: Style): string[] {
  const lines = result.checks.flatMap(({ name, ok, detail, hint }) => [
    `${mark(ok, style)}  ${name.padEnd(13)}  ${clean(detail)}`,
    ...(hint === null ? [] : [`         ${paint(style, 'cyan', 'help:')} ${clean(hint)}`]),
  ]);
  return [...lines, '', result.ok ? 'All is well.' : 'Something is not as it has to be.'];
}

function mark(ok: boolean, style: Style): string {
  return ok ? paint(style, 'green', 'ok  ') : paint(style, 'red', 'FAIL');
}

function exportText(result: ExportResult, style: Style): string[] {
  const rows = result.files.map(({ file, rows: n }) => [file, String(n)]);
  const upTo = `Up to commit ${result.serial} of the ledger.`;
  return [`Exported to ${clean(result.to)}`, ...table([left('File'), right('Rows')], rows, style, '  '), upTo];
}

function historyText(result: HistoryResult, style: Style): string[] {
  const rows = result.tables.map(({ table: name, rows: n }) => [name, String(n)]);
  return [
    `${clean(result.file)} is made anew from the ledger: ${headText(result.head)}`,
    ...table([left('Table'), right('Rows')], rows, style, '  '), ...anchorText(result.head),
  ];
}

function ledgerText(result: LedgerResult, style: Style): string[] {
  const rows = result.packs.map(({ pack, segments, bytes }) => [pack, String(segments), String(bytes)]);
  const made = rows.length === 0 ? ['Nothing was packed: no table has two new segments.']
    : ['The segments lie in packs now; what proves them stays the same:',
      ...table([left('Pack'), right('Segments'), right('Bytes')], rows, style, '  ')];
  const removed = result.removed === 0 ? [] : [`${count(result.removed, 'file')} of packed segments removed`];
  return [...made, ...removed, ...anchorText(result.head)];
}

function initText(result: InitResult): string[] {
  const here = result.folder === '.' ? [] : [`  cd ${clean(result.folder)}`];
  return [
    `A new billing project is in ${result.folder === '.' ? 'this folder' : clean(result.folder)}:`,
    ...result.files.map((file) => `  ${file}`), '', 'Next:', ...here,
    '  duebook validate', '  duebook preview --as-of 2026-05-01', '  duebook run --as-of 2026-05-05',
  ];
}

function filesText(files: readonly string[]): string[] {
  if (files.length === 0) return [];
  const more = files.length > 10 ? [`  … and ${files.length - 10} more`] : [];
  return ['', `${count(files.length, 'file')} written`, ...files.slice(0, 10).map((file) => `  ${clean(file)}`), ...more];
}

/** What the team is told: an event as plain data, and the mail it becomes for its reader. */
import type { NoticeEventName } from '../values/notices.js';
import { PRIORITY_OF } from '../values/notices.js';
import { exponentOf } from '../values/money.js';
import { clean, cleanOr } from './clean.js';
import { fill, labelsOf } from './labels.js';
import type { Labels } from './labels.js';
import { noticeLabelsOf } from './labels-notice.js';
import type { NoticeLabels } from './labels-notice.js';
import { formatDate, formatDateTime, formatMoney, localeFormat } from './locale.js';
import type { LocaleFormat } from './locale.js';
import { table, wrap, WIDTH } from './text.js';
import { bare } from './view.js';
import type { FactView } from './view-types.js';

/** So many parked customers are named; `parked_count` counts them all. */
export const PARKED_NAMED = 50;

/** What is told of an event. Amounts are decimal strings, instants ISO 8601 with offset; what an event has not is null or empty. */
export interface NoticePayload {
  readonly event: NoticeEventName;
  readonly issuer: { readonly id: string; readonly name: string };
  readonly batch_id: string | null;
  readonly billing_date: string | null;
  readonly partner: { readonly partner_id: string; readonly name: string } | null;
  readonly invoices: number;
  readonly totals: readonly {
    readonly currency: string; readonly invoices: number; readonly net: string; readonly tax: string; readonly total: string;
  }[];
  /** The end of the time for review; whether the batch is then confirmed by itself is `auto_confirm`. */
  readonly confirm_due_at: string | null;
  readonly auto_confirm: boolean;
  /** What `confirm --expect` takes. */
  readonly digest: string | null;
  /** First and last number of each series that was given numbers. */
  readonly numbers: readonly { readonly series: string; readonly first: string; readonly last: string; readonly invoices: number }[];
  readonly parked_count: number;
  /** The first {@link PARKED_NAMED}. */
  readonly parked: readonly {
    readonly customer_id: string; readonly customer_name: string; readonly currency: string; readonly total: string;
    readonly reason: string;
  }[];
  /** Why a run failed. */
  readonly problems: readonly { readonly code: string; readonly message: string; readonly hint: string | null }[];
}

/** What `notice.mjml` and `notice.text.hbs` see: everything is text. */
export interface NoticeView {
  readonly language: string;
  readonly subject: string;
  readonly lead: string;
  /** 'yes' for high priority, else ''. */
  readonly urgent: string;
  readonly brand: string;
  readonly facts: readonly FactView[];
  readonly totals: readonly Readonly<Record<'currency' | 'invoices' | 'net' | 'tax' | 'total', string>>[];
  readonly parked: readonly Readonly<Record<'customer_id' | 'name' | 'total' | 'reason', string>>[];
  readonly more_parked: string;
  readonly problems: readonly Readonly<Record<'code' | 'message' | 'hint', string>>[];
  /** How to confirm exactly what is told; '' where there is nothing to confirm. */
  readonly command: string;
  readonly labels: Labels;
  readonly words: NoticeLabels;
  readonly text: Readonly<Record<'subject' | 'facts' | 'totals' | 'parked' | 'problems' | 'lead' | 'why', string>>;
}

/** Formats an event for its reader. */
export function noticeView(payload: NoticePayload, locale: string): NoticeView {
  const format = localeFormat(locale);
  const [labels, words] = [labelsOf(format), noticeLabelsOf(format)];
  const view = {
    language: format.language, subject: sentence(payload, format, words), lead: lead(payload, words),
    urgent: PRIORITY_OF[payload.event] === 'high' ? 'yes' : '', brand: clean(payload.issuer.name), labels, words,
    facts: facts(payload, format, labels, words),
    totals: payload.totals.map((t) => bare({
      currency: clean(t.currency), invoices: String(t.invoices), net: money(format, t.net, t.currency),
      tax: money(format, t.tax, t.currency), total: money(format, t.total, t.currency),
    })),
    parked: payload.parked.map((p) => bare({
      customer_id: clean(p.customer_id), name: clean(p.customer_name), total: money(format, p.total, p.currency), reason: clean(p.reason),
    })),
    more_parked: payload.parked_count > payload.parked.length
      ? fill(words.more, { count: String(payload.parked_count - payload.parked.length) }) : '',
    problems: payload.problems.map((p) => bare({ code: clean(p.code), message: clean(p.message), hint: cleanOr(p.hint) })),
    command: isOpen(payload) && payload.digest !== null
      ? `duebook confirm ${clean(payload.batch_id ?? '')} --expect ${payload.digest.slice(0, 16)}` : '',
  };
  return bare({ ...view, text: textOf(view, labels, words) });
}

/** One sentence that says what and when, in the language of the locale: the subject of the mail, and `text` of a webhook. */
export function noticeSentence(payload: NoticePayload, locale: string): string {
  const format = localeFormat(locale);
  return sentence(payload, format, noticeLabelsOf(format));
}

function isOpen({ event }: NoticePayload): boolean {
  return event === 'batch_ready' || event === 'deadline_near';
}

function sentence(payload: NoticePayload, format: LocaleFormat, words: NoticeLabels): string {
  const { event, billing_date, confirm_due_at, auto_confirm, partner } = payload;
  if (event === 'run_failed') {
    const codes = [...new Set(payload.problems.map((p) => p.code))];
    return codes.length === 0 ? words.failed : `${words.failed}: ${codes.slice(0, 3).join(', ')}${codes.length > 3 ? ', …' : ''}`;
  }
  const count = event === 'customers_parked' ? payload.parked_count : payload.invoices;
  const kind = event === 'batch_processed' ? 'processed' : event === 'customers_parked' ? 'parked'
    : !auto_confirm || confirm_due_at === null ? 'by_hand' : event === 'batch_ready' ? 'ready' : 'deadline';
  const told = fill(words[`${kind}_${count === 1 ? 'one' : 'many'}`], {
    count: String(count), date: billing_date === null ? '' : formatDate(format, billing_date),
    due: confirm_due_at === null ? '' : formatDateTime(format, confirm_due_at),
  });
  return partner === null ? told : `${clean(partner.name)}: ${told}`;
}

function lead({ event, auto_confirm }: NoticePayload, words: NoticeLabels): string {
  switch (event) {
    case 'batch_ready': return auto_confirm ? words.lead_ready : words.lead_by_hand;
    case 'deadline_near': return auto_confirm ? words.lead_deadline : words.lead_by_hand;
    case 'batch_processed': return words.lead_processed;
    case 'customers_parked': return words.lead_parked;
    case 'run_failed': return words.lead_failed;
  }
}

function facts(p: NoticePayload, format: LocaleFormat, labels: Labels, words: NoticeLabels): FactView[] {
  const due = p.confirm_due_at === null ? '' : formatDateTime(format, p.confirm_due_at);
  const rows: [string, string][] = [
    [labels.batch, cleanOr(p.batch_id)],
    [labels.billing_date, p.billing_date === null ? '' : formatDate(format, p.billing_date)],
    [labels.partner, cleanOr(p.partner?.name)],
    [p.auto_confirm ? labels.confirm_due_at : words.deadline, isOpen(p) ? due : ''],
    ...p.numbers.map(({ first, last }): [string, string] => (
      [words.numbers, first === last ? clean(first) : `${clean(first)} – ${clean(last)}`])),
  ];
  return rows.filter(([, value]) => value !== '').map(([label, value]) => bare({ label, value }));
}

function money(format: LocaleFormat, amount: string, currency: string): string {
  return formatMoney(format, amount, currency, exponentOf(currency));
}

function textOf(view: Omit<NoticeView, 'text'>, labels: Labels, words: NoticeLabels): NoticeView['text'] {
  const paragraph = (text: string, indent = ''): string => wrap(text, WIDTH - indent.length).map((line) => indent + line).join('\n');
  return bare({
    subject: paragraph(view.subject), lead: paragraph(view.lead), why: paragraph(words.why), facts: table(view.facts),
    totals: view.totals.map((t) => table([
      bare({ label: labels.invoices, value: t.invoices }), bare({ label: labels.net, value: t.net }),
      bare({ label: labels.tax, value: t.tax }), bare({ label: labels.total, value: t.total }),
    ])).join('\n\n'),
    parked: [
      ...view.parked.map((p) => `${paragraph(`${p.name} (${p.customer_id}), ${p.total}`)}\n${paragraph(p.reason, '  ')}`),
      ...(view.more_parked === '' ? [] : [view.more_parked]),
    ].join('\n'),
    problems: view.problems.map((p) => (
      `${paragraph(`${p.code}: ${p.message}`)}${p.hint === '' ? '' : `\n${paragraph(`${words.remedy}: ${p.hint}`, '  ')}`}`)).join('\n'),
  });
}

const TOTAL = { currency: 'EUR', invoices: 3, net: '290.00', tax: '36.10', total: '326.10' };

/** Made-up notices: templates are tried on them when they are loaded. */
export const SAMPLE_NOTICES: readonly NoticePayload[] = [
  {
    event: 'batch_ready', issuer: { id: 'seller', name: 'Sample Services Ltd' }, batch_id: '2026-05-01', billing_date: '2026-05-01',
    partner: { partner_id: 'south', name: 'Sample South' }, invoices: 3, totals: [TOTAL], confirm_due_at: '2026-05-04T22:00:00+02:00',
    auto_confirm: true, digest: '0'.repeat(64),
    numbers: [{ series: 'invoice-2026', first: 'INV-2026-000001', last: 'INV-2026-000003', invoices: 3 }],
    parked_count: 2,
    parked: [{ customer_id: 'globex', customer_name: 'Globex', currency: 'EUR', total: '99.00', reason: 'over the limit' }],
    problems: [{ code: 'BOOKING_PRICE', message: 'there is no price', hint: 'add it' }, { code: 'USAGE', message: 'wrong', hint: null }],
  },
  {
    event: 'run_failed', issuer: { id: 'seller', name: 'Sample Services Ltd' }, batch_id: null, billing_date: null, partner: null,
    invoices: 0, totals: [], confirm_due_at: null, auto_confirm: false, digest: null, numbers: [], parked_count: 0, parked: [],
    problems: [],
  },
];

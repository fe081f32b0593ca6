/**
 * Templates: checked, compiled once, rendered often. Brand values are put in before MJML compiles the mail, invoice data after it:
 * MJML never sees a word of a customer, and one compile (tens of milliseconds) serves all mails of a brand.
 */
import { fail, problem, throwIfErrors } from '../values/diagnostic.js';
import { batchView } from './batch.js';
import { HELPERS, lineAt, lintText, lintTree, lostTags } from './lint.js';
import { noticeView, SAMPLE_NOTICES } from './notice.js';
import { SAMPLE_BATCH, SAMPLE_BATCH_EMPTY, SAMPLE_EMPTY, SAMPLE_INVOICE } from './sample.js';
import { textBlocks } from './text.js';
import { applyTheme, readTheme } from './theme.js';
import { bare, invoiceView } from './view.js';
import type Handlebars from 'handlebars';
import type { Diagnostic, Place } from '../values/diagnostic.js';
import type { TemplateFile, TemplateSources } from '../world/template-files.js';
import type { BatchPage } from './batch.js';
import type { TemplateKind } from './lint.js';
import type { NoticePayload } from './notice.js';
import type { InvoiceRecord } from './types.js';

export type { TemplateFile, TemplateSources } from '../world/template-files.js';

interface Template {
  readonly file: string;
  readonly render: (view: object) => string;
}

/** Compiled templates of one brand. */
export interface Templates {
  /** null where they were compiled without mails. */
  readonly mail: { readonly subject: Template; readonly html: Template; readonly text: Template } | null;
  readonly invoice: Template;
  readonly batch: Template;
}

/** Compiled templates of notices to the team. */
export interface NoticeTemplates {
  readonly html: Template;
  readonly text: Template;
}

/** The parts of a mail body. */
export interface RenderedMail {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/**
 * Checks and compiles all templates and tries each on two samples. Throws every problem as CONFIG_TEMPLATE, with file and line.
 * `mail: false` leaves the mail out and does not load MJML (half a second): enough to render pages.
 */
export async function compileTemplates(sources: TemplateSources, options: { readonly mail?: boolean } = {}): Promise<Templates> {
  const { default: engine } = await import('handlebars');
  const found: Diagnostic[] = [];
  const theme = readTheme(sources.theme, found);
  const desk: Desk = { handlebars: engine.create(), theme, found };
  const invoice = compile(desk, sources.invoice_html, 'html', PAGE_SAMPLES);
  const batch = compile(desk, sources.batch_html, 'html', BATCH_SAMPLES);
  const mail = options.mail === false ? null : {
    subject: compile(desk, sources.mail_subject, 'text', MAIL_SAMPLES),
    html: await compileMjml(desk, sources.mail_mjml, MAIL_SAMPLES),
    text: compile(desk, sources.mail_text, 'text', MAIL_SAMPLES),
  };
  throwIfErrors(found);
  return { mail, invoice, batch };
}

/** As {@link compileTemplates}, for notices to the team: most runs tell nobody anything, and need not wait for it. */
export async function compileNotices(sources: TemplateSources): Promise<NoticeTemplates> {
  const { default: engine } = await import('handlebars');
  const found: Diagnostic[] = [];
  const desk: Desk = { handlebars: engine.create(), theme: readTheme(sources.theme, []), found };
  const templates = {
    html: await compileMjml(desk, sources.notice_mjml, NOTICE_SAMPLES), text: compile(desk, sources.notice_text, 'text', NOTICE_SAMPLES),
  };
  throwIfErrors(found);
  return templates;
}

/** The mail that tells somebody of the team. Throws CONFIG_TEMPLATE. */
export function renderNotice(t: NoticeTemplates, payload: NoticePayload, locale: string): RenderedMail {
  const view = noticeView(payload, locale);
  return { subject: view.subject, html: run(t.html, view), text: `${run(t.text, view).replace(/\n{3,}/g, '\n\n').trim()}\n` };
}

/** Subject, HTML and text of an invoice's mail. Throws CONFIG_TEMPLATE if a template fails on this record. */
export function renderMail(t: Templates, record: InvoiceRecord): RenderedMail {
  if (t.mail === null) throw new Error('these templates were compiled without mails');
  const view = mailView(record);
  return {
    subject: run(t.mail.subject, view).replace(/\s+/g, ' ').trim(),
    html: run(t.mail.html, view),
    text: `${run(t.mail.text, view).replace(/\n{3,}/g, '\n\n').trim()}\n`,
  };
}

/** The invoice as one HTML page that needs nothing else. `logo` is a `data:` URI of an image, or null. */
export function renderInvoicePage(t: Templates, record: InvoiceRecord, more: { readonly logo: string | null }): string {
  return run(t.invoice, pageView(record, more.logo));
}

/** The preview page of a batch. */
export function renderBatchPage(t: Templates, batch: BatchPage): string {
  return run(t.batch, batchView(batch));
}

function mailView(record: InvoiceRecord): object {
  const view = invoiceView(record);
  return bare({ ...view, text: textBlocks(view) });
}

const LOGO = /^data:image\/(png|jpeg|svg\+xml);base64,[A-Za-z0-9+/]+=*$/;

function pageView(record: InvoiceRecord, logo: string | null): object {
  if (logo !== null && !LOGO.test(logo)) throw new Error('a logo is a data: URI of an image');
  return bare({ ...invoiceView(record), logo: logo ?? '' });
}

function run(template: Template, view: object): string {
  try {
    return template.render(view);
  } catch (error) {
    return fail('CONFIG_TEMPLATE', `the template cannot be rendered: ${reason(error)}`, { at: { file: template.file } });
  }
}

interface Desk {
  readonly handlebars: typeof Handlebars;
  readonly theme: Readonly<Record<string, string>>;
  readonly found: Diagnostic[];
}

/** Handlebars names the missing field only if it can turn the object around it into text; ours have no prototype to do that. */
const told = (_key: string, value: unknown): unknown =>
  (value === null || typeof value !== 'object' || Array.isArray(value) ? value
    : bare({ ...value, [Symbol.toPrimitive]: () => 'view' }));
const plain = (view: object): object => JSON.parse(JSON.stringify(view), told) as object;
const IMAGE = 'data:image/png;base64,AAAA';
const PAGE_SAMPLES = (): object[] => [pageView(SAMPLE_INVOICE, IMAGE), pageView(SAMPLE_EMPTY, null)].map(plain);
const MAIL_SAMPLES = (): object[] => [mailView(SAMPLE_INVOICE), mailView(SAMPLE_EMPTY)].map(plain);
const BATCH_SAMPLES = (): object[] => [batchView(SAMPLE_BATCH), batchView(SAMPLE_BATCH_EMPTY)].map(plain);
const NOTICE_SAMPLES = (): object[] => SAMPLE_NOTICES.map((payload) => plain(noticeView(payload, 'en-GB')));
const NOTHING: Template['render'] = () => '';

function compile(desk: Desk, source: TemplateFile, kind: TemplateKind, samples: () => object[]): Template {
  const before = desk.found.length;
  check(desk, source, kind);
  if (desk.found.length > before) return { file: source.file, render: NOTHING };
  const text = applyTheme(source, desk.theme, desk.found);
  return prepare(desk, source, text, kind, samples);
}

/** Syntax and lint of the source as the user wrote it, so that lines are right. */
function check(desk: Desk, source: TemplateFile, kind: TemplateKind): void {
  try {
    desk.found.push(...lintTree(desk.handlebars.parse(source.text), source.file));
  } catch (error) {
    desk.found.push(problem('CONFIG_TEMPLATE', `the template cannot be read: ${reason(error)}`, { at: placeOf(error, source.file) }));
  }
  desk.found.push(...lintText(source, kind));
}

/** Compiles and tries. `source` is where to look for the line when the compiled text is not what the user wrote (MJML). */
function prepare(desk: Desk, source: TemplateFile, text: string, kind: TemplateKind, samples: () => object[]): Template {
  const render = desk.handlebars.compile(text, {
    strict: true, knownHelpersOnly: true, noEscape: kind === 'text', preventIndent: true,
    knownHelpers: Object.fromEntries(HELPERS.map((name) => [name, true])),
  });
  try {
    for (const sample of samples()) render(sample);
  } catch (error) {
    const name = missingName(error, text);
    const at = kind === 'mjml' ? findName(source, name) : placeOf(error, source.file);
    const message = name === null ? `the template cannot be rendered: ${reason(error)}` : `there is no value "${name}"`;
    desk.found.push(problem('CONFIG_TEMPLATE', message, { at, hint: 'the values a template can use are listed in docs/templates.md' }));
  }
  return { file: source.file, render };
}

async function compileMjml(desk: Desk, source: TemplateFile, samples: () => object[]): Promise<Template> {
  const before = desk.found.length;
  check(desk, source, 'mjml');
  const nothing = { file: source.file, render: NOTHING };
  if (desk.found.length > before) return nothing;
  const text = applyTheme(source, desk.theme, desk.found);
  const { default: mjml } = await import('mjml');
  let html: string;
  try {
    const result = await mjml(text, { validationLevel: 'soft', fonts: {}, keepComments: false });
    for (const { message, line } of result.errors) {
      desk.found.push(problem('CONFIG_TEMPLATE', `MJML: ${message}`, { at: { file: source.file, line } }));
    }
    html = result.html;
  } catch (error) {
    desk.found.push(problem('CONFIG_TEMPLATE', `MJML: ${reason(error)}`, { at: { file: source.file } }));
    return nothing;
  }
  for (const tag of lostTags(text, html)) {
    desk.found.push(problem('CONFIG_TEMPLATE', `MJML drops ${tag} where it stands`, {
      at: { file: source.file, line: lineAt(source.text, source.text.indexOf(tag)) },
      hint: 'between sections and columns put such a tag into <mj-raw>; elsewhere into mj-text or mj-table',
    }));
  }
  return desk.found.length > before ? nothing : prepare(desk, source, html, 'mjml', samples);
}

/** What the error says, without the place at its end and without our paths. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ - \d+:\d+$/, '').replace(/^Parse error on line \d+:\n/, '').replace(/\s*\n\s*/g, ' ').trim();
}

function placeOf(error: unknown, file: string): Place {
  const e = error as { lineNumber?: unknown; message?: unknown };
  const told = /on line (\d+)|- (\d+):\d+$/.exec(String(e.message));
  const line = typeof e.lineNumber === 'number' ? e.lineNumber : Number(told?.[1] ?? told?.[2] ?? 0);
  return line > 0 ? { file, line } : { file };
}

/** The whole path of a value that is not there ("buyer.nmae"), as it stands in the rendered text; null for another error. */
function missingName(error: unknown, text: string): string | null {
  const e = error as { message?: unknown; lineNumber?: number; column?: number; endColumn?: number };
  const name = /^"([^"]+)" not defined/.exec(String(e.message))?.[1];
  if (name === undefined) return null;
  const path = text.split('\n')[(e.lineNumber ?? 0) - 1]?.slice(e.column, e.endColumn) ?? '';
  return path.includes(name) ? path : name;
}

function findName(source: TemplateFile, name: string | null): Place {
  const escaped = name?.replace(/[^\w]/g, '\\$&');
  const index = escaped === undefined ? -1 : source.text.search(new RegExp(`\\{\\{[^{}]*(?<![\\w.])${escaped}\\b[^{}]*\\}\\}`));
  return index < 0 ? { file: source.file } : { file: source.file, line: lineAt(source.text, index) };
}

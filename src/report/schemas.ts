/**
 * The shapes of `--json`, written once: the files in `schemas/` are made from them, and the compiler holds each equal to its type in
 * `run/results.ts`. JSON Schema 2020-12.
 */
import { Type } from '@sinclair/typebox';
import type { Static, TObject, TProperties, TSchema } from '@sinclair/typebox';
import type { Explanation } from '../run/explain-types.js';
import type { QueryResult } from '../run/query.js';
import type { CancelResult, CreditResult } from '../run/results-corrections.js';
import type { ForgetResult, RetentionResult } from '../run/results-privacy.js';
import type {
  CalendarResult, DoctorResult, ExportResult, HistoryResult, InitResult, LedgerResult, PreviewResult, RunResult, StatusResult,
  ValidateResult, VerifyResult,
} from '../run/results.js';
import { WHYS } from '../documents/changes.js';
import type { InvoiceRecord } from '../documents/types.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { NOTICE_EVENTS, NOTICE_PRIORITIES } from '../values/notices.js';
import type { NoticeBody } from '../run/outbox-notices.js';
import { CODES } from '../values/codes.js';
import type { Code } from '../values/codes.js';

const record = <T extends TProperties>(properties: T, description?: string): TObject<T> =>
  Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) });
const orNull = <T extends TSchema>(value: T) => Type.Union([value, Type.Null()]);
const choice = <const T extends readonly string[]>(words: T) => Type.Unsafe<T[number]>({ type: 'string', enum: [...words] });

const text = Type.String();
const whole = Type.Integer();
const yesNo = Type.Boolean();
const amount = Type.String({ pattern: '^-?\\d+(\\.\\d+)?$', description: 'A decimal; never a number, so that nothing is rounded.' });
const date = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' });
const instant = Type.String({
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d+)?)?(Z|[+-]\\d{2}:\\d{2})$', description: 'ISO 8601 with offset.',
});
const digest = Type.String({ pattern: '^[0-9a-f]{16,64}$' });
const version = Type.Integer({ description: 'Version of this shape; a change that breaks readers makes it one more.' });

const place = record({ file: text, line: Type.Optional(whole), column: Type.Optional(whole) });
const diagnostic = record({
  code: Type.Unsafe<Code>({ type: 'string', enum: Object.keys(CODES) }), severity: choice(['error', 'warning']), message: text,
  at: Type.Optional(place), also: Type.Optional(place), hint: Type.Optional(text), excerpt: Type.Optional(text),
}, 'A finding, with the place it is about and the remedy.');
const diagnostics = Type.Array(diagnostic);
const head = record({ serial: whole, sha256: orNull(digest) }, 'The newest commit of the ledger; serial 0 where it is empty.');
const total = record({ currency: text, invoices: whole, net: amount, tax: amount, total: amount });

const original = orNull(record({
  currency: text, amount, unit_price: orNull(amount), rate: amount, on: date, source: text,
}, 'What a line was before it was converted, and the rate with its day and source.'));
const line = record({
  line_no: whole, kind: text, booking_id: orNull(text), product: orNull(text), description: text, quantity: amount,
  unit: orNull(text), unit_price: orNull(amount), amount, gross: orNull(amount), original, tax_id: text, tax_rate: amount,
  service_start: orNull(instant), service_end: orNull(instant), late: yesNo,
  corrects: orNull(record(
    { number: text, line_no: orNull(whole), kind: orNull(text), correction: orNull(text) }, 'The line that it corrects.')),
});
const correctedInvoices = Type.Array(record({ number: text, issued_on: date }), { description: 'The invoices that its lines correct.' });
const invoice = record({
  invoice_id: text, number: orNull(text), status: choice(['preview', 'processed', 'void']), kind: choice(['invoice', 'credit_note']),
  customer_id: text, customer_name: text, cycle_id: text, period_start: instant, period_end: instant, issued_on: date, due_on: date,
  currency: text, net: amount, tax: amount, total: amount, digest, parked: orNull(text), corrects: correctedInvoices,
  taxes: Type.Array(record({ tax_id: text, rate: amount, net: amount, tax: amount })), lines: Type.Array(line),
});
const openKeys = { batch_id: text, billing_date: date, partner_id: orNull(text), digest };
const previewBatch = record({
  ...openKeys, preview_at: instant, confirm_due_at: orNull(instant), auto_confirm: yesNo, deadline_kept: yesNo,
  configured_due_at: orNull(instant), send_due_at: orNull(instant),
  invoices: Type.Array(invoice), totals: Type.Array(total),
});
const openBatch = record({
  ...openKeys, confirm_due_at: orNull(instant), auto_confirm: yesNo, deadline_kept: yesNo, configured_due_at: orNull(instant),
  totals: Type.Array(total),
});
const completeness = record({
  bookings_read: whole, billed: whole, already_billed: whole, waiting: whole, held: whole, cancelled: whole, ignored: whole,
  rejected: whole,
  detail: Type.Array(record({ bucket: text, reason: orNull(text), currency: orNull(text), bookings: whole, amount: orNull(amount) })),
}, 'Every booking read, in exactly one bucket; they add up to bookings_read.');
const conservation = record({
  bookings: Type.Array(record({
    currency: text, bookings: whole, amount, parts: Type.Array(record({ bucket: text, bookings: whole, amount })),
  }, 'Bookings as read, at their prices (what has none counts as nothing); the parts add up to them.')),
  invoices: Type.Array(record({
    state: choice(['open', 'processed']), currency: text, invoices: whole, parts: Type.Array(record({ kind: text, lines: whole, amount })),
    net: amount, tax: amount, total: amount,
  }, 'Open invoices, and those that this command processed: the parts add up to net, net and tax to total.')),
}, 'Where the money is, per currency; proved in every run.');
const parked = record({
  customer_id: text, customer_name: text, batch_id: text, invoice_id: text, currency: text, total: amount, reason: text,
});
const problems = Type.Array(record({
  message_id: text, kind: text, invoice_id: orNull(text), recipient: text, status: text, error: text,
}));

const amountChange = record({ before: orNull(amount), after: orNull(amount), difference: amount },
  'An amount in both versions; null where it has none. What is not there counts as nothing in the difference.');
const fieldChange = record({ field: text, before: orNull(text), after: orNull(text) });
const why = orNull(choice(WHYS));
const lineChange = record({
  change: choice(['added', 'removed', 'changed']), kind: text, source: orNull(text), booking_id: orNull(text), description: text,
  service_start: orNull(instant), amount: amountChange, fields: Type.Array(fieldChange), late: yesNo, why, detail: orNull(text),
});
const invoiceChange = record({
  change: choice(['new', 'gone', 'changed']), invoice_id: text, customer_id: text, customer_name: text, cycle_id: text,
  period_start: instant, period_end: instant, currency: text, net: amountChange, tax: amountChange, total: amountChange,
  fields: Type.Array(fieldChange), why, detail: orNull(text), lines_added: whole, lines_removed: whole, lines_changed: whole,
  lines: Type.Array(lineChange),
});
const changes = record({
  batch_id: text, since: record({ digest, as_of: instant }), digest: orNull(digest), lines_known: yesNo,
  totals: Type.Array(record({ currency: text, invoices_before: whole, invoices_after: whole, total: amountChange })),
  issuer: Type.Array(fieldChange), unchanged: whole, invoices: Type.Array(invoiceChange),
}, 'What changed between the version asked for with --changes-since and now; null where none was asked for.');

const preview = record({
  schema_version: version, as_of: instant, head, batches: Type.Array(previewBatch), changes: orNull(changes), completeness,
  conservation, files: Type.Array(text), diagnostics,
});
const confirmed = record({
  batch_id: text, confirmed_at: instant, confirmed_by: choice(['auto', 'manual', 'approval', 'on_demand']),
  numbers: Type.Array(record({ series: text, first: text, last: text, invoices: whole })), totals: Type.Array(total),
});
const run = record({
  schema_version: version, command: choice(['run', 'confirm', 'invoice', 'send']), as_of: instant, head, confirmed: Type.Array(confirmed),
  messages: record({ sent: whole, failed: whole, uncertain: whole, problems }), parked: Type.Array(parked), open: Type.Array(openBatch),
  completeness: orNull(completeness), conservation: orNull(conservation), files: Type.Array(text), diagnostics,
});
const status = record({
  schema_version: version, as_of: instant, head, ledger: text,
  last_run: orNull(record({ run_id: text, as_of: instant, action: text, tool_version: text })),
  open: Type.Array(openBatch), parked: Type.Array(parked),
  outbox: Type.Array(record({ status: text, messages: whole, next_due_at: orNull(instant) })), problems, completeness,
  history: record({ file: text, serial: orNull(whole), current: yesNo }), diagnostics,
});
const validate = record({
  schema_version: version, file: text, customers: whole, cycles: whole, products: whole, sources: whole, diagnostics,
});
const calendar = record({
  schema_version: version, from: date, to: date,
  periods: Type.Array(record({
    customer_id: Type.Optional(text), cycle_id: text, n: whole, period_start: instant, period_end: instant, billing_at: instant,
    billing_date: date, preview_at: orNull(instant), confirm_due_at: orNull(instant), deadline_notice_at: orNull(instant),
    send_due_at: orNull(instant), stub: yesNo,
    moved: Type.Array(record({ what: choice(['billing', 'sending']), from: date, to: date, reason: text })),
  })),
  days_off: Type.Array(record({ date, reason: text })),
  settings: Type.Array(record({
    use_no: whole, cycle_id: text, setting: text, value: text, level: choice(['default', 'project', 'partner', 'cycle', 'customer']),
    at: orNull(record({ file: text, line: whole, column: whole })),
  })),
});
const verify = record({
  schema_version: version, head, ok: yesNo, checks: Type.Array(record({ name: text, ok: yesNo, detail: text })), diagnostics,
});
const doctor = record({
  schema_version: version, ok: yesNo, checks: Type.Array(record({ name: text, ok: yesNo, detail: text, hint: orNull(text) })),
});
const exported = record({ schema_version: version, to: text, files: Type.Array(record({ file: text, rows: whole })), serial: whole });
const history = record({
  schema_version: version, file: text, head, bytes: whole, tables: Type.Array(record({ table: text, rows: whole })),
});
const ledger = record({
  schema_version: version, head, packs: Type.Array(record({ pack: text, segments: whole, bytes: whole })), removed: whole,
});
const init = record({ schema_version: version, folder: text, files: Type.Array(text) });
const query = record({
  schema_version: version, columns: Type.Array(record({ name: text, type: text })), rows: Type.Array(Type.Array(Type.Unknown())),
});
const electronic = record({ scheme: text, id: text }, 'Address in the Peppol network.');
const address = record({
  line1: text, line2: Type.Optional(text), city: text, postal_code: Type.Optional(text), region: Type.Optional(text), country: text,
});
const step = record({ text, formula: text, exact: text, value: text, rounding: orNull(choice(['half_away', 'half_even', 'down', 'up'])) },
  'Arithmetic: decimals with + - × / ( ), min(a, b) and max(a, b); its exact value, rounded so (null: not at all), is `value`.');
const rule = record({ what: text, path: orNull(text), at: orNull(place) }, 'What decided, and where it is written.');
const explainedLine = record({
  line_no: whole, kind: text, description: text, amount, gross: orNull(amount), service_start: orNull(instant),
  service_end: orNull(instant), tax_id: text, tax_rate: amount,
  bookings: Type.Array(record({ source: text, booking_id: text, at: orNull(place), line_no: orNull(whole), counted: orNull(text) })),
  rules: Type.Array(rule),
  steps: Type.Array(step), notes: Type.Array(text), today: choice(['same', 'changed', 'gone', 'unknown']), today_amount: orNull(amount),
  today_rules: Type.Array(rule),
});
const explanation = record({
  processed: orNull(record({ serial: whole, confirmed_at: instant, config_digest: text, config_commit: orNull(text), tool_version: text })),
  config_digest: text, today: choice(['same', 'changed', 'unknown']), notes: Type.Array(text), lines: Type.Array(explainedLine),
  taxes: Type.Array(record({ tax_id: text, rate: amount, net: amount, tax: amount, lines: Type.Array(whole), steps: Type.Array(step) })),
  accounted_tax: orNull(record({ currency: text, tax: amount, rules: Type.Array(rule), steps: Type.Array(step) })),
}, 'How the invoice came about; only with --explain.');
const accountedTax = record({ currency: text, tax: amount, rate: amount, on: date, source: text },
  'The tax in the currency in which the issuer accounts for it, where the invoice is in another one.');
const show = record({
  schema_version: version, invoice_id: text, number: orNull(text), kind: choice(['invoice', 'credit_note']),
  status: choice(['preview', 'processed', 'void']),
  batch_id: text, partner_id: orNull(text), cycle_id: text, period_start: instant, period_end: instant, billing_date: date,
  issued_on: date, note: orNull(text),
  due_on: date, currency: text, exponent: whole, timezone: text, locale: text, net: amount, tax: amount, total: amount,
  accounted_tax: orNull(accountedTax),
  early_payment: orNull(record({ percent: amount, within_days: whole, until: date, discount: amount, payable: amount },
    'What may be taken off for paying early; the total stays.')),
  corrects: correctedInvoices,
  taxes: Type.Array(record({ tax_id: text, name: text, category: text, rate: amount, note: orNull(text), net: amount, tax: amount })),
  lines: Type.Array(line),
  seller: record({
    id: text, name: text, address, tax_id: Type.Optional(text), tax_currency: Type.Optional(text),
    registration: Type.Optional(text), email: Type.Optional(text),
    electronic_address: Type.Optional(electronic), phone: Type.Optional(text), website: Type.Optional(text), logo: Type.Optional(text),
    bank: Type.Optional(record({ name: Type.Optional(text), iban: text, bic: Type.Optional(text) })),
  }),
  partner: orNull(record({ partner_id: text, name: text, email: orNull(text) })),
  buyer: record({
    customer_id: text, name: text, email: Type.Array(text), address: orNull(address), tax_id: orNull(text), contact: orNull(text),
    purchase_order: orNull(text), buyer_reference: Type.Optional(text), electronic_address: Type.Optional(electronic),
  }),
  explanation: Type.Optional(explanation),
}, 'One invoice with both parties as they stood.');
const named = record({
  invoice_id: text, number: text, kind: choice(['invoice', 'credit_note']), customer_id: text, customer_name: text, batch_id: text,
  issued_on: date, currency: text, total: amount,
});
const forget = record({
  schema_version: version, as_of: instant, head, dry_run: yesNo, customer_id: text, reason: text, invoices: whole, keep_until: date,
  committed: yesNo, key_removed: yesNo, messages_cancelled: whole, files: Type.Array(text), removed: Type.Array(text), diagnostics,
});
const retention = record({
  schema_version: version, as_of: instant, years: record({ invoices: whole, books: whole }), keys: yesNo, books_until: orNull(date),
  customers: Type.Array(record({
    customer_id: text, invoices: whole, last_issued_on: date, keep_until: date,
    state: choice(['may_be_forgotten', 'kept', 'configured', 'in_the_open', 'forgotten']),
  })),
});
const cancel = record({
  schema_version: version, as_of: instant, head, dry_run: yesNo, invoice: named, reason: text, by: orNull(text), free_bookings: whole,
  free_lines: whole, messages_cancelled: whole, files: Type.Array(text), diagnostics,
}, 'What was cancelled and what is free to be billed again; with dry_run what would be.');
const sums = { net: amount, tax: amount, total: amount };
const credit = record({
  schema_version: version, as_of: instant, head, dry_run: yesNo, digest,
  credit_note: record({
    ...sums, invoice_id: text, number: orNull(text), issued_on: date, accounted_tax: orNull(accountedTax),
    taxes: Type.Array(record({ tax_id: text, rate: amount, net: amount, tax: amount })),
    lines: Type.Array(record({
      line_no: whole, corrects_line_no: orNull(whole), correction: text, booking_id: orNull(text), description: text, quantity: amount,
      amount, tax_id: text,
    })),
  }, 'Amounts are negative: they go back to the customer. The number is null with dry_run.'),
  corrects: named, left: record(sums, 'What is left of the corrected invoice after it.'), reason: text, by: orNull(text), reissue: yesNo,
  send_due_at: orNull(instant), messages_queued: whole, files: Type.Array(text), diagnostics,
}, 'A credit note by hand; with dry_run what it would be.');
const notice = record({
  schema_version: version, id: text, event: choice(NOTICE_EVENTS), priority: choice(NOTICE_PRIORITIES), at: instant, text,
  data: record({
    event: choice(NOTICE_EVENTS), issuer: record({ id: text, name: text }), batch_id: orNull(text), billing_date: orNull(date),
    partner: orNull(record({ partner_id: text, name: text })), invoices: whole, totals: Type.Array(total), confirm_due_at: orNull(instant),
    auto_confirm: yesNo, digest: orNull(digest),
    numbers: Type.Array(record({ series: text, first: text, last: text, invoices: whole })), parked_count: whole,
    parked: Type.Array(record({ customer_id: text, customer_name: text, currency: text, total: amount, reason: text })),
    problems: Type.Array(record({ code: text, message: text, hint: orNull(text) })),
  }, 'What is told; what an event has not is null or empty.'),
}, 'What a webhook gets; see docs/notifications.md.');
const error = record({ schema_version: version, exit_code: whole, diagnostics },
  'What every command gives instead of its result when it could not be done.');

/** What a command gives when it failed. */
export interface ErrorResult {
  readonly schema_version: number;
  readonly exit_code: number;
  readonly diagnostics: readonly Diagnostic[];
}

/** What `show --json` gives. */
export interface ShowResult extends InvoiceRecord {
  readonly schema_version: number;
  readonly explanation?: Explanation;
}

/** By the name of the command; confirm, invoice and send give the shape of run. */
export const SCHEMAS: Readonly<Record<string, TSchema>> = {
  preview, run, confirm: run, invoice: run, send: run, status, validate, calendar, verify, doctor, export: exported, history, ledger, init,
  query, show, error, notice, cancel, credit, forget, retention,
};

/** File names in `schemas/` and their texts. */
export function schemaFiles(): [file: string, text: string][] {
  const names = Object.keys(SCHEMAS).filter((name) => !['confirm', 'invoice', 'send'].includes(name));
  return names.map((name) => [`${name}.schema.json`, `${JSON.stringify({
    $schema: 'https://json-schema.org/draft/2020-12/schema', $id: `https://duebook.dev/schemas/${name}.schema.json`,
    title: name === 'notice' ? 'duebook notice to a webhook' : `duebook ${name} --json`, ...SCHEMAS[name],
  }, null, 2)}\n`]);
}

/** Equal both ways, whether or not members may be written to. */
type Plain<T> = T extends readonly (infer U)[] ? Plain<U>[] : T extends object ? { -readonly [K in keyof T]: Plain<T[K]> } : T;
type Same<A, B> = [Plain<A>] extends [Plain<B>] ? ([Plain<B>] extends [Plain<A>] ? true : false) : false;
type Held = [
  Same<Static<typeof preview>, PreviewResult>, Same<Static<typeof run>, RunResult>, Same<Static<typeof status>, StatusResult>,
  Same<Static<typeof validate>, ValidateResult>, Same<Static<typeof calendar>, CalendarResult>, Same<Static<typeof verify>, VerifyResult>,
  Same<Static<typeof doctor>, DoctorResult>, Same<Static<typeof exported>, ExportResult>, Same<Static<typeof init>, InitResult>,
  Same<Static<typeof query>, QueryResult>, Same<Static<typeof error>, ErrorResult>,
  Same<Static<typeof show>, ShowResult>, Same<Static<typeof notice>, NoticeBody>, Same<Static<typeof history>, HistoryResult>,
  Same<Static<typeof ledger>, LedgerResult>, Same<Static<typeof cancel>, CancelResult>, Same<Static<typeof credit>, CreditResult>,
  Same<Static<typeof forget>, ForgetResult>, Same<Static<typeof retention>, RetentionResult>,
];
/** Does not compile when a shape and its type differ; the place in the list tells which. */
export const HELD: Held = [
  true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true, true,
];

/** Committing a credit note by hand: number, facts, message and events in one commit, as for any invoice. */
import { automationOf, calendarsOf, sendDueAt } from '../calendar/calendar.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { exportSegment } from '../ledger/attach.js';
import type { Ledger } from '../ledger/ledger.js';
import { canonicalJson } from '../values/digest.js';
import { timestampLiteral } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { append } from './append.js';
import { numberSql } from './commit.js';
import type { Context } from './context.js';
import type { FoundInvoice } from './corrections.js';
import { exportEvents, stageEvents } from './events.js';

/** What the facts do not tell. */
export interface CreditFacts {
  readonly invoice_id: string;
  readonly issued_on: string;
  readonly reason: string;
  readonly by: string | null;
  readonly reissue: boolean;
  readonly dry_run: boolean;
}

export interface CommittedCredit {
  readonly ledger: Ledger;
  /** Null in a dry run: a number is given only to what is committed. */
  readonly number: string | null;
  readonly send_due_at: Instant | null;
  readonly messages: number;
}

/** Commits `credit.lines` and `credit.taxes` as the credit note of an invoice. */
export async function commitCredit(
  context: Context, engine: Engine, ledger: Ledger, found: FoundInvoice, facts: CreditFacts,
): Promise<CommittedCredit> {
  const mail = await mailOf(context, engine, found);
  const told = { send_due_at: mail?.send_due_at ?? null, messages: mail === null ? 0 : 1 };
  if (facts.dry_run) return { ledger, number: null, ...told };
  const series = context.config.numbering.reset === 'yearly' ? `credit_note-${facts.issued_on.slice(0, 4)}` : 'credit_note';
  const seq = ledger.next_number[series] ?? 1;
  const { number } = await engine.row<{ number: string }>(`SELECT ${numberSql(context.config.numbering.credit_note)} AS number
    FROM (SELECT DATE '${facts.issued_on}' AS issued_on, ${seq} AS seq)`);
  await stageFacts(context, engine, found, { ...facts, series, seq, number });
  await stageNews(context, engine, found, { ...facts, number }, mail);
  const { total } = await engine.row<{ total: bigint }>('SELECT CAST(total_minor AS HUGEINT) AS total FROM credit.facts');
  const after = await append(context, engine, ledger, {
    at: context.as_of, action: 'credit', next_number: { [series]: seq + 1 }, invoices: 1, totals: { [found.currency]: total },
    files: [
      await exportSegment(engine, 'invoices', 'credit.facts', null),
      await exportSegment(engine, 'invoice_lines', `(
        SELECT l.*, ${literal(facts.invoice_id)} AS invoice_id, 0 AS lines_before, NULL AS content_hi, NULL AS content_lo,
          NULL AS discounts
        FROM credit.lines AS l)`, 'r.line_no'),
      await exportSegment(engine, 'invoice_taxes', `(SELECT t.*, ${literal(facts.invoice_id)} AS invoice_id FROM credit.taxes AS t)`,
        'r.tax_id, r.rate_micro'),
      await exportSegment(engine, 'messages', 'credit.messages', 'r.message_id'),
      await exportEvents(engine),
    ],
  });
  return { ledger: after, number, ...told };
}

/** The invoice's own row, but for what makes it a credit note: parties, batch and period are those of what it corrects. */
async function stageFacts(
  context: Context, engine: Engine, found: FoundInvoice, facts: CreditFacts & { series: string; seq: number; number: string },
): Promise<void> {
  await engine.run(`
    CREATE TABLE credit.facts AS
    SELECT i.* REPLACE (
      ${literal(facts.invoice_id)} AS invoice_id, ${literal(facts.number)} AS number, ${literal(facts.series)} AS series,
      ${facts.seq} AS seq, 'credit_note' AS kind,
      CASE WHEN i.buyer_id IN (SELECT party_id FROM ledger_opened.parties) THEN NULL ELSE i.customer_name END AS customer_name,
      DATE '${facts.issued_on}' AS issued_on, DATE '${facts.issued_on}' AS due_on,
      t.net_minor AS net_minor, t.tax_minor AS tax_minor, t.net_minor + t.tax_minor AS total_minor,
      (SELECT count(*) FROM credit.lines) AS lines, ${timestampLiteral(context.as_of)} AS confirmed_at,
      'credit' AS confirmed_by, ${literal(facts.reason)} AS note, NULL AS early_percent_micro, NULL AS early_days,
      a.tax_currency AS tax_currency, a.tax_currency_minor AS tax_currency_minor, a.tax_exchange_rate AS tax_exchange_rate,
      a.tax_exchange_on AS tax_exchange_on, a.tax_exchange_source AS tax_exchange_source)
    FROM ledger.invoices AS i
    LEFT JOIN credit.accounted_tax AS a ON a.tax_currency = i.tax_currency
    CROSS JOIN (SELECT sum(net_minor) AS net_minor, sum(tax_minor) AS tax_minor FROM credit.taxes) AS t
    WHERE i.invoice_id = ${literal(found.invoice_id)}`);
}

interface Mail { readonly recipients: readonly string[]; readonly send_due_at: Instant | null }

/** credit.messages and draft.new_events. */
async function stageNews(
  context: Context, engine: Engine, found: FoundInvoice, facts: CreditFacts & { number: string }, mail: Mail | null,
): Promise<void> {
  const { invoice_id, number, reason, by, reissue } = facts;
  const at = timestampLiteral(context.as_of);
  const due = mail?.send_due_at == null ? 'NULL' : timestampLiteral(mail.send_due_at);
  await engine.run(`
    CREATE TABLE credit.messages (
      message_id VARCHAR, invoice_id VARCHAR, kind VARCHAR, recipients VARCHAR, queued_at TIMESTAMP, send_due_at TIMESTAMP,
      subject_id VARCHAR, payload VARCHAR);
    ${mail === null ? '' : `INSERT INTO credit.messages SELECT 'msg_${invoice_id.slice(4)}', ${literal(invoice_id)}, 'invoice',
      CASE WHEN i.buyer_id NOT IN (SELECT party_id FROM ledger_opened.parties) THEN ${literal(canonicalJson(mail.recipients))} END,
      ${at}, ${due}, NULL, NULL FROM ledger.invoices AS i WHERE i.invoice_id = ${literal(found.invoice_id)};`}`);
  await stageEvents(engine, context.as_of, [
    { subject: 'invoice', subject_id: invoice_id, event: 'confirmed', detail: { batch_id: found.batch_id, by: 'credit', number } },
    {
      subject: 'invoice', subject_id: found.invoice_id, event: 'credited',
      detail: { credit_note_id: invoice_id, number, reason, by, reissue },
    },
  ]);
}

/**
 * Who gets it and when: as the configuration says of the customer now; with keys, where the
 * invoice went, which is all the ledger keeps. A customer that is no longer in it is written to where the
 * invoice went, and a human sends it. Null: nobody gets a mail.
 */
async function mailOf(context: Context, engine: Engine, found: FoundInvoice): Promise<Mail | null> {
  const { config } = context;
  if (config.mail === null) return null;
  const index = config.customers.findIndex(({ customer_id }) => customer_id === found.customer_id);
  if (index === -1) {
    const { party } = await engine.row<{ party: string }>(`SELECT p.party FROM ledger.invoices AS i
      JOIN ledger.parties AS p ON p.party_id = i.buyer_id WHERE i.invoice_id = ${literal(found.invoice_id)}`);
    const recipients = (JSON.parse(party) as { buyer: { email: readonly string[] } }).buyer.email;
    return recipients.length === 0 ? null : { recipients, send_due_at: null };
  }
  const recipients = config.customers[index]!.email;
  if (recipients.length === 0) return null;
  const { calendars, calendar_key_of } = calendarsOf(config);
  const calendar = calendars[calendar_key_of(index)]!;
  const use_no = Math.max(0, calendar.uses.findIndex(({ use }) => use.cycle_id === found.cycle_id));
  return { recipients, send_due_at: sendDueAt(context.as_of, automationOf(calendar, use_no), found.timezone, calendar.business_calendar) };
}

/**
 * `duebook show --explain`: how an invoice came about. What was billed is in the ledger; why is known by drafting it again, with the
 * ledger as it was before, and the configuration and bookings of today. Where that gives something else, it is said, and what was
 * billed stays what is told.
 */
import { isoLocal } from '../calendar/calendar.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { placesOf } from '../intake/intake.js';
import { readCommit } from '../ledger/history.js';
import type { Ledger } from '../ledger/ledger.js';
import type { InvoiceRecord } from '../documents/types.js';
import { DuebookError } from '../values/diagnostic.js';
import type { Place } from '../values/diagnostic.js';
import { exponentOf, formatMicro, formatScaled } from '../values/money.js';
import type { Context } from './context.js';
import { openDraft } from './draft.js';
import type { Draft } from './draft.js';
import { explainAccounted } from './explain-accounted.js';
import { draftFacts, draftKey, keyOf, ledgerLines } from './explain-facts.js';
import type { Facts, LineFact } from './explain-facts.js';
import { comparedOf, draftedLines, exchangeSteps, pricedOf } from './explain-lines.js';
import { amountStep, factor, money, price, provenSteps } from './explain-steps.js';
import type { Pen } from './explain-steps.js';
import { explainTaxes, netSteps } from './explain-taxes.js';
import type { DraftedLine, ExplainedLine, Explanation } from './explain-types.js';

/** How a preview comes about; its draft is open. */
export async function explainDraft(context: Context, draft: Draft, record: InvoiceRecord): Promise<Explanation> {
  const drafted = await draftOf(context, draft, record.invoice_id);
  const { facts, lines } = drafted!;
  const pen = penOf(context, record);
  return {
    processed: null, config_digest: context.config.digest, today: 'same', notes: [],
    lines: facts.lines.map((line, i) => (
      { ...shown(pen, record, line, i), ...withCorrection(whyOf(lines.get(keyOf(line))!), record, i), ...SAME })),
    taxes: explainTaxes(pen, record.taxes, facts.lines, context.config.tax_rounding),
    accounted_tax: explainAccounted(context.config, record),
  };
}

/** What of a processed invoice the ledger knows beside the record. */
interface Processed { serial: number; confirmed_at: bigint; confirmed_by: string }

/** How a processed invoice came about. `engine` has the ledger attached. */
export async function explainProcessed(context: Context, ledger: Ledger, engine: Engine, record: InvoiceRecord): Promise<Explanation> {
  const { serial, confirmed_at, confirmed_by } = await engine.row<Processed>(`
    SELECT CAST(serial AS INTEGER) AS serial, epoch_ms(confirmed_at) AS confirmed_at, confirmed_by
    FROM ledger.invoices WHERE invoice_id = ${literal(record.invoice_id)}`);
  const document = await readCommit(ledger, serial);
  const billed = await ledgerLines(engine, record.invoice_id);
  const again = await draftAgain(context, ledger, record, { serial, confirmed_at, confirmed_by });
  const pen = penOf(context, record);
  const lines = billed.map((line, i) => explained({ pen, record, billed, again, rounds: context.config.tax_rounding }, line, i));
  const gone = again.lines === null ? 0 : [...again.lines.keys()].filter((key) => !billed.some((line) => keyOf(line) === key)).length;
  const today = again.lines === null ? 'unknown' : gone === 0 && lines.every((line) => line.today === 'same') ? 'same' : 'changed';
  return {
    processed: {
      serial, confirmed_at: isoLocal(Number(confirmed_at), record.timezone), config_digest: document.config_digest,
      config_commit: document.config_commit, tool_version: document.tool_version,
    },
    config_digest: context.config.digest, today,
    notes: [...again.notes, ...(gone === 0 ? [] : [`today it would have ${gone} more ${gone === 1 ? 'line' : 'lines'}`])],
    lines, taxes: explainTaxes(pen, record.taxes, billed, context.config.tax_rounding),
    accounted_tax: explainAccounted(context.config, record),
  };
}

function penOf({ config }: Context, { exponent }: InvoiceRecord): Pen {
  return { exponent, rounding: config.rounding };
}

interface Drafted { readonly facts: Facts; readonly lines: ReadonlyMap<string, DraftedLine> }

async function draftOf(context: Context, { engine }: Draft, invoice_id: string): Promise<Drafted | null> {
  const key = await draftKey(engine, invoice_id);
  if (key === null) return null;
  const facts = await draftFacts(engine, key);
  const { config } = context;
  const at = await placesOf(engine, facts.bookings.map(({ file_key, record }) => ({ file_key, record: Number(record) })),
    (id) => config.place(['repeat_bookings', id]));
  const places = new Map<string, Place>(facts.bookings.map(({ source, booking_id }, i) => [`${source} ${booking_id}`, at[i]!]));
  const pen = { exponent: key.exponent, rounding: config.rounding };
  return { facts, lines: draftedLines({ facts, config, pen, places }) };
}

interface Again { readonly lines: ReadonlyMap<string, DraftedLine> | null; readonly notes: readonly string[] }

/** The invoice drafted again as of its confirmation, from the ledger as it was before; bookings of its customer alone. */
async function draftAgain(context: Context, ledger: Ledger, record: InvoiceRecord, processed: Processed): Promise<Again> {
  const customer = context.config.customers.findIndex(({ customer_id }) => customer_id === record.buyer.customer_id);
  if (customer === -1) return { lines: null, notes: ['the customer is no longer in the configuration: the rules cannot be shown'] };
  const then = { ...context, as_of: Number(processed.confirmed_at) };
  let draft: Draft | null = null;
  try {
    draft = await openDraft(then, ledger, {
      before_serial: processed.serial, only_customer: record.buyer.customer_id,
      ...(processed.confirmed_by === 'on_demand' ? { on_demand: customer } : {}),
    });
    const drafted = await draftOf(then, draft, record.invoice_id);
    if (drafted !== null) return { lines: drafted.lines, notes: [] };
    return { lines: null, notes: ['today\'s configuration and bookings do not give this invoice: the rules cannot be shown'] };
  } catch (error) {
    if (!(error instanceof DuebookError)) throw error;
    const why = error.diagnostics[0]?.message ?? error.message;
    return { lines: null, notes: [`it cannot be drafted again, so that the rules cannot be shown: ${why}`] };
  } finally {
    await draft?.engine.close();
  }
}

type Shown = Pick<ExplainedLine,
  'line_no' | 'kind' | 'description' | 'amount' | 'gross' | 'service_start' | 'service_end' | 'tax_id' | 'tax_rate'>;

function shown(pen: Pen, record: InvoiceRecord, line: LineFact, index: number): Shown {
  const own = record.lines[index]!;
  return {
    line_no: Number(line.line_no), kind: line.kind, description: line.description, amount: formatScaled(line.amount_minor, pen.exponent),
    gross: line.gross_minor === null ? null : formatScaled(line.gross_minor, pen.exponent), service_start: own.service_start,
    service_end: own.service_end, tax_id: line.tax_id, tax_rate: formatMicro(line.tax_rate_micro),
  };
}

function whyOf({ bookings, rules, steps, notes }: DraftedLine): Pick<ExplainedLine, 'bookings' | 'rules' | 'steps' | 'notes'> {
  return { bookings, rules, steps, notes };
}

interface Frame {
  readonly pen: Pen;
  readonly record: InvoiceRecord;
  readonly billed: readonly LineFact[];
  readonly again: Again;
  readonly rounds: 'invoice' | 'line';
}

const SAME = { today: 'same', today_amount: null, today_rules: [] } as const;

/** A line as it was billed; why, where today's draft has the same one. */
function explained(
  { pen, record, billed, again, rounds }: Frame, line: LineFact, index: number,
): ExplainedLine {
  const base = shown(pen, record, line, index);
  const found = again.lines?.get(keyOf(line));
  if (found !== undefined && found.compared === comparedOf(line)) {
    return { ...base, ...withCorrection(whyOf(found), record, index), ...SAME };
  }
  const priced = ownSteps(pen, line);
  const steps = priced.length === 0 ? [] : [...priced, ...netSteps(pen, line, billed, rounds)];
  // Rules of today did not make it what it was: the ledger knows quantity and price, and no more.
  const own = { bookings: bookingsOf(line), rules: [], steps };
  if (line.kind === 'adjustment') {
    return { ...base, ...withCorrection({ ...own, notes: [] }, record, index), ...SAME };
  }
  if (found === undefined) {
    return { ...base, ...own, notes: [], ...SAME, today: again.lines === null ? 'unknown' : 'gone' };
  }
  return {
    ...base, ...own, bookings: found.bookings, notes: [],
    today: 'changed', today_amount: money(pen, found.amount_minor), today_rules: found.rules,
  };
}

/** Quantity times price, as far as the ledger says it. */
function ownSteps(pen: Pen, line: LineFact): ExplainedLine['steps'] {
  const own = line.original_currency === null ? pen : { ...pen, exponent: exponentOf(line.original_currency) };
  const unit = line.unit_price_micro ?? line.original_price_micro;
  if (unit === null) return exchangeSteps(pen, line);
  const formula = `${factor(line.quantity_micro)} × ${price(own, unit)}`;
  const priced = provenSteps(own, [amountStep(own, 'quantity × price, as it was billed', formula)], pricedOf(line));
  return [...priced, ...exchangeSteps(pen, line)];
}

function bookingsOf(line: LineFact): ExplainedLine['bookings'] {
  if (line.booking_id === null || line.source === null) return [];
  return [{ source: line.source, booking_id: line.booking_id, at: null, line_no: Number(line.line_no), counted: null }];
}

const CORRECTIONS: Readonly<Record<string, string>> = {
  reversal: 'takes back', restatement: 'bills as it is now what was', credit: 'credits by hand', reissue: 'takes back, to be billed again,',
};

/** Says of a correction which line of which invoice it corrects. */
function withCorrection<T extends Pick<ExplainedLine, 'notes'>>(why: T, record: InvoiceRecord, index: number): T {
  const corrects = record.lines[index]?.corrects ?? null;
  if (corrects === null) return why;
  const line = corrects.line_no === null ? '' : `line ${corrects.line_no} of `;
  return { ...why, notes: [...why.notes, `${CORRECTIONS[corrects.correction ?? ''] ?? 'corrects'} ${line}invoice ${corrects.number}`] };
}

/**
 * `duebook credit`: a credit note for a processed invoice, numbered and committed at once. The models compute it from the ledger; here
 * it is judged, and refused where it would take back more than is left.
 */
import { localDate } from '../calendar/calendar.js';
import { attachLedger } from '../ledger/attach.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import type { Ledger } from '../ledger/ledger.js';
import { buildCredit } from '../models/credit.js';
import { fail } from '../values/diagnostic.js';
import { canonicalJson, sha256 } from '../values/digest.js';
import { formatMicro, formatScaled, parseDecimal } from '../values/money.js';
import { headResult, ledgerOf, openContext, tell } from './context.js';
import type { Context } from './context.js';
import { findProcessed, nameOf, reasonOf, wordsOf } from './corrections.js';
import type { FoundInvoice } from './corrections.js';
import { commitCredit } from './credit-commit.js';
import { judgeCredit, leftOf } from './credit-rules.js';
import { openEngine } from './draft.js';
import { withLedger } from './exclusive.js';
import { publish, writeProcessedSince } from './finish.js';
import { accountedTax } from './records.js';
import type { AccountedTaxRow } from './records.js';
import { SCHEMA_VERSION } from './results.js';
import type { CreditLine, CreditResult } from './results-corrections.js';
import { isDigestOf } from './versions.js';
import type { CommonOptions, World } from './world.js';

export interface CreditOptions extends CommonOptions {
  /** Number of the invoice, or its id. */
  readonly number: string;
  /** Lines of it, as it numbers them; empty: not by lines. */
  readonly lines: readonly string[];
  /** An amount with tax, as written. */
  readonly amount?: string;
  readonly reason?: string;
  readonly by?: string;
  /** What is credited is free to be billed again. */
  readonly reissue: boolean;
  /** Digest of what was looked at with --dry-run. */
  readonly expect?: string;
  readonly dry_run: boolean;
}

/**
 * Credits an invoice, or a part of it. Throws USAGE, UNKNOWN_INVOICE, INVOICE_VOID, INVOICE_CORRECTED, CREDIT_TOO_MUCH, DIGEST_STALE,
 * LEDGER_LOCKED, LEDGER_MOVED, AS_OF.
 */
export async function credit(world: World, options: CreditOptions): Promise<CreditResult> {
  const context = await openContext(world, options);
  const reason = reasonOf(options.reason, 'credit');
  const lines = linesOf(options);
  if (options.dry_run) return creditWith(context, options, { reason, lines }, await ledgerOf(context));
  return withLedger(context, 'credit', (ledger) => creditWith(context, options, { reason, lines }, ledger));
}

/** The asked lines, each once; null where none was asked for. */
function linesOf({ lines, amount, reissue }: CreditOptions): number[] | null {
  if (lines.length > 0 && amount !== undefined) {
    return fail('USAGE', '--line and --amount exclude each other', { hint: 'credit the lines, or an amount of the whole invoice' });
  }
  if (amount !== undefined && reissue) {
    return fail('USAGE', '--amount and --reissue exclude each other', {
      hint: 'an amount belongs to no booking that could be billed again; name the lines with --line',
    });
  }
  const wrong = lines.find((line) => !/^[1-9]\d{0,8}$/.test(line));
  if (wrong !== undefined) fail('USAGE', `--line ${wrong} is not the number of a line`, { hint: '`duebook show NUMBER` has them' });
  return lines.length === 0 ? null : [...new Set(lines.map(Number))].sort((a, b) => a - b);
}

function amountOf(written: string | undefined, found: FoundInvoice): bigint | null {
  if (written === undefined) return null;
  const amount = /^\d+(\.\d+)?$/.test(written) ? parseDecimal(written, found.exponent) : null;
  if (amount !== null && amount > 0n) return amount;
  return fail('USAGE', `--amount ${written} is not an amount in ${found.currency}`, {
    hint: `write it like ${formatScaled(1050n, found.exponent)}, with the tax, without a sign`,
  });
}

interface Asked { readonly reason: string; readonly lines: number[] | null }

async function creditWith(context: Context, options: CreditOptions, { reason, lines }: Asked, ledger: Ledger): Promise<CreditResult> {
  const engine = await openEngine(context, ledger);
  try {
    await attachLedger(engine, ledger);
    const found = await findProcessed(engine, options.number);
    refuse(found);
    const amount_minor = amountOf(options.amount, found);
    const half_even = context.config.rounding === 'half_even';
    await buildCredit(engine, { invoice_id: found.invoice_id, lines, amount_minor, reissue: options.reissue, half_even });
    await judgeCredit(engine, found, { lines, amount_minor, reissue: options.reissue });
    const note = await noteOf(engine, found, localDate(context.as_of, found.timezone));
    const digest = sha256(canonicalJson({ ...note, reissue: options.reissue }));
    if (options.expect !== undefined && !isDigestOf(options.expect, digest)) {
      return fail('DIGEST_STALE', `the credit note for ${found.number} is not what was expected: its digest is now ${digest}`, {
        hint: 'look at it again with --dry-run',
      });
    }
    const by = options.by ?? null;
    const done = await commitCredit(context, engine, ledger, found, {
      invoice_id: note.invoice_id, issued_on: note.issued_on, reason, by, reissue: options.reissue, dry_run: options.dry_run,
    });
    const files = options.dry_run ? [] : await writeProcessedSince(context, engine, done.ledger, ledger.serial);
    if (!options.dry_run) await publish(context, done.ledger);
    return {
      schema_version: SCHEMA_VERSION, as_of: tell(context.config, context.as_of), head: headResult(done.ledger), dry_run: options.dry_run,
      digest, credit_note: { ...note, number: done.number }, corrects: nameOf(found), left: await leftOf(engine, found), reason, by,
      reissue: options.reissue, send_due_at: done.send_due_at === null ? null : tell(context.config, done.send_due_at),
      messages_queued: done.messages, files, diagnostics: context.warnings,
    };
  } finally {
    await engine.close();
  }
}

function refuse(found: FoundInvoice): void {
  const what = wordsOf(found);
  if (found.status === 'void') {
    fail('INVOICE_VOID', `${what} is cancelled: nothing can be credited of it`, { hint: 'nothing is to be done' });
  }
  if (found.kind === 'credit_note') {
    fail('USAGE', `${what} is a credit note: it cannot be credited`, {
      hint: 'cancel it if it was not sent; otherwise bill what was credited wrongly with a line by hand, see docs/overrides.md',
    });
  }
}

type Note = Omit<CreditResult['credit_note'], 'number'>;

async function noteOf(engine: Engine, found: FoundInvoice, issued_on: string): Promise<Note> {
  const money = (minor: bigint): string => formatScaled(minor, found.exponent);
  const taxes = await engine.rows<{ tax_id: string; rate_micro: bigint; net_minor: bigint; tax_minor: bigint }>(
    'SELECT tax_id, rate_micro, net_minor, tax_minor FROM credit.taxes ORDER BY tax_id, rate_micro');
  type Row = Omit<CreditLine, 'amount' | 'quantity' | 'line_no' | 'corrects_line_no'>
    & { line_no: bigint; corrects_line_no: bigint | null; quantity_micro: bigint; amount_minor: bigint };
  const lines = await engine.rows<Row>(`SELECT line_no, corrects_line_no, correction, booking_id, description, quantity_micro, amount_minor,
    tax_id FROM credit.lines ORDER BY line_no`);
  const [accounted] = await engine.rows<AccountedTaxRow>(`SELECT tax_currency, tax_currency_minor, tax_exchange_rate,
    CAST(tax_exchange_on AS VARCHAR) AS tax_exchange_on, tax_exchange_source FROM credit.accounted_tax`);
  const { notes } = await engine.row<{ notes: bigint }>(`
    SELECT count(*) AS notes FROM ledger.events
    WHERE subject = 'invoice' AND event = 'credited' AND subject_id = ${literal(found.invoice_id)}`);
  const [net, tax] = [taxes.reduce((sum, each) => sum + each.net_minor, 0n), taxes.reduce((sum, each) => sum + each.tax_minor, 0n)];
  return {
    invoice_id: `crn_${sha256(`${found.invoice_id}|${notes}`).slice(0, 16)}`, issued_on,
    net: money(net), tax: money(tax), total: money(net + tax),
    accounted_tax: accounted === undefined ? null : accountedTax(accounted),
    taxes: taxes.map((each) => ({
      tax_id: each.tax_id, rate: formatMicro(each.rate_micro), net: money(each.net_minor), tax: money(each.tax_minor),
    })),
    lines: lines.map(({ quantity_micro, amount_minor, line_no, corrects_line_no, ...line }) => ({
      line_no: Number(line_no), corrects_line_no: corrects_line_no === null ? null : Number(corrects_line_no), ...line,
      quantity: formatMicro(quantity_micro), amount: money(amount_minor),
    })),
  };
}

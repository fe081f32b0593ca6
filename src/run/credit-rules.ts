/** What may be credited: never more than is left, of a line, of a tax, and in total. Reads what `models/credit.ts` has built. */
import type { Engine } from '../engine/engine.js';
import { fail } from '../values/diagnostic.js';
import { formatMicro, formatScaled } from '../values/money.js';
import type { FoundInvoice } from './corrections.js';
import { madeOfDeposit } from './deposits.js';
import type { AmountsResult } from './results-corrections.js';

/** What was asked for; both null: the whole. */
export interface CreditWish {
  readonly lines: readonly number[] | null;
  readonly amount_minor: bigint | null;
  readonly reissue: boolean;
}

/** Throws USAGE, INVOICE_CORRECTED, CREDIT_TOO_MUCH with what is left. */
export async function judgeCredit(engine: Engine, found: FoundInvoice, wish: CreditWish): Promise<void> {
  await refuseCarried(engine, found);
  const left = await sums(engine, false);
  const nothing = await engine.row<{ lines: bigint }>('SELECT count(*) AS lines FROM credit.lines');
  const told = `of invoice ${found.number} ${tellLeft(found, left)}`;
  if (wish.amount_minor !== null && wish.amount_minor > left.total) {
    fail('CREDIT_TOO_MUCH', `${money(found, wish.amount_minor)} ${found.currency} is more than there is: ${told}`, {
      hint: left.total > 0n ? `credit at most ${money(found, left.total)}, tax included` : 'nothing is to be done',
    });
  }
  if (wish.lines !== null) await refuseLines(engine, found, wish.lines);
  if (wish.reissue) await refuseReissue(engine, found);
  // What comes to nothing can be issued again; below that a credit note would ask for money.
  if (nothing.lines === 0n || left.total < 0n || (left.total === 0n && !wish.reissue && !await freesDeposit(engine, wish, left.total))) {
    fail('CREDIT_TOO_MUCH', told, { hint: 'nothing is to be done' });
  }
  await refuseDeposits(engine, found, wish, left.total);
  await refuseTaxes(engine, found, wish);
  if (wish.lines !== null) await refuseTotal(engine, found, left.total, told);
}

/** An invoice that a deposit paid wholly comes to nothing, and yet there is something to give back: the deposit. */
async function freesDeposit(engine: Engine, wish: CreditWish, left: bigint): Promise<boolean> {
  if (left !== 0n || wish.lines !== null || wish.amount_minor !== null) return false;
  const { lines } = await engine.row<{ lines: bigint }>(
    "SELECT count(*) AS lines FROM credit.lines_left WHERE kind = 'deposit_applied' AND NOT corrected");
  return lines > 0n;
}

/** What other lines take off may bear another tax: then the lines fit their tax, and yet are more than the invoice. */
async function refuseTotal(engine: Engine, found: FoundInvoice, left: bigint, told: string): Promise<void> {
  const { total } = await sums(engine, true);
  if (total >= 0n) return;
  fail('CREDIT_TOO_MUCH', `these lines come to ${money(found, left - total)} ${found.currency} with tax: ${told}`, {
    hint: 'other lines take something off: credit the whole, or an amount',
  });
}

/** Sums over the taxes in minor units: of what is left, before the credit note or after it. */
async function sums(engine: Engine, after: boolean): Promise<{ net: bigint; tax: bigint; total: bigint }> {
  const credited = after ? 'LEFT JOIN credit.taxes AS c ON c.tax_id = t.tax_id AND c.rate_micro = t.rate_micro' : '';
  const less = (column: string): string => (after ? `coalesce(c.${column}, 0)` : '0');
  const { net, tax } = await engine.row<{ net: bigint; tax: bigint }>(`
    SELECT CAST(coalesce(sum(t.left_net_minor + ${less('net_minor')}), 0) AS HUGEINT) AS net,
      CAST(coalesce(sum(t.left_tax_minor + ${less('tax_minor')}), 0) AS HUGEINT) AS tax
    FROM credit.taxes_left AS t ${credited}`);
  return { net, tax, total: net + tax };
}

/** What is left of the invoice after the credit note. */
export async function leftOf(engine: Engine, found: FoundInvoice): Promise<AmountsResult> {
  const { net, tax, total } = await sums(engine, true);
  return { net: money(found, net), tax: money(found, tax), total: money(found, total) };
}

function money(found: FoundInvoice, minor: bigint): string {
  return formatScaled(minor, found.exponent);
}

function tellLeft(found: FoundInvoice, { net, tax, total }: { net: bigint; tax: bigint; total: bigint }): string {
  if (total === 0n) return 'nothing is left to be credited';
  return `${money(found, total)} ${found.currency} is left to be credited (net ${money(found, net)}, tax ${money(found, tax)})`;
}

/** An invoice that closed at zero has given its credit away already. */
async function refuseCarried(engine: Engine, found: FoundInvoice): Promise<void> {
  const { carried } = await engine.row<{ carried: bigint }>(`SELECT count(*) AS carried FROM credit.lines_left AS l
    CROSS JOIN credit.request AS r WHERE l.kind = 'carry_over' AND starts_with(l.charge_id, r.invoice_id || ':carried:')`);
  if (carried === 0n) return;
  fail('INVOICE_CORRECTED', `invoice ${found.number} came to nothing and left its credit to the next invoice: it cannot be credited`, {
    hint: 'correct with a line by hand on the next invoice, see docs/overrides.md',
  });
}

interface LeftRow { line_no: bigint; kind: string; corrected: boolean; bears: boolean; amount_minor: bigint; description: string }

async function refuseLines(engine: Engine, found: FoundInvoice, lines: readonly number[]): Promise<void> {
  const rows = await engine.rows<LeftRow>(
    'SELECT line_no, kind, corrected, bears, amount_minor, description FROM credit.lines_left ORDER BY line_no');
  for (const line of lines) {
    const row = rows.find((each) => Number(each.line_no) === line);
    const which = `line ${line} of invoice ${found.number}`;
    if (row === undefined) {
      return fail('USAGE', `invoice ${found.number} has no line ${line}`, {
        hint: `it has ${rows.length} lines: duebook show ${found.number}`,
      });
    }
    if (row.corrected && row.kind !== 'discount') {
      fail('CREDIT_TOO_MUCH', `${which} (${row.description}) was credited or corrected before: nothing is left of it`, {
        hint: `duebook query "select * from invoice_lines where corrects_invoice_id = '${found.invoice_id}'" shows where`,
      });
    }
    if (row.kind === 'discount') {
      fail('USAGE', `${which} is a discount: it cannot be credited by itself`, {
        hint: 'its share goes with the lines that it lies on; to give more, credit an amount with --amount',
      });
    }
    if (!row.bears && !(row.amount_minor === 0n && row.kind === 'booking')) {
      fail('USAGE', `${which} takes ${money(found, row.amount_minor)} off the invoice: it cannot be credited by itself`, {
        hint: 'credit the whole invoice, or bill it with a line by hand, see docs/overrides.md',
      });
    }
  }
}

/** What the models took back is free in its own way: to set it free a second time would bill it twice. */
async function refuseReissue(engine: Engine, found: FoundInvoice): Promise<void> {
  const { rows } = await engine.row<{ rows: bigint }>(`SELECT count(*) AS rows FROM credit.lines AS c
    JOIN credit.lines_left AS l ON l.line_no = c.corrects_line_no WHERE l.correction IN ('reversal', 'credit', 'reissue')`);
  if (rows === 0n) return;
  fail('INVOICE_CORRECTED', `invoice ${found.number} corrects bookings of earlier invoices: it cannot be issued again as a whole`, {
    hint: 'credit it without --reissue, or only some lines of it',
  });
}

interface DepositRow {
  line_no: bigint; description: string; used_by: string | null;
  /** As it was invoiced, and what is left of that; in the terms of its price. `total_minor`: as it was invoiced, with tax. */
  paid_minor: bigint; left_minor: bigint; total_minor: bigint;
}

/**
 * Of a deposit that came off later invoices, or was given back, no more is credited than is left of it: the customer has had the rest. It
 * is a line that goes whole or not at all, and an amount may not reach into it, for it would still come off as a whole.
 */
async function refuseDeposits(engine: Engine, found: FoundInvoice, wish: CreditWish, left: bigint): Promise<void> {
  const standing = "kind = 'deposit' AND NOT corrected";
  const { deposits } = await engine.row<{ deposits: bigint }>(`SELECT count(*) AS deposits FROM credit.lines_left WHERE ${standing}`);
  if (deposits === 0n) return;
  const rows = await engine.rows<DepositRow>(`
    WITH uses AS (
      SELECT d.line_no, sum(coalesce(l.gross_minor, l.amount_minor)) AS amount_minor,
        min(i.number) FILTER (WHERE l.kind <> 'adjustment') AS number
      FROM credit.lines_left AS d
      JOIN ledger.invoice_lines AS l ON ${madeOfDeposit('l.charge_id', 'd.charge_id')}
      JOIN ledger.invoices AS i ON i.invoice_id = l.invoice_id
      JOIN ledger.invoice_status AS s ON s.invoice_id = l.invoice_id AND s.status = 'processed'
      WHERE d.${standing}
      GROUP BY d.line_no, l.charge_id
    )
    SELECT d.line_no, d.description, any_value(coalesce(d.left_gross_minor, d.left_minor)) AS paid_minor,
      CAST(any_value(coalesce(d.left_gross_minor, d.left_minor)) + coalesce(sum(u.amount_minor), 0) AS HUGEINT) AS left_minor,
      string_agg(DISTINCT u.number, ', ' ORDER BY u.number) FILTER (WHERE u.amount_minor <> 0) AS used_by,
      CAST(any_value(CASE WHEN d.left_gross_minor IS NOT NULL THEN d.left_gross_minor
        ELSE d.left_minor + tax_on(d.left_minor, d.tax_rate_micro, r.half_even) END) AS HUGEINT) AS total_minor
    FROM credit.lines_left AS d
    CROSS JOIN credit.request AS r
    LEFT JOIN uses AS u ON u.line_no = d.line_no
    WHERE ${standing}
    GROUP BY d.line_no, d.description ORDER BY d.line_no`);
  const isAsked = (row: DepositRow): boolean => wish.lines?.includes(Number(row.line_no)) ?? wish.amount_minor === null;
  const used = rows.find((row) => row.left_minor < row.paid_minor && isAsked(row));
  if (used !== undefined) {
    fail('CREDIT_TOO_MUCH', `line ${used.line_no} of invoice ${found.number} (${used.description}) is a deposit of`
      + ` ${money(found, used.paid_minor)} ${found.currency}, of which ${money(found, used.left_minor)} is left`, {
      hint: `the rest came off or was given back on ${used.used_by ?? 'another invoice'}: credit that first, or other lines with --line`,
    });
  }
  const others = left - rows.reduce((sum, row) => sum + row.total_minor, 0n);
  if (wish.amount_minor === null || wish.amount_minor <= others) return;
  fail('CREDIT_TOO_MUCH', `${money(found, wish.amount_minor)} ${found.currency} of invoice ${found.number} reaches into a deposit`, {
    hint: others > 0n ? `credit at most ${money(found, others)}, tax included, or the deposit as a whole with --line ${rows[0]!.line_no}`
      : `credit the deposit as a whole with --line ${rows[0]!.line_no}`,
  });
}

async function refuseTaxes(engine: Engine, found: FoundInvoice, wish: CreditWish): Promise<void> {
  if (wish.lines === null) return;
  type Row = { name: string; rate_micro: bigint; net: bigint; left_net: bigint };
  const over = await engine.rows<Row>(`
    SELECT t.name, t.rate_micro, CAST(-c.net_minor AS HUGEINT) AS net, CAST(t.left_net_minor AS HUGEINT) AS left_net
    FROM credit.taxes AS c JOIN credit.taxes_left AS t ON t.tax_id = c.tax_id AND t.rate_micro = c.rate_micro
    WHERE -c.net_minor > t.left_net_minor OR c.net_minor > 0 ORDER BY t.tax_id, t.rate_micro`);
  const first = over[0];
  if (first === undefined) return;
  const tax = `${first.name} (${formatMicro(first.rate_micro)} %)`;
  fail('CREDIT_TOO_MUCH', `these lines come to ${money(found, first.net)} ${found.currency} net at ${tax}, of which`
    + ` only ${money(found, first.left_net)} is left of invoice ${found.number}`, {
    hint: 'other lines take something off, or an amount was credited before: credit the whole, or an amount',
  });
}

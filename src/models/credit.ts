/** Computes a credit note by hand from the ledger alone, in the schema `credit`: what is left of an invoice, and what is taken of it. */
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { currencies, microPerMinor } from '../values/money.js';
import { CREDITS } from './order.js';
import { sqlFile } from './sql.js';

/** What is to be credited: the whole, some lines, or an amount. */
export interface CreditAsked {
  readonly invoice_id: string;
  /** Numbers of lines; null: not by lines. */
  readonly lines: readonly number[] | null;
  /** An amount with tax in minor units; null: not by amount. */
  readonly amount_minor: bigint | null;
  /** What was billed is free to be billed again. */
  readonly reissue: boolean;
  readonly half_even: boolean;
}

/**
 * Builds `credit.lines`, `credit.taxes` and `credit.accounted_tax`, which have the columns of the ledger as far as they are computed, and
 * what they are made of: `credit.lines_left` and `credit.taxes_left`. Needs `ledger.*`. Does not judge: what is asked may be more than is
 * left.
 */
export async function buildCredit(engine: Engine, asked: CreditAsked): Promise<void> {
  const mode = asked.lines !== null ? 'lines' : asked.amount_minor !== null ? 'amount' : 'whole';
  const lines = (asked.lines ?? []).map((line) => `(${line})`).join(', ');
  const units = currencies().map((each) => `('${each.currency}', ${microPerMinor(each.exponent)})`).join(', ');
  await engine.run(sqlFile('prelude.duckdb.sql'));
  await engine.run(`
    DROP SCHEMA IF EXISTS credit CASCADE; CREATE SCHEMA credit;
    CREATE TABLE credit.request (invoice_id VARCHAR, mode VARCHAR, amount_minor HUGEINT, reissue BOOLEAN, half_even BOOLEAN);
    INSERT INTO credit.request VALUES (
      ${literal(asked.invoice_id)}, '${mode}', ${asked.amount_minor ?? 'NULL'}, ${asked.reissue}, ${asked.half_even});
    CREATE TABLE credit.currencies (currency VARCHAR, micro_per_minor BIGINT);
    INSERT INTO credit.currencies VALUES ${units};
    CREATE TABLE credit.asked (line_no BIGINT);
    ${lines === '' ? '' : `INSERT INTO credit.asked VALUES ${lines};`}`);
  await engine.run(`
    CREATE SCHEMA IF NOT EXISTS input;
    CREATE OR REPLACE TABLE input.corrected_invoices AS SELECT invoice_id FROM credit.request;
    CREATE OR REPLACE TABLE input.discount_spread AS ${sqlFile('inputs/discount_spread.sql')}`);
  for (const name of CREDITS) await engine.run(`CREATE TABLE credit.${name} AS ${sqlFile(`credits/${name}.sql`)}`);
}

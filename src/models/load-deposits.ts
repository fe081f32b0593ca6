/** Deposits as the models read them: which there are, and which invoice is the last of their agreement. */
import type { DuckDBAppender } from '@duckdb/node-api';
import type { Deposit } from '../config/types.js';
import type { Engine } from '../engine/engine.js';

/**
 * `deposits`: a row a deposit and calendar, `deposit_no` its place in the agreement. `at_end`: it is only taken off the last invoice of
 * the agreement. `final_period_key`: the period of that invoice, which also gives back what is left; NULL while it is not in reach.
 */
export const DEPOSIT_TABLES = `
  CREATE OR REPLACE TABLE input.deposits (
    agreement_key INTEGER, calendar_key INTEGER, deposit_no INTEGER, deposit_id VARCHAR, name VARCHAR, at_end BOOLEAN,
    final_period_key INTEGER);`;

/** A row of `input.deposits`. */
export interface DepositRow {
  readonly agreement_key: number;
  readonly calendar_key: number;
  readonly deposit_no: number;
  readonly deposit: Deposit;
  readonly final_period_key: number | null;
}

/** Fills `input.deposits`. */
export async function appendDeposits(engine: Engine, rows: readonly DepositRow[]): Promise<void> {
  await engine.append('input', 'deposits', rows, (a: DuckDBAppender, { deposit, ...row }) => {
    for (const key of [row.agreement_key, row.calendar_key, row.deposit_no]) a.appendInteger(key);
    for (const text of [deposit.charge_id, deposit.name]) a.appendVarchar(text);
    a.appendBoolean(deposit.apply === 'final_invoice');
    if (row.final_period_key === null) a.appendNull();
    else a.appendInteger(row.final_period_key);
  });
}

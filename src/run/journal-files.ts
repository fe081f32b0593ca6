/** The journal as files: a table for import programs, and plain text as hledger and beancount read it. */
import { open } from 'node:fs/promises';
import type { Place } from '../values/diagnostic.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { fail } from '../values/diagnostic.js';
import { safeText } from './spreadsheet.js';

export type JournalFormat = 'csv' | 'parquet' | 'hledger' | 'beancount';

/** Name of the file of each format. */
export const JOURNAL_FILES: Readonly<Record<JournalFormat, string>> = {
  csv: 'journal.csv', parquet: 'journal.parquet', hledger: 'journal.hledger', beancount: 'journal.beancount',
};

/**
 * Writes the chosen entries of the schema `journal` to a local file; gives the number of postings. The same ledger, configuration and
 * span give the same bytes. `accounting` is where the accounts are written, for CONFIG_VALUE: two of them are one name in beancount.
 */
export async function writeJournal(engine: Engine, format: JournalFormat, path: string, accounting: Place): Promise<number> {
  await engine.run(`CREATE OR REPLACE TABLE journal.chosen AS
    SELECT p.*, ${beancountSql('p.account', 'p.role')} AS beancount, e.* EXCLUDE (entry_no)
    FROM journal.postings AS p JOIN journal.entries AS e ON e.entry_no = p.entry_no WHERE e.chosen`);
  if (format === 'csv' || format === 'parquet') {
    const how = format === 'csv' ? 'FORMAT csv, HEADER true' : 'FORMAT parquet, COMPRESSION zstd';
    await engine.run(`COPY (${tableSql(format === 'csv')}) TO ${literal(path)} (${how})`);
  } else if (format === 'hledger') {
    await writeTexts(engine, path, [HLEDGER_HEAD, HLEDGER]);
  } else {
    await refuseMerged(engine, accounting);
    await writeTexts(engine, path, [BEANCOUNT_HEAD, BEANCOUNT]);
  }
  return Number((await engine.row<{ n: bigint }>('SELECT count(*) AS n FROM journal.chosen')).n);
}

const ORDER = 'entry_no, rank, account, tax_id NULLS FIRST';

/** SQL: minor units as a decimal with the places of the currency. */
function moneySql(minor: string): string {
  const places = 'CASE exponent WHEN 0 THEN 1 WHEN 1 THEN 10 WHEN 2 THEN 100 WHEN 3 THEN 1000 END';
  return `(CASE WHEN ${minor} < 0 THEN '-' ELSE '' END || CAST(abs(${minor}) // ${places} AS VARCHAR)
    || CASE WHEN exponent = 0 THEN '' ELSE '.' || lpad(CAST(abs(${minor}) % ${places} AS VARCHAR), exponent::INTEGER, '0') END)`;
}

/** SQL: a text in one line, without signs that are not seen and without doubled spaces. */
function lineSql(text: string): string {
  return `trim(regexp_replace(coalesce(${text}, ''), '[\\p{C}\\p{Z}]+', ' ', 'g'))`;
}

const WHAT = `CASE WHEN void THEN 'Cancellation of ' || number || coalesce(': ' || ${lineSql('reason')}, '')
  WHEN kind = 'credit_note' THEN 'Credit note ' || number || coalesce(' for ' || corrects, '') ELSE 'Invoice ' || number END`;

function tableSql(spreadsheet: boolean): string {
  const safe = (text: string): string => (spreadsheet ? safeText(text) : text);
  return `
    SELECT entry_id, day AS date, ${safe('number')} AS number, ${safe('customer_id')} AS customer_id, ${safe('account')} AS account,
      CASE WHEN amount > 0 THEN ${moneySql('amount')} END AS debit, CASE WHEN amount < 0 THEN ${moneySql('(-amount)')} END AS credit,
      currency, tax_id, ${safe(`(${WHAT} || ', ' || ${lineSql('customer_name')})`)} AS description, serial, run_id,
      ${safe('corrects')} AS corrects
    FROM journal.chosen ORDER BY ${ORDER}`;
}

/** hledger ends a description at a semicolon, parts payee from note at a bar, and a tag's value at a comma. */
const hledgerText = (text: string): string => `translate(${lineSql(text)}, ';|', ',/')`;
const hledgerTag = (text: string): string => `replace(${hledgerText(text)}, ',', '-')`;

const HLEDGER_HEAD = `
  SELECT '; Journal by duebook, for hledger: one entry an invoice, credit note or cancellation' AS text, 0 AS n, '' AS name
  UNION ALL SELECT DISTINCT 'commodity 1000.' || repeat('0', exponent::INTEGER) || ' ' || currency, 1, currency FROM journal.chosen
  UNION ALL SELECT 'account ' || account || '  ; type: '
    || CASE min(role) WHEN 'receivables' THEN 'A' WHEN 'revenue' THEN 'R' ELSE 'L' END, 2, account FROM journal.chosen GROUP BY account
  ORDER BY n, name`;

const HLEDGER = `
  SELECT chr(10) || strftime(any_value(day), '%Y-%m-%d') || ' * (' || translate(any_value(number), '()', '--') || ') '
    || any_value(${hledgerText('customer_name')}) || ' | ' || any_value(${hledgerText(WHAT)}) || '  ; entry:' || any_value(entry_id)
    || ', serial:' || any_value(serial) || ', run:' || any_value(run_id) || ', customer:' || any_value(${hledgerTag('customer_id')})
    || any_value(CASE WHEN corrects IS NULL THEN '' ELSE ', corrects:' || ${hledgerTag('corrects')} END)
    || string_agg(chr(10) || '    ' || account || '    ' || ${moneySql('amount')} || ' ' || currency
      || CASE WHEN tax_id IS NULL THEN '' ELSE '  ; tax_id:' || tax_id END, '' ORDER BY ${ORDER}) AS text
  FROM journal.chosen GROUP BY entry_no ORDER BY entry_no`;

/**
 * SQL: the name of an account in beancount, where it begins with its type, and every part with a capital letter or digit and has only
 * letters, digits and dashes.
 */
function beancountSql(account: string, role: string): string {
  const roots = "('Assets', 'Liabilities', 'Income', 'Expenses', 'Equity')";
  const root = `CASE ${role} WHEN 'receivables' THEN 'Assets' WHEN 'revenue' THEN 'Income' ELSE 'Liabilities' END`;
  const part = (c: string): string => `regexp_replace(upper(${c}[1]) || ${c}[2:], '[^\\p{L}\\p{N}-]+', '-', 'g')`;
  return `(CASE WHEN contains(${account}, ':') AND split_part(${account}, ':', 1) IN ${roots} THEN '' ELSE ${root} || ':' END
    || array_to_string(list_transform(string_split(${account}, ':'),
      lambda c: CASE WHEN ${part('c')}[1] = '-' THEN 'X' ELSE '' END || ${part('c')}), ':'))`;
}

/** Two accounts that beancount cannot tell apart would be added up in silence. */
async function refuseMerged(engine: Engine, at: Place): Promise<void> {
  const merged = await engine.rows<{ beancount: string; accounts: string }>(`
    SELECT beancount, string_agg(DISTINCT account, '", "' ORDER BY account) AS accounts
    FROM (SELECT DISTINCT account, ${beancountSql('account', 'role')} AS beancount FROM journal.postings)
    GROUP BY beancount HAVING count(DISTINCT account) > 1 ORDER BY beancount LIMIT 20`);
  if (merged.length === 0) return;
  const told = merged.map(({ beancount, accounts }) => `"${accounts}" would both be ${beancount}`).join('; ');
  fail('CONFIG_VALUE', `accounting: beancount cannot tell these accounts apart: ${told}`, {
    at, hint: 'give one of them another account, for example under receivables_by_customer or revenue_by_product',
  });
}

/** Accounts are opened once, by the first export that has them: files of one export after the other can be read together. */
const BEANCOUNT_HEAD = `
  SELECT '; Journal by duebook, for beancount: one entry an invoice, credit note or cancellation' AS text, 0 AS n, '' AS name
  UNION ALL SELECT DISTINCT '1970-01-01 open ' || c.beancount, 1, c.beancount FROM journal.chosen AS c
    WHERE c.account NOT IN (SELECT p.account FROM journal.postings AS p JOIN journal.entries AS e ON e.entry_no = p.entry_no WHERE e.before)
  ORDER BY n, name`;

const quoted = (text: string): string => `'"' || replace(replace(${lineSql(text)}, '\\', '\\\\'), '"', '\\"') || '"'`;

const BEANCOUNT = `
  SELECT chr(10) || strftime(any_value(day), '%Y-%m-%d') || ' * ' || any_value(${quoted('customer_name')})
    || ' ' || any_value(${quoted(WHAT)})
    || any_value(chr(10) || '  entry: ' || ${quoted('entry_id')} || chr(10) || '  number: ' || ${quoted('number')}
      || chr(10) || '  serial: "' || serial || '"' || chr(10) || '  run: ' || ${quoted('run_id')}
      || chr(10) || '  customer: ' || ${quoted('customer_id')}
      || CASE WHEN corrects IS NULL THEN '' ELSE chr(10) || '  corrects: ' || ${quoted('corrects')} END)
    || string_agg(chr(10) || '  ' || beancount || '  ' || ${moneySql('amount')} || ' ' || currency
      || CASE WHEN tax_id IS NULL THEN '' ELSE chr(10) || '    tax_id: ' || ${quoted('tax_id')} END, '' ORDER BY ${ORDER}) AS text
  FROM journal.chosen GROUP BY entry_no ORDER BY entry_no`;

/** The texts of some queries, a line feed behind each; streamed, since a year of journal may not fit the memory. */
async function writeTexts(engine: Engine, path: string, queries: readonly string[]): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const sql of queries) {
      const result = await engine.connection.stream(`SELECT text FROM (${sql})`);
      for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
        await file.write(chunk.getColumnValues(0).map((text) => `${String(text)}\n`).join(''));
      }
    }
  } finally {
    await file.close();
  }
}

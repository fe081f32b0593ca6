/**
 * The proofs of what is billed once and of what corrects it. A booking's line is billed, and may then be taken back (`reversal`, by
 * the models), and billed as it is now (`restatement`) or anew, or be credited by hand for good (`credit`) or to be billed again
 * (`reissue`). Lines of void invoices count for nothing.
 */
import type { Engine } from '../engine/engine.js';
import { voidedSql, voidingsSql } from './lifecycle.js';
import { ACCOUNTED_CORRECTIONS, ACCOUNTED_NOTES_SQL, EXCHANGED_CORRECTIONS } from './verify-exchange.js';
import type { RowProof } from './verify-types.js';

/** What may come before a move of a booking, and nothing else; '' is nothing. */
const BEFORE: Readonly<Record<string, readonly string[]>> = {
  booking: ['', 'reversal', 'reissue'],
  reversal: ['booking', 'restatement'],
  restatement: ['reversal'],
  // What was taken back is credited with the invoice on which that stands.
  credit: ['booking', 'restatement', 'reversal', 'credit'],
  reissue: ['booking', 'restatement'],
};

const WORDS = `CASE move WHEN 'booking' THEN 'billed' WHEN 'reversal' THEN 'taken back' WHEN 'restatement' THEN 'billed again as it is now'
  WHEN 'credit' THEN 'credited' ELSE 'credited to be issued again' END`;

/** Kinds of charges that are billed once; amounts carried over and deposits stand on two invoices by their nature. */
const ONCE = "'recurring', 'fee', 'manual', 'usage'";

/** Kinds of what is made of a deposit; its id begins with that of the deposit. */
const PAID_AHEAD = "'deposit', 'deposit_applied', 'deposit_refund'";

const where = (line: string, invoice: string): string => `'Line ' || ${line}.line_no || ' of ' || ${invoice}.number`;

export const BOOKINGS: RowProof = {
  name: 'bookings',
  detail: 'every booking and every charge is billed at most once, and again only after it was taken back',
  checks: [
    { table: 'invoice_lines', sql: `
      SELECT serial, 'Booking ' || booking_id || ' of ' || coalesce(source, '?') || ' is ' || ${WORDS} || ' on line ' || line_no
        || ' of ' || number || CASE before WHEN '' THEN ', but it was not billed before'
          ELSE ', but before that it was ' || before_words || ' on ' || before_number END AS message
      FROM verify.moves WHERE (move, before) NOT IN (SELECT (move, before) FROM verify.may_follow)` },
    { table: 'invoice_lines', sql: `
      SELECT serial, 'Line ' || line_no || ' of ' || invoice_id || ' bills a booking without id' AS message
      FROM verify.odd_lines WHERE kind = 'booking' AND booking_id IS NULL` },
    { table: 'invoice_lines', sql: `
      SELECT max(l.serial) AS serial, 'The charge ' || l.charge_id || ' is billed ' || count(*) FILTER (l.kind <> 'adjustment')
        || ' times: ' || string_agg(i.number || ' line ' || l.line_no, ', ' ORDER BY i.number, l.line_no)
        FILTER (l.kind <> 'adjustment') AS message
      FROM verify.charges AS l JOIN verify.invoices AS i ON i.invoice_id = l.invoice_id
      WHERE l.kind NOT IN (${PAID_AHEAD})
      GROUP BY l.charge_id
      HAVING count(*) FILTER (l.kind <> 'adjustment') - count(*) FILTER (l.correction IN ('reissue', 'reversal')) > 1` },
  ],
};

export const CORRECTIONS: RowProof = {
  name: 'corrections',
  detail: 'every correction names a line of an earlier invoice and never takes back more than is there',
  checks: [
    { table: 'invoice_lines', sql: `
      SELECT c.serial, ${where('c', 'i')} || ' is an adjustment that does not say what it corrects and how' AS message
      FROM verify.corrections AS c JOIN verify.invoices AS i ON i.invoice_id = c.invoice_id
      WHERE (c.kind = 'adjustment') IS DISTINCT FROM (c.correction IS NOT NULL)
        OR c.kind = 'adjustment' AND (c.corrects_invoice_id IS NULL OR (c.corrects_line_no IS NULL
            AND (c.correction = 'credit' AND c.booking_id IS NULL AND c.charge_id IS NULL) IS NOT TRUE)
          OR c.correction NOT IN ('reversal', 'restatement', 'credit', 'reissue'))` },
    { table: 'invoice_lines', sql: `
      SELECT c.serial, ${where('c', 'i')} || ' corrects line ' || coalesce(c.corrects_line_no::VARCHAR, '?') || ' of '
        || c.corrects_invoice_id || ', which is ' || CASE WHEN t.serial IS NULL THEN 'not in the ledger' WHEN t.void THEN 'void'
          ELSE 'of no earlier invoice' END AS message
      FROM verify.standing_corrections AS c JOIN verify.invoices AS i ON i.invoice_id = c.invoice_id
      LEFT JOIN verify.corrected AS t ON t.invoice_id = c.corrects_invoice_id AND t.line_no = c.corrects_line_no
      WHERE c.kind = 'adjustment' AND c.corrects_invoice_id IS NOT NULL AND c.corrects_line_no IS NOT NULL
        AND (t.serial < c.serial AND NOT t.void) IS NOT TRUE` },
    { table: 'invoice_lines', sql: `
      SELECT c.serial, ${where('c', 'i')} || ' corrects ' || coalesce(t.booking_id, t.charge_id, 'line ' || t.line_no) || ' of '
        || f.number || ' but has another ' || CASE WHEN i.currency <> f.currency THEN 'currency'
          WHEN i.customer_id <> f.customer_id THEN 'customer'
          WHEN c.tax_id <> t.tax_id OR c.tax_rate_micro <> t.tax_rate_micro THEN 'tax' ELSE 'booking' END AS message
      FROM verify.standing_corrections AS c JOIN verify.invoices AS i ON i.invoice_id = c.invoice_id
      JOIN verify.corrected AS t ON t.invoice_id = c.corrects_invoice_id AND t.line_no = c.corrects_line_no
      JOIN verify.invoices AS f ON f.invoice_id = t.invoice_id
      WHERE c.kind = 'adjustment' AND (i.currency <> f.currency OR i.customer_id <> f.customer_id
        OR c.correction <> 'restatement' AND (c.tax_id <> t.tax_id OR c.tax_rate_micro <> t.tax_rate_micro)
        OR c.booking_id IS DISTINCT FROM t.booking_id)` },
    { table: 'invoice_lines', sql: `
      SELECT max(c.serial) AS serial, 'Line ' || t.line_no || ' of ' || f.number || ' comes to ' || t.amount_minor || ', but '
        || -sum(c.amount_minor) || ' of it is taken back (minor units) by '
        || string_agg(i.number || ' line ' || c.line_no, ', ' ORDER BY c.serial, i.number, c.line_no) AS message
      FROM verify.standing_corrections AS c JOIN verify.invoices AS i ON i.invoice_id = c.invoice_id
      JOIN verify.corrected AS t ON t.invoice_id = c.corrects_invoice_id AND t.line_no = c.corrects_line_no
      JOIN verify.invoices AS f ON f.invoice_id = t.invoice_id
      WHERE c.correction IN ('reversal', 'credit', 'reissue')
      GROUP BY t.line_no, t.invoice_id, f.number, t.amount_minor
      HAVING sum(c.amount_minor) NOT BETWEEN least(-t.amount_minor, 0) AND greatest(-t.amount_minor, 0)
        -- A discount lies on lines that take something off, too: what it gives on them goes the other way.
        OR max(c.amount_minor * sign(t.amount_minor)) FILTER (t.kind <> 'discount') > 0` },
    { table: 'invoices', sql: `
      SELECT max(c.serial) AS serial, 'Invoice ' || f.number || ' comes to ' || f.total_minor || ', but ' || -sum(c.total_minor)
        || ' of it is credited (minor units) by ' || string_agg(c.number, ', ' ORDER BY c.serial, c.number) AS message
      FROM verify.credit_notes AS c JOIN verify.invoices AS f ON f.invoice_id = c.corrects_invoice_id
      -- Where a later invoice took back what lowered this one, so much more is left of it, with its tax (rounded up).
      LEFT JOIN (SELECT corrects_invoice_id,
          sum(amount_minor + (amount_minor::HUGEINT * tax_rate_micro + 99999999) // 100000000 + 1) AS minor
        FROM verify.standing_corrections WHERE correction = 'reversal' AND booking_id IS NOT NULL AND amount_minor > 0
        GROUP BY corrects_invoice_id) AS back ON back.corrects_invoice_id = f.invoice_id
      GROUP BY f.invoice_id, f.number, f.total_minor, back.minor
      HAVING -sum(c.total_minor) NOT BETWEEN least(f.total_minor, 0) AND greatest(f.total_minor + coalesce(back.minor, 0), 0)` },
    { table: 'invoice_lines', sql: `
      SELECT max(l.serial) AS serial, 'Of the deposit ' || l.deposit || ' ' || -sum(l.amount_minor)
        || ' more came off or was given back than was invoiced (minor units): ' || string_agg(DISTINCT i.number, ', ' ORDER BY i.number)
        AS message
      FROM verify.charges AS l JOIN verify.invoices AS i ON i.invoice_id = l.invoice_id
      WHERE l.deposit IN (SELECT deposit FROM verify.charges WHERE kind IN (${PAID_AHEAD}))
      GROUP BY l.deposit HAVING sum(l.amount_minor) < 0` },
    ...EXCHANGED_CORRECTIONS, ...ACCOUNTED_CORRECTIONS,
    { table: 'events', sql: `
      SELECT max(v.serial) AS serial, 'The invoice ' || i.number || ' is void, but '
        || string_agg(DISTINCT f.number, ', ' ORDER BY f.number) || ' corrects it' AS message
      FROM verify.voided AS v JOIN verify.invoices AS i ON i.invoice_id = v.invoice_id
      JOIN verify.standing_corrections AS c ON c.corrects_invoice_id = v.invoice_id AND c.kind = 'adjustment'
      JOIN verify.invoices AS f ON f.invoice_id = c.invoice_id
      GROUP BY i.number` },
  ],
};

const COLUMNS = 'invoice_id, line_no, kind, booking_id, source, charge_id, amount_minor, tax_id, tax_rate_micro, corrects_invoice_id, '
  + 'corrects_line_no, correction, original_currency, original_minor, exchange_rate, exchange_on, exchange_source, serial';

/** SQL: a line that corrects, or bills a booking that it does not name. */
const ODD = "(kind = 'adjustment' OR correction IS NOT NULL OR kind = 'booking' AND booking_id IS NULL)";

/**
 * Makes what these proofs read, in the schema `verify`. Nearly all lines bill a booking that no other line names: all are looked at in
 * the few columns that tell, and whole only in the commits that have others.
 */
export async function prepareCorrections(engine: Engine): Promise<void> {
  const pairs = Object.entries(BEFORE).flatMap(([move, all]) => all.map((before) => `('${move}', '${before}')`));
  await engine.run(`
    CREATE TABLE verify.may_follow AS SELECT * FROM (VALUES ${pairs.join(', ')}) t(move, before);
    CREATE TABLE verify.voided AS ${voidedSql(`(${voidingsSql('verify.events')})`)};
    CREATE TABLE verify.marks AS
      SELECT CASE WHEN booking_id IS NOT NULL THEN hash(source, booking_id) END AS h, ${ODD} IS TRUE AS odd, serial::INTEGER AS serial
      FROM ledger.invoice_lines;
    -- Bookings of which there is more than one line. Equal hashes of different ones only add a candidate.
    CREATE TABLE verify.repeated AS SELECT h FROM verify.marks WHERE h IS NOT NULL GROUP BY h HAVING count(*) > 1;`);
  const odd = await serialsIn(engine, 'SELECT serial FROM verify.marks WHERE odd OR h IN (SELECT h FROM verify.repeated)');
  await engine.run(`
    DROP TABLE verify.marks;
    CREATE TABLE verify.odd_lines AS SELECT ${COLUMNS} FROM ledger.invoice_lines
      WHERE ${odd} AND (${ODD} OR booking_id IS NOT NULL AND hash(source, booking_id) IN (SELECT h FROM verify.repeated));
    CREATE VIEW verify.of_bookings AS SELECT * FROM verify.odd_lines WHERE booking_id IS NOT NULL;
    CREATE VIEW verify.corrections AS SELECT * FROM verify.odd_lines WHERE kind = 'adjustment' OR correction IS NOT NULL;
    CREATE VIEW verify.standing_corrections AS SELECT c.* FROM verify.corrections AS c
      ANTI JOIN verify.voided AS v ON v.invoice_id = c.invoice_id;`);
  const corrected = 'invoice_id IN (SELECT corrects_invoice_id FROM verify.corrections)';
  const where = await serialsIn(engine, `SELECT serial FROM verify.invoices WHERE ${corrected}`);
  await engine.run(`
    CREATE TABLE verify.corrected AS
      SELECT l.invoice_id, l.line_no, l.kind, l.booking_id, l.charge_id, l.amount_minor, l.tax_id, l.tax_rate_micro, l.serial,
        l.original_currency, l.original_minor, l.exchange_rate, l.exchange_on, l.exchange_source, v.invoice_id IS NOT NULL AS void
      FROM ledger.invoice_lines AS l LEFT JOIN verify.voided AS v ON v.invoice_id = l.invoice_id
      WHERE l.${where} AND l.${corrected};
    CREATE TABLE verify.charges AS SELECT l.charge_id, l.kind, l.correction, l.invoice_id, l.line_no, l.serial,
        coalesce(l.gross_minor, l.amount_minor) AS amount_minor,
        coalesce(nullif(regexp_extract(l.charge_id, '^(.+):(applied|refund):inv_[^:]*:', 1), ''), l.charge_id) AS deposit
      FROM ledger.invoice_lines AS l ANTI JOIN verify.voided AS v ON v.invoice_id = l.invoice_id
      WHERE l.charge_id IS NOT NULL AND l.booking_id IS NULL AND l.kind IN ('adjustment', ${ONCE}, ${PAID_AHEAD});
    CREATE VIEW verify.moves AS
      SELECT *, coalesce(lag(move) OVER steps, '') AS before, lag(${WORDS}) OVER steps AS before_words,
        lag(number) OVER steps AS before_number
      FROM (SELECT l.source, l.booking_id, l.line_no, l.serial, i.number, coalesce(l.correction, 'booking') AS move
        FROM verify.of_bookings AS l JOIN verify.invoices AS i ON i.invoice_id = l.invoice_id
        ANTI JOIN verify.voided AS v ON v.invoice_id = l.invoice_id
        WHERE l.kind = 'booking' OR l.kind = 'adjustment')
      WINDOW steps AS (PARTITION BY source, booking_id
        ORDER BY serial, CASE WHEN move IN ('reversal', 'credit', 'reissue') THEN 0 ELSE 1 END, number, line_no);
    CREATE VIEW verify.credit_notes AS
      SELECT i.invoice_id, i.number, i.serial, i.total_minor, min(c.corrects_invoice_id) AS corrects_invoice_id
      FROM verify.standing_corrections AS c JOIN verify.invoices AS i ON i.invoice_id = c.invoice_id
      GROUP BY i.invoice_id, i.number, i.serial, i.total_minor, i.lines
      HAVING count(*) = i.lines AND count(DISTINCT c.corrects_invoice_id) = 1 AND bool_and(c.correction IN ('credit', 'reissue'));
    ${ACCOUNTED_NOTES_SQL}`);
}

/** SQL: the serial is one of those that a query gives, as a list, so that no other file is opened. */
async function serialsIn(engine: Engine, query: string): Promise<string> {
  const rows = await engine.rows<{ serial: bigint | number }>(`SELECT DISTINCT serial FROM (${query}) ORDER BY serial`);
  return `serial IN (${rows.length === 0 ? 'NULL' : rows.map(({ serial }) => serial).join(', ')})`;
}

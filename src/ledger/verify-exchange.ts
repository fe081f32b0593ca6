/** The checks of what was converted, lines and taxes: that both amounts and the rate belong together, whatever the models say. */
import { currencies, RATE_PLACES } from '../values/money.js';
import type { RowCheck } from './verify-types.js';

/** SQL: decimals of the currency in a column. */
export function exponentSql(column: string): string {
  const others = currencies().filter(({ exponent }) => exponent !== 2);
  const cases = [...new Set(others.map(({ exponent }) => exponent))].sort().map((exponent) => {
    const own = others.filter((each) => each.exponent === exponent).map(({ currency }) => `'${currency}'`);
    return `WHEN ${column} IN (${own.join(', ')}) THEN ${exponent}`;
  });
  return `CASE ${cases.join(' ')} ELSE 2 END`;
}

/** SQL: ten to the power of a small number, as an integer. */
function tenTo(power: string): string {
  return `CAST(rpad('1', CAST(${power} AS INTEGER) + 1, '0') AS HUGEINT)`;
}

/** What may be away from the exact amount is half a unit of the invoice's currency: each line was rounded once. */
const OVER = `l.original_minor::HUGEINT * CAST(l.rate * 1${'0'.repeat(RATE_PLACES)} AS HUGEINT) * ${tenTo('i.exponent')}`;
const UNDER = tenTo(`${RATE_PLACES} + l.exponent`);

export const EXCHANGED_LINES: readonly RowCheck[] = [
  { table: 'invoice_lines', sql: `
    SELECT l.serial, 'Line ' || l.line_no || ' of ' || i.number || ' was converted, but '
      || CASE WHEN l.original_currency IS NULL OR l.original_minor IS NULL THEN 'does not say from which amount and currency'
        WHEN l.original_currency = i.currency THEN 'from the currency that the invoice has'
        WHEN l.unit_price_micro IS NOT NULL THEN 'has a price of a unit in the currency of the invoice'
        ELSE 'does not say at which rate, with its day and source' END AS message
    FROM verify.exchanged AS l JOIN verify.invoices AS i ON i.invoice_id = l.invoice_id
    WHERE (l.original_currency IS NOT NULL AND l.original_minor IS NOT NULL AND l.original_currency <> i.currency
      AND l.unit_price_micro IS NULL AND (l.rate > 0 AND l.exchange_on IS NOT NULL AND l.exchange_source IS NOT NULL
        OR l.exchange_rate IS NULL AND l.original_minor = 0 AND l.amount_minor = 0)) IS NOT TRUE` },
  { table: 'invoice_lines', sql: `
    SELECT l.serial, 'Line ' || l.line_no || ' of ' || i.number || ' comes to ' || l.shown_minor || ', but ' || l.original_minor || ' in '
      || l.original_currency || ' at the rate of ' || l.exchange_rate || ' is another amount (minor units)' AS message
    FROM verify.exchanged AS l JOIN verify.invoices AS i ON i.invoice_id = l.invoice_id
    WHERE l.rate IS NOT NULL AND l.of_line AND abs(l.shown_minor * ${UNDER} - ${OVER}) * 2 > ${UNDER}` },
];

/** Parts of a discount are rounded by themselves in both currencies; what is taken back of it is held against the amount alone. */
export const EXCHANGED_CORRECTIONS: readonly RowCheck[] = [
  { table: 'invoice_lines', sql: `
    SELECT c.serial, 'Line ' || c.line_no || ' of ' || i.number || ' takes back line ' || t.line_no || ' of ' || f.number
      || ', but at another rate of exchange' AS message
    FROM verify.standing_corrections AS c JOIN verify.invoices AS i ON i.invoice_id = c.invoice_id
    JOIN verify.corrected AS t ON t.invoice_id = c.corrects_invoice_id AND t.line_no = c.corrects_line_no
    JOIN verify.invoices AS f ON f.invoice_id = t.invoice_id
    WHERE c.correction IN ('reversal', 'credit', 'reissue') AND (c.original_currency, c.exchange_rate, c.exchange_on, c.exchange_source)
      IS DISTINCT FROM (t.original_currency, t.exchange_rate, t.exchange_on, t.exchange_source)` },
  { table: 'invoice_lines', sql: `
    SELECT max(c.serial) AS serial, 'Line ' || t.line_no || ' of ' || f.number || ' was ' || t.original_minor || ' in '
      || t.original_currency || ', but ' || -sum(c.original_minor) || ' of it is taken back (minor units) by '
      || string_agg(i.number || ' line ' || c.line_no, ', ' ORDER BY c.serial, i.number, c.line_no) AS message
    FROM verify.standing_corrections AS c JOIN verify.invoices AS i ON i.invoice_id = c.invoice_id
    JOIN verify.corrected AS t ON t.invoice_id = c.corrects_invoice_id AND t.line_no = c.corrects_line_no
    JOIN verify.invoices AS f ON f.invoice_id = t.invoice_id
    WHERE c.correction IN ('reversal', 'credit', 'reissue') AND t.original_currency IS NOT NULL AND t.kind <> 'discount'
    GROUP BY t.line_no, t.invoice_id, f.number, t.original_minor, t.original_currency
    HAVING sum(c.original_minor) NOT BETWEEN least(-t.original_minor, 0) AND greatest(-t.original_minor, 0)` },
];

const TOLD = `(${['tax_currency', 'tax_currency_minor', 'tax_exchange_rate', 'tax_exchange_on', 'tax_exchange_source']
  .map((column) => `(a.${column} IS NOT NULL)::INTEGER`).join(' + ')})`;
const TAX_OVER = `a.tax_minor::HUGEINT * CAST(a.rate * 1${'0'.repeat(RATE_PLACES)} AS HUGEINT) * ${tenTo('a.tax_exponent')}`;
const TAX_UNDER = tenTo(`${RATE_PLACES} + a.exponent`);

/** A credit note by hand that takes the rest takes what the others were rounded by, too: up to half a unit of each. */
export const ACCOUNTED_TAXES: readonly RowCheck[] = [
  { table: 'invoices', sql: `
    SELECT a.serial, 'Invoice ' || a.number || CASE
        WHEN ${TOLD} = 0 THEN ' does not state its tax in ' || a.seller_currency || ', in which its seller accounts for it'
        WHEN a.tax_minor = 0 THEN ' has no tax, but states it in ' || coalesce(a.tax_currency, 'another currency')
        WHEN a.tax_currency = a.currency THEN ' states its tax in another currency, which is its own'
        ELSE ' states its tax in another currency, but not all of currency, amount and rate with its day and source' END AS message
    FROM verify.accounted AS a
    WHERE (${TOLD} = 5 AND a.tax_minor <> 0 AND a.tax_currency <> a.currency AND a.rate > 0) IS NOT TRUE` },
  { table: 'invoices', sql: `
    SELECT a.serial, 'Invoice ' || a.number || ' states its tax as ' || a.tax_currency_minor || ' in ' || a.tax_currency || ', but '
      || a.tax_minor || ' in ' || a.currency || ' at the rate of ' || a.tax_exchange_rate || ' is another amount (minor units)' AS message
    FROM verify.accounted AS a LEFT JOIN verify.accounted_notes AS n ON n.invoice_id = a.invoice_id
    WHERE a.rate IS NOT NULL
      AND abs(a.tax_currency_minor * ${TAX_UNDER} - ${TAX_OVER}) * 2 > ${TAX_UNDER} * coalesce(n.notes, 1)` },
];

export const ACCOUNTED_CORRECTIONS: readonly RowCheck[] = [
  { table: 'invoices', sql: `
    SELECT a.serial, 'The credit note ' || a.number || ' states its tax in another currency or at another rate than ' || f.number
      || ', which it corrects' AS message
    FROM verify.accounted_notes AS n JOIN verify.accounted AS a ON a.invoice_id = n.invoice_id
    JOIN verify.invoices AS f ON f.invoice_id = n.corrects_invoice_id
    LEFT JOIN verify.accounted AS o ON o.invoice_id = n.corrects_invoice_id
    WHERE (a.tax_currency, a.tax_exchange_rate, a.tax_exchange_on, a.tax_exchange_source)
      IS DISTINCT FROM (o.tax_currency, o.tax_exchange_rate, o.tax_exchange_on, o.tax_exchange_source)` },
  { table: 'invoices', sql: `
    SELECT max(a.serial) AS serial, 'The tax of ' || f.number || ' is ' || f.tax_currency_minor || ' in ' || f.tax_currency || ', but '
      || -sum(a.tax_currency_minor) || ' of it is credited (minor units) by ' || string_agg(a.number, ', ' ORDER BY a.serial, a.number)
      AS message
    FROM verify.accounted_notes AS n JOIN verify.accounted AS a ON a.invoice_id = n.invoice_id
    ANTI JOIN verify.voided AS v ON v.invoice_id = n.invoice_id
    JOIN verify.accounted AS f ON f.invoice_id = n.corrects_invoice_id
    GROUP BY f.invoice_id, f.number, f.tax_currency, f.tax_currency_minor
    HAVING sum(a.tax_currency_minor) NOT BETWEEN least(-f.tax_currency_minor, 0) AND greatest(-f.tax_currency_minor, 0)` },
];

/** `verify.accounted`: invoices that say anything of their tax in another currency, and those whose seller would have to. */
export const ACCOUNTED_SQL = `
    CREATE TABLE verify.accounted AS
      SELECT i.invoice_id, i.number, i.serial, i.currency, i.exponent, i.tax_minor, i.confirmed_by, i.tax_currency, i.tax_currency_minor,
        i.tax_exchange_rate, i.tax_exchange_on, i.tax_exchange_source, TRY_CAST(i.tax_exchange_rate AS DECIMAL(18, ${RATE_PLACES})) AS rate,
        ${exponentSql('i.tax_currency')} AS tax_exponent, s.seller_currency
      FROM ledger.invoices AS i
      LEFT JOIN (SELECT DISTINCT party_id, json_extract_string(party, '$.tax_currency') AS seller_currency
        FROM ledger.parties WHERE customer_id IS NULL AND json_valid(party)) AS s ON s.party_id = i.seller_id
      WHERE i.tax_currency IS NOT NULL OR i.tax_currency_minor IS NOT NULL OR i.tax_exchange_rate IS NOT NULL
        OR i.tax_exchange_on IS NOT NULL OR i.tax_exchange_source IS NOT NULL OR i.tax_minor <> 0 AND s.seller_currency <> i.currency;`;

/** `verify.accounted_notes`: those that were given by hand, with what they correct and how many of it there ever were. */
export const ACCOUNTED_NOTES_SQL = `
    CREATE VIEW verify.accounted_notes AS
      SELECT invoice_id, corrects_invoice_id, count(*) OVER (PARTITION BY corrects_invoice_id) AS notes
      FROM (SELECT DISTINCT c.invoice_id, c.corrects_invoice_id FROM verify.corrections AS c
        JOIN verify.accounted AS a ON a.invoice_id = c.invoice_id AND a.confirmed_by = 'credit');`;

/** `verify.exchanged`: lines that say anything of another currency. A share of a discount that is corrected is no amount times a rate. */
export const EXCHANGED_SQL = `
    CREATE TABLE verify.exchanged AS
      SELECT invoice_id, line_no, serial, unit_price_micro, amount_minor, coalesce(gross_minor, amount_minor)::HUGEINT AS shown_minor,
        kind <> 'adjustment' OR booking_id IS NOT NULL AS of_line, original_currency, original_minor, exchange_rate, exchange_on,
        exchange_source, TRY_CAST(exchange_rate AS DECIMAL(18, ${RATE_PLACES})) AS rate, ${exponentSql('original_currency')} AS exponent
      FROM ledger.invoice_lines
      WHERE original_currency IS NOT NULL OR original_minor IS NOT NULL OR exchange_rate IS NOT NULL OR exchange_on IS NOT NULL;`;

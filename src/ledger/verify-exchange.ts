/** The checks of lines that were converted: that both amounts and the rate belong together, whatever the models say. */
import { currencies, RATE_PLACES } from '../values/money.js';
import type { RowCheck } from './verify-types.js';

/** SQL: decimals of the currency in a column. */
export function exponentSql(column: string): string {
  const others = currencies().filter(({ exponent }) => exponent !== 2)
    .map(({ currency, exponent }) => `WHEN '${currency}' THEN ${exponent}`);
  return `CASE ${column} ${others.join(' ')} ELSE 2 END`;
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

/** `verify.exchanged`: lines that say anything of another currency. A share of a discount that is corrected is no amount times a rate. */
export const EXCHANGED_SQL = `
    CREATE TABLE verify.exchanged AS
      SELECT invoice_id, line_no, serial, unit_price_micro, amount_minor, coalesce(gross_minor, amount_minor)::HUGEINT AS shown_minor,
        kind <> 'adjustment' OR booking_id IS NOT NULL AS of_line, original_currency, original_minor, exchange_rate, exchange_on,
        exchange_source, TRY_CAST(exchange_rate AS DECIMAL(18, ${RATE_PLACES})) AS rate, ${exponentSql('original_currency')} AS exponent
      FROM ledger.invoice_lines
      WHERE original_currency IS NOT NULL OR original_minor IS NOT NULL OR exchange_rate IS NOT NULL OR exchange_on IS NOT NULL;`;

/**
 * The proofs over rows as SQL: each a query for offending rows (serial, message); empty is good. They read the schema `verify`
 * that `prepare` makes: what is small is read from the segments once, only lines are read where they lie.
 */
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import type { Ledger } from './ledger.js';
import { eventListSql, eventOrderSql, INITIAL, TRANSITIONS } from './lifecycle.js';
import { BOOKINGS, CORRECTIONS, prepareCorrections } from './verify-corrections.js';
import { ACCOUNTED_SQL, ACCOUNTED_TAXES, EXCHANGED_LINES, EXCHANGED_SQL } from './verify-exchange.js';
import type { RowProof } from './verify-types.js';

const NUMBERS: RowProof = {
  name: 'numbers',
  detail: 'numbers are unique and without gaps in every series',
  checks: [
    { table: 'invoices', sql: `
      SELECT max(serial) AS serial, 'The invoice id ' || invoice_id || ' stands ' || count(*) || ' times' AS message
      FROM verify.invoices GROUP BY invoice_id HAVING count(*) > 1` },
    { table: 'invoices', sql: `
      SELECT max(serial) AS serial, 'The number ' || number || ' stands on ' || count(*) || ' invoices: '
        || string_agg(invoice_id, ', ' ORDER BY invoice_id) AS message
      FROM verify.invoices WHERE number IN (SELECT number FROM verify.invoices GROUP BY number HAVING count(*) > 1) GROUP BY number` },
    { table: 'invoices', sql: `
      SELECT max(serial) AS serial, 'Place ' || seq || ' of the series ' || series || ' is taken by ' || count(*) || ' invoices: '
        || string_agg(number, ', ' ORDER BY number) AS message
      FROM verify.invoices SEMI JOIN (SELECT series, seq FROM verify.invoices GROUP BY series, seq HAVING count(*) > 1) AS twice
        USING (series, seq)
      GROUP BY series, seq` },
    { table: 'invoices', sql: `
      SELECT serial, 'The invoice ' || invoice_id || ' has no number, series or place in it' AS message
      FROM verify.invoices WHERE number IS NULL OR number = '' OR series IS NULL OR seq IS NULL OR seq < 1` },
    { table: 'invoices', sql: `
      SELECT serial, 'In the series ' || series || ' place ' || seq || ' (' || number || ') follows ' || before || ': there is a gap'
        AS message
      FROM (SELECT *, coalesce(lag(seq) OVER (PARTITION BY series ORDER BY seq), 0) AS before FROM verify.invoices)
      WHERE seq > before + 1` },
    { table: 'invoices', sql: `
      SELECT max(i.serial) AS serial, 'The series ' || coalesce(i.series, n.series) || ' ends at ' || coalesce(max(i.seq), 0)
        || ', but the head says its next number is ' || coalesce(any_value(n.next), 1) AS message
      FROM verify.invoices AS i FULL JOIN verify.next_number AS n ON n.series = i.series GROUP BY coalesce(i.series, n.series)
      HAVING coalesce(max(i.seq), 0) + 1 <> coalesce(any_value(n.next), 1)` },
  ],
};

const SUMS: RowProof = {
  name: 'sums',
  detail: 'lines add up to net, by tax and in all, taxes to tax, net and tax to total; what was converted is its amount times its rate',
  checks: [
    { table: 'invoices', sql: `
      SELECT serial, 'Invoice ' || number || ': net ' || net_minor || ' and tax ' || tax_minor || ' are not its total ' || total_minor
        || ' (minor units)' AS message
      FROM verify.invoices WHERE (net_minor + tax_minor = total_minor) IS NOT TRUE` },
    { table: 'invoice_lines', sql: `
      SELECT i.serial, 'Invoice ' || i.number || ': its lines add up to ' || coalesce(l.amount, 0) || ', its net is ' || i.net_minor
        || ' (minor units)' AS message
      FROM verify.invoices AS i LEFT JOIN verify.line_sums AS l ON l.invoice_id = i.invoice_id
      WHERE coalesce(l.amount, 0) <> i.net_minor` },
    { table: 'invoice_lines', sql: `
      SELECT i.serial, 'Invoice ' || i.number || ' has ' || coalesce(l.n, 0) || ' lines numbered to ' || coalesce(l.last, 0)
        || ', it should have ' || i.lines AS message
      FROM verify.invoices AS i LEFT JOIN verify.line_sums AS l ON l.invoice_id = i.invoice_id
      WHERE (coalesce(l.n, 0) = i.lines AND coalesce(l.last, 0) = i.lines AND coalesce(l.first, 1) = 1
        AND coalesce(l.places, 0) = i.lines * (i.lines + 1) // 2
        AND coalesce(l.squares, 0) = i.lines * (i.lines + 1) * (2 * i.lines + 1) // 6) IS NOT TRUE` },
    { table: 'invoice_taxes', sql: `
      SELECT coalesce(l.serial, t.serial) AS serial, 'Invoice ' || coalesce(i.number, i.invoice_id) || ': its lines with the tax '
        || coalesce(l.tax_id, t.tax_id, '?') || ' add up to ' || coalesce(l.amount, 0) || ', its tax says ' || coalesce(t.net_minor, 0)
        || ' (minor units)' AS message
      FROM verify.line_taxes AS l FULL JOIN verify.taxes AS t ON t.invoice_id = l.invoice_id AND t.tax_id = l.tax_id AND t.rate = l.rate
      JOIN verify.invoices AS i ON i.invoice_id = coalesce(l.invoice_id, t.invoice_id)
      WHERE coalesce(l.amount, 0) <> coalesce(t.net_minor, 0)` },
    { table: 'invoice_taxes', sql: `
      SELECT i.serial, 'Invoice ' || i.number || ': its taxes add up to ' || coalesce(t.tax, 0) || ' on ' || coalesce(t.net, 0)
        || ', it says ' || i.tax_minor || ' on ' || i.net_minor || ' (minor units)' AS message
      FROM verify.invoices AS i LEFT JOIN verify.tax_sums AS t ON t.invoice_id = i.invoice_id
      WHERE coalesce(t.tax, 0) <> i.tax_minor OR coalesce(t.net, 0) <> i.net_minor` },
    { table: 'invoice_lines', sql: `
      SELECT l.serial, 'There are ' || l.n || ' lines of ' || l.invoice_id || ', which is no invoice of the same commit' AS message
      FROM verify.line_sums AS l LEFT JOIN verify.invoices AS i ON i.invoice_id = l.invoice_id WHERE i.serial IS DISTINCT FROM l.serial` },
    { table: 'invoice_taxes', sql: `
      SELECT t.serial, 'There is a tax of ' || t.invoice_id || ', which is no invoice of the same commit' AS message
      FROM verify.tax_sums AS t LEFT JOIN verify.invoices AS i ON i.invoice_id = t.invoice_id WHERE i.serial IS DISTINCT FROM t.serial` },
    { table: 'invoices', sql: `
      SELECT i.serial, 'Invoice ' || i.number || ' names a seller or a buyer that is not in the ledger' AS message
      FROM verify.invoices AS i LEFT JOIN verify.parties AS s ON s.party_id = i.seller_id
      LEFT JOIN verify.parties AS b ON b.party_id = i.buyer_id
      WHERE s.party_id IS NULL OR b.party_id IS NULL` },
    ...EXCHANGED_LINES, ...ACCOUNTED_TAXES,
  ],
};

const MESSAGES: RowProof = {
  name: 'messages',
  detail: 'every message belongs to an invoice or tells the team something; every change of status is one that may happen',
  checks: [
    { table: 'messages', sql: `
      SELECT m.serial, 'The message ' || m.message_id || ' is about ' || coalesce(m.invoice_id, 'nothing')
        || ', which is no invoice committed by then' AS message
      FROM verify.messages AS m LEFT JOIN verify.invoices AS i ON i.invoice_id = m.invoice_id
      WHERE (i.serial <= m.serial) IS NOT TRUE AND NOT (m.invoice_id IS NULL AND m.kind <> 'invoice' AND m.payload IS NOT NULL)` },
    { table: 'messages', sql: `
      SELECT max(serial) AS serial, 'The message id ' || message_id || ' stands ' || count(*) || ' times' AS message
      FROM verify.messages GROUP BY message_id HAVING count(*) > 1` },
    { table: 'events', sql: `
      SELECT e.serial, 'The event ' || e.event || ' is about the ' || e.subject || ' ' || e.subject_id
        || ', which is not in the ledger by then' AS message
      FROM verify.events AS e LEFT JOIN verify.subjects AS s ON s.subject = e.subject AND s.subject_id = e.subject_id
      WHERE e.subject IN ('invoice', 'message') AND (s.serial <= e.serial) IS NOT TRUE` },
    { table: 'events', sql: `
      SELECT serial, 'The ' || subject || ' ' || subject_id || ' was ' || before || '; then came the event ' || event
        || ', which may not follow' AS message
      FROM (SELECT *, coalesce(lag(after) OVER (PARTITION BY subject, subject_id ORDER BY k), initial) AS before FROM verify.told)
      WHERE (subject, before, event) NOT IN (SELECT (subject, "from", event) FROM verify.transitions)` },
  ],
};

/** All proofs, in the order they are told. */
export const PROOFS: readonly RowProof[] = [NUMBERS, SUMS, BOOKINGS, CORRECTIONS, MESSAGES];

/** Makes the schema `verify` with what several proofs read. */
export async function prepare(engine: Engine, ledger: Ledger): Promise<void> {
  await engine.run(prepareSql(ledger));
  await prepareCorrections(engine);
}

function prepareSql(ledger: Ledger): string {
  const series = Object.entries(ledger.next_number).map(([name, next]) => `, (${literal(name)}, ${next}::BIGINT)`).join('');
  const steps = TRANSITIONS.map((t) => `('${t.subject}', '${t.from}', '${t.event}', '${t.to}')`).join(', ');
  return `
    DROP SCHEMA IF EXISTS verify CASCADE;
    CREATE SCHEMA verify;
    CREATE TABLE verify.next_number AS SELECT * FROM (VALUES (NULL::VARCHAR, 0::BIGINT)${series}) t(series, next) WHERE series IS NOT NULL;
    CREATE TABLE verify.transitions AS SELECT * FROM (VALUES ${steps}) t(subject, "from", event, "to");
    CREATE TABLE verify.invoices AS SELECT invoice_id, number, series, seq, kind, net_minor, tax_minor, total_minor, lines, seller_id,
      buyer_id, customer_id, currency, exponent, serial FROM ledger.invoices;
    CREATE TABLE verify.messages AS SELECT message_id, invoice_id, kind, payload, serial FROM ledger.messages;
    CREATE TABLE verify.events AS SELECT "at", subject, subject_id, event, detail, serial FROM ledger.events;
    CREATE TABLE verify.line_taxes AS SELECT invoice_id, tax_id, tax_rate_micro AS rate, min(serial) AS serial, count(*) AS n,
        sum(amount_minor) AS amount, min(line_no) AS first, max(line_no) AS last, sum(line_no) AS places, sum(line_no * line_no) AS squares
      FROM ledger.invoice_lines GROUP BY ALL;
    CREATE TABLE verify.line_sums AS SELECT invoice_id, min(serial) AS serial, sum(n) AS n, sum(amount) AS amount, min(first) AS first,
        max(last) AS last, sum(places) AS places, sum(squares) AS squares FROM verify.line_taxes GROUP BY invoice_id;
    CREATE TABLE verify.taxes AS SELECT invoice_id, tax_id, rate_micro AS rate, net_minor, tax_minor, serial FROM ledger.invoice_taxes;
    CREATE TABLE verify.tax_sums AS SELECT invoice_id, min(serial) AS serial, sum(tax_minor) AS tax, sum(net_minor) AS net
      FROM verify.taxes GROUP BY invoice_id;
    CREATE TABLE verify.parties AS SELECT DISTINCT party_id FROM ledger.parties;
    CREATE VIEW verify.subjects AS SELECT 'invoice' AS subject, invoice_id AS subject_id, min(serial) AS serial
      FROM verify.invoices GROUP BY ALL
      UNION ALL SELECT 'message', message_id, min(serial) FROM verify.messages GROUP BY ALL;
    CREATE VIEW verify.told AS SELECT e.subject, subject_id, serial, e.event, ${eventOrderSql()} AS k,
      CASE e.subject WHEN 'invoice' THEN '${INITIAL.invoice}' ELSE '${INITIAL.message}' END AS initial, t.after
      FROM verify.events AS e JOIN (SELECT DISTINCT subject AS of_subject, event AS of_event, "to" AS after FROM verify.transitions) AS t
        ON t.of_subject = e.subject AND t.of_event = e.event
      WHERE e.subject = 'invoice' AND e.event IN ${eventListSql('invoice')}
        OR e.subject = 'message' AND e.event IN ${eventListSql('message')};
    ${EXCHANGED_SQL} ${ACCOUNTED_SQL}`;
}

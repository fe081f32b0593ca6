// What `confirm` has to leave behind, written by hand with none of our checks: bookings staged, looked through for duplicate ids, rated and
// summed, hashed, sorted into a segment of the ledger's columns, and put into a database for analysts. Tells each part's seconds and
// seconds of processor time. For the project of generate.mjs. Usage: node bench/by-hand.mjs PROJECT [MEMORY_LIMIT]
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const [project, memory = '4GB'] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'duebook-by-hand-'));
const text = (path) => `'${path.replaceAll("'", "''")}'`;
const instance = await DuckDBInstance.create(':memory:', { temp_directory: join(scratch, 'spill'), memory_limit: memory });
const connection = await instance.connect();
const begun = performance.now();

async function part(name, sql) {
  const [at, used] = [performance.now(), process.cpuUsage()];
  await connection.run(sql);
  const { user, system } = process.cpuUsage(used);
  process.stdout.write(`${name.padEnd(24)} ${((performance.now() - at) / 1000).toFixed(1)} s  ${((user + system) / 1e6).toFixed(1)} s of processor\n`);
}

await connection.run(`SET TimeZone = 'UTC'; SET preserve_insertion_order = false;
  CREATE TABLE customers AS SELECT 'c' || lpad(i::VARCHAR, 6, '0') AS customer_id, i::INTEGER AS customer_key FROM range(100000) AS t(i);
  CREATE TABLE products AS FROM (VALUES ('inspection', 'hour', 'standard'), ('repair', 'hour', 'standard'), ('gas-bottle', 'piece', 'standard'))
    AS t(product, unit, tax_id)`);
await part('bookings', `CREATE TABLE staged AS
  SELECT job AS booking_id, customer AS customer_id, service AS product, details AS description, begun AT TIME ZONE 'UTC' AS starts_at,
    done AT TIME ZONE 'UTC' AS ends_at, (hours * 1000000)::BIGINT AS quantity_micro, (rate * 1000000)::BIGINT AS unit_price_micro,
    currency, state
  FROM read_parquet(${text(join(project, 'data', 'jobs.parquet'))})`);
await part('duplicate ids', 'SELECT count(*), count(DISTINCT hash(booking_id)) FROM staged');
// Quantities and prices have two decimals here.
const rated = `SELECT b.*, c.customer_key, p.unit, p.tax_id,
    ((b.quantity_micro // 10000) * (b.unit_price_micro // 10000) + 50) // 100 AS amount_minor
  FROM staged AS b JOIN customers AS c USING (customer_id) JOIN products AS p USING (product)
  WHERE b.state = 'completed' AND b.starts_at >= TIMESTAMP '2026-03-31 22:00:00' AND b.starts_at < TIMESTAMP '2026-04-30 22:00:00'`;
await part('invoices', `CREATE TABLE invoices AS
  SELECT *, sum(lines) OVER (ORDER BY customer_key) - lines AS lines_before, 'inv_' || substr(md5(customer_key::VARCHAR), 1, 20) AS invoice_id
  FROM (SELECT customer_key, currency, tax_id, count(*) AS lines, sum(amount_minor) AS net_minor FROM (${rated}) GROUP BY ALL)`);
const content = ['booking_id', 'b.customer_id', 'product', 'description', 'b.currency', 'epoch_us(starts_at)', 'epoch_us(ends_at)',
  'quantity_micro', 'unit_price_micro'].join(', chr(31), ');
const none = (type, ...names) => names.map((name) => `NULL::${type} AS ${name}`).join(', ');
const segment = join(scratch, 'lines.parquet');
await part('lines', `COPY (
  SELECT invoice_id, lines_before, 'booking' AS kind, booking_id, 'jobs' AS source, product, description, unit, quantity_micro, unit_price_micro,
    amount_minor, tax_id, 19000000::BIGINT AS tax_rate_micro, starts_at AS service_start, ends_at AS service_end, FALSE AS late,
    ${none('VARCHAR', 'corrects_invoice_id')}, (h >> 64)::UBIGINT AS content_hi, (h & 18446744073709551615::UHUGEINT)::UBIGINT AS content_lo,
    ${none('VARCHAR', 'charge_id')}, ${none('BIGINT', 'gross_minor', 'measured_minor', 'corrects_line_no')},
    ${none('VARCHAR', 'correction', 'agreement_id', 'original_currency')}, ${none('BIGINT', 'original_minor', 'original_price_micro')},
    ${none('VARCHAR', 'exchange_rate')}, ${none('DATE', 'exchange_on')}, ${none('VARCHAR', 'exchange_source')}
  FROM (
    SELECT b.*, i.invoice_id, i.lines_before, md5_number(concat(${content})) AS h
    FROM (${rated}) AS b JOIN invoices AS i ON i.customer_key = b.customer_key
    ORDER BY i.lines_before, b.starts_at, b.booking_id)
) TO ${text(segment)} (FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1)`);
createHash('sha256').update(readFileSync(segment)).digest('hex');
await part('for analysts', `ATTACH ${text(join(scratch, 'history.duckdb'))} AS h (STORAGE_VERSION 'v1.4.0');
  CREATE TABLE h.lines AS SELECT *, file_row_number - lines_before + 1 AS line_no FROM read_parquet(${text(segment)}, file_row_number = true);
  CHECKPOINT h; DETACH h`);
const { user, system } = process.cpuUsage();
process.stdout.write(`${'all'.padEnd(24)} ${((performance.now() - begun) / 1000).toFixed(1)} s  ${((user + system) / 1e6).toFixed(1)} s of processor\n`);
connection.closeSync();
instance.closeSync();
rmSync(scratch, { recursive: true });

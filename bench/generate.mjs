// A billing project for the benchmark: 100 000 customers on one monthly cycle and so many bookings of April 2026 in one Parquet file.
// `agreed`: hours have graduated prices, and every customer an agreement with a discount on lines and one on the net.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const CUSTOMERS = 100_000;

const PRICES = `products:
  inspection: { name: Inspection, unit: hour, price: "95.00" }
  repair: { name: Repair, unit: hour, price: "80.00" }
  gas-bottle: { name: Gas bottle, unit: piece, price: "32.50" }
`;

const AGREED = `products:
  inspection:
    name: Inspection
    unit: hour
    price: { model: graduated, tiers: [{ up_to: "10", unit_price: "95.00" }, { up_to: "40", unit_price: "85.00" }, { unit_price: "80.00" }] }
  repair: { name: Repair, unit: hour, price: { model: graduated, tiers: [{ up_to: "20", unit_price: "80.00" }, { unit_price: "72.50" }] } }
  gas-bottle: { name: Gas bottle, unit: piece, price: "32.50" }
agreements:
  frame:
    name: Frame contract
    from: 2026-01-01
    discounts:
      - { name: Loyalty, percent: "5" }
      - { name: Gas, percent: "10", on: line, products: [gas-bottle] }
`;

/** Writes the project into `folder`. */
export async function generate(folder, rows, { customers = CUSTOMERS, agreed = false } = {}) {
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(join(folder, 'billing.config.yaml'), `version: 1
include: [customers/*.yaml]
issuer: { id: bench, name: Bench Services GmbH, address: { line1: Hafenstrasse 12, city: Hamburg, postal_code: "20457", country: DE } }
currency: EUR
timezone: Europe/Berlin
locale: en-GB
ledger: ledger
bookings:
  - name: jobs
    path: data/*.parquet
    columns: { booking_id: job, customer_id: customer, product: service, description: details, starts_at: begun, ends_at: done,
      quantity: hours, ${agreed ? '' : 'unit_price: rate, '}currency: currency, status: state }
    status: { billable: [completed], cancelled: [cancelled] }
taxes: { standard: { name: VAT 19 %, rate: "19", category: S } }
tax: standard
${agreed ? AGREED : PRICES}cycles: { monthly: { name: Monthly, type: monthly, start: 2026-01-01, timing: in_arrears } }
`);
  mkdirSync(join(folder, 'customers'), { recursive: true });
  let text = 'customers:\n';
  for (let i = 0; i < customers; i += 1) {
    const id = `c${String(i).padStart(6, '0')}`;
    text += `  ${id}: { name: Customer ${i} Ltd, email: ap@${id}.example, cycle: monthly${agreed ? ', agreements: [frame]' : ''} }\n`;
  }
  writeFileSync(join(folder, 'customers', 'all.yaml'), text);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'; SET preserve_insertion_order = false");
  // Bookings arrive in the order of time, so that a customer's are spread over the file; one in a hundred is cancelled.
  await connection.run(`COPY (
    SELECT 'JOB-2026-04-' || lpad(i::VARCHAR, 9, '0') AS job,
      'c' || lpad(((i * 7919) % ${customers})::VARCHAR, 6, '0') AS customer,
      ['inspection', 'repair', 'gas-bottle'][1 + i % 3] AS service,
      'Visit to site ' || (i % 9973) || ', plant ' || (i % 89) || ', by technician ' || (i % 83) || ', report ' || (i * 31 % 1000003) AS details,
      TIMESTAMPTZ '2026-04-01 00:00:00+02' + INTERVAL (i * 2585000 // ${rows}) SECOND AS begun,
      TIMESTAMPTZ '2026-04-01 00:00:00+02' + INTERVAL (i * 2585000 // ${rows} + 1800 + i % 5000) SECOND AS done,
      ((i % 400) / 100.0 + 0.25)::DECIMAL(9, 2) AS hours, ((i % 90) + 10)::DECIMAL(9, 2) AS rate,
      'EUR' AS currency, CASE WHEN i % 100 = 99 THEN 'cancelled' ELSE 'completed' END AS state
    FROM range(${rows}) AS t(i)) TO '${join(folder, 'data', 'jobs.parquet').replaceAll("'", "''")}'`);
  connection.closeSync();
  instance.closeSync();
}

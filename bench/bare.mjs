// The yardstick: what a careful analyst would write by hand, with none of our checks. The same Parquet in, sorted lines and summed
// invoices out. Usage: node bench/bare.mjs PROJECT [MEMORY_LIMIT]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const [project, memory] = process.argv.slice(2);
const scratch = mkdtempSync(join(tmpdir(), 'duebook-bare-'));
const text = (path) => `'${path.replaceAll("'", "''")}'`;
const instance = await DuckDBInstance.create(':memory:', { temp_directory: join(scratch, 'spill'), ...(memory === undefined ? {} : { memory_limit: memory }) });
const connection = await instance.connect();
await connection.run("SET TimeZone = 'UTC'; SET preserve_insertion_order = false");
await connection.run(`COPY (
  SELECT customer, job, service, details, begun, done, hours, rate, round(hours * rate, 2) AS amount, currency
  FROM read_parquet(${text(join(project, 'data', 'jobs.parquet'))}) WHERE state = 'completed' ORDER BY customer, begun, job
) TO ${text(join(scratch, 'lines.parquet'))}`);
await connection.run(`COPY (
  SELECT customer, currency, count(*) AS lines, sum(amount) AS net, round(sum(amount) * 0.19, 2) AS tax
  FROM read_parquet(${text(join(scratch, 'lines.parquet'))}) GROUP BY ALL ORDER BY customer, currency
) TO ${text(join(scratch, 'invoices.parquet'))}`);
connection.closeSync();
instance.closeSync();
rmSync(scratch, { recursive: true });
